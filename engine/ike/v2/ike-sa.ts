import type { IkeCipher } from '../../crypto/ike-cipher.ts';
import type { KeyExchangeMethod, KeyExchangeStart } from '../../crypto/key-exchange.ts';
import type { Prf } from '../../crypto/prf.ts';
import type { FlowQuery } from '../../node/node.ts';
import type { Address } from '../../wire/address.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { IdPayload, PuzzleSolutionPayload } from '../../wire/ike/payload.ts';
import type { Instant } from '../../wire/instant.ts';
import type { ChildConfig, ConnectionConfig } from '../config.ts';
import type { IntermediateMessage } from './auth-octets.ts';
import type { ClosedEarly } from './closed-early.ts';
import type { AwaitedFollowUp } from './follow-up.ts';
import type { Resumed, StoredTicket } from './ticket.ts';
import type { ChildSa, LingeringSa } from './child-sa.ts';
import type { FragmentSet } from './fragments.ts';
import type { IkeSuite } from './suite.ts';
import type { MobikeState } from './mobike-state.ts';
import type { Task } from './task.ts';
import type { MessageWindows } from './windows.ts';

/**
 * An IKE SA, from the first message that is more than a cookie to its end. What it holds is what is valid in its state; a
 * step of an exchange returns the next value and changes none.
 *
 *     initiator:  initiating -> authenticating -> established -> rekeyed | deleting -> closed
 *     responder:                halfOpen       -> established -> rekeyed | deleting -> closed
 */
export type IkeSa = InitiatingIkeSa | KeyedIkeSa;
/** One whose keys are known: SK protects its messages. */
export type KeyedIkeSa = AuthenticatingIkeSa | HalfOpenIkeSa | AuthenticatedIkeSa | ClosedIkeSa;
/** One whose peer is who it says. */
export type AuthenticatedIkeSa = EstablishedIkeSa | RekeyedIkeSa | DeletingIkeSa;

/** What every IKE SA has. */
export interface CommonIkeSa {
  /** The number in `IkeStatus`, never used twice. */
  readonly id: number;
  /** Of this node when the IKE SA was made: who sets the Initiator flag. Each exchange has its own initiator. */
  readonly role: 'initiator' | 'responder';
  readonly connection: ConnectionConfig;
  readonly initiatorSpi: IkeSpi;
  /** `NO_SPI` while `initiating`. */
  readonly responderSpi: IkeSpi;
  readonly path: Path;
  readonly windows: MessageWindows;
  /** What this end is still to ask the peer, in order; each leaves when the window has room. */
  readonly tasks: readonly Task[];
  readonly createdAt: Instant;
  /** When the last authentic message came (before the first: when it was made). */
  readonly heardAt: Instant;
  readonly extensions: ReadonlySet<Extension>;
  readonly sent: number;
  readonly received: number;
  readonly retransmitted: number;
}

/** Where messages go, and what is on the way, RFC 7296 §2.23. */
export interface Path {
  readonly local: Address;
  readonly localPort: number;
  readonly remote: Address;
  readonly remotePort: number;
  /** A NAT in front of this node, in front of the peer. */
  readonly isLocalNatted: boolean;
  readonly isRemoteNatted: boolean;
}

/** What both ends have said that they can: names as in `IkeSaStatus.extensions`. */
export type Extension =
  | 'fragmentation'
  | 'mobike'
  | 'ppk'
  | 'childless'
  | 'resumption'
  | 'redirect'
  | 'quickCrashDetection'
  | 'intermediate'
  /** The peer has sent SIGNATURE_HASH_ALGORITHMS; which is in `InitialExchange.peerHashes`. */
  | 'signatureAuthentication'
  /** ESP in UDP whatever the NAT detection says. */
  | 'encapsulation';

/** The initiator after its IKE_SA_INIT (or IKE_SESSION_RESUME) request. */
export interface InitiatingIkeSa extends CommonIkeSa {
  readonly kind: 'initiating';
  readonly attempt: InitialAttempt;
}

/** What the initiator remembers of its first request, and of what it was answered so far. */
export interface InitialAttempt {
  /** Ni; the same in every repetition, RFC 7296 §2.6. */
  readonly nonce: Uint8Array;
  readonly method: KeyExchangeMethod;
  readonly keyExchange: KeyExchangeStart;
  /** The responder's cookie, to be returned as the first payload; null: none was asked for. */
  readonly cookie: Uint8Array | null;
  /** Of the puzzle that came with the cookie, RFC 8019 §7.1; null: there was none, or it was too hard. */
  readonly solution: PuzzleSolutionPayload | null;
  /** How often a responder made it begin again: COOKIE, INVALID_KE_PAYLOAD, REDIRECT. Bounded. */
  readonly restarts: number;
  /** An error in the clear has refused it: it may be forged, so the genuine answer is waited for until then (§2.21.1). */
  readonly refusal: { readonly why: string; readonly until: Instant } | null;
  /** IKE SAs that came of answers; while there is one, the request is not sent again. */
  readonly candidates: readonly number[];
  /** Responders (SPIs) whose answer came to nothing: it is not tried twice. */
  readonly failed: readonly IkeSpi[];
  /** The children to be made, the first of them in IKE_AUTH. */
  readonly children: readonly WantedChild[];
  /** Whatever an extension has to remember until the response: an RFC 5723 ticket, where a redirect came from. */
  readonly notes: readonly AttemptNote[];
}

