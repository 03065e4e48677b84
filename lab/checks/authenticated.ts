import type { RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import type { Attempt, Witnesses } from './result.ts';

type AuthenticatedSpec = Extract<CheckSpec, { readonly kind: 'authenticated' }>;

/** A flow is seen on a link only under AH whose ICV verifies. */
export async function attemptAuthenticated(
  _lab: RunningLab,
  _witnesses: Witnesses,
  _spec: AuthenticatedSpec,
  _timeoutMs: number,
): Promise<Attempt> {
  return { kind: 'unsupported', why: 'nobody verifies AH yet' };
}
