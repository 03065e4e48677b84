import { icvsEqual } from '../../crypto/icv.ts';
import { schemeOf } from '../../crypto/signature-scheme.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { keyOf } from '../../pki/certificate-key.ts';
import { emptyPathMemory } from '../../pki/memory.ts';
import type { StrengthFloor } from '../../pki/strength.ts';
import { IsakmpCertEncoding, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import type { IsakmpCertPayload, IsakmpCertRequestPayload, IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import type { IkeFetch } from '../daemon.ts';
import { type Identity, identityMatches, parseIdentity } from '../identity.ts';
import { certifies } from '../v2/certificate-identity.ts';
import { certificatesToSend, readCertificates } from '../v2/certificate-payloads.ts';
import { type PeerPath, validatePeerPath } from '../v2/peer-path.ts';
import { payloadOf, payloadsOf } from './exchange-table.ts';
import { v1Of } from './extensions.ts';
import { secretOf } from './identities.ts';
import type { CertificateRequest } from './isakmp-sa.ts';
import { methodName, signProof, verifyProof } from './signature-method.ts';
import type { World } from './step.ts';
import type { IsakmpSuite } from './suite.ts';

/** What this end shows: HASH_I or HASH_R, or certificates and the signature of it. */
export function ownProof(
  connection: ConnectionConfig,
  suite: IsakmpSuite,
  hash: Uint8Array,
  requests: readonly CertificateRequest[],
  world: World,
): IsakmpPayload[] {
  const { local } = connection.authentication;
  if (suite.method === 'psk' || local.method !== 'signature') return [{ type: 'HASH', data: hash }];
  const credentials = credentialsOf(world.config);
  const own = credentials.keys[local.key];
  if (own === undefined) throw new Error(`the configuration of IKE has no key ${local.key}`);
  const certificates = certificatesToSend(local, credentials, requests, false).filter(({ encoding }) =>
    KNOWN.includes(encoding),
  );
  return [...certificates, { type: 'SIG', data: signProof(own.key, hash) }];
}

/** One CERT_REQ for each authority that the peer may be certified by, RFC 2408 §3.10: its name. Any, where no authority is known. */
export function certificateRequests(
  connections: readonly ConnectionConfig[],
  world: Pick<World, 'config'>,
): IsakmpCertRequestPayload[] {
  const asking = connections.filter(
    connection =>
      v1Of(connection).requestsCertificates && connection.authentication.remote.methods.includes('signature'),
  );
  if (asking.length === 0) return [];
  const { anchors } = credentialsOf(world.config);
  const wanted = anchors.filter(({ name }) =>
    asking.some(
      ({ authentication: { remote } }) => remote.authorities.length === 0 || remote.authorities.includes(name),
    ),
  );
  const names =
    wanted.length === 0 ? [NOBODY] : wanted.slice(0, REQUESTS_MAX).map(({ certificate }) => certificate.subject);
  return names.map(data => ({ type: 'CR', encoding: IsakmpCertEncoding.X509_SIGNATURE, data }));
}

const NOBODY = new Uint8Array(0);
const REQUESTS_MAX = 16;

/** The peer's proof, and with what it comes. */
export interface PeerClaim {
  readonly connection: ConnectionConfig;
  readonly suite: IsakmpSuite;
  /** HASH_I or HASH_R as it has to be. */
  readonly hash: Uint8Array;
  readonly localIdentity: Identity;
  readonly remoteIdentity: Identity;
  /** The secret that SKEYID is made of, as far as it is known; null: both sign. */
  readonly secret: Uint8Array | null;
  readonly payloads: readonly IsakmpPayload[];
}

export type PeerVerdict =
  /** `remarks`: what it rests on and nobody should rest on any more. */
  | { readonly kind: 'accepted'; readonly method: string; readonly remarks: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string; readonly notifyType: number }
  /** It is to be judged again, with these. */
  | { readonly kind: 'waits'; readonly fetches: readonly Omit<IkeFetch, 'id'>[] };

/** Whether the peer is who it says, and whom the connection expects. */
export function verifyPeer(claim: PeerClaim, world: World): PeerVerdict {
  const { connection, suite } = claim;
  const { remote } = connection.authentication;
  const expected = parseIdentity(remote.identity);
  if (expected === null) throw new Error('the configuration of IKE has an identity that cannot be read');
  if (!remote.methods.includes(suite.method)) return refused(`${suite.method} authentication is not allowed`);
  if (!identityMatches(expected, claim.remoteIdentity)) {
    return refused('another identity is expected', IsakmpNotify['INVALID-ID-INFORMATION']);
  }
  return suite.method === 'psk' ? verifyHash(claim, world) : verifySignature(claim, world);
}

function verifyHash({ hash, payloads, localIdentity, remoteIdentity, secret }: PeerClaim, world: World): PeerVerdict {
  const shown = payloadOf(payloads, 'HASH');
  if (shown === null || !icvsEqual(hash, shown.data)) {
    return refused('HASH is not of the shared secret', IsakmpNotify['INVALID-HASH-INFORMATION']);
  }
  // Main Mode takes a secret by address: who has that of one peer is none of those that have their own.
  const own = secretOf(credentialsOf(world.config), localIdentity, remoteIdentity);
  if (own !== null && secret !== null && !octetsEqual(own, secret)) return refused('the secret is of another identity');
  return { kind: 'accepted', method: 'psk', remarks: [] };
}

function verifySignature(claim: PeerClaim, world: World): PeerVerdict {
  const { payloads, suite, hash } = claim;
  const signature = payloadOf(payloads, 'SIG');
  if (signature === null) return refused('no signature', IsakmpNotify['INVALID-SIGNATURE']);
  const found = peerCertificates(claim, world);
  if (found.kind === 'refused') return found;
  let problem: string | null = null;
  for (const { leaf, others, crls } of found.candidates) {
    const key = keyOf(leaf);
    if (key === null || !verifyProof(key, suite, hash, signature.data)) continue;
    const path = pathOf(claim, leaf, others, crls, world);
    if (path.kind === 'trusted') {
      world.memory.known.keep(leaf);
      return { kind: 'accepted', method: methodName(suite), remarks: remarksOn(claim, leaf) };
    }
    if (path.kind === 'needsFetches') return { kind: 'waits', fetches: path.fetches };
    problem ??= path.why;
  }
  if (problem !== null) return refused(problem, IsakmpNotify['INVALID-CERTIFICATE']);
  const why = found.candidates.length === 0 ? 'no certificate of that identity' : 'the signature is not of that key';
  return refused(why, IsakmpNotify['INVALID-SIGNATURE']);
}

interface Candidate {
  readonly leaf: Certificate;
  readonly others: readonly Certificate[];
  readonly crls: readonly Uint8Array[];
}

type Candidates =
  | { readonly kind: 'found'; readonly candidates: readonly Candidate[] }
  | Extract<PeerVerdict, { kind: 'refused' }>;

/** What its CERT payloads bring, in whatever order (RFC 4945 §3.3.10), or what is configured for its identity. */
function peerCertificates({ payloads, remoteIdentity }: PeerClaim, world: World): Candidates {
  const { limits } = world.config;
  const known = payloadsOf(payloads, 'CERT').filter(({ encoding }) => KNOWN.includes(encoding));
  const given = readCertificates(known, { limits, mayFetch: false, fetched: () => null });
  if (given.kind !== 'read') return refused('certificates that cannot be taken', IsakmpNotify['INVALID-CERTIFICATE']);
  const certificates = given.certificates.map(der => world.memory.known.read(der)).filter(one => one !== null);
  const leaves = certificates.filter(one => certifies(one, remoteIdentity));
  if (leaves.length === 0 && given.certificates.length > 0) {
    const why =
      certificates.length === 0 ? 'a certificate that cannot be read' : 'the certificate is of another identity';
    return refused(why, IsakmpNotify['INVALID-CERTIFICATE']);
  }
  if (leaves.length === 0) {
    const configured = credentialsOf(world.config).peers.filter(peer => certifies(peer, remoteIdentity));
    return { kind: 'found', candidates: configured.map(one => ({ leaf: one, others: [], crls: [] })) };
  }
  const { crls } = given;
  const others = (leaf: Certificate) => certificates.filter(one => one !== leaf);
  return { kind: 'found', candidates: leaves.map(leaf => ({ leaf, others: others(leaf), crls })) };
}

/** Bare certificates and CRLs; PKCS #7, PGP and the rest are passed over. */
const KNOWN: readonly IsakmpCertPayload['encoding'][] = [IsakmpCertEncoding.X509_SIGNATURE, IsakmpCertEncoding.CRL];

/** What is in use where IKEv1 is: told, and not refused. */
const V1_FLOOR: StrengthFloor = { rsaBits: 1024, ecdsaBits: 256, allowsSha1: true };

/** Whether somebody who is trusted stands behind the certificate, and none of the path is revoked. */
function pathOf(
  { connection, hash }: PeerClaim,
  leaf: Certificate,
  others: readonly Certificate[],
  crls: readonly Uint8Array[],
  world: World,
): PeerPath {
  const credentials = credentialsOf(world.config);
  const { remote } = connection.authentication;
  const { ignoresRevocation: isIgnored, fetchesRevocation } = v1Of(connection);
  const claim = {
    credentials: isIgnored ? { ...credentials, crls: [] } : credentials,
    expected: isIgnored ? { ...remote, revocation: 'relaxed' as const } : remote,
    epochSeconds: world.epochSeconds,
    memory: isIgnored ? emptyPathMemory() : world.memory,
    octets: hash,
    fetched: isIgnored || !fetchesRevocation ? () => null : world.fetched,
    floor: V1_FLOOR,
  };
  return validatePeerPath(claim, leaf, others, isIgnored ? [] : crls);
}

function remarksOn({ connection }: PeerClaim, leaf: Certificate): string[] {
  const remarks: string[] = [];
  const key = keyOf(leaf);
  const scheme = schemeOf(leaf.signatureAlgorithm);
  if (key?.algorithm === 'rsa' && key.bits < 2048) remarks.push(`an RSA key of ${key.bits} bits`);
  if (scheme !== null && 'hash' in scheme && scheme.hash === 'sha1') remarks.push('a certificate signed with SHA-1');
  if (v1Of(connection).ignoresRevocation) remarks.push('revocation was not looked at');
  return remarks;
}

function refused(why: string, notifyType: number = IsakmpNotify['AUTHENTICATION-FAILED']) {
  return { kind: 'refused', why, notifyType } as const;
}
