import type { SaMode } from '../../ipsec/sa.ts';
import type { IsakmpProposal, IsakmpSaPayload, IsakmpTransform } from '../../wire/isakmp/payload.ts';
import { Doi, Situation } from '../../wire/isakmp/registry.ts';
import type { ChildConfig, ChildProposalConfig } from '../config.ts';
import type { V1Config } from '../v1-config.ts';
import { isAeadToken, spiOctets } from '../v2/proposals.ts';
import type { ChildSuite } from '../v2/suite.ts';
import { NONE } from '../v2/transforms.ts';
import { agreeLifetimes, configuredLifetimes, type Lifetimes } from './child-lifetimes.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import {
  choiceOfTransform,
  type Encapsulation,
  isSameButGroup,
  isSameChoice,
  isSpeakable,
  type Phase2Choice,
  type SuiteWithoutGroup,
  transformOfChoice,
} from './phase2-attributes.ts';

/** How the packets of an SA go on their way. */
export interface Wrapping {
  readonly mode: SaMode;
  readonly encapsulation: Encapsulation;
}

/**
 * All that a child may use, in order of preference. Of PFS groups the first: one KE payload is for all that is offered (RFC 2409
 * §5.5). Empty: nothing of it can be said in IKEv1.
 */
export function offeredChoices(config: ChildConfig, wrapping: Wrapping): Phase2Choice[] {
  const lifetimes = configuredLifetimes(config);
  const all = suitesOf(config.proposals).map(({ suite, groups }) => ({ ...suite, keyExchange: groups[0] ?? null }));
  const [first] = all;
  return all
    .filter(suite => suite.keyExchange === first?.keyExchange)
    .filter(suite => isPossible(suite, wrapping))
    .slice(0, TRANSFORMS_MAX)
    .map(suite => ({ suite, ...wrapping, lifetimes }));
}

/** The SA payload that offers all of it, RFC 2407 §4.6.1: a proposal for each run of choices of one protocol. */
export function offerPayload(choices: readonly Phase2Choice[], spi: number): IsakmpSaPayload {
  const proposals: { protocolId: number; transforms: IsakmpTransform[] }[] = [];
  for (const choice of choices) {
    const protocolId = protocolNumber(choice.suite.protocol);
    let last = proposals.at(-1);
    if (last?.protocolId !== protocolId) proposals.push((last = { protocolId, transforms: [] }));
    last.transforms.push({ number: last.transforms.length + 1, ...transformOfChoice(choice) });
  }
  return saPayload(proposals.map((proposal, i) => ({ number: i + 1, spi: spiOctets(spi), ...proposal })));
}

export type Phase2Selection =
  | {
      readonly kind: 'selected';
      readonly suite: ChildSuite;
      /** The peer's. */
      readonly spi: number;
      readonly lifetimes: Lifetimes;
      /** Whether RESPONDER-LIFETIME is to tell of them. */
      readonly tells: boolean;
      /** For the answer, but for its SPI: it is as it was offered (RFC 2408 §4.2). */
      readonly proposal: IsakmpProposal;
    }
  | { readonly kind: 'none'; readonly why: string };

/**
 * The responder's choice: the first of its own that is offered. Several proposals of one number want all of their protocols at
 * once: such bundles are passed over, since nothing here could apply them.
 */
export function selectOffer(
  offer: IsakmpSaPayload,
  config: ChildConfig,
  wrapping: Wrapping,
  check: V1Config['lifetimeCheck'],
): Phase2Selection {
  const offered = choicesIn(offer);
  const own = configuredLifetimes(config);
  let why = offered.length === 0 ? 'nothing that is known here is offered' : 'nothing that is offered is wanted here';
  for (const { suite, groups } of suitesOf(config.proposals)) {
    for (const { choice, proposal, transform, spi } of offered) {
      if (!isSameButGroup(suite, choice.suite) || !isWrapped(choice, wrapping)) continue;
      if (!isPossible(choice.suite, wrapping)) continue;
      if (!isGroupFit(choice.suite.keyExchange, groups, check)) {
        why = `a PFS group of ${choice.suite.keyExchange ?? NONE}, and not ${groups.map(group => group ?? NONE).join(' or ')}`;
        continue;
      }
      const agreement = agreeLifetimes(choice.lifetimes, own, check);
      if (agreement.kind === 'refused') {
        why = agreement.why;
        continue;
      }
      const { lifetimes, tells } = agreement;
      const chosen = { ...proposal, transforms: [transform] };
      return { kind: 'selected', suite: choice.suite, spi, lifetimes, tells, proposal: chosen };
    }
  }
  return { kind: 'none', why };
}

