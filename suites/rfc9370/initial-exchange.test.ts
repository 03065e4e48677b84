import { ExchangeType, TransformType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, authPayloads } from '../tester/ike/initiate.ts';
import {
  answerHybrid,
  askIntermediate,
  hybrid,
  hybridAuthPayloads,
  intAuthOctets,
  NO_INT_AUTH,
  openHybrid,
  requestOf,
  withAdditional,
} from '../tester/ike/intermediate.ts';
import { keyExchange } from '../tester/ike/key-exchange.ts';
import { errorsIn, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeAccepted, judgeNotAccepted } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 9370 §2.2.1 and §2.2.2: additional key exchanges of an IKE SA. */

/** What a message chooses, or offers, of transform types 6 to 12: `6:36`. */
function additionalIn(heard: Heard): readonly string[] {
  const proposals = payloadOf(heard.payloads, 'SA')?.proposals ?? [];
  return proposals.flatMap(({ transforms }) =>
    transforms.filter(({ type }) => type >= TransformType.ADDKE1).map(({ type, id }) => `${type}:${id}`),
  );
}

const OFFERS = [
  { slug: 'one', mine: [['mlkem768']], offered: [['mlkem768']], wanted: ['6:36'] },
  { slug: 'preferred', mine: [['ecp384', 'mlkem768']], offered: [['mlkem768', 'ecp384']], wanted: ['6:20'] },
  { slug: 'two', mine: [['mlkem768'], ['ecp256']], offered: [['mlkem768'], ['ecp256']], wanted: ['6:36', '7:19'] },
  { slug: 'none-is-chosen', mine: [['none']], offered: [['mlkem768', 'none']], wanted: ['6:0'] },
  {
    slug: 'each-method-once',
    mine: [['mlkem768'], ['mlkem768', 'ecp256']],
    offered: [['mlkem768'], ['mlkem768', 'ecp256']],
    wanted: ['6:36', '7:19'],
  },
] as const;

for (const { slug, mine, offered, wanted } of OFFERS) {
  ikeClause(
    `rfc9370-2.2.1-choice[${slug}]`,
    {
      level: 'MUST',
      text: 'Of each additional key exchange that is offered one is chosen, all of them different; NONE where there is to be none',
      scenario: `Alice takes ${mine.map(it => it.join(' or ')).join(', then ')}; the peer offers ${offered.map(it => it.join(' or ')).join(', then ')}.`,
      brokenBy: slug === 'one' ? 'ike-drops-additional' : 'ike-chooses-twice',
      plan: hybrid(...mine),
    },
    async peer => {
      const { response } = await attempt(peer, withAdditional(...offered));
      judgeAccepted(peer, response, 'alice does not take the offer');
      const chosen = additionalIn(response);
      // NONE may be said, or left out.
      const isNone = slug === 'none-is-chosen' && chosen.length === 0;
      judge(isNone || chosen.join() === wanted.join(), `alice chooses ${chosen.join() || 'none'}`);
    },
  );
}

for (const [slug, mine, offered] of [
  ['missing', [['mlkem768']], []],
  ['other', [['mlkem768']], [['ecp256']]],
  ['one-too-many', [['mlkem768']], [['mlkem768'], ['ecp256']]],
  ['the-same-twice', [['mlkem768'], ['mlkem768']], [['mlkem768'], ['mlkem768']]],
] as const) {
  ikeClause(
    `rfc9370-2.2.1-no-choice[${slug}]`,
    {
      level: 'MUST',
      text: 'Where additional key exchanges do not fit there is no choice',
      scenario: `Alice takes ${mine.join(', then ')}; the peer offers ${offered.join(', then ') || 'none'}.`,
      brokenBy: 'ike-takes-all-additional',
      plan: hybrid(...mine),
    },
    async peer => {
      const { response } = await attempt(peer, withAdditional(...offered));
      judgeNotAccepted(peer, response, 'alice takes an offer that does not fit');
      judge(response === null || errorsIn(response.payloads).length > 0, 'alice does not say that she likes no offer');
    },
  );
}

ikeClause(
  'rfc9370-2.2.1-initiator-offers',
  {
    level: 'MUST',
    text: 'An initiator offers additional key exchanges as transforms of the types from ADDKE1 on',
    scenario: 'Alice is to have ML-KEM-768 and then P-256; she calls.',
    brokenBy: 'ike-hides-additional',
    plan: hybrid(['mlkem768'], ['ecp256']),
  },
  async peer => {
    const request = await letAliceCall(peer);
    peer.bench.cite(request, 'her offer', 'Payload SA');
    judge(additionalIn(request).join() === '6:36,7:19', `alice offers ${additionalIn(request).join() || 'none'}`);
  },
);

ikeClause(
  'rfc9370-2.2.2-initiator-sends-the-method',
  {
    level: 'MUST',
    text: 'An additional key exchange is in IKE_INTERMEDIATE, with KE of the method that was chosen',
    scenario: 'Alice calls, and ML-KEM-768 is chosen; her IKE_INTERMEDIATE is looked at.',
    brokenBy: 'ike-short-additional',
    plan: hybrid(['mlkem768']),
  },
  async peer => {
    await answerHybrid(peer, 'mlkem768');
    const request = await requestOf(peer, ExchangeType.IKE_INTERMEDIATE);
    peer.bench.cite(request, 'her IKE_INTERMEDIATE', ...INSIDE);
    const ke = payloadOf(request.payloads, 'KE');
    judge(ke?.group === 36, `alice sends KE of method ${ke?.group}`);
    judge(ke.data.length === 1184, `alice sends ${ke.data.length} octets for a key of ML-KEM-768`);
  },
);

