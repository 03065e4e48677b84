import { parseAddress, parseMac } from '../../engine/wire/address.ts';
import { EtherType, encodeEthernet } from '../../engine/wire/ethernet.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { encodeIpv4 } from '../../engine/wire/ipv4.ts';
import { encodeIpv6 } from '../../engine/wire/ipv6.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import type { Topology, TopologyInterface } from '../../lab/topology/model.ts';

const UDP_DISCARD_PORT = 9;

export interface UdpOrder {
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
  /** The TOS octet or Traffic Class: DSCP and ECN. */
  readonly dscpEcn?: number;
  readonly hopLimit?: number;
}

/** An IP packet of either family with a UDP datagram for the discard port. */
export function udpPacket(order: UdpOrder): Uint8Array {
  const source = addressOf(order.source);
  const destination = addressOf(order.destination);
  const datagram = {
    sourcePort: 40000,
    destinationPort: UDP_DISCARD_PORT,
    payload: order.payload,
  };
  const payload = encodeUdp(datagram, source, destination);
  return ipPacket({ ...order, protocol: IpProtocol.UDP, payload });
}

export interface IpOrder {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly dscpEcn?: number;
  readonly hopLimit?: number;
}

export function ipPacket(order: IpOrder): Uint8Array {
  const source = addressOf(order.source);
  const destination = addressOf(order.destination);
  const { payload, protocol, dscpEcn = 0, hopLimit = 64 } = order;
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
    identification: 0x1ab0,
    dontFragment: false,
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

/** Puts a packet into a frame from one end of a link to the other; ends are `node:interface`. */
export function frameBetween(topology: Topology, from: string, to: string, packet: Uint8Array): Uint8Array {
  const etherType = (packet[0] ?? 0) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4;
  return encodeEthernet({
    destination: macOf(topology, to),
    source: macOf(topology, from),
    etherType,
    payload: packet,
  });
}

function macOf(topology: Topology, end: string): Uint8Array {
  const mac = parseMac(interfaceOf(topology, end).mac);
  if (mac === null) throw new Error(`${end} has no MAC address`);
  return mac;
}

function interfaceOf(topology: Topology, end: string): TopologyInterface {
  const [node, name] = end.split(':');
  const found = topology.nodes.find(it => it.name === node)?.interfaces.find(it => it.name === name);
  if (found === undefined) throw new Error(`the topology has no ${end}`);
  return found;
}

function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is not an address`);
  return address;
}

/** `octets` of a pattern that no cipher text shows by chance, and that `needle` finds. */
export function marker(octets: number, needle = 'THE QUICK BROWN FOX IS NOT FOR MALLORY'): Uint8Array {
  return Buffer.from(needle.repeat(Math.ceil(octets / needle.length)).slice(0, octets), 'latin1');
}
