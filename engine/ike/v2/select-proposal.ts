import type { ProposalSubstructure, SaPayload, TransformSubstructure } from '../../wire/ike/payload.ts';
import { ProtocolId, TransformType } from '../../wire/ike/registry.ts';
import { type Choices, isAeadToken } from './proposals.ts';
import type { AdditionalKeyExchange, ChildSuite, IkeSuite } from './suite.ts';
import { ADDITIONAL_KEY_EXCHANGES, isKeyExchange, NONE, tokenOf } from './transforms.ts';

export type Selection<Suite> =
  | {
      readonly kind: 'chosen';
      readonly suite: Suite;
      /** The peer's, out of its proposal. */
      readonly spi: Uint8Array;
      /** For the answer: `answerWith` puts our SPI in. */
      readonly proposal: ProposalSubstructure;
    }
  /** NO_PROPOSAL_CHOSEN. */
  | { readonly kind: 'none' }
  /** INVALID_SYNTAX: proposals are not numbered 1, 2, 3 (RFC 7296 §3.3.1). */
  | { readonly kind: 'malformed' };

/**
 * The responder's choice, RFC 7296 §2.7 and §3.3.6. Ours is the order of preference: of our proposals the first that one of the
 * initiator's allows, of each transform type the first of ours that is in it. Whoever set up this node has said there what is
 * better; the initiator's order might be the work of an old default, or of somebody who likes weak algorithms. It may cost the
 * round trip of INVALID_KE_PAYLOAD, once a peer. Of the initiator's proposals that allow the same, its first is taken.
 */
export function selectIke(payload: SaPayload, ours: readonly Choices[], spiLength: 0 | 8): Selection<IkeSuite> {
  return select(payload, ours, ({ spi }) => spi.length === spiLength, ikeSuiteOf);
}

/**
 * The same for a Child SA. Without key exchanges (IKE_AUTH) transforms of that kind are passed over, whoever names them:
 * they are for later exchanges.
 */
export function selectChild(
  payload: SaPayload,
  ours: readonly Choices[],
  keyExchanges: 'with' | 'without',
): Selection<ChildSuite> {
  const isMeant = ({ type }: TransformSubstructure) => keyExchanges === 'with' || !isKeyExchange(type);
  const proposals = payload.proposals.map(one => ({ ...one, transforms: one.transforms.filter(isMeant) }));
  return select({ type: 'SA', proposals }, ours, ({ spi }) => isChildSpi(spi), childSuiteOf);
}

/** The SA payload of the answer. */
export function answerWith(proposal: ProposalSubstructure, spi: Uint8Array): SaPayload {
  return { type: 'SA', proposals: [{ ...proposal, spi }] };
}

/** What was chosen of each type. */
export type Chosen = ReadonlyMap<number, string>;

export function ikeSuiteOf(chosen: Chosen): IkeSuite {
  return {
    encryption: required(chosen, TransformType.ENCR),
    integrity: optional(chosen, TransformType.INTEG),
    prf: required(chosen, TransformType.PRF),
    keyExchange: required(chosen, TransformType.KE),
    additionalKeyExchanges: additionalOf(chosen),
  };
}

export function childSuiteOf(chosen: Chosen, protocolId: number): ChildSuite {
  return {
    protocol: protocolId === ProtocolId.AH ? 'ah' : 'esp',
    encryption: optional(chosen, TransformType.ENCR),
    integrity: optional(chosen, TransformType.INTEG),
    keyExchange: optional(chosen, TransformType.KE),
    additionalKeyExchanges: additionalOf(chosen),
    esn: required(chosen, TransformType.ESN) === 'yes',
  };
}

/** An SPI of ESP or AH in a proposal: 1 to 255 are reserved, 0 is none (RFC 4303 §2.1). */
export function isChildSpi(spi: Uint8Array): boolean {
  return spi.length === 4 && spi.subarray(0, 3).some(octet => octet !== 0);
}

function select<Suite>(
  { proposals }: SaPayload,
  ours: readonly Choices[],
  hasSpi: (proposal: ProposalSubstructure) => boolean,
  suiteOf: (chosen: Chosen, protocolId: number) => Suite,
): Selection<Suite> {
  if (proposals.length === 0 || proposals.some(({ number }, i) => number !== i + 1)) return { kind: 'malformed' };
  for (const own of ours) {
    for (const proposal of proposals) {
      if (proposal.protocolId !== own.protocolId || !hasSpi(proposal)) continue;
      const chosen = choose(own, proposal);
      if (chosen === null) continue;
      const transforms = proposal.transforms.filter(isFirst(chosen));
      return {
        kind: 'chosen',
        suite: suiteOf(chosen, own.protocolId),
        spi: proposal.spi,
        proposal: { ...proposal, transforms },
      };
    }
  }
  return { kind: 'none' };
}

