import type { IsakmpNotifyPayload } from '../../engine/wire/isakmp/payload.ts';
import { acknowledged, areYouThere, iAmThere, inform, informAsking } from '../tester/ike-v1/informational.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain, offer } from '../tester/ike-v1/main-mode.ts';
import { cookiePair, EXCHANGE, notifies, NOTIFY, payloadOf, payloadsOf, VENDOR } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import type { V1Plan } from '../tester/ike-v1/plans.ts';
import { quick } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { informed, judgeAlive } from '../tester/ike-v1/verdicts.ts';
import { sendBy } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 3706: dead peer detection. */

const WATCHFUL: V1Plan = {
  connection: { livenessSeconds: 20, retransmission: { firstMs: 2000, factor: 2, longestMs: 8000, sends: 4 } },
  v1: { livenessTimeoutSeconds: 40 },
};

/** R-U-THERE of alice's, each as often as it was sent. */
const questions = (peer: TesterV1Peer): readonly HeardV1[] =>
  informed(peer).filter(({ payloads }) => notifies(payloads, NOTIFY.areYouThere).length > 0);

const numberOf = ({ payloads }: HeardV1): number => {
  const [found] = notifies(payloads, NOTIFY.areYouThere);
  return found?.data.length === 4 ? Buffer.from(found.data).readUInt32BE(0) : -1;
};

v1Clause(
  'rfc3706-5.1-vendor-id',
  {
    level: 'MUST',
    text: 'Who takes part in dead peer detection sends its vendor ID',
    scenario: 'The peer calls, and alice calls; the vendor IDs of either first message are looked at.',
    brokenBy: 'v1-hides-dead-peers',
  },
  async peer => {
    const { response } = await offer(peer);
    const answer = require(response, 'alice did not answer');
    peer.bench.cite(answer, 'she answers', 'Payload VID', ...INSIDE);
    judge(saysIt(answer), 'alice answers without the vendor ID');
    peer.begin();
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'she calls', 'Payload VID', ...INSIDE);
    judge(saysIt(first), 'alice calls without the vendor ID');
  },
);

const saysIt = ({ payloads }: HeardV1): boolean =>
  payloadsOf(payloads, 'VID').some(({ data }) => Buffer.from(data).toString('hex') === VENDOR.deadPeers);

v1Clause(
  'rfc3706-5.2-acknowledges',
  {
    level: 'MUST',
    text: 'Who has sent the vendor ID responds to R-U-THERE',
    scenario: 'The peer asks whether alice is there.',
    brokenBy: 'v1-never-there',
  },
  async peer => {
    await callMain(peer);
    await judgeAlive(peer, 'alice does not say that she is there');
  },
);

v1Clause(
  'rfc3706-6.1-same-sequence-number',
  {
    level: 'MUST',
    text: 'R-U-THERE-ACK has the sequence number of the R-U-THERE that it answers',
    scenario: 'The peer asks three times, with numbers that follow on each other.',
    brokenBy: 'v1-counts-acks',
  },
  async peer => {
    await callMain(peer);
    for (const sequence of [0x5000_0001, 0x5000_0002, 0x5000_0003]) {
      const answer = await informAsking(peer, [areYouThere(peer, sequence)]);
      if (answer !== null) peer.bench.cite(answer, 'her acknowledgement', ...INSIDE);
      judge(acknowledged(answer) === sequence, `alice acknowledges ${acknowledged(answer)} and not ${sequence}`);
    }
  },
);

v1Clause(
  'rfc3706-5.3-form-of-the-acknowledgement',
  {
    level: 'MUST',
    text: 'R-U-THERE-ACK is about ISAKMP, by the cookies of the SA as its SPI, with four octets of data',
    scenario: 'The peer asks whether alice is there; the notify that she answers with is looked at.',
    brokenBy: 'v1-odd-liveness',
  },
  async peer => {
    await callMain(peer);
    const answer = require(await informAsking(peer, [areYouThere(peer, 7)]), 'alice does not answer');
    peer.bench.cite(answer, 'her acknowledgement', ...INSIDE);
    judgeForm(peer, require(notifies(answer.payloads, NOTIFY.areYouThereAck)[0], 'no acknowledgement'));
  },
);

function judgeForm(peer: TesterV1Peer, { doi, protocolId, spi, data }: IsakmpNotifyPayload): void {
  judge(doi === 1, `DOI ${doi}`);
  judge(protocolId === 1, `protocol ${protocolId}`);
  judge(spi.length === 16, `an SPI of ${spi.length} octets`);
  judge(Buffer.from(spi).equals(cookiePair(peer.sa)), 'the SPI is not the cookies');
  judge(data.length === 4, `${data.length} octets of data`);
}

