import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { scheme } from '../crypto/signature-scheme.ts';
import { type Certificate, decodeCertificate, parseCertificate } from './certificate.ts';
import { der, derBitString } from '../wire/der-writer.ts';
import { encodeCertificate } from './encode-certificate.ts';
import { plannedCertificate, usualScheme } from './issue.ts';
import { findPath } from './path.ts';
import type { RevocationPolicy } from './revocation.ts';
import { below, CA, dns, END, type Holder, NOW, order, root, seeded, YEAR } from './testing/authority.ts';
import { validatePath } from './validate.ts';
import { VerifiedSignatures } from './verified-signatures.ts';
import { resigned } from './testing/resign.ts';

const rsaCa = root('CN=RSA CA,O=Lab', {}, 'rsa2048');
const rsaLeaf = below(rsaCa, 'CN=alice,O=Lab').certificate;
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const hex = (text: string) => Buffer.from(text, 'hex');

function judged(leaf: Certificate, anchor: Certificate, verified?: VerifiedSignatures): string {
  const found = findPath({
    leaf,
    intermediates: [],
    anchors: [anchor],
    at: NOW,
    ...(verified === undefined ? {} : { verified }),
  });
  return found.kind === 'valid' ? 'valid' : found.problem.kind;
}

const altered = (i: number) =>
  resigned(rsaLeaf, tbs => Buffer.concat([sha256(tbs), Buffer.alloc(220), Buffer.from([i >> 8, i, 0, 0])]));

describe('24: what a stranger varies is not remembered', () => {
  const verified = new VerifiedSignatures(100);

  test('an algorithm that differs outside is no certificate at all', () => {
    const outside =
      scheme('rsa-pss-sha256') === null
        ? hex('')
        : below(rsaCa, 'CN=x', { scheme: scheme('rsa-pss-sha256') }).certificate.signatureAlgorithm;
    const { tbs, signature } = rsaLeaf;
    expect(parseCertificate(der(0x30, tbs, outside, derBitString(signature)))).toBeNull();
    expect(parseCertificate(der(0x30, tbs, hex('300b06092a864886f70d01010b'), derBitString(signature)))).toBeNull();
  });

  test('signatures that are bad leave nothing, good ones one entry each', () => {
    for (let i = 0; i < 300; i++) expect(judged(altered(i), rsaCa.certificate, verified)).toBe('badSignature');
    expect(verified.size).toBe(0);
    for (let i = 0; i < 3; i++) expect(judged(rsaLeaf, rsaCa.certificate, verified)).toBe('valid');
    expect(verified.size).toBe(1);
  });

  test('and those are bounded', () => {
    for (let i = 0; i < 250; i++) expect(verified.isGood([Uint8Array.of(i)], () => true)).toBe(true);
    expect(verified.size).toBe(100);
    expect(verified.isGood([Uint8Array.of(249)], () => false)).toBe(true);
    expect(verified.isGood([Uint8Array.of(0)], () => false)).toBe(false);
  });
});

