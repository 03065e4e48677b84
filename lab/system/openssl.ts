import { say, stepPlan, wrong } from './effect.ts';
import type { SystemPlan } from './system.ts';

const OCTETS_MAX = 4096;

/** `openssl rand -hex N` and `-base64 N`, for keys; the rest of openssl is no part of a node. */
export function openssl(argv: readonly string[]): SystemPlan {
  const [command, form, count, ...more] = argv;
  const octets = Number(count);
  const isRand = command === 'rand' && (form === '-hex' || form === '-base64') && more.length === 0;
  if (!isRand || !Number.isInteger(octets) || octets < 1 || octets > OCTETS_MAX) {
    return wrong(['openssl: this node has rand alone', '  for instance: openssl rand -hex 128']);
  }
  return stepPlan((system, { random }) => {
    const text = Buffer.from(random.bytes(octets)).toString(form === '-hex' ? 'hex' : 'base64');
    return say(system, `${text}\n`);
  });
}
