import { encodeIcmpv4 } from '../../wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../wire/icmpv6.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import { addressOf } from '../../wire/testing/must.ts';
import { packet4, packet6 } from '../../wire/testing/packets.ts';
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
  const ends = { source: addressOf(from), destination: addressOf(to) };
  const { hopLimit = 64, dscpEcn = 0, identification = 1, dontFragment = false } = options;
  return ends.source.length === 16
    ? packet6(payload, { ...ends, nextHeader: protocol, hopLimit, trafficClass: dscpEcn })
    : packet4(payload, { ...ends, protocol, ttl: hopLimit, dscpEcn, identification, dontFragment });
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
