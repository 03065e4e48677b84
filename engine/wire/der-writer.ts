import { Tag } from './der-reader.ts';

/** One value of DER: tag, shortest length, and the contents one behind the other. The caller owns the array. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const header = [tag, ...lengthOctets(length)];
  const octets = new Uint8Array(header.length + length);
  octets.set(header);
  let at = header.length;
  for (const content of contents) {
    octets.set(content, at);
    at += content.length;
  }
  return octets;
}

/** The value of a dotted object identifier. RangeError when the text is none. */
export function derOid(text: string): Uint8Array {
  const arcs = text.split('.').map(Number);
  const [root = -1, second = -1, ...rest] = arcs;
  if (!isOid(text)) throw new RangeError(`no object identifier: ${text}`);
  return der(Tag.OID, Uint8Array.from([root * 40 + second, ...rest].flatMap(base128)));
}

/** Whether the text is an object identifier whose arcs this project can hold: 32 bits each. */
export function isOid(text: string): boolean {
  if (text.length > 128 || !/^[0-2](\.(0|[1-9][0-9]*)){1,19}$/.test(text)) return false;
  const [root = 0, second = 0, ...rest] = text.split('.').map(Number);
  return (root === 2 || second < 40) && [second + 80, ...rest].every(arc => arc <= 0xffff_ffff);
}

/** Of a number from 0 to 2^53 - 1. */
export function derInteger(value: number): Uint8Array {
  const octets = base256(value);
  return der(Tag.INTEGER, Uint8Array.from((octets[0] ?? 0) & 0x80 ? [0, ...octets] : octets));
}

export function derBitString(octets: Uint8Array): Uint8Array {
  return der(Tag.BIT_STRING, Uint8Array.of(0), octets);
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = base256(length);
  return [0x80 | octets.length, ...octets];
}

function base256(value: number): number[] {
  const octets = [value % 256];
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return octets;
}

function base128(value: number): number[] {
  const octets = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(0x80 | (rest % 128));
  return octets;
}
