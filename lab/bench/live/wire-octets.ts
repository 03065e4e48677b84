import { openPacketTap, type TappedPacket } from '../../../engine/host/packet-tap.ts';
import { dissect, findLayer } from '../../../engine/wire/dissect.ts';
import { ETHERNET_HEADER_OCTETS } from '../../../engine/wire/ethernet.ts';
import { namespaceFile, wireNamespace } from '../../drivers/netns/names.ts';
import { quantileOfSorted, ascending } from '../summary.ts';
import type { BenchGround } from './ground.ts';
import { ALICE, BOB, WAN_INTERFACE } from './sites.ts';

const PINGS = 3;

/**
 * Octets of the IP packet on the WAN that carries an IP packet of `innerOctets`, as the wire has it when an echo request from a1 to b1
 * goes by; null where none does. What else is on the way is smaller than what it could carry. Nothing is to be measured meanwhile: this
 * listens.
 */
export async function wireOctets(ground: BenchGround, family: 4 | 6, innerOctets: number): Promise<number | null> {
  const bob = ground.lab.topology.nodes.find(({ name }) => name === BOB.gateway);
  if (bob === undefined) throw new Error('these are not the two sites');
  const tap = openPacketTap({ interface: WAN_INTERFACE, netns: namespaceFile(wireNamespace(bob)) });
  try {
    const payload = innerOctets - (family === 4 ? 28 : 48);
    const echo = ['ping', '-n', '-q', '-c', String(PINGS), '-i', '0.01', '-W', '1', '-s', String(payload)];
    await ground.run(ALICE.host, [...echo, BOB.hostAddress[family]]);
    const packets: TappedPacket[] = [];
    while (tap.receive(packets)) continue;
    const carriers = packets.map(({ octets }) => ipOctets(octets)).filter(octets => octets >= innerOctets);
    return carriers.length === 0 ? null : quantileOfSorted(ascending(carriers), 0.5);
  } finally {
    tap.close();
  }
}

/** Of the outermost IP packet, which a veth does not pad; 0 for a frame of something else. */
function ipOctets(frame: Uint8Array): number {
  const layers = dissect(frame);
  const isIp = findLayer(layers, 'ipv4') !== null || findLayer(layers, 'ipv6') !== null;
  return isIp ? frame.length - ETHERNET_HEADER_OCTETS : 0;
}
