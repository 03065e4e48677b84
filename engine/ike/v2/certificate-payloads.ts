import { createHash } from 'node:crypto';
import { DerReader } from '../../wire/der-reader.ts';
import type { CertPayload, CertreqPayload, NotifyPayload } from '../../wire/ike/payload.ts';
import { CertEncoding, NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { IkeLimits, LocalAuthenticationConfig, RemoteAuthenticationConfig } from '../config.ts';
import type { Credentials } from '../credentials.ts';
import type { Fetched, FetchWanted } from './authenticate.ts';
import { notifyPayload } from './notify.ts';

/** What CERT payloads bring, in their order: the first certificate has the key that AUTH is by, RFC 7296 §3.6. DER. */
export type ReadCertificates =
  | { readonly kind: 'read'; readonly certificates: readonly Uint8Array[]; readonly crls: readonly Uint8Array[] }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'needsFetches'; readonly fetches: readonly FetchWanted[] };

/** What reading them may take. */
export interface CertificateTerms {
  readonly limits: Pick<IkeLimits, 'certificates' | 'certificateOctets'>;
  /** Whether this node has told the peer that it fetches, by HTTP_CERT_LOOKUP_SUPPORTED. */
  readonly mayFetch: boolean;
  readonly fetched: Fetched;
}

const SHA1_OCTETS = 20;
const URL_OCTETS_MAX = 512;
const FETCH_TIMEOUT_MS = 5000;

/** Follows hash-and-URL as far as it was told that it may. Encodings that are not known are passed over. */
export function readCertificates(payloads: readonly CertPayload[], terms: CertificateTerms): ReadCertificates {
  const { limits } = terms;
  if (payloads.length > limits.certificates) return refused(`${payloads.length} CERT payloads`);
  if (payloads.some(({ data }) => data.length > limits.certificateOctets))
    return refused('a CERT payload is too large');
  const certificates: Uint8Array[] = [];
  const crls: Uint8Array[] = [];
  const fetches: FetchWanted[] = [];
  for (const { encoding, data } of payloads) {
    if (encoding === CertEncoding.X509_SIGNATURE) certificates.push(data);
    if (encoding === CertEncoding.CRL) crls.push(data);
    if (encoding !== CertEncoding.HASH_AND_URL_X509 && encoding !== CertEncoding.HASH_AND_URL_BUNDLE) continue;
    const found = followUrl(data, terms);
    if (found.kind === 'refused') return found;
    if (found.kind === 'wanted') fetches.push(found.fetch);
    else if (encoding === CertEncoding.HASH_AND_URL_X509) certificates.push(found.content);
    else {
      const bundle = readBundle(found.content);
      if (bundle === null) return refused('a bundle of certificates that cannot be read');
      certificates.push(...bundle.certificates);
      crls.push(...bundle.crls);
    }
  }
  if (fetches.length > 0) return { kind: 'needsFetches', fetches };
  if (certificates.length > limits.certificates) return refused(`${certificates.length} certificates`);
  return { kind: 'read', certificates, crls };
}

type Followed =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  | { readonly kind: 'wanted'; readonly fetch: FetchWanted }
  | { readonly kind: 'refused'; readonly why: string };

/** RFC 7296 §3.6: the SHA-1 of what is found, and behind it the URL. What comes is as untrusted as what was sent. */
function followUrl(data: Uint8Array, terms: CertificateTerms): Followed {
  if (!terms.mayFetch) return refused('a certificate by URL, which was not offered');
  const url = Buffer.from(data.subarray(SHA1_OCTETS)).toString('latin1');
  if (url.length > URL_OCTETS_MAX || !/^http:\/\/[!-~]+$/.test(url)) return refused('a URL that is not fetched');
  const content = terms.fetched(url, null);
  const octetsMax = terms.limits.certificateOctets;
  if (content === undefined) {
    const fetch = { url, body: null, contentType: null, octetsMax, timeoutMs: FETCH_TIMEOUT_MS };
    return { kind: 'wanted', fetch };
  }
  if (content === null) return refused('a certificate could not be fetched');
  const hash = createHash('sha1').update(content).digest();
  const isSame = octetsEqual(hash, data.subarray(0, SHA1_OCTETS));
  return isSame ? { kind: 'content', content } : refused('a certificate is not the one that its hash names');
}

const CERTIFICATE = 0xa0;
const CRL = 0xa1;

