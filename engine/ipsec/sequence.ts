import type { OutboundSa } from './sa.ts';

const LAST_SEQUENCE = 0xffff_ffffn;
const LAST_EXTENDED_SEQUENCE = 0xffff_ffff_ffff_ffffn;

/**
 * The number of the next packet, RFC 4303 §3.3.3 and RFC 4302 §3.3.2: the first is 1. null at the end of the numbers. An SA
 * whose receiver does not look at them may cycle: the 32 bits that are sent go on from 0, and what is counted here goes on to
 * 64 bits, so that an IV made of it still never comes again.
 */
export function takeSequence(sa: OutboundSa): bigint | null {
  const last = sa.esn || sa.counterOverflow === 'cycle' ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
  if (sa.sequence >= last) return null;
  sa.sequence += 1n;
  return sa.sequence;
}
