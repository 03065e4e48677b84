import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { u16At, u32At, u8At } from '../wire/octets.ts';
import { encodeTcp, TcpFlag } from '../wire/tcp.ts';
import { isMulticast, isUnspecified } from '../wire/address.ts';
import { type Core, deliver, nextIdentification, type Origin, originate } from './core.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';
import { isAsPolicyWants } from './report.ts';

const TCP_HEADER_OCTETS = 20;
const HOP_LIMIT = 64;

/**
 * Answers a TCP segment in the name of the address that it was sent to, RFC 9293 §3.10.7.1: as if nobody listened there. A
 * reset is never answered. What an SA brought is answered by an SA or not at all.
 */
export function answerReset(core: Core, packet: Packet, origin: Origin, zone: NodeInterface | null): void {
  if (origin === 'node' || !core.errorLimit.allows(packet.source, core.now)) return;
  const octets = resetFor(packet, nextIdentification(core));
  if (octets === null) return;
  if (origin === 'above') deliver(core, octets, null);
  else if (origin === 'forwarded' || isAsPolicyWants(core, octets, zone)) originate(core, octets, { zone });
}

/** null for what is not a whole TCP header, or not to be answered. */
function resetFor(packet: Packet, identification: number): Uint8Array | null {
  const { octets, upperOffset: at, source, destination, version } = packet;
  if (packet.protocol !== IpProtocol.TCP || packet.fragmentOffset > 0) return null;
  if (octets.length < at + TCP_HEADER_OCTETS || isMulticast(destination) || isUnspecified(source)) return null;
  const flags = u8At(octets, at + 13);
  if ((flags & TcpFlag.RST) !== 0) return null;
  const hasAck = (flags & TcpFlag.ACK) !== 0;
  const controls = ((flags & TcpFlag.SYN) === 0 ? 0 : 1) + ((flags & TcpFlag.FIN) === 0 ? 0 : 1);
  const length = Math.max(0, octets.length - at - (u8At(octets, at + 12) >> 4) * 4) + controls;
  const segment = {
    sourcePort: u16At(octets, at + 2),
    destinationPort: u16At(octets, at),
    sequence: hasAck ? u32At(octets, at + 8) : 0,
    acknowledgment: hasAck ? 0 : (u32At(octets, at + 4) + length) >>> 0,
    flags: hasAck ? TcpFlag.RST : TcpFlag.RST | TcpFlag.ACK,
    window: 0,
    urgentPointer: 0,
    options: [],
    payload: new Uint8Array(0),
  };
  const payload = encodeTcp(segment, destination, source);
  const ends = { source: destination, destination: source, payload };
  if (version === 6) {
    return encodeIpv6({ trafficClass: 0, flowLabel: 0, nextHeader: IpProtocol.TCP, hopLimit: HOP_LIMIT, ...ends });
  }
  return encodeIpv4({
    dscpEcn: 0,
    identification,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: HOP_LIMIT,
    protocol: IpProtocol.TCP,
    options: new Uint8Array(0),
    ...ends,
  });
}
