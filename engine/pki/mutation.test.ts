import { describe, expect, test } from 'vitest';
import { decodeCertificate, isSelfIssued, parseCertificate } from './certificate.ts';
import { checkAgainstCrl } from './crl-check.ts';
import { parseCertificateList } from './crl.ts';
import { encodeCertificate } from './encode-certificate.ts';
import { encodeCrl } from './encode-crl.ts';
import { encodeOcspResponse } from './encode-ocsp.ts';
import { plannedCertificate, usualScheme } from './issue.ts';
import { formatDistinguishedName, parseDistinguishedName } from './name-text.ts';
import { nameKey, namesEqual, parseName } from './name.ts';
import { checkAgainstOcsp } from './ocsp-check.ts';
import { certIdOf, encodeOcspRequest, parseOcspRequest } from './ocsp-request.ts';
import { parseOcspResponse } from './ocsp-response.ts';
import { describeProblem, generalNameText } from './path-problem.ts';
import { findPath } from './path.ts';
import { encodeCertificateRequest, parseCertificateRequest } from './request.ts';
import { isSignedByItself } from './signature-check.ts';
import { STRENGTH_FLOOR } from './strength.ts';
import { below, dn, dns, NOW, order, root, seeded, YEAR } from './testing/authority.ts';
import { mutated } from './testing/mutate.ts';

const TIMES = 2000;
const floor = STRENGTH_FLOOR;
const ca = root('CN=CA,O=Lab');
const everything = {
  altNames: [
    dns('a.lab'),
    { kind: 'email', text: 'a@lab' },
    { kind: 'ip', octets: Uint8Array.of(10, 0, 0, 1) },
    { kind: 'uri', text: 'http://a.lab/' },
  ],
  crlUris: ['http://charles/crl'],
  ocspUris: ['http://charles/ocsp'],
} as const;
const alice = below(ca, 'CN=alice,O=Lab,C=DE', everything);
const constraints = {
  permitted: [dns('lab'), { kind: 'ip', octets: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0) }],
  excluded: [{ kind: 'directory', name: dn('O=Evil') }],
} as const;
const branch = decodeCertificate(
  encodeCertificate(
    plannedCertificate(
      order('CN=branch,O=Lab', { kind: 'ca', pathLength: null, nameConstraints: constraints }),
      alice.key.public.spki,
      seeded('b'),
    ),
    { name: ca.certificate.subject, key: ca.key, scheme: usualScheme(ca.key.public) },
    seeded('b'),
  ),
);

/** Runs it on so many mutations of each; how many of them were read nevertheless. */
function tried(seed: string, originals: readonly Uint8Array[], run: (octets: Uint8Array) => boolean): number {
  const random = seeded(seed);
  let read = 0;
  for (let i = 0; i < TIMES; i++) {
    if (run(mutated(originals[i % originals.length] ?? new Uint8Array(0), random))) read++;
  }
  return read;
}