v1Clause(
  'rfc3706-5.2-rejects-clear-questions',
  {
    level: 'MUST',
    text: 'An R-U-THERE that is not encrypted is rejected',
    scenario: 'Somebody asks in the clear whether alice is there; then the peer does.',
    brokenBy: 'v1-obeys-clear',
  },
  async peer => {
    await callMain(peer);
    const before = peer.bench.outside().length;
    const order = { exchange: EXCHANGE.informational, messageId: peer.newMessageId() };
    await peer.send({ ...order, payloads: [areYouThere(peer, 0x5000_0001)] });
    const said = peer.bench.outside().slice(before);
    for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'she answers in the clear', ...INSIDE);
    judge(said.length === 0, 'alice answers a question in the clear');
    await judgeAlive(peer, 'alice does not answer the peer any more');
  },
);

v1Clause(
  'rfc3706-6.1-cookies-are-checked',
  {
    level: 'SHOULD',
    text: 'The cookies in the SPI field are checked',
    scenario: 'The peer asks with the cookies of another ISAKMP SA in the SPI field; then with the right ones.',
    brokenBy: 'v1-any-liveness',
  },
  async peer => {
    await callMain(peer);
    const spi = peer.draw(16);
    const answer = await informAsking(peer, [{ ...areYouThere(peer, peer.sa.sequence), spi }]);
    if (answer !== null) peer.bench.cite(answer, 'she answers', 'Payload VID', ...INSIDE);
    judge(acknowledged(answer) === null, 'alice says that she is there, in an ISAKMP SA that is another');
    await judgeAlive(peer, 'alice does not answer the peer any more');
  },
);

v1Clause(
  'rfc3706-6.2-old-questions',
  {
    level: 'SHOULD',
    text: 'An R-U-THERE whose number is not the expected one is rejected',
    scenario: 'The peer asks with numbers that follow on each other; then with the first of them again.',
    brokenBy: 'v1-any-liveness',
  },
  async peer => {
    await callMain(peer);
    for (const sequence of [0x1000_0001, 0x1000_0002, 0x1000_0003]) {
      require(acknowledged(await informAsking(peer, [areYouThere(peer, sequence)])), 'alice does not acknowledge');
    }
    const answer = await informAsking(peer, [areYouThere(peer, 0x1000_0001)]);
    if (answer !== null) peer.bench.cite(answer, 'to a number that was used', ...INSIDE);
    judge(acknowledged(answer) === null, 'alice acknowledges a number that was used');
  },
);

