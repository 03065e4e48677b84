import type { IkeDaemon } from '../../../engine/ike/daemon.ts';
import { type IkeSteps, STEPS } from '../../../engine/ike/steps.ts';

/** What is broken on purpose, to see that it is noticed. */
export interface Mutation {
  /** What leaves instead of a frame of this gateway's outer port. */
  frame(octets: Uint8Array, gateway: number): readonly Uint8Array[];
  steps(gateway: number): IkeSteps;
  daemon(daemon: IkeDaemon, gateway: number): IkeDaemon;
}

export const SOUND: Mutation = {
  frame: octets => [octets],
  steps: () => STEPS,
  daemon: daemon => daemon,
};
