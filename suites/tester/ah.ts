import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { Writer } from '../../engine/wire/writer.ts';
import { integrityTransform, type IntegrityTransform } from './crypto/integrity-transform.ts';
import { octetsOf, type SaKeys } from './sa.ts';

/** What to authenticate, and what to do wrong on the way. */
export interface AhOrder {
  readonly keys: SaKeys;
  /** With ESN all 64 bits of it. */
  readonly sequence: number | bigint;
  /** A whole IP packet without AH. Its headers are authenticated as they are: as the receiver will see them. */
  readonly ip: Uint8Array;
  /** Of an IPv6 packet, how many octets of extension headers stand in front of the AH; 0 unless given. */
  readonly extensionOctets?: number;
  /** Done to the AH before its ICV is computed. */
  readonly header?: (ah: Uint8Array) => void;
  /** ICV padding beyond what the version asks for. */
  readonly extraOctets?: number;
  readonly sequenceHigh?: number;
}

/**
 * Puts an AH into a packet as RFC 4302 §3.3 says, without a line of the engine's: how the tester plays a peer that knows the keys.
 * Lengths and the header checksum are made right.
 */
export function sealAh(order: AhOrder): Uint8Array {
  const { keys, ip, extensionOctets = 0 } = order;
  const transform = transformOf(keys.suite);
  const sequence = BigInt(order.sequence);
  const place = placeOf(ip, extensionOctets);
  const icvField = paddedTo(12 + transform.icvOctets, place.version === 4 ? 4 : 8) - 12 + (order.extraOctets ?? 0);
  const ah = new Writer();
  ah.u8(ip[place.protocolAt] ?? 0);
  ah.u8((12 + icvField) / 4 - 2);
  ah.u16(0);
  ah.u32(keys.spi);
  ah.u32(Number(sequence & 0xffff_ffffn));
  ah.bytes(new Uint8Array(icvField));
  const header = ah.finish();
  order.header?.(header);
  const whole = Buffer.concat([ip.subarray(0, place.at), header, ip.subarray(place.at)]);
  whole[place.protocolAt] = IpProtocol.AH;
  if (place.version === 4) whole.writeUInt16BE(whole.length, 2);
  else whole.writeUInt16BE(whole.length - 40, 4);
  const high = order.sequenceHigh ?? Number(sequence >> 32n);
  whole.set(icvOf(keys, transform, whole, place.at, ivOf(sequence), high), place.at + 12);
  return withChecksum(whole);
}

/** What an AH says, and whether it is right. */
export interface AhSeen {
  readonly nextHeader: number;
  readonly spi: number;
  readonly sequence: bigint;
  readonly reserved: number;
  /** Octets of the whole header. */
  readonly octets: number;
  readonly icvOk: boolean;
  readonly icv: Uint8Array;
  /** What follows it. */
  readonly payload: Uint8Array;
}

/** null: there is no AH right behind the headers. `sequenceHigh`: of an extended sequence number, which is not sent. */
export function openAh(keys: SaKeys, ip: Uint8Array, sequenceHigh = 0): AhSeen | null {
  const transform = transformOf(keys.suite);
  const found = findAh(ip);
  if (found === null) return null;
  const ah = Buffer.from(ip.subarray(found));
  const octets = ((ah[1] ?? 0) + 2) * 4;
  if (octets < 12 + transform.icvOctets || octets > ah.length) return null;
  const icv = ah.subarray(12, 12 + transform.icvOctets);
  const expected = icvOf(keys, transform, ip, found, icv.subarray(0, transform.ivOctets), sequenceHigh);
  return {
    nextHeader: ah[0] ?? 0,
    spi: ah.readUInt32BE(4),
    sequence: (BigInt(keys.esn ? sequenceHigh : 0) << 32n) | BigInt(ah.readUInt32BE(8)),
    reserved: ah.readUInt16BE(2),
    octets,
    icvOk: icv.equals(expected),
    icv,
    payload: ah.subarray(octets),
  };
}

/** Where the AH of a packet begins; null: it has none. */
export function findAh(ip: Uint8Array): number | null {
  if ((ip[0] ?? 0) >> 4 === 4) return ip[9] === IpProtocol.AH ? ((ip[0] ?? 0) & 15) * 4 : null;
  let [type, at] = [ip[6] ?? 0, 40];
  while (EXTENSIONS.has(type) && at + 8 <= ip.length) {
    const octets = type === IpProtocol.FRAGMENT ? 8 : ((ip[at + 1] ?? 0) + 1) * 8;
    [type, at] = [ip[at] ?? 0, at + octets];
  }
  return type === IpProtocol.AH ? at : null;
}

