/** An IPv4 or IPv6 address: 4 or 16 octets in network order. Often a view of a packet: copy what must outlive it. */
export type Address = Uint8Array;

/**
 * Reads `192.0.2.1` (four decimals, no leading zeros) or any IPv6 text form of RFC 4291 §2.2, without zone or prefix.
 * Returns null for anything else.
 */
export function parseAddress(text: string): Address | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Dotted decimal for 4 octets; RFC 5952 for 16. */
export function formatAddress(address: Address): string {
  return addressVersion(address) === 4 ? address.join('.') : formatIpv6(address);
}

/** RangeError when it is neither 4 nor 16 octets. */
export function addressVersion(address: Address): 4 | 6 {
  if (address.length === 4) return 4;
  if (address.length === 16) return 6;
  throw new RangeError(`an address has 4 or 16 octets, not ${address.length}`);
}

export function addressesEqual(a: Address, b: Address): boolean {
  return compareAddresses(a, b) === 0;
}

/** Negative, 0 or positive, by numeric value; IPv4 before IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A short string that differs for different addresses: for keys of a Map, not for people. */
export function addressKey(address: Address): string {
  const pair = (i: number) => ((address[i] as number) << 8) | (address[i + 1] as number);
  if (address.length === 4) return String.fromCharCode(pair(0), pair(2));
  return String.fromCharCode(pair(0), pair(2), pair(4), pair(6), pair(8), pair(10), pair(12), pair(14));
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(address: Address): boolean {
  const first = address[0] as number;
  return address.length === 4 ? first >> 4 === 14 : first === 0xff;
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10. */
export function isLinkLocal(address: Address): boolean {
  const [first = 0, second = 0] = address;
  return address.length === 4 ? first === 169 && second === 254 : first === 0xfe && second >> 6 === 2;
}

export function isUnspecified(address: Address): boolean {
  return address.every(octet => octet === 0);
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: Address): boolean {
  if (address.length === 4) return address[0] === 127;
  return address.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

/** 255.255.255.255 only: a subnet's own broadcast address needs its prefix. */
export function isBroadcast(address: Address): boolean {
  return address.length === 4 && address.every(octet => octet === 255);
}

/** Reads `02:00:00:00:00:01`; null for anything else. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return null;
  return Uint8Array.from(text.split(':'), pair => Number.parseInt(pair, 16));
}

export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, octet => octet.toString(16).padStart(2, '0')).join(':');
}

function parseIpv4(text: string): Address | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  if (!parts.every(part => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = [groupsOf(halves[0] ?? '', halves.length === 1), groupsOf(halves[1] ?? '', true)];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group, RFC 4291 §2.2.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  const address = new Uint8Array(16);
  address.set(head, 0);
  address.set(tail, 16 - tail.length);
  return address;
}

/** The octets of colon-separated groups; the last may be dotted decimal where the text ends there. */
function groupsOf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const octets: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (isEnd && i === groups.length - 1 && group.includes('.')) {
      const embedded = parseIpv4(group);
      if (embedded === null) return null;
      octets.push(...embedded);
      continue;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
    const value = Number.parseInt(group, 16);
    octets.push(value >> 8, value & 255);
  }
  return octets.length > 16 ? null : octets;
}

function formatIpv6(address: Address): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((address[i * 2] as number) << 8) | (address[i * 2 + 1] as number),
  );
  // RFC 5952 §5: the well-known prefix of IPv4-mapped addresses makes the mixed notation the better one.
  const isMapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${address.subarray(12).join('.')}`;
  const zeros = longestZeroRun(groups);
  if (zeros.length < 2) return hex(groups);
  return `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`;
}

function hex(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':');
}

/** The first of the longest runs, RFC 5952 §4.2.3. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
