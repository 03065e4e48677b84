/**
 * ECDSA signatures of methods 9 to 11, RFC 4754 §7: r and s one after the other, each as long as the order of the curve; and
 * the DER of X.509 and RFC 7427, SEQUENCE { INTEGER r, INTEGER s }.
 */

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** `octets` of each half; null: of another length, which the method does not have. */
export function derOfRawEcdsa(raw: Uint8Array, octets: number): Uint8Array | null {
  if (raw.length !== 2 * octets) return null;
  const content = Buffer.concat([integer(raw.subarray(0, octets)), integer(raw.subarray(octets))]);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Uint8Array.of(SEQUENCE, ...length), content]);
}

/** Of a signature that this node has made; null: not DER, or longer than the curve. */
export function rawEcdsaOf(der: Uint8Array, octets: number): Uint8Array | null {
  if (der[0] !== SEQUENCE) return null;
  const start = der[1] === 0x81 ? 3 : 2;
  const r = readInteger(der, start);
  const s = r === null ? null : readInteger(der, r.end);
  if (r === null || s === null || s.end !== der.length || r.value.length > octets || s.value.length > octets)
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
  return Uint8Array.of(INTEGER, sign.length + shortest.length, ...sign, ...shortest);
}

function readInteger(der: Uint8Array, at: number): { value: Uint8Array; end: number } | null {
  const length = der[at + 1];
  if (der[at] !== INTEGER || length === undefined || at + 2 + length > der.length) return null;
  const content = der.subarray(at + 2, at + 2 + length);
  return { value: content[0] === 0 ? content.subarray(1) : content, end: at + 2 + length };
}
