import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { Reassembly } from '../../engine/wire/reassembly.ts';
import { headerOf, packet } from './ip.ts';

/** Multiples of 8 that fit an MTU of 576 (IPv4, cut by a router) and of 1280 (IPv6, cut by the source). */
const ROOM = { 4: 552, 6: 1232 } as const;

/** A packet without options or extension headers in fragments, as it may arrive; in IPv4 its own Identification. */
export function fragmentsOf(ip: Uint8Array, room?: number): Uint8Array[] {
  const { options: _none, ...header } = headerOf(ip);
  const step = room ?? ROOM[header.version];
  const count = Math.ceil(header.payload.length / step);
  return Array.from({ length: count }, (_, index) => {
    const at = index * step;
    const payload = header.payload.subarray(at, at + step);
    const moreFragments = index < count - 1;
    if (header.version === 4) return packet({ ...header, payload, moreFragments, fragmentOffset: at });
    const field = at | (moreFragments ? 1 : 0);
    const fragment = { type: IpProtocol.FRAGMENT, body: [0, field >> 8, field & 0xff, 0x7e, 0x57, 0, 1] };
    return packet({ ...header, payload, extensions: [fragment] });
  });
}

/** What the packets are to their receiver: those that are whole, and those of which all fragments are there. */
export function putTogether(packets: readonly Uint8Array[]): Uint8Array[] {
  const reassembly = new Reassembly({ maxBuffers: 64, maxOctets: 1 << 20, timeoutNs: 30e9 });
  return packets.map((ip, index) => reassembly.add(ip, index)).filter(whole => whole instanceof Uint8Array);
}
