import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call } from '../tester/ike/initiate.ts';
import { answerCall, letAliceCall } from '../tester/ike/respond.ts';
import { judgeAlive } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.2 and §2.3: Message IDs. */

ikeClause(
  'rfc7296-2.2-first-message-id',
  {
    level: 'MUST',
    text: 'The Message ID of IKE_SA_INIT is 0, and of the first IKE_AUTH 1',
    scenario: 'Alice calls; her requests are looked at.',
    brokenBy: 'ike-counts-from-one',
  },
  async peer => {
    const first = await letAliceCall(peer);
    peer.bench.cite(first, `Message ID ${first.ike?.messageId}`, 'Message ID');
    judge(first.ike?.messageId === 0, `alice’s first request has the Message ID ${first.ike?.messageId}`);
    const { authRequest } = await answerCall(peer);
    peer.bench.cite(authRequest, `Message ID ${authRequest.ike?.messageId}`, 'Message ID');
    judge(authRequest.ike?.messageId === 1, `alice’s IKE_AUTH has the Message ID ${authRequest.ike?.messageId}`);
  },
);

ikeClause(
  'rfc7296-2.2-response-has-id-of-request',
  {
    level: 'MUST',
    text: 'A response has the Message ID of its request',
    scenario: 'The peer calls and asks three times whether alice lives.',
    brokenBy: 'ike-response-id',
  },
  async peer => {
    await call(peer);
    for (let turn = 0; turn < 3; turn++) {
      const messageId = peer.nextRequest;
      const answer = require(await peer.ask({
        exchange: ExchangeType.INFORMATIONAL,
        payloads: [],
      }), 'alice did not answer whether she lives');
      peer.bench.cite(answer, `the answer to request ${messageId}`, 'Message ID');
      judge(answer.ike?.messageId === messageId, `alice answers request ${messageId} with ${answer.ike?.messageId}`);
    }
  },
);

ikeClause(
  'rfc7296-2.2-each-side-counts-for-itself',
  {
    level: 'MUST',
    text: 'Each end counts its own requests: the first of the original responder has the Message ID 0',
    scenario: 'The peer calls; when he has been silent for long, alice asks whether he lives, and again.',
    brokenBy: 'ike-one-count',
    needs: ['virtual-time'],
    plan: { connection: { livenessSeconds: 10 } },
  },
  async peer => {
    await call(peer);
    for (const expected of [0, 1]) {
      await peer.bench.lab.sleep(12_000);
      const asked = require(peer
        .requests(ExchangeType.INFORMATIONAL)
        .at(-1), 'alice does not ask whether the peer lives');
      peer.bench.cite(asked, `Message ID ${asked.ike?.messageId}`, 'Message ID');
      judge(
        asked.ike?.messageId === expected,
        `request ${expected} of alice’s has the Message ID ${asked.ike?.messageId}`,
      );
      await peer.answer(asked, []);
    }
  },
);

ikeClause(
  'rfc7296-2.2-far-request-is-not-taken',
  {
    level: 'MUST',
    text: 'A request whose Message ID is beyond the window is not processed',
    scenario: 'The peer calls, and deletes the IKE SA with a Message ID that is 20 too high; alice goes on.',
    brokenBy: 'ike-takes-far-requests',
  },
  async peer => {
    await call(peer);
    const payloads = [{ type: 'D', protocolId: 1, spis: [] } as const];
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads, messageId: peer.nextRequest + 20 });
    if (answer !== null) peer.bench.cite(answer, 'her answer to what is beyond the window', 'Message ID');
    judge(answer === null, 'alice answers a request beyond the window');
    await judgeAlive(peer, 'alice has taken a request beyond the window for a Delete');
  },
);
