import { formatPem, formatPrivateKey, parsePem, parsePrivateKey, type PemBlock } from '../../../engine/crypto/pem.ts';
import { type PrivateKey, type PublicKey, publicKey } from '../../../engine/crypto/signature.ts';
import { type Certificate, decodeCertificate } from '../../../engine/pki/certificate.ts';
import { type CertificateList, decodeCertificateList } from '../../../engine/pki/crl.ts';
import type { Authority } from '../../../engine/pki/issue.ts';
import { type CertificateRequest, parseCertificateRequest } from '../../../engine/pki/request.ts';
import { WireError } from '../../../engine/wire/wire-error.ts';
import { existsSync } from 'node:fs';
import { badInput } from '../../state/failure.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { Kind, readText, type Sheet, type Store } from './store.ts';

/** One thing that a PEM file may hold. */
export type Document =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'request'; readonly request: CertificateRequest }
  | { readonly kind: 'crl'; readonly crl: CertificateList }
  | { readonly kind: 'publicKey'; readonly key: PublicKey }
  | { readonly kind: 'privateKey'; readonly key: PrivateKey };

/** All that a text has, in order; a `Failure` where it has something that is broken, or nothing. */
export function documentsOf(text: string, file: string): readonly Document[] {
  const found = parsePem(text).map(block => documentOf(block, text, file));
  if (found.length > 0) return found;
  throw badInput(`${file} has no PEM in it`, 'openssl x509 -inform DER -in FILE writes a certificate as PEM');
}

/** What an argument means: a file, or a name in the directory (its certificate, or else what there is of it). */
export function documentsNamed(store: Store, argument: string): readonly Document[] {
  const kind = [Kind.CERTIFICATE, Kind.REQUEST, Kind.CRL, Kind.PUBLIC_KEY, Kind.KEY].find(
    candidate => /^[\w.-]+$/.test(argument) && store.has(argument, candidate),
  );
  if (kind !== undefined) {
    const file = store.fileOf(argument, kind);
    return documentsOf(readText(file), file);
  }
  if (existsSync(argument)) return documentsOf(readText(argument), argument);
  const names = store.entries().map(({ name }) => name);
  throw badInput(
    `there is no file ${argument}, and nothing of that name in ${store.path}`,
    didYouMean(argument, names, 'lab pki list shows what there is'),
  );
}

export function certificatesIn(documents: readonly Document[]): readonly Certificate[] {
  return documents.flatMap(document => (document.kind === 'certificate' ? [document.certificate] : []));
}

/** A name's own certificate, and behind it those of the authorities above it. */
export function chainOf(store: Store, name: string): readonly Certificate[] {
  const text = store.read(name, Kind.CERTIFICATE);
  return text === null ? [] : certificatesIn(documentsOf(text, store.fileOf(name, Kind.CERTIFICATE)));
}

/** A CA of the directory: its certificate and its key. A `Failure` where one is missing, or it is no CA. */
export function authorityNamed(store: Store, name: string): Authority & { readonly chain: readonly Certificate[] } {
  const [certificate, ...above] = chainOf(store, name);
  if (certificate === undefined) {
    const names = store.entries().filter(({ kinds }) => kinds.includes(Kind.LEDGER));
    const fix = didYouMean(
      name,
      names.map(entry => entry.name),
      `make one: lab pki ca ${name}`,
    );
    throw badInput(`there is no CA ${name} in ${store.path}`, fix);
  }
  if (certificate.extensions.basicConstraints?.isCa !== true) {
    throw badInput(`${name} is not a CA`, 'make one: lab pki ca, or lab pki intermediate');
  }
  const key = privateKeyNamed(store, name);
  if (Buffer.compare(key.public.spki, certificate.spki) !== 0) {
    throw badInput(`${store.fileOf(name, Kind.KEY)} is not the key of ${store.fileOf(name, Kind.CERTIFICATE)}`, null);
  }
  return { certificate, key, chain: [certificate, ...above] };
}

export function privateKeyNamed(store: Store, name: string): PrivateKey {
  const file = store.fileOf(name, Kind.KEY);
  const text = store.read(name, Kind.KEY);
  if (text === null) throw badInput(`there is no key ${file}`, `make one: lab pki key ${name}`);
  const key = parsePrivateKey(text);
  if (key === null) throw badInput(`${file} has no private key that can be read`, 'it has to be PKCS#8, not encrypted');
  return key;
}

export function keySheet(name: string, key: PrivateKey): Sheet {
  return { name, kind: Kind.KEY, text: formatPrivateKey(key) };
}

/** The certificate first, and those above it but the root: what a peer is sent. */
export function certificateSheet(name: string, chain: readonly Certificate[]): Sheet {
  const text = chain.map(({ der }) => formatPem({ label: 'CERTIFICATE', der })).join('');
  return { name, kind: Kind.CERTIFICATE, text };
}

function documentOf({ label, der }: PemBlock, text: string, file: string): Document {
  try {
    const found = decode(label, der, text);
    if (found !== null) return found;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw badInput(`${file}: ${error.message}`, null);
  }
  throw badInput(`${file} has a block "${label}" that cannot be read here`, null);
}

function decode(label: string, der: Uint8Array, text: string): Document | null {
  switch (label) {
    case 'CERTIFICATE':
    case 'X509 CERTIFICATE':
    case 'TRUSTED CERTIFICATE':
      return { kind: 'certificate', certificate: decodeCertificate(der) };
    case 'X509 CRL':
      return { kind: 'crl', crl: decodeCertificateList(der) };
    case 'CERTIFICATE REQUEST':
    case 'NEW CERTIFICATE REQUEST': {
      const request = parseCertificateRequest(der);
      return request === null ? null : { kind: 'request', request };
    }
    case 'PUBLIC KEY': {
      const key = publicKey(der);
      return key === null ? null : { kind: 'publicKey', key };
    }
    default: {
      const key = parsePrivateKey(text);
      return key === null ? null : { kind: 'privateKey', key };
    }
  }
}
