import { createHash } from 'node:crypto';
import { schemeOf, schemeToken } from '../../../engine/crypto/signature-scheme.ts';
import { type PublicKey, publicKey } from '../../../engine/crypto/signature.ts';
import { type Certificate, serialText } from '../../../engine/pki/certificate.ts';
import { readableTime } from '../../../engine/wire/der-time.ts';
import { KeyUsage } from '../../../engine/pki/extension.ts';
import { formatDistinguishedName } from '../../../engine/pki/name-text.ts';
import { Oid } from '../../../engine/pki/oid.ts';
import { generalNameText } from '../../../engine/pki/path-problem.ts';
import { isSelfSigned, isSignedByItself } from '../../../engine/pki/signature-check.ts';
import { STRENGTH_FLOOR } from '../../../engine/pki/strength.ts';
import type { Document } from './documents.ts';

/** One line of a description: what, and what it is. */
export type Line = readonly [string, string];

/** What a document says, for people; nothing of a private key but its public half. */
export function describe(document: Document): { readonly title: string; readonly lines: readonly Line[] } {
  switch (document.kind) {
    case 'certificate':
      return { title: 'certificate', lines: certificateLines(document.certificate) };
    case 'request': {
      const { subject, spki, altNames, asksForCa } = document.request;
      const isSigned = isSignedByItself(document.request, STRENGTH_FLOOR);
      const lines: Line[] = [
        ['subject', nameText(subject)],
        ...some('names', altNames.map(generalNameText)),
        ['key', keyText(publicKey(spki))],
        ['asks to be', asksForCa ? 'a CA' : 'no CA'],
        ['signature', isSigned ? 'good' : 'bad: its sender does not have the key'],
      ];
      return { title: 'certificate request', lines };
    }
    case 'crl': {
      const { issuer, thisUpdate, nextUpdate, revoked, number } = document.crl;
      const lines: Line[] = [
        ['issuer', nameText(issuer)],
        ['number', number === null ? 'none' : String(BigInt(`0x0${Buffer.from(number).toString('hex')}`))],
        ['made', readableTime(thisUpdate)],
        ['next due', nextUpdate === null ? 'never' : readableTime(nextUpdate)],
        ['revoked', String(revoked.size)],
        ...[...revoked].map(
          ([serial, { at, reason }]): Line => ['', `${serial} ${readableTime(at)} ${reason ?? ''}`.trim()],
        ),
      ];
      return { title: 'revocation list', lines };
    }
    case 'publicKey':
      return { title: 'public key', lines: keyLines(document.key) };
    case 'privateKey':
      return { title: 'private key', lines: keyLines(document.key.public) };
  }
}

/** The same as JSON: lists for what there may be several of. */
export function describeJson(document: Document): Readonly<Record<string, unknown>> {
  const { title, lines } = describe(document);
  const found: Record<string, string | string[]> = { kind: title };
  let last = '';
  for (const [what, value] of lines) {
    const key = what === '' ? last : camel(what);
    const before = found[key];
    found[key] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
    last = key;
  }
  return found;
}

export function nameText(name: Uint8Array): string {
  const text = formatDistinguishedName(name);
  return text === null || text === '' ? '(none)' : text;
}

export function keyText(key: PublicKey | null): string {
  if (key === null) return 'of a kind that is not known here';
  return key.algorithm === 'rsa' || key.algorithm === 'ecdsa' ? `${key.algorithm}, ${key.bits} bits` : key.algorithm;
}

function certificateLines(certificate: Certificate): readonly Line[] {
  const { subject, issuer, serial, notBefore, notAfter, spki, extensions, signatureAlgorithm, der } = certificate;
  const { basicConstraints, keyUsage, extendedKeyUsage, nameConstraints, subjectAltNames } = extensions;
  const scheme = schemeOf(signatureAlgorithm);
  const limit = basicConstraints?.pathLength ?? null;
  return [
    ['subject', nameText(subject)],
    ['issuer', isSelfSigned(certificate, STRENGTH_FLOOR) ? 'itself' : nameText(issuer)],
    ['serial', serialText(serial)],
    ['valid from', readableTime(notBefore)],
    ['valid until', readableTime(notAfter)],
    ...some('names', subjectAltNames.map(generalNameText)),
    ['key', keyText(publicKey(spki))],
    ['signed with', scheme === null ? 'something that is not known here' : schemeToken(scheme)],
    ['CA', basicConstraints?.isCa === true ? `yes${limit === null ? '' : `, ${limit} below it`}` : 'no'],
    ...some('key usage', keyUsage === null ? [] : usageNames(keyUsage)),
    ...some(
      'extended key usage',
      (extendedKeyUsage ?? []).map(oid => PURPOSES[oid] ?? oid),
    ),
    ...some('permitted', (nameConstraints?.permitted ?? []).map(generalNameText)),
    ...some('excluded', (nameConstraints?.excluded ?? []).map(generalNameText)),
    ...some('CRL at', extensions.crlUris),
    ...some('OCSP at', extensions.ocspUris),
    ...some('unknown critical', extensions.unknownCritical),
    ['SHA-256', createHash('sha256').update(der).digest('hex')],
  ];
}

function keyLines(key: PublicKey): readonly Line[] {
  return [
    ['key', keyText(key)],
    ['SHA-256', createHash('sha256').update(key.spki).digest('hex')],
  ];
}

const PURPOSES: Readonly<Record<string, string>> = {
  [Oid.ANY_EXTENDED_KEY_USAGE]: 'any',
  [Oid.KP_IPSEC_IKE]: 'ipsec-ike',
  [Oid.IKE_INTERMEDIATE]: 'ike-intermediate',
  [Oid.KP_SERVER_AUTH]: 'server',
  [Oid.KP_CLIENT_AUTH]: 'client',
  [Oid.KP_OCSP_SIGNING]: 'ocsp-signing',
};

function usageNames(bits: ReadonlySet<number>): string[] {
  return Object.entries(KeyUsage).flatMap(([name, bit]) => (bits.has(bit) ? [name] : []));
}

/** The first with the heading, the others below it. */
function some(what: string, values: readonly string[]): Line[] {
  return values.map((value, i) => [i === 0 ? what : '', value]);
}

function camel(words: string): string {
  return words
    .replace(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]+/, start => start.toLowerCase());
}
