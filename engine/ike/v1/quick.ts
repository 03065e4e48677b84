import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import { spiOctets } from '../v2/proposals.ts';
import { childById, protocolIdOf } from './child-table.ts';
import { endIsakmpSa } from './end.ts';
import type { Exchange, ReceivedMessage } from './exchange.ts';
import { heardOf } from './heard.ts';
import { heirOf, withChildrenOfHeir } from './heir.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { v1Of } from './extensions.ts';
import { childNotify } from './notify.ts';
import type { OpenExchange } from './open-exchange.ts';
import { answerQuick } from './quick-answer.ts';
import { concludeQuick } from './quick-conclude.ts';
import { takeIntoUse } from './quick-finish.ts';
import { failAnswer, failed, failOffer } from './quick-refuse.ts';
import { quickExpects } from './quick-table.ts';
import type { QuickAnswered } from './quick-state.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { isUnconfirmed, unheard } from './unconfirmed.ts';

/** Quick Mode, RFC 2409 §5.5: quick-table.ts has its line. */
export const quickMode: Exchange = {
  exchangeType: IsakmpExchange.QUICK_MODE,
  name: 'Quick Mode',
  expects: ({ state }) => (state.kind === 'quickConcluded' ? null : quickExpects(state)),
  receive: (before, exchange, message, world) =>
    withChildrenOfHeir(before, world, sa => take(sa, exchange, message, world)),
  giveUp(sa, exchange, world) {
    const { state, openedAt } = exchange;
    if (state.kind === 'quickOffered') {
      const asking = { ...sa, exchanges: [...sa.exchanges, exchange] };
      if (isUnconfirmed(sa) && sa.replacedBy === null) return unheard(asking, openedAt, world);
      // What it was about is lost with all else, or for whoever has taken its place.
      if (!isAlive(sa, openedAt, world)) return endIsakmpSa(asking, 'dead', NO_ANSWER, world);
    }
    return withChildrenOfHeir(sa, world, whole => giveUp(whole, exchange, world));
  },
};

const NO_ANSWER = 'the peer does not answer';

function take(sa: EstablishedIsakmpSa, exchange: OpenExchange, message: ReceivedMessage, world: World): Step {
  const { state } = exchange;
  switch (state.kind) {
    case 'fresh':
      // Who the user is, or what its addresses are, is still to be said.
      return world.steps.mayNegotiate(isTime(sa))
        ? answerQuick(sa, exchange, message, world)
        : step(sa, failed(sa, 'Quick Mode before its time'));
    case 'quickOffered':
      return concludeQuick(sa, exchange, state.offer, message, world);
    case 'quickAnswered':
      return confirmQuick(sa, exchange, state, world);
    case 'quickConcluded':
    case 'transactionSent':
    case 'transactionAnswered':
      return unchanged(sa);
  }
}

/** Also where only the peer's last ACK is missing: it would not go on without what it acknowledges. */
function isTime({ isOpen, exchanges, user, connection }: EstablishedIsakmpSa): boolean {
  const isAcknowledged = exchanges.some(
    ({ state }) =>
      state.kind === 'transactionSent' &&
      (state.about === 'push' ||
        (state.about === 'xauthStatus' && user !== null && v1Of(connection).modeConfig !== 'push')),
  );
  return isOpen || isAcknowledged;
}

function giveUp(sa: EstablishedIsakmpSa, { state }: OpenExchange, world: World): Step {
  if (state.kind === 'quickAnswered') return failAnswer(sa, state.childId, 'the peer has not confirmed it');
  return state.kind === 'quickOffered' ? failOffer(sa, state.offer, NO_ANSWER, world) : unchanged(sa);
}

/** HASH(3) has come: the initiator has what the answer said, and is alive. */
function confirmQuick(
  sa: EstablishedIsakmpSa,
  { messageId }: OpenExchange,
  { childId, nonceI, nonceR }: QuickAnswered,
  world: World,
): Step {
  const child = childById(sa, childId);
  if (child?.state !== 'installing') return step(sa, { kind: 'close', messageId });
  const used = takeIntoUse(sa, child, world);
  if (!v1Of(sa.connection).commitBit) return step(used.sa, ...used.effects, { kind: 'close', messageId });
  const connected: Effect = {
    kind: 'send',
    messageId,
    exchangeType: IsakmpExchange.INFORMATIONAL,
    payloads: [childNotify('CONNECTED', protocolIdOf(child), spiOctets(child.spiIn))],
    hash: { kind: 'first' },
    after: { kind: 'over', state: { kind: 'quickAnswered', childId, nonceI, nonceR } },
  };
  return step(used.sa, ...used.effects, connected);
}

/** Whether anything authentic has come since then: a message, or a packet by one of the Child SAs, whoever has them now. */
function isAlive(sa: EstablishedIsakmpSa, since: number, world: World): boolean {
  const { children } = heirOf(sa, world) ?? sa;
  return heardOf({ ...sa, children }, world) >= since;
}
