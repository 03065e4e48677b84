import { HTTP_HEAD_OCTETS_MAX } from '../../http-service.ts';

/** HTTP/1.1 messages (RFC 9112) as far as documents of known length need them: one request and one response a connection. */

export interface HttpMessage {
  /** `GET /crl/root.crl HTTP/1.1`, `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  /** null: it names none. */
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

export type HttpReading =
  | { readonly kind: 'message'; readonly message: HttpMessage }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'unreadable' };

const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');

/** Fields in order; Content-Length and Connection are added. */
export function encodeHttp(startLine: string, fields: readonly string[], body: Uint8Array): Uint8Array<ArrayBuffer> {
  const lines = [startLine, ...fields, `Content-Length: ${body.length}`, 'Connection: close', '', ''];
  const head = encoder.encode(lines.join('\r\n'));
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/**
 * Reads what has come of a message so far. `isWhole`: nothing more comes, so that a body without a length ends there. A transfer
 * coding is not understood: nobody in a lab has to use one.
 */
export function decodeHttp(octets: Uint8Array, bodyOctetsMax: number, isWhole: boolean): HttpReading {
  const text = decoder.decode(octets.subarray(0, HTTP_HEAD_OCTETS_MAX));
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { kind: isWhole || octets.length >= HTTP_HEAD_OCTETS_MAX ? 'unreadable' : 'incomplete' };
  const [startLine = '', ...fields] = text.slice(0, end).split('\r\n');
  const body = octets.subarray(end + 4);
  const length = lengthIn(fields);
  if (length === 'unreadable' || fields.some(field => /^transfer-encoding:/i.test(field)))
    return { kind: 'unreadable' };
  if ((length ?? body.length) > bodyOctetsMax) return { kind: 'unreadable' };
  const isResponse = startLine.startsWith('HTTP/');
  const needed = length ?? (isResponse ? null : 0);
  if (needed === null ? !isWhole : body.length < needed) return { kind: isWhole ? 'unreadable' : 'incomplete' };
  return {
    kind: 'message',
    message: { startLine, contentType: typeIn(fields), body: body.slice(0, needed ?? body.length) },
  };
}

function typeIn(fields: readonly string[]): string | null {
  return fields.flatMap(field => /^content-type:[ \t]*(.*?)[ \t]*$/i.exec(field)?.[1] ?? [])[0] ?? null;
}

/** null: there is none. */
function lengthIn(fields: readonly string[]): number | null | 'unreadable' {
  const values = fields.flatMap(field => /^content-length:[ \t]*([^ \t]*)[ \t]*$/i.exec(field)?.[1] ?? []);
  const [value] = values;
  if (value === undefined) return null;
  return values.length === 1 && /^[0-9]{1,9}$/.test(value) ? Number(value) : 'unreadable';
}
