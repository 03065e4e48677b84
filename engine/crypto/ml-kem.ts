import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { type KeyExchangeSteps, wrongLength } from './diffie-hellman.ts';
import type { KeyExchangeAnswer, KeyExchangeResult } from './key-exchange.ts';

/**
 * ML-KEM, FIPS 203, as draft-ietf-ipsecme-ikev2-mlkem has it: the initiator sends an encapsulation key, the responder a
 * ciphertext. Random octets are d and z of the initiator's key, and m of the responder. A ciphertext that was made with
 * another key is not noticed here: the secrets differ (implicit rejection, FIPS 203 §6.3), and so do all keys made of them.
 */
export function mlKem(parameters: 512 | 768 | 1024): KeyExchangeSteps {
  const { kem, k } = SETS[parameters];
  const initiatorOctets = 384 * k + 32;
  const responderOctets = 32 * (k === 4 ? 11 * k + 5 : 10 * k + 4);
  return {
    initiatorOctets,
    responderOctets,
    begin(random) {
      const { publicKey, secretKey } = kem.keygen(random.bytes(64));
      const finish = (ciphertext: Uint8Array): KeyExchangeResult =>
        ciphertext.length === responderOctets
          ? { kind: 'shared', secret: kem.decapsulate(ciphertext, secretKey) }
          : wrongLength(ciphertext, responderOctets);
      return { data: publicKey, finish };
    },
    respond(initiatorData, random): KeyExchangeAnswer {
      if (initiatorData.length !== initiatorOctets) return wrongLength(initiatorData, initiatorOctets);
      if (!isReduced(initiatorData.subarray(0, 384 * k))) {
        return { kind: 'invalid', why: 'a coefficient of the encapsulation key is not below q (FIPS 203 §7.2)' };
      }
      const { cipherText, sharedSecret } = kem.encapsulate(initiatorData, random.bytes(32));
      return { kind: 'shared', secret: sharedSecret, data: cipherText };
    },
  };
}

const SETS = {
  512: { kem: ml_kem512, k: 2 },
  768: { kem: ml_kem768, k: 3 },
  1024: { kem: ml_kem1024, k: 4 },
} as const;

const Q = 3329;

/** The modulus check of FIPS 203 §7.2: coefficients of 12 bits, least significant first, two in three octets. */
function isReduced(encoded: Uint8Array): boolean {
  for (let at = 0; at < encoded.length; at += 3) {
    const [low = 0, middle = 0, high = 0] = encoded.subarray(at, at + 3);
    if ((low | ((middle & 0x0f) << 8)) >= Q || ((middle >>> 4) | (high << 4)) >= Q) return false;
  }
  return true;
}