/** One transform of each type that the proposal has, also where that is NONE, RFC 7296 §3.3.6. */
function isFirst(chosen: Chosen): (transform: TransformSubstructure) => boolean {
  const answered = new Set<number>();
  return transform => {
    if (answered.has(transform.type) || tokenOf(transform) !== chosen.get(transform.type)) return false;
    answered.add(transform.type);
    return true;
  };
}

/** What both want of each type; null: the proposal is not acceptable. */
function choose({ protocolId, byType }: Choices, proposal: ProposalSubstructure): Chosen | null {
  const theirs = tokensByType(proposal);
  const legal = TYPES.get(protocolId) ?? [];
  // A type that is not understood spoils the proposal, RFC 7296 §3.3.6.
  for (const type of theirs.keys()) if (!legal.includes(type)) return null;
  const chosen = new Map<number, string>();
  const common = (type: number): string[] => {
    const others = theirs.get(type) ?? NOTHING;
    return (byType.get(type) ?? NOTHING).filter(
      token => others.includes(token) && (token !== NONE || mayBeNone(type, protocolId, chosen)),
    );
  };
  for (const type of legal) {
    if (isKeyExchange(type)) continue;
    const [token] = common(type);
    if (token === undefined) return null;
    chosen.set(type, token);
  }
  // An additional one that neither names is none.
  const keyExchanges = legal.filter(
    type => isKeyExchange(type) && (type === TransformType.KE || byType.has(type) || theirs.has(type)),
  );
  return distinct(
    keyExchanges.map(type => [type, common(type)]),
    chosen,
  );
}

/** Each type's first method that none before it has: RFC 9370 §2.2.1 wants all of them different. null: there is no such choice. */
function distinct(rest: readonly (readonly [number, readonly string[]])[], chosen: Chosen): Chosen | null {
  const [first, ...others] = rest;
  if (first === undefined) return chosen;
  const [type, tokens] = first;
  for (const token of tokens) {
    if (token !== NONE && [...chosen.values()].includes(token)) continue;
    const whole = distinct(others, new Map([...chosen, [type, token]]));
    if (whole !== null) return whole;
  }
  return null;
}

const NOTHING: readonly string[] = [NONE];

/** Transforms that are not understood, or have attributes that are not, are passed over; their type remains. */
function tokensByType({ transforms }: ProposalSubstructure): ReadonlyMap<number, readonly string[]> {
  const byType = new Map<number, string[]>();
  for (const transform of transforms) {
    const tokens = byType.get(transform.type) ?? [];
    byType.set(transform.type, tokens);
    const token = tokenOf(transform);
    if (token !== null) tokens.push(token);
  }
  return byType;
}

/** RFC 7296 §3.3.3; an AEAD has no other integrity beside it, RFC 5282 §8. */
function mayBeNone(type: number, protocolId: number, chosen: Chosen): boolean {
  if (type === TransformType.KE) return protocolId !== ProtocolId.IKE;
  if (type !== TransformType.INTEG) return isKeyExchange(type);
  const cipher = chosen.get(TransformType.ENCR);
  return cipher !== undefined && isAeadToken(cipher);
}

/** What a proposal may have, RFC 7296 §3.3.3 and RFC 9370 §2.2.1; the cipher first, since integrity depends on it. */
const TYPES: ReadonlyMap<number, readonly number[]> = new Map([
  [
    ProtocolId.IKE,
    [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.KE, ...ADDITIONAL_KEY_EXCHANGES],
  ],
  [
    ProtocolId.ESP,
    [TransformType.ENCR, TransformType.INTEG, TransformType.ESN, TransformType.KE, ...ADDITIONAL_KEY_EXCHANGES],
  ],
  [ProtocolId.AH, [TransformType.INTEG, TransformType.ESN, TransformType.KE, ...ADDITIONAL_KEY_EXCHANGES]],
]);

function required(chosen: Chosen, type: number): string {
  const token = chosen.get(type);
  if (token === undefined || token === NONE) throw new Error(`no transform of type ${type} was chosen`);
  return token;
}

function optional(chosen: Chosen, type: number): string | null {
  const token = chosen.get(type) ?? NONE;
  return token === NONE ? null : token;
}

function additionalOf(chosen: Chosen): AdditionalKeyExchange[] {
  return ADDITIONAL_KEY_EXCHANGES.flatMap(type => {
    const token = optional(chosen, type);
    return token === null ? [] : [{ type, token }];
  });
}
