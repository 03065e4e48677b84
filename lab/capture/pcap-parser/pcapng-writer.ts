import { BLOCK_OVERHEAD, BYTE_ORDER_MAGIC, type BlockOption, BlockType, OptionCode, padded } from './pcapng-format.ts';

/**
 * Writes pcapng, little-endian, nanoseconds. Each function returns one block; a file is a section header, its
 * interfaces, and packets in any order after the interface they name. Nothing but the arguments goes into the octets: no
 * clock, host name or program version, so that equal runs write equal files. Strings beyond 65535 octets: RangeError.
 */
export function encodeSectionHeader(application: string): Uint8Array {
  const options = encodeOptions([text(OptionCode.SHB_USERAPPL, application)]);
  const { block, view } = emptyBlock(BlockType.SECTION_HEADER, 16 + options.length);
  view.setUint32(8, BYTE_ORDER_MAGIC, true);
  view.setUint16(12, 1, true); // version 1.0
  view.setUint16(14, 0, true);
  view.setBigInt64(16, -1n, true); // section length: not given, so that a file may grow
  block.set(options, 24);
  return block;
}

export interface InterfaceDescription {
  readonly linkType: number;
  /** 0: unlimited. */
  readonly snapLength: number;
  readonly name: string;
  readonly description: string;
}

export function encodeInterface(description: InterfaceDescription): Uint8Array {
  const options = encodeOptions([
    text(OptionCode.IF_NAME, description.name),
    text(OptionCode.IF_DESCRIPTION, description.description),
    { code: OptionCode.IF_TSRESOL, value: Uint8Array.of(9) }, // 10^-9 s
  ]);
  const { block, view } = emptyBlock(BlockType.INTERFACE, 8 + options.length);
  view.setUint16(8, description.linkType, true);
  view.setUint32(12, description.snapLength, true);
  block.set(options, 16);
  return block;
}

export interface PacketToWrite {
  /** The position of its interface block in the section, from 0. */
  readonly interfaceId: number;
  /** Nanoseconds since the Unix epoch, 0 to 2^64 - 1. */
  readonly at: bigint;
  readonly octets: Uint8Array;
  readonly originalLength?: number;
  readonly comments?: readonly string[];
  readonly direction?: 'inbound' | 'outbound' | null;
}

export function encodePacket(packet: PacketToWrite): Uint8Array {
  const options = encodeOptions([...(packet.comments ?? []).map(c => text(OptionCode.COMMENT, c)), ...flags(packet)]);
  const { block, view } = emptyBlock(BlockType.ENHANCED_PACKET, 20 + padded(packet.octets.length) + options.length);
  view.setUint32(8, packet.interfaceId, true);
  view.setUint32(12, Number(packet.at >> 32n), true);
  view.setUint32(16, Number(packet.at & 0xffff_ffffn), true);
  view.setUint32(20, packet.octets.length, true);
  view.setUint32(24, packet.originalLength ?? packet.octets.length, true);
  block.set(packet.octets, 28);
  block.set(options, 28 + padded(packet.octets.length));
  return block;
}

/** A whole file at once. */
export function encodePcapng(file: {
  readonly application: string;
  readonly interfaces: readonly InterfaceDescription[];
  readonly packets: Iterable<PacketToWrite>;
}): Uint8Array {
  return concatenate([
    encodeSectionHeader(file.application),
    ...file.interfaces.map(encodeInterface),
    ...[...file.packets].map(encodePacket),
  ]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const text = (code: number, value: string): BlockOption => ({ code, value: new TextEncoder().encode(value) });

/** epb_flags: bits 0-1, 1 is inbound, 2 is outbound. */
function flags(packet: PacketToWrite): BlockOption[] {
  if (!packet.direction) return [];
  return [{ code: OptionCode.EPB_FLAGS, value: Uint8Array.of(packet.direction === 'inbound' ? 1 : 2, 0, 0, 0) }];
}

function encodeOptions(options: readonly BlockOption[]): Uint8Array {
  if (options.length === 0) return new Uint8Array(0);
  const octets = new Uint8Array(options.reduce((sum, option) => sum + 4 + padded(option.value.length), 4)); // + opt_endofopt
  const view = new DataView(octets.buffer);
  let at = 0;
  for (const { code, value } of options) {
    if (value.length > 0xffff)
      throw new RangeError(`option ${code} of ${value.length} octets: a pcapng option has at most 65535`);
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    octets.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  return octets;
}

function emptyBlock(type: number, bodyOctets: number): { block: Uint8Array; view: DataView } {
  const block = new Uint8Array(BLOCK_OVERHEAD + bodyOctets);
  const view = new DataView(block.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, block.length, true);
  view.setUint32(block.length - 4, block.length, true);
  return { block, view };
}
