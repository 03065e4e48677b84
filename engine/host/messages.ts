import type { IkeConfig } from '../ike/config.ts';
import type { IkeCommand, IkeEvent, IkeSecrets } from '../ike/daemon.ts';
import type { IkeStatus } from '../ike/status.ts';
import type { NodeConfig } from '../node/config.ts';
import type { Explanation, FlowQuery, NodeCommand, NodeEvent, NodeStatus } from '../node/node.ts';
import type { PortDirection } from './live-loop.ts';
import type { PortStatistics } from './port.ts';

/**
 * Between a live node's process (main.ts) and whoever started it: JSON, over Node's IPC channel where there is one, else one
 * message a line on standard input and output. The first message is the order; when the channel closes the process ends.
 */
export interface NodeOrder {
  readonly config: NodeConfig;
  /** One for each interface of the configuration. */
  readonly ports: readonly PortOrder[];
  /** null: nothing above the node. */
  readonly up: UpOrder | null;
  /** `typescript`, or the file of a module that exports `createKernel(random: Random): IpsecKernel`. */
  readonly kernel: string;
  /** null: the engine's own node and daemon. */
  readonly implementation: Implementation | null;
  /** null: nobody negotiates. */
  readonly ike: IkeOrder | null;
}

/**
 * A stand-in, which may be broken on purpose: `findSubject(name)` of the module in `file` has `make(config, context)` for the node,
 * and may have `makeIke(config, context)` for the daemon.
 */
export interface Implementation {
  readonly file: string;
  readonly name: string;
}

export interface IkeOrder {
  readonly config: IkeConfig;
  /** Names that URLs may have, and the address of each. */
  readonly hosts: Readonly<Record<string, string>>;
}

export interface PortOrder {
  /** Name of the port and of the network interface. */
  readonly name: string;
  /** The file of the interface's network namespace; null: the process's own. */
  readonly netns: string | null;
  /** PacketPortOptions.offload. */
  readonly offload: boolean;
}

export type UpOrder =
  | { readonly kind: 'tun'; readonly interface: string; readonly netns: string | null }
  /** `kernelMac`: text, as in NodeConfig. */
  | { readonly kind: 'veth'; readonly interface: string; readonly netns: string | null; readonly kernelMac: string };

export type NodeRequest =
  | { readonly kind: 'status' }
  | { readonly kind: 'ports' }
  | { readonly kind: 'explain'; readonly flow: FlowQuery }
  | { readonly kind: 'command'; readonly command: NodeCommand }
  | { readonly kind: 'skew'; readonly byNs: number }
  | { readonly kind: 'mute'; readonly port: string; readonly direction: PortDirection }
  | { readonly kind: 'unmute'; readonly port: string }
  /** Of each destination. */
  | { readonly kind: 'sources'; readonly destinations: readonly string[] }
  | { readonly kind: 'ike' }
  | { readonly kind: 'ikeCommand'; readonly command: IkeCommand }
  /**
   * Another configuration, by the daemon that runs, or one that is made now; the node learns of its ports. null: it ends, and
   * what it negotiated with it.
   */
  | { readonly kind: 'configureIke'; readonly order: IkeOrder | null };

/** What a request is answered with. */
export interface NodeAnswers {
  readonly status: NodeStatus;
  /** By port name; the way up is `up`. */
  readonly ports: Readonly<Record<string, PortStatistics>>;
  readonly explain: Explanation;
  readonly command: null;
  readonly skew: null;
  readonly mute: null;
  readonly unmute: null;
  /** The source address that the node would choose; null: no route. */
  readonly sources: readonly (string | null)[];
  /** null: nobody negotiates. */
  readonly ike: IkeStatus | null;
  /** false: nobody negotiates. */
  readonly ikeCommand: boolean;
  readonly configureIke: null;
}

export type ToNode =
  | { readonly kind: 'start'; readonly order: NodeOrder }
  | { readonly kind: 'request'; readonly id: number; readonly request: NodeRequest };

export type FromNode =
  /** The ports are open and the node runs. `kept`: what rights the process could not give up, and why, in words. */
  | { readonly kind: 'ready'; readonly kept: readonly string[] }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: NodeAnswers[keyof NodeAnswers] }
  | { readonly kind: 'refused'; readonly id: number; readonly why: string }
  /** `lost`: how many more there were since the last message, too many to report. */
  | { readonly kind: 'events'; readonly events: readonly NodeEvent[]; readonly lost: number }
  | { readonly kind: 'ikeEvents'; readonly events: readonly IkeEvent[]; readonly lost: number }
  /** Only where the daemon's configuration reveals secrets: SAs that the node was given or has moved, and keys of IKE SAs. */
  | { readonly kind: 'secrets'; readonly commands: readonly NodeCommand[]; readonly ike: readonly IkeSecrets[] };
