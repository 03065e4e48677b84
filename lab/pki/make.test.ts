import { describe, expect, test } from 'vitest';
import { decodeCertificate } from '../../engine/pki/certificate.ts';
import { generalNameText } from '../../engine/pki/path-problem.ts';
import { findPath } from '../../engine/pki/path.ts';
import { credentialsOf } from './credentials.ts';
import { type MadePki, makePki } from './make.ts';
import { randomFor, START, withPki } from './testing/site.ts';

const CA = `
pki:
  server: { node: internet, port: 8080 }
  authorities:
    root: { subject: "CN=Lab CA, O=ipsec-lab, C=DE", key: ecdsa384 }
    branch: { issuer: root, path-length: 0, permitted: { dns: [lab], ip: [1.0.0.0/8] } }
  certificates:
    alice: { issuer: branch, names: [alice.lab, 1.2.3.4, a@lab.example] }
    bob: { issuer: branch, key: rsa2048, revoked: superseded }
    old: { issuer: root, valid-from: -10d, valid-for: 5d }
`;
const topology = withPki(CA);

function made(seed = '1', of = topology): MadePki {
  const pki = makePki(of, START, randomFor(seed));
  if (pki === null) throw new Error('no pki');
  return pki;
}

describe('what a topology describes is made', () => {
  const pki = made();

  test('with its chain, whose anchor the peer has', () => {
    const alice = credentialsOf(topology, pki, 'alice', randomFor('1')('alice'));
    const bob = credentialsOf(topology, pki, 'bob', randomFor('1')('bob'));
    const [leaf, ...intermediates] = (alice.keys[0]?.chain ?? []).map(der =>
      decodeCertificate(Buffer.from(der, 'hex')),
    );
    const anchors = bob.anchors.map(({ certificate }) => decodeCertificate(Buffer.from(certificate, 'hex')));
    if (leaf === undefined) throw new Error('no certificate');
    expect(intermediates).toHaveLength(1);
    expect(findPath({ leaf, intermediates, anchors, at: START })).toMatchObject({ kind: 'valid' });
    expect(leaf.extensions.subjectAltNames.map(generalNameText)).toEqual([
      'DNS:alice.lab',
      'IP:1.2.3.4',
      'email:a@lab.example',
    ]);
    expect(leaf.extensions).toMatchObject({
      crlUris: [expect.stringMatching(/^http:\/\/[0-9.]+:8080\/crl\/branch\.crl$/)],
      ocspUris: [expect.stringMatching(/^http:\/\/[0-9.]+:8080\/ocsp\/branch$/)],
    });
    expect(alice.keys[0]?.url).toMatch(/\/certificates\/alice\.der$/);
    expect(alice.crls).toEqual([]);
  });

  test('also what nobody should believe', () => {
    const old = pki.keys.get('old')?.certificate;
    expect(old).toMatchObject({ notBefore: START - 10 * 86_400, notAfter: START - 5 * 86_400 });
    expect(pki.authorities.get('branch')?.issued.find(({ name }) => name === 'bob')?.revoked).toEqual({
      at: START - 3600,
      reason: 'superseded',
    });
  });
});

const text = (pki: MadePki) =>
  [...pki.keys].map(([name, { key, certificate }]) => [name, key.pkcs8, certificate?.der ?? null]);

describe('seeds', () => {
  test('one seed always makes the same', () => {
    expect(text(made('7'))).toEqual(text(made('7')));
  });

  test('another makes others', () => {
    expect(made('8').keys.get('alice')?.certificate?.der).not.toEqual(made('7').keys.get('alice')?.certificate?.der);
  });

  test('a further certificate changes no other', () => {
    const more = made('7', withPki(`${CA}    carol: { issuer: root }\n`));
    expect(more.keys.get('bob')?.certificate?.der).toEqual(made('7').keys.get('bob')?.certificate?.der);
  });
});

test('self-signed certificates are given to the peer', () => {
  const site = withPki('pki:\n  certificates: { alice: { key: rsa2048 }, bob: { key: ed25519 } }\n');
  const pki = made('1', site);
  const alice = credentialsOf(site, pki, 'alice', randomFor('1')('alice'));
  expect(alice.peers).toEqual([Buffer.from(pki.keys.get('bob')?.certificate?.der ?? []).toString('hex')]);
  expect(alice.anchors).toEqual([]);
});

test('a list that nobody publishes is given to everybody', () => {
  const site = withPki(`
pki:
  authorities: { root: {} }
  certificates: { alice: { issuer: root }, bob: { issuer: root, revoked: key-compromise } }
`);
  expect(credentialsOf(site, made('1', site), 'alice', randomFor('1')('alice')).crls).toHaveLength(1);
});
