import { answerMain, answerHalves, answerProof, choose, letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { askHalves, askProof, callMain, exchangeHalves, offer } from '../tester/ike-v1/main-mode.ts';
import { firstBody } from '../tester/ike-v1/messages.ts';
import { EXCHANGE } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { answerQuick, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick, isQuick, quick } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive } from '../tester/ike-v1/verdicts.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2408 §5.1: messages that are lost, and those that come twice. */

const PLAN = { connection: { retransmission: { firstMs: 1000, factor: 2, longestMs: 30_000, sends: 4 } } };

/** When the same octets were sent, seconds apart. */
function gaps(all: readonly HeardV1[]): readonly number[] {
  const times = all.map(({ packet }) => packet.at);
  return times.slice(1).map((time, i) => (Number(time) - Number(times[i])) / 1e9);
}

const sameAs =
  (first: HeardV1) =>
  ({ octets }: HeardV1): boolean =>
    Buffer.compare(octets, first.octets) === 0;

v1Clause(
  'rfc2408-5.1-message-1-is-sent-again',
  {
    level: 'MUST',
    text: 'A message that is not answered is sent again, as it is, each time after a longer wait',
    scenario: 'Alice calls, and nobody answers.',
    brokenBy: 'v1-never-again',
    needs: ['virtual-time'],
    plan: PLAN,
  },
  async peer => {
    const first = await letAliceCall(peer);
    await peer.bench.lab.sleep(60_000);
    const all = peer.heard().filter(sameAs(first));
    for (const seen of all.slice(0, 4)) peer.bench.cite(seen, 'message 1', 'Payload SA');
    judge(all.length >= 3, `alice sends it ${all.length} times`);
    const waits = gaps(all);
    judge(
      waits.every((wait, i) => i === 0 || wait > (waits[i - 1] ?? 0)),
      `she waits ${waits.join(', ')} seconds`,
    );
  },
);

v1Clause(
  'rfc2408-5.1-gives-up',
  {
    level: 'MUST',
    text: 'When the retry counter reaches zero all state is cleared',
    scenario: 'Alice calls, and nobody answers for ten minutes; then the peer answers her first message.',
    brokenBy: 'v1-never-gives-up',
    needs: ['virtual-time'],
    plan: PLAN,
  },
  async peer => {
    const first = await letAliceCall(peer);
    await peer.bench.lab.sleep(600_000);
    const third = await choose(peer, first);
    if (third !== null) peer.bench.cite(third, 'what she says to it', ...INSIDE, 'Payload SA', 'Payload N');
    judge(third?.message?.exchangeType !== EXCHANGE.main, 'alice goes on after ten minutes');
  },
);

/** What was said to a message is said again when that comes again. */
async function judgeRepeats(peer: TesterV1Peer, octets: Uint8Array, answer: HeardV1, withinMs = 300): Promise<void> {
  const before = peer.heard().filter(sameAs(answer)).length;
  const total = peer.heard().length;
  await peer.bench.lab.sleep(1_000);
  await peer.post(octets);
  await peer.bench.lab.sleep(withinMs);
  const repeated = peer.heard().filter(sameAs(answer)).length - before;
  const others = peer.heard().length - total - repeated;
  peer.bench.cite(answer, 'to be said again', ...INSIDE, 'Payload SA', 'Payload N');
  judge(repeated >= 1, 'alice does not repeat what she has said');
  judge(others === 0, 'alice says something else to the same message');
}

v1Clause(
  'rfc2408-5.1-message-2-is-repeated',
  {
    level: 'MUST',
    text: 'A request that comes again is answered again, in the same octets',
    scenario: 'The peer sends its first message twice.',
    brokenBy: 'v1-answers-once',
  },
  async peer => {
    let sent: Uint8Array = new Uint8Array(0);
    const { response } = await offer(peer, {
      octets: octets => {
        sent = octets;
        return octets;
      },
    });
    await judgeRepeats(peer, sent, require(response, 'alice did not answer the offer'));
  },
);

v1Clause(
  'rfc2408-5.1-message-4-is-repeated',
  {
    level: 'MUST',
    text: 'A request that comes again is answered again, in the same octets',
    scenario: 'The peer sends its KE and nonce twice.',
    brokenBy: 'v1-answers-once',
  },
  async peer => {
    require((await offer(peer)).response, 'alice did not answer the offer');
    let sent: Uint8Array = new Uint8Array(0);
    const { response } = await askHalves(peer, {
      octets: octets => {
        sent = octets;
        return octets;
      },
    });
    await judgeRepeats(peer, sent, require(response, 'alice did not answer KE and nonce'));
  },
);

