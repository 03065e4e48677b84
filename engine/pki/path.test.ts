import { expect, test } from 'vitest';
import { parseCertificate } from './certificate.ts';
import { findPath } from './path.ts';
import { below, CA, dns, NOW, root } from './testing/authority.ts';
import { hasOpenssl, openssl, pem } from './testing/openssl.ts';

const charles = root('CN=Charles CA,O=Lab');
const branch = below(charles, 'CN=Charles Branch,O=Lab', { role: CA });
const alice = below(branch, 'CN=alice,O=Lab', { altNames: [dns('alice.lab')] });

test('a chain of three is valid, whatever else stands beside it', () => {
  const found = findPath({
    leaf: alice.certificate,
    intermediates: [alice.certificate, branch.certificate, charles.certificate],
    anchors: [charles.certificate],
    at: NOW,
  });
  expect(found.kind === 'valid' && found.path).toEqual([alice.certificate, branch.certificate, charles.certificate]);
});

test('without its intermediate, nobody trusted has issued it', () => {
  const found = findPath({ leaf: alice.certificate, intermediates: [], anchors: [charles.certificate], at: NOW });
  expect(found).toMatchObject({ kind: 'invalid', problem: { kind: 'noIssuer' } });
});

test.skipIf(!hasOpenssl)('openssl verifies the chain (needs openssl: apt-get install openssl)', () => {
  const files = {
    'ca.pem': pem('CERTIFICATE', charles.certificate.der),
    'branch.pem': pem('CERTIFICATE', branch.certificate.der),
    'alice.pem': pem('CERTIFICATE', alice.certificate.der),
  };
  const at = ['-attime', String(NOW), '-x509_strict'];
  expect(openssl(files, 'verify', ...at, '-CAfile', 'ca.pem', '-untrusted', 'branch.pem', 'alice.pem')).toEqual({
    status: 0,
    output: 'alice.pem: OK\n',
  });
});

test('a certificate is read field by field', () => {
  const read = parseCertificate(alice.certificate.der);
  expect(read).toEqual(alice.certificate);
  expect(parseCertificate(alice.certificate.der, 100)).toBeNull();
});
