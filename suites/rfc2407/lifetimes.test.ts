import { filler, udp } from '../tester/ip.ts';
import { FAR, HOST } from '../tester/bench.ts';
import { inform } from '../tester/ike-v1/informational.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { answerMain, answerMainFrom, called, isFirst } from '../tester/ike-v1/main-mode-answer.ts';
import {
  attributesOf,
  callMain,
  offerPayloads,
  offer,
  exchangeHalves,
  askProof,
  proven,
} from '../tester/ike-v1/main-mode.ts';
import { deleteIsakmp, NOTIFY, notify, payloadOf, PROTOCOL } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer } from '../tester/ike-v1/peer.ts';
import type { V1Plan } from '../tester/ike-v1/plans.ts';
import { answerQuick, quickRequest, type QuickAnswered } from '../tester/ike-v1/quick-mode-answer.ts';
import { quick } from '../tester/ike-v1/quick-mode.ts';
import { type Attribute, IPSEC, KILOBYTES, OAKLEY, SECONDS } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { deletedSpis, judgeAlive, judgeGone } from '../tester/ike-v1/verdicts.ts';
import { judgeArrives, judgeCarries, judgeRefused, sendBy } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2407 §4.5 and §4.6.3.1: how long SAs live, and what becomes of them at the end. */

const LONG: V1Plan = { child: { rekey: { seconds: 3600, octets: null, packets: null } } };
const SHORT: V1Plan = { child: { rekey: { seconds: 100, octets: null, packets: null } } };
const NEXT_SPI = 0xc0ff_ee10;

const of = (type: number, duration: number): readonly Attribute[] => [
  [IPSEC.lifeType, type],
  [IPSEC.lifeDuration, duration],
];

/** RESPONDER-LIFETIME of so many seconds, about the SA that the peer receives by. */
function responderLifetime(seconds: number, spi: number) {
  const data = Buffer.concat([Uint8Array.of(0x80, 1, 0, SECONDS, 0, 2, 0, 4), u32(seconds)]);
  return notify(NOTIFY.responderLifetime, data, { protocolId: PROTOCOL.esp, spi: u32(spi) });
}

const isQuickRequest = ({ payloads, message }: HeardV1): boolean =>
  message?.exchangeType === 32 && payloadOf(payloads, 'SA') !== null;

