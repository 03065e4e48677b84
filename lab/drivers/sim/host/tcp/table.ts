import { type Address, addressKey } from '../../../../../engine/wire/address.ts';
import type { Instant } from '../../../../../engine/wire/instant.ts';
import { IpProtocol } from '../../../../../engine/wire/ip-protocol.ts';
import { u16At } from '../../../../../engine/wire/octets.ts';
import { encodeTcp, TCP_HEADER_OCTETS, TcpFlag, type TcpSegment } from '../../../../../engine/wire/tcp.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { IcmpError } from '../icmp-error.ts';
import type { IpOutput } from '../ip-output.ts';
import type { Endpoint } from '../network.ts';
import { freePort } from '../ports.ts';
import { TcpConnection } from './connection.ts';
import { NO_OCTETS, type TcpOutput } from './contract.ts';
import { unwrap } from './sequence.ts';

/** A port that takes connections. */
export interface TcpListener {
  readonly port: number;
  /** The next one whose handshake is done; null: none yet. */
  accept(): TcpSocket | null;
  close(): void;
}

/** A connection with its ends. */
export interface TcpSocket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly connection: TcpConnection;
}

interface Entry extends TcpSocket {
  /** Who is told of changes; at first the listener. */
  changed: () => void;
}

interface Listening {
  readonly changed: () => void;
  /** Handshakes under way and done, not yet accepted; oldest first. */
  readonly waiting: Set<Entry>;
}

const CONNECTIONS_MAX = 1024;
const BACKLOG_MAX = 128;

/** The TCP of one host: connections by their four-tuple, listeners by port, all bounded. */
export class TcpTable {
  readonly #output: IpOutput;
  readonly #random: SeededRandom;
  readonly #now: () => Instant;
  readonly #connections = new Map<string, Entry>();
  readonly #listeners = new Map<number, Listening>();

  constructor(output: IpOutput, random: SeededRandom, now: () => Instant) {
    this.#output = output;
    this.#random = random;
    this.#now = now;
  }

  /** Connections, TIME-WAIT among them. */
  get size(): number {
    return this.#connections.size;
  }

