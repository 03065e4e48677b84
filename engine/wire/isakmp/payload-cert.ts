import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpCertPayload, IsakmpCertRequestPayload } from './payload.ts';

/**
 * Bodies of the Certificate payload, RFC 2408 §3.9, and of the Certificate Request payload, §3.10, which look alike.
 *     | Cert Encoding |  Certificate Data, or Certificate Authority ...
 */
export function decodeCert(body: Reader): IsakmpCertPayload {
  return { type: 'CERT', encoding: body.u8('Cert Encoding'), data: body.rest() };
}

export function decodeCertRequest(body: Reader): IsakmpCertRequestPayload {
  return { type: 'CR', encoding: body.u8('Cert. Type'), data: body.rest() };
}

export function encodeCert(payload: IsakmpCertPayload | IsakmpCertRequestPayload, out: Writer): void {
  out.u8(payload.encoding);
  out.bytes(payload.data);
}
