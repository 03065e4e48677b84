import { request } from 'node:http';
import type { IkeFetch } from '../ike/daemon.ts';
import { parseAddress } from '../wire/address.ts';

/** Of the head of a response, which nobody reads. */
const HEADER_OCTETS_MAX = 8192;

/**
 * Fetches one document by HTTP/1.1, as a daemon asks for it: `http:` only, from an address, or a name that `hosts` has; bounded in
 * octets and time, no redirect is followed. null: it could not be had, for whatever reason.
 */
export function fetchHttp(fetch: IkeFetch, hosts: Readonly<Record<string, string>>): Promise<Uint8Array | null> {
  const place = httpPlace(fetch.url, hosts);
  if (place === null) return Promise.resolve(null);
  return new Promise(resolve => {
    const signal = AbortSignal.timeout(fetch.timeoutMs);
    const outgoing = request({
      host: place.address,
      port: place.port,
      path: place.path,
      method: fetch.body === null ? 'GET' : 'POST',
      headers: headersOf(fetch, place),
      maxHeaderSize: HEADER_OCTETS_MAX,
      agent: false,
      signal,
    });
    outgoing.on('response', response => {
      const chunks: Uint8Array[] = [];
      let octets = 0;
      response.on('data', (chunk: Uint8Array) => {
        octets += chunk.length;
        chunks.push(chunk);
        if (octets <= fetch.octetsMax) return;
        resolve(null);
        outgoing.destroy();
      });
      response.on('end', () => resolve(response.statusCode === 200 ? joined(chunks) : null));
      response.on('error', () => resolve(null));
      response.on('close', () => resolve(null)); // settled already, unless it was cut off
    });
    outgoing.on('error', () => resolve(null));
    outgoing.end(fetch.body ?? undefined);
  });
}

export interface HttpPlace {
  /** Text. */
  readonly address: string;
  readonly port: number;
  /** As the request names it, with its query. */
  readonly path: string;
  /** For the Host field, RFC 9112 §3.2. */
  readonly host: string;
}

/** Where a URL leads; null: not to HTTP, or to a name that nobody knows here. */
export function httpPlace(url: string, hosts: Readonly<Record<string, string>>): HttpPlace | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port, pathname, search, host, username } = new URL(url);
  if (protocol !== 'http:' || username !== '') return null;
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  const named = Object.hasOwn(hosts, literal) ? hosts[literal] : undefined;
  const address = parseAddress(literal) === null ? named : literal;
  if (address === undefined) return null;
  return { address, port: port === '' ? 80 : Number(port), path: `${pathname}${search}`, host };
}

function headersOf({ body, contentType }: IkeFetch, { host }: HttpPlace): Record<string, string> {
  const fields = { host, connection: 'close' };
  if (body === null) return fields;
  return {
    ...fields,
    'content-type': contentType ?? 'application/octet-stream',
    'content-length': String(body.length),
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
