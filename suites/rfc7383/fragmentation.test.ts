import { encodePayloads } from '../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { accepted, attempt, authPayloads, call, openCall } from '../tester/ike/initiate.ts';
import { deleteIke, notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeAlive } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7383: messages in fragments of their own. */

const SUPPORTED = notify(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);

const announcing = {
  message: (message: IkeMessage) => ({ ...message, payloads: [...message.payloads, SUPPORTED] }),
};

/** Octets of payloads in each fragment of the peer's. */
const PIECE_OCTETS = 40;

/** IKE_AUTH of the peer in fragments, in order; both have said that they can. */
async function fragments(peer: TesterPeer): Promise<Uint8Array[]> {
  const opening = await openCall(peer, announcing);
  const message = { ...peer.header(ExchangeType.IKE_AUTH, 1, false), payloads: authPayloads(peer, opening) };
  peer.nextRequest = 2;
  return peer.encode(message, { sealing: { fragmentOctets: PIECE_OCTETS } });
}

function judgeCompleted(peer: TesterPeer, answer: Heard | null, why: string): void {
  if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N(IKEV2_FRAGMENTATION_SUPPORTED)');
  judge(answer !== null && payloadOf(answer.payloads, 'AUTH') !== null, why);
}

ikeClause(
  'rfc7383-2.3-initiator-says-that-it-can',
  {
    level: 'MUST',
    text: 'An initiator that can take fragments says so in IKE_SA_INIT, once, without data',
    scenario: 'Alice calls; her request is looked at.',
    brokenBy: 'ike-hides-fragmentation',
  },
  async peer => {
    const request = await letAliceCall(peer);
    peer.bench.cite(request, 'her request', 'Payload N(IKEV2_FRAGMENTATION_SUPPORTED)', ...INSIDE);
    const said = notifies(request.payloads, NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
    judge(said.length === 1, `alice says ${said.length} times that she can take fragments`);
    const [first] = said;
    judge(first?.data.length === 0 && first.spi.length === 0 && first.protocolId === 0, 'alice says more than that');
  },
);

ikeClause(
  'rfc7383-2.3-responder-says-that-it-can',
  {
    level: 'MUST',
    text: 'A responder that is asked, and can, says so in its answer',
    scenario: 'The peer says that it can take fragments.',
    brokenBy: 'ike-hides-fragmentation',
  },
  async peer => {
    const { response } = await attempt(peer, announcing);
    const answer = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N(IKEV2_FRAGMENTATION_SUPPORTED)');
    const said = notifies(answer.payloads, NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
    judge(said.length === 1, `alice says ${said.length} times that she can take fragments`);
  },
);

ikeClause(
  'rfc7383-2.3-only-who-is-asked-says-so',
  {
    level: 'MUST',
    text: 'A responder that was not asked does not speak of fragments',
    scenario: 'The peer does not say that it can take fragments.',
    brokenBy: 'ike-always-fragmentation',
  },
  async peer => {
    const { response } = await attempt(peer);
    const answer = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N(IKEV2_FRAGMENTATION_SUPPORTED)');
    const said = notifies(answer.payloads, NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
    judge(said.length === 0, 'alice speaks of fragments to who does not know them');
  },
);

for (const [slug, arrange, brokenBy] of [
  ['in-order', (all: readonly Uint8Array[]) => all, 'ike-no-fragments'],
  ['reversed', (all: readonly Uint8Array[]) => all.toReversed(), 'ike-fragments-in-order'],
  ['last-first', (all: readonly Uint8Array[]) => [...all.slice(-1), ...all.slice(0, -1)], 'ike-fragments-in-order'],
  ['each-twice', (all: readonly Uint8Array[]) => all.flatMap(it => [it, it]), 'ike-minds-fragments-again'],
] as const) {
  ikeClause(
    `rfc7383-2.6-fragments-are-put-together[${slug}]`,
    {
      level: 'MUST',
      text: 'Fragments are put together whatever their order, and one that comes again counts once',
      scenario: `The peer sends IKE_AUTH in fragments of ${PIECE_OCTETS} octets, ${slug.replaceAll('-', ' ')}.`,
      brokenBy,
    },
    async peer => {
      const all = await fragments(peer);
      judgeCompleted(peer, await peer.askAgain(arrange(all)), 'alice does not put the fragments together');
    },
  );
}

ikeClause(
  'rfc7383-2.6-incomplete-is-not-answered',
  {
    level: 'MUST',
    text: 'As long as a fragment is missing there is no request',
    scenario: 'The peer sends IKE_AUTH in fragments without the last one; then that.',
    brokenBy: 'ike-answers-fragments',
  },
  async peer => {
    const all = await fragments(peer);
    const before = peer.heard().length;
    await peer.post(...all.slice(0, -1));
    const early = peer.heard().slice(before);
    for (const seen of early.slice(0, 2)) peer.bench.cite(seen, 'to a message that is not whole', ...INSIDE);
    judge(early.length === 0, 'alice answers a message that is not whole');
    judgeCompleted(peer, await peer.askAgain(all.slice(-1)), 'alice does not put the fragments together');
  },
);

ikeClause(
  'rfc7383-2.6-forged-fragment-is-dropped',
  {
    level: 'MUST',
    text: 'A fragment whose ICV is wrong is dropped; the others are not lost with it',
    scenario: 'Before each fragment of IKE_AUTH comes another that says to be it, with one bit changed.',
    brokenBy: 'ike-trusts-first-fragment',
  },
  async peer => {
    const all = await fragments(peer);
    const mixed = all.flatMap(it => [it.with(it.length - 1, u8At(it, it.length - 1) ^ 1), it]);
    judgeCompleted(peer, await peer.askAgain(mixed), 'forged fragments are in the way of the right ones');
  },
);

for (const [slug, place] of [
  ['number-0', { number: 0, total: 4 }],
  ['beyond-the-last', { number: 9, total: 4 }],
  ['total-0', { number: 1, total: 0 }],
  ['smaller-total', { number: 1, total: 2 }],
] as const) {
  ikeClause(
    `rfc7383-2.6-fragment-that-cannot-be[${slug}]`,
    {
      level: 'MUST',
      text: 'A fragment whose numbers cannot be is dropped in silence, and those that came before are kept',
      scenario: `Among the fragments of IKE_AUTH comes one with ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-dies-of-fragments',
    },
    async peer => {
      const all = await fragments(peer);
      const header = peer.header(ExchangeType.IKE_AUTH, 1, false);
      const odd = peer.encodeFragment(header, place, PayloadType.V, Uint8Array.of(0, 0, 0, 4));
      const answer = await peer.askAgain([...all.slice(0, 2), odd, ...all.slice(2)]);
      judgeCompleted(peer, answer, 'a fragment that cannot be is in the way of the others');
    },
  );
}

ikeClause(
  'rfc7383-2.6-larger-total-begins-anew',
  {
    level: 'MUST',
    text: 'A fragment with a larger total is of a new cut: what came before is forgotten',
    scenario: 'The peer sends half of IKE_AUTH, and then all of it in smaller pieces.',
    brokenBy: 'ike-keeps-first-cut',
  },
  async peer => {
    const opening = await openCall(peer, announcing);
    const message = { ...peer.header(ExchangeType.IKE_AUTH, 1, false), payloads: authPayloads(peer, opening) };
    const large = peer.encode(message, { sealing: { fragmentOctets: 80 } });
    const small = peer.encode(message, { sealing: { fragmentOctets: 30 } });
    const answer = await peer.askAgain([...large.slice(0, -1), ...small]);
    judgeCompleted(peer, answer, 'fragments of another cut are in the way');
  },
);

ikeClause(
  'rfc7383-2.6.1-first-fragment-asks-again',
  {
    level: 'MUST',
    text: 'Of a request that was answered, the first fragment asks for the answer again, and no other does',
    scenario: 'When IKE_AUTH in fragments was answered, its second fragment comes again, and then its first.',
    brokenBy: 'ike-answers-once',
  },
  async peer => {
    const all = await fragments(peer);
    const answer = require(await peer.askAgain(all), 'alice does not put fragments together');
    const second = await peer.askAgain(all.slice(1, 2));
    if (second !== null) peer.bench.cite(second, 'to the second fragment', ...INSIDE);
    judge(second === null, 'alice answers again for the second fragment');
    const again = await peer.askAgain(all.slice(0, 1));
    judge(again !== null, 'alice does not answer again for the first fragment');
    peer.bench.cite(again, 'to the first fragment', ...INSIDE);
    judge(Buffer.compare(again.octets, answer.octets) === 0, 'alice answers in other octets');
  },
);

ikeClause(
  'rfc7383-2.3-no-fragments-unless-both-can',
  {
    level: 'MUST',
    text: 'Fragments are of no use in an IKE SA whose ends have not said that they can take them',
    scenario: 'The peer has not said so; it sends a Delete of the IKE SA in two fragments.',
    brokenBy: 'ike-takes-fragments',
  },
  async peer => {
    await call(peer);
    const header = peer.header(ExchangeType.INFORMATIONAL, peer.nextRequest, false);
    const { first, octets } = encodePayloads([notify(40_960, new Uint8Array(40)), deleteIke()]);
    const answer = await peer.askAgain([
      peer.encodeFragment(header, { number: 1, total: 2 }, first, octets.subarray(0, 30)),
      peer.encodeFragment(header, { number: 2, total: 2 }, 0, octets.subarray(30)),
    ]);
    if (answer !== null) peer.bench.cite(answer, 'to fragments that were not agreed upon', ...INSIDE);
    judge(answer === null, 'alice takes fragments that were not agreed upon');
    await judgeAlive(peer, 'alice takes fragments that were not agreed upon');
  },
);

/** The fragments of alice's answer to IKE_AUTH, when she is told to send everything in fragments. */
async function answerInPieces(peer: TesterPeer): Promise<readonly Heard[]> {
  const opening = accepted(peer, await attempt(peer, announcing));
  await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
  const pieces = peer.heard().filter(({ ike }) => ike?.exchangeType === ExchangeType.IKE_AUTH);
  for (const piece of pieces.slice(0, 3))
    peer.bench.cite(piece, 'a piece of her answer', ...INSIDE, 'Payload N(IKEV2_FRAGMENTATION_SUPPORTED)');
  return pieces;
}

const placeOf = ({ octets }: Heard): readonly [number, number] => {
  const view = Buffer.from(octets);
  return [view.readUInt16BE(32), view.readUInt16BE(34)];
};

ikeClause(
  'rfc7383-2.5-numbers-of-fragments',
  {
    level: 'MUST',
    text: 'Fragments are numbered from 1 to their total, which all of them name',
    scenario: 'Alice is told to send everything in fragments; those of her answer to IKE_AUTH are looked at.',
    brokenBy: 'ike-fragments-from-0',
    plan: { connection: { fragmentation: 'force' } },
  },
  async peer => {
    const pieces = await answerInPieces(peer);
    judge(pieces.length >= 2, `alice sends ${pieces.length} fragments`);
    judge(
      pieces.every(({ ike }) => ike?.nextPayload === PayloadType.SKF),
      'alice sends something else than SKF',
    );
    const places = pieces.map(placeOf);
    judge(
      places.every(([number, total], i) => number === i + 1 && total === pieces.length),
      `alice numbers ${places.join('; ')}`,
    );
  },
);

ikeClause(
  'rfc7383-2.5-next-payload-of-fragments',
  {
    level: 'MUST',
    text: 'The first fragment names the type of the first payload; all others have 0 there',
    scenario: 'Alice is told to send everything in fragments; those of her answer to IKE_AUTH are looked at.',
    brokenBy: 'ike-fragments-name-payload',
    plan: { connection: { fragmentation: 'force' } },
  },
  async peer => {
    const pieces = await answerInPieces(peer);
    judge(pieces.length >= 2, `alice sends ${pieces.length} fragments`);
    const types = pieces.map(({ octets }) => u8At(octets, 28));
    judge((types[0] ?? 0) >= 33, `the first fragment of alice’s names payload ${types[0]}`);
    judge(
      types.slice(1).every(type => type === 0),
      `later fragments of alice’s name payloads ${types.slice(1).join()}`,
    );
  },
);
