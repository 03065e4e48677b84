import { wrong } from './effect.ts';
import { readOptions } from './options.ts';
import type { Output, ProgramResult, SystemPlan } from './system.ts';

/** How long Solaris waits for the first answer. */
const TIMEOUT_SECONDS = 20;

/**
 * ping(8) of illumos: `ping host [timeout]` says whether the host is alive. Every other form is that of the node's own host, where
 * `-s` has another meaning: null.
 */
export function ping(argv: readonly string[]): SystemPlan | null {
  const reading = readOptions(argv, 'naA:');
  if (reading.kind === 'wrong') return null;
  const [host, timeout, ...more] = reading.options.operands;
  if (host === undefined || more.length > 0) return wrong('usage: ping [-n] [-A inet|inet6] host [timeout]');
  if (timeout !== undefined && !/^[1-9]\d{0,4}$/.test(timeout)) {
    return timeout.startsWith('-')
      ? null
      : wrong([`ping: bad timeout: ${timeout}`, '  fix: seconds, for instance ping host 5']);
  }
  const seconds = Number(timeout ?? TIMEOUT_SECONDS);
  // One echo request a second until one is answered, as there.
  const program = ['ping', '-c', '1', '-w', String(seconds), '-i', '1', host];
  return { kind: 'program', argv: program, show: result => shown(host, result) };
}

function shown(host: string, { stdout, stderr }: ProgramResult): Output {
  if (/[1-9]\d* (packets )?received/.test(stdout)) return { stdout: `${host} is alive\n`, stderr: '', exitStatus: 0 };
  const why =
    /(Destination [A-Z][a-z]+ [A-Z]?[a-z]+|Network is unreachable|Time to live exceeded|Packet filtered)/.exec(
      stdout + stderr,
    )?.[1];
  const bad = /unknown host|Name or service not known|invalid|not known/i.test(stderr);
  if (bad) return { stdout: '', stderr: `ping: unknown host ${host}\n`, exitStatus: 1 };
  const reason = why === undefined ? '' : `ICMP ${why}\n`;
  return { stdout: `no answer from ${host}\n`, stderr: reason, exitStatus: 1 };
}
