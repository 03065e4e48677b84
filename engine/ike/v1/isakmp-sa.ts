import type { KeyExchangeStart } from '../../crypto/key-exchange.ts';
import type { Instant } from '../../wire/instant.ts';
import type { Cookie } from '../../wire/isakmp/message.ts';
import type { IsakmpIdPayload } from '../../wire/isakmp/payload.ts';
import type { ConnectionConfig } from '../config.ts';
import type { Path, WantedChild } from '../v2/ike-sa.ts';
import type { ChildSa, LingeringSa } from './child-sa.ts';
import type { FragmentSet } from './fragments.ts';
import type { LivenessState } from './liveness-state.ts';
import type { Conversation, OpenExchange } from './open-exchange.ts';
import type { IsakmpKeys, IsakmpSuite } from './suite.ts';
import type { Task } from './task.ts';

export type { Path } from '../v2/ike-sa.ts';

/**
 * An ISAKMP SA, from the first message to its end. What it holds is what is valid in its state; a step of an exchange returns
 * the next value and changes none.
 *
 *     Main Mode, initiator:        offered -> exchanging -> proving -> established
 *     Main Mode, responder:        answered -> halfOpen -> established
 *     Aggressive Mode, initiator:  offered -> established
 *     Aggressive Mode, responder:  halfOpen -> established
 */
export type IsakmpSa = NegotiatingIsakmpSa | EstablishedIsakmpSa;
/** In phase 1. */
export type NegotiatingIsakmpSa = InitiatingIsakmpSa | AnsweredIsakmpSa | HalfOpenIsakmpSa;
/** In phase 1, begun by this end. */
export type InitiatingIsakmpSa = OfferedIsakmpSa | ExchangingIsakmpSa | ProvingIsakmpSa;
/** One whose keys are known. */
export type KeyedIsakmpSa = ProvingIsakmpSa | HalfOpenIsakmpSa | EstablishedIsakmpSa;

/** What every ISAKMP SA has. */
export interface CommonIsakmpSa {
  /** The number in `IkeStatus`, never used twice. */
  readonly id: number;
  /** Of this node in phase 1. Each exchange of phase 2 has its own initiator. */
  readonly role: 'initiator' | 'responder';
  readonly mode: PhaseOneMode;
  readonly connection: ConnectionConfig;
  readonly initiatorCookie: Cookie;
  /** `NO_COOKIE` while `offered`. */
  readonly responderCookie: Cookie;
  readonly path: Path;
  /** Phase 1: what was sent last, and to what. */
  readonly conversation: Conversation;
  /** What this end is still to ask the peer or to tell it, in order. */
  readonly tasks: readonly Task[];
  readonly createdAt: Instant;
  /** When the last authentic message came (before the first: when it was made). */
  readonly heardAt: Instant;
  readonly extensions: ReadonlySet<Extension>;
  /** The peer's message that has come in part. */
  readonly fragments: FragmentSet | null;
  readonly sent: number;
  readonly received: number;
  readonly retransmitted: number;
}

export type PhaseOneMode = 'main' | 'aggressive';

/** What the peer has said that it can, by vendor IDs, and this end wants: names as in `IkeSaStatus.extensions`. */
export type Extension =
  | 'fragmentation'
  | 'deadPeerDetection'
  | 'xauth'
  | 'unity'
  /** RFC 3947, or a draft of it: the last of them that counts. */
  | 'natTraversal'
  | 'natTraversal02'
  | 'natTraversal03'
  /** ESP in UDP whatever NAT detection says. */
  | 'encapsulation';

/** What the initiator remembers of why it calls. */
export interface Attempt {
  /** SAi_b: the body of the SA payload of message 1, RFC 2409 §5. */
  readonly offer: Uint8Array;
  readonly children: readonly WantedChild[];
  /** The ISAKMP SA that this one is made to replace; null: none. */
  readonly replaces: number | null;
  /** An error in the clear has refused it: it may be forged, so the genuine answer is waited for until then. */
  readonly refusal: Refusal | null;
}

export interface Refusal {
  readonly why: string;
  readonly until: Instant;
}

/** This end's half of a key exchange: KE and NONCE. */
export interface OwnHalf {
  readonly keyExchange: KeyExchangeStart;
  readonly nonce: Uint8Array;
}

/** The initiator after message 1. */
export interface OfferedIsakmpSa extends CommonIsakmpSa {
  readonly kind: 'offered';
  readonly attempt: Attempt;
  /** Of Aggressive Mode, which shows its half with the offer, of this group; null: Main Mode. */
  readonly half: (OwnHalf & { readonly group: string }) | null;
}

/** The initiator of Main Mode after message 3. */
export interface ExchangingIsakmpSa extends CommonIsakmpSa {
  readonly kind: 'exchanging';
  readonly attempt: Attempt;
  readonly suite: IsakmpSuite;
  readonly half: OwnHalf;
  readonly certificateRequests: readonly CertificateRequest[];
}

/** A CERT_REQ of the peer. */
export interface CertificateRequest {
  readonly encoding: number;
  readonly data: Uint8Array;
}

interface Keyed extends CommonIsakmpSa {
  readonly suite: IsakmpSuite;
  readonly keys: IsakmpKeys;
  /** The last block of ciphertext of phase 1 (before it: the hash of g^xi | g^xr): what IVs of phase 2 come of, RFC 2409 App. B. */
  readonly iv: Uint8Array;
}

