import { PAIR_CHILD, type PairPlan } from '../ike-pair-config.ts';
import type { IkePair } from '../ike-pair.ts';

/** One file of suites/vectors: how two daemons are set up, and what they do once they are connected. */
export interface TranscriptPlan {
  readonly name: string;
  readonly title: string;
  readonly pair: PairPlan;
  readonly afterwards?: (pair: IkePair) => void;
}

const SETTLE_MS = 20_000;

/** The initiator rekeys the child, then the IKE SA; the responder deletes it. */
function rekeyAndDelete(pair: IkePair): void {
  pair.command('initiator', { kind: 'rekey', child: PAIR_CHILD });
  pair.settle(SETTLE_MS);
  pair.command('initiator', { kind: 'rekey', ike: 'responder' });
  pair.settle(SETTLE_MS);
  pair.command('responder', { kind: 'terminate', ike: 'initiator' });
  pair.settle(SETTLE_MS);
}

/** Both AEADs and separate algorithms, each kind of key exchange, each way to authenticate, what has more than two exchanges. */
export const TRANSCRIPT_PLANS: readonly TranscriptPlan[] = [
  {
    name: 'psk-x25519-aes256gcm16',
    title: 'A shared secret; rekeying of the child without, of the IKE SA with a key exchange; Delete',
    pair: { ike: 'aes256gcm16-prfsha384-x25519', esp: 'aes256gcm16', authentication: 'psk' },
    afterwards: rekeyAndDelete,
  },
  {
    name: 'psk-modp2048-aes128-sha256',
    title: 'What everybody has: MODP 2048, AES-CBC and HMAC; rekeying with perfect forward secrecy; Delete',
    pair: { ike: 'aes128-sha256-modp2048', esp: 'aes128-sha256-modp2048', authentication: 'psk' },
    afterwards: rekeyAndDelete,
  },
  {
    name: 'psk-ecp521-aes256ctr-sha512',
    title: 'AES in counter mode, RFC 5930',
    pair: { ike: 'aes256ctr-sha512-ecp521', esp: 'aes256-sha512', authentication: 'psk' },
  },
  {
    name: 'psk-ecp256-aes128ccm8-prfaesxcbc',
    title: 'AES-CCM with a short ICV, and a PRF that takes 64 bits of each nonce, RFC 4434',
    pair: { ike: 'aes128ccm8-prfaesxcbc-ecp256', esp: 'aes128ccm8', authentication: 'psk' },
  },
  {
    name: 'psk-ecp384bp-aes192-aesxcbc-prfaescmac',
    title: 'Brainpool, AES-XCBC-MAC-96 and AES-CMAC-PRF-128',
    pair: { ike: 'aes192-aesxcbc-prfaescmac-ecp384bp', esp: 'aes192-aesxcbc', authentication: 'psk' },
  },
  {
    name: 'psk-x448-chacha20poly1305',
    title: 'ChaCha20-Poly1305, RFC 7634, and Curve448',
    pair: { ike: 'chacha20poly1305-prfsha512-x448', esp: 'chacha20poly1305', authentication: 'psk' },
  },
  {
    name: 'rsa3072-modp3072-aes256-sha384',
    title: 'RSASSA-PSS with self-signed certificates, RFC 7427',
    pair: {
      ike: 'aes256-sha384-modp3072',
      esp: 'aes256-sha384',
      authentication: { key: 'rsa3072', sends: 'certificate' },
      connection: { fragmentation: 'no' },
    },
  },
  {
    name: 'rsa2048-fragments-aes128gcm16',
    title: 'IKE_AUTH in fragments, RFC 7383',
    pair: {
      ike: 'aes128gcm16-prfsha256-ecp256',
      esp: 'aes128gcm16',
      authentication: { key: 'rsa2048', sends: 'certificate' },
      connection: { fragmentation: 'yes' },
    },
  },
  {
    name: 'ecdsa384-ecp384-aes256gcm16',
    title: 'ECDSA by RFC 6979, certificates',
    pair: {
      ike: 'aes256gcm16-prfsha384-ecp384',
      esp: 'aes256gcm16',
      authentication: { key: 'ecdsa384', sends: 'certificate' },
    },
  },
  {
    name: 'ed25519-raw-x25519-aes128gcm16',
    title: 'Ed25519, RFC 8420, and raw public keys, RFC 7670',
    pair: {
      ike: 'aes128gcm16-prfsha256-x25519',
      esp: 'aes128gcm16',
      authentication: { key: 'ed25519', sends: 'raw' },
    },
  },
  {
    name: 'psk-x25519-mlkem768',
    title: 'A hybrid: ML-KEM-768 in IKE_INTERMEDIATE, RFC 9242 and RFC 9370',
    pair: { ike: 'aes256gcm16-prfsha384-x25519-ke1_mlkem768', esp: 'aes256gcm16', authentication: 'psk' },
  },
  {
    name: 'psk-cookie-invalid-ke',
    title: 'COOKIE, and INVALID_KE_PAYLOAD: the initiator guesses X25519, the responder wants ECP 256',
    pair: {
      ike: 'aes256gcm16-prfsha256-ecp256',
      initiatorIke: 'aes256gcm16-prfsha256-x25519-ecp256',
      esp: 'aes256gcm16',
      authentication: 'psk',
      responderLimits: { cookiesFrom: 0 },
    },
  },
];
