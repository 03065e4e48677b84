import type { SignatureScheme } from './signature.ts';

/** By its token: `rsa-sha256`, `rsa-pss-sha384`, `ecdsa-sha512`, `ed25519`; null: there is none. */
export function scheme(token: string): SignatureScheme | null {
  return BY_TOKEN.get(token) ?? null;
}

export function schemeToken(scheme: SignatureScheme): string {
  if (!('hash' in scheme)) return scheme.kind;
  return `${scheme.kind === 'rsa-pkcs1' ? 'rsa' : scheme.kind}-${scheme.hash}`;
}

/** All of them, the strongest habits first; those with SHA-1 last. */
export function schemes(): readonly SignatureScheme[] {
  return ALL;
}

/** SHA-1: MUST NOT be used, RFC 8247 §3.2. */
export function isLegacyScheme(scheme: SignatureScheme): boolean {
  return 'hash' in scheme && scheme.hash === 'sha1';
}

/** The AlgorithmIdentifier (DER) of a scheme, RFC 7427 appendix A, RFC 8420 appendix A; the caller owns it. */
export function algorithmIdentifier(scheme: SignatureScheme): Uint8Array {
  const [preferred] = identifiersOf(scheme);
  if (preferred === undefined) throw new Error(`no identifier of ${schemeToken(scheme)}`);
  return Uint8Array.from(Buffer.from(preferred, 'hex'));
}

/**
 * What an AlgorithmIdentifier means, octet by octet; null: unknown, of other parameters (a salt of another length than the
 * hash, two hashes), or with something behind it.
 */
export function schemeOf(algorithmIdentifierDer: Uint8Array): SignatureScheme | null {
  return byIdentifier().get(Buffer.from(algorithmIdentifierDer).toString('hex')) ?? null;
}

type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const STRONG = ['sha256', 'sha384', 'sha512'] as const;

const ALL: readonly SignatureScheme[] = [
  { kind: 'ed25519' },
  { kind: 'ed448' },
  ...STRONG.map(hash => ({ kind: 'ecdsa', hash }) as const),
  ...STRONG.map(hash => ({ kind: 'rsa-pss', hash }) as const),
  ...STRONG.map(hash => ({ kind: 'rsa-pkcs1', hash }) as const),
  { kind: 'ecdsa', hash: 'sha1' },
  { kind: 'rsa-pss', hash: 'sha1' },
  { kind: 'rsa-pkcs1', hash: 'sha1' },
];

const BY_TOKEN: ReadonlyMap<string, SignatureScheme> = new Map(ALL.map(one => [schemeToken(one), one]));

let identifiers: ReadonlyMap<string, SignatureScheme> | null = null;

function byIdentifier(): ReadonlyMap<string, SignatureScheme> {
  identifiers ??= new Map(ALL.flatMap(one => identifiersOf(one).map(hex => [hex, one] as const)));
  return identifiers;
}

/** Hexadecimal, the one that we write first. */
function identifiersOf(scheme: SignatureScheme): readonly string[] {
  switch (scheme.kind) {
    case 'rsa-pkcs1': {
      const oid = `06092a864886f70d0101${{ sha1: '05', sha256: '0b', sha384: '0c', sha512: '0d' }[scheme.hash]}`;
      return [sequence(oid, NULL), sequence(oid)]; // absent parameters MUST be accepted, RFC 4055 §5
    }
    case 'rsa-pss':
      return pssIdentifiers(scheme.hash);
    case 'ecdsa':
      return [sequence(scheme.hash === 'sha1' ? '06072a8648ce3d0401' : ECDSA_WITH_SHA2[scheme.hash])];
    case 'ed25519':
      return [sequence('06032b6570')];
    case 'ed448':
      return [sequence('06032b6571')];
  }
}

const NULL = '0500';
const ID_RSASSA_PSS = '06092a864886f70d01010a';
const ID_MGF1 = '06092a864886f70d010108';
const TRAILER_FIELD = tlv('a3', '020101');
const ECDSA_WITH_SHA2 = {
  sha256: '06082a8648ce3d040302',
  sha384: '06082a8648ce3d040303',
  sha512: '06082a8648ce3d040304',
} as const;
const HASHES: Readonly<Record<Hash, { readonly oid: string; readonly octets: number }>> = {
  sha1: { oid: '06052b0e03021a', octets: 20 },
  sha256: { oid: '0609608648016503040201', octets: 32 },
  sha384: { oid: '0609608648016503040202', octets: 48 },
  sha512: { oid: '0609608648016503040203', octets: 64 },
};

/**
 * RFC 4055 §3.1: parameters of a hash MUST be accepted as NULL and absent, and the trailer, whose only value is its default,
 * stands in the examples of RFC 7427 §A.4. All values of SHA-1 are defaults, and may be left out together.
 */
function pssIdentifiers(hash: Hash): string[] {
  const { oid, octets } = HASHES[hash];
  const ways = [sequence(oid, NULL), sequence(oid)];
  const salt = tlv('a2', tlv('02', octets.toString(16).padStart(2, '0')));
  const spelledOut = ways.flatMap(outer =>
    ways.flatMap(inner =>
      ['', TRAILER_FIELD].map(trailer =>
        sequence(ID_RSASSA_PSS, sequence(tlv('a0', outer), tlv('a1', sequence(ID_MGF1, inner)), salt, trailer)),
      ),
    ),
  );
  return hash === 'sha1' ? [sequence(ID_RSASSA_PSS, sequence()), ...spelledOut] : spelledOut;
}

function sequence(...parts: readonly string[]): string {
  return tlv('30', parts.join(''));
}

/** Of less than 128 octets. */
function tlv(tag: string, content: string): string {
  return tag + (content.length / 2).toString(16).padStart(2, '0') + content;
}
