import type { Probe, ProbeResult, RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import type { Attempt } from './result.ts';

type ReachSpec = Extract<CheckSpec, { readonly kind: 'reach' | 'unreachable' }>;

/** What ping sends when nobody says otherwise. */
export const PING_OCTETS = 56;
/** The echo service, RFC 862. */
const ECHO_PORT = 7;

/** One probe that must be answered. */
export async function attemptReach(lab: RunningLab, spec: ReachSpec, timeoutMs: number): Promise<Attempt> {
  const result = await lab.probe(probeFor(spec, timeoutMs));
  if (result.kind === 'answered') return { kind: 'passed', why: `answered after ${shownMs(result.rttMs)}` };
  return { kind: 'again', why: notAnswered(result, timeoutMs) };
}

/**
 * One probe that must not be answered. An answer decides, and so does a refusal; silence alone could be a lost packet, and
 * counts only once all tries are used.
 */
export async function attemptUnreachable(
  lab: RunningLab,
  spec: ReachSpec,
  timeoutMs: number,
  which: 'early' | 'last',
): Promise<Attempt> {
  const result = await lab.probe(probeFor(spec, timeoutMs));
  if (result.kind === 'answered')
    return { kind: 'failed', why: `${spec.to} answered ${spec.from} after ${shownMs(result.rttMs)}` };
  const why = notAnswered(result, timeoutMs);
  return { kind: result.kind === 'refused' || which === 'last' ? 'passed' : 'again', why };
}

/** Three digits: a simulated wire without delay answers in microseconds. */
const shownMs = (ms: number): string => `${Number(ms.toPrecision(3))} ms`;

export function notAnswered(result: Exclude<ProbeResult, { readonly kind: 'answered' }>, timeoutMs: number): string {
  return result.kind === 'timeout' ? `no answer within ${timeoutMs} ms` : result.why;
}

function probeFor(spec: ReachSpec, timeoutMs: number): Probe {
  const common = {
    from: spec.from,
    to: spec.to,
    toNode: spec.toNode,
    timeoutMs,
    sizeOctets: spec.sizeOctets ?? PING_OCTETS,
  };
  if (spec.with === 'icmp') return { ...common, with: 'icmp', dontFragment: false };
  return { ...common, with: spec.with, port: spec.port ?? ECHO_PORT };
}
