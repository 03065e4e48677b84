import { describe, expect, test } from 'vitest';
import { formatPrivateKey } from '../crypto/pem.ts';
import { checkAgainstCrl } from './crl-check.ts';
import { decodeCertificateList, parseCertificateList } from './crl.ts';
import { encodeCrl } from './encode-crl.ts';
import { encodeOcspResponse, type OcspOrder } from './encode-ocsp.ts';
import type { Authority } from './issue.ts';
import { checkAgainstOcsp } from './ocsp-check.ts';
import { certIdOf } from './ocsp-request.ts';
import { decodeOcspResponse } from './ocsp-response.ts';
import { RevocationCache } from './revocation-cache.ts';
import { checkRevocation, type RevocationInput } from './revocation.ts';
import { STRENGTH_FLOOR } from './strength.ts';
import { below, CA, NOW, root, seeded, YEAR } from './testing/authority.ts';
import { hasOpenssl, opensslFiles, pem } from './testing/openssl.ts';

const floor = STRENGTH_FLOOR;
const nonce = new Uint8Array(16).fill(7);
const calls = { crlUris: ['http://charles/crl'], ocspUris: ['http://charles/ocsp'] };
const ca = root('CN=CA,O=Lab');
const other = root('CN=CA,O=Lab', { notAfter: NOW + YEAR * 2 }, 'ecdsa384');
const [alice, mute] = [below(ca, 'CN=alice,O=Lab', calls), below(ca, 'CN=mute,O=Lab')];
const revoked = [{ serial: alice.certificate.serial, at: NOW - 100, reason: 'superseded' }];

function list(by: Authority = ca, more: Partial<Parameters<typeof encodeCrl>[0]> = {}) {
  const order = { revoked: [], thisUpdate: NOW - 60, nextUpdate: NOW + 3600, number: 1, scheme: null, ...more };
  return decodeCertificateList(encodeCrl(order, by, seeded('list')));
}

function answer(
  status: OcspOrder['answers'][number]['status'],
  by: { readonly responder?: Authority; readonly isDelegate?: boolean; readonly order?: Partial<OcspOrder> } = {},
) {
  const answers = [{ id: certIdOf(alice.certificate, ca.certificate), status }];
  const order = { answers, thisUpdate: NOW - 60, nextUpdate: NOW + 3600, nonce, ...by.order };
  return encodeOcspResponse(order, by.responder ?? ca, by.isDelegate ?? false, seeded('answer'));
}

const crlVerdict = (crl: ReturnType<typeof list>, at = NOW) => {
  const verdict = checkAgainstCrl(alice.certificate, ca.certificate, crl, { at, floor });
  return verdict.kind === 'unusable' ? verdict.why : verdict.kind;
};
const ocspVerdict = (octets: Uint8Array, at = NOW) => {
  const terms = { at, floor, nonce };
  const verdict = checkAgainstOcsp(alice.certificate, ca.certificate, decodeOcspResponse(octets), terms);
  return verdict.kind === 'unusable' ? verdict.why : verdict.kind;
};

describe('a list, RFC 5280 §6.3', () => {
  test('says of its issuer’s certificates whether they are revoked', () => {
    expect(crlVerdict(list())).toBe('good');
    expect(crlVerdict(list(ca, { revoked }))).toBe('revoked');
  });

  test('says nothing of those of others, whoever signs it', () => {
    expect(crlVerdict(list(root('CN=Elsewhere')))).toBe('it is of another issuer');
    expect(crlVerdict(list(other, { revoked }))).toBe('its signature is not its issuer’s');
    const forged = list(ca, { revoked });
    expect(crlVerdict({ ...forged, tbs: list().tbs })).toBe('its signature is not its issuer’s');
  });

  test('is good until the next one is due, and revokes for ever', () => {
    expect(crlVerdict(list(), NOW + 3600)).toBe('good');
    expect(crlVerdict(list(), NOW + 3601)).toBe('a newer one is due');
    expect(crlVerdict(list(ca, { revoked }), NOW + 3601)).toBe('revoked');
    expect(crlVerdict(list(ca, { thisUpdate: NOW + 301 }))).toBe('it is from the future');
    expect(crlVerdict(list(ca, { thisUpdate: NOW + 300 }))).toBe('good');
  });

  test('is none of a CA that may not sign lists', () => {
    const terms = { at: NOW, floor };
    const keyUsage = new Set([5]);
    const issuer = { ...ca.certificate, extensions: { ...ca.certificate.extensions, keyUsage } };
    expect(checkAgainstCrl(alice.certificate, issuer, list(), terms)).toMatchObject({ kind: 'unusable' });
  });

  test.skipIf(!hasOpenssl).each([
    ['2.5.29.27=critical,DER:020101', 'it is a delta list, or of some certificates only'],
    [
      'issuingDistributionPoint=critical,@idp\n[idp]\nindirectCRL=TRUE',
      'it is a delta list, or of some certificates only',
    ],
    ['issuingDistributionPoint=critical,@idp\n[idp]\nonlyCA=TRUE', 'it is a delta list, or of some certificates only'],
    [
      'issuingDistributionPoint=critical,@idp\n[idp]\nonlysomereasons=keyCompromise',
      'it is a delta list, or of some certificates only',
    ],
    ['issuingDistributionPoint=critical,@idp\n[idp]\nfullname=URI:http://charles/crl', 'good'],
    ['1.2.3.4=critical,DER:0500', 'it has a critical extension that is not known here: 1.2.3.4'],
    ['1.2.3.4=DER:0500', 'good'],
  ])('with %j: %s (needs openssl: apt-get install openssl)', (extension, verdict) => {
    const conf = `[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n[x]\nauthorityKeyIdentifier=keyid:always\n${extension}\n`;
    const files = {
      conf,
      index: '',
      number: '01\n',
      cert: pem('CERTIFICATE', ca.certificate.der),
      key: formatPrivateKey(ca.key),
    };
    const life = ['-crl_lastupdate', '251231230000Z', '-crl_nextupdate', '260102000000Z', '-crlexts', 'x'];
    const [text] = opensslFiles(['crl'], files, [
      'ca',
      '-config',
      'conf',
      '-gencrl',
      '-keyfile',
      'key',
      '-cert',
      'cert',
      ...life,
      '-out',
      'crl',
    ]);
    const der = Buffer.from(String(text).replace(/-----[^-]+-----/g, ''), 'base64');
    expect(crlVerdict(decodeCertificateList(der))).toBe(verdict);
  });

  test('that is very large is not read', () => {
    expect(parseCertificateList(new Uint8Array(2_000_000))).toBeNull();
  });
});