const BAD_ADDITIONAL: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  short: data => data.slice(0, -1),
  long: data => Uint8Array.of(...data, 0),
  empty: () => new Uint8Array(0),
  'not-reduced': data => data.with(0, 0xff).with(1, 0xff),
};

/** Fails when alice has gone on with the first IKE SA after it. */
async function judgeNotAuthenticated(
  peer: TesterPeer,
  payloads: Parameters<TesterPeer['ask']>[0]['payloads'],
  why: string,
): Promise<void> {
  const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
  if (answer !== null) peer.bench.cite(answer, 'to IKE_AUTH', ...INSIDE);
  judge(answer === null || payloadOf(answer.payloads, 'AUTH') === null, why);
}

for (const [slug, spoil] of Object.entries(BAD_ADDITIONAL)) {
  ikeClause(
    `rfc9370-2.2.2-bad-key-in-request[${slug}]`,
    {
      level: 'MUST',
      text: 'A value that is no key of the method makes no IKE SA (FIPS 203 §7.2: type and modulus are checked)',
      scenario: `The peer’s ML-KEM-768 key is ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-any-point',
      plan: hybrid(['mlkem768']),
    },
    async peer => {
      const opening = await openHybrid(peer, ['mlkem768']);
      const { answer } = await askIntermediate(peer, opening, NO_INT_AUTH, null, {
        message: message => {
          const { data } = keyExchange('mlkem768').begin(peer.draw(64));
          return { ...message, payloads: [{ type: 'KE', group: 36, data: spoil(Uint8Array.from(data)) }] };
        },
      });
      if (answer !== null) peer.bench.cite(answer, 'to a key that is none', ...INSIDE);
      const ke = payloadOf(answer?.payloads ?? [], 'KE');
      judge(ke === null, 'alice answers what is no key');
    },
  );
}

for (const [slug, spoil] of Object.entries(BAD_ADDITIONAL).slice(0, 3)) {
  ikeClause(
    `rfc9370-2.2.2-bad-ciphertext-in-response[${slug}]`,
    {
      level: 'MUST',
      text: 'A value that is no ciphertext of the method makes no IKE SA (FIPS 203 §7.3)',
      scenario: `Alice calls; the ciphertext of ML-KEM-768 that she gets is ${slug}.`,
      brokenBy: 'ike-any-point',
      plan: hybrid(['mlkem768']),
    },
    async peer => {
      await answerHybrid(peer, 'mlkem768');
      const request = await requestOf(peer, ExchangeType.IKE_INTERMEDIATE);
      const ke = require(payloadOf(request.payloads, 'KE'), 'alice sends no KE');
      const { data } = keyExchange('mlkem768').respond(ke.data, peer.draw(64));
      await peer.answer(request, [{ type: 'KE', group: 36, data: spoil(Uint8Array.from(data)) }]);
      await peer.bench.lab.sleep(1_000);
      const [on] = peer.requests(ExchangeType.IKE_AUTH);
      if (on !== undefined) peer.bench.cite(on, 'she goes on', ...INSIDE);
      judge(on === undefined, 'alice goes on with what is no ciphertext');
    },
  );
}

for (const [slug, group] of [
  ['another', 19],
  ['of-the-first', 31],
] as const) {
  ikeClause(
    `rfc9370-2.2.2-other-method-than-chosen[${slug}]`,
    {
      level: 'MUST',
      text: 'KE of an additional key exchange is of the method that was chosen',
      scenario: `ML-KEM-768 is chosen, and the peer’s KE is of method ${group}.`,
      brokenBy: 'ike-any-method',
      plan: hybrid(['mlkem768']),
    },
    async peer => {
      const opening = await openHybrid(peer, ['mlkem768']);
      const token = group === 19 ? 'ecp256' : 'x25519';
      const { answer } = await askIntermediate(peer, opening, NO_INT_AUTH, null, {
        message: message => {
          const { data } = keyExchange(token).begin(peer.draw(64));
          return { ...message, payloads: [{ type: 'KE', group, data: Uint8Array.from(data) }] };
        },
      });
      if (answer !== null) peer.bench.cite(answer, 'to another method', ...INSIDE);
      judge(payloadOf(answer?.payloads ?? [], 'KE') === null, 'alice answers another method than was chosen');
    },
  );
}

ikeClause(
  'rfc9370-2.2.2-none-is-left-out',
  {
    level: 'MUST',
    text: 'All additional key exchanges that were chosen are done before IKE_AUTH',
    scenario: 'ML-KEM-768 is chosen, and the peer goes to IKE_AUTH without it.',
    brokenBy: 'ike-forgets-additional',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    const opening = await openHybrid(peer, ['mlkem768', 'none']);
    judge(additionalIn(opening.response).join() === '6:36', 'alice does not choose ML-KEM-768');
    await judgeNotAuthenticated(peer, authPayloads(peer, opening), 'alice lets an additional key exchange be left out');
  },
);

ikeClause(
  'rfc9370-2.2.2-not-half-of-them',
  {
    level: 'MUST',
    text: 'All additional key exchanges that were chosen are done before IKE_AUTH',
    scenario: 'ML-KEM-768 and P-256 are chosen; the peer goes to IKE_AUTH after the first.',
    brokenBy: 'ike-forgets-second-additional',
    plan: hybrid(['mlkem768'], ['ecp256', 'none']),
  },
  async peer => {
    const opening = await openHybrid(peer, ['mlkem768'], ['ecp256', 'none']);
    const { intAuth } = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768');
    const payloads = hybridAuthPayloads(peer, opening, intAuthOctets(intAuth, 2));
    judge(additionalIn(opening.response).join() === '6:36,7:19', 'alice does not choose both');
    await judgeNotAuthenticated(peer, payloads, 'alice lets the second additional key exchange be left out');
  },
);
