import { cipherKey, decrypt, encrypt } from '../../crypto/cipher.ts';
import {
  decodeIsakmpChain,
  encodeIsakmpMessage,
  encodeIsakmpPayloads,
  type IsakmpChain,
} from '../../wire/isakmp/codec.ts';
import type { IsakmpHeader, SealedIsakmpMessage } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { withoutWireErrors } from '../v2/wire-value.ts';
import type { KeyedIsakmpSa } from './isakmp-sa.ts';
import { cipherOf } from './keys.ts';

type Sealer = Pick<KeyedIsakmpSa, 'suite' | 'keys'>;

/** A message under the cipher, and its last block: the IV of the next one, RFC 2409 App. B. */
export interface Sealed {
  readonly octets: Uint8Array;
  readonly iv: Uint8Array;
}

/** Padded with zeros to whole blocks. */
export function seal(
  { suite, keys }: Sealer,
  header: IsakmpHeader,
  payloads: readonly IsakmpPayload[],
  iv: Uint8Array,
): Sealed {
  const cipher = cipherOf(suite);
  const { first, octets } = encodeIsakmpPayloads(payloads);
  const padded = new Uint8Array(Math.ceil(octets.length / cipher.blockOctets) * cipher.blockOctets);
  padded.set(octets);
  const body = encrypt(cipher, cipherKey(cipher, keys.cipherKey), NO_SALT, iv, padded);
  const message = encodeIsakmpMessage({ ...header, isEncrypted: true, payloads: [], firstPayload: first, body });
  return { octets: message, iv: Uint8Array.from(body.subarray(-cipher.blockOctets)) };
}

export interface Opened extends IsakmpChain {
  readonly iv: Uint8Array;
}

/** null: no whole blocks, or nothing that can be read: another key, another IV, not the peer's. Nothing in it is authentic yet. */
export function open({ suite, keys }: Sealer, message: SealedIsakmpMessage, iv: Uint8Array): Opened | null {
  const cipher = cipherOf(suite);
  const { body, firstPayload } = message;
  if (body.length === 0 || body.length % cipher.blockOctets !== 0) return null;
  const inside = decrypt(cipher, cipherKey(cipher, keys.cipherKey), NO_SALT, iv, body);
  const chain = withoutWireErrors(() => decodeIsakmpChain(firstPayload, inside));
  return chain === null ? null : { ...chain, iv: Uint8Array.from(body.subarray(-cipher.blockOctets)) };
}

const NO_SALT = new Uint8Array(0);
