import { STATUS_CODES } from 'node:http';
import { httpPlace } from '../../../../engine/host/http-fetch.ts';
import type { IkeFetch } from '../../../../engine/ike/daemon.ts';
import { parseAddress } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_MS } from '../../../../engine/wire/instant.ts';
import {
  HTTP_HEAD_OCTETS_MAX,
  type HttpRequest,
  type HttpResponse,
  NOT_UNDERSTOOD,
  REQUEST_OCTETS_MAX,
} from '../../http-service.ts';
import { decodeHttp, encodeHttp } from './http-message.ts';
import type { Process, Program, ProgramMain } from './process.ts';
import type { TcpSocket } from './tcp/table.ts';

const CONNECTIONS_MAX = 64;
const NONE = new Uint8Array(0);

type Respond = (request: HttpRequest) => HttpResponse;

/** Fetches a document as engine/host/http-fetch.ts does it on a live node; null: it could not be had. */
export function httpFetch(
  fetch: IkeFetch,
  hosts: Readonly<Record<string, string>>,
  fetched: (content: Uint8Array | null) => void,
): ProgramMain {
  return function* main(process: Process): Program {
    const until = process.now() + fetch.timeoutMs * NS_PER_MS;
    const octets = yield* exchange(process, fetch, hosts, until);
    fetched(octets);
    return octets === null ? 1 : 0;
  };
}

/** Answers requests on one port until it is killed. Ends with 1 where the port is taken. */
export function httpService(port: number, respond: Respond): ProgramMain {
  return function* main(process: Process): Program {
    const { tcp } = process.stack;
    const listener = tcp.listen(port, process.wake);
    if (listener === null) return 1;
    const open = new Set<Visit>();
    process.atEnd(() => {
      listener.close();
      for (const { socket } of open) socket.connection.release(process.now());
    });
    for (;;) {
      for (let socket = listener.accept(); socket !== null; socket = listener.accept()) {
        tcp.watch(socket, process.wake);
        if (open.size < CONNECTIONS_MAX) open.add({ socket, received: NONE, unsent: null });
        else socket.connection.abort();
      }
      for (const visit of open) if (serve(visit, respond, process.now())) open.delete(visit);
      yield null;
    }
  };
}

function* exchange(
  process: Process,
  { url, body, contentType, octetsMax }: IkeFetch,
  hosts: Readonly<Record<string, string>>,
  until: Instant,
): Generator<Instant | null, Uint8Array | null, void> {
  const place = httpPlace(url, hosts);
  const address = place === null ? null : parseAddress(place.address);
  const source = address === null ? null : process.stack.ip.sourceFor(address);
  if (place === null || address === null || source === null) return null;
  const socket = process.stack.tcp.connect(source, { address, port: place.port }, 0, process.wake);
  if (socket === null) return null;
  const { connection } = socket;
  process.atEnd(() => connection.release(process.now()));
  while (!connection.isOpen && connection.state !== 'closed' && process.now() < until) yield until;
  const method = body === null ? 'GET' : 'POST';
  const type = body === null ? [] : [`Content-Type: ${contentType ?? 'application/octet-stream'}`];
  let unsent: Uint8Array = encodeHttp(
    `${method} ${place.path} HTTP/1.1`,
    [`Host: ${place.host}`, ...type],
    body ?? NONE,
  );
  let received: Uint8Array = NONE;
  while (connection.isOpen && process.now() < until) {
    if (unsent.length > 0) unsent = unsent.subarray(connection.write(unsent, process.now()));
    received = appended(received, connection.read(octetsMax + HTTP_HEAD_OCTETS_MAX));
    const reading = decodeHttp(received, octetsMax, connection.isAtEnd || connection.state === 'closed');
    if (reading.kind === 'message') return isOk(reading.message.startLine) ? reading.message.body : null;
    if (reading.kind === 'unreadable') return null;
    yield until;
  }
  return null;
}

const isOk = (startLine: string): boolean => /^HTTP\/1\.[01] 200(?: |$)/.test(startLine);

/** One connection to a service. */
interface Visit {
  readonly socket: TcpSocket;
  received: Uint8Array;
  /** null: the request is not whole yet. */
  unsent: Uint8Array | null;
}

/** As far as it goes now; true when nothing is left to do. */
function serve(visit: Visit, respond: Respond, now: Instant): boolean {
  const { connection } = visit.socket;
  if (connection.state === 'closed') return true;
  if (visit.unsent === null) {
    visit.received = appended(visit.received, connection.read(REQUEST_OCTETS_MAX));
    const response = responseTo(visit.received, connection.isAtEnd, respond);
    if (response === null) return false;
    const { status, contentType, body } = response;
    const startLine = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
    visit.unsent = encodeHttp(startLine, [`Content-Type: ${contentType}`], body);
  }
  visit.unsent = visit.unsent.subarray(connection.write(visit.unsent, now));
  if (visit.unsent.length > 0) return false;
  connection.end(now);
  connection.release(now);
  return true;
}

/** null: more has to come. */
function responseTo(received: Uint8Array, isWhole: boolean, respond: Respond): HttpResponse | null {
  const reading = decodeHttp(received, REQUEST_OCTETS_MAX, isWhole);
  if (reading.kind === 'incomplete') return null;
  if (reading.kind === 'unreadable') return NOT_UNDERSTOOD;
  const { startLine, contentType, body } = reading.message;
  const [method = '', path = '', version = ''] = startLine.split(' ');
  return version.startsWith('HTTP/1.') ? respond({ method, path, contentType, body }) : NOT_UNDERSTOOD;
}

function appended(octets: Uint8Array, more: Uint8Array): Uint8Array {
  if (more.length === 0) return octets;
  const all = new Uint8Array(octets.length + more.length);
  all.set(octets);
  all.set(more, octets.length);
  return all;
}
