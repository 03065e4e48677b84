import { u8At } from '../../engine/wire/octets.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { informationalOrder } from '../tester/ike-v1/informational.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, NOTIFY, notifies, notify, payloadOf, PROTOCOL } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import { answerQuick, isHash1, type QuickAnswered, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick, quick, spiOf } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judgeLeaves, leftUnder } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2408 §3.1, Commit Bit, and RFC 2409 §5.5: an initiator that waits until the other end is ready. */

const SETS_IT = { v1: { commitBit: true } } as const;
const COMMIT = 2;

v1Clause(
  'rfc2408-3.1-commit-bit-is-set',
  {
    level: 'MAY',
    text: 'A responder that wants the initiator to wait sets the Commit bit in its answer',
    scenario: 'Alice is told to set it; the header of her message 2 is looked at.',
    brokenBy: 'v1-no-commit-bit',
    plan: SETS_IT,
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    const answer = require(asked.response, 'alice does not answer');
    peer.bench.cite(answer, 'her message 2', 'Flags');
    judge((u8At(answer.octets, 19) & COMMIT) !== 0, 'the Commit bit is not set');
    await judgeQuick(peer, asked, 'alice makes no SA');
  },
);

v1Clause(
  'rfc2408-3.1-connected-is-said',
  {
    level: 'MUST',
    text: 'Who has set the Commit bit says CONNECTED about the SA, by the Message ID of the exchange that it was set in',
    scenario: 'Alice is told to set it; what she says behind message 3 is looked at.',
    brokenBy: 'v1-never-connected',
    plan: SETS_IT,
  },
  async peer => {
    await callMain(peer);
    const made = await quick(peer);
    const said = await peer
      .expect('CONNECTED', saysConnected)
      .catch(() => judge(false, 'alice does not say CONNECTED'));
    const heard = require(said ?? null, 'nothing');
    peer.bench.cite(heard, 'she says CONNECTED', ...INSIDE, 'Payload SA', 'Payload N');
    judge(heard.message?.exchangeType === EXCHANGE.informational, 'it is no Informational exchange');
    judge(heard.message.messageId === made.messageId >>> 0, 'it has another Message ID than the Quick Mode');
    judge(isHash1(peer, heard), 'HASH(1) of alice is wrong');
    const [connected] = notifies(heard.payloads, NOTIFY.connected);
    const own = spiOf(require(payloadOf(made.response?.payloads ?? [], 'SA'), 'no SA'));
    judge(connected?.protocolId === PROTOCOL.esp, `it is about protocol ${connected?.protocolId}`);
    judge(Buffer.from(connected.spi).equals(own), 'it is about another SA');
  },
);

const saysConnected = ({ payloads }: HeardV1): boolean => notifies(payloads, NOTIFY.connected).length > 0;

/** Alice asks for an SA, and the peer sets the Commit bit. */
async function answerAlice(peer: TesterV1Peer): Promise<QuickAnswered> {
  await answerMain(peer);
  const answered = await answerQuick(peer, await quickRequest(peer), { isCommit: true });
  require(answered.third, 'alice did not confirm the SA');
  return answered;
}

/** CONNECTED about the SA that the peer receives by. */
function connect(peer: TesterV1Peer, { request, child }: QuickAnswered, alteration: V1Alteration = {}) {
  const messageId = request.message?.messageId ?? 0;
  const payload = notify(NOTIFY.connected, undefined, { protocolId: PROTOCOL.esp, spi: u32(child.outbound.spi) });
  return peer.send(informationalOrder(peer, [payload], messageId), alteration);
}

/** Fails when alice sends by the SA. */
async function judgeWaits(peer: TesterV1Peer, { child }: QuickAnswered, text: string, why: string): Promise<void> {
  await outbound(peer.bench, [text]);
  const seen = leftUnder(peer.bench, child, text);
  for (const it of seen.slice(0, 1)) peer.bench.cite(it, 'by an SA that nobody is ready for', 'SPI');
  judge(seen.length === 0, why);
}

v1Clause(
  'rfc2408-3.1-initiator-waits',
  {
    level: 'MUST',
    text: 'Who is shown the Commit bit waits for CONNECTED before it sends by the SA',
    scenario: 'The peer sets the bit in message 2; a packet comes from behind alice; then the peer says CONNECTED.',
    brokenBy: 'v1-overlooks-commit-bits',
  },
  async peer => {
    const answered = await answerAlice(peer);
    await judgeWaits(peer, answered, 'TOO-EARLY ', 'alice does not wait for CONNECTED');
    await connect(peer, answered);
    await judgeLeaves(peer, answered.child, 'IN-TIME ', 'alice does not send by the SA behind CONNECTED');
  },
);

v1Clause(
  'rfc2408-3.1-connected-is-authentic',
  {
    level: 'MUST',
    text: 'CONNECTED is protected as all of phase 2: with another HASH it says nothing',
    scenario: 'The peer sets the bit; CONNECTED comes with a wrong HASH, and a packet from behind alice.',
    brokenBy: 'v1-believes-hashes',
  },
  async peer => {
    const answered = await answerAlice(peer);
    await connect(peer, answered, { hash: right => right.with(0, ~(right[0] ?? 0) & 255), isAside: true });
    await judgeWaits(peer, answered, 'NOT-YET ', 'alice believes a CONNECTED that anybody may have sent');
  },
);
