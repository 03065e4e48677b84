import { createCipheriv, createHmac } from 'node:crypto';
import { Writer } from '../../engine/wire/writer.ts';
import type { EspSaKeys } from '../../lab/capture/key-log.ts';

const GCM_SALT_OCTETS = 4;
const ICV_OCTETS = 16;

export interface SealOrder {
  readonly keys: EspSaKeys;
  readonly sequence: number;
  readonly nextHeader: number;
  readonly payload: Uint8Array;
  /** What the pad octets hold; 1, 2, 3 … as RFC 4303 §2.4 asks unless the tester wants otherwise. */
  readonly padding?: (index: number) => number;
  /** The Pad Length octet; the true one unless the tester wants otherwise. */
  readonly padLength?: number;
}

/**
 * Seals as RFC 4303 §3.3 says, from the SPI to the ICV, without a line of the engine's: how the tester plays a peer that knows
 * the keys. 32-bit sequence numbers. The IV is made of the sequence number, which the tester never uses twice.
 */
export function sealEsp(order: SealOrder): Uint8Array {
  const { keys } = order;
  const cbc = /^aes(128|192|256)-(sha256|sha384|sha512)$/.exec(keys.suite);
  const header = new Writer();
  header.u32(keys.spi);
  header.u32(order.sequence);
  if (cbc !== null) return sealCbc(order, header.finish(), `aes-${cbc[1]}-cbc`, cbc[2] ?? '');
  const gcm = /^aes(128|192|256)gcm16$/.exec(keys.suite);
  if (gcm !== null) return sealAead(order, header.finish(), `aes-${gcm[1]}-gcm`);
  if (keys.suite === 'chacha20poly1305') return sealAead(order, header.finish(), 'chacha20-poly1305');
  throw new Error(`the tester cannot seal with ${keys.suite}`);
}

/** RFC 4106 and RFC 7634: nonce = salt | IV, associated data = SPI | sequence number. */
function sealAead(order: SealOrder, header: Uint8Array, cipher: string): Uint8Array {
  const material = Buffer.from(order.keys.encryptionKey, 'hex');
  const key = material.subarray(0, material.length - GCM_SALT_OCTETS);
  const iv = Buffer.alloc(8);
  iv.writeUInt32BE(0x7e57, 0); // apart from what the real peer uses: it counts from 1 in the low half
  iv.writeUInt32BE(order.sequence, 4);
  const nonce = Buffer.concat([material.subarray(material.length - GCM_SALT_OCTETS), iv]);
  const plaintext = withTrailer(order, 4);
  const sealer = createCipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: ICV_OCTETS });
  sealer.setAAD(header, { plaintextLength: plaintext.length });
  const ciphertext = Buffer.concat([sealer.update(plaintext), sealer.final()]);
  return Buffer.concat([header, iv, ciphertext, sealer.getAuthTag()]);
}

/** RFC 3602 and RFC 4868: the ICV, half the hash, covers everything before it. */
function sealCbc(order: SealOrder, header: Uint8Array, cipher: string, hash: string): Uint8Array {
  const iv = Buffer.alloc(16, 0x7e);
  iv.writeUInt32BE(order.sequence, 12);
  const sealer = createCipheriv(cipher, Buffer.from(order.keys.encryptionKey, 'hex'), iv);
  sealer.setAutoPadding(false);
  const ciphertext = Buffer.concat([sealer.update(withTrailer(order, 16)), sealer.final()]);
  const covered = Buffer.concat([header, iv, ciphertext]);
  const mac = createHmac(hash, Buffer.from(order.keys.integrityKey, 'hex')).update(covered).digest();
  return Buffer.concat([covered, mac.subarray(0, mac.length / 2)]);
}

function withTrailer(order: SealOrder, blockOctets: number): Uint8Array {
  const padLength = (blockOctets - ((order.payload.length + 2) % blockOctets)) % blockOctets;
  const padding = Uint8Array.from({ length: padLength }, (_, index) => order.padding?.(index) ?? index + 1);
  return Buffer.concat([order.payload, padding, Uint8Array.of(order.padLength ?? padLength, order.nextHeader)]);
}
