import { u32At, u8At } from '../../engine/wire/octets.ts';
import { espAlgorithm } from './esp-algorithm.ts';
import { cutEsp, decryptUnverified, type EspKeyMaterial, icvIsRight } from './esp-crypto.ts';
import { type EspPlace, findEsp, innerPacket } from './esp-place.ts';
import type { EspSaKeys } from './key-log.ts';
import { SaKeysIndex } from './sa-keys-index.ts';
import { fullSequence, type SequenceState } from './sequence-guess.ts';

/** What one ESP packet shows to someone with the keys, RFC 4303 §2. Views of the packet or of its plaintext. */
export interface EspContents {
  readonly spi: number;
  /** The 32 bits that are sent. */
  readonly sequence: number;
  /** With extended sequence numbers: the whole number, as the ICV proves it (or guessed where the ICV is wrong). */
  readonly fullSequence: bigint;
  /** Empty where it is implicit, RFC 8750. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly icv: Uint8Array;
  readonly icvOk: boolean;
  /** Payload Data without IV; TFC padding (§2.7), if any, at its end. */
  readonly payload: Uint8Array;
  readonly padding: Uint8Array;
  /** The padding is 1, 2, 3, … as §2.4 wants it. */
  readonly paddingOk: boolean;
  readonly nextHeader: number;
  /** The SA whose keys fit. */
  readonly sa: EspSaKeys;
}

export type EspOpening =
  /** The ICV is right. `inner`: the whole packet that was protected, in either mode; null for a dummy packet (§2.6) or one that is no IP packet. */
  | { readonly kind: 'opened'; readonly contents: EspContents; readonly inner: Uint8Array | null }
  | { readonly kind: 'unknownSa'; readonly spi: number; readonly sequence: number }
  /** `contents` as far as the packet can be cut and decrypted at all. */
  | { readonly kind: 'rejected'; readonly why: string; readonly contents: EspContents | null };

/**
 * Opens ESP packets with keys from a log, independently of the engine, and remembers the highest sequence number of each SA
 * to guess the half that ESN does not send. `keys` is asked again when an SPI is unknown.
 */
export class EspDecryptor {
  readonly #sas: SaKeysIndex<KnownSa>;

  constructor(keys: () => readonly EspSaKeys[]) {
    this.#sas = new SaKeysIndex(keys, known);
  }

  /** One whole IP packet; null when there is no ESP in it (right behind its headers, or in UDP port 4500). Throws nothing. */
  open(packet: Uint8Array): EspOpening | null {
    const place = findEsp(packet);
    if (place === null) return null;
    if (place.esp.length < 8) return { kind: 'rejected', why: `ESP of ${place.esp.length} octets`, contents: null };
    const candidates = this.#candidates(place);
    const openings = candidates.map(sa => openWith(place.esp, sa));
    const best = openings.find(opening => opening.contents?.icvOk) ?? openings[0];
    if (best === undefined) return { kind: 'unknownSa', spi: u32At(place.esp, 0), sequence: u32At(place.esp, 4) };
    if (best.kind === 'rejected') return best;
    return { ...best, inner: innerPacket(packet, place, best.contents) };
  }

  #candidates({ esp, destination, isInUdp }: EspPlace): readonly KnownSa[] {
    const spi = u32At(esp, 0);
    const found = this.#sas.find(spi, destination);
    return found.length === 0 && isInUdp ? this.#sas.findAnywhere(spi) : found;
  }
}

interface KnownSa extends SequenceState {
  readonly sa: EspSaKeys;
  readonly material: EspKeyMaterial;
}

function known(sa: EspSaKeys): KnownSa | null {
  const algorithm = sa.protocol === 'ah' ? null : espAlgorithm(sa.suite);
  if (algorithm === null) return null;
  const material: EspKeyMaterial = {
    algorithm,
    encryptionKey: new Uint8Array(Buffer.from(sa.encryptionKey, 'hex')),
    integrityKey: new Uint8Array(Buffer.from(sa.integrityKey, 'hex')),
  };
  return { sa, material, esn: sa.esn, highest: 0n };
}

type Opened = { readonly kind: 'opened'; readonly contents: EspContents } | Extract<EspOpening, { kind: 'rejected' }>;

function openWith(esp: Uint8Array, known: KnownSa): Opened {
  const parts = cutEsp(esp, known.material.algorithm);
  if (typeof parts === 'string') return { kind: 'rejected', why: parts, contents: null };
  const low = u32At(esp, 4);
  const { sequence, high, isProven } = fullSequence(known, low, guess => icvIsRight(parts, known.material, guess));
  const plaintext = decryptUnverified(parts, known.material, high);
  const padLength = u8At(plaintext, plaintext.length - 2);
  const paddingAt = Math.max(0, plaintext.length - 2 - padLength);
  const padding = plaintext.subarray(paddingAt, plaintext.length - 2);
  const contents: EspContents = {
    spi: u32At(esp, 0),
    sequence: low,
    fullSequence: sequence,
    iv: parts.iv,
    ciphertext: parts.ciphertext,
    icv: parts.icv,
    icvOk: isProven,
    payload: plaintext.subarray(0, paddingAt),
    padding,
    paddingOk: padding.length === padLength && padding.every((octet, i) => octet === i + 1),
    nextHeader: u8At(plaintext, plaintext.length - 1),
    sa: known.sa,
  };
  if (!isProven) return { kind: 'rejected', why: 'the ICV is wrong', contents };
  if (sequence > known.highest) known.highest = sequence;
  if (padding.length < padLength)
    return { kind: 'rejected', why: `${padLength} octets of padding do not fit`, contents };
  return { kind: 'opened', contents };
}
