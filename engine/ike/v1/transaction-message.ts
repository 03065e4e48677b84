import type { IsakmpAttribute } from '../../wire/isakmp/payload.ts';
import { IsakmpCfgType, IsakmpExchange } from '../../wire/isakmp/registry.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { Effect, World } from './step.ts';
import type { TransactionSubject } from './transaction-state.ts';

/** The first message of a Transaction of this end. */
export function beginTransaction(
  sa: EstablishedIsakmpSa,
  about: TransactionSubject,
  attributes: readonly IsakmpAttribute[],
  world: World,
): Effect {
  const [high = 0, low = 0] = world.random.bytes(2);
  const identifier = high * 256 + low;
  const isQuestion = about === 'xauthQuestion' || about === 'pull';
  const cfgType = isQuestion ? IsakmpCfgType.REQUEST : IsakmpCfgType.SET;
  return {
    kind: 'send',
    messageId: world.newMessageId(sa),
    exchangeType: IsakmpExchange.TRANSACTION,
    payloads: [{ type: 'ATTR', cfgType, identifier, attributes }],
    hash: { kind: 'first' },
    after: { kind: 'expect', state: { kind: 'transactionSent', about } },
  };
}

/** The answer to one of the peer. */
export function answerTransaction(
  messageId: number,
  about: TransactionSubject,
  identifier: number,
  attributes: readonly IsakmpAttribute[],
): Effect {
  const isQuestion = about === 'xauthQuestion' || about === 'pull';
  const cfgType = isQuestion ? IsakmpCfgType.REPLY : IsakmpCfgType.ACK;
  return {
    kind: 'send',
    messageId,
    exchangeType: IsakmpExchange.TRANSACTION,
    payloads: [{ type: 'ATTR', cfgType, identifier, attributes }],
    hash: { kind: 'first' },
    after: { kind: 'over', state: { kind: 'transactionAnswered', about } },
  };
}
