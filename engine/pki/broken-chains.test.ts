import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../crypto/generate-key.ts';
import { type Certificate, decodeCertificate } from './certificate.ts';
import { encodeCertificate } from './encode-certificate.ts';
import { KeyUsage } from './extension.ts';
import type { GeneralName } from './general-name.ts';
import { type IssueOrder, plannedCertificate, usualScheme } from './issue.ts';
import { Oid } from './oid.ts';
import { describeProblem } from './path-problem.ts';
import { findPath, type PathInput } from './path.ts';
import { STRENGTH_FLOOR } from './strength.ts';
import { CA, dn, dns, END, type Holder, NOW, order, root, seeded, YEAR } from './testing/authority.ts';
import { hasOpenssl, openssl, pem } from './testing/openssl.ts';

/** Below an authority, whether it should be or not. */
function made(ca: Holder, subject: string, more: Partial<IssueOrder> = {}): Holder {
  const random = seeded(`${subject} made`);
  const key = generateKeyPair('ecdsa256', random);
  const life = { notBefore: NOW - YEAR, notAfter: NOW + YEAR };
  const plan = plannedCertificate(order(subject, END, { ...life, ...more }), key.public.spki, random);
  const signer = { name: ca.certificate.subject, key: ca.key, scheme: more.scheme ?? usualScheme(ca.key.public) };
  return { key, certificate: decodeCertificate(encodeCertificate(plan, signer, random)) };
}

const charles = root('CN=Charles CA,O=Lab');
const branch = made(charles, 'CN=Branch,O=Lab', { role: CA });
const alice = made(branch, 'CN=alice,O=Lab', { altNames: [dns('alice.lab')] });

function judged(leaf: Certificate, intermediates: readonly Certificate[], more: Partial<PathInput> = {}) {
  const found = findPath({ leaf, intermediates, anchors: [charles.certificate], at: NOW, ...more });
  return found.kind === 'valid' ? 'valid' : found.problem.kind;
}

/** What `openssl verify` says: 0, or that it refuses. */
function opensslAccepts(leaf: Certificate, intermediates: readonly Certificate[]): boolean {
  const files = {
    'ca.pem': pem('CERTIFICATE', charles.certificate.der),
    'rest.pem': intermediates.map(({ der }) => pem('CERTIFICATE', der)).join(''),
    'leaf.pem': pem('CERTIFICATE', leaf.der),
  };
  const rest = intermediates.length > 0 ? ['-untrusted', 'rest.pem'] : [];
  return openssl(files, 'verify', '-attime', String(NOW), '-CAfile', 'ca.pem', ...rest, 'leaf.pem').status === 0;
}

const constrained = (subject: string, permitted: readonly GeneralName[], excluded: readonly GeneralName[]): Holder =>
  made(charles, subject, { role: { kind: 'ca', pathLength: null, nameConstraints: { permitted, excluded } } });
const email = (text: string): GeneralName => ({ kind: 'email', text });
const uri = (text: string): GeneralName => ({ kind: 'uri', text });
const ip = (...octets: number[]): GeneralName => ({ kind: 'ip', octets: Uint8Array.from(octets) });
const directory = (text: string): GeneralName => ({ kind: 'directory', name: dn(text) });

interface Case {
  readonly what: string;
  readonly verdict: string;
  readonly leaf: Holder;
  readonly above: readonly Holder[];
  /** openssl does not look at that. */
  readonly isOurs?: true;
}

const bold = made(branch, 'CN=bold,O=Lab', { role: { kind: 'end', keyUsage: [], extendedKeyUsage: [] } });
const selfMade = made(alice, 'CN=mallory,O=Lab');
const short = made(charles, 'CN=Short,O=Lab', { role: { kind: 'ca', pathLength: 0, nameConstraints: null } });
const tooDeep = made(short, 'CN=Deeper,O=Lab', { role: CA });
const expiredBranch = made(charles, 'CN=Old Branch,O=Lab', { role: CA, notBefore: NOW - YEAR, notAfter: NOW - 1 });
const otherRoot = root('CN=Charles CA,O=Lab', { notAfter: NOW + 3 * YEAR });
const stranger = root('CN=Stranger CA,O=Elsewhere');