describe('an answer of OCSP, RFC 6960 §3.2', () => {
  const delegate = below(ca, 'CN=responder,O=Lab', { role: { kind: 'ocsp' } });

  test('says whether one certificate is revoked', () => {
    expect(ocspVerdict(answer('good'))).toBe('good');
    expect(ocspVerdict(answer({ at: NOW - 5, reason: null }))).toBe('revoked');
    expect(ocspVerdict(answer('unknown'))).toBe('the responder does not know the certificate');
  });

  test('is for another where the number or the issuer differ', () => {
    const order = (serial: Uint8Array, issuer: Authority) => ({
      answers: [{ id: { ...certIdOf(alice.certificate, issuer.certificate), serial }, status: 'good' as const }],
    });
    expect(ocspVerdict(answer('good', { order: order(mute.certificate.serial, ca) }))).toBe(
      'it is about other certificates',
    );
    expect(ocspVerdict(answer('good', { order: order(alice.certificate.serial, other) }))).toBe(
      'it is about other certificates',
    );
  });

  test('is of whom the issuer has named a responder', () => {
    expect(ocspVerdict(answer('good', { responder: delegate, isDelegate: true }))).toBe('good');
    const nobody = 'its responder is not the issuer, nor certified by the issuer';
    expect(ocspVerdict(answer('good', { responder: delegate, isDelegate: false }))).toBe(nobody);
    expect(ocspVerdict(answer('good', { responder: alice, isDelegate: true }))).toBe(nobody);
    expect(ocspVerdict(answer('good', { responder: other, isDelegate: true }))).toBe(nobody);
    const foreign = below(root('CN=Elsewhere'), 'CN=responder', { role: { kind: 'ocsp' } });
    expect(ocspVerdict(answer('good', { responder: foreign, isDelegate: true }))).toBe(nobody);
    const branch = below(ca, 'CN=branch', { role: CA });
    const indirect = below(branch, 'CN=responder', { role: { kind: 'ocsp' } });
    expect(ocspVerdict(answer('good', { responder: indirect, isDelegate: true }))).toBe(nobody);
    expect(ocspVerdict(answer('good', { responder: { ...ca, key: other.key } }))).toBe(nobody);
  });

  test('is for a while', () => {
    expect(ocspVerdict(answer('good'), NOW + 3600)).toBe('good');
    expect(ocspVerdict(answer('good'), NOW + 3601)).toBe('a newer one is due');
    expect(ocspVerdict(answer('good', { order: { thisUpdate: NOW + 400 } }))).toBe('it is from the future');
    expect(ocspVerdict(answer('good', { order: { nextUpdate: null } }), NOW + 800)).toBe('good');
    expect(ocspVerdict(answer('good', { order: { nextUpdate: null } }), NOW + 900)).toBe('a newer one is due');
  });

  test('brings our nonce, or none', () => {
    expect(ocspVerdict(answer('good', { order: { nonce: null } }))).toBe('good');
    expect(ocspVerdict(answer('good', { order: { nonce: new Uint8Array(16) } }))).toBe(
      'it is the answer to another request',
    );
  });
});

const nothing = () => null;
const ocspOnly = (octets: Uint8Array) => (url: string) => (url.endsWith('ocsp') ? octets : undefined);
const crlOnly = (octets: Uint8Array) => (url: string) => (url.endsWith('crl') ? octets : null);