/** `flow` is the packet that wants it, RFC 7296 §2.9. */
export interface WantedChild {
  readonly child: ChildConfig;
  readonly flow: FlowQuery | null;
}

export type AttemptNote =
  /** RFC 5685 §3: the address of the gateway that sent us here. */
  | { readonly kind: 'redirectedFrom'; readonly address: Address }
  /** Where to instead of the connection's own address, text: RFC 5685. */
  | { readonly kind: 'redirectedTo'; readonly address: string }
  /** RFC 5723: what the ticket brings back. */
  | { readonly kind: 'ticket'; readonly ticket: StoredTicket }
  /** The IKE SA that this one is made to replace: reauthentication, or moving after a redirect. */
  | { readonly kind: 'replaces'; readonly ikeSa: number };

/** RFC 7296 §2.14. */
export interface IkeKeys {
  readonly skD: Uint8Array;
  readonly skAi: Uint8Array;
  readonly skAr: Uint8Array;
  readonly skEi: Uint8Array;
  readonly skEr: Uint8Array;
  readonly skPi: Uint8Array;
  readonly skPr: Uint8Array;
}

interface Keyed extends CommonIkeSa {
  readonly suite: IkeSuite;
  /** What `suite` names. */
  readonly cipher: IkeCipher;
  readonly prf: Prf;
  readonly keys: IkeKeys;
  /** Pieces that this end has sealed with these keys, or with those before an RFC 9370 exchange changed them. */
  readonly sealed: number;
  /** Messages of the peer that have come in part, RFC 7383: no more than the windows have room for. */
  readonly fragments: readonly FragmentSet[];
}

/** Both ends between IKE_SA_INIT and the end of IKE_AUTH. */
export interface InitialExchange {
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  /** RealMessage1 and RealMessage2 of RFC 7296 §2.15: as they were on the wire. */
  readonly initiatorMessage: Uint8Array;
  readonly responderMessage: Uint8Array;
  /** The hash algorithms of the peer's SIGNATURE_HASH_ALGORITHMS, RFC 7427 §4; null: it sent none. */
  readonly peerHashes: readonly number[] | null;
  /** The certification authorities of the peer's CERTREQs (encoding and data), in IKE_SA_INIT or IKE_AUTH. */
  readonly certificateRequests: readonly { readonly encoding: number; readonly data: Uint8Array }[];
  /** RFC 9242: each IKE_INTERMEDIATE exchange that is over, with the SK_p keys of its time. */
  readonly intermediates: readonly IntermediateExchange[];
  /** RFC 9370: of `suite.additionalKeyExchanges`, how many are done. */
  readonly additionalDone: number;
  /** The peer has sent USE_PPK, RFC 8784; extensions add what they must remember from IKE_SA_INIT to IKE_AUTH here. */
  readonly peerUsesPpk: boolean;
  /** HTTP_CERT_LOOKUP_SUPPORTED has come, RFC 7296 §3.6. */
  readonly peerFetchesCertificates: boolean;
  /** The exchange was IKE_SESSION_RESUME: who both are comes of a ticket, RFC 5723 §4.3.3. Absent: it was IKE_SA_INIT. */
  readonly resumed?: Resumed;
}

export interface IntermediateExchange {
  readonly skPi: Uint8Array;
  readonly skPr: Uint8Array;
  readonly request: IntermediateMessage;
  readonly response: IntermediateMessage;
}

/** The initiator with keys: IKE_INTERMEDIATE or IKE_AUTH is under way. */
export interface AuthenticatingIkeSa extends Keyed {
  readonly kind: 'authenticating';
  readonly initial: InitialExchange;
  /** The `initiating` IKE SA that this response was to; others may have answered it as well (RFC 7296 §2.4). */
  readonly attemptId: number;
  readonly children: readonly WantedChild[];
  readonly notes: readonly AttemptNote[];
}