  /** null: somebody listens there already. */
  listen(port: number, changed: () => void): TcpListener | null {
    if (this.#listeners.has(port)) return null;
    const listening: Listening = { changed, waiting: new Set() };
    this.#listeners.set(port, listening);
    return {
      port,
      accept: () => {
        for (const entry of listening.waiting) {
          if (!entry.connection.isOpen) continue;
          listening.waiting.delete(entry);
          return entry;
        }
        return null;
      },
      close: () => {
        this.#listeners.delete(port);
        for (const { connection } of listening.waiting) connection.abort();
      },
    };
  }

  /** `localPort` 0: any free one. null: the four-tuple is taken, or the table is full. */
  connect(source: Address, remote: Endpoint, localPort: number, changed: () => void): TcpSocket | null {
    const isTaken = (port: number) => this.#connections.has(keyOf(source, port, remote.address, remote.port));
    const port = localPort === 0 ? freePort(this.#random, isTaken) : localPort;
    if (isTaken(port) || !this.#makeRoom()) return null;
    const entry = this.#add({ address: source, port }, remote, changed);
    entry.connection.connect(this.#now());
    return entry;
  }

  /** Who is told of changes of a connection from now on: whoever accepted it. */
  watch(socket: TcpSocket, changed: () => void): void {
    const entry = this.#connections.get(keyOfSocket(socket));
    if (entry !== undefined) entry.changed = changed;
  }

  deliver(source: Address, destination: Address, segment: TcpSegment): void {
    const key = keyOf(destination, segment.destinationPort, source, segment.sourcePort);
    const entry = this.#connections.get(key);
    const isSyn = (segment.flags & (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.SYN;
    if (entry !== undefined && !(isSyn && endsTimeWait(entry.connection, segment))) {
      entry.connection.receive(segment, this.#now());
      return;
    }
    entry?.connection.abort();
    const listening = this.#listeners.get(segment.destinationPort);
    if (isSyn && listening !== undefined) this.#begin(listening, source, destination, segment);
    else this.#reset(source, destination, segment);
  }

  deliverError(error: IcmpError): void {
    const { source, destination, upper } = error.quoted;
    const connection = this.#connections.get(keyOf(source, u16At(upper, 0), destination, u16At(upper, 2)))?.connection;
    if (connection === undefined) return;
    if (error.kind === 'tooBig') connection.reduceMss(this.#pathMss(source, destination), this.#now());
    else if (error.kind === 'unreachable') connection.unreachable();
  }

  wakeAt(): Instant | null {
    let earliest: Instant | null = null;
    for (const { connection } of this.#connections.values()) {
      const at = connection.wakeAt();
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }

  wake(): void {
    const now = this.#now();
    for (const { connection } of this.#connections.values()) {
      const at = connection.wakeAt();
      if (at !== null && at <= now) connection.wake(now);
    }
  }

  #begin(listening: Listening, source: Address, destination: Address, syn: TcpSegment): void {
    // A full backlog stays silent: the peer will ask again.
    if (listening.waiting.size >= BACKLOG_MAX || !this.#makeRoom()) return;
    const local = { address: destination.slice(), port: syn.destinationPort };
    const remote = { address: source.slice(), port: syn.sourcePort };
    const entry = this.#add(local, remote, listening.changed);
    listening.waiting.add(entry);
    entry.connection.accept(syn, this.#now());
  }

  #add(local: Endpoint, remote: Endpoint, changed: () => void): Entry {
    const key = keyOf(local.address, local.port, remote.address, remote.port);
    const headers = headerOctets(local.address);
    const start = {
      iss: this.#random.u32(),
      localMss: this.#output.interfaceMtu(local.address) - headers,
      pathMss: this.#pathMss(local.address, remote.address),
    };
    const connection = new TcpConnection(start, {
      send: segment => this.#send(local, remote, segment),
      changed: () => {
        if (connection.state === 'closed') this.#remove(key, entry);
        entry.changed();
      },
    });
    const entry: Entry = { local, remote, connection, changed };
    this.#connections.set(key, entry);
    return entry;
  }

  #remove(key: string, entry: Entry): void {
    this.#connections.delete(key);
    this.#listeners.get(entry.local.port)?.waiting.delete(entry);
  }

  /** Room for one more, if need be by ending the oldest TIME-WAIT. */
  #makeRoom(): boolean {
    if (this.#connections.size < CONNECTIONS_MAX) return true;
    for (const { connection } of this.#connections.values()) {
      if (connection.state !== 'timeWait') continue;
      connection.abort();
      return true;
    }
    return false;
  }

  #pathMss(local: Address, remote: Address): number {
    return Math.max(64, this.#output.pathMtu(local, remote) - headerOctets(local));
  }

  #send(local: Endpoint, remote: Endpoint, output: TcpOutput): void {
    const segment = { ...output, sourcePort: local.port, destinationPort: remote.port, urgentPointer: 0 };
    this.#output.send({
      source: local.address,
      destination: remote.address,
      protocol: IpProtocol.TCP,
      payload: encodeTcp(segment, local.address, remote.address),
      fragment: 'never',
    });
  }

  /** There is no such connection, RFC 9293 §3.10.7.1. */
  #reset(source: Address, destination: Address, segment: TcpSegment): void {
    if ((segment.flags & TcpFlag.RST) !== 0 || !this.#output.owns(destination)) return;
    const hasAck = (segment.flags & TcpFlag.ACK) !== 0;
    const length =
      segment.payload.length + (segment.flags & TcpFlag.SYN ? 1 : 0) + (segment.flags & TcpFlag.FIN ? 1 : 0);
    const local = { address: destination.slice(), port: segment.destinationPort };
    const remote = { address: source.slice(), port: segment.sourcePort };
    this.#send(local, remote, {
      sequence: hasAck ? segment.acknowledgment : 0,
      acknowledgment: hasAck ? 0 : (segment.sequence + length) >>> 0,
      flags: hasAck ? TcpFlag.RST : TcpFlag.RST | TcpFlag.ACK,
      window: 0,
      options: [],
      payload: NO_OCTETS,
    });
  }
}

/** RFC 9293 §3.6.1: a SYN past everything that the old connection has seen may begin a new one. */
function endsTimeWait(connection: TcpConnection, syn: TcpSegment): boolean {
  if (connection.state !== 'timeWait') return false;
  return unwrap(syn.sequence, connection.receiveNext) > connection.receiveNext;
}

function headerOctets(address: Address): number {
  return TCP_HEADER_OCTETS + (address.length === 4 ? 20 : 40);
}

function keyOf(local: Address, localPort: number, remote: Address, remotePort: number): string {
  return addressKey(local) + addressKey(remote) + String.fromCharCode(localPort, remotePort);
}

function keyOfSocket({ local, remote }: TcpSocket): string {
  return keyOf(local.address, local.port, remote.address, remote.port);
}
