import type { ProposalSubstructure, SaPayload, TransformSubstructure } from '../../wire/ike/payload.ts';
import { type Chosen, childSuiteOf, ikeSuiteOf, isChildSpi } from './select-proposal.ts';
import type { ChildSuite, IkeSuite } from './suite.ts';
import { isKeyExchange, NONE, tokenOf } from './transforms.ts';

export type Acceptance<Suite> =
  | { readonly kind: 'accepted'; readonly suite: Suite; readonly spi: Uint8Array }
  /** It is not what was offered: the exchange has failed, RFC 7296 §3.3.6. */
  | { readonly kind: 'refused'; readonly why: string };

/** The initiator's look at the answer: one proposal, one of those that it offered, with one transform of each type. */
export function acceptIke(offered: SaPayload, answer: SaPayload, spiLength: 0 | 8): Acceptance<IkeSuite> {
  return accept(offered, answer, spi => spi.length === spiLength, ikeSuiteOf);
}

export function acceptChild(offered: SaPayload, answer: SaPayload): Acceptance<ChildSuite> {
  return accept(offered, answer, isChildSpi, childSuiteOf);
}

function accept<Suite>(
  offered: SaPayload,
  { proposals }: SaPayload,
  hasSpi: (spi: Uint8Array) => boolean,
  suiteOf: (chosen: Chosen, protocolId: number) => Suite,
): Acceptance<Suite> {
  const [answer, ...more] = proposals;
  if (answer === undefined || more.length > 0) return refused(`${proposals.length} proposals in an answer`);
  const offer = offered.proposals.find(
    ({ number, protocolId }) => number === answer.number && protocolId === answer.protocolId,
  );
  if (offer === undefined) return refused(`proposal ${answer.number} was not offered`);
  if (!hasSpi(answer.spi)) return refused(`an SPI of ${answer.spi.length} octets that cannot be one`);
  const chosen = new Map<number, string>();
  for (const transform of answer.transforms) {
    const token = tokenOf(transform);
    const what = `transform ${transform.id} of type ${transform.type}`;
    if (token === null || !isOffered(transform, offer)) return refused(`${what} was not offered`);
    if (chosen.has(transform.type)) return refused(`two transforms of type ${transform.type}`);
    if (isKeyExchange(transform.type) && token !== NONE && [...chosen.values()].includes(token)) {
      return refused(`${token} twice`);
    }
    chosen.set(transform.type, token);
  }
  for (const { type } of offer.transforms) {
    if (!chosen.has(type) && !mayBeLeftOut(type, offer)) return refused(`no transform of type ${type}`);
  }
  return { kind: 'accepted', suite: suiteOf(chosen, offer.protocolId), spi: answer.spi };
}

const refused = (why: string) => ({ kind: 'refused', why }) as const;

function isOffered({ type, id, keyBits }: TransformSubstructure, offer: ProposalSubstructure): boolean {
  return offer.transforms.some(one => one.type === type && one.id === id && one.keyBits === keyBits);
}

/** To leave a type out says the same as NONE. */
function mayBeLeftOut(type: number, { transforms }: ProposalSubstructure): boolean {
  return transforms.some(transform => transform.type === type && tokenOf(transform) === NONE);
}
