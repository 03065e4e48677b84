import { openAead, sealAead } from '../crypto/aead.ts';
import { decrypt, encrypt } from '../crypto/cipher.ts';
import { icvOctets } from '../crypto/esp-suite.ts';
import { icv, icvsEqual } from '../crypto/icv.ts';
import { ESP_HEADER_OCTETS } from '../wire/esp.ts';
import { setU32, u32At, u8At } from '../wire/octets.ts';
import { type EspKeys, keysOf } from './esp-keys.ts';
import { freshOctets } from '../wire/fresh-octets.ts';
import { ESP_TRAILER_OCTETS } from './esp-trailer.ts';
import type { EspParameters } from './sa.ts';

/**
 * The cryptography of one packet, RFC 4303 §3.3.2 and §3.4.4; no counters, no window.
 *     SPI (4), sequence number (4, low half), IV, ciphertext, ICV. Big-endian.
 */

/**
 * Encrypts `plaintext` (trailer included, whole blocks) and returns the packet from the SPI to the ICV, which belongs to
 * the caller. `iv` is `ivOctets` long.
 */
export function protectPacket(sa: EspParameters, sequence: bigint, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const { encryption, integrity } = sa.suite;
  const ciphertextAt = ESP_HEADER_OCTETS + encryption.ivOctets;
  const icvAt = ciphertextAt + plaintext.length;
  const esp = freshOctets(icvAt + icvOctets(sa.suite));
  setU32(esp, 0, sa.spi);
  setU32(esp, 4, lowHalf(sequence));
  esp.set(iv, ESP_HEADER_OCTETS);
  const keys = keysOf(sa);
  if (integrity === null) {
    const nonce = nonceOf(keys, iv, sequence);
    const { ciphertext, tag } = sealAead(encryption, keys.encryption, nonce, aadOf(sa, sequence, esp, keys), plaintext);
    esp.set(ciphertext, ciphertextAt);
    esp.set(tag, icvAt);
  } else {
    esp.set(encrypt(encryption, keys.encryption, keys.salt, iv, plaintext), ciphertextAt);
    esp.set(icvOf(sa, sequence, esp.subarray(0, icvAt)), icvAt);
  }
  return esp;
}

/** Verifies, then decrypts: the plaintext with its trailer, or null when the ICV is wrong. `esp` has passed `shapeError`. */
export function unprotectPacket(sa: EspParameters, sequence: bigint, esp: Uint8Array): Uint8Array | null {
  const { encryption, integrity } = sa.suite;
  const ciphertextAt = ESP_HEADER_OCTETS + encryption.ivOctets;
  const icvAt = esp.length - icvOctets(sa.suite);
  const iv = esp.subarray(ESP_HEADER_OCTETS, ciphertextAt);
  const ciphertext = esp.subarray(ciphertextAt, icvAt);
  const received = esp.subarray(icvAt);
  const keys = keysOf(sa);
  if (integrity === null) {
    const nonce = nonceOf(keys, iv, sequence);
    return openAead(encryption, keys.encryption, nonce, aadOf(sa, sequence, esp, keys), ciphertext, received);
  }
  if (!icvsEqual(icvOf(sa, sequence, esp.subarray(0, icvAt)), received)) return null;
  return decrypt(encryption, keys.encryption, keys.salt, iv, ciphertext);
}

/** Why octets cannot be a packet of this SA, whatever the keys say; null when they can. */
export function shapeError(sa: EspParameters, esp: Uint8Array): string | null {
  const { encryption } = sa.suite;
  const ciphertextOctets = esp.length - ESP_HEADER_OCTETS - encryption.ivOctets - icvOctets(sa.suite);
  if (ciphertextOctets < ESP_TRAILER_OCTETS) return `${esp.length} octets are too few for ${sa.suite.name}`;
  if (ciphertextOctets % encryption.blockOctets !== 0) {
    return `${ciphertextOctets} octets of ciphertext are not a multiple of ${encryption.blockOctets}`;
  }
  return null;
}

/**
 * The AAD of an AEAD: SPI and sequence number, all 64 bits of it with ESN; RFC 4106 §5, RFC 7634 §2.1. GMAC counts in the IV
 * too, before the payload: RFC 4543 has it so in figure 4 and not in figure 2, the vectors of draft-mcgrew-gcm-test-01 are
 * so, and so do others. Valid until the next packet.
 */
function aadOf({ esn }: EspParameters, sequence: bigint, esp: Uint8Array, { aad }: EspKeys): Uint8Array {
  setU32(aad, 0, u32At(esp, 0));
  if (esn) setU32(aad, 4, highHalf(sequence));
  for (let at = esn ? 8 : 4, from = 4; at < aad.length; at++, from++) aad[at] = u8At(esp, from);
  return aad;
}

/** The separate ICV over a packet without it; with ESN the high half is counted in behind it, RFC 4303 §2.2.1. */
function icvOf(sa: EspParameters, sequence: bigint, packet: Uint8Array): Uint8Array {
  const { integrity } = sa.suite;
  const key = keysOf(sa).integrity;
  if (integrity === null || key === null) throw new Error(`${sa.suite.name} has no separate ICV`);
  if (!sa.esn) return icv(integrity, key, packet);
  const high = new Uint8Array(4);
  setU32(high, 0, highHalf(sequence));
  return icv(integrity, key, packet, high);
}

/** Salt and IV, RFC 4106 §4; an implicit IV is the sequence number in 64 bits, RFC 8750 §4. Valid until the next packet. */
function nonceOf({ nonce, salt }: EspKeys, iv: Uint8Array, sequence: bigint): Uint8Array {
  if (iv.length === 0) {
    setU32(nonce, salt.length, highHalf(sequence));
    setU32(nonce, salt.length + 4, lowHalf(sequence));
  } else {
    nonce.set(iv, salt.length);
  }
  return nonce;
}

const lowHalf = (sequence: bigint): number => Number(sequence & 0xffff_ffffn);
const highHalf = (sequence: bigint): number => Number(sequence >> 32n);