const CASES: readonly Case[] = [
  { what: 'a chain as it should be', verdict: 'valid', leaf: alice, above: [branch] },
  { what: 'a leaf that issues', verdict: 'mayNotSign', leaf: selfMade, above: [alice, branch] },
  {
    what: 'a leaf that issues and may sign anything',
    verdict: 'notCa',
    leaf: made(bold, 'CN=mallory,O=Lab'),
    above: [bold, branch],
  },
  {
    what: 'more CAs than a path length allows',
    verdict: 'pathTooLong',
    leaf: made(tooDeep, 'CN=x,O=Lab'),
    above: [tooDeep, short],
  },
  { what: 'as many as it allows', verdict: 'valid', leaf: made(short, 'CN=x,O=Lab'), above: [short] },
  {
    what: 'an expired leaf',
    verdict: 'expired',
    leaf: made(branch, 'CN=old,O=Lab', { notAfter: NOW - 1 }),
    above: [branch],
  },
  {
    what: 'a leaf whose last second it is',
    verdict: 'valid',
    leaf: made(branch, 'CN=old,O=Lab', { notAfter: NOW }),
    above: [branch],
    isOurs: true, // RFC 5280 §4.1.2.5: notAfter is of the validity; openssl has it end before
  },
  {
    what: 'a leaf of tomorrow',
    verdict: 'notYetValid',
    leaf: made(branch, 'CN=new,O=Lab', { notBefore: NOW + 1 }),
    above: [branch],
  },
  {
    what: 'an expired intermediate',
    verdict: 'expired',
    leaf: made(expiredBranch, 'CN=x,O=Lab'),
    above: [expiredBranch],
  },
  { what: 'an issuer that nobody trusts', verdict: 'noIssuer', leaf: made(stranger, 'CN=x,O=Lab'), above: [stranger] },
  { what: 'an intermediate that is missing', verdict: 'noIssuer', leaf: alice, above: [] },
  {
    what: 'a signature by the key of another',
    verdict: 'badSignature',
    leaf: made({ ...charles, key: stranger.key }, 'CN=x,O=Lab'),
    above: [],
  },
  {
    what: 'a key for key agreement alone',
    verdict: 'keyUsage',
    leaf: made(branch, 'CN=x,O=Lab', {
      role: { kind: 'end', keyUsage: [KeyUsage.keyAgreement], extendedKeyUsage: [] },
    }),
    above: [branch],
    isOurs: true,
  },
  {
    what: 'a key for signatures of another kind',
    verdict: 'valid',
    leaf: made(branch, 'CN=x,O=Lab', {
      role: { kind: 'end', keyUsage: [KeyUsage.nonRepudiation], extendedKeyUsage: [] },
    }),
    above: [branch],
  },
  ...[
    [Oid.KP_SERVER_AUTH, 'extendedKeyUsage'] as const,
    [Oid.KP_IPSEC_IKE, 'valid'] as const,
    [Oid.ANY_EXTENDED_KEY_USAGE, 'valid'] as const,
    [Oid.IKE_INTERMEDIATE, 'valid'] as const,
  ].map(
    ([usage, verdict]): Case => ({
      what: `extendedKeyUsage ${usage}`,
      verdict,
      leaf: made(branch, 'CN=x,O=Lab', { role: { kind: 'end', keyUsage: [0], extendedKeyUsage: [usage] } }),
      above: [branch],
      isOurs: true,
    }),
  ),
  ...constraintCases(),
];

