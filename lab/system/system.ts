import type { Random } from '../../engine/crypto/random.ts';
import type { StatedPolicy } from '../../engine/config/policy.ts';
import type { IkeConfig } from '../../engine/ike/config.ts';
import type { IkeCommand } from '../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../engine/ike/status.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import type { NodeCommand, NodeStatus } from '../../engine/node/node.ts';
import type { Files } from './files.ts';
import type { Services } from './service.ts';
import type { Settings } from './settings.ts';

/**
 * A node as its administrator has it: files, services, and what has been set, until the next restart or for good. A value without
 * I/O: a command (lab/system/commands.ts) is a function of it that returns the next one. Each driver hosts one a node, beside the
 * node and its IKE daemon, and keeps it while the node is down: lab/system/boot.ts says what is left then.
 */
export interface System {
  /** What the topology made of the node. It has no settings of the user's, and never changes. */
  readonly origin: NodeConfig;
  readonly files: Files;
  readonly services: Services;
  readonly settings: Settings;
  /** What its services have read, for as long as they run: files may be others by now. */
  readonly loaded: Loaded;
  /** Addresses of the lab's other nodes that negotiate: those of a network that a policy is about. */
  readonly peers: readonly string[];
  /** The files as the topology has given them, from which the node was made. They never change. */
  readonly given: Files;
}

export interface Loaded {
  /** Of ipsec/policy, as its file says it, with the algorithms that SAs may use; null: not read by it. */
  readonly policies: readonly StatedPolicy[] | null;
  /** The files as in.iked found them; null: it does not run by them. */
  readonly ike: Files | null;
  /** The files as racoon found them; null: it does not run. It and in.iked exclude each other. */
  readonly racoon: Files | null;
}

/** What a driver supplies to each step: the node as it is then. */
export interface SystemView {
  readonly status: NodeStatus;
  /** null: nobody negotiates here. */
  readonly ike: IkeStatus | null;
  /** Now, on the node's clock: seconds since the Unix epoch. */
  readonly unixSeconds: number;
  /** For keys that the node makes. */
  readonly random: Random;
}

/** A command as the driver carries it out; `planCommand` of lab/system/commands.ts makes it of an argv. */
export type SystemPlan =
  /** Done at once. */
  | { readonly kind: 'step'; readonly step: SystemStep }
  /** It reads all of its standard input before it does anything; the driver refuses more than `TOOL_INPUT_OCTETS_MAX`. */
  | { readonly kind: 'reads'; readonly stepFor: (input: Uint8Array) => SystemStep }
  /** The node's host runs that instead (Linux's form of `ping`), without input, and `show` puts its result in other words. */
  | {
      readonly kind: 'program';
      readonly argv: readonly string[];
      readonly show: (result: ProgramResult) => Output;
    }
  /** Every packet on the links of these interfaces is shown as it comes, until `count` lines are written or the user has enough. */
  | {
      readonly kind: 'captures';
      /** null: all of the node's links. One that is no link of the node has been refused in the step before. */
      readonly interface: string | null;
      readonly before: SystemStep;
      readonly count: number | null;
      /** `atNs` since the Unix epoch; `frame` from the destination MAC. null: not shown, and not counted. */
      readonly line: (packet: CapturedFrame) => string | null;
    };

export interface CapturedFrame {
  readonly atNs: bigint;
  readonly interface: string;
  readonly octets: Uint8Array;
  /** Octets on the wire, where the capture has fewer. */
  readonly length: number;
}

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: number;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: number;
}

/** Asked when its turn has come, with the system and the node as they are then. Pure but for the octets that it draws. */
export type SystemStep = (system: System, view: SystemView) => SystemEffect;

/** The driver keeps `system`, carries out `actions` in order, and writes the output. */
export interface SystemEffect extends Output {
  readonly system: System;
  readonly actions: readonly SystemAction[];
  /** What comes next, once the node is as the actions have made it. */
  readonly next?: SystemStep;
}

export type SystemAction =
  | { readonly kind: 'node'; readonly command: NodeCommand }
  /**
   * The IKE daemon has this configuration from now on: one that runs is given `configure`, else one is made and the node told of
   * its ports. null: it ends, and its SAs with it.
   */
  | { readonly kind: 'ike'; readonly config: IkeConfig | null }
  /** Only where a daemon runs. */
  | { readonly kind: 'ikeCommand'; readonly command: IkeCommand }
  /** The node goes down and comes up again, as by the faults `crash` and `restart`: `rebooted` and `boot` of lab/system/boot.ts. */
  | { readonly kind: 'restart' };
