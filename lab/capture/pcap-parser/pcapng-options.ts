import { type BlockOption, OptionCode, padded } from './pcapng-format.ts';

export interface Options {
  /** Copies, in file order. */
  readonly values: readonly BlockOption[];
  /** An option ran over the end of the block; those before it are here. */
  readonly broken: boolean;
}

/** The options from `start` to the end of the block (whose trailing length was cut off). A missing opt_endofopt is fine. */
export function optionsFrom(block: DataView, start: number, littleEndian: boolean): Options {
  const values: BlockOption[] = [];
  let at = start;
  while (at + 4 <= block.byteLength) {
    const code = block.getUint16(at, littleEndian);
    const length = block.getUint16(at + 2, littleEndian);
    if (code === OptionCode.END) return { values, broken: false };
    if (at + 4 + length > block.byteLength) return { values, broken: true };
    values.push({ code, value: new Uint8Array(block.buffer, block.byteOffset + at + 4, length).slice() });
    at += 4 + padded(length);
  }
  return { values, broken: at < block.byteLength };
}

/** UTF-8; what is not becomes U+FFFD. */
export function stringsOf(options: Options, code: number): string[] {
  return options.values.filter(option => option.code === code).map(option => new TextDecoder().decode(option.value));
}

/** epb_flags, bits 0-1. */
export function flagsOf(options: Options, littleEndian: boolean): 'inbound' | 'outbound' | null {
  const value = options.values.find(option => option.code === OptionCode.EPB_FLAGS)?.value;
  if (value?.length !== 4) return null;
  const direction = (littleEndian ? (value[0] ?? 0) : (value[3] ?? 0)) & 3;
  return direction === 1 ? 'inbound' : direction === 2 ? 'outbound' : null;
}
