import { generateKeyPair } from '../../../engine/crypto/generate-key.ts';
import type { KeyKind, PrivateKey } from '../../../engine/crypto/signature.ts';
import type { CredentialsConfig } from '../../../engine/ike/config.ts';
import { createSeeded } from '../../../engine/ipsec/testing/seeded.ts';
import { type Issued, issueCertificate, issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../../engine/pki/name-text.ts';

/** Keys and certificates of all gateways that a swarm can have: made once, the same in every run. */

/** 2026-01-01T00:00:00Z: where the clocks begin. Certificates are valid before and after: clocks are wrong. */
export const EPOCH_SECONDS = 1_767_225_600;
const YEAR_SECONDS = 365 * 86_400;
export const AUTHORITY = 'authority';
const KINDS: readonly KeyKind[] = ['ed25519', 'ecdsa256', 'ed25519', 'ecdsa256'];
/** IKEv1 signs by RSA. */
const V1_KINDS: readonly KeyKind[] = ['rsa2048', 'rsa2048', 'rsa2048', 'rsa2048'];

/** Which of `CredentialsConfig.keys` a gateway proves itself by. */
export const KEY_OF = { certificate: 0, 'self-signed': 1, raw: 2 } as const;
/** Of those of IKEv1. */
export const V1_KEY_OF = { certificate: 0, 'self-signed': 1, raw: 1 } as const;

export const identityOf = (gateway: number): string => `g${gateway}.lab`;

let made: readonly CredentialsConfig[] | null = null;
let madeForV1: readonly CredentialsConfig[] | null = null;

/** Of one gateway: its own keys, and what it knows of all others. */
export function credentialsOf(gateway: number): CredentialsConfig {
  made ??= makeAll(KINDS);
  return of(made, gateway);
}

/** The same with keys that IKEv1 can sign by. */
export function v1CredentialsOf(gateway: number): CredentialsConfig {
  madeForV1 ??= makeAll(V1_KINDS);
  return of(madeForV1, gateway);
}

function of(all: readonly CredentialsConfig[], gateway: number): CredentialsConfig {
  const own = all[gateway];
  if (own === undefined) throw new Error(`there are no credentials for gateway ${gateway}`);
  return own;
}

function makeAll(kinds: readonly KeyKind[]): CredentialsConfig[] {
  const random = createSeeded('swarm credentials');
  const caKey = generateKeyPair('ecdsa256', random);
  const life = { notBefore: EPOCH_SECONDS - YEAR_SECONDS, notAfter: EPOCH_SECONDS + 5 * YEAR_SECONDS };
  const role = { kind: 'ca', pathLength: null, nameConstraints: null } as const;
  const ca = issued(issueSelfSigned({ ...PLAIN_ORDER, ...life, subject: name('CN=Swarm CA'), role }, caKey, random));
  const gateways = kinds.map((kind, index) => {
    const order = {
      ...PLAIN_ORDER,
      notBefore: life.notBefore,
      notAfter: life.notAfter - 1,
      subject: name(`CN=${identityOf(index)}, O=Swarm`),
      altNames: [{ kind: 'dns', text: identityOf(index) }] as const,
      role: PLAIN_END,
    };
    const [key, ownKey, rawKey] = [kind, kind, kind].map(each => generateKeyPair(each, random)) as [
      PrivateKey,
      PrivateKey,
      PrivateKey,
    ];
    const authority = { certificate: ca, key: caKey };
    return {
      key,
      ownKey,
      rawKey,
      certificate: issued(issueCertificate(order, key.public.spki, authority, random)).der,
      selfSigned: issued(issueSelfSigned(order, ownKey, random)).der,
    };
  });
  return gateways.map(({ key, ownKey, rawKey, certificate, selfSigned }) => ({
    keys: [
      { pkcs8: hex(key.pkcs8), chain: [hex(certificate)] },
      { pkcs8: hex(ownKey.pkcs8), chain: [hex(selfSigned)] },
      { pkcs8: hex(rawKey.pkcs8), chain: [] },
    ],
    anchors: [{ name: AUTHORITY, certificate: hex(ca.der) }],
    peers: gateways.map(other => hex(other.selfSigned)),
    rawKeys: gateways.map((other, index) => ({ identity: identityOf(index), spki: hex(other.rawKey.public.spki) })),
    crls: [],
  }));
}

function name(text: string): Uint8Array {
  const octets = parseDistinguishedName(text);
  if (octets === null) throw new Error(`${text} is no name`);
  return octets;
}

function issued(result: Issued) {
  if (result.kind === 'refused') throw new Error(result.why);
  return result.certificate;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