describe('mutations are read, or refused by null, and by nothing else', () => {
  test('certificates', () => {
    const accepted: string[] = [];
    const read = tried('certificates', [alice.certificate.der, branch.der, ca.certificate.der], octets => {
      const certificate = parseCertificate(octets);
      if (certificate === null) return false;
      isSelfIssued(certificate);
      certificate.extensions.subjectAltNames.map(generalNameText);
      const found = findPath({
        leaf: certificate,
        intermediates: [certificate, branch],
        anchors: [ca.certificate, certificate],
        at: NOW,
        purpose: 'any',
      });
      if (found.kind === 'invalid') describeProblem(found.problem);
      const isOriginal = [alice.certificate, branch, ca.certificate].some(
        ({ tbs }) => Buffer.compare(tbs, certificate.tbs) === 0,
      );
      if (found.kind === 'valid' && !isOriginal) accepted.push(Buffer.from(octets).toString('hex'));
      return true;
    });
    expect(read).toBeGreaterThan(TIMES / 20);
    expect(accepted).toEqual([]);
  });

  test('an intermediate that is mutated certifies nobody', () => {
    const under = below({ certificate: branch, key: alice.key }, 'CN=a.lab,O=Lab', {
      altNames: [dns('a.lab')],
      notAfter: NOW + YEAR / 2,
    });
    const believed: string[] = [];
    tried('intermediates', [branch.der], octets => {
      const certificate = parseCertificate(octets);
      if (certificate === null) return false;
      const found = findPath({
        leaf: under.certificate,
        intermediates: [certificate],
        anchors: [ca.certificate],
        at: NOW,
      });
      const isOriginal = Buffer.compare(certificate.tbs, branch.tbs) === 0;
      if (found.kind === 'valid' && !isOriginal) believed.push(Buffer.from(octets).toString('hex'));
      return true;
    });
    expect(believed).toEqual([]);
  });

  test('lists', () => {
    const revoked = [
      { serial: alice.certificate.serial, at: NOW - 10, reason: 'superseded' },
      { serial: Uint8Array.of(7), at: NOW - 9, reason: null },
    ];
    const made = encodeCrl(
      { revoked, thisUpdate: NOW, nextUpdate: NOW + 60, number: 300, scheme: null },
      ca,
      seeded('c'),
    );
    const believed: string[] = [];
    const read = tried('lists', [made], octets => {
      const crl = parseCertificateList(octets);
      if (crl === null) return false;
      const { kind } = checkAgainstCrl(alice.certificate, ca.certificate, crl, { at: NOW, floor });
      if (kind === 'good') believed.push(Buffer.from(octets).toString('hex'));
      return true;
    });
    expect(read).toBeGreaterThan(TIMES / 20);
    expect(believed).toEqual([]);
  });

  test('answers of OCSP', () => {
    const answers = [
      { id: certIdOf(alice.certificate, ca.certificate), status: { at: NOW - 10, reason: 'superseded' } },
    ];
    const delegate = below(ca, 'CN=responder', { role: { kind: 'ocsp' } });
    const given = { answers, thisUpdate: NOW, nextUpdate: NOW + 60, nonce: new Uint8Array(16) };
    const made = [
      encodeOcspResponse(given, ca, false, seeded('o')),
      encodeOcspResponse(given, delegate, true, seeded('p')),
    ];
    const believed: string[] = [];
    const read = tried('answers', made, octets => {
      const response = parseOcspResponse(octets);
      if (response === null) return false;
      const { kind } = checkAgainstOcsp(alice.certificate, ca.certificate, response, {
        at: NOW,
        floor,
        nonce: new Uint8Array(16),
      });
      if (kind === 'good') believed.push(Buffer.from(octets).toString('hex'));
      return true;
    });
    expect(read).toBeGreaterThan(TIMES / 20);
    expect(believed).toEqual([]);
  });

  test('requests of both kinds', () => {
    const asked = encodeOcspRequest(certIdOf(alice.certificate, ca.certificate), new Uint8Array(32));
    expect(tried('asked', [asked], octets => parseOcspRequest(octets) !== null)).toBeGreaterThan(0);
    const wanted = { subject: dn('CN=alice,O=Lab'), altNames: everything.altNames };
    const request = encodeCertificateRequest(wanted, alice.key, usualScheme(alice.key.public), seeded('r'));
    const original = parseCertificateRequest(request);
    const believed = tried('requests', [request], octets => {
      const parsed = parseCertificateRequest(octets);
      if (parsed === null || Buffer.compare(parsed.tbs, original?.tbs ?? octets) === 0) return false;
      return isSignedByItself(parsed, floor);
    });
    expect(believed).toBe(0);
  });

  test('names', () => {
    const originals = ['CN=alice,O=Lab,C=DE', 'CN=a+OU=b,DC=x,DC=y', 'emailAddress=a@b,1.2.3.4=#0403010203'].map(dn);
    const differing: string[] = [];
    const read = tried('names', originals, octets => {
      const name = parseName(octets);
      const text = formatDistinguishedName(octets);
      if (name === null || text === null) return false;
      nameKey(octets);
      const again = name.length === 0 ? octets : parseDistinguishedName(text);
      if (again === null || !namesEqual(again, octets))
        differing.push(`${Buffer.from(octets).toString('hex')} ${text}`);
      return true;
    });
    expect(read).toBeGreaterThan(TIMES / 20);
    expect(differing).toEqual([]);
  });

  test('texts of names', () => {
    const originals = ['CN=alice, O="a, b"+OU=\\2c\\ x, C=DE', 'C=US,O=x,1.2.3=#040101'].map(text => Buffer.from(text));
    const differing: string[] = [];
    tried('texts', originals, octets => {
      const text = Buffer.from(octets).toString('utf8');
      const name = parseDistinguishedName(text);
      if (name === null) return false;
      const again = parseDistinguishedName(formatDistinguishedName(name) ?? '');
      if (again === null || !namesEqual(again, name)) differing.push(text);
      return true;
    });
    expect(differing).toEqual([]);
  });
});

describe('what is made to take long', () => {
  test('nesting is not followed', () => {
    const deep = Buffer.concat([Buffer.alloc(20_000, Buffer.from([0x30, 0x80])), Buffer.alloc(10)]);
    expect(parseCertificate(deep)).toBeNull();
    let nested: Uint8Array = Uint8Array.of(5, 0);
    for (let i = 0; i < 60; i++)
      nested = Buffer.concat([Buffer.from([0x30, 0x82, nested.length >> 8, nested.length & 255]), nested]);
    expect(parseCertificate(nested)).toBeNull();
    expect(parseName(nested)).toBeNull();
  });

  test('lengths that promise more than there is', () => {
    for (const text of ['3084ffffffff', '3085ffffffffff', '308200', '30', '3080', '1f', '30820001ff']) {
      expect(parseCertificate(Buffer.from(text, 'hex'))).toBeNull();
      expect(parseCertificateList(Buffer.from(text, 'hex'))).toBeNull();
      expect(parseOcspResponse(Buffer.from(text, 'hex'))).toBeNull();
    }
  });
});
