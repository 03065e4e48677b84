import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../crypto/generate-key.ts';
import { formatPrivateKey } from '../crypto/pem.ts';
import { scheme } from '../crypto/signature-scheme.ts';
import type { KeyKind } from '../crypto/signature.ts';
import { decodeCertificate } from './certificate.ts';
import { checkAgainstCrl } from './crl-check.ts';
import { decodeCertificateList } from './crl.ts';
import { encodeCrl } from './encode-crl.ts';
import { encodeOcspResponse } from './encode-ocsp.ts';
import { checkAgainstOcsp } from './ocsp-check.ts';
import { certIdOf, encodeOcspRequest, parseOcspRequest } from './ocsp-request.ts';
import { decodeOcspResponse } from './ocsp-response.ts';
import { generalNameText } from './path-problem.ts';
import { findPath } from './path.ts';
import { encodeCertificateRequest, parseCertificateRequest } from './request.ts';
import { isSignedByItself } from './signature-check.ts';
import { STRENGTH_FLOOR } from './strength.ts';
import { below, dn, dns, NOW, root, seeded, YEAR } from './testing/authority.ts';
import { cryptography, hasCryptography, hasOpenssl, openssl, opensslFiles, pem } from './testing/openssl.ts';

const KINDS: readonly KeyKind[] = ['rsa2048', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'ed25519', 'ed448'];
const floor = STRENGTH_FLOOR;
const AT = ['-attime', String(NOW)];

