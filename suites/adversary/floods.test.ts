import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { ikePacket } from '../tester/ike/ike-on-bench.ts';
import { accepted, again, attempt, authPayloads, initRequest, isAccepted, openCall } from '../tester/ike/initiate.ts';
import { notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import { type Heard, TesterPeer } from '../tester/ike/peer.ts';
import { puzzleIn, solve } from '../tester/ike/puzzle.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { adding } from '../tester/ike/signed.ts';
import { judgeStillServes } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** What takes memory and time of whoever lets strangers have them. */

const SUPPORTED = notify(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);

/** IKE_AUTH of the peer in pieces, the last first, and among them what `between` makes of each. */
const CUTS: Readonly<Record<string, readonly [octets: number, brokenBy: string, arrange: Arrange]>> = {
  'one-octet-each': [1, 'ike-dies-of-many-fragments', all => all],
  'two-that-overlap': [40, 'ike-trusts-first-fragment', all => all.flatMap(it => [forged(it), it])],
  'last-first': [40, 'ike-fragments-in-order', all => all.toReversed()],
  'two-sizes': [40, 'ike-keeps-first-cut', (all, cut) => [...cut(80).slice(0, -1), ...all]],
};

type Arrange = (all: readonly Uint8Array[], cut: (octets: number) => readonly Uint8Array[]) => readonly Uint8Array[];

const forged = (octets: Uint8Array): Uint8Array =>
  octets.with(octets.length - 1, u8At(octets, octets.length - 1) ^ 0x80);

for (const [slug, [octets, brokenBy, arrange]] of Object.entries(CUTS)) {
  ikeClause(
    `adversary-27-fragments[${slug}]`,
    {
      level: 'MUST',
      text: 'However fragments come, what is right is put together and what is not is dropped (CVE-2016-1287, CVE-2013-6076)',
      scenario: `The peer sends IKE_AUTH in fragments: ${slug.replaceAll('-', ' ')}.`,
      brokenBy,
    },
    async peer => {
      const opening = await openCall(peer, adding(SUPPORTED));
      const message = { ...peer.header(ExchangeType.IKE_AUTH, 1, false), payloads: authPayloads(peer, opening) };
      const cut = (size: number) => peer.encode(message, { sealing: { fragmentOctets: size } });
      peer.nextRequest = 2;
      const answer = await peer.askAgain(arrange(cut(octets), cut));
      if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
      judge(payloadOf(answer?.payloads ?? [], 'AUTH') !== null, 'alice does not put the fragments together');
    },
  );
}

for (const [slug, place] of [
  ['number-0', { number: 0, total: 9 }],
  ['shrinking-total', { number: 1, total: 1 }],
  ['number-beyond-total', { number: 9, total: 3 }],
] as const) {
  ikeClause(
    `adversary-27-fragment-that-cannot-be[${slug}]`,
    {
      level: 'MUST',
      text: 'A fragment whose numbers cannot be is dropped, and nothing with it (CVE-2016-1344)',
      scenario: `Among the fragments of IKE_AUTH is one with ${slug.replaceAll('-', ' ')}, authentic all the same.`,
      brokenBy: 'ike-dies-of-fragments',
    },
    async peer => {
      const opening = await openCall(peer, adding(SUPPORTED));
      const header = peer.header(ExchangeType.IKE_AUTH, 1, false);
      const all = peer.encode(
        { ...header, payloads: authPayloads(peer, opening) },
        { sealing: { fragmentOctets: 40 } },
      );
      const odd = peer.encodeFragment(header, place, PayloadType.V, Uint8Array.of(0, 0, 0, 4));
      const answer = await peer.askAgain([...all.slice(0, 3), odd, ...all.slice(3)]);
      judge(
        payloadOf(answer?.payloads ?? [], 'AUTH') !== null,
        'a fragment that cannot be is in the way of the others',
      );
    },
  );
}

ikeClause(
  'adversary-28-fragments-that-never-end',
  {
    level: 'MUST',
    text: 'Fragments of a message that never gets whole are kept within limits, and cost no more than they have to (CVE-2016-10396)',
    scenario: 'The peer sends 600 fragments of 65535, the last first, and then calls anew.',
    brokenBy: 'ike-dies-of-many-fragments',
  },
  async peer => {
    await openCall(peer, adding(SUPPORTED));
    const header = peer.header(ExchangeType.IKE_AUTH, 1, false);
    for (let batch = 0; batch < 6; batch++) {
      const pieces = Array.from({ length: 100 }, (_, i) =>
        peer.encodeFragment(header, { number: 65_535 - batch * 100 - i, total: 65_535 }, 0, new Uint8Array(8)),
      );
      await peer.post(...pieces);
    }
    const answers = peer.heard().filter(({ ike }) => ike?.exchangeType === ExchangeType.IKE_AUTH);
    judge(answers.length === 0, 'alice answers what is not whole');
    const other = new TesterPeer(peer.bench, { label: 'anew' });
    await judgeStillServes(other, 'alice does not serve a peer any more');
  },
);

ikeClause(
  'adversary-29-fragments-in-the-clear',
  {
    level: 'MUST',
    text: 'A fragment that nothing protects is dropped, and the others are not lost with it',
    scenario: 'Before each fragment of IKE_AUTH comes another that says to be it, and has no ICV.',
    brokenBy: 'ike-dies-of-clear-fragments',
  },
  async peer => {
    const opening = await openCall(peer, adding(SUPPORTED));
    const message = { ...peer.header(ExchangeType.IKE_AUTH, 1, false), payloads: authPayloads(peer, opening) };
    peer.nextRequest = 2;
    const all = peer.encode(message, { sealing: { fragmentOctets: 60 } });
    const clear = all.map(it => Uint8Array.from(it).fill(0x41, 36));
    const answer = await peer.askAgain(all.flatMap((it, i) => [clear[i] ?? it, it]));
    judge(
      payloadOf(answer?.payloads ?? [], 'AUTH') !== null,
      'fragments in the clear are in the way of the right ones',
    );
  },
);

ikeClause(
  'adversary-29-fragments-that-were-not-agreed-upon',
  {
    level: 'MUST',
    text: 'Fragments are dropped in an IKE SA whose ends have not agreed on them (RFC 7383 §2.3)',
    scenario: 'The peer has not said that it knows fragments; it sends IKE_AUTH in two.',
    brokenBy: 'ike-always-fragmenting',
  },
  async peer => {
    const opening = await openCall(peer);
    const message = { ...peer.header(ExchangeType.IKE_AUTH, 1, false), payloads: authPayloads(peer, opening) };
    const answer = await peer.askAgain(peer.encode(message, { sealing: { fragmentOctets: 150 } }));
    if (answer !== null) peer.bench.cite(answer, 'to fragments', ...INSIDE);
    judge(payloadOf(answer?.payloads ?? [], 'AUTH') === null, 'alice takes fragments that were not agreed upon');
  },
);

/** IKE_SA_INIT of that many, each at an address of its own, none of whom listens. */
async function flood(peer: TesterPeer, count: number): Promise<number> {
  const packets = Array.from({ length: count }, (_, i) => {
    const source = `11.${i >> 8}.${i & 255}.1`;
    const one = new TesterPeer(peer.bench, { label: `spoofed ${i}`, address: source });
    return { source, octets: one.encode(initRequest(one, one.draw(64), one.draw(32))) };
  });
  for (let at = 0; at < count; at += 100) {
    const batch = packets.slice(at, at + 100);
    await peer.bench.fromOutside(batch.flatMap(({ source, octets }) => octets.map(it => ikePacket(it, { source }))));
  }
  return count;
}

ikeClause(
  'adversary-30-spoofed-first-messages',
  {
    level: 'MUST',
    text: 'Many half-open IKE SAs turn cookies on, nothing more is kept for strangers, and a peer that is there gets through',
    scenario: 'Alice asks for cookies from 30 half-open IKE SAs on. 300 strangers begin, and then the peer.',
    brokenBy: 'ike-many-half-open',
    plan: { connection: { remote: ['0.0.0.0/0'] } },
  },
  async peer => {
    await flood(peer, 300);
    const [node] = await peer.bench.lab.ike();
    const first = await attempt(peer);
    const heard = require(first.response, 'alice does not answer any more');
    peer.bench.cite(heard, 'to the peer, to be COOKIE', 'Payload N(COOKIE)');
    const [cookie] = notifies(heard.payloads, NotifyType.COOKIE);
    judge(cookie !== undefined, 'alice asks for no cookie in a flood');
    judge(!isAccepted(heard), 'alice accepts, and asks for a cookie');
    const halfOpen = node?.status.halfOpen ?? 0;
    judge(halfOpen <= 31, `alice has ${halfOpen} IKE SAs of strangers`);
    const second = await again(peer, first, {
      message: message => ({ ...message, payloads: [notify(NotifyType.COOKIE, cookie.data), ...message.payloads] }),
    });
    judge(isAccepted(second.response), 'alice does not let a peer through that is there');
    const opening = accepted(peer, second);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    judge(payloadOf(answer?.payloads ?? [], 'AUTH') !== null, 'alice does not let a peer through that is there');
  },
);

const isInitRequest = ({ ike }: Heard): boolean => ike?.exchangeType === ExchangeType.IKE_SA_INIT && !ike.isResponse;

ikeClause(
  'adversary-31-cookies-and-groups-without-end',
  {
    level: 'MUST',
    text: 'An initiator that is asked for another cookie and another group, again and again, gives up (RFC 8019, TAHI 1.1.5)',
    scenario: 'Alice calls. Each of her requests is answered with a new cookie or another group, 60 times at most.',
    brokenBy: 'ike-never-tires',
  },
  async peer => {
    let request = await letAliceCall(peer);
    let rounds = 0;
    for (; rounds < 60; rounds++) {
      const after = peer.heard().length;
      peer.initiatorSpi = require(request.ike, 'no message').initiatorSpi;
      peer.responderSpi = '0000000000000000';
      const group = payloadOf(request.payloads, 'KE')?.group === 31 ? 19 : 31;
      const other = notify(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, group));
      await peer.answer(request, [rounds % 2 === 0 ? notify(NotifyType.COOKIE, peer.draw(20)) : other]);
      const next = peer.heard().slice(after).find(isInitRequest);
      if (next === undefined || Buffer.compare(next.octets, request.octets) === 0) break;
      request = next;
    }
    peer.bench.cite(request, `her last request, number ${rounds + 1}`, 'Payload SA');
    judge(rounds < 60, 'alice begins again 60 times');
  },
);

