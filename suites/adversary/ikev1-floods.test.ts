import { encodeIsakmpMessage } from '../../engine/wire/isakmp/codec.ts';
import { askAggressive } from '../tester/ike-v1/aggressive-mode.ts';
import { areYouThere, informationalOrder } from '../tester/ike-v1/informational.ts';
import { callMain, offerPayloads } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, notifies, notify, NOTIFY, VENDOR, vendor } from '../tester/ike-v1/payloads.ts';
import type { TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import { AGGRESSIVE } from '../tester/ike-v1/plans.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeStillServes } from '../tester/ike-v1/verdicts.ts';
import { judge } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** What strangers, and peers, can make who speaks IKEv1 keep or say. */

const SERVES = 'alice does not serve a peer any more';

/** A message in fragments of payload 132, from the last to the first; `numbers`: those that are sent. */
function fragments(peer: TesterV1Peer, message: Uint8Array, octets: number, fragmentId: number): Uint8Array[] {
  const count = Math.ceil(message.length / octets);
  return Array.from({ length: count }, (_, i) => {
    const number = count - i;
    const data = message.subarray((number - 1) * octets, number * octets);
    return encodeIsakmpMessage({
      ...peer.header(message[18] ?? 0, Buffer.from(message).readUInt32BE(20)),
      payloads: [{ type: 'FRAG', fragmentId, number, isLast: number === count, data }],
      body: null,
    });
  });
}

const FRAGMENTING: V1Alteration = {
  message: message => ({ ...message, payloads: [...message.payloads, vendor(VENDOR.fragmentation)] }),
};

v1Clause(
  'adversary-28-fragments-last-first',
  {
    level: 'MUST',
    text: 'Fragments come in any order: a message is put together from the last to the first',
    scenario: 'Both have said that they fragment; the peer asks whether alice is there, in fragments of 20 octets.',
    brokenBy: 'v1-no-fragments',
  },
  async peer => {
    await callMain(peer, { offer: FRAGMENTING });
    const sequence = peer.sa.sequence++;
    const whole = peer.encode(informationalOrder(peer, [areYouThere(peer, sequence)]));
    await peer.post(...fragments(peer, whole, 20, 7));
    const acked = peer.heard().some(({ payloads }) => notifies(payloads, NOTIFY.areYouThereAck).length > 0);
    judge(acked, 'alice does not put the fragments together');
  },
);

v1Clause(
  'adversary-28-ikev1-fragments-that-never-end',
  {
    level: 'MUST',
    text: 'Fragments of messages that are never whole cost little, and keep nothing else from being served (CVE-2016-10396)',
    scenario: 'The peer sends 3000 fragments of 300 messages, the last of each first and the first of each never.',
    brokenBy: 'v1-dies-of-fragments',
  },
  async peer => {
    await callMain(peer, { offer: FRAGMENTING });
    for (let id = 1; id <= 300; id += 50) {
      const some = Array.from({ length: 50 }, (_, i) =>
        fragments(peer, peer.encode(informationalOrder(peer, [notify(45_000, peer.draw(100))])), 20, id + i).slice(
          0,
          -1,
        ),
      );
      await peer.post(...some.flat());
    }
    await judgeAlive(peer, 'the ISAKMP SA has gone with them');
    await judgeStillServes(peer, SERVES);
  },
);

v1Clause(
  'adversary-28-fragments-of-strangers',
  {
    level: 'MUST',
    text: 'Nobody’s fragments are kept',
    scenario: 'Somebody sends a first message of Main Mode in fragments.',
    brokenBy: 'v1-any-fragments',
  },
  async peer => {
    const whole = peer.encode({ exchange: EXCHANGE.main, payloads: offerPayloads(peer) });
    await peer.post(...fragments(peer, whole, 60, 1));
    const [said] = peer.said(EXCHANGE.main);
    if (said !== undefined) peer.bench.cite(said, 'she goes on with it', ...INSIDE, 'Payload SA', 'Payload KE');
    judge(said === undefined, 'alice puts together what anybody may have sent');
    await judgeStillServes(peer, SERVES);
  },
);

/** Octets of IP packet that alice sends the peer in two minutes behind one message. */
async function reflected(
  peer: TesterV1Peer,
  send: () => Promise<Uint8Array>,
): Promise<{ readonly given: number; readonly taken: number }> {
  const taken = (await send()).length + 28;
  await peer.bench.lab.sleep(120_000);
  const all = peer.heard();
  for (const seen of all.slice(0, 3)) peer.bench.cite(seen, 'what she says', ...INSIDE, 'Payload SA', 'Payload KE');
  judge(all.length > 0, 'alice says nothing at all');
  return { taken, given: all.reduce((sum, { octets }) => sum + octets.length + 28, 0) };
}

v1Clause(
  'adversary-32-reflection[main]',
  {
    level: 'MUST',
    text: 'One message of somebody who may have another address is answered with little more than itself (CVE-2016-5361)',
    scenario: 'The peer sends a first message of Main Mode, and nothing more for two minutes.',
    brokenBy: 'v1-says-it-ten-times',
    needs: ['virtual-time'],
  },
  async peer => {
    const { given, taken } = await reflected(peer, async () => {
      const octets = peer.encode({ exchange: EXCHANGE.main, payloads: offerPayloads(peer) });
      await peer.post(octets);
      return octets;
    });
    judge(given <= 2 * taken, `alice says ${given} octets to ${taken}`);
  },
);

v1Clause(
  'adversary-32-reflection[aggressive]',
  {
    level: 'MUST',
    text: 'One message of somebody who may have another address is answered with little more than itself (CVE-2016-5361)',
    scenario:
      'The peer sends a first message of Aggressive Mode, which alice is told to take, and nothing more for two minutes.',
    brokenBy: 'v1-says-it-ten-times',
    needs: ['virtual-time'],
    plan: AGGRESSIVE,
  },
  async peer => {
    const { given, taken } = await reflected(peer, async () => (await askAggressive(peer)).octets);
    judge(given <= 3 * taken, `alice says ${given} octets to ${taken}`);
  },
);

v1Clause(
  'adversary-30-half-open-isakmp-sas',
  {
    level: 'MUST',
    text: 'Half-open ISAKMP SAs of one source are bounded',
    scenario: 'Alice allows ten; the peer sends thirty first messages, each with another cookie.',
    brokenBy: 'ike-many-half-open',
    plan: { limits: { halfOpenPerSource: 10, halfOpen: 20 } },
  },
  async peer => {
    const firsts = Array.from({ length: 30 }, () => {
      peer.begin();
      return peer.encode({ exchange: EXCHANGE.main, payloads: offerPayloads(peer) });
    });
    // At once: none of them may have been given up when the last one comes.
    await peer.post(...firsts);
    await peer.bench.lab.sleep(1_000);
    const answered = new Set(peer.said(EXCHANGE.main).map(({ message }) => message?.initiatorCookie)).size;
    judge(answered <= 10, `alice answers ${answered} of thirty`);
    judge(answered > 0, 'alice answers none');
  },
);
