/**
 * What a running lab answers on its unix socket: HTTP/1.1, JSON unless it says otherwise. Only the user who owns the socket
 * can connect to it.
 *
 *     GET  /status             LabStatus
 *     GET  /topology           Topology
 *     GET  /asked              Topology, as it was asked for: GET /topology may have more in it
 *     POST /reconcile          Topology → { changes: Change[] }
 *     GET  /keys               EspSaKeys[] (secret)
 *     GET  /ike-keys           IkeSaKeys[] (secret)
 *     GET  /capture?link=…     pcapng, until the client goes (`history=0`, `follow=0` leave out a part)
 *     POST /check              CheckLine, one JSON a line
 *     POST /explain            ExplainQuery → Explanation
 *     POST /ike                IkeOrder → {}
 *     POST /fault              FaultAction → {}
 *     POST /exec               upgrades to exec-protocol.ts, after ExecRequest in the header `x-exec`
 *     POST /down               {} when all is removed
 *
 * Errors are an ErrorBody, with status 400 (the request is wrong), 409 (not now) or 500 (a fault in the lab).
 */
import type { IkeCommand } from '../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../engine/ike/status.ts';
import type { Explanation, FlowQuery, NodeStatus } from '../../engine/node/node.ts';
import type { DeprecatedUse } from '../drivers/deprecated-use.ts';
import type { DriverName } from '../drivers/driver.ts';
import type { NodeCondition } from '../drivers/fault-book.ts';
import type { FailureValue } from '../state/failure.ts';
import type { Impairment, NodeKind } from '../topology/model.ts';

export interface LabStatus {
  readonly version: 1;
  readonly lab: string;
  readonly runId: string;
  readonly driver: DriverName;
  readonly state: LabState;
  readonly topology: { readonly name: string; readonly title: string; readonly file: string };
  /** Replays a simulated run; null live, where keys and chance are new each time. */
  readonly seed: string | null;
  /** ISO 8601, on the machine's clock. */
  readonly startedAt: string;
  /** ISO 8601, on the lab's clock. */
  readonly labTime: string;
  readonly nodes: readonly LabNodeStatus[];
  readonly links: readonly LinkStatus[];
  readonly tripwire: readonly LeakStatus[];
  /** The latest, oldest first. */
  readonly events: readonly EventStatus[];
}

export type LabState = 'starting' | 'up' | 'stopping';

export interface LabNodeStatus extends NodeStatus {
  readonly kind: NodeKind;
  /** As faults, or its own end, have made it. */
  readonly condition: NodeCondition;
  /** Runs this project's engine here; otherwise a plain stack. */
  readonly engine: boolean;
  /** null: it does not negotiate, or does not run. */
  readonly ike: IkeStatus | null;
}

export interface LinkStatus {
  readonly name: string;
  /** `node:interface`. */
  readonly ends: readonly [string, string];
  /** Now: of the file, or as a fault has made them. */
  readonly impairments: readonly [Impairment, Impairment];
  /** Of the file. */
  readonly planned: readonly [Impairment, Impairment];
  /** Both ends see it. */
  readonly isCut: boolean;
  /** Ends whose frames are lost on it. */
  readonly lostFrom: readonly string[];
  /** Frames that the capture saw, from ends[0] and from ends[1]. */
  readonly frames: readonly [number, number];
  /** Frames that the capture could not keep up with. */
  readonly captureLosses: number;
}

/** A protected flow seen in the clear. */
export interface LeakStatus {
  readonly link: string;
  readonly flow: string;
  readonly because: string;
  readonly packets: number;
  /** The first one, decoded. */
  readonly first: string;
}

export interface EventStatus {
  /** ISO 8601 with nanoseconds, on the lab's clock. */
  readonly at: string;
  readonly node: string | null;
  readonly kind: string;
  readonly detail: string;
  /** Of the kind `deprecated` alone. */
  readonly deprecated?: DeprecatedUse;
}

export type CheckLine =
  | { readonly kind: 'planned'; readonly titles: readonly string[] }
  | { readonly kind: 'result'; readonly result: CheckOutcome }
  /** The last line. */
  | { readonly kind: 'run'; readonly run: RunOutcome };

export interface CheckOutcome {
  readonly title: string;
  /** In the topology's file. */
  readonly line: number;
  readonly outcome: 'passed' | 'failed' | 'unsupported';
  /** What was seen, a sentence a line. */
  readonly why: string;
  readonly tries: number;
  /** Of lab time. */
  readonly durationMs: number;
  /** The frames on which a verdict rests, decoded. */
  readonly evidence: readonly Evidence[];
}

export interface Evidence {
  readonly link: string;
  readonly frame: string;
  readonly says: string;
}

/** What the tripwire says of everything that has passed since the lab came up. */
export interface RunOutcome {
  readonly outcome: 'clean' | 'tripped' | 'inconclusive';
  readonly lines: readonly string[];
  readonly evidence: readonly Evidence[];
}

/** For the daemon of one node. */
export interface IkeOrder {
  readonly node: string;
  readonly command: IkeCommand;
}

export interface ExplainQuery {
  readonly node: string;
  readonly flow: FlowQuery;
}
/** null: the node is a plain stack, which decides by itself. */
export type ExplainAnswer = { readonly explanation: Explanation | null };

export interface ExecRequest {
  readonly node: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
}

export interface ErrorBody {
  readonly error: FailureValue;
}
