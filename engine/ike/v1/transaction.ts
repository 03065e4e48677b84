import type { IsakmpAttributePayload } from '../../wire/isakmp/payload.ts';
import { IsakmpCfgType, IsakmpExchange } from '../../wire/isakmp/registry.ts';
import type { Exchange } from './exchange.ts';
import { type MessageTable, requiredPayload } from './exchange-table.ts';
import { endIsakmpSa } from './end.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { answerPull, answerPush, takePull, takePushAnswer } from './mode-config.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { TransactionState } from './transaction-state.ts';
import { answerXauthQuestion, answerXauthStatus, isXauth, takeXauthAnswer, takeXauthStatusAnswer } from './xauth.ts';

/**
 * The Transaction exchange, draft-dukes-ike-mode-cfg-02 §3.1:
 *
 *     HDR*, HASH, ATTR(REQUEST or SET)  -->
 *                                       <--  HDR*, HASH, ATTR(REPLY or ACK)
 *
 * The HASHes are HASH(1) of RFC 2409 §5.7 both; XAuth and Mode Config are what it is used for.
 */
const TRANSACTION: MessageTable = { first: 'HASH', required: ['HASH', 'ATTR'], optional: [], repeated: ['N', 'VID'] };

export const transaction: Exchange = {
  exchangeType: IsakmpExchange.TRANSACTION,
  name: 'Transaction',
  expects: ({ state }) =>
    state.kind === 'fresh' || state.kind === 'transactionSent' ? { table: TRANSACTION, hash: { kind: 'first' } } : null,
  receive(sa, { messageId, state }, { payloads }, world) {
    const content = requiredPayload(payloads, 'ATTR');
    if (state.kind === 'fresh') return answer(sa, messageId, content, world);
    if (state.kind !== 'transactionSent') return unchanged(sa);
    const taken = takeAnswer(sa, state, content, world);
    return { ...taken, effects: [{ kind: 'close', messageId }, ...taken.effects] };
  },
  giveUp: (sa, _exchange, world) => endIsakmpSa(sa, 'dead', 'the peer does not answer', world),
};

/** A Transaction that the peer has begun. */
function answer(sa: EstablishedIsakmpSa, messageId: number, content: IsakmpAttributePayload, world: World): Step {
  const isAboutUser = content.attributes.some(isXauth);
  switch (content.cfgType) {
    case IsakmpCfgType.REQUEST:
      return isAboutUser ? answerXauthQuestion(sa, messageId, content) : answerPull(sa, messageId, content, world);
    case IsakmpCfgType.SET:
      return isAboutUser ? answerXauthStatus(sa, messageId, content, world) : answerPush(sa, messageId, content, world);
    default:
      return unchanged(sa);
  }
}

function takeAnswer(
  sa: EstablishedIsakmpSa,
  { about }: TransactionState,
  content: IsakmpAttributePayload,
  world: World,
): Step {
  const expected = about === 'xauthQuestion' || about === 'pull' ? IsakmpCfgType.REPLY : IsakmpCfgType.ACK;
  // Whose answer it is the Message ID says: Identifiers come back as peers like.
  if (content.cfgType !== expected) {
    const detail = `${nameOf(sa)}: Transaction: type ${content.cfgType} where ${expected} was to come`;
    const event: Effect = { kind: 'event', event: { kind: 'messageRefused', connection: sa.connection.name, detail } };
    return step(sa, event);
  }
  switch (about) {
    case 'xauthQuestion':
      return takeXauthAnswer(sa, content, world);
    case 'xauthStatus':
      return takeXauthStatusAnswer(sa);
    case 'pull':
      return takePull(sa, content, world);
    case 'push':
      return takePushAnswer(sa);
  }
}
