import { type Address, formatAddress, parseAddress } from './address.ts';

/** An address with a prefix length. Bits after the prefix are kept (`10.0.0.1/24` is a host in its network). */
export interface Prefix {
  readonly address: Address;
  /** 0 to 32, or 0 to 128. */
  readonly length: number;
}

/** Reads `10.0.0.1/24` or `2001:db8::/64`; a bare address has its full length. Returns null for anything else. */
export function parsePrefix(text: string): Prefix | null {
  const [addressText = '', lengthText, ...more] = text.split('/');
  const address = parseAddress(addressText);
  if (address === null || more.length > 0) return null;
  if (lengthText === undefined) return { address, length: address.length * 8 };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText) || Number(lengthText) > address.length * 8) return null;
  return { address, length: Number(lengthText) };
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** False across families. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  return prefix.address.length === address.length && sameBits(prefix.address, address, prefix.length);
}

/** The same prefix with the host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  const address = prefix.address.map((octet, i) => octet & maskOctet(prefix.length, i));
  return { address, length: prefix.length };
}

/** Whether some address is in both. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? prefixContains(a, b.address) : prefixContains(b, a.address);
}

function sameBits(a: Address, b: Address, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  if ((bits & 7) === 0) return true;
  return (((a[whole] as number) ^ (b[whole] as number)) & maskOctet(bits, whole)) === 0;
}

/** Octet `i` of the mask with `length` leading ones. */
function maskOctet(length: number, i: number): number {
  const bits = Math.min(8, Math.max(0, length - i * 8));
  return (0xff00 >> bits) & 0xff;
}
