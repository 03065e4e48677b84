import { Tag } from '../../wire/der-reader.ts';
import { der } from '../../wire/der-writer.ts';

/**
 * ECDSA signatures of methods 9 to 11, RFC 4754 §7: r and s one after the other, each as long as the order of the curve; and
 * the DER of X.509 and RFC 7427, SEQUENCE { INTEGER r, INTEGER s }.
 */

/** `octets` of each half; null: of another length, which the method does not have. */
export function derOfRawEcdsa(raw: Uint8Array, octets: number): Uint8Array | null {
  if (raw.length !== 2 * octets) return null;
  return der(Tag.SEQUENCE, integer(raw.subarray(0, octets)), integer(raw.subarray(octets)));
}

/** Of a signature that this node has made; null: not DER, or longer than the curve. */
export function rawEcdsaOf(signature: Uint8Array, octets: number): Uint8Array | null {
  if (signature[0] !== Tag.SEQUENCE) return null;
  const start = signature[1] === 0x81 ? 3 : 2;
  const r = readInteger(signature, start);
  const s = r === null ? null : readInteger(signature, r.end);
  if (r === null || s === null || s.end !== signature.length || r.value.length > octets || s.value.length > octets)
    return null;
  const raw = new Uint8Array(2 * octets);
  raw.set(r.value, octets - r.value.length);
  raw.set(s.value, 2 * octets - s.value.length);
  return raw;
}

function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex(octet => octet !== 0);
  const shortest = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first);
  // A leading bit would make it negative.
  const sign = ((shortest[0] ?? 0) & 0x80) !== 0 ? [0] : [];
  return der(Tag.INTEGER, Uint8Array.from(sign), shortest);
}

function readInteger(signature: Uint8Array, at: number): { value: Uint8Array; end: number } | null {
  const length = signature[at + 1];
  if (signature[at] !== Tag.INTEGER || length === undefined || at + 2 + length > signature.length) return null;
  const content = signature.subarray(at + 2, at + 2 + length);
  return { value: content[0] === 0 ? content.subarray(1) : content, end: at + 2 + length };
}
