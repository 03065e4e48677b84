import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { idBody } from '../tester/ike/identity.ts';
import { CALL } from '../tester/ike/initiate.ts';
import { notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { keysIn, puzzle, zeroBitsOf } from '../tester/ike/puzzle.ts';
import { answerInit, authRequest, callerIsAuthentic, letAliceCall } from '../tester/ike/respond.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 8019 §7.1: puzzles that alice is set when she calls. */

const plan = { connection: { retransmission: { firstMs: 1_000, factor: 1, longestMs: 1_000, sends: 8 } } };

const isInitRequest = ({ ike }: Heard): boolean => ike?.exchangeType === ExchangeType.IKE_SA_INIT && !ike.isResponse;

/** Sends this in the place of IKE_SA_INIT, and gives alice's next request that is another than the one before. */
async function answered(
  peer: TesterPeer,
  request: Heard,
  payloads: Parameters<TesterPeer['answer']>[1],
): Promise<Heard | null> {
  peer.initiatorSpi = require(request.ike, 'no message').initiatorSpi;
  peer.responderSpi = '0000000000000000';
  const after = peer.heard().length;
  await peer.answer(request, payloads);
  const isOther = (heard: Heard) => isInitRequest(heard) && Buffer.compare(heard.octets, request.octets) !== 0;
  return peer.expect('other request', isOther, after).catch(() => null);
}

const types = (heard: Heard): string =>
  heard.payloads.map(it => (it.type === 'N' ? `N${it.notifyType}` : it.type)).join();

for (const [slug, prfId, zeroBits] of [
  ['sha256-4-bits', 5, 4],
  ['sha256-9-bits', 5, 9],
  ['sha384-6-bits', 6, 6],
] as const) {
  ikeClause(
    `rfc8019-7.1.2-puzzle-is-solved[${slug}]`,
    {
      level: 'SHOULD',
      text: 'An initiator returns the cookie, and with it four different keys of one size that solve the puzzle',
      scenario: `Alice calls and is set a puzzle of ${zeroBits} bits.`,
      brokenBy: 'ike-solves-once',
      plan,
    },
    async peer => {
      const cookie = peer.draw(32);
      const first = await letAliceCall(peer);
      const second = await answered(peer, first, [notify(NotifyType.COOKIE, cookie), puzzle(prfId, zeroBits)]);
      judge(second !== null, 'alice does not begin again');
      peer.bench.cite(second, 'she begins again', 'Payload PS', 'Payload N(COOKIE)');
      const solution = payloadOf(second.payloads, 'PS');
      judge(solution !== null, 'alice does not solve the puzzle');
      const keys = keysIn(solution);
      judge(keys !== null, `a solution of ${solution.data.length} octets`);
      judge(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size === 4, 'her keys are not different');
      const bits = keys.map(key => zeroBitsOf(prfId, key, cookie));
      judge(
        bits.every(one => one >= zeroBits),
        `her keys come to ${bits.join()} zero bits`,
      );
    },
  );
}

ikeClause(
  'rfc8019-7.1.2-order-of-payloads',
  {
    level: 'MUST',
    text: 'COOKIE is the first payload of the request, PS stands behind it, and all else is as it was',
    scenario: 'Alice calls and is set a puzzle; her two requests are compared.',
    brokenBy: 'ike-solution-last',
    plan,
  },
  async peer => {
    const first = await letAliceCall(peer);
    const second = await answered(peer, first, [notify(NotifyType.COOKIE, peer.draw(20)), puzzle(5, 3)]);
    judge(second !== null, 'alice does not begin again');
    peer.bench.cite(second, types(second), 'Payload PS', 'Payload N(COOKIE)');
    const wanted = `N${NotifyType.COOKIE},PS,${types(first)}`;
    judge(types(second) === wanted, `alice sends ${types(second)} in the place of ${wanted}`);
    const [a, b] = [payloadOf(first.payloads, 'NONCE'), payloadOf(second.payloads, 'NONCE')];
    judge(Buffer.compare(a?.data ?? Buffer.alloc(0), b?.data ?? Buffer.alloc(1)) === 0, 'alice has another nonce');
  },
);

ikeClause(
  'rfc8019-7.1.2-auth-is-over-the-solution',
  {
    level: 'MUST',
    text: 'AUTH is over the request with cookie and solution: that is the one that was answered',
    scenario: 'Alice calls, solves a puzzle, and both go on to IKE_AUTH.',
    brokenBy: 'ike-unsolved',
    plan,
  },
  async peer => {
    const first = await letAliceCall(peer);
    const second = await answered(peer, first, [notify(NotifyType.COOKIE, peer.draw(20)), puzzle(5, 3)]);
    judge(second !== null && payloadOf(second.payloads, 'PS') !== null, 'alice does not solve the puzzle');
    const state = await answerInit(peer, second);
    const request = await authRequest(peer);
    peer.bench.cite(request, 'IKE_AUTH', ...INSIDE);
    const id = payloadOf(request.payloads, 'IDi');
    judge(id !== null && idBody(id).length > 4, 'alice does not say who she is');
    judge(callerIsAuthentic(peer, state, request, CALL.psk), 'AUTH of alice is over something else');
  },
);

ikeClause(
  'rfc8019-7.1.2-puzzle-without-cookie-is-ignored',
  {
    level: 'MUST',
    text: 'A message with PUZZLE and without COOKIE is ignored; the initiator goes on waiting',
    scenario: 'Alice calls and gets a puzzle without a cookie; then a right answer.',
    brokenBy: 'ike-answers-puzzle-alone',
    plan,
  },
  async peer => {
    const first = await letAliceCall(peer);
    const second = await answered(peer, first, [puzzle(5, 3)]);
    if (second !== null)
      peer.bench.cite(second, 'to a puzzle without a cookie', 'Payload PS', 'Payload N(COOKIE)', 'Payload SA');
    judge(second === null, 'alice answers a puzzle without a cookie');
    await answerInit(peer, first);
    const request = await authRequest(peer).catch(() => null);
    judge(request !== null, 'alice does not wait for a right answer');
  },
);

for (const [slug, prfId, zeroBits] of [
  ['unknown-prf', 999, 4],
  ['hopeless', 5, 200],
] as const) {
  ikeClause(
    `rfc8019-7.1.2-puzzle-that-is-not-solved[${slug}]`,
    {
      level: 'MAY',
      text: 'An initiator that cannot or will not solve a puzzle returns the cookie alone, without wasting its time',
      scenario: `Alice calls and is set a puzzle with PRF ${prfId} and ${zeroBits} bits.`,
      brokenBy: 'ike-no-retry',
      plan,
    },
    async peer => {
      const cookie = peer.draw(32);
      const first = await letAliceCall(peer);
      const second = await answered(peer, first, [notify(NotifyType.COOKIE, cookie), puzzle(prfId, zeroBits)]);
      judge(second !== null, 'alice does not return the cookie');
      peer.bench.cite(second, 'she begins again', 'Payload PS', 'Payload N(COOKIE)');
      judge(payloadOf(second.payloads, 'PS') === null, 'alice has a solution for what cannot be solved');
      judge(types(second).startsWith(`N${NotifyType.COOKIE},`), 'alice does not return the cookie');
    },
  );
}

ikeClause(
  'rfc8019-7.1.1.1-difficulty-zero',
  {
    level: 'MAY',
    text: 'Of difficulty 0 a puzzle is solved as well as the initiator can: four different keys of one size',
    scenario: 'Alice calls and is set a puzzle of 0 bits.',
    brokenBy: 'ike-solves-once',
    plan,
  },
  async peer => {
    const first = await letAliceCall(peer);
    const second = await answered(peer, first, [notify(NotifyType.COOKIE, peer.draw(32)), puzzle(5, 0)]);
    judge(second !== null, 'alice does not begin again');
    peer.bench.cite(second, 'she begins again', 'Payload PS', 'Payload N(COOKIE)');
    const solution = payloadOf(second.payloads, 'PS');
    if (solution === null) return;
    const keys = keysIn(solution) ?? [];
    judge(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size === 4, 'her keys are not four');
  },
);
