import {
  answerAggressive,
  askAggressive,
  callAggressive,
  concludeAggressive,
  isThirdProof,
  takeAggressive,
} from '../tester/ike-v1/aggressive-mode.ts';
import { letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { isProof, saidBy } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, payloadOf } from '../tester/ike-v1/payloads.ts';
import { AGGRESSIVE } from '../tester/ike-v1/plans.ts';
import { answerQuick, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeGone, judgeNoQuick, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2409 §5.4: Aggressive Mode with a shared key, where alice's administrator has allowed it. */

v1Clause(
  'rfc2409-5.4-aggressive-responder',
  {
    level: 'SHOULD',
    text: 'Aggressive Mode is implemented; its second message proves that the responder knows the shared key',
    scenario: 'The peer calls in Aggressive Mode; HASH_R of her answer is computed again, and an SA is made.',
    brokenBy: 'v1-wrong-proof',
    plan: AGGRESSIVE,
  },
  async peer => {
    const asked = await askAggressive(peer);
    if (asked.response !== null)
      peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload HASH', 'Payload SA', 'Payload N');
    judge(payloadOf(asked.response?.payloads ?? [], 'HASH') !== null, `alice says ${saidBy(asked.response)}`);
    const proof = takeAggressive(peer, asked);
    judge(isProof(peer, 'responder', asked.offer, proof), 'HASH_R is not of the key that both know');
    await concludeAggressive(peer, asked, true);
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA');
  },
);

v1Clause(
  'rfc2409-5.4-aggressive-initiator',
  {
    level: 'SHOULD',
    text: 'The third message of Aggressive Mode proves that the initiator knows the shared key',
    scenario: 'Alice calls in Aggressive Mode; HASH_I of her message 3 is computed again, and an SA is made.',
    brokenBy: 'v1-wrong-proof',
    plan: AGGRESSIVE,
  },
  async peer => {
    peer.begin('aes256-sha256-modp2048');
    const first = await letAliceCall(peer);
    judge(first.message?.exchangeType === EXCHANGE.aggressive, 'alice does not call in Aggressive Mode');
    const third = require(await answerAggressive(peer, first), 'alice did not say more');
    peer.bench.cite(third, 'her message 3', ...INSIDE, 'Payload HASH', 'Payload SA', 'Payload N');
    judge(isThirdProof(peer, first, third), 'HASH_I is not of the key that both know');
    await answerQuick(peer, await quickRequest(peer));
    await judgeAlive(peer, 'the ISAKMP SA does not stand');
  },
);

v1Clause(
  'rfc2409-5-aggressive-message-3-in-the-clear',
  {
    level: 'MAY',
    text: 'The final message of Aggressive Mode need not be sent under protection of the ISAKMP SA',
    scenario: 'The peer sends HASH_I in the clear, and asks for an SA.',
    brokenBy: 'v1-wants-sealed-third',
    plan: AGGRESSIVE,
  },
  async peer => {
    await callAggressive(peer, false);
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA');
  },
);

v1Clause(
  'rfc2409-5.4-aggressive-responder-believes-the-hash-alone',
  {
    level: 'MUST',
    text: 'HASH_I authenticates Aggressive Mode: without it there is no ISAKMP SA',
    scenario: 'The peer’s HASH_I is wrong; then it asks for an SA all the same.',
    brokenBy: 'v1-believes-proofs',
    plan: AGGRESSIVE,
  },
  async peer => {
    const asked = await askAggressive(peer);
    takeAggressive(peer, asked);
    await concludeAggressive(peer, asked, true, {
      message: message => ({
        ...message,
        payloads: message.payloads.map(it => (it.type === 'HASH' ? { ...it, data: it.data.toReversed() } : it)),
      }),
    });
    judgeNoQuick(peer, await askQuick(peer), 'alice makes an SA with somebody who has proven nothing');
    await judgeGone(peer, 'alice has an ISAKMP SA with somebody who has proven nothing');
  },
);

v1Clause(
  'rfc2409-5.4-aggressive-initiator-believes-the-hash-alone',
  {
    level: 'MUST',
    text: 'HASH_R authenticates Aggressive Mode: an initiator tells nothing more to who does not prove himself',
    scenario: 'Alice calls in Aggressive Mode; the peer answers with a HASH_R that is wrong.',
    brokenBy: 'v1-believes-proofs',
    plan: AGGRESSIVE,
  },
  async peer => {
    peer.begin('aes256-sha256-modp2048');
    const first = await letAliceCall(peer);
    const third = await answerAggressive(peer, first, {
      message: message => ({
        ...message,
        payloads: message.payloads.map(it => (it.type === 'HASH' ? { ...it, data: it.data.toReversed() } : it)),
      }),
    });
    if (third !== null)
      peer.bench.cite(third, 'what she says to it', ...INSIDE, 'Payload HASH', 'Payload SA', 'Payload N');
    judge(third?.message?.exchangeType !== EXCHANGE.aggressive, 'alice goes on with somebody who has proven nothing');
  },
);
