import type { Prf } from '../../crypto/prf.ts';
import { type ChildKeys, childKeyOctets, type SaKeys } from '../v2/child-keys.ts';
import type { ChildSuite } from '../v2/suite.ts';

/** What the keys of an ESP or AH SA come of, RFC 2409 §5.5. */
export interface KeymatSource {
  readonly prf: Prf;
  readonly skeyidD: Uint8Array;
  /** Protocol-ID of the proposal: 2 is AH, 3 is ESP. */
  readonly protocolId: number;
  /** Without their generic headers. */
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  /** g(qm)^xy, big-endian and padded to the modulus; null: no PFS. */
  readonly secret: Uint8Array | null;
}

/**
 * KEYMAT of one SA: K1 | K2 | ... with K1 = prf(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b), and in each further one
 * what came before in front of the same. The SPI is that of the SA's receiver, so that the two of a pair have keys of their own.
 */
export function keymat(source: KeymatSource, spi: number, octets: number): Uint8Array {
  const { prf, skeyidD, protocolId, ni, nr, secret } = source;
  const spiOctets = Uint8Array.of(spi >>> 24, spi >>> 16, spi >>> 8, spi);
  const seed = Buffer.concat([secret ?? NOTHING, Uint8Array.of(protocolId), spiOctets, ni, nr]);
  const material = new Uint8Array(Math.ceil(octets / prf.outputOctets) * prf.outputOctets);
  let previous: Uint8Array = NOTHING;
  for (let at = 0; at < octets; at += prf.outputOctets) {
    previous = prf.compute(skeyidD, Buffer.concat([previous, seed]));
    material.set(previous, at);
  }
  return material.slice(0, octets);
}

/** KEYMAT of both SAs cut into keys, first the cipher's, RFC 2407 §4.6. `spiI` is what the initiator of the exchange receives by. */
export function quickModeKeys(source: KeymatSource, spiI: number, spiR: number, suite: ChildSuite): ChildKeys {
  const [encryptionOctets, integrityOctets] = childKeyOctets(suite);
  const cut = (spi: number): SaKeys => {
    const material = keymat(source, spi, encryptionOctets + integrityOctets);
    return { encryption: material.slice(0, encryptionOctets), integrity: material.slice(encryptionOctets) };
  };
  // What the initiator sends goes by the SA that the responder receives by.
  return { initiator: cut(spiR), responder: cut(spiI) };
}

const NOTHING = new Uint8Array(0);
