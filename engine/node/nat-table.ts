import type { Random } from '../crypto/random.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At } from '../wire/octets.ts';
import { TcpFlag } from '../wire/tcp.ts';

/** An IPv4 address as a number, and a port, or what ICMP has in its place. */
export interface Endpoint {
  readonly address: number;
  readonly port: number;
}

export type NatBehaviour = 'port-restricted' | 'symmetric';

/** Everybody inside can make mappings, and everybody inside can send to many. */
const MAPPINGS_MAX = 8192;
const REMOTES_MAX = 1024;
/** RFC 4787 §4.2.2: mappings of ordinary ports stay among them. */
const LOWEST_PORT = 1024;
const PORTS = 65536 - LOWEST_PORT;
/** RFC 5382 §5: an idle connection is kept for two hours and four minutes, one that opens or closes for four minutes. */
const TCP_OPEN_SECONDS = 7440;
const TCP_TRANSITORY_SECONDS = 240;
/** RFC 5508 §3.2. */
const ICMP_SECONDS = 60;
const SWEEP_NS = NS_PER_S;

/** One endpoint inside as the outside sees it. */
export interface Mapping {
  readonly protocol: number;
  readonly inside: Endpoint;
  readonly outsidePort: number;
  readonly key: string;
  /** Until when the endpoints that it has sent to may answer. */
  readonly remotes: Map<string, Instant>;
  expiresAt: Instant;
  /** TCP: which of the two has sent a FIN or RST. */
  closed: { inside: boolean; outside: boolean };
  isOpen: boolean;
}

/**
 * The mappings of a NAT, RFC 4787: filtering is address and port dependent in either behaviour; mapping is endpoint independent
 * (`port-restricted`) or address and port dependent (`symmetric`). Only what goes out keeps a UDP mapping alive (REQ-6).
 */
export class NatTable {
  readonly #behaviour: NatBehaviour;
  readonly #idleNs: number;
  readonly #random: Random;
  readonly #byInside = new Map<string, Mapping>();
  readonly #byPort = new Map<number, Mapping>();
  #sweepAt: Instant = 0;

  constructor(behaviour: NatBehaviour, idleSeconds: number, random: Random) {
    this.#behaviour = behaviour;
    this.#idleNs = idleSeconds * NS_PER_S;
    this.#random = random;
  }

  get size(): number {
    return this.#byInside.size;
  }

  /** The mapping that a packet goes out by, made where there is none; null when there is no room. `tcpFlags`: 0 for others. */
  outbound(protocol: number, inside: Endpoint, remote: Endpoint, tcpFlags: number, now: Instant): Mapping | null {
    const mapping = this.find(protocol, inside, remote, now) ?? this.#make(protocol, inside, remote, now);
    if (mapping === null) return null;
    this.#followTcp(mapping, tcpFlags, 'inside');
    mapping.expiresAt = now + this.#lifetimeNs(mapping);
    allow(mapping.remotes, endpointKey(remote), mapping.expiresAt);
    return mapping;
  }

  /** The mapping that an answer comes in by; null for what nobody inside has asked for. */
  inbound(protocol: number, outsidePort: number, remote: Endpoint, tcpFlags: number, now: Instant): Mapping | null {
    const mapping = this.findOutside(protocol, outsidePort, remote, now);
    if (mapping === null || protocol !== IpProtocol.TCP) return mapping;
    mapping.isOpen = true;
    this.#followTcp(mapping, tcpFlags, 'outside');
    mapping.expiresAt = now + this.#lifetimeNs(mapping);
    allow(mapping.remotes, endpointKey(remote), mapping.expiresAt);
    return mapping;
  }

  /** The same without using it. */
  find(protocol: number, inside: Endpoint, remote: Endpoint, now: Instant): Mapping | null {
    return this.#living(this.#byInside.get(this.#key(protocol, inside, remote)), now);
  }

  findOutside(protocol: number, outsidePort: number, remote: Endpoint, now: Instant): Mapping | null {
    const mapping = this.#living(this.#byPort.get(portKey(protocol, outsidePort)), now);
    const until = mapping?.remotes.get(endpointKey(remote));
    return until !== undefined && until > now ? mapping : null;
  }

  /** As after a restart: whoever goes on sending gets another port. */
  clear(): void {
    this.#byInside.clear();
    this.#byPort.clear();
  }

  #key(protocol: number, inside: Endpoint, remote: Endpoint): string {
    const own = `${protocol} ${endpointKey(inside)}`;
    return this.#behaviour === 'symmetric' ? `${own} ${endpointKey(remote)}` : own;
  }

  #make(protocol: number, inside: Endpoint, remote: Endpoint, now: Instant): Mapping | null {
    if (this.#byInside.size >= MAPPINGS_MAX) this.#sweep(now);
    if (this.#byInside.size >= MAPPINGS_MAX) return null;
    const outsidePort = this.#freePort(protocol, now);
    if (outsidePort === null) return null;
    const key = this.#key(protocol, inside, remote);
    const mapping: Mapping = {
      protocol,
      inside,
      outsidePort,
      key,
      remotes: new Map(),
      expiresAt: now,
      closed: { inside: false, outside: false },
      isOpen: false,
    };
    this.#byInside.set(key, mapping);
    this.#byPort.set(portKey(protocol, outsidePort), mapping);
    return mapping;
  }

  /** Any that nobody has, from a random one on: there are more ports than mappings. */
  #freePort(protocol: number, now: Instant): number | null {
    const first = u16At(this.#random.bytes(2), 0) % PORTS;
    for (let i = 0; i < PORTS; i++) {
      const port = LOWEST_PORT + ((first + i) % PORTS);
      if (this.#living(this.#byPort.get(portKey(protocol, port)), now) === null) return port;
    }
    return null;
  }

  #living(mapping: Mapping | undefined, now: Instant): Mapping | null {
    if (mapping === undefined) return null;
    if (mapping.expiresAt > now) return mapping;
    this.#remove(mapping);
    return null;
  }

  #sweep(now: Instant): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + SWEEP_NS;
    for (const mapping of this.#byInside.values()) if (mapping.expiresAt <= now) this.#remove(mapping);
  }

  #remove(mapping: Mapping): void {
    this.#byInside.delete(mapping.key);
    this.#byPort.delete(portKey(mapping.protocol, mapping.outsidePort));
  }

  #followTcp(mapping: Mapping, flags: number, side: 'inside' | 'outside'): void {
    if ((flags & TcpFlag.SYN) !== 0) mapping.closed = { inside: false, outside: false };
    if ((flags & TcpFlag.FIN) !== 0) mapping.closed[side] = true;
    if ((flags & TcpFlag.RST) !== 0) mapping.closed = { inside: true, outside: true };
  }

  #lifetimeNs({ protocol, closed, isOpen }: Mapping): number {
    if (protocol === IpProtocol.ICMP) return ICMP_SECONDS * NS_PER_S;
    if (protocol !== IpProtocol.TCP) return this.#idleNs;
    const isTransitory = !isOpen || (closed.inside && closed.outside);
    return (isTransitory ? TCP_TRANSITORY_SECONDS : TCP_OPEN_SECONDS) * NS_PER_S;
  }
}

/** The one that was allowed longest ago makes room. */
function allow(remotes: Map<string, Instant>, key: string, until: Instant): void {
  remotes.delete(key);
  remotes.set(key, until);
  if (remotes.size <= REMOTES_MAX) return;
  for (const oldest of remotes.keys()) {
    remotes.delete(oldest);
    return;
  }
}

function endpointKey({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function portKey(protocol: number, port: number): number {
  return protocol * 65536 + port;
}
