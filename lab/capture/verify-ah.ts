import { type AhHeader, ahOctets, decodeAhHeader } from '../../engine/wire/ah.ts';
import { WireError } from '../../engine/wire/wire-error.ts';
import { coveredHeaders } from './ah-coverage.ts';
import { type Integrity, integrity } from './crypto/integrity.ts';
import { type AhPlace, findAh, innerPacket } from './esp-place.ts';
import { u32 } from './esp-crypto.ts';
import type { EspSaKeys } from './key-log.ts';
import { SaKeysIndex } from './sa-keys-index.ts';
import { fullSequence, type SequenceState } from './sequence-guess.ts';

/** What one AH says, and whose key fits, RFC 4302 §2. */
export interface AhContents {
  readonly spi: number;
  /** The 32 bits that are sent. */
  readonly sequence: number;
  /** With extended sequence numbers: the whole number, as the ICV proves it. */
  readonly fullSequence: bigint;
  /** With the IV of GMAC in front, without padding. */
  readonly icv: Uint8Array;
  readonly padding: Uint8Array;
  readonly nextHeader: number;
  readonly sa: EspSaKeys;
}

export type AhOpening =
  | { readonly kind: 'verified'; readonly contents: AhContents }
  | { readonly kind: 'unknownSa'; readonly spi: number; readonly sequence: number }
  | { readonly kind: 'unverified'; readonly why: string; readonly contents: AhContents | null };

/** An AH, and the packet without it: AH hides nothing, whatever its ICV is worth. null: what follows is no packet. */
export interface AhFound {
  readonly opening: AhOpening;
  readonly inner: Uint8Array | null;
}

/** Verifies AH with keys from a log, independently of the engine: RFC 4302 §3.4. `keys` is asked again when an SPI is unknown. */
export class AhVerifier {
  readonly #sas: SaKeysIndex<KnownSa>;

  constructor(keys: () => readonly EspSaKeys[]) {
    this.#sas = new SaKeysIndex(keys, known);
  }

  /** One whole IP packet; null when no AH follows its headers. Throws nothing. */
  open(packet: Uint8Array): AhFound | null {
    const place = findAh(packet);
    if (place === null) return null;
    const header = headerOf(place);
    if (header === null) {
      const why = `no AH in ${place.ah.length} octets`;
      return { opening: { kind: 'unverified', why, contents: null }, inner: null };
    }
    const inner = innerPacket(packet, place, { payload: header.rest, nextHeader: header.nextHeader });
    const openings = this.#sas.find(header.spi, place.destination).map(sa => verifyWith(packet, place, header, sa));
    const best = openings.find(({ kind }) => kind === 'verified') ?? openings[0];
    if (best !== undefined) return { opening: best, inner };
    return { opening: { kind: 'unknownSa', spi: header.spi, sequence: header.sequence }, inner };
  }
}

interface KnownSa extends SequenceState {
  readonly sa: EspSaKeys;
  readonly algorithm: Integrity;
  readonly material: Uint8Array;
}

function known(sa: EspSaKeys): KnownSa | null {
  const algorithm = sa.protocol === 'ah' ? integrity(sa.suite) : null;
  if (algorithm === null) return null;
  const material = new Uint8Array(Buffer.from(sa.integrityKey, 'hex'));
  return { sa, algorithm, material, esn: sa.esn, highest: 0n };
}

function headerOf({ ah }: AhPlace): AhHeader | null {
  try {
    return decodeAhHeader(ah);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function verifyWith(packet: Uint8Array, place: AhPlace, header: AhHeader, known: KnownSa): AhOpening {
  const { algorithm } = known;
  const icvEnd = algorithm.ivOctets + algorithm.icvOctets;
  const expected = ahOctets(icvEnd, place.ip.version) - 12;
  if (header.icv.length !== expected) {
    const why = `${header.icv.length} octets of ICV with padding, where ${known.sa.suite} has ${expected}`;
    return { kind: 'unverified', why, contents: null };
  }
  const headers = coveredHeaders(packet, place.ip.headersEnd);
  if (headers === null) return { kind: 'unverified', why: 'a route of an unknown type, on its way', contents: null };
  const ah = new Uint8Array(place.ah.subarray(0, 12 + header.icv.length)).fill(0, 12 + algorithm.ivOctets, 12 + icvEnd);
  const iv = header.icv.subarray(0, algorithm.ivOctets);
  const received = header.icv.subarray(algorithm.ivOctets, icvEnd);
  const covered = [headers, ah, header.rest];
  const proves = (high: number | null) => {
    const all = Buffer.concat(high === null ? covered : [...covered, u32(high)]);
    return Buffer.from(algorithm.icv(known.material, all, iv)).equals(received);
  };
  const { sequence, isProven } = fullSequence(known, header.sequence, proves);
  const contents: AhContents = {
    spi: header.spi,
    sequence: header.sequence,
    fullSequence: sequence,
    icv: header.icv.subarray(0, icvEnd),
    padding: header.icv.subarray(icvEnd),
    nextHeader: header.nextHeader,
    sa: known.sa,
  };
  if (!isProven) return { kind: 'unverified', why: 'the ICV is wrong', contents };
  if (sequence > known.highest) known.highest = sequence;
  return { kind: 'verified', contents };
}
