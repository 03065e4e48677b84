import { Writer } from '../../engine/wire/writer.ts';
import { type CipherInput, type EspTransform, espTransform } from './crypto/esp-transform.ts';
import { octetsOf, type SaKeys } from './sa.ts';

/** What to seal, and what to do wrong on the way. */
export interface EspOrder {
  readonly keys: SaKeys;
  /** With ESN all 64 bits of it. */
  readonly sequence: number | bigint;
  readonly nextHeader: number;
  readonly payload: Uint8Array;
  /** What the pad octets hold; 1, 2, 3 … as RFC 4303 §2.4 asks unless the tester wants otherwise. */
  readonly padding?: (index: number) => number;
  /** More pad octets than the block asks for; a multiple of it. */
  readonly extraPadOctets?: number;
  /** The Pad Length octet; the true one unless the tester wants otherwise. */
  readonly padLength?: number;
  /** Traffic flow confidentiality padding behind the payload, RFC 4303 §2.7. */
  readonly tfcOctets?: number;
  /** The IV as sent; made of the sequence number, which the tester never uses twice, unless given. */
  readonly iv?: Uint8Array;
  /** The upper half of the sequence number that enters the ICV; the true one unless the tester lies. */
  readonly sequenceHigh?: number;
}

/**
 * Seals as RFC 4303 §3.3 says, from the SPI to the ICV, without a line of the engine's: how the tester plays a peer that knows
 * the keys.
 */
export function sealEsp(order: EspOrder): Uint8Array {
  const transform = transformOf(order.keys.suite);
  const { cipher, integrity } = transform;
  const sequence = BigInt(order.sequence);
  const header = headerOf(order.keys.spi, sequence);
  const high = order.sequenceHigh ?? Number(sequence >> 32n);
  const iv = cipher.isIvImplicit ? implicitIv(sequence) : (order.iv ?? testerIv(sequence, cipher.ivOctets));
  const sent = cipher.isIvImplicit ? new Uint8Array(0) : iv;
  const text = withTrailer(order, cipher.blockOctets);
  const { ciphertext, tag } = cipher.encrypt(cipherInput(order.keys, transform, header, high, iv, text));
  const covered = Buffer.concat([header, sent, ciphertext]);
  if (integrity === null) return Buffer.concat([covered, tag]);
  return Buffer.concat([covered, icvOf(order.keys, transform, covered, high)]);
}

/** What one ESP packet holds for someone with the keys. */
export interface EspOpened {
  readonly sequence: bigint;
  readonly iv: Uint8Array;
  readonly ciphertextOctets: number;
  readonly icvOctets: number;
  readonly nextHeader: number;
  readonly padding: Uint8Array;
  /** TFC padding, if any, at its end. */
  readonly payload: Uint8Array;
}

/**
 * From the SPI to the ICV; null when the ICV is wrong, or the octets cannot be cut. `sequenceHigh`: the upper half of an extended
 * sequence number, which is not sent.
 */
export function openEsp(keys: SaKeys, esp: Uint8Array, sequenceHigh = 0): EspOpened | null {
  const transform = transformOf(keys.suite);
  const { cipher, integrity } = transform;
  const icvOctets = cipher.icvOctets + (integrity?.icvOctets ?? 0);
  const [ivEnd, icvAt] = [8 + cipher.ivOctets, esp.length - icvOctets];
  if (icvAt - ivEnd < 2 || (icvAt - ivEnd) % cipher.blockOctets !== 0) return null;
  const low = BigInt(Buffer.from(esp.buffer, esp.byteOffset).readUInt32BE(4));
  const sequence = (BigInt(keys.esn ? sequenceHigh : 0) << 32n) | low;
  const covered = esp.subarray(0, icvAt);
  const icv = Buffer.from(esp.subarray(icvAt));
  if (integrity !== null && !icv.equals(icvOf(keys, transform, covered, sequenceHigh))) return null;
  const iv = cipher.isIvImplicit ? implicitIv(sequence) : esp.subarray(8, ivEnd);
  const input = cipherInput(keys, transform, esp.subarray(0, 8), sequenceHigh, iv, esp.subarray(ivEnd, icvAt));
  const text = cipher.decrypt(input, integrity === null ? icv : new Uint8Array(0));
  if (text === null) return null;
  const paddingAt = text.length - 2 - (text.at(-2) ?? 0);
  if (paddingAt < 0) return null;
  return {
    sequence,
    iv: esp.subarray(8, ivEnd),
    ciphertextOctets: icvAt - ivEnd,
    icvOctets,
    nextHeader: text.at(-1) ?? 0,
    padding: text.subarray(paddingAt, -2),
    payload: text.subarray(0, paddingAt),
  };
}

/** Throws for a suite that the tester does not know. */
export function transformOf(suite: string): EspTransform {
  const transform = espTransform(suite);
  if (transform === null) throw new Error(`the tester does not know ${suite}`);
  return transform;
}

function headerOf(spi: number, sequence: bigint): Uint8Array {
  const header = new Writer();
  header.u32(spi);
  header.u32(Number(sequence & 0xffff_ffffn));
  return header.finish();
}

function cipherInput(
  keys: SaKeys,
  { cipher }: EspTransform,
  header: Uint8Array,
  high: number,
  iv: Uint8Array,
  text: Uint8Array,
): CipherInput {
  const material = octetsOf(keys.encryptionKey);
  return {
    key: material.subarray(0, cipher.keyOctets),
    salt: material.subarray(cipher.keyOctets),
    iv,
    aad: keys.esn ? Buffer.concat([header.subarray(0, 4), u32(high), header.subarray(4)]) : header,
    text,
  };
}

/** RFC 4303 §2.2.1: the high half stands behind all that is sent. */
function icvOf(keys: SaKeys, { integrity }: EspTransform, covered: Uint8Array, high: number): Uint8Array {
  if (integrity === null) throw new Error(`${keys.suite} has no separate ICV`);
  const whole = keys.esn ? Buffer.concat([covered, u32(high)]) : covered;
  return integrity.icv(octetsOf(keys.integrityKey), whole, new Uint8Array(0));
}

/** RFC 8750 §4. */
function implicitIv(sequence: bigint): Uint8Array {
  const iv = Buffer.alloc(8);
  iv.writeBigUInt64BE(sequence);
  return iv;
}

/** Apart from what a peer would use that counts from 1 in the low half. */
function testerIv(sequence: bigint, octets: number): Uint8Array {
  const iv = Buffer.alloc(octets, 0x7e);
  if (octets >= 8) iv.writeBigUInt64BE(sequence ^ (0x7e57n << 48n), octets - 8);
  return iv;
}

function withTrailer(order: EspOrder, blockOctets: number): Uint8Array {
  const payload = Buffer.concat([order.payload, new Uint8Array(order.tfcOctets ?? 0)]);
  const least = (blockOctets - ((payload.length + 2) % blockOctets)) % blockOctets;
  const padLength = least + (order.extraPadOctets ?? 0);
  const padding = Uint8Array.from({ length: padLength }, (_, index) => order.padding?.(index) ?? index + 1);
  return Buffer.concat([payload, padding, Uint8Array.of(order.padLength ?? padLength, order.nextHeader)]);
}

const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
