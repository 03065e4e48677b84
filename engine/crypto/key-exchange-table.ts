import { getCurves } from 'node:crypto';
import { type DialectNames, type Requirement, speaksAgainst } from './algorithm-entry.ts';
import { diffieHellman, type KeyExchangeSteps } from './diffie-hellman.ts';
import { type EcpCurve, ecpGroup } from './ecp.ts';
import type { KeyExchangeMethod } from './key-exchange.ts';
import { mlKem } from './ml-kem.ts';
import { type ModpNumber, modpGroup } from './modp.ts';
import { montgomeryGroup } from './montgomery.ts';

/** By its part of a proposal's text, such as `modp2048` or `mlkem768`; null: there is none. Check `unavailable` before use. */
export function keyExchange(token: string): KeyExchangeMethod | null {
  return BY_TOKEN.get(token) ?? null;
}

/** IKEv2 Transform Type 4. */
export function keyExchangeNumbered(ianaId: number): KeyExchangeMethod | null {
  return BY_NUMBER.get(ianaId) ?? null;
}

/** All of them, the strongest habits first; those that are legacy, refused or not to be had too. */
export function keyExchanges(): readonly KeyExchangeMethod[] {
  return ALL;
}

const RFC8247 = 'RFC 8247 §2.4';
const CURVES = new Set(getCurves());

type Given = Pick<KeyExchangeMethod, 'ianaId' | 'name' | 'token' | 'kind' | 'requirement' | 'unavailable'> & {
  readonly names?: Partial<DialectNames>;
  /** Of the secret. */
  readonly keyOctets: number;
};

function entry(given: Given, steps: KeyExchangeSteps): KeyExchangeMethod {
  const none = { solaris: [], kame: [], wireshark: [], scapy: [] };
  return {
    ...given,
    ...steps,
    names: { ...none, strongswan: [given.token], ...given.names },
    legacy: speaksAgainst(given.requirement),
  };
}

const ALL: readonly KeyExchangeMethod[] = [
  entry(
    { ...shape(31, 'Curve25519', 'x25519', 'curve', 32), names: { strongswan: ['curve25519', 'x25519'] } },
    diffieHellman(montgomeryGroup('x25519')),
  ),
  ecp(19, '256-bit random ECP group', 'ecp256', 256, 'prime256v1', should()),
  ecp(20, '384-bit random ECP group', 'ecp384', 384, 'secp384r1', null),
  ecp(21, '521-bit random ECP group', 'ecp521', 521, 'secp521r1', null),
  entry(
    { ...shape(32, 'Curve448', 'x448', 'curve', 56), names: { strongswan: ['curve448', 'x448'] } },
    diffieHellman(montgomeryGroup('x448')),
  ),
  modp(14, 2048, 40, { level: 'MUST', source: RFC8247 }),
  modp(15, 3072, 53, null),
  modp(16, 4096, 60, null),
  modp(17, 6144, 68, null),
  modp(18, 8192, 78, null),
  kem(36, 768),
  kem(37, 1024),
  kem(35, 512),
  ecp(28, 'brainpoolP256r1', 'ecp256bp', 256, 'brainpoolP256r1', null),
  ecp(29, 'brainpoolP384r1', 'ecp384bp', 384, 'brainpoolP384r1', null),
  ecp(30, 'brainpoolP512r1', 'ecp512bp', 512, 'brainpoolP512r1', null),
  ecp(26, '224-bit random ECP group', 'ecp224', 224, 'secp224r1', null),
  ecp(27, 'brainpoolP224r1', 'ecp224bp', 224, 'brainpoolP224r1', null),
  modp(5, 1536, 32, { level: 'SHOULD NOT', source: RFC8247 }),
  modp(2, 1024, 32, { level: 'SHOULD NOT', source: RFC8247 }),
  modp(1, 768, 32, { level: 'MUST NOT', source: RFC8247 }),
  // Less than 112 bits of strength.
  ecp(25, '192-bit random ECP group', 'ecp192', 192, 'prime192v1', {
    level: 'SHOULD NOT',
    source: 'NIST SP 800-131A §4',
  }),
  subgroup(22, 1024, 160, { level: 'MUST NOT', source: RFC8247 }),
  subgroup(23, 2048, 224, { level: 'SHOULD NOT', source: RFC8247 }),
  subgroup(24, 2048, 256, { level: 'SHOULD NOT', source: RFC8247 }),
];

const BY_TOKEN: ReadonlyMap<string, KeyExchangeMethod> = new Map(ALL.map(one => [one.token, one]));
const BY_NUMBER: ReadonlyMap<number, KeyExchangeMethod> = new Map(ALL.map(one => [one.ianaId, one]));

function should(): Requirement {
  return { level: 'SHOULD', source: RFC8247 };
}

function shape(ianaId: number, name: string, token: string, kind: Given['kind'], keyOctets: number): Given {
  return { ianaId, name, token, kind, keyOctets, requirement: null, unavailable: null };
}

/** RFC 2409 §6, RFC 3526. */
function modp(
  number: ModpNumber,
  bits: number,
  exponentOctets: number,
  requirement: Requirement | null,
): KeyExchangeMethod {
  const names = { solaris: [String(number)], kame: [`modp${bits}`, String(number)] };
  return entry(
    { ...shape(number, `${bits}-bit MODP Group`, `modp${bits}`, 'modp', bits / 8), names, requirement },
    diffieHellman(modpGroup(number, bits / 8, exponentOctets)),
  );
}

/** RFC 5903 (P-192 and P-224: RFC 5114 §2.4 and §2.5), RFC 6954. */
function ecp(
  ianaId: number,
  name: string,
  token: string,
  bits: number,
  curve: EcpCurve,
  requirement: Requirement | null,
): KeyExchangeMethod {
  const octets = Math.ceil(bits / 8);
  const unavailable = CURVES.has(curve) ? null : `the OpenSSL of this Node has no ${curve}`;
  return entry(
    { ...shape(ianaId, name, token, 'ecp', octets), requirement, unavailable },
    diffieHellman(ecpGroup(curve, octets)),
  );
}

function kem(ianaId: number, parameters: 512 | 768 | 1024): KeyExchangeMethod {
  return entry(shape(ianaId, `ML-KEM-${parameters}`, `mlkem${parameters}`, 'kem', 32), mlKem(parameters));
}

/** RFC 5114 §2.1 to §2.3. Nobody has shown how the primes were chosen: they are known here to be refused by name. */
function subgroup(ianaId: number, bits: number, orderBits: number, requirement: Requirement): KeyExchangeMethod {
  const unavailable = 'refused: its prime may hide a trapdoor, and it has small subgroups (RFC 8247 §2.4)';
  const refuse = () => {
    throw new Error(`group ${ianaId} is refused`);
  };
  const name = `${bits}-bit MODP Group with ${orderBits}-bit Prime Order Subgroup`;
  return entry(
    { ...shape(ianaId, name, `modp${bits}s${orderBits}`, 'modp', bits / 8), requirement, unavailable },
    { initiatorOctets: bits / 8, responderOctets: bits / 8, begin: refuse, respond: refuse },
  );
}
