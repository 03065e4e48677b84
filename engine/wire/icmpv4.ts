import { internetChecksum } from './checksum.ts';
import { setU16 } from './octets.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** ICMP, RFC 792. `invoking` is the start of the packet that caused the error, from its IP header (extensions of RFC 4884 included). */
export type Icmpv4Message =
  | {
      readonly type: 'echoRequest' | 'echoReply';
      readonly identifier: number;
      readonly sequence: number;
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'destinationUnreachable';
      readonly code: number;
      /** Next-hop MTU of code 4, RFC 1191 §4; 0 with other codes and from routers that do not tell. */
      readonly mtu: number;
      readonly invoking: Uint8Array;
    }
  | { readonly type: 'timeExceeded'; readonly code: number; readonly invoking: Uint8Array }
  /** `pointer`: the octet of `invoking` that was wrong. */
  | {
      readonly type: 'parameterProblem';
      readonly code: number;
      readonly pointer: number;
      readonly invoking: Uint8Array;
    }
  /** `body`: all after the checksum. */
  | { readonly type: 'unknown'; readonly number: number; readonly code: number; readonly body: Uint8Array };

export const Icmpv4Type = {
  ECHO_REPLY: 0,
  DESTINATION_UNREACHABLE: 3,
  REDIRECT: 5,
  ECHO_REQUEST: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
} as const;

/** Codes of Destination Unreachable, RFC 792 and RFC 1122 §3.2.2.1. */
export const Icmpv4Unreachable = {
  NETWORK: 0,
  HOST: 1,
  PROTOCOL: 2,
  PORT: 3,
  FRAGMENTATION_NEEDED: 4,
  ADMINISTRATIVELY_PROHIBITED: 13,
} as const;

/** `octets` is the whole IP payload. Throws `WireError` for a short message or a wrong checksum. */
export function decodeIcmpv4(octets: Uint8Array): Icmpv4Message {
  const message = decodeIcmpv4Unverified(octets);
  if (!icmpv4ChecksumIsRight(octets)) throw new Reader(octets, 'ICMP').error('Checksum', 2, 'wrong');
  return message;
}

/** The same without looking at the checksum. */
export function decodeIcmpv4Unverified(octets: Uint8Array): Icmpv4Message {
  const body = new Reader(octets, 'ICMP');
  const number = body.u8('Type');
  const code = body.u8('Code');
  body.skip(2, 'Checksum');
  switch (number) {
    case Icmpv4Type.ECHO_REQUEST:
    case Icmpv4Type.ECHO_REPLY: {
      const type = number === Icmpv4Type.ECHO_REQUEST ? 'echoRequest' : 'echoReply';
      return { type, identifier: body.u16('Identifier'), sequence: body.u16('Sequence Number'), data: body.rest() };
    }
    case Icmpv4Type.DESTINATION_UNREACHABLE: {
      body.skip(2, 'unused');
      const mtu = body.u16('Next-Hop MTU');
      const isTooBig = code === Icmpv4Unreachable.FRAGMENTATION_NEEDED;
      return { type: 'destinationUnreachable', code, mtu: isTooBig ? mtu : 0, invoking: body.rest() };
    }
    case Icmpv4Type.TIME_EXCEEDED:
      body.skip(4, 'unused');
      return { type: 'timeExceeded', code, invoking: body.rest() };
    case Icmpv4Type.PARAMETER_PROBLEM: {
      const pointer = body.u8('Pointer');
      body.skip(3, 'unused');
      return { type: 'parameterProblem', code, pointer, invoking: body.rest() };
    }
    default:
      return { type: 'unknown', number, code, body: body.rest() };
  }
}

export function icmpv4ChecksumIsRight(octets: Uint8Array): boolean {
  return internetChecksum(octets) === 0;
}

export function encodeIcmpv4(message: Icmpv4Message): Uint8Array {
  const out = new Writer(64);
  switch (message.type) {
    case 'echoRequest':
    case 'echoReply':
      begin(out, message.type === 'echoRequest' ? Icmpv4Type.ECHO_REQUEST : Icmpv4Type.ECHO_REPLY, 0);
      out.u16(message.identifier);
      out.u16(message.sequence);
      out.bytes(message.data);
      break;
    case 'destinationUnreachable':
      begin(out, Icmpv4Type.DESTINATION_UNREACHABLE, message.code);
      out.u16(0);
      out.u16(message.mtu);
      out.bytes(message.invoking);
      break;
    case 'timeExceeded':
      begin(out, Icmpv4Type.TIME_EXCEEDED, message.code);
      out.u32(0);
      out.bytes(message.invoking);
      break;
    case 'parameterProblem':
      begin(out, Icmpv4Type.PARAMETER_PROBLEM, message.code);
      out.u32(message.pointer << 24);
      out.bytes(message.invoking);
      break;
    case 'unknown':
      begin(out, message.number, message.code);
      out.bytes(message.body);
      break;
  }
  const octets = out.finish();
  setU16(octets, 2, internetChecksum(octets));
  return octets;
}

function begin(out: Writer, type: number, code: number): void {
  out.u8(type);
  out.u8(code);
  out.u16(0); // the checksum's place
}
