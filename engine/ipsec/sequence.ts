import { isCounterMode } from '../crypto/encryption.ts';
import type { OutboundSa } from './sa.ts';

const LAST_SEQUENCE = 0xffff_ffffn;
const LAST_EXTENDED_SEQUENCE = 0xffff_ffff_ffff_ffffn;

/**
 * The number of the next packet, RFC 4303 §3.3.3 and RFC 4302 §3.3.2: the first is 1. null at the end of the numbers. An SA
 * whose receiver does not look at them may cycle: the 32 bits that are sent go on from 0, while what is counted here goes on
 * to 64 bits.
 */
export function takeSequence(sa: OutboundSa): bigint | null {
  if (sa.sequence >= LAST_SEQUENCE && sa.sequence >= lastOf(sa)) return null;
  sa.sequence += 1n;
  return sa.sequence;
}

function lastOf(sa: OutboundSa): bigint {
  return sa.esn || (sa.counterOverflow === 'cycle' && !needsUniqueNumbers(sa)) ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
}

/** Whether IVs are made of the numbers, so that one that came again would betray the key (RFC 8750 §7): such an SA stops. */
function needsUniqueNumbers(sa: OutboundSa): boolean {
  return sa.protocol === 'esp' ? isCounterMode(sa.suite.encryption) : sa.integrity.kind === 'gmac';
}
