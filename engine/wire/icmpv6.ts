import type { Address } from './address.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { IpProtocol } from './ip-protocol.ts';
import { setU16 } from './octets.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** ICMPv6, RFC 4443. `invoking` is as much of the packet that caused the error as was sent back, from its IPv6 header. */
export type Icmpv6Message =
  | { readonly type: 'destinationUnreachable'; readonly code: number; readonly invoking: Uint8Array }
  | { readonly type: 'packetTooBig'; readonly mtu: number; readonly invoking: Uint8Array }
  | { readonly type: 'timeExceeded'; readonly code: number; readonly invoking: Uint8Array }
  /** `pointer`: the octet of `invoking` that was wrong, even past its end. */
  | {
      readonly type: 'parameterProblem';
      readonly code: number;
      readonly pointer: number;
      readonly invoking: Uint8Array;
    }
  | {
      readonly type: 'echoRequest' | 'echoReply';
      readonly identifier: number;
      readonly sequence: number;
      readonly data: Uint8Array;
    }
  | Icmpv6Unknown;

/** A type not listed above: among them Neighbor Discovery, which nd.ts reads. */
export interface Icmpv6Unknown {
  readonly type: 'unknown';
  readonly number: number;
  readonly code: number;
  /** All after the checksum. */
  readonly body: Uint8Array;
}

export const Icmpv6Type = {
  DESTINATION_UNREACHABLE: 1,
  PACKET_TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOR_SOLICITATION: 135,
  NEIGHBOR_ADVERTISEMENT: 136,
  REDIRECT: 137,
} as const;

/** Codes of Destination Unreachable, RFC 4443 §3.1. */
export const Icmpv6Unreachable = {
  NO_ROUTE: 0,
  ADMINISTRATIVELY_PROHIBITED: 1,
  BEYOND_SCOPE: 2,
  ADDRESS: 3,
  PORT: 4,
} as const;

/** `octets` is the whole upper layer of the IPv6 packet. Throws `WireError` for a short message or a wrong checksum. */
export function decodeIcmpv6(octets: Uint8Array, source: Address, destination: Address): Icmpv6Message {
  const message = decodeIcmpv6Unverified(octets);
  if (!icmpv6ChecksumIsRight(octets, source, destination)) {
    throw new Reader(octets, 'ICMPv6').error('Checksum', 2, 'wrong');
  }
  return message;
}

/** The same without looking at the checksum. */
export function decodeIcmpv6Unverified(octets: Uint8Array): Icmpv6Message {
  const body = new Reader(octets, 'ICMPv6');
  const number = body.u8('Type');
  const code = body.u8('Code');
  body.skip(2, 'Checksum');
  switch (number) {
    case Icmpv6Type.DESTINATION_UNREACHABLE:
      body.skip(4, 'unused');
      return { type: 'destinationUnreachable', code, invoking: body.rest() };
    case Icmpv6Type.PACKET_TOO_BIG:
      return { type: 'packetTooBig', mtu: body.u32('MTU'), invoking: body.rest() };
    case Icmpv6Type.TIME_EXCEEDED:
      body.skip(4, 'unused');
      return { type: 'timeExceeded', code, invoking: body.rest() };
    case Icmpv6Type.PARAMETER_PROBLEM:
      return { type: 'parameterProblem', code, pointer: body.u32('Pointer'), invoking: body.rest() };
    case Icmpv6Type.ECHO_REQUEST:
    case Icmpv6Type.ECHO_REPLY: {
      const type = number === Icmpv6Type.ECHO_REQUEST ? 'echoRequest' : 'echoReply';
      return { type, identifier: body.u16('Identifier'), sequence: body.u16('Sequence Number'), data: body.rest() };
    }
    default:
      return { type: 'unknown', number, code, body: body.rest() };
  }
}

export function icmpv6ChecksumIsRight(octets: Uint8Array, source: Address, destination: Address): boolean {
  return internetChecksum(octets, pseudoHeaderSum(source, destination, IpProtocol.ICMPV6, octets.length)) === 0;
}

export function encodeIcmpv6(message: Icmpv6Message, source: Address, destination: Address): Uint8Array {
  const out = new Writer(64);
  switch (message.type) {
    case 'destinationUnreachable':
      begin(out, Icmpv6Type.DESTINATION_UNREACHABLE, message.code);
      out.u32(0);
      out.bytes(message.invoking);
      break;
    case 'packetTooBig':
      begin(out, Icmpv6Type.PACKET_TOO_BIG, 0);
      out.u32(message.mtu);
      out.bytes(message.invoking);
      break;
    case 'timeExceeded':
      begin(out, Icmpv6Type.TIME_EXCEEDED, message.code);
      out.u32(0);
      out.bytes(message.invoking);
      break;
    case 'parameterProblem':
      begin(out, Icmpv6Type.PARAMETER_PROBLEM, message.code);
      out.u32(message.pointer);
      out.bytes(message.invoking);
      break;
    case 'echoRequest':
    case 'echoReply':
      begin(out, message.type === 'echoRequest' ? Icmpv6Type.ECHO_REQUEST : Icmpv6Type.ECHO_REPLY, 0);
      out.u16(message.identifier);
      out.u16(message.sequence);
      out.bytes(message.data);
      break;
    case 'unknown':
      begin(out, message.number, message.code);
      out.bytes(message.body);
      break;
  }
  const octets = out.finish();
  const pseudoHeader = pseudoHeaderSum(source, destination, IpProtocol.ICMPV6, octets.length);
  setU16(octets, 2, internetChecksum(octets, pseudoHeader));
  return octets;
}

function begin(out: Writer, type: number, code: number): void {
  out.u8(type);
  out.u8(code);
  out.u16(0); // the checksum's place
}
