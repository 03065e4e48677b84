import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { CertPayload, CertreqPayload } from './payload.ts';

/**
 * Bodies of the Certificate payload, RFC 7296 §3.6, and of the Certificate Request payload, §3.7, which look alike.
 *     | Cert Encoding |  Certificate Data, or Certification Authority ...
 */
export function decodeCert(body: Reader): CertPayload {
  return { type: 'CERT', encoding: body.u8('Cert Encoding'), data: body.rest() };
}

export function decodeCertreq(body: Reader): CertreqPayload {
  return { type: 'CERTREQ', encoding: body.u8('Cert Encoding'), data: body.rest() };
}

export function encodeCert(payload: CertPayload | CertreqPayload, out: Writer): void {
  out.u8(payload.encoding);
  out.bytes(payload.data);
}
