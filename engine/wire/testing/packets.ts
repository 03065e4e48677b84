import { encodeIpv4, type Ipv4Packet } from '../ipv4.ts';
import { encodeIpv6, type Ipv6Packet } from '../ipv6.ts';
import { addressOf } from './must.ts';

/** A UDP packet of ours with its defaults changed; `payload` is anything. */
export function packet4(payload: Uint8Array, changes: Partial<Ipv4Packet> = {}): Uint8Array {
  return encodeIpv4(fields4({ payload, ...changes }));
}

/** The same before it is encoded, of no payload. */
export function fields4(changes: Partial<Ipv4Packet> = {}): Ipv4Packet {
  return {
    dscpEcn: 0,
    identification: 1,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 17,
    source: addressOf('10.0.0.1'),
    destination: addressOf('10.0.1.2'),
    options: new Uint8Array(0),
    payload: new Uint8Array(0),
    ...changes,
  };
}

export function packet6(payload: Uint8Array, changes: Partial<Ipv6Packet> = {}): Uint8Array {
  const [source, destination] = [addressOf('2001:db8::1'), addressOf('2001:db8::2')];
  const fixed = { trafficClass: 0, flowLabel: 0, nextHeader: 17, hopLimit: 64, source, destination };
  return encodeIpv6({ ...fixed, payload, ...changes });
}

/** One fragment with a Fragment header, for whatever is not legal enough for `fragmentIpv6`. */
export function fragment6(offset: number, more: boolean, data: Uint8Array, identification = 1): Uint8Array {
  const payload = new Uint8Array(8 + data.length);
  payload.set([17, 0, offset >> 8, (offset & 0xf8) | (more ? 1 : 0), 0, 0, 0, identification]);
  payload.set(data, 8);
  return packet6(payload, { nextHeader: 44 });
}

export function fragment4(
  offset: number,
  more: boolean,
  data: Uint8Array,
  changes: Partial<Ipv4Packet> = {},
): Uint8Array {
  return packet4(data, { fragmentOffset: offset, moreFragments: more, ...changes });
}
