import type { IkeDaemon } from '../../../engine/ike/daemon.ts';
import { type IkeSteps, STEPS } from '../../../engine/ike/steps.ts';
import { V1_STEPS, type V1Steps } from '../../../engine/ike/v1/steps.ts';

/** What is broken on purpose, to see that it is noticed. */
export interface Mutation {
  /** What leaves instead of a frame of this gateway's outer port. */
  frame(octets: Uint8Array, gateway: number): readonly Uint8Array[];
  steps(gateway: number): IkeSteps;
  v1Steps(gateway: number): V1Steps;
  daemon(daemon: IkeDaemon, gateway: number): IkeDaemon;
}

export const SOUND: Mutation = {
  frame: octets => [octets],
  steps: () => STEPS,
  v1Steps: () => V1_STEPS,
  daemon: daemon => daemon,
};
