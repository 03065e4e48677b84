import { DerReader } from '../wire/der-reader.ts';

/** The bit string of a SubjectPublicKeyInfo, RFC 5280 §4.1.2.7: a view. Throws `WireError`. */
export function subjectPublicKey(spki: Uint8Array): Uint8Array {
  const outer = new DerReader(spki, 'key');
  const fields = outer.sequence('SubjectPublicKeyInfo');
  outer.end('SubjectPublicKeyInfo');
  fields.sequence('algorithm');
  const key = fields.bitString('subjectPublicKey');
  fields.end('subjectPublicKey');
  return key;
}
