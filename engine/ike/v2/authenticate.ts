import { icvsEqual } from '../../crypto/icv.ts';
import type { Prf } from '../../crypto/prf.ts';
import type { Random } from '../../crypto/random.ts';
import { schemeToken } from '../../crypto/signature-scheme.ts';
import { sign } from '../../crypto/sign.ts';
import type { PathMemory } from '../../pki/memory.ts';
import type { AuthPayload, CertPayload } from '../../wire/ike/payload.ts';
import { AuthMethod } from '../../wire/ike/registry.ts';
import type { IkeLimits, LocalAuthenticationConfig, RemoteAuthenticationConfig } from '../config.ts';
import { type Credentials, sharedSecretOf } from '../credentials.ts';
import type { IkeFetch } from '../daemon.ts';
import { type Identity, identityMatches, parseIdentity } from '../identity.ts';
import type { AuthenticationKind } from '../peer-authorization.ts';
import { sharedKeyMac } from './auth-octets.ts';
import { type PeerSignature, verifyPeerSignature } from './peer-signature.ts';
import { schemesToSign, writeSignature } from './signature-auth.ts';

/** What both ends know when an AUTH payload is made or looked at. */
export interface AuthContext {
  readonly credentials: Credentials;
  readonly prf: Prf;
  /** The signer's SK_pi or SK_pr: of NULL authentication it is the secret. */
  readonly skP: Uint8Array;
  /** `signedOctets` of the signer. */
  readonly octets: Uint8Array;
  /** Of this node, and of its peer. */
  readonly localIdentity: Identity;
  readonly remoteIdentity: Identity;
  /** The hash algorithms that the peer has named; null: RFC 7427 is not in use, one of both has sent none. */
  readonly peerHashes: readonly number[] | null;
}

export type Proof =
  /** `method` as in `IkeSaStatus.localAuthentication`. */
  | { readonly kind: 'made'; readonly auth: AuthPayload; readonly method: string }
  /** There is no secret, or no signature that the peer could verify. */
  | { readonly kind: 'impossible'; readonly why: string };

/** The AUTH payload of this node, RFC 7296 §2.15. */
export function proveIdentity(local: LocalAuthenticationConfig, context: AuthContext, random: Random): Proof {
  switch (local.method) {
    case 'psk': {
      const secret = sharedSecretOf(context.credentials.secrets, context.localIdentity, context.remoteIdentity);
      if (secret === null) return { kind: 'impossible', why: 'no shared secret for these identities' };
      const data = sharedKeyMac(context.prf, secret, context.octets);
      return made({ type: 'AUTH', method: AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE, data }, 'psk');
    }
    case 'null': {
      const data = sharedKeyMac(context.prf, context.skP, context.octets);
      return made({ type: 'AUTH', method: AuthMethod.NULL_AUTHENTICATION, data }, 'null');
    }
    case 'signature':
      return signProof(local, context, random);
  }
}

/** The peer's AUTH payload, and with what it comes. */
export interface PeerClaim extends AuthContext {
  readonly auth: AuthPayload;
  readonly certificates: readonly CertPayload[];
  /** What the connection expects. */
  readonly expected: RemoteAuthenticationConfig;
  /** A PPK is mixed into `skP`: only who knows it has made AUTH, RFC 8784 §5.2.3. */
  readonly isPpkUsed: boolean;
  readonly limits: Pick<IkeLimits, 'certificates' | 'certificateOctets'>;
  /** By the node's own clock. */
  readonly epochSeconds: number;
  /** What was fetched; null: it could not be; undefined: nobody has tried. */
  readonly fetched: Fetched;
  /** Of the daemon: certificates between peers and their anchors are the same for most. */
  readonly memory: PathMemory;
}

export type Fetched = (url: string, body: Uint8Array | null) => Uint8Array | null | undefined;

