import { tell } from '../tell.ts';
import { fireNext, runAlarms } from '../turns.ts';
import { NS_PER_MS } from '../../wire/instant.ts';
import { applyStep, settle } from './apply.ts';
import { runCaller } from './caller.ts';
import { dueClock, resendAt } from './clocks.ts';
import { type Core, worldOf } from './core.ts';
import { endIsakmpSa } from './end.ts';
import { exchangeOf } from './exchanges.ts';
import { type EstablishedIsakmpSa, type IsakmpSa, nameOf } from './isakmp-sa.ts';
import type { Conversation, OpenExchange } from './open-exchange.ts';
import { storeSa } from './sa-table.ts';
import { transmit, wayOf } from './send.ts';
import { closed } from './used-ids.ts';

/** Does all that is due now. */
export function runTimers(core: Core): void {
  const clockwork = {
    fireClock: (sa: IsakmpSa) => fireClock(core, sa),
    resendAt,
    resend: (sa: IsakmpSa) => resend(core, sa),
  };
  runAlarms(core, {
    runCaller: id => runCaller(core, id),
    fireNext: id => fireNext(core, id, clockwork),
    settle: () => settle(core),
  });
}

function fireClock(core: Core, sa: IsakmpSa): boolean {
  const clock = dueClock(sa, core.now);
  if (clock !== null) applyStep(core, sa, clock.fire(sa, worldOf(core)), null);
  return clock !== null;
}

/** Sends again what the peer has not answered; after the last time it is given up. */
function resend(core: Core, sa: IsakmpSa): void {
  if (sa.kind !== 'established') return resendPhaseOne(core, sa);
  const exchange = sa.exchanges.find(({ conversation }) => (conversation.resendAt ?? core.now + 1) <= core.now);
  if (exchange === undefined) return;
  if (exchange.conversation.sends >= sa.connection.retransmission.sends) return giveUp(core, sa, exchange);
  const next = { ...exchange, conversation: sentAgain(core, sa, exchange.conversation) };
  const exchanges = sa.exchanges.map(one => (one === exchange ? next : one));
  storeSa(core, { ...sa, exchanges, retransmitted: sa.retransmitted + 1 });
}

function giveUp(core: Core, sa: EstablishedIsakmpSa, exchange: OpenExchange): void {
  const handler = exchangeOf(exchange.exchangeType);
  if (handler === null) throw new Error(`nobody knows exchange type ${exchange.exchangeType}`);
  const without = closed(sa, exchange.messageId);
  tell(core, {
    kind: 'peerFailed',
    connection: sa.connection.name,
    detail: `${nameOf(sa)}: no answer in ${handler.name}`,
  });
  applyStep(core, without, handler.giveUp(without, exchange, worldOf(core)), null);
}

function resendPhaseOne(core: Core, sa: Exclude<IsakmpSa, EstablishedIsakmpSa>): void {
  if (sa.conversation.sends < sa.connection.retransmission.sends) {
    const conversation = sentAgain(core, sa, sa.conversation);
    storeSa(core, { ...sa, conversation, retransmitted: sa.retransmitted + 1 });
    return;
  }
  const detail = `${nameOf(sa)}: no answer in phase 1`;
  tell(core, { kind: 'peerFailed', connection: sa.connection.name, detail });
  applyStep(core, sa, endIsakmpSa(sa, 'dead', 'the peer does not answer', worldOf(core)), null);
}

function sentAgain(core: Core, sa: IsakmpSa, conversation: Conversation): Conversation {
  const { retransmission } = sa.connection;
  transmit(core, wayOf(sa), conversation.sent);
  const waitMs = Math.min(
    retransmission.firstMs * retransmission.factor ** conversation.sends,
    retransmission.longestMs,
  );
  return { ...conversation, sends: conversation.sends + 1, resendAt: core.now + Math.round(waitMs * NS_PER_MS) };
}
