import type { CapturedPacket } from '../capture/packet.ts';
import type { CapturedFrame } from '../system/system.ts';
import type { Topology } from '../topology/model.ts';

/** How the packets of a lab look from one of its nodes; null: they pass it by. `only`: one interface; null: all. */
export function framesOf(
  topology: Topology,
  node: string,
  only: string | null,
): (packet: CapturedPacket) => CapturedFrame | null {
  const interfaces = new Map<string, string>();
  for (const { name, endpoints } of topology.links) {
    const own = endpoints.find(end => end.node === node && (only === null || end.interface === only));
    if (own !== undefined) interfaces.set(name, own.interface);
  }
  return ({ link, at, octets }) => {
    const own = interfaces.get(link);
    return own === undefined ? null : { atNs: at, interface: own, octets, length: octets.length };
  };
}
