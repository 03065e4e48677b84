/** What a topology file may say of keys, certificates and who issues them; lab/topology/description.ts has the rest. */
import * as addresses from './address-scalars.ts';
import * as names from './names.ts';
import * as scalars from './scalars.ts';
import { dictionary, fields, oneOrMore, optional, type Read, required, word } from './shape.ts';

export const KEY_KINDS = [
  'ecdsa256',
  'ecdsa384',
  'ecdsa521',
  'ed25519',
  'ed448',
  'rsa2048',
  'rsa3072',
  'rsa4096',
] as const;

const keyKind = optional(word(KEY_KINDS), 'What kind of key it has; ecdsa256 where it is absent.');

const validityTable = {
  'valid-for': optional(scalars.longDuration, 'How long it is valid: 90d, 12h, 1y.'),
  'valid-from': optional(
    scalars.signedLongDuration,
    'When that begins, counted from the start of the lab: -1d; a day before where it is absent.',
  ),
};

const constraintsShape = fields('name constraints', {
  dns: optional(oneOrMore(scalars.text, 'names'), 'Names and all below them: lab, example.org.'),
  email: optional(oneOrMore(scalars.text, 'mail domains'), 'Mail domains.'),
  ip: optional(oneOrMore(addresses.network, 'prefixes'), 'Prefixes.'),
  dn: optional(oneOrMore(scalars.text, 'distinguished names'), 'Subjects that begin so.'),
});

const authorityShape = fields('an authority', {
  subject: optional(
    scalars.text,
    'Its distinguished name: "CN=Lab CA, O=ipsec-lab"; CN is its name where it is absent.',
  ),
  key: keyKind,
  issuer: optional(names.reference('an authority'), 'Who issues it; itself where it is absent: a root.'),
  ...validityTable,
  'path-length': optional(
    scalars.wholeNumber(0, 10, 'authorities'),
    'How many authorities may stand between it and a certificate (RFC 5280 §4.2.1.9).',
  ),
  permitted: optional(constraintsShape, 'Names that it may certify (RFC 5280 §4.2.1.10).'),
  excluded: optional(constraintsShape, 'Names that it may not.'),
  revoked: optional(scalars.flag, 'Its issuer has revoked it.'),
  crl: optional(scalars.flag, 'Publish revocation lists, and say so in certificates; true where there is a server.'),
  ocsp: optional(scalars.flag, 'Answer OCSP requests, and say so in certificates; true where there is a server.'),
});

const certificateShape = fields('a certificate', {
  subject: optional(scalars.text, 'Its distinguished name; CN is its name where it is absent.'),
  names: optional(
    oneOrMore(scalars.text, 'names'),
    'Other names of the subject: alice.lab, 192.0.2.1, alice@lab.example; NAME.lab where it is absent.',
  ),
  key: keyKind,
  issuer: optional(
    names.reference('an authority'),
    'Who issues it; nobody where it is absent: it is self-signed, and peers are given it beforehand.',
  ),
  ...validityTable,
  revoked: optional(
    word(['key-compromise', 'superseded', 'cessation-of-operation', 'unspecified']),
    'It has been revoked, for this reason, before the lab starts.',
  ),
  'key-usage': optional(
    oneOrMore(word(['digital-signature', 'non-repudiation', 'key-encipherment', 'key-agreement']), 'key usages'),
    'What its key is for; digital-signature where it is absent.',
  ),
  'extended-key-usage': optional(
    oneOrMore(word(['any', 'ipsec-ike', 'server', 'client']), 'extended key usages'),
    'What the certificate is for (RFC 4945 §5.1.3.12); none where it is absent.',
  ),
});

const serverShape = fields('server', {
  node: required(names.reference('a node'), 'Where revocation lists, OCSP and certificates are to be had over HTTP.'),
  port: optional(scalars.port, 'TCP port; 80 where it is absent.'),
});

export const pkiShape = fields('pki', {
  authorities: optional(dictionary(names.name, authorityShape, 'authorities'), 'Who issues certificates, by name.'),
  certificates: optional(
    dictionary(names.name, certificateShape, 'certificates'),
    'Certificates with their keys, by name.',
  ),
  keys: optional(
    dictionary(names.name, fields('a key', { key: keyKind }), 'keys'),
    'Key pairs without a certificate, by name (RFC 7670).',
  ),
  server: optional(serverShape, 'Which node serves what the authorities publish.'),
});

export type PkiText = Read<typeof pkiShape>;
export type AuthorityText = Read<typeof authorityShape>;
export type CertificateText = Read<typeof certificateShape>;
export type ConstraintsText = Read<typeof constraintsShape>;
