import { addressKey, parseAddress } from '../../engine/wire/address.ts';
import { u32At, u8At } from '../../engine/wire/octets.ts';
import { espAlgorithm } from './esp-algorithm.ts';
import { cutEsp, decryptUnverified, type EspKeyMaterial, type EspParts, icvIsRight } from './esp-crypto.ts';
import { findEsp, innerPacket } from './esp-place.ts';
import type { EspSaKeys } from './key-log.ts';

/** What one ESP packet shows to someone with the keys, RFC 4303 §2. Views of the packet or of its plaintext. */
export interface EspContents {
  readonly spi: number;
  /** The 32 bits that are sent. */
  readonly sequence: number;
  /** With extended sequence numbers: the whole number, as the ICV proves it (or guessed where the ICV is wrong). */
  readonly fullSequence: bigint;
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
  readonly #keys: () => readonly EspSaKeys[];
  #sas = new Map<string, KnownSa[]>();
  #knownCount = 0;

  constructor(keys: () => readonly EspSaKeys[]) {
    this.#keys = keys;
  }

  /** One whole IP packet; null when there is no ESP in it (right behind its headers, or in UDP port 4500). Throws nothing. */
  open(packet: Uint8Array): EspOpening | null {
    const place = findEsp(packet);
    if (place === null) return null;
    if (place.esp.length < 8) return { kind: 'rejected', why: `ESP of ${place.esp.length} octets`, contents: null };
    const spi = u32At(place.esp, 0);
    const candidates = this.#find(spi, place.destination);
    if (candidates.length === 0) return { kind: 'unknownSa', spi, sequence: u32At(place.esp, 4) };
    const openings = candidates.map(sa => openWith(place.esp, sa));
    const best = openings.find(opening => opening.contents?.icvOk) ?? openings[0];
    if (best === undefined) throw new Error('an SA without an opening');
    if (best.kind === 'rejected') return best;
    return { ...best, inner: innerPacket(packet, place, best.contents) };
  }

  #find(spi: number, destination: Uint8Array): readonly KnownSa[] {
    const key = saKey(spi, destination);
    const found = this.#sas.get(key);
    if (found) return found;
    const keys = this.#keys();
    for (const sa of keys.slice(this.#knownCount)) this.#learn(sa);
    this.#knownCount = keys.length;
    return this.#sas.get(key) ?? [];
  }

  #learn(sa: EspSaKeys): void {
    const destination = parseAddress(sa.destination);
    const algorithm = espAlgorithm(sa.suite);
    if (destination === null) throw new Error(`key log: ${sa.destination} is not an address`);
    if (algorithm === null) return;
    const encryption = new Uint8Array(Buffer.from(sa.encryptionKey, 'hex'));
    const known: KnownSa = {
      sa,
      highest: 0n,
      material: {
        algorithm,
        encryptionKey: encryption.subarray(0, algorithm.keyOctets),
        salt: encryption.subarray(algorithm.keyOctets, algorithm.keyOctets + algorithm.saltOctets),
        integrityKey: new Uint8Array(Buffer.from(sa.integrityKey, 'hex')),
      },
    };
    const key = saKey(sa.spi, destination);
    this.#sas.set(key, [known, ...(this.#sas.get(key) ?? [])]); // the newest first: an SPI may be used again
  }
}

interface KnownSa {
  readonly sa: EspSaKeys;
  readonly material: EspKeyMaterial;
  highest: bigint;
}

const saKey = (spi: number, destination: Uint8Array): string => `${spi} ${addressKey(destination)}`;

type Opened = { readonly kind: 'opened'; readonly contents: EspContents } | Extract<EspOpening, { kind: 'rejected' }>;

function openWith(esp: Uint8Array, known: KnownSa): Opened {
  const parts = cutEsp(esp, known.material.algorithm);
  if (typeof parts === 'string') return { kind: 'rejected', why: parts, contents: null };
  const sequence = u32At(esp, 4);
  const high = known.sa.esn ? highHalf(parts, known) : null;
  const icvOk = known.sa.esn ? high !== null : icvIsRight(parts, known.material, null);
  const fullSequence = (BigInt(high ?? (known.sa.esn ? Number(known.highest >> 32n) : 0)) << 32n) | BigInt(sequence);
  const plaintext = decryptUnverified(parts, known.material);
  const padLength = u8At(plaintext, plaintext.length - 2);
  const paddingAt = Math.max(0, plaintext.length - 2 - padLength);
  const padding = plaintext.subarray(paddingAt, plaintext.length - 2);
  const contents: EspContents = {
    spi: u32At(esp, 0),
    sequence,
    fullSequence,
    iv: parts.iv,
    ciphertext: parts.ciphertext,
    icv: parts.icv,
    icvOk,
    payload: plaintext.subarray(0, paddingAt),
    padding,
    paddingOk: padding.length === padLength && padding.every((octet, i) => octet === i + 1),
    nextHeader: u8At(plaintext, plaintext.length - 1),
    sa: known.sa,
  };
  if (!icvOk) return { kind: 'rejected', why: 'the ICV is wrong', contents };
  if (fullSequence > known.highest) known.highest = fullSequence;
  if (padding.length < padLength)
    return { kind: 'rejected', why: `${padLength} octets of padding do not fit`, contents };
  return { kind: 'opened', contents };
}

/** The upper half that makes the ICV right, in order of likelihood (RFC 4303 App. A2); null: none of them does. */
function highHalf(parts: EspParts, known: KnownSa): number | null {
  const last = Number(known.highest >> 32n);
  const guesses = [...new Set([last, last + 1, last - 1, 0, 1])].filter(guess => guess >= 0 && guess <= 0xffff_ffff);
  return guesses.find(guess => icvIsRight(parts, known.material, guess)) ?? null;
}