/** The first message that is wanted behind these many, within so many seconds; null: none. */
async function within(
  peer: TesterV1Peer,
  seconds: number,
  wanted: (heard: HeardV1) => boolean,
  after = peer.heard().length,
): Promise<HeardV1 | null> {
  for (let waited = 0; waited < seconds; waited++) {
    await peer.bench.lab.sleep(1_000);
    const found = peer.heard().slice(after).find(wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/** Alice calls, and has an SA. */
async function answerAll(peer: TesterV1Peer, more: Parameters<typeof answerQuick>[2] = {}): Promise<QuickAnswered> {
  await answerMain(peer);
  const answered = await answerQuick(peer, await quickRequest(peer), more);
  require(answered.third, 'alice did not confirm the SA');
  return answered;
}

/** Fails unless alice asks for another SA before that time has passed. */
async function judgeRekeys(peer: TesterV1Peer, seconds: number, why: string): Promise<HeardV1> {
  const again = await within(peer, seconds, isQuickRequest);
  judge(again !== null, why);
  peer.bench.cite(again, 'she asks for another', ...INSIDE, 'Payload SA', 'Payload N');
  return again;
}

v1Clause(
  'rfc2407-4.5-rekeys-before-the-end',
  {
    level: 'SHOULD',
    text: 'Another SA is negotiated before the one that there is comes to its end, and packets go by it',
    scenario: 'Alice has an SA of 100 seconds, and is watched for as long; the peer answers, and packets go both ways.',
    brokenBy: 'v1-never-rekeys',
    needs: ['virtual-time'],
    plan: SHORT,
  },
  async peer => {
    await answerAll(peer);
    const again = await judgeRekeys(peer, 99, 'alice asks for no other SA before the end');
    const { child } = await answerQuick(peer, again, { childSpi: NEXT_SPI });
    await peer.bench.lab.sleep(3_000); // some wait until the other end has the keys
    await judgeCarries(peer, child, 1, 'the SAs that take the place');
  },
);

v1Clause(
  'rfc2407-4.5-old-sa-is-kept-for-a-while',
  {
    level: 'SHOULD',
    text: 'What is on its way by the old SA when there is a new one is still taken',
    scenario: 'Alice rekeys an SA of 100 seconds; the peer answers, and sends by the old one at once.',
    brokenBy: 'v1-drops-old-sas-at-once',
    needs: ['virtual-time'],
    plan: SHORT,
  },
  async peer => {
    const old = await answerAll(peer);
    const again = await judgeRekeys(peer, 99, 'alice asks for no other SA before the end');
    await answerQuick(peer, again, { childSpi: NEXT_SPI });
    const order = { sequence: 1, text: 'ON-ITS-WAY ' };
    await judgeArrives(peer, old.child, order, 'alice does not take what was on its way by the old SA');
  },
);

v1Clause(
  'rfc2407-4.5-old-sa-is-deleted',
  {
    level: 'SHOULD',
    text: 'Who has replaced an SA says that the old one goes, and does not use it any more',
    scenario: 'Alice rekeys an SA of 100 seconds; the peer answers; two minutes later it sends by the old one.',
    brokenBy: 'v1-silent-about-deletes',
    needs: ['virtual-time'],
    plan: SHORT,
  },
  async peer => {
    const old = await answerAll(peer);
    const again = await judgeRekeys(peer, 99, 'alice asks for no other SA before the end');
    await answerQuick(peer, again, { childSpi: NEXT_SPI });
    await peer.bench.lab.sleep(80_000);
    const spi = old.child.inbound.spi.toString(16).padStart(8, '0');
    judge(deletedSpis(peer).includes(spi), `alice does not delete ${spi}`);
    await judgeRefused(
      peer,
      old.child,
      { sequence: 9, text: 'BY-THE-OLD ' },
      'alice takes packets by what she deleted',
    );
  },
);

v1Clause(
  'rfc2407-4.6.3.1-responder-lifetime-in-message-2',
  {
    level: 'MUST',
    text: 'An initiator that is told RESPONDER-LIFETIME counts on no more than that',
    scenario: 'Alice offers an hour; the peer says 60 seconds in message 2, and she is watched for as long.',
    brokenBy: 'v1-deaf-to-lifetimes',
    needs: ['virtual-time'],
    plan: LONG,
  },
  async peer => {
    await answerAll(peer, { more: [responderLifetime(60, 0xc0ff_ee01)] });
    await judgeRekeys(peer, 59, 'alice does not ask for another SA before the responder’s ends');
  },
);

v1Clause(
  'rfc2407-4.6.3.1-responder-lifetime-by-informational',
  {
    level: 'SHOULD',
    text: 'RESPONDER-LIFETIME may come by an Informational exchange as well',
    scenario: 'Alice offers an hour; the peer says 60 seconds when the SA is there, and she is watched for as long.',
    brokenBy: 'v1-deaf-to-lifetimes',
    needs: ['virtual-time'],
    plan: LONG,
  },
  async peer => {
    const { child } = await answerAll(peer);
    await inform(peer, [responderLifetime(60, child.outbound.spi)]);
    await judgeRekeys(peer, 59, 'alice does not ask for another SA before the responder’s ends');
  },
);

v1Clause(
  'rfc2407-4.6.3.1-no-longer-than-was-offered',
  {
    level: 'MUST',
    text: 'RESPONDER-LIFETIME makes no SA live longer than its initiator has offered',
    scenario: 'Alice offers 100 seconds; the peer says a day, and she is watched for 100 seconds.',
    brokenBy: 'v1-never-rekeys',
    needs: ['virtual-time'],
    plan: SHORT,
  },
  async peer => {
    await answerAll(peer, { more: [responderLifetime(86_400, 0xc0ff_ee01)] });
    await judgeRekeys(peer, 99, 'alice believes that her SA lives for a day');
  },
);

v1Clause(
  'rfc2407-4.5-seconds-come-to-an-end',
  {
    level: 'MUST',
    text: 'An SA does not outlive the seconds that were agreed on',
    scenario: 'The peer asks for an SA of 60 seconds, answers nothing any more, and sends by it 75 seconds later.',
    brokenBy: 'v1-forgets-lifetimes',
    needs: ['virtual-time'],
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer, { more: of(SECONDS, 60) });
    await judgeCarries(peer, child, 1, 'the SA of 60 seconds');
    await peer.bench.lab.sleep(75_000);
    await judgeRefused(
      peer,
      child,
      { sequence: 9, text: 'TOO-LATE ' },
      'alice takes packets by an SA whose time is over',
    );
  },
);

v1Clause(
  'rfc2407-4.5-kilobytes-come-to-an-end',
  {
    level: 'MUST',
    text: 'An SA does not outlive the kilobytes that were agreed on',
    scenario: 'The peer asks for an SA of 10 kilobytes, and sends 20 packets of 1000 octets by it.',
    brokenBy: 'v1-forgets-lifetimes',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer, { more: of(KILOBYTES, 10) });
    for (let i = 1; i <= 20; i++) {
      const text = `VOLUME-${i} `;
      const inside = udp({ source: FAR[4], destination: HOST[4], payload: filler(text, 972) });
      await sendBy(peer, child, { sequence: i, text, inside });
    }
    const through = Array.from({ length: 20 }, (_, i) => peer.bench.arrivals(`VOLUME-${i + 1} `).length);
    judge(through[0] === 1, 'alice takes nothing by the SA');
    judge(through[19] === 0, 'alice takes 20 000 octets by an SA of 10 kilobytes');
  },
);

/** Phase 1 that alice calls with. */
const isPhase1 = (heard: HeardV1): boolean => isFirst(heard) && payloadOf(heard.payloads, 'SA') !== null;

v1Clause(
  'rfc2409-4-phase-1-is-made-anew',
  {
    level: 'SHOULD',
    text: 'Another ISAKMP SA is negotiated before the one that there is ends; the SAs made by it outlive it',
    scenario:
      'The ISAKMP SAs of alice live for 100 seconds; she is watched for as long, and answered. The old one is deleted, and a packet comes by the SA.',
    brokenBy: 'v1-phase-1-for-ever',
    needs: ['virtual-time'],
    plan: { connection: { rekeySeconds: 100 } },
  },
  async peer => {
    const { child } = await answerAll(peer);
    const old = peer.sa;
    const again = await within(peer, 99, isPhase1);
    judge(again !== null, 'alice does not call again before the ISAKMP SA ends');
    peer.bench.cite(again, 'she calls again', ...INSIDE, 'Payload SA', 'Payload N');
    peer.begin();
    await answerMainFrom(peer, called(peer, again));
    const fresh = peer.sa;
    peer.sa = old;
    await inform(peer, [deleteIsakmp(old)]);
    peer.sa = fresh;
    await judgeAlive(peer, 'the new ISAKMP SA does not stand');
    await judgeArrives(peer, child, { sequence: 1, text: 'STILL-THERE ' }, 'the SAs have gone with the old ISAKMP SA');
  },
);

v1Clause(
  'rfc2409-A-life-of-the-isakmp-sa',
  {
    level: 'MUST',
    text: 'An ISAKMP SA does not outlive the Life Duration that was agreed on',
    scenario: 'The peer offers an ISAKMP SA of 60 seconds, and asks 75 seconds later by it whether alice is there.',
    brokenBy: 'v1-forgets-isakmp-lifetimes',
    needs: ['virtual-time'],
  },
  async peer => {
    const attributes = [...attributesOf(peer), [OAKLEY.lifeType, SECONDS] as const, [OAKLEY.lifeDuration, 60] as const];
    const exchanged = await exchangeHalves(peer, await offer(peer, {}, offerPayloads(peer, attributes)));
    proven(peer, exchanged.offer, await askProof(peer, exchanged));
    await judgeAlive(peer, 'the ISAKMP SA does not stand');
    await peer.bench.lab.sleep(75_000);
    await judgeGone(peer, 'alice answers by an ISAKMP SA whose time is over');
  },
);
