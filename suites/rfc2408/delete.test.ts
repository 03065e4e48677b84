import { inform } from '../tester/ike-v1/informational.ts';
import { callMain } from '../tester/ike-v1/main-mode.ts';
import {
  cookiePair,
  deleteEsp,
  deleteIsakmp,
  EXCHANGE,
  notify,
  payloadOf,
  payloadsOf,
  PROTOCOL,
} from '../tester/ike-v1/payloads.ts';
import { isHash1 } from '../tester/ike-v1/quick-mode-answer.ts';
import { quick, type QuickAsked, spiOf } from '../tester/ike-v1/quick-mode.ts';
import type { TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { deletedSpis, informed, judgeAlive, judgeGone, judgeStillServes } from '../tester/ike-v1/verdicts.ts';
import { judgeArrives, judgeCarries, judgeRefused } from '../tester/ike/child-traffic.ts';
import { judge } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2408 §3.15, §5.14 and §5.15: what Informational does to SAs. */

/** Of the SA that alice receives by. */
const aliceSpi = ({ response }: QuickAsked): Uint8Array => {
  const sa = payloadOf(response?.payloads ?? [], 'SA');
  return sa === null ? new Uint8Array(4) : spiOf(sa);
};

v1Clause(
  'rfc2408-5.15-deleted-sas-are-not-used',
  {
    level: 'SHOULD',
    text: 'Who receives a Delete cleans its SAs up: what is named cannot be used with the sender any more',
    scenario:
      'The peer deletes the SA by which it receives; then a packet comes by the other of the pair, and one from inside.',
    brokenBy: 'v1-keeps-deleted',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    await judgeCarries(peer, child, 1, 'the SAs before they are deleted');
    await inform(peer, [deleteEsp(u32(child.outbound.spi))]);
    await peer.bench.lab.sleep(500);
    await judgeRefused(
      peer,
      child,
      { sequence: 9, text: 'BY-DELETED ' },
      'alice receives by an SA whose other half is deleted',
    );
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2408-5.15-isakmp-sa-is-deleted',
  {
    level: 'SHOULD',
    text: 'An ISAKMP SA that the peer deletes is no more',
    scenario: 'The peer deletes the ISAKMP SA; then it asks by it whether alice is there, and calls again.',
    brokenBy: 'v1-keeps-deleted',
  },
  async peer => {
    await callMain(peer);
    await inform(peer, [deleteIsakmp(peer.sa)]);
    await judgeGone(peer, 'alice answers by an ISAKMP SA that the peer has deleted');
    await judgeStillServes(peer, 'alice does not take another call');
  },
);

v1Clause(
  'rfc2408-5.15-spis-that-nobody-has',
  {
    level: 'MUST',
    text: 'An SPI of a Delete that is not valid is passed over',
    scenario: 'The peer deletes SPIs of ESP that it never had, some twice, and an ISAKMP SA of other cookies.',
    brokenBy: 'v1-dies-of-deletes',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    const strange = [u32(0xdead_0001), u32(0xdead_0001), u32(0)];
    await inform(peer, [deleteEsp(...strange)]);
    await inform(peer, [deleteIsakmp({ cookieI: '0102030405060708', cookieR: '1112131415161718' })]);
    await judgeAlive(peer, 'the ISAKMP SA has gone with what was not it');
    await judgeArrives(peer, child, { sequence: 1, text: 'STILL-THERE ' }, 'the SAs have gone with others');
  },
);

v1Clause(
  'rfc2408-5.15-delete-must-be-protected',
  {
    level: 'MUST',
    text: 'Deletion is always performed under the protection of an ISAKMP SA',
    scenario: 'Somebody deletes the peer’s SA and the ISAKMP SA in the clear.',
    brokenBy: 'v1-obeys-clear',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    const order = { exchange: EXCHANGE.informational, messageId: peer.newMessageId() };
    await peer.send({ ...order, payloads: [deleteEsp(u32(child.outbound.spi))] });
    await peer.send({ ...order, messageId: 0, payloads: [deleteIsakmp(peer.sa)] });
    await judgeAlive(peer, 'anybody can delete the ISAKMP SA');
    await judgeArrives(peer, child, { sequence: 1, text: 'STILL-THERE ' }, 'anybody can delete SAs');
  },
);

for (const [slug, hash] of Object.entries({
  wrong: (right: Uint8Array) => right.with(0, ~(right[0] ?? 0) & 255),
  missing: () => null,
})) {
  v1Clause(
    `rfc2409-5.7-informational-hash[${slug}]`,
    {
      level: 'MUST',
      text: 'HASH(1) authenticates an Informational exchange: without it nothing is believed',
      scenario: `The peer deletes the ISAKMP SA by a message whose HASH is ${slug}.`,
      brokenBy: 'v1-believes-hashes',
    },
    async peer => {
      await callMain(peer);
      await inform(peer, [deleteIsakmp(peer.sa)], { hash });
      await judgeAlive(peer, 'alice believes a Delete that she should not');
    },
  );
}

v1Clause(
  'rfc2408-3.15-delete-of-alice',
  {
    level: 'SHOULD',
    text: 'Who deletes SAs says so: by the SPIs that it receives by, of four octets for ESP, and by its cookies for ISAKMP',
    scenario: 'Alice is told to end everything; what she deletes is looked at.',
    brokenBy: 'v1-odd-deletes',
  },
  async peer => {
    await callMain(peer);
    const made = await quick(peer);
    await endAll(peer);
    for (const seen of informed(peer)) peer.bench.cite(seen, 'she says so', ...INSIDE, 'Payload SA', 'Payload N');
    const wrong = informed(peer).find(seen => !isHash1(peer, seen));
    judge(wrong === undefined, 'HASH(1) of alice is wrong');
    const spis = deletedSpis(peer);
    const own = Buffer.from(aliceSpi(made)).toString('hex');
    judge(spis.includes(own), `alice does not delete her SA ${own}, but ${spis.join() || 'nothing'}`);
    const pair = Buffer.from(cookiePair(peer.sa)).toString('hex');
    judge(spis.includes(pair), 'alice does not delete the ISAKMP SA by its cookies');
    const deletes = informed(peer).flatMap(({ payloads }) => payloadsOf(payloads, 'D'));
    judge(
      deletes.every(({ doi }) => doi === 1),
      'a Delete of alice is of another DOI',
    );
  },
);

async function endAll(peer: TesterV1Peer): Promise<void> {
  await peer.bench.lab.ikeCommand('alice', { kind: 'terminate', ike: 'bob' });
  await peer.bench.lab.sleep(1_000);
}

v1Clause(
  'rfc2408-5.14-unknown-notifies',
  {
    level: 'MUST',
    text: 'A notify whose type is not valid is discarded, and nothing else with it',
    scenario: 'The peer sends notifies of types that nobody knows, errors among them.',
    brokenBy: 'v1-dies-of-notifies',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    for (const notifyType of [8000, 16_500, 32_000, 45_000, 65_535]) {
      await inform(peer, [notify(notifyType, peer.draw(20))]);
    }
    await judgeAlive(peer, 'alice has ended the ISAKMP SA for a notify that nobody knows');
    await judgeArrives(peer, child, { sequence: 1, text: 'STILL-THERE ' }, 'the SAs have gone');
  },
);

v1Clause(
  'rfc2408-5.14-notify-for-another-doi',
  {
    level: 'MUST',
    text: 'Notifies and Deletes of a DOI that is not supported are discarded',
    scenario: 'The peer deletes the ISAKMP SA with DOI 77.',
    brokenBy: 'v1-deletes-for-any-doi',
  },
  async peer => {
    await callMain(peer);
    await inform(peer, [{ ...deleteIsakmp(peer.sa), doi: 77 }]);
    await judgeAlive(peer, 'alice believes a Delete of DOI 77');
  },
);

v1Clause(
  'rfc2408-5.14-replayed-delete',
  {
    level: 'MUST',
    text: 'An Informational exchange that comes again does nothing more',
    scenario: 'The peer sends a notify twice in the same octets; the ISAKMP SA stands.',
    brokenBy: 'v1-dies-of-repeats',
  },
  async peer => {
    await callMain(peer);
    const octets = await inform(peer, [notify(40_001)]);
    await peer.post(octets);
    await peer.post(octets);
    await judgeAlive(peer, 'alice has ended the ISAKMP SA for a message that came again');
  },
);

v1Clause(
  'rfc2408-2.1-sas-outlive-the-isakmp-sa',
  {
    level: 'SHOULD',
    text: 'SAs stand by themselves: they do not go with the ISAKMP SA that has made them',
    scenario: 'The peer deletes the ISAKMP SA, and sends by the SA that was made by it.',
    brokenBy: 'v1-sas-go-along',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    await inform(peer, [deleteIsakmp(peer.sa)]);
    await peer.bench.lab.sleep(500);
    await judgeArrives(peer, child, { sequence: 1, text: 'BY-ITSELF ' }, 'the SAs have gone with the ISAKMP SA');
  },
);

v1Clause(
  'rfc2408-3.15-protocol-of-a-delete',
  {
    level: 'MUST',
    text: 'A Delete names SAs by protocol and SPI: that of AH is not that of ESP',
    scenario: 'The peer deletes an SA of AH that has the SPI of its SA of ESP; then a packet comes by that.',
    brokenBy: 'v1-deletes-for-any-protocol',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    await inform(peer, [{ ...deleteEsp(u32(child.outbound.spi)), protocolId: PROTOCOL.ah }]);
    await peer.bench.lab.sleep(500);
    await judgeArrives(peer, child, { sequence: 1, text: 'NOT-MEANT ' }, 'alice deletes an SA of another protocol');
  },
);

v1Clause(
  'rfc2408-3.15-one-delete-for-several',
  {
    level: 'MUST',
    text: 'A Delete may name several SPIs, and all of them go',
    scenario: 'The peer makes SAs for three hosts, and deletes the first and the third by one payload.',
    brokenBy: 'v1-deletes-the-first',
  },
  async peer => {
    await callMain(peer);
    const hosts = ['10.0.1.11', '10.0.1.12', '10.0.1.13'] as const;
    const made = [];
    for (const [i, own] of hosts.entries()) {
      const { child } = await quick(peer, { own, childSpi: 0xc0ff_ee21 + i });
      made.push({ child, order: { sequence: 1, text: `BY-${own} `, source: own } });
    }
    const [one, two, three] = made;
    if (one === undefined || two === undefined || three === undefined) throw new Error('three are three');
    await inform(peer, [deleteEsp(...[one, three].map(({ child }) => u32(child.outbound.spi)))]);
    await peer.bench.lab.sleep(500);
    for (const { child, order } of [one, three]) {
      await judgeRefused(peer, child, order, 'alice takes packets by an SA that is deleted');
    }
    await judgeArrives(peer, two.child, two.order, 'alice has deleted an SA that was not named');
  },
);
