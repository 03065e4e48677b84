/** What a peer did wrong: it becomes a notify, or silence (engine/ike/v2/notify.ts decides which). */
export type ProtocolError =
  /** RFC 7296 §2.21.2, INVALID_SYNTAX. `field` is for the log. */
  | { readonly kind: 'malformed'; readonly field: string; readonly offset: number }
  /** §2.5. */
  | { readonly kind: 'unsupportedCriticalPayload'; readonly payloadType: number }
  /** §2.5: a major version above 2. */
  | { readonly kind: 'unsupportedVersion'; readonly major: number }
  /** §2.21.4: no IKE SA has these SPIs. */
  | { readonly kind: 'unknownIkeSa' }
  /** §2.3: outside of the window. */
  | { readonly kind: 'outsideWindow'; readonly messageId: number }
  /** It is not made with the keys of the IKE SA, or not what this state expects: nobody is told. */
  | { readonly kind: 'notAuthentic' }
  | { readonly kind: 'unexpected'; readonly what: string }
  /** §2.7, NO_PROPOSAL_CHOSEN. */
  | { readonly kind: 'noProposalChosen' }
  /** §1.3: with the group that is wanted instead. */
  | { readonly kind: 'invalidKe'; readonly group: number }
  /** §2.21.2. */
  | { readonly kind: 'authenticationFailed'; readonly why: string }
  /** A notify of an extension or of a Child SA: TS_UNACCEPTABLE, TEMPORARY_FAILURE, CHILD_SA_NOT_FOUND… */
  | {
      readonly kind: 'refused';
      readonly notifyType: number;
      readonly data: Uint8Array;
      readonly protocolId?: number;
      readonly spi?: Uint8Array;
    };
