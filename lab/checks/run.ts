import type { RunningLab } from '../drivers/driver.ts';
import type { Check } from '../topology/model.ts';
import { attemptAuthenticated } from './authenticated.ts';
import { attemptEncrypted } from './encrypted.ts';
import { attemptPathMtu } from './path-mtu.ts';
import { attemptPolicy } from './policy.ts';
import { attemptReach, attemptUnreachable } from './reach.ts';
import type { Attempt, CheckResult, Witnesses } from './result.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const NS_PER_MS = 1e6;

/** Runs the topology's own checks, one after the other; `onResult` gets each verdict as it falls. */
export async function runChecks(
  lab: RunningLab,
  witnesses: Witnesses,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of lab.topology.checks) {
    const result = await runCheck(lab, witnesses, check);
    results.push(result);
    onResult(result);
  }
  return results;
}

/** One check, tried again with growing pauses until it is decided or the tries are used up. */
export async function runCheck(lab: RunningLab, witnesses: Witnesses, check: Check): Promise<CheckResult> {
  const { title, line } = check;
  const began = lab.now();
  for (let tries = 1; ; tries++) {
    const isLast = tries >= check.tries;
    const attempt = await attemptOnce(lab, witnesses, check, isLast);
    if (attempt.kind !== 'again' || isLast) {
      const kind = attempt.kind === 'again' ? 'failed' : attempt.kind;
      const durationMs = Number(lab.now() - began) / NS_PER_MS;
      return { title, line, kind, why: attempt.why, tries, durationMs, evidence: attempt.evidence ?? [] };
    }
    await lab.sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)));
  }
}

function attemptOnce(lab: RunningLab, witnesses: Witnesses, check: Check, isLast: boolean): Promise<Attempt> {
  const { spec, timeoutMs } = check;
  switch (spec.kind) {
    case 'reach':
      return attemptReach(lab, { ...spec, kind: 'reach' }, timeoutMs);
    case 'unreachable':
      return attemptUnreachable(lab, { ...spec, kind: 'unreachable' }, timeoutMs, isLast ? 'last' : 'early');
    case 'encrypted':
      return attemptEncrypted(lab, witnesses, spec, timeoutMs);
    case 'authenticated':
      return attemptAuthenticated(lab, witnesses, spec, timeoutMs);
    case 'policy':
      return attemptPolicy(lab, spec);
    case 'path-mtu':
      return attemptPathMtu(lab, spec, timeoutMs);
  }
}
