import { type Address, parseAddress } from '../../wire/address.ts';
import { encodeIcmpv4 } from '../../wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../wire/icmpv6.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import { encodeIpv4 } from '../../wire/ipv4.ts';
import { encodeIpv6 } from '../../wire/ipv6.ts';
import { encodeUdp } from '../../wire/udp.ts';

export interface PacketOptions {
  readonly hopLimit?: number;
  readonly dontFragment?: boolean;
  readonly identification?: number;
  /** TOS octet or traffic class. */
  readonly dscpEcn?: number;
}

/** An IP packet of either family. */
export function ipPacket(
  from: string,
  to: string,
  protocol: number,
  payload: Uint8Array,
  options: PacketOptions = {},
): Uint8Array {
  const [source, destination] = [addressOf(from), addressOf(to)];
  const hopLimit = options.hopLimit ?? 64;
  const dscpEcn = options.dscpEcn ?? 0;
  if (source.length === 16) {
    return encodeIpv6({
      trafficClass: dscpEcn,
      flowLabel: 0,
      nextHeader: protocol,
      hopLimit,
      source,
      destination,
      payload,
    });
  }
  return encodeIpv4({
    dscpEcn,
    identification: options.identification ?? 1,
    dontFragment: options.dontFragment ?? false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: hopLimit,
    protocol,
    source,
    destination,
    options: new Uint8Array(0),
    payload,
  });
}

/** An echo request of `size` octets of data. */
export function ping(from: string, to: string, size = 56, options: PacketOptions = {}): Uint8Array {
  const [source, destination] = [addressOf(from), addressOf(to)];
  const data = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
  const request = { type: 'echoRequest', identifier: 7, sequence: 1, data } as const;
  return source.length === 4
    ? ipPacket(from, to, IpProtocol.ICMP, encodeIcmpv4(request), options)
    : ipPacket(from, to, IpProtocol.ICMPV6, encodeIcmpv6(request, source, destination), options);
}

export function udp(
  from: string,
  to: string,
  ports: readonly [number, number],
  size = 32,
  options: PacketOptions = {},
) {
  const [source, destination] = [addressOf(from), addressOf(to)];
  const [sourcePort, destinationPort] = ports;
  const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);
  const datagram = encodeUdp({ sourcePort, destinationPort, payload }, source, destination);
  return ipPacket(from, to, IpProtocol.UDP, datagram, options);
}

export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is not an address`);
  return address;
}
