import type { Random } from '../../engine/crypto/random.ts';
import { NO_CREDENTIALS, type NodeCredentials } from '../topology/ike-config.ts';
import type { Topology } from '../topology/model.ts';
import type { HttpService } from './http-service.ts';

/** What the nodes of a lab are given of keys and certificates before it starts, and who answers for those later. */
export interface Enrolment {
  /** Empty where the topology has no `pki:`. */
  readonly credentials: (node: string) => NodeCredentials;
  readonly services: readonly HttpService[];
  /** From now on what is published says so. Seconds since the Unix epoch. Throws for a certificate that nobody has issued. */
  readonly revoke: (certificate: string, at: number, reason: string) => void;
}

const NOBODY: Enrolment = {
  credentials: () => NO_CREDENTIALS,
  services: [],
  revoke: () => {
    throw new Error('nobody publishes anything here');
  },
};

/**
 * Makes all that `pki:` of a topology describes. `start`: that of the lab, in seconds since the Unix epoch. `randomFor` gives each
 * name random octets of its own. What issues is loaded only where there is something to issue: a lab is to be up at once.
 */
export async function enrol(
  topology: Topology,
  start: number,
  randomFor: (name: string) => Random,
): Promise<Enrolment> {
  if (topology.pki === null) return NOBODY;
  const { enrolBy } = await import('./charles.ts');
  return enrolBy(topology, start, randomFor);
}