const EXTENSIONS: ReadonlySet<number> = new Set([
  IpProtocol.HOPOPT,
  IpProtocol.ROUTING,
  IpProtocol.FRAGMENT,
  IpProtocol.DSTOPTS,
]);

function transformOf(suite: string): IntegrityTransform {
  const transform = integrityTransform(suite);
  if (transform === null) throw new Error(`the tester does not know ${suite}`);
  return transform;
}

interface Place {
  readonly version: 4 | 6;
  /** Where the AH begins. */
  readonly at: number;
  /** Where the number of what follows stands. */
  readonly protocolAt: number;
}

function placeOf(ip: Uint8Array, extensionOctets: number): Place {
  if ((ip[0] ?? 0) >> 4 === 4) return { version: 4, at: ((ip[0] ?? 0) & 15) * 4, protocolAt: 9 };
  let [protocolAt, at] = [6, 40];
  while (at < 40 + extensionOctets) [protocolAt, at] = [at, at + ((ip[at + 1] ?? 0) + 1) * 8];
  return { version: 6, at, protocolAt };
}

/** §3.3.3: over the packet with what may change on its way zeroed, and the high half of the sequence number behind it. */
function icvOf(
  keys: SaKeys,
  transform: IntegrityTransform,
  ip: Uint8Array,
  ahAt: number,
  iv: Uint8Array,
  high: number,
): Uint8Array {
  const seen = Buffer.from(ip);
  if ((seen[0] ?? 0) >> 4 === 4) muteIpv4(seen, ahAt);
  else muteIpv6(seen, ahAt);
  // Of GMAC the tag alone is the ICV (RFC 4543 §4 with §3.4): the IV in front of it is covered like the rest of the AH.
  seen.set(iv.subarray(0, transform.ivOctets), ahAt + 12);
  seen.fill(0, ahAt + 12 + transform.ivOctets, ahAt + 12 + transform.icvOctets);
  const halves = Buffer.alloc(4);
  halves.writeUInt32BE(high);
  const covered = keys.esn ? Buffer.concat([seen, halves]) : seen;
  return transform.icv(octetsOf(keys.integrityKey), covered, iv);
}

/** §3.3.3.1.1 and appendix A1. A source route that has ended, as it does where the packet is seen, leaves the destination. */
function muteIpv4(ip: Buffer, headerOctets: number): void {
  ip[1] = 0;
  ip.fill(0, 6, 9);
  ip.fill(0, 10, 12);
  for (let at = 20; at < headerOctets && ip[at] !== 0; ) {
    const octets = ip[at] === 1 ? 1 : Math.max(2, ip[at + 1] ?? 2);
    if (!IMMUTABLE_OPTIONS.has(ip[at] ?? 0)) ip.fill(0, at, at + octets);
    at += octets;
  }
}

const IMMUTABLE_OPTIONS: ReadonlySet<number> = new Set([0, 1, 130, 133, 134, 148, 149]);

/** §3.3.3.1.2: of options the data where the third bit of the type says that it may change. */
function muteIpv6(ip: Buffer, ahAt: number): void {
  ip.set([0x60, 0, 0, 0], 0);
  ip[7] = 0;
  let [type, at] = [ip[6] ?? 0, 40];
  while (at < ahAt) {
    const end = at + ((ip[at + 1] ?? 0) + 1) * 8;
    if (type === IpProtocol.HOPOPT || type === IpProtocol.DSTOPTS) muteOptions(ip, at + 2, end);
    [type, at] = [ip[at] ?? 0, end];
  }
}

function muteOptions(ip: Buffer, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const type = ip[at] ?? 0;
    const next = type === 0 ? at + 1 : at + 2 + (ip[at + 1] ?? 0);
    if ((type & 0x20) !== 0) ip.fill(0, at + 2, next);
    at = next;
  }
}

/** GMAC's, which must not come twice. */
function ivOf(sequence: bigint): Uint8Array {
  const iv = Buffer.alloc(8);
  iv.writeBigUInt64BE(sequence ^ (0x7e57n << 48n));
  return iv;
}

function withChecksum(ip: Buffer): Uint8Array {
  if ((ip[0] ?? 0) >> 4 !== 4) return ip;
  ip.writeUInt16BE(0, 10);
  let sum = 0;
  for (let at = 0; at < ((ip[0] ?? 0) & 15) * 4; at += 2) sum += ip.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  ip.writeUInt16BE(~sum & 0xffff, 10);
  return ip;
}

const paddedTo = (octets: number, multiple: number): number => Math.ceil(octets / multiple) * multiple;