/** SA of the answer. */
export function answerPayload(proposal: IsakmpProposal, spi: number): IsakmpSaPayload {
  return saPayload([{ ...proposal, spi: spiOctets(spi) }]);
}

export type Phase2Acceptance =
  | { readonly kind: 'accepted'; readonly suite: ChildSuite; readonly spi: number; readonly lifetimes: Lifetimes }
  | { readonly kind: 'refused'; readonly why: string };

/** The initiator's look at the answer: one of its own, and nothing else. */
export function acceptAnswer(choices: readonly Phase2Choice[], answer: IsakmpSaPayload): Phase2Acceptance {
  const [proposal, ...others] = answer.proposals;
  if (proposal === undefined || others.length > 0 || proposal.transforms.length !== 1) {
    return { kind: 'refused', why: `${answer.proposals.length} proposals for an answer` };
  }
  const [found] = choicesIn(answer);
  const chosen = found === undefined ? undefined : choices.find(choice => isSameChoice(choice, found.choice));
  if (found === undefined || chosen === undefined) return { kind: 'refused', why: 'a proposal that was not offered' };
  return { kind: 'accepted', suite: chosen.suite, spi: found.spi, lifetimes: found.choice.lifetimes };
}

/** The group of every transform that has one, and whether all agree: what the peer's KE payload is of. null: none, or several. */
export function offeredGroup(offer: IsakmpSaPayload): string | null {
  const groups = new Set(choicesIn(offer).map(({ choice }) => choice.suite.keyExchange));
  const [group = null] = groups;
  return groups.size === 1 ? group : null;
}

interface Offered {
  readonly choice: Phase2Choice;
  readonly proposal: IsakmpProposal;
  readonly transform: IsakmpTransform;
  readonly spi: number;
}

/** What can be read of an offer, transform by transform. */
function choicesIn({ doi, situation, proposals }: IsakmpSaPayload): Offered[] {
  if (doi !== Doi.IPSEC || situation !== Situation.SIT_IDENTITY_ONLY) return [];
  return proposals.flatMap(proposal => {
    const isBundled = proposals.some(other => other !== proposal && other.number === proposal.number);
    const spi = proposal.spi.length === 4 ? Buffer.from(proposal.spi).readUInt32BE() : 0;
    if (isBundled || spi < LOWEST_SPI) return [];
    return proposal.transforms.flatMap(transform => {
      const choice = choiceOfTransform(proposal.protocolId, transform);
      return choice === null ? [] : [{ choice, proposal, transform, spi }];
    });
  });
}

/** RFC 4303 §2.1: 1 to 255 are reserved, and 0 is nobody's. */
const LOWEST_SPI = 256;
/** Their numbers are one octet. */
const TRANSFORMS_MAX = 255;

interface OwnSuite {
  readonly suite: SuiteWithoutGroup;
  /** null: none. */
  readonly groups: readonly (string | null)[];
}

/** Every combination of a configuration's tokens, the preferred first. */
function suitesOf(configs: readonly ChildProposalConfig[]): OwnSuite[] {
  return configs.flatMap(({ protocol, encryption, integrity, keyExchange, esn }) => {
    const ciphers = protocol === 'ah' ? [null] : encryption;
    const groups = keyExchange.length === 0 ? [null] : keyExchange.map(token => (token === NONE ? null : token));
    return ciphers.flatMap(cipher => {
      const macs = cipher !== null && isAeadToken(cipher) ? [null] : integrity;
      return macs.flatMap(mac =>
        esn.map((sequence): OwnSuite => {
          const suite = {
            protocol,
            encryption: cipher,
            integrity: mac,
            additionalKeyExchanges: [],
            esn: sequence === 'yes',
          };
          return { suite, groups };
        }),
      );
    });
  });
}

/** AH covers the addresses that a NAT changes. */
function isPossible(suite: ChildSuite, { encapsulation }: Wrapping): boolean {
  return isSpeakable(suite) && (suite.protocol === 'esp' || encapsulation === 'none');
}

/** Whether UDP is wanted counts, and not by which of its numbers. */
function isWrapped(choice: Phase2Choice, { mode, encapsulation }: Wrapping): boolean {
  return choice.mode === mode && (choice.encapsulation === 'none') === (encapsulation === 'none');
}

/** PFS that nobody asks for here does no harm; less than is asked for does. */
function isGroupFit(group: string | null, own: readonly (string | null)[], check: V1Config['lifetimeCheck']): boolean {
  if (own.includes(group) || check === 'obey') return true;
  return check !== 'exact' && group !== null && own.every(one => one === null);
}

function saPayload(proposals: readonly IsakmpProposal[]): IsakmpSaPayload {
  return { type: 'SA', doi: Doi.IPSEC, situation: Situation.SIT_IDENTITY_ONLY, proposals };
}