v1Clause(
  'rfc3706-5.4-asks-when-it-is-silent',
  {
    level: 'SHOULD',
    text: 'A peer that has been silent is asked whether it is there, by a message of the right form',
    scenario: 'The peer makes an SA, and says nothing more; alice asks after 20 seconds.',
    brokenBy: 'v1-trusts-for-ever',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  async peer => {
    await callMain(peer);
    await quick(peer);
    await peer.bench.lab.sleep(30_000);
    const [first] = questions(peer);
    judge(first !== undefined, 'alice does not ask');
    peer.bench.cite(first, 'she asks', ...INSIDE);
    judgeForm(peer, require(notifies(first.payloads, NOTIFY.areYouThere)[0], 'no question'));
    judge((first.message?.messageId ?? 0) !== 0, 'she asks by Message ID 0');
  },
);

v1Clause(
  'rfc3706-6.2-numbers-of-alice',
  {
    level: 'MUST',
    text: 'The first number is drawn, with its high bit zero; each that follows is one more',
    scenario: 'The peer is silent but for acknowledgements; the numbers of alice’s questions are looked at.',
    brokenBy: 'v1-counts-by-two',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  async peer => {
    await callMain(peer);
    await quick(peer);
    const numbers: number[] = [];
    for (let i = 0; i < 90 && numbers.length < 3; i++) {
      await peer.bench.lab.sleep(1_000);
      const fresh = questions(peer).find(it => !numbers.includes(numberOf(it)));
      if (fresh === undefined) continue;
      peer.bench.cite(fresh, `number ${numberOf(fresh)}`, ...INSIDE);
      numbers.push(numberOf(fresh));
      await inform(peer, [iAmThere(peer, numberOf(fresh))]);
    }
    judge(numbers.length === 3, `alice asks ${numbers.length} times`);
    const [first = 0, second, third] = numbers;
    judge(first < 0x8000_0000 && first > 0, `she begins with ${first}`);
    judge(second === first + 1 && third === first + 2, `she counts ${numbers.join(', ')}`);
  },
);

v1Clause(
  'rfc3706-5.4-traffic-is-a-sign-of-life',
  {
    level: 'SHOULD NOT',
    text: 'Who sends regularly is not asked whether he is there',
    scenario: 'The peer sends a packet by the SA every 5 seconds for a minute.',
    brokenBy: 'v1-asks-always',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    for (let i = 1; i <= 12; i++) {
      await peer.bench.lab.sleep(5_000);
      await sendBy(peer, child, { sequence: i, text: `SIGN-${i} ` });
    }
    const asked = questions(peer);
    for (const seen of asked.slice(0, 1)) peer.bench.cite(seen, 'she asks', ...INSIDE);
    judge(asked.length === 0, 'alice asks a peer that she hears');
  },
);

v1Clause(
  'rfc3706-5.4-asks-again-and-then-deletes',
  {
    level: 'SHOULD',
    text: 'R-U-THERE is sent again while it is not acknowledged; after some time the peer counts as dead, and its SAs go',
    scenario: 'The peer makes an SA, and is gone. Minutes later it sends a packet by the SA.',
    brokenBy: 'v1-never-dead',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    await peer.bench.lab.sleep(300_000);
    const asked = questions(peer);
    for (const seen of asked.slice(0, 3)) peer.bench.cite(seen, 'she asks', ...INSIDE);
    judge(asked.length >= 2, `alice asks ${asked.length} times`);
    await sendBy(peer, child, { sequence: 1, text: 'FROM-THE-DEAD ' });
    judge(peer.bench.arrivals('FROM-THE-DEAD ').length === 0, 'alice keeps the SAs of a peer that is gone');
  },
);

/** Whether alice takes the peer for dead when it answers each question so. */
async function judgeNoProof(peer: TesterV1Peer, answer: (number: number) => IsakmpNotifyPayload): Promise<void> {
  await callMain(peer);
  const { child } = await quick(peer);
  const answered = new Set<HeardV1['packet']>();
  for (let i = 0; i < 100; i++) {
    await peer.bench.lab.sleep(2_000);
    for (const seen of questions(peer)) {
      if (answered.has(seen.packet)) continue;
      answered.add(seen.packet);
      await inform(peer, [answer(numberOf(seen))]);
    }
  }
  judge(answered.size > 0, 'alice does not ask');
  await sendBy(peer, child, { sequence: 1, text: 'NO-PROOF ' });
  judge(peer.bench.arrivals('NO-PROOF ').length === 0, 'alice takes that for a sign of life');
}

v1Clause(
  'rfc3706-6.1-acknowledgement-of-another-number',
  {
    level: 'SHOULD',
    text: 'An R-U-THERE-ACK with another number than that of the R-U-THERE is rejected',
    scenario: 'The peer acknowledges each question of alice’s with another number.',
    brokenBy: 'v1-any-acknowledgement',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  peer => judgeNoProof(peer, number => iAmThere(peer, number ^ 0x55)),
);

v1Clause(
  'rfc3706-5.1-both-have-to-say-so',
  {
    level: 'MUST',
    text: 'Both peers send the vendor ID before there are R-U-THERE exchanges',
    scenario: 'The peer calls without the vendor ID, and is silent for two minutes.',
    brokenBy: 'v1-asks-everybody',
    needs: ['virtual-time'],
    plan: WATCHFUL,
  },
  async peer => {
    const silent: V1Alteration = {
      message: message => ({
        ...message,
        payloads: message.payloads.filter(
          it => it.type !== 'VID' || Buffer.from(it.data).toString('hex') !== VENDOR.deadPeers,
        ),
      }),
    };
    await callMain(peer, { offer: silent });
    await quick(peer);
    await peer.bench.lab.sleep(120_000);
    const asked = questions(peer);
    for (const seen of asked.slice(0, 1)) peer.bench.cite(seen, 'she asks', ...INSIDE);
    judge(asked.length === 0, 'alice asks a peer that has not said that it would answer');
    judge(payloadOf(peer.heard()[0]?.payloads ?? [], 'SA') !== null, 'alice took no offer');
  },
);

v1Clause(
  'rfc3706-5.2-acknowledgement-that-nobody-asked-for',
  {
    level: 'MUST',
    text: 'An R-U-THERE-ACK to no R-U-THERE changes nothing',
    scenario: 'The peer acknowledges what alice has not asked, in the ISAKMP SA and in the clear.',
    brokenBy: 'v1-dies-of-acknowledgements',
  },
  async peer => {
    await callMain(peer);
    await inform(peer, [iAmThere(peer, 0x0101_0101)]);
    await inform(peer, [{ ...iAmThere(peer, 0), data: u32(1).subarray(0, 2) }]);
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);