/** Constraints, names below them, and the verdict. */
function constraintCases(): readonly Case[] {
  const permitted = constrained(
    'CN=Permitted,O=Lab',
    [dns('lab'), email('lab'), ip(10, 0, 0, 0, 255, 0, 0, 0), uri('.lab'), directory('O=Lab')],
    [],
  );
  const excluded = constrained(
    'CN=Excluded,O=Lab',
    [],
    [
      dns('evil.lab'),
      email('.evil.lab'),
      email('m@lab'),
      ip(10, 1, 0, 0, 255, 255, 0, 0),
      uri('evil.lab'),
      directory('OU=x,O=Lab'),
    ],
  );
  const table: readonly (readonly [Holder, string, GeneralName, string])[] = [
    [permitted, 'CN=x,O=Lab', dns('alice.lab'), 'valid'],
    [permitted, 'CN=x,O=Lab', dns('LAB'), 'valid'],
    [permitted, 'CN=x,O=Lab', dns('alice.blab'), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', dns('lab.evil'), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', email('a@lab'), 'valid'],
    [permitted, 'CN=x,O=Lab', email('a@b.lab'), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', ip(10, 9, 8, 7), 'valid'],
    [permitted, 'CN=x,O=Lab', ip(11, 0, 0, 1), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', ip(...Array.from({ length: 16 }, () => 10)), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', uri('http://www.lab/a'), 'valid'],
    [permitted, 'CN=x,O=Lab', uri('http://lab.evil/www.lab'), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', uri('http://10.0.0.1/'), 'nameConstraint'],
    [permitted, 'CN=x,O=Lab', uri('urn:lab'), 'nameConstraint'],
    [permitted, 'CN=x,O=Elsewhere', dns('alice.lab'), 'nameConstraint'],
    [permitted, 'CN=x+emailAddress=a@evil,O=Lab', dns('alice.lab'), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', dns('alice.lab'), 'valid'],
    [excluded, 'CN=x,O=Lab', dns('evil.lab'), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', dns('very.EVIL.lab'), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', email('a@evil.lab'), 'valid'],
    [excluded, 'CN=x,O=Lab', email('a@b.evil.lab'), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', email('m@LAB'), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', ip(10, 1, 2, 3), 'nameConstraint'],
    [excluded, 'CN=x,O=Lab', ip(10, 2, 2, 3), 'valid'],
    [excluded, 'CN=x,O=Lab', uri('https://evil.lab:8443/'), 'nameConstraint'],
    [excluded, 'CN=y,OU=x,O=Lab', dns('alice.lab'), 'nameConstraint'],
    [excluded, 'CN=y,OU=X ,O=LAB', dns('alice.lab'), 'nameConstraint'],
  ];
  return table.map(([ca, subject, name, verdict]) => ({
    what: `${subject} with ${JSON.stringify(name)} under ${ca === permitted ? 'permitted' : 'excluded'}`,
    verdict,
    leaf: made(ca, subject, { altNames: [name] }),
    above: [ca],
  }));
}

test.each(CASES)('$what: $verdict', ({ leaf, above, verdict }) => {
  const chain = above.map(({ certificate }) => certificate);
  expect(judged(leaf.certificate, chain)).toBe(verdict);
  // What else stands beside it, and in which order, changes nothing.
  const noise = [
    stranger.certificate,
    leaf.certificate,
    ...chain.toReversed(),
    otherRoot.certificate,
    branch.certificate,
  ];
  expect(verdict === 'noIssuer' ? verdict : judged(leaf.certificate, noise)).toBe(verdict);
});

test.each(CASES.filter(({ verdict }) => verdict !== 'valid'))('$what is told in a sentence', ({ leaf, above }) => {
  const intermediates = above.map(({ certificate }) => certificate);
  const found = findPath({ leaf: leaf.certificate, intermediates, anchors: [charles.certificate], at: NOW });
  const sentence = found.kind === 'invalid' ? describeProblem(found.problem) : 'valid';
  expect(sentence).toMatch(/^[^\p{Cc}]{20,200}$/u);
  expect(sentence).not.toMatch(/undefined|null|\[object/);
});

test.skipIf(!hasOpenssl)('openssl judges them alike (needs openssl: apt-get install openssl)', () => {
  const differing = CASES.filter(({ isOurs }) => isOurs !== true).flatMap(({ what, verdict, leaf, above }) => {
    const accepts = opensslAccepts(
      leaf.certificate,
      above.map(({ certificate }) => certificate),
    );
    return accepts === (verdict === 'valid') ? [] : [`${what}: openssl ${accepts ? 'accepts' : 'refuses'} it`];
  });
  expect(differing).toEqual([]);
});

describe('strength', () => {
  const sha1 = made(charles, 'CN=x,O=Lab', { scheme: { kind: 'ecdsa', hash: 'sha1' } });

  test('SHA-1 is refused, unless somebody has to live with it', () => {
    expect(judged(sha1.certificate, [])).toBe('weakSignature');
    expect(judged(sha1.certificate, [], { floor: { ...STRENGTH_FLOOR, allowsSha1: true } })).toBe('valid');
  });

  test('a key below the floor is refused wherever it stands', () => {
    expect(judged(alice.certificate, [branch.certificate], { floor: { ...STRENGTH_FLOOR, ecdsaBits: 384 } })).toBe(
      'weakKey',
    );
  });
});

describe('what is trusted as it is', () => {
  const own = root('CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US', { role: END });

  test('is trusted octet by octet', () => {
    expect(judged(own.certificate, [], { anchors: [], trusted: [own.certificate] })).toBe('valid');
    expect(judged(own.certificate, [], { anchors: [], trusted: [alice.certificate] })).toBe('noIssuer');
  });

  test('while it is valid', () => {
    expect(judged(own.certificate, [], { anchors: [], trusted: [own.certificate], at: NOW + 20 * YEAR })).toBe(
      'expired',
    );
  });

  test('but is no anchor of others, nor of itself', () => {
    const under = made(own, 'CN=x,O=AliceTech Inc.,C=US');
    expect(judged(under.certificate, [], { anchors: [], trusted: [own.certificate] })).toBe('noIssuer');
    expect(judged(own.certificate, [], { anchors: [own.certificate] })).toBe('mayNotSign');
  });
});

/** A certificate of a key that has one already, by another authority. */
function cross(of: Holder, by: Holder, subject: string): Certificate {
  const random = seeded(`${subject} cross`);
  const life = { notBefore: NOW - YEAR, notAfter: NOW + YEAR };
  const plan = plannedCertificate(order(subject, CA, life), of.key.public.spki, random);
  return decodeCertificate(
    encodeCertificate(plan, { name: by.certificate.subject, key: by.key, scheme: usualScheme(by.key.public) }, random),
  );
}

describe('circles and crowds', () => {
  const [a, b] = [root('CN=A,O=Lab'), root('CN=B,O=Lab')];
  const leaf = made(a, 'CN=x,O=Lab').certificate;

  test('a cross certificate leads to another anchor', () => {
    expect(judged(leaf, [cross(a, charles, 'CN=A,O=Lab')])).toBe('valid');
  });

  test('two that certify each other lead nowhere', () => {
    expect(judged(leaf, [cross(a, b, 'CN=A,O=Lab'), cross(b, a, 'CN=B,O=Lab')])).toBe('noIssuer');
  });

  test('many issuers of one name are tried so often and not more', () => {
    const crowd = Array.from(
      { length: 60 },
      (_, i) => made({ ...a, key: b.key }, `CN=A,O=Lab`, { role: CA, notAfter: NOW + YEAR + i }).certificate,
    );
    const limits = { depth: 8, intermediates: 64, verifications: 20 };
    expect(judged(leaf, crowd, { limits })).toBe('tooManyTries');
  });

  test('a chain ends somewhere', () => {
    let last = charles;
    const chain: Certificate[] = [];
    for (let depth = 0; depth < 10; depth++) {
      last = made(last, `CN=Level ${depth},O=Lab`, { role: CA });
      chain.push(last.certificate);
    }
    expect(judged(made(last, 'CN=x,O=Lab').certificate, chain)).toBe('tooDeep');
  });
});
