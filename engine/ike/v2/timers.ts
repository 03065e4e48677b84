import { tell } from '../tell.ts';
import { fireNext, runAlarms } from '../turns.ts';
import { NS_PER_MS } from '../../wire/instant.ts';
import { applyStep, settle } from './apply.ts';
import { runCaller } from './caller.ts';
import { dueClock, resendAt } from './clocks.ts';
import { type Core, worldOf } from './core.ts';
import { endIkeSa, nameOf, withoutTrace } from './end.ts';
import { type IkeSa, isKeyed } from './ike-sa.ts';
import { otherPath, patienceOf } from './mobike.ts';
import { storeSa } from './sa-table.ts';
import { areWithin, fragmentOctetsOf, sealContent, transmit, wayOf } from './send.ts';
import type { OutstandingRequest } from './windows.ts';

/** Does all that is due now. */
export function runTimers(core: Core): void {
  const clockwork = {
    fireClock: (sa: IkeSa) => fireClock(core, sa),
    resendAt,
    resend: (sa: IkeSa) => resend(core, sa),
  };
  runAlarms(core, {
    runCaller: id => runCaller(core, id),
    fireNext: id => fireNext(core, id, clockwork),
    settle: () => settle(core),
  });
}

function fireClock(core: Core, sa: IkeSa): boolean {
  const clock = dueClock(sa, core.now);
  if (clock !== null) applyStep(core, sa, clock.fire(sa, worldOf(core)), null);
  return clock !== null;
}

/** Sends again what the peer has not answered, RFC 7296 §2.1; after the last time it is taken for dead, §2.4. */
function resend(core: Core, sa: IkeSa): void {
  const request = sa.windows.requests.outstanding.find(one => one.resendAt <= core.now);
  if (request === undefined) return;
  const { retransmission } = sa.connection;
  if (request.sends >= retransmission.sends * patienceOf(sa, worldOf(core))) {
    tell(core, {
      kind: 'peerFailed',
      connection: sa.connection.name,
      detail: `${nameOf(sa)}: no answer to ${request.task.kind}`,
    });
    return applyStep(core, sa, withoutTrace(endIkeSa(sa, 'dead', 'the peer does not answer', worldOf(core))), null);
  }
  // The path may be at fault, and another one do: what is asked goes that way from here on.
  const other = request.sends >= SENDS_OF_A_PATH ? otherPath(sa, worldOf(core)) : null;
  if (other !== null) {
    applyStep(core, sa, other, null);
    const going = core.sas.get(sa.id);
    if (going !== undefined) sendAgain(core, going, request);
    return;
  }
  sendAgain(core, sa, request);
}

/** Sends of a request by one path before another is tried, RFC 4555 §3.5. */
const SENDS_OF_A_PATH = 3;

function sendAgain(core: Core, sa: IkeSa, request: OutstandingRequest): void {
  const { retransmission } = sa.connection;
  const again = recut(core, sa, request);
  transmit(core, wayOf(sa.path), again.request.messages);
  const waitMs = Math.min(retransmission.firstMs * retransmission.factor ** request.sends, retransmission.longestMs);
  const next = { ...again.request, sends: request.sends + 1, resendAt: core.now + Math.round(waitMs * NS_PER_MS) };
  const { requests } = sa.windows;
  const outstanding = requests.outstanding.map(one => (one === request ? next : one));
  const windows = { ...sa.windows, requests: { ...requests, outstanding } };
  storeSa(core, { ...again.sa, windows, retransmitted: sa.retransmitted + 1 });
}

/** After two sends, fragments may have been larger than the path takes: they are cut smaller, RFC 7383 §2.5.2. */
function recut(core: Core, sa: IkeSa, request: OutstandingRequest): { sa: IkeSa; request: OutstandingRequest } {
  const { content, header, fragmentOctets } = request;
  const floor = fragmentOctetsOf(sa, 'fallback');
  const isSmallest = fragmentOctets === floor || areWithin(request.messages, floor);
  if (!isKeyed(sa) || content === null || request.sends < 2 || isSmallest || !sa.extensions.has('fragmentation')) {
    return { sa, request };
  }
  const { messages, sealed } = sealContent(core, sa, header, content, floor, request.messages.length + 1);
  return { sa: { ...sa, sealed: sa.sealed + sealed }, request: { ...request, messages, fragmentOctets: floor } };
}