/** CertificateBundle: SEQUENCE OF CHOICE { cert [0], crl [1] }, explicit tags. null: it is none. */
function readBundle(der: Uint8Array): { certificates: Uint8Array[]; crls: Uint8Array[] } | null {
  const bundle: { certificates: Uint8Array[]; crls: Uint8Array[] } = { certificates: [], crls: [] };
  try {
    const outer = new DerReader(der, 'bundle');
    const list = outer.sequence('CertificateBundle');
    outer.end('CertificateBundle');
    while (!list.isAtEnd) {
      const { tag, content } = list.any('CertificateOrCRL');
      if (tag === CERTIFICATE) bundle.certificates.push(content);
      else if (tag === CRL) bundle.crls.push(content);
      else return null;
    }
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
  return bundle;
}

/** The CERT payloads of this node's own key, RFC 7296 §3.6; `requests` are the peer's CERTREQs, `peerFetches` that it follows URLs. */
export function certificatesToSend(
  local: LocalAuthenticationConfig,
  credentials: Credentials,
  requests: readonly Pick<CertreqPayload, 'encoding' | 'data'>[],
  peerFetches: boolean,
): readonly CertPayload[] {
  if (local.method !== 'signature' || local.sends === 'never') return [];
  const own = credentials.keys[local.key];
  if (own === undefined) throw new Error(`the configuration of IKE has no key ${local.key}`);
  if (local.sends === 'raw') return [cert(CertEncoding.RAW_PUBLIC_KEY, own.key.public.spki)];
  const [leaf, ...others] = own.chain;
  if (leaf === undefined) return [];
  const isAsked = requests.some(({ encoding }) => ASKED.includes(encoding));
  if (local.sends === 'asked' && !isAsked) return [];
  const above = others.map(({ der }) => cert(CertEncoding.X509_SIGNATURE, der));
  if (local.sends !== 'url' || local.url === null || !peerFetches) {
    return [cert(CertEncoding.X509_SIGNATURE, leaf.der), ...above];
  }
  const data = Buffer.concat([createHash('sha1').update(leaf.der).digest(), Buffer.from(local.url, 'latin1')]);
  return [cert(CertEncoding.HASH_AND_URL_X509, data), ...above];
}

const ASKED: readonly number[] = [
  CertEncoding.X509_SIGNATURE,
  CertEncoding.HASH_AND_URL_X509,
  CertEncoding.HASH_AND_URL_BUNDLE,
];

/**
 * What this node asks of a peer, RFC 7296 §3.7: the authorities that it may be certified by, as SHA-1 of their keys; a raw key
 * where it knows some, RFC 7670 §3. Of all connections that the peer may mean: in IKE_SA_INIT nobody knows which.
 */
export function certificateRequests(
  remotes: readonly RemoteAuthenticationConfig[],
  credentials: Credentials,
): readonly CertreqPayload[] {
  const signing = remotes.filter(({ methods }) => methods.includes('signature'));
  const anchors = credentials.anchors.filter(({ name }) =>
    signing.some(({ authorities }) => authorities.length === 0 || authorities.includes(name)),
  );
  const requests: CertreqPayload[] = [];
  if (anchors.length > 0) {
    const hashes = anchors.map(({ certificate }) => createHash('sha1').update(certificate.spki).digest());
    requests.push({ type: 'CERTREQ', encoding: CertEncoding.X509_SIGNATURE, data: Buffer.concat(hashes) });
  }
  if (signing.length > 0 && credentials.rawKeys.length > 0) {
    requests.push({ type: 'CERTREQ', encoding: CertEncoding.RAW_PUBLIC_KEY, data: new Uint8Array(0) });
  }
  return requests;
}

/** That this node follows URLs in the place of certificates, RFC 7296 §3.7: beside CERTREQs. */
export function lookupNotifies(remotes: readonly RemoteAuthenticationConfig[]): readonly NotifyPayload[] {
  const fetches = remotes.some(({ fetchesCertificates }) => fetchesCertificates === true);
  return fetches ? [notifyPayload(NotifyType.HTTP_CERT_LOOKUP_SUPPORTED)] : [];
}

const cert = (encoding: number, data: Uint8Array): CertPayload => ({ type: 'CERT', encoding, data });

function refused(why: string): { readonly kind: 'refused'; readonly why: string } {
  return { kind: 'refused', why };
}
