import type { Explanation, FlowQuery, NodeStatus } from '../../engine/node/node.ts';
import type { IkeCommand, IkeSecrets } from '../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../engine/ike/status.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import type { EspSaKeys } from '../capture/key-log.ts';
import type { FaultAction, Topology } from '../topology/model.ts';

export type DriverName = 'sim' | 'netns' | 'docker' | 'mininet' | 'swarm';

import type { DeprecatedUse } from './deprecated-use.ts';
import type { Change } from '../reconcile/changes.ts';
import type { LabCondition } from './fault-book.ts';
import type { HttpService } from './http-service.ts';

/** What a clause or check may ask of a driver; one that lacks it is reported unsupported, never failed. */
export type Capability = 'virtual-time' | 'real-programs' | 'scheduled-faults' | 'inject' | 'impairments';

export interface RunContext {
  /** Random per run, recorded before anything is made; every resource carries it. */
  readonly runId: string;
  /** All randomness and, with manual keying, all keys of a simulated run come from it. */
  readonly seed: string;
  /** Every packet on every link, from before the first one. The octets belong to the receiver. */
  readonly onPacket: (packet: CapturedPacket) => void;
  readonly onEvent: (event: LabEvent) => void;
  /** Besides the server of `pki:`. They answer from before the first node negotiates, until the lab goes. */
  readonly services?: readonly HttpService[];
}

export interface LabEvent {
  /** Nanoseconds since the Unix epoch, on the lab's clock. */
  readonly at: bigint;
  readonly node: string | null;
  readonly kind: string;
  readonly detail: string;
  readonly deprecated?: DeprecatedUse;
}

/** Brings a resolved topology to life. lab/drivers/contract.ts runs the same tests against each. */
export interface Driver {
  readonly name: DriverName;
  readonly capabilities: ReadonlySet<Capability>;
  up(topology: Topology, run: RunContext): Promise<RunningLab>;
}

export interface ExecIo {
  /** null: none. */
  readonly stdin: AsyncIterable<Uint8Array> | null;
  readonly stdout: (octets: Uint8Array) => void;
  readonly stderr: (octets: Uint8Array) => void;
  readonly signal: AbortSignal | null;
}

export interface RunningLab {
  readonly topology: Topology;
  readonly driver: DriverName;
  readonly capabilities: ReadonlySet<Capability>;
  /** The lab's clock: nanoseconds since the Unix epoch. Virtual in the simulator. */
  now(): bigint;
  /** Lets that much lab time pass. */
  sleep(milliseconds: number): Promise<void>;
  /** Asks one node to reach an address, with real packets. */
  probe(probe: Probe): Promise<ProbeResult>;
  /** Runs a command on a node; the exit status (127: no such command). */
  exec(node: string, argv: readonly string[], io: ExecIo): Promise<number>;
  /** Puts a frame on a link as if its other end had sent it. */
  inject(link: string, towards: string, frame: Uint8Array): Promise<void>;
  /** Rejects where it cannot be done to that node or link. */
  fault(action: FaultAction): Promise<void>;
  /**
   * Makes the lab what `next` says, by these changes (lab/reconcile), and leaves the rest of it alone. Rejects with nothing done
   * where this driver cannot do one of them; a node whose settings change has none of its administrator's any more.
   */
  reconcile(next: Topology, changes: readonly Change[]): Promise<void>;
  /** What faults have made of nodes and links, and which nodes have ended by themselves. */
  condition(): LabCondition;
  /** Engine nodes report everything; plain kernel nodes what the driver can see. */
  status(): Promise<readonly NodeStatus[]>;
  /** null: the node does not run the engine. */
  explain(node: string, flow: FlowQuery): Promise<Explanation | null>;
  /** Of each node that negotiates and is up. */
  ike(): Promise<readonly NodeIke[]>;
  /**
   * Rejects where nobody negotiates, or the node is down; `configure` makes a daemon where there is none. What comes of it shows in
   * `ike` and in events.
   */
  ikeCommand(node: string, command: IkeCommand): Promise<void>;
  /** The SAs of ESP and AH that have existed, for decryption. Secret: only to files that the user asked for. */
  keys(): readonly EspSaKeys[];
  /** The same of IKE. */
  ikeSecrets(): readonly IkeSecrets[];
  /** Frames that the capture could not keep up with, by link; all zero in the simulator. */
  captureLosses(): Readonly<Record<string, number>>;
  down(): Promise<void>;
}

export interface NodeIke {
  readonly node: string;
  readonly status: IkeStatus;
}

export type Probe = {
  readonly from: string;
  /** An address. */
  readonly to: string;
  /** The node that owns `to`, where a UDP or TCP listener is needed; null: something listens there already. */
  readonly toNode: string | null;
  readonly timeoutMs: number;
  readonly sizeOctets: number;
} & (
  | { readonly with: 'icmp'; readonly dontFragment: boolean }
  /** A payload there and back (an echo service is started on `toNode` for it). */
  | { readonly with: 'udp' | 'tcp'; readonly port: number }
);

export type ProbeResult =
  | { readonly kind: 'answered'; readonly rttMs: number }
  | { readonly kind: 'timeout' }
  /** An ICMP error or a refusal, in words. `mtu` for "too big". */
  | { readonly kind: 'refused'; readonly why: string; readonly mtu: number | null };
