import { describe, expect, test } from 'vitest';
import { decodeHttp, encodeHttp } from './http-message.ts';

const octets = (text: string) => new TextEncoder().encode(text);
const MAX = 100;

describe('an HTTP message', () => {
  test('is read as it was written, however it is cut on its way', () => {
    const body = octets('0123456789');
    const message = encodeHttp('HTTP/1.1 200 OK', ['Content-Type: text/plain'], body);
    for (let length = 0; length < message.length; length++) {
      expect(decodeHttp(message.subarray(0, length), MAX, false)).toEqual({ kind: 'incomplete' });
    }
    expect(decodeHttp(message, MAX, false)).toEqual({
      kind: 'message',
      message: { startLine: 'HTTP/1.1 200 OK', contentType: 'text/plain', body },
    });
  });

  test('of a response without a length ends with its connection; a request has no body then', () => {
    const response = octets('HTTP/1.0 200 OK\r\n\r\nabc');
    expect(decodeHttp(response, MAX, false)).toEqual({ kind: 'incomplete' });
    expect(decodeHttp(response, MAX, true)).toMatchObject({ kind: 'message', message: { body: octets('abc') } });
    const request = octets('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(decodeHttp(request, MAX, false)).toMatchObject({ kind: 'message', message: { body: new Uint8Array(0) } });
  });

  test.each([
    ['a body that is too long', `GET / HTTP/1.1\r\ncontent-length: ${MAX + 1}\r\n\r\n`],
    ['two lengths', 'GET / HTTP/1.1\r\ncontent-length: 1\r\nContent-Length: 1\r\n\r\nx'],
    ['a length that is none', 'GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n'],
    ['a length in words', 'GET / HTTP/1.1\r\ncontent-length: 1e1\r\n\r\n'],
    ['a transfer coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a head without end', 'x'.repeat(10_000)],
  ])('with %s is not read', (_, text) => {
    expect(decodeHttp(octets(text), MAX, false)).toEqual({ kind: 'unreadable' });
  });

  test('that is cut off is not read', () => {
    expect(decodeHttp(octets('GET / HTTP/1.1\r\n'), MAX, true)).toEqual({ kind: 'unreadable' });
    expect(decodeHttp(octets('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc'), MAX, true)).toEqual({
      kind: 'unreadable',
    });
  });
});
