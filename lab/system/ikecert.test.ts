import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { generateKeyPair } from '../../engine/crypto/generate-key.ts';
import { formatPem, parsePem } from '../../engine/crypto/pem.ts';
import { seededRandom } from '../../engine/crypto/testing/random.ts';
import type { Certificate } from '../../engine/pki/certificate.ts';
import { type Authority, issueCertificate, issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../engine/pki/name-text.ts';
import { parseCertificateRequest } from '../../engine/pki/request.ts';
import { isSignedByItself } from '../../engine/pki/signature-check.ts';
import { ikecertFiles } from './given-credentials.ts';
import { ALICE, EPOCH, TypedNode } from './testing/typed-node.ts';

const ALICE_NAME = 'C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN';
const BOB_NAME = 'C=US,O=BobDesign Ltd.,OU=Network Security,CN=BobDesign VPN';
/** With the line that goes on as the guide has it: blanks behind the backslash. */
const selfSigned = (name: string) => `ikecert certlocal -ks -m 2048 -t rsa-sha1 \\  \n-D "${name}"`;
const BOB_CONFIG = { ...ALICE, name: 'bob' };

let alice: TypedNode;
let bob: TypedNode;
let aliceCertificate: string;

beforeAll(() => {
  alice = new TypedNode(ALICE);
  bob = new TypedNode(BOB_CONFIG);
  aliceCertificate = alice.type(selfSigned(ALICE_NAME));
});

const pemOf = (text: string): string => /-----BEGIN[\s\S]*-----END [A-Z0-9 ]+-----\n/.exec(text)?.[0] ?? '';

test('a self-signed certificate, as the guide asks for it', () => {
  expect(aliceCertificate).toMatch(
    /^Creating private key\.\nCertificate added to database\.\n-----BEGIN X509 CERTIFICATE-----\n/,
  );
  expect(aliceCertificate).toContain('-----END X509 CERTIFICATE-----\nikecert: warning: weak: SHA-1');
  const [block] = parsePem(pemOf(aliceCertificate));
  const read = new X509Certificate(block?.der ?? '');
  expect(read.subject.split('\n')).toEqual(['C=US', 'O=AliceTech Inc.', 'OU=Network Security', 'CN=AliceTech VPN']);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(Date.parse(read.validFrom)).toBe(EPOCH * 1000);
  expect(alice.type('ls /etc/inet/secret/ike.privatekeys /etc/inet/ike/publickeys')).toBe(
    '/etc/inet/secret/ike.privatekeys:\n0\n/etc/inet/ike/publickeys:\n0\n',
  );
  expect(alice.type('ls -l /etc/inet/secret/ike.privatekeys')).toContain('-rw-------');
});

test('the databases list what is in them', () => {
  expect(alice.type('ikecert certlocal -l')).toMatch(
    /^Local ID Slot Name: 0 {3}Key Type: rsa\n\tSubject Name: <C=US, O=AliceTech Inc\., OU=Network Security, CN=AliceTech VPN>\n\tKey Size: 2048\n\tPublic key hash: [0-9A-F]{32}\n$/,
  );
  expect(alice.type('ikecert certdb -l')).toMatch(
    /^Certificate Slot Name: 0 {3}Key Type: rsa\n\t\(Private key in certlocal slot 0\)\n\tSubject Name: <C=US, O=AliceTech Inc\., OU=Network Security, CN=AliceTech VPN>\n\tKey Size: 2048\n/,
  );
  expect(alice.type('ikecert certdb -l -v 0')).toContain('Signature: rsa-sha1');
  expect(alice.type('ikecert certdb -l SLOT=4')).toContain("nothing is like 'SLOT=4'");
  expect(bob.type('ikecert certlocal -l')).toBe('No private keys in the database.\n');
});

test('what one has printed the other imports, with blanks at the ends of its lines or words before it', () => {
  const spoilt = aliceCertificate.replaceAll('\n', '  \n');
  expect(bob.type('ikecert certdb -a', spoilt)).toBe('');
  expect(bob.type(`ikecert certdb -l "${ALICE_NAME}"`)).toContain('CN=AliceTech VPN');
  expect(bob.type('ikecert certdb -l')).not.toContain('Private key');
  expect(bob.type('ikecert certdb -a', aliceCertificate)).toContain('is there already');
  expect(bob.type('ikecert certdb -a', 'not a certificate')).toContain('does not hold a certificate');
  expect(bob.type('ikecert certdb -e 0')).toBe(pemOf(aliceCertificate));
  expect(bob.type('ikecert certdb -r 0')).toBe('');
  expect(bob.type('ikecert certdb -l')).toBe('No certificates in the database.\n');
  expect(bob.type('ikecert certdb -r 0')).toContain('[1]');
});

const IKE_CONFIG = `p1_lifetime_secs 7200
p1_nonce_len 40
cert_trust "${ALICE_NAME}"
cert_trust "${BOB_NAME}"
p1_xform { auth_method rsa_sig oakley_group 5 auth_alg sha512 encr_alg aes }
p2_pfs 2
{
    label "v4_bob0"
    local_id_type dn
    local_id  "${ALICE_NAME}"
    remote_id "${BOB_NAME}"
    local_addr 1.2.3.4
    remote_addr 5.6.7.8
    p1_xform { auth_method rsa_sig oakley_group 5 auth_alg sha512 encr_alg aes }
    p2_pfs 5
}
`;

test('in.iked proves by them who it is, and believes in those of cert_trust', () => {
  const node = new TypedNode(ALICE);
  node.type(selfSigned(ALICE_NAME));
  const other = new TypedNode(BOB_CONFIG).type(selfSigned(BOB_NAME));
  expect(node.type('ikecert certdb -a', other)).toBe('');
  node.type('tee /etc/inet/ike/config', IKE_CONFIG);
  expect(node.type('svcadm enable ipsec/ike')).toBe('');
  const { credentials, connections } = node.ike ?? { credentials: null, connections: [] };
  expect(credentials?.keys.length).toBe(1);
  expect(credentials?.peers).toEqual([Buffer.from(parsePem(pemOf(other))[0]?.der ?? '').toString('hex')]);
  expect(connections[0]?.authentication).toMatchObject({
    local: { method: 'signature', key: 0, identity: 'CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US' },
    remote: { methods: ['signature'], identity: 'CN=BobDesign VPN,OU=Network Security,O=BobDesign Ltd.,C=US' },
  });
});

test('without the key that its file names, in.iked says what is missing', () => {
  const node = new TypedNode(ALICE);
  node.type('tee /etc/inet/ike/config', IKE_CONFIG);
  expect(node.type('svcadm enable ipsec/ike')).toContain('ikecert certlocal -ks');
  expect(node.ike?.connections).toEqual([]);
});

function charles(): Authority {
  const random = seededRandom('charles');
  const key = generateKeyPair('ecdsa256', random);
  const subject = parseDistinguishedName("C=US, CN=Charles' Certificate Authority DN", 'rootFirst');
  if (subject === null) throw new Error('no name');
  const issued = issueSelfSigned(
    {
      ...PLAIN_ORDER,
      subject,
      notBefore: EPOCH - 60,
      notAfter: EPOCH + 1e8,
      role: { kind: 'ca', pathLength: null, nameConstraints: null },
    },
    key,
    random,
  );
  if (issued.kind === 'refused') throw new Error(issued.why);
  return { certificate: issued.certificate, key };
}

function signed(request: string, authority: Authority): Certificate {
  const found = parseCertificateRequest(parsePem(pemOf(request))[0]?.der ?? new Uint8Array());
  if (found === null) throw new Error('no request');
  expect(isSignedByItself(found, { rsaBits: 2048, ecdsaBits: 256, allowsSha1: true })).toBe(true);
  const order = { ...PLAIN_ORDER, subject: found.subject, notBefore: EPOCH, notAfter: EPOCH + 1e7, role: PLAIN_END };
  const issued = issueCertificate(order, found.spki, authority, seededRandom('issue'));
  if (issued.kind === 'refused') throw new Error(issued.why);
  return issued.certificate;
}

test('a request for Charles, and the certificate that he gives for it', () => {
  const node = new TypedNode(ALICE);
  const request = node.type(selfSigned(ALICE_NAME).replace('-ks', '-kc'));
  expect(request).toMatch(/^Creating private key\.\n-----BEGIN CERTIFICATE REQUEST-----\n/);
  expect(node.type('ikecert certdb -l')).toBe('No certificates in the database.\n');
  const authority = charles();
  const certificate = signed(request, authority);
  expect(node.type('ikecert certdb -a', formatPem({ label: 'CERTIFICATE', der: certificate.der }))).toBe('');
  expect(node.type('ikecert certdb -a', formatPem({ label: 'CERTIFICATE', der: authority.certificate.der }))).toBe('');
  expect(node.type('ikecert certdb -l 0')).toContain('(Private key in certlocal slot 0)');
  const config = IKE_CONFIG.replace(
    /cert_trust.*\ncert_trust.*\n/,
    'cert_root "C=US, CN=Charles\' Certificate Authority DN"\nignore_crls\n',
  );
  node.type('tee /etc/inet/ike/config', config);
  expect(node.type('svcadm enable ipsec/ike')).toBe('');
  const { credentials, connections } = node.ike ?? { credentials: null, connections: [] };
  expect(credentials?.anchors.map(({ name }) => name)).toEqual(['1']);
  expect(connections[0]?.authentication.remote).toMatchObject({ authorities: ['1'], revocation: 'relaxed' });
});

test('what a topology has given a node is in its databases, and in.iked works by it', () => {
  const made = new TypedNode(ALICE);
  made.type(selfSigned(ALICE_NAME));
  const other = new TypedNode(BOB_CONFIG).type(selfSigned(BOB_NAME));
  made.type('ikecert certdb -a', other);
  made.type('tee /etc/inet/ike/config', IKE_CONFIG);
  made.type('svcadm enable ipsec/ike');
  if (made.ike === null) throw new Error('nobody negotiates');
  const files = new Map([
    ...ikecertFiles(made.ike.credentials),
    ['/etc/inet/ike/config', Buffer.from(IKE_CONFIG)] as const,
  ]);
  const node = new TypedNode(ALICE, files);
  expect(node.type('ikecert certdb -l')).toBe(made.type('ikecert certdb -l'));
  expect(node.type('ls -l /etc/inet/secret/ike.privatekeys')).toContain('-rw------- ');
  expect(node.type('svcadm enable ipsec/ike')).toBe('');
  expect(node.ike).toEqual(made.ike);
});

test.each([
  ['certlocal -ks -m 512 -t rsa-sha1 -D CN=x', 'one of 2048, 3072, 4096'],
  ['certlocal -ks -m 2048 -t rsa-md5 -D CN=x', 'one of rsa-sha1, rsa-sha256, rsa-sha384, rsa-sha512'],
  ['certlocal -ks -m 2048 -t rsa-sha1', '-D "C=US,O=AliceTech Inc.'],
  ['certlocal -ks -m 2048 -t rsa-sha1 -D C=US,O=AliceTech Inc.', 'stands in quotes'],
  ['certlocal -ks -D nonsense', 'is no distinguished name'],
  ['certlocal -k -D CN=x', '-ks makes a self-signed certificate'],
  ['certdb -ks -D CN=x', 'keys are made in certlocal'],
  ['certlocl -l', 'did you mean "certlocal"?'],
  ['certdb -l -r 0', 'exclude each other'],
  ['certlocal -ks -F soon -D CN=x', 'is no time'],
])('ikecert %s: what is wrong, and what to do', (line, expected) => {
  const text = new TypedNode(ALICE).type(`ikecert ${line}`);
  expect(text).toContain(expected);
  expect(text).toMatch(/\[1\]$/);
});
