import type { KeyExchangeAnswer, KeyExchangeResult } from '../../crypto/key-exchange.ts';
import type { ClearIsakmpMessage, IsakmpHeader } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { DetectedNats } from '../v2/nat-detection.ts';
import type { PeerVerdict } from './authenticate.ts';
import type { ReceivedMessage } from './exchange.ts';
import type { PhaseOneMode } from './isakmp-sa.ts';
import type { Phase2Acceptance, Phase2Selection } from './phase2-proposals.ts';
import type { ClientsFit } from './quick-answer.ts';
import type { PhaseOneSelection } from './select-phase1.ts';

/**
 * The decisions that a daemon of IKEv1 is composed of, as `IkeSteps` are of one of IKEv2: a subject that is broken on purpose
 * replaces one. Each message that leaves passes `outgoing`, by which a tester alters it.
 */
export interface V1Steps {
  /** A message before it is sealed, HASH included; `isEncrypted` says whether it will be. What it returns is sent; null: nothing. */
  outgoing(message: ClearIsakmpMessage): ClearIsakmpMessage | null;
  /** Of a message of phase 2 what stands behind its HASH, which is made of what this returns. */
  behindHash(payloads: readonly IsakmpPayload[], header: IsakmpHeader): readonly IsakmpPayload[];
  /** The same as octets, sealed and cut: one datagram. */
  outgoingOctets(octets: Uint8Array): Uint8Array | null;
  /** A message that came, opened and put together, before anything is made of its payloads; null: it never came. */
  incoming(message: ReceivedMessage): ReceivedMessage | null;
  /** RFC 2408 §5: what is wrong with a header (version, flags, Next Payload, Message ID of phase 1), for people; null: nothing. */
  headerJudged(problem: string | null): string | null;
  /** RFC 2408 §5.4 and RFC 2409 §5: what the table of an exchange finds wrong with a message, for people. */
  checked(problem: string | null): string | null;
  /** What is said to somebody whose message is refused: a notify of RFC 2408 §3.14.1; null: nothing. */
  answered(notifyType: number | null): number | null;
  /** RFC 2409 §5.7: whether a message in the clear is taken for the peer's although there are keys. */
  believesClear(message: ReceivedMessage): boolean;
  /** Whether Aggressive Mode, or Main Mode, is answered. */
  acceptsMode(mode: PhaseOneMode, isAllowed: boolean): boolean;
  /** RFC 2408 §4.2: what the responder chooses of an offer of phase 1. */
  selected(selection: PhaseOneSelection): PhaseOneSelection;
  /** RFC 2409 §5: 8 to 256 octets. */
  isNonceFit(nonce: Uint8Array): boolean;
  /** What came of the peer's value. */
  keyExchanged<R extends KeyExchangeResult | KeyExchangeAnswer>(result: R): R;
  /** RFC 3947 §3.2: what the hashes of the other end say; null: it has sent none. */
  natsDetected(nats: DetectedNats | null): DetectedNats | null;
  /** RFC 2409 §5: whether the peer is who it says. */
  peerJudged(verdict: PeerVerdict): PeerVerdict;
  /** RFC 2409 §5.5 and §5.7: whether the HASH payload of a message of phase 2 is the right one. */
  hashJudged(isRight: boolean): boolean;
  /** Whether a Message ID of an exchange that is over may not come again. */
  isReplay(isUsed: boolean): boolean;
  /** Whether a message that was answered is answered again, in the same octets. */
  repeatsAnswer(): boolean;
  /** Whether the peer's Quick Mode is answered: who the user is, or what its addresses are, may still be to be said. */
  mayNegotiate(isTime: boolean): boolean;
  /** RFC 2407 §4.5.4 and RFC 2408 §4.2: what the responder chooses of an offer of Quick Mode. */
  quickSelected(selection: Phase2Selection): Phase2Selection;
  /** RFC 2409 §5.5: how well client identities suit a child; null: not at all. */
  clientsFit(fit: ClientsFit | null): ClientsFit | null;
  /** RFC 2409 §5.5: whether the responder's choice is one of those that were offered. */
  quickAccepted(acceptance: Phase2Acceptance): Phase2Acceptance;
  /** RFC 3706 §6.2: whether an R-U-THERE has a number that has not been seen; an R-U-THERE-ACK one that was asked. */
  isSequenceNew(isNew: boolean): boolean;
  isSequenceAsked(isAsked: boolean): boolean;
  /** draft-beaulieu-ike-xauth-02: whether the user has shown the right password. */
  userJudged(isRight: boolean): boolean;
  /** RFC 2408 §3.15: whether what the peer deletes goes. */
  heedsDeletes(): boolean;
  /** Whether an ISAKMP SA that the peer calls its first makes others go: INITIAL-CONTACT, RFC 2407 §4.6.3.3. */
  heedsInitialContact(): boolean;
}

export const NONCE_OCTETS = { least: 8, most: 256 } as const;

export const V1_STEPS: V1Steps = {
  outgoing: message => message,
  behindHash: payloads => payloads,
  outgoingOctets: octets => octets,
  incoming: message => message,
  headerJudged: problem => problem,
  checked: problem => problem,
  answered: notifyType => notifyType,
  believesClear: () => false,
  acceptsMode: (_mode, isAllowed) => isAllowed,
  selected: selection => selection,
  isNonceFit: ({ length }) => length >= NONCE_OCTETS.least && length <= NONCE_OCTETS.most,
  keyExchanged: result => result,
  natsDetected: nats => nats,
  peerJudged: verdict => verdict,
  hashJudged: isRight => isRight,
  isReplay: isUsed => isUsed,
  repeatsAnswer: () => true,
  mayNegotiate: isTime => isTime,
  quickSelected: selection => selection,
  clientsFit: fit => fit,
  quickAccepted: acceptance => acceptance,
  isSequenceNew: isNew => isNew,
  isSequenceAsked: isAsked => isAsked,
  userJudged: isRight => isRight,
  heedsDeletes: () => true,
  heedsInitialContact: () => true,
};