v1Clause(
  'rfc2408-5.1-message-6-is-repeated',
  {
    level: 'MUST',
    text: 'A request that comes again is answered again, in the same octets',
    scenario: 'The peer sends message 5 of Main Mode twice; the ISAKMP SA stands.',
    brokenBy: 'v1-answers-once',
  },
  async peer => {
    const exchanged = await exchangeHalves(peer, await offer(peer));
    let sent: Uint8Array = new Uint8Array(0);
    const response = await askProof(peer, exchanged, {
      octets: octets => {
        sent = octets;
        return octets;
      },
    });
    await judgeRepeats(peer, sent, require(response, 'alice did not answer ID and HASH'));
    await judgeAlive(peer, 'the ISAKMP SA does not stand');
  },
);

v1Clause(
  'rfc2408-5.1-message-2-of-quick-mode-is-repeated',
  {
    level: 'MUST',
    text: 'Message 2 of Quick Mode, which may be lost, is said again in the same octets until message 3 comes',
    scenario: 'The peer sends message 1 of Quick Mode twice, and waits for seconds.',
    brokenBy: 'v1-never-again',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    await judgeRepeats(peer, asked.octets, require(asked.response, 'alice did not answer Quick Mode'), 6_000);
  },
);

v1Clause(
  'rfc2408-5.1-message-3-of-quick-mode-is-repeated',
  {
    level: 'MUST',
    text: 'The last message of an exchange is sent again where it was lost: its answerer repeats what it answers',
    scenario: 'Alice asks for an SA; the peer sends message 2 of Quick Mode twice.',
    brokenBy: 'v1-answers-once',
  },
  async peer => {
    await answerMain(peer);
    const answered = await answerQuick(peer, await quickRequest(peer));
    const third = require(answered.third, 'alice did not confirm');
    await judgeRepeats(peer, answered.octets, third);
  },
);

v1Clause(
  'rfc2408-5.1-quick-mode-is-sent-again',
  {
    level: 'MUST',
    text: 'A message that is not answered is sent again, as it is',
    scenario: 'Alice asks for an SA, and the peer is silent for a while; then it answers.',
    brokenBy: 'v1-never-again',
    needs: ['virtual-time'],
    plan: PLAN,
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    await peer.bench.lab.sleep(6_000);
    const again = peer.heard().filter(sameAs(request));
    judge(again.length >= 2, `alice asks ${again.length} times`);
    const answered = await answerQuick(peer, request);
    judge(answered.third !== null, 'alice does not take the answer any more');
  },
);

v1Clause(
  'rfc2408-5.1-old-message-in-the-middle',
  {
    level: 'MUST',
    text: 'A message of an earlier step that comes late moves nothing',
    scenario: 'Alice calls; behind message 4 the peer’s message 2 comes again, and then message 6.',
    brokenBy: 'v1-dies-of-repeats',
  },
  async peer => {
    const first = await letAliceCall(peer);
    let second: Uint8Array = new Uint8Array(0);
    const third = require(await choose(peer, first, {
      octets: octets => {
        second = octets;
        return octets;
      },
    }), 'alice did not go on');
    require(await answerHalves(peer, third), 'alice did not say who she is');
    await peer.post(second);
    await answerProof(peer, firstBody(first.octets));
    const request = await quickRequest(peer).catch(() => null);
    judge(request !== null, 'alice does not come to an end of phase 1');
    judge(peer.said(EXCHANGE.main).length >= 3, 'alice did not go through Main Mode');
  },
);

v1Clause(
  'rfc2408-5.1-third-message-again',
  {
    level: 'MUST',
    text: 'A message that comes again when its exchange is over makes nothing new',
    scenario: 'The peer sends HASH(3) twice, and again a second later.',
    brokenBy: 'v1-dies-of-repeats',
  },
  async peer => {
    await callMain(peer);
    const made = await quick(peer);
    await peer.post(made.third);
    await peer.bench.lab.sleep(1_000);
    await peer.post(made.third);
    judge(peer.heard().filter(isQuick(made.messageId)).length >= 1, 'alice said nothing');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);
