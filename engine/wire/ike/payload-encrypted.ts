import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { EncryptedFragmentPayload, EncryptedPayload } from './payload.ts';

/**
 * Body of the Encrypted and Authenticated payload, RFC 7296 §3.14: IV, ciphertext and ICV, whose lengths only the SA knows.
 * Next Payload of its generic header is the type of the first payload inside.
 */
export function decodeSk(firstPayload: number, body: Reader): EncryptedPayload {
  return { type: 'SK', firstPayload, body: body.rest() };
}

/**
 * Body of the Encrypted and Authenticated Fragment payload, RFC 7383 §2.5. Throws `WireError` for a number that no fragment
 * has: 0, or more than there are.
 *     |        Fragment Number        |        Total Fragments        |
 *     |  IV, ciphertext, ICV ...
 */
export function decodeSkf(firstPayload: number, body: Reader): EncryptedFragmentPayload {
  const fragmentNumber = body.u16('Fragment Number');
  const totalFragments = body.u16('Total Fragments');
  if (fragmentNumber === 0 || fragmentNumber > totalFragments) {
    throw body.error('Fragment Number', 0, `${fragmentNumber} of ${totalFragments}`);
  }
  return { type: 'SKF', firstPayload, fragmentNumber, totalFragments, body: body.rest() };
}

export function encodeEncrypted(payload: EncryptedPayload | EncryptedFragmentPayload, out: Writer): void {
  if (payload.type === 'SKF') {
    out.u16(payload.fragmentNumber);
    out.u16(payload.totalFragments);
  }
  out.bytes(payload.body);
}