/** The responder that has answered IKE_SA_INIT: a stranger's, and counted. */
export interface HalfOpenIkeSa extends Keyed {
  readonly kind: 'halfOpen';
  readonly initial: InitialExchange;
  /** When it is dropped unless the peer has authenticated. */
  readonly dropAt: Instant;
  /** Those before the last additional key exchange: its request, which the answer may not have reached, comes again under them. */
  readonly earlierKeys?: IkeKeys;
}

interface Authenticated extends Keyed {
  readonly localIdentity: IdPayload;
  readonly remoteIdentity: IdPayload;
  /** As `IkeSaStatus.localAuthentication`. */
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  readonly establishedAt: Instant;
  /** Of this node or given by it, text: RFC 7296 §2.19. */
  readonly virtualAddresses: readonly string[];
  readonly children: readonly ChildSa[];
  /** Of children that were replaced. They leave the node with the IKE SA, too. */
  readonly lingering: readonly LingeringSa[];
  /** What the peer had no time for (TEMPORARY_FAILURE), and when it is asked again, RFC 7296 §2.25. */
  readonly delayed: readonly { readonly at: Instant; readonly task: Task }[];
  /** Whether this node began the first of a series of rekeyed ones, whoever rekeyed it since; absent: as `role` says. */
  readonly began?: boolean;
  /** Both SPIs of that first one; absent: it is this. */
  readonly firstSpis?: string;
  /** RFC 4555; absent: not in use, or nothing has happened yet. */
  readonly mobike?: MobikeState;
  /** Of one that replaced another: the lower nonce of the exchange that made it (RFC 7296 §2.8.2); null: of IKE_SA_INIT. */
  readonly lowestNonce: Uint8Array | null;
  /** By which the peer would show that it has forgotten this IKE SA, RFC 6290. Absent: it has sent none. */
  readonly peerCrashToken?: Uint8Array;
}

export interface EstablishedIkeSa extends Authenticated {
  readonly kind: 'established';
  /** When to rekey, to reauthenticate, and when it ends unless that was done; null: never. */
  readonly rekeyAt: Instant | null;
  readonly reauthenticateAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** This end's request to rekey it (§2.8), while it is under way. */
  readonly isRekeying: boolean;
  /** The IKE SA that the peer's request made meanwhile (§2.8.2): the nonces are to say which of two inherits. Absent: none. */
  readonly rival?: number;
  /** Answers of this end to CREATE_CHILD_SA that additional key exchanges are to follow, RFC 9370 §2.2.4. Absent: none. */
  readonly followUps?: readonly AwaitedFollowUp[];
  /** Child SAs that the peer has closed, and that its answers may still bring. Absent: none. */
  readonly closedEarly?: readonly ClosedEarly[];
}

/** Another has its children: only Delete and its answer are still to be said, RFC 7296 §2.8. */
export interface RekeyedIkeSa extends Authenticated {
  readonly kind: 'rekeyed';
  readonly replacedBy: number;
  /** When it is dropped if the peer does not delete it. */
  readonly dropAt: Instant;
}

/** A Delete for it is under way. */
export interface DeletingIkeSa extends Authenticated {
  readonly kind: 'deleting';
}

/** The end of one: it repeats what it has answered, since the peer may have missed it, and does nothing else. */
export interface ClosedIkeSa extends Keyed {
  readonly kind: 'closed';
  /** It never was more than half open: it is counted with those that are. */
  readonly isStranger: boolean;
  readonly dropAt: Instant;
  /** Of Child SAs that another IKE SA has as well: they leave the node with this one. Absent: none. */
  readonly lingering?: readonly LingeringSa[];
}

export const isKeyed = (sa: IkeSa): sa is KeyedIkeSa => sa.kind !== 'initiating';

export const isAuthenticated = (sa: IkeSa): sa is AuthenticatedIkeSa =>
  sa.kind === 'established' || sa.kind === 'rekeyed' || sa.kind === 'deleting';

/** The SPI of this end. */
export const localSpi = (sa: CommonIkeSa): IkeSpi => (sa.role === 'initiator' ? sa.initiatorSpi : sa.responderSpi);

/** Who began the first of a series of rekeyed IKE SAs: it decides about addresses (RFC 4555 §3.5), and begins anew what is lost. */
export const hasBegun = (sa: AuthenticatedIkeSa): boolean => sa.began ?? sa.role === 'initiator';

/** Its name for as long as it lives, whoever rekeys it: the same at both ends. */
export const firstSpisOf = (sa: AuthenticatedIkeSa): string => sa.firstSpis ?? sa.initiatorSpi + sa.responderSpi;

/** Whether the peer has shown to be who it says; by NULL authentication (RFC 7619) it has not. */
export const isProven = ({ remoteAuthentication }: Pick<AuthenticatedIkeSa, 'remoteAuthentication'>): boolean =>
  remoteAuthentication !== 'null';
