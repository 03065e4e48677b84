import { hmacIcv } from '../crypto/hmac.ts';
import { AH_FIXED_OCTETS, ahLengthAt, ahOctets } from '../wire/ah.ts';
import { setU32 } from '../wire/octets.ts';
import { integrityKeyOf } from './ah-keys.ts';
import type { AhParameters } from './sa.ts';

/**
 * One packet as its ICV covers it, RFC 4302 §3.3.3: the headers before the AH as they will arrive, the AH with zeros for its
 * ICV (padding included), and all that follows.
 */
export interface AhCoverage {
  readonly head: Uint8Array;
  readonly ah: Uint8Array;
  readonly payload: Uint8Array;
}

/** The ICV; with ESN the high half of the sequence number is counted in behind the payload, §3.3.3.2.2. */
export function ahIcv(sa: AhParameters, sequence: bigint, { head, ah, payload }: AhCoverage): Uint8Array {
  const key = integrityKeyOf(sa);
  if (!sa.esn) return hmacIcv(sa.integrity, key, head, ah, payload);
  const high = new Uint8Array(4);
  setU32(high, 0, Number(sequence >> 32n));
  return hmacIcv(sa.integrity, key, head, ah, payload, high);
}

/** Why octets (from the AH on) cannot be a packet of this SA, whatever the key says; null when they can. */
export function ahShapeError(sa: AhParameters, octets: Uint8Array, version: 4 | 6): string | null {
  if (octets.length < AH_FIXED_OCTETS) return `${octets.length} octets are too few for an AH`;
  const length = ahLengthAt(octets, 0);
  const expected = ahOctets(sa.integrity.icvOctets, version);
  // Some pad to 64 bits in IPv4 too. More is prohibited, §3.3.3.2.1.
  if (length !== expected && length !== ahOctets(sa.integrity.icvOctets, 6)) {
    return `an AH of ${length} octets where ${sa.integrity.name} has ${expected}`;
  }
  return length > octets.length ? `an AH of ${length} octets, ${octets.length} present` : null;
}