describe('25: nobody is called on the word of a stranger', () => {
  const ca = root('CN=CA,O=Lab');
  const stranger = root('CN=Stranger,O=Lab');
  const calls = { crlUris: ['http://attacker/crl'], ocspUris: ['http://attacker/ocsp'] };
  const fetchesFor = (
    leaf: Certificate,
    intermediates: readonly Certificate[] = [],
    policy: RevocationPolicy = 'strict',
  ) => {
    const revocation = { policy, crls: [], nonce: null, fetched: () => undefined };
    const result = validatePath({ leaf, intermediates, anchors: [ca.certificate], at: NOW, revocation });
    return result.kind === 'undecided' ? result.fetches.map(({ url }) => url) : result.kind;
  };
  const plan = (holder: Holder, subject: string, more: object) => {
    const random = seeded(subject);
    const encoded = encodeCertificate(
      plannedCertificate(order(subject, END, { ...calls, ...more }), alicesKey, random),
      { name: holder.certificate.subject, key: holder.key, scheme: usualScheme(holder.key.public) },
      random,
    );
    return decodeCertificate(encoded);
  };
  const alicesKey = below(ca, 'CN=alice,O=Lab').key.public.spki;

  test('of a certificate that nobody trusted has issued, nothing is fetched', () => {
    expect(fetchesFor(plan(stranger, 'CN=x', {}))).toBe('invalid');
    expect(fetchesFor(plan(stranger, 'CN=x', {}), [stranger.certificate])).toBe('invalid');
    expect(fetchesFor(plan({ ...ca, key: stranger.key }, 'CN=x', {}))).toBe('invalid');
  });

  test('nor of one that is not valid for another reason', () => {
    expect(fetchesFor(plan(ca, 'CN=x', { notBefore: NOW - YEAR, notAfter: NOW - 1 }))).toBe('invalid');
    expect(fetchesFor(plan(ca, 'CN=x', { role: { kind: 'end', keyUsage: [4], extendedKeyUsage: [] } }))).toBe(
      'invalid',
    );
  });

  test('nor by anything that only stands beside the path', () => {
    expect(fetchesFor(below(ca, 'CN=plain').certificate, [plan(stranger, 'CN=x', {})], 'relaxed')).toBe('valid');
  });

  test('of a valid one, OCSP alone, and by http alone', () => {
    expect(fetchesFor(plan(ca, 'CN=x', {}))).toEqual(['http://attacker/ocsp']);
    const others = [
      'https://a/',
      'ftp://a/',
      'file:///etc/passwd',
      'ldap://a/',
      'http://a/\n',
      'http:/a',
      `http://${'a'.repeat(600)}/`,
    ];
    const uris = others.filter(uri => !uri.includes('\n'));
    expect(fetchesFor(plan(ca, 'CN=x', { crlUris: uris, ocspUris: [] }))).toBe('invalid');
    expect(fetchesFor(plan(ca, 'CN=x', { crlUris: uris, ocspUris: [] }), [], 'relaxed')).toBe('valid');
  });

  test('and of a hundred addresses, two of a kind at most, one after the other', () => {
    const many = Array.from({ length: 60 }, (_, i) => `http://a/${i}`);
    const leaf = plan(ca, 'CN=x', { crlUris: many, ocspUris: many });
    const asked: string[] = [];
    for (let round = 0; round < 100; round++) {
      const fetched = (url: string, body: Uint8Array | null) =>
        asked.includes(`${url} ${body === null}`) ? null : undefined;
      const revocation = { policy: 'strict' as const, crls: [], nonce: null, fetched };
      const result = validatePath({ leaf, intermediates: [], anchors: [ca.certificate], at: NOW, revocation });
      if (result.kind !== 'undecided') break;
      expect(result.fetches).toHaveLength(1);
      asked.push(...result.fetches.map(({ url, body }) => `${url} ${body === null}`));
    }
    expect(asked).toEqual(['http://a/0 false', 'http://a/1 false', 'http://a/0 true', 'http://a/1 true']);
  });
});

const raw = (holder: Holder, subject: string, more: object): Holder => {
  const random = seeded(subject);
  const key = below(rsaCa, subject).key;
  const plan = plannedCertificate(order(subject, END, more), key.public.spki, random);
  const issuer = { name: holder.certificate.subject, key: holder.key, scheme: usualScheme(holder.key.public) };
  return { key, certificate: decodeCertificate(encodeCertificate(plan, issuer, random)) };
};

describe('26: excluded names stay excluded', () => {
  const role = {
    kind: 'ca',
    pathLength: null,
    nameConstraints: { permitted: [], excluded: [dns('evil.lab')] },
  } as const;
  const ca = root('CN=CA,O=Lab', { role });
  const evil = { altNames: [dns('good.lab'), dns('www.evil.lab')] };

  test('by an anchor', () => {
    expect(judged(raw(ca, 'CN=x,O=Lab', evil).certificate, ca.certificate)).toBe('nameConstraint');
    expect(judged(raw(ca, 'CN=x,O=Lab', { altNames: [dns('good.lab')] }).certificate, ca.certificate)).toBe('valid');
  });

  test('below any number of CAs, one of the same name among them', () => {
    const same = raw(ca, 'CN=CA,O=Lab', { role: CA });
    const deep = raw(same, 'CN=Deep,O=Lab', { role: CA });
    const leaf = raw(deep, 'CN=x,O=Lab', evil).certificate;
    const found = findPath({
      leaf,
      intermediates: [deep.certificate, same.certificate],
      anchors: [ca.certificate],
      at: NOW,
    });
    expect(found).toMatchObject({ kind: 'invalid', problem: { kind: 'nameConstraint', why: 'excluded' } });
  });

  test('no issuing gets around them', () => {
    expect(() => below(ca, 'CN=x,O=Lab', evil)).toThrow(/does not allow DNS:www\.evil\.lab/);
  });
});
