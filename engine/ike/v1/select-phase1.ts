import type { IsakmpSaPayload, IsakmpTransform } from '../../wire/isakmp/payload.ts';
import { OakleyAuthentication } from '../../wire/isakmp/registry-attributes.ts';
import { IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import { v1Of } from './extensions.ts';
import { choicesOf, methodOffered, ownSeconds, type PhaseOneChoice, saOf, suiteOf } from './phase1-proposals.ts';
import type { World } from './step.ts';
import type { IsakmpSuite } from './suite.ts';

export type PhaseOneSelection =
  | { readonly kind: 'chosen'; readonly suite: IsakmpSuite; readonly answer: IsakmpSaPayload }
  /** Nothing of the offer is acceptable; why, for people. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * The responder's choice, RFC 2408 §4.2: this end's first preference that is among the transforms of the offer, returned as it came.
 */
export function selectPhaseOne(
  offered: IsakmpSaPayload,
  connection: ConnectionConfig,
  world: Pick<World, 'config'>,
): PhaseOneSelection {
  // ISAKMP alone: an offer of phase 1 has one proposal, RFC 2409 §5, and several of one number would be asked for together.
  const proposals = offered.proposals.filter(
    ({ number, protocolId }) =>
      protocolId === IsakmpProtocol.ISAKMP && offered.proposals.filter(one => one.number === number).length === 1,
  );
  for (const choice of choicesOf(connection, false, world)) {
    for (const { number, spi, transforms } of proposals) {
      for (const transform of transforms) {
        const suite = acceptable(transform, choice, connection);
        if (suite !== null) return { kind: 'chosen', suite, answer: saOf(number, spi, [transform]) };
      }
    }
  }
  return { kind: 'none', why: whyNone(proposals.flatMap(({ transforms }) => transforms)) };
}

/** The initiator's look at the answer: one transform, one of those that it offered, as it was; null: it is none. */
export function acceptPhaseOne(
  offered: IsakmpSaPayload,
  answer: IsakmpSaPayload,
  connection: ConnectionConfig,
  world: Pick<World, 'config'>,
): IsakmpSuite | null {
  const [proposal, ...more] = answer.proposals;
  const [transform, ...others] = proposal?.transforms ?? [];
  if (proposal === undefined || more.length > 0 || transform === undefined || others.length > 0) return null;
  if (proposal.protocolId !== IsakmpProtocol.ISAKMP) return null;
  const read = suiteOf(transform);
  if (read === null) return null;
  const own = offered.proposals.flatMap(({ transforms }) => transforms).map(suiteOf);
  // Numbers are not always those of the offer. A lifetime may come back shorter from who does not keep to RFC 2409 §5.
  if (!own.some(one => one !== null && isSame(one, read))) return null;
  const choice = choicesOf(connection, true, world).find(one => isSame(one, read));
  return choice === undefined ? null : { ...read, method: choice.method };
}

function acceptable(
  transform: IsakmpTransform,
  choice: PhaseOneChoice,
  connection: ConnectionConfig,
): IsakmpSuite | null {
  const read = suiteOf(transform);
  if (read === null || !isSame(read, choice)) return null;
  if (v1Of(connection).lifetimeCheck === 'exact' && read.lifeSeconds !== ownSeconds(connection)) return null;
  return { ...read, method: choice.method };
}

function isSame(a: Omit<PhaseOneChoice, 'method'>, b: Omit<PhaseOneChoice, 'method'>): boolean {
  return (
    a.encryption === b.encryption &&
    a.hash === b.hash &&
    a.keyExchange === b.keyExchange &&
    a.methodNumber === b.methodNumber
  );
}

/** The encryption modes of RFC 2409 §5.2 and §5.3 are known, and not done: hardly anybody has used them, and they can be attacked. */
function whyNone(transforms: readonly IsakmpTransform[]): string {
  const names = transforms.map(transform => ENCRYPTING.get(methodOffered(transform) ?? 0) ?? null);
  const [name = null] = names;
  if (name === null || names.includes(null)) return 'no proposal in common';
  return `authentication by ${name} is not supported: use RSA signatures`;
}

const ENCRYPTING: ReadonlyMap<number, string> = new Map([
  [OakleyAuthentication.RSA_ENCRYPTION, 'RSA public key encryption'],
  [OakleyAuthentication.REVISED_RSA_ENCRYPTION, 'revised RSA public key encryption'],
]);
