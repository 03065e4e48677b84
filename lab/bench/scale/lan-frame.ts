import { parseAddress, parseMac } from '../../../engine/wire/address.ts';
import { EtherType, encodeEthernet } from '../../../engine/wire/ethernet.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { encodeIpv4 } from '../../../engine/wire/ipv4.ts';
import { encodeUdp } from '../../../engine/wire/udp.ts';

export interface LanFrameOrder {
  readonly from: { readonly mac: string; readonly address: string };
  /** Who takes the frame, and where its packet goes. */
  readonly toMac: string;
  readonly toAddress: string;
  readonly udpOctets: number;
}

/** The UDP frame that every measurement repeats, from a host on a LAN to its gateway. */
export function lanFrame({ from, toMac, toAddress, udpOctets }: LanFrameOrder): Uint8Array {
  const [source, destination] = [address(from.address), address(toAddress)];
  const datagram = { sourcePort: 40000, destinationPort: 5001, payload: new Uint8Array(udpOctets) };
  const packet = encodeIpv4({
    dscpEcn: 0,
    identification: 1,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: IpProtocol.UDP,
    source,
    destination,
    options: new Uint8Array(0),
    payload: encodeUdp(datagram, source, destination),
  });
  return encodeEthernet({ destination: mac(toMac), source: mac(from.mac), etherType: EtherType.IPV4, payload: packet });
}

export function address(text: string): Uint8Array {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`${text} is not an address`);
  return parsed;
}

export function mac(text: string): Uint8Array {
  const parsed = parseMac(text);
  if (parsed === null) throw new Error(`${text} is not a MAC address`);
  return parsed;
}
