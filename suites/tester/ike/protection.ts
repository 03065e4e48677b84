import { decodeIkeMessage, decodePayloads, encodePayloads } from '../../../engine/wire/ike/codec.ts';
import { coveredOf, type FragmentPlace, sealedMessage } from '../../../engine/wire/ike/encrypted.ts';
import type { IkeHeader, IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { WireError } from '../../../engine/wire/wire-error.ts';
import type { IkeKeys } from './key-schedule.ts';
import type { IkeSuite } from './suite.ts';

/** How to seal, and what to do wrong on the way. */
export interface SealingTraits {
  /** Another one for each message under one key. */
  readonly serial: number;
  readonly iv?: Uint8Array;
  /** What the pad octets hold, and more of them than the block asks for. */
  readonly padOctet?: number;
  readonly extraPadOctets?: number;
  /** The Pad Length octet; the true one unless the tester wants otherwise. */
  readonly padLength?: number;
  /** Octets in the place of the payloads, and the type of the first. */
  readonly inside?: { readonly first: number; readonly octets: Uint8Array };
  /** SKF instead of SK: octets of payload in each. */
  readonly fragmentOctets?: number;
}

/** Puts payloads in SK, RFC 7296 §3.14 and RFC 5282; or in as many SKF as it takes, RFC 7383. */
export function sealIke(
  suite: IkeSuite,
  keys: IkeKeys,
  header: IkeHeader,
  payloads: readonly Payload[],
  traits: SealingTraits,
): Uint8Array[] {
  const plain = encodePayloads(payloads);
  const { first, octets } = traits.inside ?? plain;
  const { fragmentOctets } = traits;
  if (fragmentOctets === undefined) return [sealPart(suite, keys, header, { first, octets, fragment: null }, traits)];
  const total = Math.max(1, Math.ceil(octets.length / fragmentOctets));
  return Array.from({ length: total }, (_, i) => {
    const piece = octets.subarray(i * fragmentOctets, (i + 1) * fragmentOctets);
    const fragment = { number: i + 1, total };
    return sealPart(suite, keys, header, { first: i === 0 ? first : 0, octets: piece, fragment }, traits);
  });
}

interface Part {
  readonly first: number;
  readonly octets: Uint8Array;
  readonly fragment: FragmentPlace | null;
}

/** One SK, or one SKF that says to be this fragment, true or not. */
export function sealPart(
  { transform }: IkeSuite,
  keys: IkeKeys,
  header: IkeHeader,
  { first, octets, fragment }: Part,
  traits: SealingTraits,
): Uint8Array {
  const { cipher, integrity } = transform;
  const [encryption, mac] = header.isInitiator ? [keys.ei, keys.ai] : [keys.er, keys.ar];
  const block = integrity === null || cipher.saltOctets > 0 ? 1 : cipher.blockOctets; // counter modes need no padding
  const pad = ((block - ((octets.length + 1) % block)) % block) + (traits.extraPadOctets ?? 0);
  const padding = new Uint8Array(pad).fill(traits.padOctet ?? 0);
  const text = Buffer.concat([octets, padding, Uint8Array.of(traits.padLength ?? pad)]);
  const iv = traits.iv ?? testerIv(traits.serial, fragment, cipher.ivOctets);
  const icvOctets = cipher.icvOctets + (integrity?.icvOctets ?? 0);
  const bodyOctets = iv.length + text.length + icvOctets;
  const covered = sealedMessage(header, { firstPayload: first, bodyOctets, fragment });
  const [key, salt] = [encryption.subarray(0, cipher.keyOctets), encryption.subarray(cipher.keyOctets)];
  const { ciphertext, tag } = cipher.encrypt({ key, salt, iv, aad: covered, text });
  const all = Buffer.concat([covered, iv, ciphertext]);
  if (integrity === null) return Uint8Array.from(Buffer.concat([all, tag]));
  return Uint8Array.from(Buffer.concat([all, integrity.icv(mac, all, NONE)]));
}

const NONE = new Uint8Array(0);

/** Never the same twice under one key: what is sent again is sent in the same octets. */
function testerIv(serial: number, fragment: FragmentPlace | null, octets: number): Uint8Array {
  const iv = Buffer.alloc(Math.max(8, octets), 0x7e);
  iv.writeUInt32BE(serial, 0);
  iv.writeUInt32BE(fragment?.number ?? 0, 4);
  return iv.subarray(0, octets);
}

/** What a message of the subject's holds. */
export type Opened =
  | { readonly kind: 'clear'; readonly message: IkeMessage }
  | { readonly kind: 'opened'; readonly message: IkeMessage; readonly payloads: readonly Payload[] }
  /** One fragment of several; its piece of the payloads. */
  | { readonly kind: 'piece'; readonly message: IkeMessage; readonly first: number; readonly octets: Uint8Array }
  | { readonly kind: 'sealed'; readonly message: IkeMessage; readonly why: string }
  | { readonly kind: 'malformed'; readonly why: string };

/** `keys`: null while there are none. */
export function openIke(octets: Uint8Array, suite: IkeSuite, keys: IkeKeys | null): Opened {
  let message: IkeMessage;
  try {
    message = decodeIkeMessage(octets);
  } catch (error) {
    if (error instanceof WireError) return { kind: 'malformed', why: error.message };
    throw error;
  }
  const last = message.payloads.at(-1);
  if (last?.type !== 'SK' && last?.type !== 'SKF') return { kind: 'clear', message };
  if (keys === null) return { kind: 'sealed', message, why: 'the tester has no keys' };
  const text = plaintextOf(octets, message, last.body, suite, keys);
  if (typeof text === 'string') return { kind: 'sealed', message, why: text };
  if (last.type === 'SKF' && last.totalFragments > 1)
    return { kind: 'piece', message, first: last.firstPayload, octets: text };
  return inside(message, last.firstPayload, text);
}

export function inside(message: IkeMessage, first: number, octets: Uint8Array): Opened {
  try {
    return { kind: 'opened', message, payloads: decodePayloads(first, octets) };
  } catch (error) {
    if (error instanceof WireError) return { kind: 'malformed', why: `inside of SK: ${error.message}` };
    throw error;
  }
}

function plaintextOf(
  octets: Uint8Array,
  message: IkeMessage,
  body: Uint8Array,
  { transform: { cipher, integrity } }: IkeSuite,
  keys: IkeKeys,
): Uint8Array | string {
  const icvOctets = cipher.icvOctets + (integrity?.icvOctets ?? 0);
  const [ivEnd, icvAt] = [cipher.ivOctets, body.length - icvOctets];
  if (icvAt - ivEnd < 1) return `${body.length} octets are too few`;
  const [encryption, mac] = message.isInitiator ? [keys.ei, keys.ai] : [keys.er, keys.ar];
  const icv = Buffer.from(body.subarray(icvAt));
  const covered = octets.subarray(0, octets.length - icvOctets);
  if (integrity !== null && !icv.equals(integrity.icv(mac, covered, NONE))) return 'the ICV is wrong';
  const text = cipher.decrypt(
    {
      key: encryption.subarray(0, cipher.keyOctets),
      salt: encryption.subarray(cipher.keyOctets),
      iv: body.subarray(0, ivEnd),
      aad: coveredOf(octets, message),
      text: body.subarray(ivEnd, icvAt),
    },
    integrity === null ? icv : NONE,
  );
  if (text === null) return 'the ICV is wrong';
  const padLength = text.at(-1) ?? 0;
  return padLength >= text.length
    ? `${padLength} octets of padding do not fit`
    : Uint8Array.from(text.subarray(0, text.length - 1 - padLength));
}
