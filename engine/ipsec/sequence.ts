import type { OutboundSa } from './sa.ts';

const LAST_SEQUENCE = 0xffff_ffffn;
const LAST_EXTENDED_SEQUENCE = 0xffff_ffff_ffff_ffffn;

/**
 * The number of the next packet, RFC 4303 §3.3.3 and RFC 4302 §3.3.2: the first is 1. null at the end of the numbers, unless
 * the SA was told that its receiver does not look at them: then it goes on from 0.
 */
export function takeSequence(sa: OutboundSa): bigint | null {
  if (sa.sequence < (sa.esn ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE)) sa.sequence += 1n;
  else if (sa.counterOverflow === 'cycle') sa.sequence = 0n;
  else return null;
  return sa.sequence;
}
