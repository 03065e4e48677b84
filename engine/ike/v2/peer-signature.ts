import { verify } from '../../crypto/sign.ts';
import type { PublicKey, SignatureScheme } from '../../crypto/signature.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { keyOf } from '../../pki/certificate-key.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { CertEncoding } from '../../wire/ike/registry.ts';
import { identityMatches } from '../identity.ts';
import type { FetchWanted, PeerClaim } from './authenticate.ts';
import { certifies } from './certificate-identity.ts';
import { readCertificates } from './certificate-payloads.ts';
import { validatePeerPath } from './peer-path.ts';
import { hashesOffered, hashNumber, isSchemeAllowed, readSignature, schemeFitsKey } from './signature-auth.ts';

export type PeerSignature =
  | { readonly kind: 'verified'; readonly scheme: SignatureScheme }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'needsFetches'; readonly fetches: readonly FetchWanted[] };

/** A key that may be the peer's: with a certificate that has to be followed, or (`leaf` null) known to be its own. */
interface PeerKey {
  readonly key: PublicKey;
  readonly leaf: Certificate | null;
  readonly others: readonly Certificate[];
  readonly crls: readonly Uint8Array[];
}

type PeerKeys =
  | { readonly kind: 'keys'; readonly keys: readonly PeerKey[] }
  | Exclude<PeerSignature, { kind: 'verified' }>;

/**
 * Whether the peer has signed, with a scheme that it may use, by a key that is its own. What costs most comes last: a chain
 * is followed for nobody who cannot sign, and nothing is asked about it on the network before all else is well.
 */
export function verifyPeerSignature(claim: PeerClaim): PeerSignature {
  const read = readSignature(claim.auth);
  if (read === null) return refused('the signature or its algorithm cannot be read');
  if (read.isNegotiated && claim.peerHashes === null) return refused('RFC 7427 was not negotiated');
  const offered = hashesOffered(claim.expected.schemes);
  const schemes = read.schemes.filter(
    scheme => isSchemeAllowed(scheme, claim.expected.schemes) && offered.includes(hashNumber(scheme)),
  );
  if (schemes.length === 0) return refused('a signature scheme that is not allowed');
  const found = peerKeys(claim);
  if (found.kind !== 'keys') return found;
  for (const candidate of found.keys) {
    const scheme = schemes.find(
      one =>
        schemeFitsKey(one, candidate.key, read.curveBits) && verify(candidate.key, one, claim.octets, read.signature),
    );
    if (scheme === undefined) continue;
    if (candidate.leaf === null) return { kind: 'verified', scheme };
    const path = validatePeerPath(claim, candidate.leaf, candidate.others, candidate.crls);
    if (path.kind !== 'trusted') return path;
    claim.memory.known.keep(candidate.leaf);
    return { kind: 'verified', scheme };
  }
  return refused(found.keys.length === 0 ? 'no key of that identity' : 'the signature is not of that key');
}

/** What its CERT payloads bring, or what is configured for its identity. */
function peerKeys(claim: PeerClaim): PeerKeys {
  const raw = claim.certificates.find(({ encoding }) => encoding === CertEncoding.RAW_PUBLIC_KEY);
  if (raw !== undefined) return { kind: 'keys', keys: rawKeys(claim, raw.data) };
  const read = readCertificates(claim.certificates, {
    limits: claim.limits,
    mayFetch: claim.expected.fetchesCertificates ?? false,
    fetched: claim.fetched,
  });
  if (read.kind !== 'read') return read;
  const [first, ...more] = read.certificates;
  if (first === undefined) return { kind: 'keys', keys: [...rawKeys(claim, null), ...configuredKeys(claim)] };
  const { known } = claim.memory;
  const leaf = known.read(first);
  const key = leaf === null ? null : keyOf(leaf);
  if (leaf === null || key === null) return refused('a certificate that cannot be read');
  if (!certifies(leaf, claim.remoteIdentity)) return refused('the certificate is of another identity');
  const others = more.map(der => known.read(der)).filter(certificate => certificate !== null);
  return { kind: 'keys', keys: [{ key, leaf, others, crls: read.crls }] };
}

/** RFC 7670: the key itself is what was exchanged before, and all of it is compared. null: the peer has sent none. */
function rawKeys(claim: PeerClaim, spki: Uint8Array | null): readonly PeerKey[] {
  // A bare key is of no authority.
  if (claim.expected.authorities.length > 0) return [];
  return claim.credentials.rawKeys
    .filter(({ identity, key }) => {
      const isItsOwn = identityMatches(identity, claim.remoteIdentity);
      return isItsOwn && (spki === null || octetsEqual(key.spki, spki));
    })
    .map(({ key }) => ({ key, leaf: null, others: [], crls: [] }));
}

/** Of a peer that sends no certificate: what was exchanged out of band. */
function configuredKeys(claim: PeerClaim): readonly PeerKey[] {
  return claim.credentials.peers
    .filter(peer => certifies(peer, claim.remoteIdentity))
    .flatMap(leaf => {
      const key = keyOf(leaf);
      return key === null ? [] : [{ key, leaf, others: [], crls: [] }];
    });
}

function refused(why: string): { readonly kind: 'refused'; readonly why: string } {
  return { kind: 'refused', why };
}
