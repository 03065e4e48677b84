import type { DriverName } from '../drivers/driver.ts';
import type { FailureValue } from '../state/failure.ts';
import type { ProcessIdentity } from '../state/process.ts';
import type { Topology } from '../topology/model.ts';

/**
 * Between `lab up` and the supervisor that it started, over the channel that both share until `confirm`: should the one
 * end die before, the other sees the channel close, and removes what there is.
 */
export type ToSupervisor =
  /** Sent once the supervisor's identity stands in lab.json: only now may anything be made. */
  { readonly kind: 'start'; readonly order: LabOrder } | { readonly kind: 'confirm' } | { readonly kind: 'abort' };

export type FromSupervisor =
  | { readonly kind: 'hello' }
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'up'; readonly upMs: number }
  | { readonly kind: 'failed'; readonly error: FailureValue }
  | { readonly kind: 'confirmed' };

export interface LabOrder {
  readonly name: string;
  readonly runId: string;
  readonly driver: DriverName;
  /** What `RunContext.seed` will be; `replay` is true when it repeats the run. */
  readonly seed: string;
  readonly replay: boolean;
  readonly stateDirectory: string;
  readonly topology: Topology;
  /** Of a lab in a network that runs already: a process of each node's host, by the node's name. null: the lab makes its own. */
  readonly hosts: Readonly<Record<string, ProcessIdentity>> | null;
}
