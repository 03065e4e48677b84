import { type Address, isLinkLocal, isMulticast } from '../wire/address.ts';
import { decodeIcmpv4, encodeIcmpv4, Icmpv4Type } from '../wire/icmpv4.ts';
import { decodeIcmpv6, encodeIcmpv6, Icmpv6Type } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, drop, type Ingress, nextIdentification } from './core.ts';
import { dscpEcnOf } from '../ipsec/tunnel-mode.ts';
import type { Packet } from './packet.ts';
import { answer, sourceTowards } from './report.ts';

const HOP_LIMIT = 64;

/** Answers an echo request, RFC 1122 §3.2.2.6 and RFC 4443 §4.2; true when it was one, answered or not. */
export function answerEcho(core: Core, packet: Packet, ingress: Ingress): boolean {
  if (packet.upperOffset >= packet.octets.length) return false;
  const type = u8At(packet.octets, packet.upperOffset);
  try {
    if (packet.protocol === IpProtocol.ICMP && type === Icmpv4Type.ECHO_REQUEST) answer4(core, packet, ingress);
    else if (packet.protocol === IpProtocol.ICMPV6 && type === Icmpv6Type.ECHO_REQUEST) answer6(core, packet, ingress);
    else return false;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => error.message);
  }
  return true;
}

function answer4(core: Core, packet: Packet, ingress: Ingress): void {
  const request = decodeIcmpv4(packet.octets.subarray(packet.upperOffset));
  // Requests to many are not answered, RFC 1122 §3.2.2.6 allows that: no amplifier here.
  if (request.type !== 'echoRequest' || packet.version !== 4 || !core.addresses.owns(packet.destination)) return;
  const reply = encodeIpv4({
    dscpEcn: dscpEcnOf(packet.octets) & 0xfc,
    identification: nextIdentification(core),
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: HOP_LIMIT,
    protocol: IpProtocol.ICMP,
    source: packet.destination,
    destination: packet.source,
    options: new Uint8Array(0),
    payload: encodeIcmpv4({ ...request, type: 'echoReply' }),
  });
  answer(core, reply, ingress);
}

function answer6(core: Core, packet: Packet, ingress: Ingress): void {
  const request = decodeIcmpv6(packet.octets.subarray(packet.upperOffset), packet.source, packet.destination);
  const source = replySource(core, packet, ingress);
  if (request.type !== 'echoRequest' || packet.version !== 6 || source === null) return;
  const reply = encodeIpv6({
    trafficClass: dscpEcnOf(packet.octets) & 0xfc,
    flowLabel: 0,
    nextHeader: IpProtocol.ICMPV6,
    hopLimit: HOP_LIMIT,
    source,
    destination: packet.source,
    payload: encodeIcmpv6({ ...request, type: 'echoReply' }, source, packet.source),
  });
  answer(core, reply, ingress);
}

function replySource(core: Core, packet: Packet, ingress: Ingress): Address | null {
  if (!isMulticast(packet.destination)) return packet.destination;
  return isLinkLocal(packet.source) ? (ingress.interface?.linkLocal ?? null) : sourceTowards(core, packet.source);
}
