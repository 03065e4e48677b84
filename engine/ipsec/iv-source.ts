import { isCounterMode } from '../crypto/encryption.ts';
import type { Random } from '../crypto/random.ts';
import { setU32 } from '../wire/octets.ts';
import type { EspOutboundSa } from './sa.ts';

/** The IV of one packet; `ivOctets` long, never the same twice for a key. */
export type IvSource = (sa: EspOutboundSa, sequence: bigint) => Uint8Array;

const POOL_OCTETS = 4096;
const NO_IV = new Uint8Array(0);

/**
 * Counter modes get the sequence number, which is unique by construction (RFC 4106 §3.1, RFC 4309 §3.1, RFC 4543 §3.1,
 * RFC 3686 §3.1, RFC 7634 §2); CBC gets unpredictable octets (RFC 3602 §3), drawn by the pool because a system call for
 * each packet would cost as much as its encryption. NULL has none; an implicit one (RFC 8750) is not in the packet.
 */
export function createIvSource(random: Random): IvSource {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (sa, sequence) => {
    const { encryption } = sa.suite;
    const { ivOctets } = encryption;
    if (ivOctets === 0) return NO_IV;
    if (isCounterMode(encryption)) return counterIv(sequence);
    if (used + ivOctets > pool.length) {
      pool = random.bytes(POOL_OCTETS);
      used = 0;
    }
    used += ivOctets;
    return pool.subarray(used - ivOctets, used);
  };
}

function counterIv(sequence: bigint): Uint8Array {
  const iv = new Uint8Array(8);
  setU32(iv, 0, Number(sequence >> 32n));
  setU32(iv, 4, Number(sequence & 0xffff_ffffn));
  return iv;
}