describe.skipIf(!hasOpenssl)('with openssl (needs openssl: apt-get install openssl)', () => {
  test.each(KINDS)('a chain with keys %s is verified, as strictly as it can', kind => {
    const ca = root('CN=CA,O=Lab', {}, kind);
    const leaf = below(
      ca,
      'CN=alice,O=Lab',
      { altNames: [dns('alice.lab'), { kind: 'ip', octets: Uint8Array.of(1, 2, 3, 4) }] },
      kind,
    );
    const files = { ca: pem('CERTIFICATE', ca.certificate.der), leaf: pem('CERTIFICATE', leaf.certificate.der) };
    expect(openssl(files, 'verify', ...AT, '-x509_strict', '-check_ss_sig', '-CAfile', 'ca', 'leaf').output).toBe(
      'leaf: OK\n',
    );
  });

  test.each(['rsa-sha512', 'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512'])(
    'a signature %s is verified',
    token => {
      const wanted = scheme(token);
      const ca = root('CN=CA,O=Lab', {}, 'rsa2048');
      const leaf = below(ca, 'CN=alice,O=Lab', { scheme: wanted });
      const files = { ca: pem('CERTIFICATE', ca.certificate.der), leaf: pem('CERTIFICATE', leaf.certificate.der) };
      expect(openssl(files, 'verify', ...AT, '-CAfile', 'ca', 'leaf').output).toBe('leaf: OK\n');
      expect(findPath({ leaf: leaf.certificate, intermediates: [], anchors: [ca.certificate], at: NOW }).kind).toBe(
        'valid',
      );
    },
  );

  test.each([
    ['rsa:2048', []],
    ['rsa:2048', ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest', '-sha384']],
    ['ec', ['-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['ed25519', []],
    ['ed448', []],
  ])('what it issues with a key %s %j is believed', (key, options) => {
    const subject = ['-subj', '/C=DE/O=Lab/CN=theirs', '-days', '30'];
    const extensions = [
      '-addext',
      'subjectAltName=DNS:a.lab,IP:::1,email:a@lab,URI:http://x/',
      '-addext',
      'keyUsage=critical,digitalSignature,keyCertSign',
      '-addext',
      'nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0,excluded;DNS:evil.lab',
    ];
    const [der] = opensslFiles(['c.der'], {}, [
      'req',
      '-x509',
      '-newkey',
      key,
      '-nodes',
      '-keyout',
      'k',
      '-outform',
      'DER',
      '-out',
      'c.der',
      ...subject,
      ...options,
      ...extensions,
    ]);
    const read = decodeCertificate(der ?? Buffer.alloc(0));
    expect(read.extensions.subjectAltNames.map(generalNameText)).toEqual([
      'DNS:a.lab',
      'IP:::1',
      'email:a@lab',
      'URI:http://x/',
    ]);
    const excluded = findPath({ leaf: read, intermediates: [], anchors: [read], at: read.notBefore, purpose: 'any' });
    expect(excluded).toMatchObject({ kind: 'invalid', problem: { kind: 'nameConstraint', why: 'notPermitted' } });
    expect(findPath({ leaf: read, intermediates: [], anchors: [], trusted: [read], at: read.notBefore }).kind).toBe(
      'valid',
    );
  });

  test('requests go both ways', () => {
    const key = generateKeyPair('ecdsa256', seeded('request'));
    const asked = { subject: dn('CN=alice,O=Lab'), altNames: [dns('alice.lab')] };
    const ours = encodeCertificateRequest(asked, key, { kind: 'ecdsa', hash: 'sha256' }, seeded('request'));
    const { output } = openssl(
      { r: pem('CERTIFICATE REQUEST', ours) },
      'req',
      '-in',
      'r',
      '-verify',
      '-noout',
      '-text',
      '-nameopt',
      'RFC2253',
    );
    expect(output).toMatch(/verify OK/);
    expect(output).toMatch(/Subject: CN=alice,O=Lab[\s\S]*DNS:alice\.lab/);
    const argv = [
      'req',
      '-new',
      '-newkey',
      'ed25519',
      '-nodes',
      '-keyout',
      'k',
      '-outform',
      'DER',
      '-out',
      'r',
      '-subj',
      '/CN=bob',
      '-addext',
      'subjectAltName=DNS:bob.lab',
      '-addext',
      'basicConstraints=CA:TRUE',
    ];
    const [theirs] = opensslFiles(['r'], {}, argv);
    const read = parseCertificateRequest(theirs ?? Buffer.alloc(0));
    expect(read).toMatchObject({ altNames: [dns('bob.lab')], asksForCa: true });
    expect(read !== null && isSignedByItself(read, floor)).toBe(true);
    const forged =
      read === null ? null : { ...read, subject: dn('CN=x'), tbs: Uint8Array.from([...read.tbs.slice(0, -1), 0]) };
    expect(forged !== null && isSignedByItself(forged, floor)).toBe(false);
  });
});

describe.skipIf(!hasOpenssl)('revocation, with openssl (needs openssl: apt-get install openssl)', () => {
  // openssl's responder and lists are of the machine's own time.
  const life = { notAfter: NOW + 20 * YEAR };
  const ca = root('CN=CA,O=Lab', life);
  const [alice, bob] = [below(ca, 'CN=alice,O=Lab', life), below(ca, 'CN=bob,O=Lab', life)];
  const revoked = [{ serial: bob.certificate.serial, at: NOW - 100, reason: 'keyCompromise' }];
  const times = { thisUpdate: NOW - 60, nextUpdate: NOW + 86_400, number: 1 };
  const files = {
    ca: pem('CERTIFICATE', ca.certificate.der),
    cakey: formatPrivateKey(ca.key),
    alice: pem('CERTIFICATE', alice.certificate.der),
    bob: pem('CERTIFICATE', bob.certificate.der),
  };

  test('it reads and uses our list', () => {
    const crl = pem('X509 CRL', encodeCrl({ ...times, revoked, scheme: null }, ca, seeded('crl')));
    const check = ['verify', ...AT, '-crl_check', '-CAfile', 'ca', '-CRLfile', 'crl'];
    expect(openssl({ ...files, crl }, 'crl', '-in', 'crl', '-CAfile', 'ca', '-noout').output).toMatch(/verify OK/);
    expect(openssl({ ...files, crl }, ...check, 'alice').status).toBe(0);
    expect(openssl({ ...files, crl }, ...check, 'bob').output).toMatch(/certificate revoked/);
    const empty = pem('X509 CRL', encodeCrl({ ...times, revoked: [], scheme: null }, ca, seeded('crl')));
    expect(openssl({ ...files, crl: empty }, ...check, 'bob').status).toBe(0);
  });

  const serialOf = (of: typeof bob) => Buffer.from(of.certificate.serial).toString('hex').toUpperCase();
  const conf = '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n';
  const index = `R\t360101000000Z\t251231000000Z,keyCompromise\t${serialOf(bob)}\tunknown\t/CN=bob\nV\t360101000000Z\t\t${serialOf(alice)}\tunknown\t/CN=alice\n`;

  test('we read and use its list', () => {
    const argv = [
      'ca',
      '-config',
      'conf',
      '-gencrl',
      '-keyfile',
      'cakey',
      '-cert',
      'ca',
      '-crldays',
      '30',
      '-crlexts',
      'x',
      '-out',
      'crl',
    ];
    const extensions = '[x]\nauthorityKeyIdentifier=keyid:always\n';
    const [text] = opensslFiles(['crl'], { ...files, conf: conf + extensions, index, number: '1000\n' }, argv);
    const crl = decodeCertificateList(fromPem(text));
    const at = crl.thisUpdate + 1;
    expect(checkAgainstCrl(alice.certificate, ca.certificate, crl, { at, floor })).toMatchObject({ kind: 'good' });
    expect(checkAgainstCrl(bob.certificate, ca.certificate, crl, { at, floor })).toMatchObject({
      kind: 'revoked',
      revocation: { reason: 'keyCompromise' },
    });
  });

  const nonce = Uint8Array.from({ length: 16 }, (_, i) => i);
  const delegate = below(ca, 'CN=responder,O=Lab', { ...life, role: { kind: 'ocsp' } });

  test('its responder answers our request, for itself and as a delegate', () => {
    const request = encodeOcspRequest(certIdOf(bob.certificate, ca.certificate), nonce);
    const more = {
      ...files,
      index,
      request,
      rkey: formatPrivateKey(delegate.key),
      rcert: pem('CERTIFICATE', delegate.certificate.der),
    };
    for (const [signer, key] of [
      ['ca', 'cakey'],
      ['rcert', 'rkey'],
    ] as const) {
      const argv = [
        'ocsp',
        '-index',
        'index',
        '-CA',
        'ca',
        '-rsigner',
        signer,
        '-rkey',
        key,
        '-reqin',
        'request',
        '-respout',
        'response',
        '-ndays',
        '1',
      ];
      const [octets] = opensslFiles(['response'], more, argv);
      const response = decodeOcspResponse(octets ?? Buffer.alloc(0));
      const at = response.producedAt;
      expect(response.nonce).toEqual(Buffer.from(nonce));
      const verdict = checkAgainstOcsp(bob.certificate, ca.certificate, response, { at, floor, nonce });
      expect(verdict).toMatchObject({ kind: 'revoked', revocation: { reason: 'keyCompromise' } });
      const other = checkAgainstOcsp(bob.certificate, ca.certificate, response, { at, floor, nonce: Uint8Array.of(1) });
      expect(other).toMatchObject({ kind: 'unusable', why: 'it is the answer to another request' });
    }
  });

  test('it believes our responses, to its own requests', () => {
    for (const [name, holder, status] of [
      ['alice', alice, 'good'],
      ['bob', bob, 'revoked'],
    ] as const) {
      for (const [responder, isDelegate] of [
        [ca, false],
        [delegate, true],
      ] as const) {
        const [octets] = opensslFiles(['request'], files, [
          'ocsp',
          '-sha256',
          '-issuer',
          'ca',
          '-cert',
          name,
          '-reqout',
          'request',
        ]);
        const request = parseOcspRequest(octets ?? Buffer.alloc(0));
        expect(request?.ids).toMatchObject([{ hash: 'sha256', serial: Buffer.from(holder.certificate.serial) }]);
        const answers = (request?.ids ?? []).map(id => ({
          id,
          status: status === 'good' ? status : { at: NOW - 100, reason: 'superseded' },
        }));
        const given = { answers, thisUpdate: NOW, nextUpdate: NOW + 3600, nonce: request?.nonce ?? null };
        const response = encodeOcspResponse(given, responder, isDelegate, seeded('ocsp'));
        // It would add a nonce to the one that its request has.
        const anyTime = ['-no_nonce', '-validity_period', '900000000', ...AT];
        const argv = [
          'ocsp',
          '-sha256',
          '-issuer',
          'ca',
          '-cert',
          name,
          '-reqin',
          'request',
          '-respin',
          'response',
          '-CAfile',
          'ca',
          ...anyTime,
        ];
        const { output } = openssl({ ...files, request: octets ?? '', response }, ...argv);
        expect(output).toMatch(/Response verify OK/);
        expect(output).toContain(`${name}: ${status}`);
      }
    }
  });
});

test.skipIf(!hasCryptography)(
  'cryptography reads our list and our response (needs it: apt-get install python3-cryptography)',
  () => {
    const ca = root('CN=CA,O=Lab');
    const bob = below(ca, 'CN=bob,O=Lab');
    const revoked = { serial: bob.certificate.serial, at: NOW - 100, reason: 'superseded' };
    const crl = encodeCrl(
      { revoked: [revoked], thisUpdate: NOW, nextUpdate: NOW + 60, number: 70_000, scheme: null },
      ca,
      seeded('c'),
    );
    const answers = [{ id: certIdOf(bob.certificate, ca.certificate), status: revoked }];
    const response = encodeOcspResponse(
      { answers, thisUpdate: NOW, nextUpdate: null, nonce: null },
      ca,
      false,
      seeded('o'),
    );
    const script = `
import sys
from cryptography import x509
from cryptography.x509 import ocsp
crl = x509.load_der_x509_crl(bytes.fromhex(sys.stdin.readline()))
print(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number, crl.issuer.rfc4514_string())
for r in crl: print(hex(r.serial_number)[2:], r.extensions.get_extension_for_class(x509.CRLReason).value.reason)
o = ocsp.load_der_ocsp_response(bytes.fromhex(sys.stdin.readline()))
print(o.response_status, o.certificate_status, o.revocation_reason, o.next_update, hex(o.serial_number)[2:])`;
    const serial = Buffer.from(bob.certificate.serial).toString('hex');
    const input = [crl, response].map(octets => Buffer.from(octets).toString('hex')).join('\n');
    expect(cryptography(script, input).trim().split('\n')).toEqual([
      '70000 CN=CA,O=Lab',
      `${serial} ReasonFlags.superseded`,
      `OCSPResponseStatus.SUCCESSFUL OCSPCertStatus.REVOKED ReasonFlags.superseded None ${serial}`,
    ]);
  },
);

/** Of one PEM block. */
function fromPem(text: Buffer | undefined): Buffer {
  return Buffer.from(String(text).replace(/-----[^-]+-----/g, ''), 'base64');
}