/** What HASH_I and HASH_R are made of, RFC 2409 §5, besides keys and identities. */
export interface PhaseOneProof {
  readonly offer: Uint8Array;
  /** g^xi and g^xr as in the KE payloads. */
  readonly initiatorKe: Uint8Array;
  readonly responderKe: Uint8Array;
}

/** The initiator of Main Mode after message 5. */
export interface ProvingIsakmpSa extends Keyed {
  readonly kind: 'proving';
  readonly attempt: Attempt;
  readonly proof: PhaseOneProof;
  readonly localIdentity: IdentityBody;
  readonly localAuthentication: string;
}

/** The responder of Main Mode after message 2: a stranger's, and counted. */
export interface AnsweredIsakmpSa extends CommonIsakmpSa {
  readonly kind: 'answered';
  /** SAi_b. */
  readonly offer: Uint8Array;
  readonly suite: IsakmpSuite;
  /** Those that the peer may mean. */
  readonly connections: readonly ConnectionConfig[];
  readonly dropAt: Instant;
}

/** The responder that knows keys, and not yet who the peer is: a stranger's, and counted. */
export interface HalfOpenIsakmpSa extends Keyed {
  readonly kind: 'halfOpen';
  readonly proof: PhaseOneProof;
  readonly connections: readonly ConnectionConfig[];
  /** Where the peer's secret is not known yet: what the keys, and the connections that it may mean, are by each other one. */
  readonly others: readonly CandidateKeys[];
  readonly certificateRequests: readonly CertificateRequest[];
  /** Aggressive Mode: both have been shown in messages 1 and 2. null: Main Mode. */
  readonly shown: ShownIdentities | null;
  readonly dropAt: Instant;
}

export interface CandidateKeys {
  readonly keys: IsakmpKeys;
  /** The first of these. */
  readonly connection: ConnectionConfig;
  readonly connections: readonly ConnectionConfig[];
}

export interface ShownIdentities {
  readonly localIdentity: IdentityBody;
  readonly remoteIdentity: IdentityBody;
  readonly localAuthentication: string;
}

/** What is known of the older ISAKMP SAs with the same peer. */
export interface Succession {
  /** The peer says that it knows of none, RFC 2407 §4.6.3.3. */
  readonly isContact: boolean;
  /** The one that this end has begun the new one for; null: none. */
  readonly replaces: number | null;
}

/** The body of an Identification payload of phase 1: IDii_b and IDir_b are made of all of it. */
export type IdentityBody = Omit<IsakmpIdPayload, 'type'>;

/** Both ends have shown who they are. */
export interface EstablishedIsakmpSa extends Keyed {
  readonly kind: 'established';
  readonly localIdentity: IdentityBody;
  readonly remoteIdentity: IdentityBody;
  /** As `IkeSaStatus.localAuthentication`: `psk`, `rsa-sha1`. */
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  readonly establishedAt: Instant;
  /** Exchanges of phase 2 that are under way, or whose last message may still have to be repeated. */
  readonly exchanges: readonly OpenExchange[];
  /** Octets that have gone under the cipher in phase 2. */
  readonly volume: number;
  /** Message IDs of those that are over, the oldest first: none is used twice. Bounded. */
  readonly usedIds: readonly number[];
  /** Whether Quick Mode may begin: not while XAuth or Mode Config is to come first. */
  readonly isOpen: boolean;
  /** The user that XAuth has shown; null: none. */
  readonly user: string | null;
  /** While XAuth is to say first who the peer is: what is to become of older ones then. Absent: that is done. */
  readonly succession?: Succession;
  /** Of this node or given by it, text: Mode Config. */
  readonly virtualAddresses: readonly string[];
  readonly children: readonly ChildSa[];
  /** Of children that were replaced. They leave the node with the ISAKMP SA, too. */
  readonly lingering: readonly LingeringSa[];
  /** What is asked later, and when. */
  readonly delayed: readonly { readonly at: Instant; readonly task: Task }[];
  readonly liveness: LivenessState;
  /** When this end begins another phase 1, and when this ISAKMP SA ends; null: never. */
  readonly rekeyAt: Instant | null;
  readonly reauthenticateAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** The ISAKMP SA that has taken over its children: this one is deleted when `expiresAt` comes. null: none. */
  readonly replacedBy: number | null;
  /** The peer has deleted it, and its Child SAs go on until another takes them over: nothing is asked by it any more. Absent: no. */
  readonly isForgotten?: boolean;
}

export const isKeyed = (sa: IsakmpSa): sa is KeyedIsakmpSa =>
  sa.kind === 'proving' || sa.kind === 'halfOpen' || sa.kind === 'established';

export const isInitiating = (sa: IsakmpSa): sa is InitiatingIsakmpSa =>
  sa.kind === 'offered' || sa.kind === 'exchanging' || sa.kind === 'proving';

/** Of somebody who has proven nothing yet: counted, and bounded. */
export const isStranger = (sa: IsakmpSa): sa is AnsweredIsakmpSa | HalfOpenIsakmpSa =>
  sa.kind === 'answered' || sa.kind === 'halfOpen';

/** The cookie of this end. */
export const localCookie = (sa: CommonIsakmpSa): Cookie =>
  sa.role === 'initiator' ? sa.initiatorCookie : sa.responderCookie;

/** `site-to-site[3]`. */
export const nameOf = (sa: Pick<IsakmpSa, 'connection' | 'id'>): string => `${sa.connection.name}[${sa.id}]`;
