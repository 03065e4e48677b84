import type { Random } from '../../crypto/random.ts';
import { sealedMessage, SK_COVERED_OCTETS, SKF_COVERED_OCTETS } from '../../wire/ike/encrypted.ts';
import type { IkeHeader } from '../../wire/ike/message.ts';
import { setU32 } from '../../wire/octets.ts';
import { cipherKeysOf } from './ike-keys.ts';
import type { KeyedIkeSa } from './ike-sa.ts';
import type { SealedContent } from './windows.ts';

/** What sealing a message takes from its IKE SA. `sealed` numbers the IVs of ciphers that must never see one twice. */
export type Sealer = Pick<KeyedIkeSa, 'cipher' | 'keys' | 'role' | 'sealed'>;

/** Octets of IP header, UDP header and, on the port for NATs, the non-ESP marker before an IKE message. */
export function encapsulationOctets(addressOctets: number, hasMarker: boolean): number {
  return (addressOctets === 4 ? 20 : 40) + 8 + (hasMarker ? 4 : 0);
}

/** The message in one piece, RFC 7296 §3.14. */
export function sealWhole(sealer: Sealer, header: IkeHeader, content: SealedContent, random: Random): Uint8Array {
  return sealPiece(sealer, header, content.firstPayload, content.inner, null, sealer.sealed, random);
}

/**
 * The message in as many pieces as it takes for none to have more than `messageOctets`, RFC 7383 §2.5.1; at least `pieces`,
 * where there are as many octets. RangeError when not even one octet fits.
 */
export function sealFragments(
  sealer: Sealer,
  header: IkeHeader,
  { firstPayload, inner }: SealedContent,
  cut: { readonly messageOctets: number; readonly pieces: number },
  random: Random,
): Uint8Array[] {
  const room = Math.min(roomIn(sealer, cut.messageOctets), Math.max(1, Math.ceil(inner.length / cut.pieces)));
  const total = Math.max(1, Math.ceil(inner.length / room));
  if (total > 0xffff) throw new RangeError(`${inner.length} octets in pieces of ${room}`);
  return Array.from({ length: total }, (_, i) => {
    const piece = inner.subarray(i * room, (i + 1) * room);
    const first = i === 0 ? firstPayload : 0;
    return sealPiece(sealer, header, first, piece, { number: i + 1, total }, sealer.sealed + i, random);
  });
}

/** Octets of the message that `sealWhole` would make. */
export function wholeOctets({ cipher }: Pick<Sealer, 'cipher'>, content: SealedContent): number {
  return (
    SK_COVERED_OCTETS + cipher.ivOctets + paddedOctets(cipher.blockOctets, content.inner.length) + cipher.icvOctets
  );
}

/** Takes padding and Pad Length off; null: there is more of it than there are octets. */
export function withoutPadding(plaintext: Uint8Array): Uint8Array | null {
  const padding = plaintext.at(-1);
  if (padding === undefined || padding + 1 > plaintext.length) return null;
  return plaintext.subarray(0, plaintext.length - 1 - padding);
}

function sealPiece(
  { cipher, keys, role }: Sealer,
  header: IkeHeader,
  firstPayload: number,
  inner: Uint8Array,
  fragment: { readonly number: number; readonly total: number } | null,
  ivNumber: number,
  random: Random,
): Uint8Array {
  const plaintext = new Uint8Array(paddedOctets(cipher.blockOctets, inner.length));
  plaintext.set(inner);
  plaintext[plaintext.length - 1] = plaintext.length - inner.length - 1;
  const bodyOctets = cipher.ivOctets + plaintext.length + cipher.icvOctets;
  const covered = sealedMessage(header, { firstPayload, bodyOctets, fragment });
  // A block cipher's IV must not be foretold; a counter's must not come again.
  const iv = cipher.blockOctets > 1 ? random.bytes(cipher.ivOctets) : countedIv(cipher.ivOctets, ivNumber);
  return Buffer.concat([covered, cipher.seal(cipherKeysOf(keys, role), iv, covered, plaintext)]);
}

/** With Pad Length, up to whole blocks. */
const paddedOctets = (block: number, inner: number): number => Math.ceil((inner + 1) / block) * block;

function roomIn({ cipher }: Sealer, messageOctets: number): number {
  const sealed = messageOctets - SKF_COVERED_OCTETS - cipher.ivOctets - cipher.icvOctets;
  const room = Math.floor(sealed / cipher.blockOctets) * cipher.blockOctets - 1;
  if (room < 1) throw new RangeError(`no fragment of an IKE message fits into ${messageOctets} octets`);
  return room;
}

function countedIv(octets: number, number: number): Uint8Array {
  const iv = new Uint8Array(octets);
  setU32(iv, octets - 8, Math.floor(number / 2 ** 32));
  setU32(iv, octets - 4, number);
  return iv;
}
