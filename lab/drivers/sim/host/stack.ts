import { type Address, isBroadcast, isMulticast } from '../../../../engine/wire/address.ts';
import { decodeIcmpv4, encodeIcmpv4, type Icmpv4Message, Icmpv4Unreachable } from '../../../../engine/wire/icmpv4.ts';
import { decodeIcmpv6, encodeIcmpv6, type Icmpv6Message, Icmpv6Unreachable } from '../../../../engine/wire/icmpv6.ts';
import { type Instant, NS_PER_S } from '../../../../engine/wire/instant.ts';
import { IpProtocol } from '../../../../engine/wire/ip-protocol.ts';
import { decodeIpv4 } from '../../../../engine/wire/ipv4.ts';
import { walkExtensions } from '../../../../engine/wire/ipv6-extension.ts';
import { decodeIpv6 } from '../../../../engine/wire/ipv6.ts';
import { u8At } from '../../../../engine/wire/octets.ts';
import { decodeTcp } from '../../../../engine/wire/tcp.ts';
import { decodeUdp } from '../../../../engine/wire/udp.ts';
import { WireError } from '../../../../engine/wire/wire-error.ts';
import { EchoSockets } from './echo-sockets.ts';
import { type IcmpError, icmpErrorOf4, icmpErrorOf6 } from './icmp-error.ts';
import { IpOutput } from './ip-output.ts';
import type { Network } from './network.ts';
import { TcpTable } from './tcp/table.ts';
import { UdpSockets } from './udp-sockets.ts';

/** A packet that reached this host whole. */
interface Received {
  readonly octets: Uint8Array;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  readonly upper: Uint8Array;
  readonly hopLimit: number;
}

/** RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c), without the headers of the error itself. */
const QUOTED_OCTETS_MAX = { 4: 548, 6: 1232 } as const;
/** RFC 1812 §4.3.2.8: as many port unreachables a second, and no more in one go. */
const ERRORS_PER_SECOND = 100;
/** Code of a Parameter Problem, RFC 4443 §3.4. */
const UNRECOGNIZED_NEXT_HEADER = 1;

/** The transport layers of a simulated host, above its node: who gets what the node delivers, and what is answered unasked. */
export class HostStack {
  readonly ip: IpOutput;
  readonly echo: EchoSockets;
  readonly udp: UdpSockets;
  readonly tcp: TcpTable;
  readonly #network: Network;
  /** Packets of the node's that no codec could read. */
  #malformed = 0;
  #errorsLeft = ERRORS_PER_SECOND;
  #errorsCountedAt: Instant = 0;

  constructor(network: Network) {
    this.#network = network;
    this.ip = new IpOutput(network);
    this.echo = new EchoSockets(this.ip, network.random);
    this.udp = new UdpSockets(this.ip, network.random);
    this.tcp = new TcpTable(this.ip, network.random, () => network.now());
  }

  get malformed(): number {
    return this.#malformed;
  }

  /** A whole IP packet from the node, reassembled and finished. Nothing of `octets` is kept. */
  deliver(octets: Uint8Array): void {
    try {
      const packet = u8At(octets, 0) >> 4 === 4 ? received4(octets) : received6(octets);
      this.#demultiplex(packet);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#malformed++;
    }
  }

  /** For programs; the caller owns the array. */
  randomOctets(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#network.random.bytes(count));
  }

  wakeAt(): Instant | null {
    return this.tcp.wakeAt();
  }

  wake(): void {
    this.tcp.wake();
  }