ikeClause(
  'adversary-31-stale-solution',
  {
    level: 'MUST',
    text: 'Cookies and solutions that were good once are of no use to somebody else, or later with another nonce',
    scenario: 'The peer solves a puzzle and is let in; the same cookie and solution come with another nonce.',
    brokenBy: 'ike-any-cookie',
    plan: { limits: { puzzlesFrom: 1, puzzleBits: 4 }, connection: { remote: ['0.0.0.0/0'] } },
  },
  async (peer, bench) => {
    await attempt(new TesterPeer(bench, { label: 'somebody', address: '5.6.7.99' }));
    const first = await attempt(peer);
    const heard = require(first.response, 'alice did not answer IKE_SA_INIT');
    const [cookie] = notifies(heard.payloads, NotifyType.COOKIE);
    const puzzle = puzzleIn(heard);
    judge(cookie !== undefined && puzzle !== null, 'alice sets no puzzle');
    const returned = [notify(NotifyType.COOKIE, cookie.data), solve(puzzle.prfId, puzzle.zeroBits, cookie.data)];
    const second = await again(peer, first, {
      message: message => ({ ...message, payloads: [...returned, ...message.payloads] }),
    });
    judge(isAccepted(second.response), 'alice does not let in who has solved the puzzle');
    const later = await again(peer, first, {
      message: message => ({
        ...message,
        initiatorSpi: peer.newSpi(),
        payloads: [
          ...returned,
          ...message.payloads.map(it => (it.type === 'NONCE' ? { ...it, data: peer.draw(32) } : it)),
        ],
      }),
    });
    judge(!isAccepted(later.response), 'alice lets in a stale solution');
  },
);
