/**
 * Big-endian fields in place, for the codecs that the data path runs through: no object is made. The caller has checked
 * the length; past the end these read 0 and write nothing.
 */
export function u8At(octets: Uint8Array, at: number): number {
  return (octets[at] as number) | 0;
}

export function u16At(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

export function u32At(octets: Uint8Array, at: number): number {
  return ((u16At(octets, at) << 16) | u16At(octets, at + 2)) >>> 0;
}

export function setU16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 8;
  octets[at + 1] = value;
}

export function setU32(octets: Uint8Array, at: number, value: number): void {
  setU16(octets, at, value >>> 16);
  setU16(octets, at + 2, value);
}

/** The same octets in the same order; not in constant time. */
export function octetsEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The same of the octets from `start` to `end` of both: no view is made. */
export function rangesEqual(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}
