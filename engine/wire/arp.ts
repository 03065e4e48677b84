import type { Address } from './address.ts';
import { EtherType } from './ethernet.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export const ArpOperation = { REQUEST: 1, REPLY: 2 } as const;

/** ARP for IPv4 over Ethernet, RFC 826: hardware type 1, protocol 0x0800, MACs of 6 and addresses of 4 octets. */
export interface ArpPacket {
  /** 1 request, 2 reply. */
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly senderAddress: Address;
  readonly targetMac: Uint8Array;
  readonly targetAddress: Address;
}

/** All arrays are views. Octets after the packet are padding. Throws `WireError`, also for other hardware or protocols. */
export function decodeArp(octets: Uint8Array): ArpPacket {
  const body = new Reader(octets, 'ARP');
  if (body.u16('Hardware Type') !== 1) throw body.error('Hardware Type', 0, 'not Ethernet');
  if (body.u16('Protocol Type') !== EtherType.IPV4) throw body.error('Protocol Type', 2, 'not IPv4');
  if (body.u8('Hardware Length') !== 6) throw body.error('Hardware Length', 4, 'not 6');
  if (body.u8('Protocol Length') !== 4) throw body.error('Protocol Length', 5, 'not 4');
  return {
    operation: body.u16('Operation'),
    senderMac: body.bytes(6, 'Sender Hardware Address'),
    senderAddress: body.bytes(4, 'Sender Protocol Address'),
    targetMac: body.bytes(6, 'Target Hardware Address'),
    targetAddress: body.bytes(4, 'Target Protocol Address'),
  };
}

export function encodeArp(arp: ArpPacket): Uint8Array {
  const out = new Writer(28);
  out.u16(1);
  out.u16(EtherType.IPV4);
  out.u8(6);
  out.u8(4);
  out.u16(arp.operation);
  out.bytes(arp.senderMac);
  out.bytes(arp.senderAddress);
  out.bytes(arp.targetMac);
  out.bytes(arp.targetAddress);
  return out.finish();
}