describe('what is asked, and what is made of it', () => {
  const path = [alice.certificate, ca.certificate];
  const quiet = [mute.certificate, ca.certificate];
  const outcome = (more: Partial<RevocationInput>) => {
    const input = {
      path,
      policy: 'strict' as const,
      crls: [],
      at: NOW,
      floor,
      nonce,
      fetched: () => undefined,
      ...more,
    };
    const result = checkRevocation(input);
    if (result.kind === 'refused') return result.problem.kind;
    return result.kind === 'undecided' ? result.fetches.map(({ url }) => url) : `${result.kind} ${result.isKnown}`;
  };
  test('a list at hand does, and nothing is asked', () => {
    expect(outcome({ crls: [list()] })).toBe('notRevoked true');
    expect(outcome({ crls: [list(), list(ca, { revoked })] })).toBe('revoked');
    expect(outcome({ crls: [list(other, { revoked })] })).toEqual(['http://charles/ocsp']);
  });

  test('otherwise OCSP, then the list', () => {
    expect(outcome({ fetched: ocspOnly(answer('good')) })).toBe('notRevoked true');
    expect(outcome({ fetched: ocspOnly(answer({ at: NOW - 1, reason: null })) })).toBe('revoked');
    expect(outcome({ fetched: ocspOnly(answer('unknown')) })).toEqual(['http://charles/crl']);
    expect(outcome({ fetched: ocspOnly(Uint8Array.of(1, 2, 3)) })).toEqual(['http://charles/crl']);
    expect(outcome({ fetched: crlOnly(list().der) })).toBe('notRevoked true');
    expect(outcome({ fetched: crlOnly(list(ca, { revoked }).der) })).toBe('revoked');
  });

  test.each([
    ['strict', 'revocationUnknown', 'revocationUnknown'],
    ['ifUri', 'revocationUnknown', 'notRevoked false'],
    ['relaxed', 'notRevoked false', 'notRevoked false'],
  ] as const)('%s, when nobody answers: %s; when nobody is named: %s', (policy, unanswered, unnamed) => {
    expect(outcome({ policy, fetched: nothing })).toBe(unanswered);
    expect(outcome({ policy, path: quiet })).toBe(unnamed);
  });

  test.each(['strict', 'ifUri', 'relaxed'] as const)('%s refuses what is revoked', policy => {
    expect(outcome({ policy, crls: [list(ca, { revoked })] })).toBe('revoked');
    expect(outcome({ policy, fetched: ocspOnly(answer({ at: NOW - 1, reason: null })) })).toBe('revoked');
  });

  test('an anchor, and what is trusted as it is, are not asked about', () => {
    expect(outcome({ path: [ca.certificate] })).toBe('notRevoked true');
  });

  test('what was learnt is known until the next one is due', () => {
    const cache = new RevocationCache();
    expect(outcome({ cache, fetched: ocspOnly(answer('good')) })).toBe('notRevoked true');
    expect(outcome({ cache, at: NOW + 3600 })).toBe('notRevoked true');
    expect(outcome({ cache, at: NOW + 3601 })).toEqual(['http://charles/ocsp']);
    expect(outcome({ cache, crls: [list(ca, { revoked })] })).toBe('revoked');
    expect(outcome({ cache })).toBe('revoked');
    expect(outcome({ cache, at: NOW + 1000 })).toEqual(['http://charles/ocsp']);
  });

  test('a list is fetched once for all certificates of its issuer', () => {
    const cache = new RevocationCache();
    const crlUris = calls.crlUris;
    const [bob, carol] = [below(ca, 'CN=bob,O=Lab', { crlUris }), below(ca, 'CN=carol,O=Lab', { crlUris })];
    const fetched = (url: string) => (crlUris.includes(url) ? list().der : undefined);
    const of = ({ certificate }: Authority) => [certificate, ca.certificate];
    expect(outcome({ cache, path: of(bob), fetched })).toBe('notRevoked true');
    expect(outcome({ cache, path: of(carol) })).toBe('notRevoked true');
    expect(outcome({ cache, path: of(carol), at: NOW + 3601 })).toEqual(crlUris);
    // Nor is one of another issuer taken for it, where an address is that of both.
    const foreign = below(other, 'CN=bob,O=Lab', { crlUris });
    expect(outcome({ cache, path: [foreign.certificate, other.certificate] })).toEqual(crlUris);
  });

  test('a list from before does not undo it', () => {
    const cache = new RevocationCache();
    expect(outcome({ cache, fetched: ocspOnly(answer({ at: NOW - 1, reason: null })) })).toBe('revoked');
    expect(outcome({ cache, crls: [list()] })).toBe('revoked');
  });

  test('but of so many certificates only', () => {
    const cache = new RevocationCache(10);
    for (let i = 0; i < 30; i++) {
      const certificate = { ...alice.certificate, serial: Uint8Array.of(i) };
      cache.remember(certificate, ca.certificate, { kind: 'good', until: NOW }, NOW);
    }
    expect(cache.size).toBe(10);
  });
});