  #demultiplex(packet: Received): void {
    const { source, destination, protocol, upper } = packet;
    switch (protocol) {
      case IpProtocol.TCP:
        this.tcp.deliver(source, destination, decodeTcp(upper, source, destination));
        break;
      case IpProtocol.UDP:
        if (!this.udp.deliver(source, destination, decodeUdp(upper, source, destination))) this.#refusePort(packet);
        break;
      case IpProtocol.ICMP:
        if (source.length === 4) this.#takeIcmp(packet, decodeIcmpv4(upper));
        break;
      case IpProtocol.ICMPV6:
        if (source.length === 16) this.#takeIcmp(packet, decodeIcmpv6(upper, source, destination));
        break;
      default:
        this.#refuseProtocol(packet);
    }
  }

  #takeIcmp({ source, destination, hopLimit }: Received, message: Icmpv4Message | Icmpv6Message): void {
    if (message.type === 'echoReply') {
      const { identifier, sequence, data } = message;
      this.echo.deliverReply(identifier, { from: source.slice(), sequence, hopLimit, data, at: this.#network.now() });
    } else if (message.type === 'echoRequest') {
      // The node answers those from outside; this one went to ourselves.
      const reply = { ...message, type: 'echoReply' } as const;
      this.#sendIcmp(destination, source, reply, reply);
    } else {
      const error =
        source.length === 4
          ? icmpErrorOf4(message as Icmpv4Message, source.slice())
          : icmpErrorOf6(message, source.slice());
      if (error !== null) this.#takeError(error);
    }
  }

  #takeError(error: IcmpError): void {
    if (error.kind === 'tooBig') this.ip.learn(error);
    switch (error.quoted.protocol) {
      case IpProtocol.TCP:
        this.tcp.deliverError(error);
        break;
      case IpProtocol.UDP:
        this.udp.deliverError(error);
        break;
      case IpProtocol.ICMP:
      case IpProtocol.ICMPV6:
        this.echo.deliverError(error, this.#network.now());
        break;
    }
  }

  #refusePort(packet: Received): void {
    const { source, destination, octets } = packet;
    if (!this.#mayReport(packet)) return;
    const type = 'destinationUnreachable';
    this.#sendIcmp(
      destination,
      source,
      { type, code: Icmpv4Unreachable.PORT, mtu: 0, invoking: octets.subarray(0, QUOTED_OCTETS_MAX[4]) },
      { type, code: Icmpv6Unreachable.PORT, invoking: octets.subarray(0, QUOTED_OCTETS_MAX[6]) },
    );
  }

  /** RFC 1122 §3.2.2.1; in IPv6 an unrecognized Next Header, RFC 4443 §3.4. */
  #refuseProtocol(packet: Received): void {
    const { source, destination, octets } = packet;
    if (packet.protocol === IpProtocol.NO_NEXT || !this.#mayReport(packet)) return;
    const pointer = source.length === 4 ? 0 : nextHeaderAt(octets);
    const invoking = octets.subarray(0, QUOTED_OCTETS_MAX[source.length === 4 ? 4 : 6]);
    this.#sendIcmp(
      destination,
      source,
      { type: 'destinationUnreachable', code: Icmpv4Unreachable.PROTOCOL, mtu: 0, invoking },
      { type: 'parameterProblem', code: UNRECOGNIZED_NEXT_HEADER, pointer, invoking },
    );
  }

  #sendIcmp(source: Address, destination: Address, message4: Icmpv4Message, message6: Icmpv6Message): void {
    const isV4 = source.length === 4;
    this.ip.send({
      source,
      destination,
      protocol: isV4 ? IpProtocol.ICMP : IpProtocol.ICMPV6,
      payload: isV4 ? encodeIcmpv4(message4) : encodeIcmpv6(message6, source, destination),
      fragment: 'allowed',
    });
  }

  /** Not about what was sent to many (RFC 1122 §3.2.2), and not too often. */
  #mayReport({ source, destination }: Received): boolean {
    if (isMulticast(destination) || isBroadcast(destination) || isMulticast(source)) return false;
    const now = this.#network.now();
    if (now - this.#errorsCountedAt >= NS_PER_S || now < this.#errorsCountedAt) {
      this.#errorsLeft = ERRORS_PER_SECOND;
      this.#errorsCountedAt = now;
    }
    if (this.#errorsLeft === 0) return false;
    this.#errorsLeft--;
    return this.ip.owns(destination);
  }
}

function received4(octets: Uint8Array): Received {
  const { source, destination, protocol, payload, ttl } = decodeIpv4(octets);
  return { octets, source, destination, protocol, upper: payload, hopLimit: ttl };
}

function received6(octets: Uint8Array): Received {
  const packet = decodeIpv6(octets);
  const { source, destination, hopLimit } = packet;
  const { upperProtocol, upper } = walkExtensions(packet);
  return { octets, source, destination, protocol: upperProtocol, upper, hopLimit };
}

/** Where the Next Header octet stands that named the upper layer: in the last extension header, or in the IPv6 header. */
function nextHeaderAt(octets: Uint8Array): number {
  const { headers } = walkExtensions(decodeIpv6(octets));
  const last = headers.at(-1);
  return last === undefined ? 6 : 40 + last.offset;
}
