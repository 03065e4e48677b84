import type { Address } from './address.ts';
import { internetChecksum, pseudoHeaderSum } from './checksum.ts';
import { IpProtocol } from './ip-protocol.ts';
import { setU16, setU32, u16At, u32At, u8At } from './octets.ts';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';
import { Writer } from './writer.ts';

/** The control bits of RFC 9293 §3.1, as they stand in `TcpSegment.flags`. */
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const;

/** A TCP segment, RFC 9293 §3.1. */
export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** 12 bits: the `TcpFlag`s and the four reserved bits above them. */
  readonly flags: number;
  /** As sent, before scaling. */
  readonly window: number;
  readonly urgentPointer: number;
  /** In order, without No-Operation and padding. */
  readonly options: readonly TcpOption[];
  readonly payload: Uint8Array;
}

export type TcpOption =
  | { readonly type: 'mss'; readonly octets: number }
  /** RFC 7323 §2.2: windows after the SYN are shifted left by `shift`. */
  | { readonly type: 'windowScale'; readonly shift: number }
  | { readonly type: 'sackPermitted' }
  | { readonly type: 'timestamps'; readonly value: number; readonly echo: number }
  | { readonly type: 'unknown'; readonly number: number; readonly body: Uint8Array };

export const TCP_HEADER_OCTETS = 20;

/** `octets` is the whole IP payload. Throws `WireError` for a bad length, option or checksum. */
export function decodeTcp(octets: Uint8Array, source: Address, destination: Address): TcpSegment {
  const segment = decodeTcpUnverified(octets);
  if (!tcpChecksumIsRight(octets, source, destination)) throw new WireError('TCP Checksum', 16, 'wrong');
  return segment;
}

/** The same without looking at the checksum. */
export function decodeTcpUnverified(octets: Uint8Array): TcpSegment {
  if (octets.length < TCP_HEADER_OCTETS) throw new WireError('TCP header', octets.length, 'cut short');
  const headerLength = (u8At(octets, 12) >> 4) * 4;
  if (headerLength < TCP_HEADER_OCTETS || headerLength > octets.length) {
    throw new WireError('TCP Data Offset', 12, `${headerLength} octets, present ${octets.length}`);
  }
  return {
    sourcePort: u16At(octets, 0),
    destinationPort: u16At(octets, 2),
    sequence: u32At(octets, 4),
    acknowledgment: u32At(octets, 8),
    flags: u16At(octets, 12) & 0xfff,
    window: u16At(octets, 14),
    urgentPointer: u16At(octets, 18),
    options: decodeOptions(octets.subarray(TCP_HEADER_OCTETS, headerLength)),
    payload: octets.subarray(headerLength),
  };
}

export function tcpChecksumIsRight(octets: Uint8Array, source: Address, destination: Address): boolean {
  return internetChecksum(octets, pseudoHeaderSum(source, destination, IpProtocol.TCP, octets.length)) === 0;
}

/** RangeError for more than 40 octets of options. */
export function encodeTcp(segment: TcpSegment, source: Address, destination: Address): Uint8Array {
  const options = encodeOptions(segment.options);
  const headerLength = TCP_HEADER_OCTETS + options.length;
  if (headerLength > 60) throw new RangeError(`${options.length} octets of TCP options`);
  const octets = new Uint8Array(headerLength + segment.payload.length);
  setU16(octets, 0, segment.sourcePort);
  setU16(octets, 2, segment.destinationPort);
  setU32(octets, 4, segment.sequence);
  setU32(octets, 8, segment.acknowledgment);
  setU16(octets, 12, (headerLength << 10) | segment.flags);
  setU16(octets, 14, segment.window);
  setU16(octets, 18, segment.urgentPointer);
  octets.set(options, TCP_HEADER_OCTETS);
  octets.set(segment.payload, headerLength);
  setU16(octets, 16, internetChecksum(octets, pseudoHeaderSum(source, destination, IpProtocol.TCP, octets.length)));
  return octets;
}

/** Kinds of RFC 9293 §3.1, RFC 7323 and RFC 2018. */
const OptionKind = { END: 0, NOP: 1, MSS: 2, WINDOW_SCALE: 3, SACK_PERMITTED: 4, TIMESTAMPS: 8 } as const;

function decodeOptions(octets: Uint8Array): TcpOption[] {
  const body = new Reader(octets, 'TCP option');
  const options: TcpOption[] = [];
  while (body.remaining > 0) {
    const kind = body.u8('Kind');
    if (kind === OptionKind.END) break;
    if (kind === OptionKind.NOP) continue;
    const length = body.u8('Length');
    if (length < 2) throw body.error('Length', body.offset - 1, `${length} is less than 2`);
    options.push(decodeOption(kind, body.bytes(length - 2, 'value')));
  }
  return options;
}

/** A known kind with another length than its own is kept as unknown. */
function decodeOption(kind: number, body: Uint8Array): TcpOption {
  if (kind === OptionKind.MSS && body.length === 2) return { type: 'mss', octets: u16At(body, 0) };
  if (kind === OptionKind.WINDOW_SCALE && body.length === 1) return { type: 'windowScale', shift: u8At(body, 0) };
  if (kind === OptionKind.SACK_PERMITTED && body.length === 0) return { type: 'sackPermitted' };
  if (kind === OptionKind.TIMESTAMPS && body.length === 8) {
    return { type: 'timestamps', value: u32At(body, 0), echo: u32At(body, 4) };
  }
  return { type: 'unknown', number: kind, body };
}

function encodeOptions(options: readonly TcpOption[]): Uint8Array {
  const out = new Writer(40);
  for (const option of options) encodeOption(option, out);
  while (out.length % 4 !== 0) out.u8(OptionKind.END);
  return out.finish();
}

function encodeOption(option: TcpOption, out: Writer): void {
  switch (option.type) {
    case 'mss':
      out.u16((OptionKind.MSS << 8) | 4);
      out.u16(option.octets);
      break;
    case 'windowScale':
      out.u16((OptionKind.WINDOW_SCALE << 8) | 3);
      out.u8(option.shift);
      break;
    case 'sackPermitted':
      out.u16((OptionKind.SACK_PERMITTED << 8) | 2);
      break;
    case 'timestamps':
      out.u16((OptionKind.TIMESTAMPS << 8) | 10);
      out.u32(option.value);
      out.u32(option.echo);
      break;
    case 'unknown':
      out.u8(option.number);
      out.u8(option.body.length + 2);
      out.bytes(option.body);
      break;
  }
}
