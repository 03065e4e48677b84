import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { NotifyPayload, Payload, PuzzleSolutionPayload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import type { Bench } from '../tester/bench.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { accepted, again, type Attempt, attempt, authPayloads, isAccepted } from '../tester/ike/initiate.ts';
import { notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import { TesterPeer } from '../tester/ike/peer.ts';
import { puzzleIn, solve, zeroBitsOf } from '../tester/ike/puzzle.ts';
import { ikeSuite } from '../tester/ike/suite.ts';
import { judgeAccepted, judgeNotAccepted } from '../tester/ike/verdicts.ts';

/** RFC 8019 §7.1: puzzles in IKE_SA_INIT, which alice sets. */

const BITS = 5;
const plan = { limits: { puzzlesFrom: 1, puzzleBits: BITS }, connection: { remote: ['0.0.0.0/0'] } };

interface Set {
  readonly first: Attempt;
  readonly cookie: Uint8Array;
  readonly said: NotifyPayload;
  readonly prfId: number;
  readonly zeroBits: number;
}

/** Somebody has begun and not gone on; the peer comes, and is set a puzzle. */
async function setPuzzle(peer: TesterPeer, bench: Bench): Promise<Set> {
  await attempt(new TesterPeer(bench, { label: 'somebody', address: '5.6.7.99' }));
  const first = await attempt(peer);
  const heard = require(first.response, 'alice did not answer IKE_SA_INIT');
  bench.cite(heard, 'her answer, to be a puzzle', 'Payload N(PUZZLE)');
  const [cookie] = notifies(heard.payloads, NotifyType.COOKIE);
  const [said] = notifies(heard.payloads, NotifyType.PUZZLE);
  judge(said !== undefined, 'alice sets no puzzle');
  judge(cookie !== undefined, 'alice sets a puzzle without a cookie');
  const puzzle = puzzleIn(heard);
  judge(puzzle !== null, `a puzzle of ${said.data.length} octets`);
  return { first, cookie: cookie.data, said, ...puzzle };
}

const returning = (...payloads: readonly Payload[]) => ({
  message: (message: IkeMessage) => ({ ...message, payloads: [...payloads, ...message.payloads] }),
});

const cookieNotify = (cookie: Uint8Array) => notify(NotifyType.COOKIE, cookie);

ikeClause(
  'rfc8019-7.1.1-puzzle-comes-with-a-cookie',
  {
    level: 'MUST',
    text: 'A PUZZLE notify is always accompanied by COOKIE, and nothing is promised yet: the responder’s SPI is zero',
    scenario: 'Somebody has left an IKE SA half open; the peer sends IKE_SA_INIT.',
    brokenBy: 'ike-puzzle-alone',
    plan,
  },
  async (peer, bench) => {
    const { first } = await setPuzzle(peer, bench);
    judge(
      first.response?.ike?.responderSpi === '0000000000000000',
      'alice has an SPI for somebody who may not be there',
    );
    judge(!isAccepted(first.response), 'alice accepts and sets a puzzle');
  },
);

ikeClause(
  'rfc8019-8.1-puzzle-notify',
  {
    level: 'MUST',
    text: 'A PUZZLE notify has the PRF (two octets) and the difficulty (one); it is about no SA',
    scenario: 'Somebody has left an IKE SA half open; the peer sends IKE_SA_INIT.',
    brokenBy: 'ike-odd-puzzle',
    plan,
  },
  async (peer, bench) => {
    const { said, zeroBits } = await setPuzzle(peer, bench);
    judge(said.protocolId === 0 && said.spi.length === 0, 'alice says that the puzzle is about an SA');
    judge(zeroBits >= BITS && zeroBits < 64, `a puzzle of ${zeroBits} bits`);
  },
);

for (const [token, prfId] of [
  ['prfsha256', 5],
  ['prfsha384', 6],
] as const) {
  ikeClause(
    `rfc8019-7.1.1.2-prf-of-the-offer[${token}]`,
    {
      level: 'MUST',
      text: 'The PRF of a puzzle is one that the initiator has offered',
      scenario: `Somebody has left an IKE SA half open; the peer sends IKE_SA_INIT that offers ${token} alone.`,
      brokenBy: 'ike-own-puzzle-prf',
      plan,
    },
    async (peer, bench) => {
      peer.suite = ikeSuite(`aes256gcm16-${token}-x25519`);
      const set = await setPuzzle(peer, bench);
      judge(set.prfId === prfId, `alice sets a puzzle with PRF ${set.prfId}`);
    },
  );
}

for (const [slug, octets] of [
  ['of-4-octets', 4],
  ['of-8-octets', 8],
  ['of-32-octets', 32],
] as const) {
  ikeClause(
    `rfc8019-7.1.4-solution-is-accepted[${slug}]`,
    {
      level: 'SHOULD',
      text: 'Who has solved the puzzle with four keys of one size is served',
      scenario: `The peer solves the puzzle with keys ${slug.replaceAll('-', ' ')}, and both make an IKE SA.`,
      brokenBy: 'ike-minds-solution',
      plan,
    },
    async (peer, bench) => {
      const { first, cookie, prfId, zeroBits } = await setPuzzle(peer, bench);
      const second = await again(peer, first, returning(cookieNotify(cookie), solve(prfId, zeroBits, cookie, octets)));
      judgeAccepted(peer, second.response, 'alice does not accept a solution that is right');
      const opening = accepted(peer, second);
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
      judge(answer !== null && payloadOf(answer.payloads, 'AUTH') !== null, 'AUTH is not over what was sent last');
    },
  );
}

interface Wrong {
  readonly says: string;
  readonly make: (set: Set) => PuzzleSolutionPayload;
}

const solved = ({ prfId, zeroBits, cookie }: Set): Uint8Array => solve(prfId, zeroBits, cookie).data;

const WRONG: Readonly<Record<string, Wrong>> = {
  'too-few-bits': {
    says: 'whose keys come to fewer zero bits',
    make: ({ prfId, zeroBits, cookie }) => solve(prfId, zeroBits, cookie, 4, bits => bits === zeroBits - 1),
  },
  'one-of-four-too-few': {
    says: 'whose last key comes to fewer zero bits',
    make: set => {
      const worse = solve(set.prfId, set.zeroBits, set.cookie, 4, bits => bits < set.zeroBits).data;
      return { type: 'PS', data: Uint8Array.of(...solved(set).subarray(0, 12), ...worse.subarray(12)) };
    },
  },
  'one-key-four-times': {
    says: 'of one key, four times',
    make: set => {
      const key = solved(set).subarray(0, 4);
      return { type: 'PS', data: Uint8Array.of(...key, ...key, ...key, ...key) };
    },
  },
  'three-keys': {
    says: 'of three keys',
    make: set => ({ type: 'PS', data: solved(set).slice(0, 12) }),
  },
  'odd-length': {
    says: 'whose length is not of four keys',
    make: set => ({ type: 'PS', data: Uint8Array.of(...solved(set), 0) }),
  },
  empty: { says: 'that is empty', make: () => ({ type: 'PS', data: new Uint8Array(0) }) },
  'of-another-cookie': {
    says: 'for another cookie',
    make: ({ prfId, zeroBits, cookie }) =>
      solve(prfId, zeroBits, cookie.toReversed(), 4, bits => bits >= zeroBits && bits < 30),
  },
};

for (const [slug, { says, make }] of Object.entries(WRONG)) {
  ikeClause(
    `rfc8019-7.1.4-all-keys-are-checked[${slug}]`,
    {
      level: 'MUST',
      text: 'A solution is verified: four different keys of one size, each with the bits that were asked for',
      scenario: `The peer returns the cookie with a solution ${says}.`,
      brokenBy: 'ike-any-solution',
      plan,
    },
    async (peer, bench) => {
      const set = await setPuzzle(peer, bench);
      const wrong = make(set);
      if (slug === 'of-another-cookie') judge(isWrong(set, wrong), 'it solves this one as well');
      const { response } = await again(peer, set.first, returning(cookieNotify(set.cookie), wrong));
      judgeNotAccepted(peer, response, `alice accepts a solution ${says}`);
    },
  );
}

function isWrong({ prfId, zeroBits, cookie }: Set, { data }: PuzzleSolutionPayload): boolean {
  return [0, 4, 8, 12].some(at => zeroBitsOf(prfId, data.subarray(at, at + 4), cookie) < zeroBits);
}

ikeClause(
  'rfc8019-7.1.1.3-solution-is-of-one-request',
  {
    level: 'MUST',
    text: 'A solution is of no use in another request: its cookie is of one nonce, SPI and address',
    scenario: 'The peer solves its puzzle; another sends that cookie and that solution with a request of its own.',
    brokenBy: 'ike-any-cookie',
    plan,
  },
  async (peer, bench) => {
    const { cookie, prfId, zeroBits } = await setPuzzle(peer, bench);
    const solution = solve(prfId, zeroBits, cookie);
    const thief = new TesterPeer(bench, { label: 'thief', address: '5.6.7.66' });
    const { response } = await attempt(thief, returning(cookieNotify(cookie), solution));
    if (response !== null) bench.cite(response, 'to the solution of another', 'Payload SA', 'Payload N');
    judgeNotAccepted(thief, response, 'alice accepts the solution of another’s puzzle');
  },
);

ikeClause(
  'rfc8019-7.1-no-lottery-without-a-cookie',
  {
    level: 'MUST',
    text: 'Requests without a cookie are never served while puzzles are set',
    scenario: 'Somebody has left an IKE SA half open; ten others send IKE_SA_INIT.',
    brokenBy: 'ike-no-puzzles',
    plan,
  },
  async (_, bench) => {
    await attempt(new TesterPeer(bench, { label: 'somebody', address: '5.6.7.99' }));
    for (let i = 0; i < 10; i++) {
      const one = new TesterPeer(bench, { label: `one ${i}`, address: `5.6.7.${100 + i}` });
      const { response } = await attempt(one);
      judgeNotAccepted(one, response, 'alice serves a request without a cookie');
    }
  },
);

ikeClause(
  'rfc8019-7.1.4-solution-of-nothing-is-ignored',
  {
    level: 'MUST',
    text: 'Where a cookie alone was asked for, a Puzzle Solution is ignored',
    scenario: 'Alice asks for cookies, and sets no puzzles; the peer returns the cookie and four keys.',
    brokenBy: 'ike-minds-solution',
    plan: { limits: { cookiesFrom: 0 } },
  },
  async peer => {
    const first = await attempt(peer);
    const heard = require(first.response, 'alice did not answer IKE_SA_INIT');
    const [cookie] = notifies(heard.payloads, NotifyType.COOKIE);
    const { data } = require(cookie, 'alice asks for no cookie');
    const solution: Payload = { type: 'PS', data: peer.draw(16) };
    const { response } = await again(peer, first, returning(cookieNotify(data), solution));
    judgeAccepted(peer, response, 'alice minds a solution that she has not asked for');
  },
);

ikeClause(
  'rfc8019-7.1.4-another-puzzle-after-a-wrong-one',
  {
    level: 'SHOULD',
    text: 'Whose solution was not good enough is asked again, and is served when it is',
    scenario: 'The peer returns a wrong solution, and then solves what alice sets it next.',
    brokenBy: 'ike-minds-solution',
    plan,
  },
  async (peer, bench) => {
    const { first, cookie } = await setPuzzle(peer, bench);
    const wrong: Payload = { type: 'PS', data: new Uint8Array(16) };
    const second = await again(peer, first, returning(cookieNotify(cookie), wrong));
    judgeNotAccepted(peer, second.response, 'alice accepts four keys that are one');
    judge(second.response !== null, 'alice says nothing to a solution that is wrong');
    const next = puzzleIn(second.response);
    const [given] = notifies(second.response.payloads, NotifyType.COOKIE);
    judge(next !== null && given !== undefined, 'alice sets no other puzzle');
    const solution = solve(next.prfId, next.zeroBits, given.data);
    const third = await again(peer, first, returning(cookieNotify(given.data), solution));
    judgeAccepted(peer, third.response, 'alice does not accept a solution that is right');
  },
);
