import {
  createDiffieHellman,
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  type KeyObject,
} from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

/**
 * Key exchange as the tester does it, apart from the engine's: RFC 2409 and RFC 3526 (MODP), RFC 5903 and RFC 6954 (ECP), RFC 8031
 * (x25519) and ML-KEM-768. `secret` is 64 octets that make everything reproducible.
 */
export interface TesterKeyExchange {
  /** Transform Type 4 identifier. */
  readonly group: number;
  begin(secret: Uint8Array): { readonly data: Uint8Array; finish(answer: Uint8Array): Uint8Array };
  respond(offer: Uint8Array, secret: Uint8Array): { readonly data: Uint8Array; readonly shared: Uint8Array };
}

/** By token; throws for one that the tester does not have. */
export function keyExchange(token: string): TesterKeyExchange {
  const found = METHODS[token];
  if (found === undefined) throw new Error(`the tester has no key exchange ${token}`);
  return found;
}

/** Both halves do the same. */
function symmetric(
  group: number,
  publicOf: (secret: Uint8Array) => Uint8Array,
  agree: (secret: Uint8Array, peer: Uint8Array) => Uint8Array,
): TesterKeyExchange {
  return {
    group,
    begin: secret => ({ data: publicOf(secret), finish: answer => agree(secret, answer) }),
    respond: (offer, secret) => ({ data: publicOf(secret), shared: agree(secret, offer) }),
  };
}

/** A group of RFC 3526; `name` as node:crypto has it. */
function modp(group: number, name: string): TesterKeyExchange {
  const prime = getDiffieHellman(name).getPrime();
  const half = (secret: Uint8Array) => {
    const own = createDiffieHellman(prime, 2);
    own.setPrivateKey(secret.subarray(0, 32));
    return own;
  };
  return symmetric(
    group,
    secret => padded(half(secret).generateKeys(), prime.length),
    (secret, peer) => padded(half(secret).computeSecret(peer), prime.length),
  );
}

/** To the length of the modulus, RFC 7296 §3.4. */
const padded = (value: Uint8Array, octets: number): Uint8Array =>
  Buffer.concat([new Uint8Array(octets - value.length), value]);

function ecp(group: number, curve: string, octets: number, mask = 0xff): TesterKeyExchange {
  const half = (secret: Uint8Array) => {
    const own = createECDH(curve);
    own.setPrivateKey(scalar(secret, octets, mask));
    return own;
  };
  return symmetric(
    group,
    secret => half(secret).getPublicKey().subarray(1),
    (secret, peer) => half(secret).computeSecret(Buffer.concat([Uint8Array.of(4), peer])),
  );
}

/** `mask`: of the first octet, where the order of the curve asks for less. */
function scalar(secret: Uint8Array, octets: number, mask: number): Uint8Array {
  const own = new Uint8Array(octets);
  own.set(secret.subarray(0, octets));
  own[0] = (secret[0] ?? 0) & mask;
  return own;
}

function x25519(): TesterKeyExchange {
  return symmetric(
    31,
    secret => createPublicKey(x25519Private(secret)).export({ format: 'der', type: 'spki' }).subarray(-32),
    (secret, peer) => diffieHellman({ privateKey: x25519Private(secret), publicKey: x25519Public(peer) }),
  );
}

/** In PKCS#8 and SubjectPublicKeyInfo, RFC 8410 §4 and §7. */
function x25519Private(secret: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret.subarray(0, 32)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function x25519Public(data: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), data]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

const mlKem768: TesterKeyExchange = {
  group: 36,
  begin: secret => {
    const { publicKey, secretKey } = ml_kem768.keygen(secret.slice(0, 64));
    return { data: publicKey, finish: answer => ml_kem768.decapsulate(answer, secretKey) };
  },
  respond: (offer, secret) => {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(offer, secret.slice(0, 32));
    return { data: cipherText, shared: sharedSecret };
  },
};

const METHODS: Readonly<Record<string, TesterKeyExchange>> = {
  modp768: modp(1, 'modp1'),
  modp1024: modp(2, 'modp2'),
  modp1536: modp(5, 'modp5'),
  modp2048: modp(14, 'modp14'),
  modp3072: modp(15, 'modp15'),
  modp4096: modp(16, 'modp16'),
  ecp256: ecp(19, 'prime256v1', 32),
  ecp384: ecp(20, 'secp384r1', 48),
  ecp521: ecp(21, 'secp521r1', 66, 0),
  ecp256bp: ecp(28, 'brainpoolP256r1', 32, 0x7f),
  ecp384bp: ecp(29, 'brainpoolP384r1', 48, 0x7f),
  x25519: x25519(),
  mlkem768: mlKem768,
};