/** Every refusal is the same AUTHENTICATION_FAILED to the peer, RFC 7296 §2.21.2; `why` is for this node's log. */
export type PeerVerdict =
  | { readonly kind: 'accepted'; readonly method: string }
  | { readonly kind: 'refused'; readonly why: string }
  /** Ask again with the same claim when these are answered. */
  | { readonly kind: 'needsFetches'; readonly fetches: readonly FetchWanted[] };

export type FetchWanted = Omit<IkeFetch, 'id'>;

/** How a peer that sends such an AUTH payload authenticates itself; null: in no way that we know. */
export function authenticationKindOf(auth: AuthPayload): AuthenticationKind | null {
  switch (auth.method) {
    case AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE:
      return 'psk';
    case AuthMethod.NULL_AUTHENTICATION:
      return 'null';
    case AuthMethod.RSA_DIGITAL_SIGNATURE:
    case AuthMethod.ECDSA_SHA_256_P256:
    case AuthMethod.ECDSA_SHA_384_P384:
    case AuthMethod.ECDSA_SHA_512_P521:
    case AuthMethod.DIGITAL_SIGNATURE:
      return 'signature';
    default:
      return null;
  }
}

/** Whether the peer is who it says, and whom the connection expects. */
export function verifyPeer(claim: PeerClaim): PeerVerdict {
  const kind = authenticationKindOf(claim.auth);
  if (kind === null) return refused(`AUTH method ${claim.auth.method}`);
  if (!claim.expected.methods.includes(kind)) return refused(`${kind} authentication is not allowed`);
  const expected = parseIdentity(claim.expected.identity);
  if (expected === null) throw new Error(`the configuration of IKE has an identity that cannot be read`);
  if (!identityMatches(expected, claim.remoteIdentity)) return refused('another identity is expected');
  switch (kind) {
    case 'psk':
      return verifySharedKey(claim);
    case 'null':
      return verifyNull(claim, expected);
    case 'signature':
      return verdictOf(verifyPeerSignature(claim));
  }
}

function verifySharedKey(claim: PeerClaim): PeerVerdict {
  const secret = sharedSecretOf(claim.credentials.secrets, claim.localIdentity, claim.remoteIdentity);
  if (secret === null) return refused('no shared secret for these identities');
  const isRight = icvsEqual(sharedKeyMac(claim.prf, secret, claim.octets), claim.auth.data);
  return isRight ? { kind: 'accepted', method: 'psk' } : refused('the shared secrets differ');
}

/** RFC 7619: nobody is proven, so nobody in particular may be expected, unless a PPK proves it. */
function verifyNull(claim: PeerClaim, expected: Identity): PeerVerdict {
  const isAnybody = expected.kind === 'any' || expected.kind === 'null';
  if (!isAnybody && !claim.isPpkUsed) return refused('NULL authentication proves no identity');
  const isRight = icvsEqual(sharedKeyMac(claim.prf, claim.skP, claim.octets), claim.auth.data);
  return isRight ? { kind: 'accepted', method: 'null' } : refused('AUTH is not over this exchange');
}

function verdictOf(found: PeerSignature): PeerVerdict {
  return found.kind === 'verified' ? { kind: 'accepted', method: schemeToken(found.scheme) } : found;
}

function signProof(
  local: Extract<LocalAuthenticationConfig, { method: 'signature' }>,
  context: AuthContext,
  random: Random,
): Proof {
  const own = context.credentials.keys[local.key];
  if (own === undefined) throw new Error(`the configuration of IKE has no key ${local.key}`);
  const [scheme] = schemesToSign(own.key, local.schemes, context.peerHashes);
  if (scheme === undefined)
    return { kind: 'impossible', why: 'the peer knows none of the hashes that this key signs with' };
  const signature = sign(own.key, scheme, context.octets, random);
  return made(writeSignature(own.key.public, scheme, signature, context.peerHashes), schemeToken(scheme));
}

const made = (auth: AuthPayload, method: string): Proof => ({ kind: 'made', auth, method });
const refused = (why: string): PeerVerdict => ({ kind: 'refused', why });
