import { icvFieldOctets } from '../crypto/ah-suite.ts';
import { gmac } from '../crypto/gmac.ts';
import { icv } from '../crypto/icv.ts';
import { AH_FIXED_OCTETS, ahLengthAt, ahOctets } from '../wire/ah.ts';
import { setU32 } from '../wire/octets.ts';
import { ahKeysOf } from './ah-keys.ts';
import type { AhParameters } from './sa.ts';

/**
 * One packet as its ICV covers it, RFC 4302 §3.3.3: the headers before the AH as they will arrive, the AH with zeros for its
 * ICV (padding and the IV of GMAC included), and all that follows.
 */
export interface AhCoverage {
  readonly head: Uint8Array;
  readonly ah: Uint8Array;
  readonly payload: Uint8Array;
}

/** The ICV; with ESN the high half of the sequence number is counted in behind the payload, §3.3.3.2.2. */
export function ahIcv(sa: AhParameters, sequence: bigint, { head, ah, payload }: AhCoverage): Uint8Array {
  const { integrity } = sa;
  const keys = ahKeysOf(sa);
  const parts = [head, ah, payload];
  if (sa.esn) parts.push(highHalf(sequence));
  if (integrity.kind !== 'gmac') return icv(integrity, keys.integrity, ...parts);
  const nonce = new Uint8Array(keys.salt.length + integrity.ivOctets);
  nonce.set(keys.salt);
  nonce.set(ah.subarray(AH_FIXED_OCTETS, AH_FIXED_OCTETS + integrity.ivOctets), keys.salt.length);
  return gmac(integrity, keys.integrity, nonce, ...parts);
}

/** Where the ICV stands in an AH: behind the IV, if the algorithm has one there (RFC 4543 §4). */
export function icvPlace({ integrity }: AhParameters): { readonly start: number; readonly end: number } {
  const start = AH_FIXED_OCTETS + integrity.ivOctets;
  return { start, end: start + integrity.icvOctets };
}

/** Why octets (from the AH on) cannot be a packet of this SA, whatever the key says; null when they can. */
export function ahShapeError({ integrity }: AhParameters, octets: Uint8Array, version: 4 | 6): string | null {
  if (octets.length < AH_FIXED_OCTETS) return `${octets.length} octets are too few for an AH`;
  const length = ahLengthAt(octets, 0);
  const expected = ahOctets(icvFieldOctets(integrity), version);
  // Some pad to 64 bits in IPv4 too. More is prohibited, §3.3.3.2.1.
  if (length !== expected && length !== ahOctets(icvFieldOctets(integrity), 6)) {
    return `an AH of ${length} octets where ${integrity.name} has ${expected}`;
  }
  return length > octets.length ? `an AH of ${length} octets, ${octets.length} present` : null;
}

function highHalf(sequence: bigint): Uint8Array {
  const high = new Uint8Array(4);
  setU32(high, 0, Number(sequence >> 32n));
  return high;
}
