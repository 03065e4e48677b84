import type { FaultAction, Topology, TopologyLink, TopologyNode } from '../../topology/model.ts';
import type { DriverName, ExecIo, Probe, ProbeResult } from '../driver.ts';
import { type StartNodeChild, startNodeChild } from './child-process.ts';
import { execInNamespace } from './exec.ts';
import { type Cable, namespaceLine, nodeNamespaces, type WayUp } from './layout.ts';
import { kernelNamespace, type NicsPlace } from './names.ts';
import { removeNamespaces } from './remove-namespaces.ts';
import type { Shell } from './run.ts';
import { killProcessesIn } from './stray-processes.ts';

/** Why a command is aborted that runs while its lab goes down; for all other reasons somebody does not want it any more. */
export const LAB_GOES = 'the lab goes down';

/** What the nodes of a live lab stand on: who makes their namespaces, and how programs get in. Links and capture are the pod's. */
export interface Ground {
  readonly driver: DriverName;
  readonly wayUp: WayUp;
  readonly nics: NicsPlace;
  /** Lines for `ip -batch` by which every node gets its namespaces, empty ones. `onDeath` hears of a node that ends unasked, or, with null, of what nodes were made by. */
  nodeLines(topology: Topology, onDeath: (node: string | null, how: string) => void): Promise<readonly string[]>;
  /** Makes all links by its own means, and those to the middle; `ip` makes them unless given. Nothing is up then, or has an address. */
  makeLinks?(topology: Topology, cables: readonly Cable[]): Promise<void>;
  /** Impairs a link by its own means, where the kernel can; unless given, `impair` of configure.ts does. */
  impair?(cable: Cable): Promise<void>;
  /** Whether a node is somebody else's, already as it shall be; unless given, none is. */
  leaves?(node: TopologyNode): boolean;
  /** Throws a MachineObstacle for a fault that cannot be had on this ground; unless given, there is none. */
  refuse?(action: FaultAction, topology: Topology): void;
  /** Whether a link has to go through the middle whatever it does to frames; unless given, none has. */
  viaMiddle?(link: TopologyLink, topology: Topology): boolean;
  readonly startChild: StartNodeChild;
  /** Runs a script in a namespace of a node; unless given, in that of this machine. */
  readonly shell?: Shell;
  /** A probe of which an end is not on this machine; null: both are. Unless given, they always are. */
  probe?(probe: Probe): Promise<ProbeResult> | null;
  /** Sends a frame from an interface of a node that is not on this machine; null: it is. Unless given, all are. */
  inject?(node: string, device: string, frame: Uint8Array): Promise<void> | null;
  /** Sends all programs of a node a signal; unless given, to processes of this machine. */
  signalPrograms?(node: string, signal: NodeJS.Signals): Promise<void>;
  /** A command on a node; the exit status, 127 for one that there is not. */
  exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number>;
  /** Ends all programs of a node, which itself stays. */
  endPrograms(node: string): Promise<void> | void;
  /** Ends and removes all nodes, those that exist, and the middle. Safe to repeat. */
  remove(topology: Topology): Promise<void>;
}

/** Namespaces of the pod, and the programs and files of this machine in them. */
export function namespaceGround(runId: string, wayUp: WayUp): Ground {
  return {
    driver: 'netns',
    wayUp,
    nics: 'apart',
    // oxlint-disable-next-line typescript/require-await -- others have to wait
    nodeLines: async topology => nodeNamespaces(topology, 'apart').map(namespaceLine),
    startChild: startNodeChild,
    exec: (node, argv, io, environment) => execInNamespace(kernelNamespace(node), argv, io, runId, environment),
    endPrograms: node => killProcessesIn([kernelNamespace(node)]),
    remove: topology => removeNamespaces(topology),
  };
}
