import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IkeFetch } from '../ike/daemon.ts';
import { fetchHttp, httpPlace } from './http-fetch.ts';

let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/never') return;
    if (request.url === '/moved') response.writeHead(302, { location: '/there' });
    request.on('data', (chunk: Buffer) => response.write(chunk));
    request.on('end', () => response.end(request.headers['content-type'] ?? 'x'.repeat(50)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const fetched = (path: string, parts: Partial<IkeFetch> = {}): Promise<string | null> => {
  const url = path.startsWith('/') ? `http://charles:${port}${path}` : path;
  const asked = { id: 1, url, body: null, contentType: null, octetsMax: 60, timeoutMs: 2000, ...parts };
  return fetchHttp(asked, { charles: '127.0.0.1' }).then(octets => octets && new TextDecoder().decode(octets));
};

describe('what is fetched', () => {
  test('is the body of a good answer, by a name that the lab gives', async () => {
    expect(await fetched('/there')).toBe('x'.repeat(50));
    const body = new TextEncoder().encode('question ');
    expect(await fetched('/there', { body, contentType: 'application/ocsp-request' })).toBe(
      'question application/ocsp-request',
    );
  });

  test.each([
    ['is too long', '/there', { octetsMax: 49 }],
    ['never comes', '/never', { timeoutMs: 50 }],
    ['is elsewhere', '/moved', {}],
    ['is not HTTP', 'https://127.0.0.1/', {}],
    ['is of nobody', 'http://mallory/', {}],
    ['is behind a password', 'http://me@127.0.0.1/', {}],
    ['has no place', '::', {}],
    ['is where nobody listens', 'http://127.0.0.1:1/', {}],
  ])('comes to nothing when it %s', async (_, path, parts) => {
    expect(await fetched(path, parts)).toBeNull();
  });

  test('may be at an IPv6 address, and on any port', () => {
    expect(httpPlace('http://[2001:db8::1]:8080/a?b', {})).toEqual({
      address: '2001:db8::1',
      port: 8080,
      path: '/a?b',
      host: '[2001:db8::1]:8080',
    });
  });
});
