import { setU16, u16At } from './octets.ts';
import { WireError } from './wire-error.ts';

/** IEEE 802 numbers, https://www.iana.org/assignments/ieee-802-numbers. */
export const EtherType = { IPV4: 0x0800, ARP: 0x0806, VLAN: 0x8100, IPV6: 0x86dd } as const;

export const ETHERNET_HEADER_OCTETS = 14;

/** An Ethernet II frame without preamble and FCS, RFC 894 and RFC 2464. */
export interface EthernetFrame {
  /** 6 octets each. */
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly etherType: number;
  /** May end with padding: the protocol inside knows its own length. */
  readonly payload: Uint8Array;
}

/** All arrays are views of `octets`. Throws `WireError` below 14 octets. */
export function decodeEthernet(octets: Uint8Array): EthernetFrame {
  if (octets.length < ETHERNET_HEADER_OCTETS) throw new WireError('Ethernet header', octets.length, 'cut short');
  return {
    destination: octets.subarray(0, 6),
    source: octets.subarray(6, 12),
    etherType: u16At(octets, 12),
    payload: octets.subarray(ETHERNET_HEADER_OCTETS),
  };
}

/** Without padding: the link pads short frames where it must. */
export function encodeEthernet(frame: EthernetFrame): Uint8Array {
  const octets = new Uint8Array(ETHERNET_HEADER_OCTETS + frame.payload.length);
  octets.set(frame.destination, 0);
  octets.set(frame.source, 6);
  setU16(octets, 12, frame.etherType);
  octets.set(frame.payload, ETHERNET_HEADER_OCTETS);
  return octets;
}
