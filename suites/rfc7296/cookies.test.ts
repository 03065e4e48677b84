import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { accepted, again, attempt, authPayloads } from '../tester/ike/initiate.ts';
import { notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import { type Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeAccepted, judgeNotAccepted, judgeNotified } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.6: cookies. */

/** Asks everybody for a cookie. */
const suspicious = { limits: { cookiesFrom: 0 } };

const cookieIn = (heard: Heard | null): Uint8Array | null =>
  heard === null ? null : (notifies(heard.payloads, NotifyType.COOKIE)[0]?.data ?? null);

const otherNonce = (payload: Payload): Payload =>
  payload.type === 'NONCE' ? { ...payload, data: payload.data.toReversed() } : payload;

const withCookie = (cookie: Uint8Array) => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: [notify(NotifyType.COOKIE, cookie), ...message.payloads],
  }),
});

ikeClause(
  'rfc7296-2.6-cookie-is-of-1-to-64-octets',
  {
    level: 'MUST',
    text: 'A cookie has 1 to 64 octets',
    scenario: 'Alice fears a flood. The peer sends IKE_SA_INIT; what she asks to return is measured.',
    brokenBy: 'ike-long-cookie',
    plan: suspicious,
  },
  async peer => {
    const { response } = await attempt(peer);
    const cookie = judgeNotified(peer, response, NotifyType.COOKIE, 'COOKIE');
    judge(cookie.length >= 1 && cookie.length <= 64, `alice gives out a cookie of ${cookie.length} octets`);
  },
);

ikeClause(
  'rfc7296-2.6-cookie-comes-alone',
  {
    level: 'MUST',
    text: 'Who asks for a cookie sends nothing else, and has no SPI yet: `HDR(A,0), N(COOKIE)`',
    scenario: 'Alice fears a flood. The peer sends IKE_SA_INIT.',
    brokenBy: 'ike-cookie-and-more',
    plan: suspicious,
  },
  async peer => {
    const { response } = await attempt(peer);
    judgeNotified(peer, response, NotifyType.COOKIE, 'COOKIE');
    judge(response?.payloads.length === 1, `alice sends ${response?.payloads.length} payloads`);
    judge(response.ike?.responderSpi === '0000000000000000', 'alice has an SPI for somebody who may not be there');
    judge(response.ike.initiatorSpi === peer.initiatorSpi, 'alice answers with other SPIs');
  },
);

ikeClause(
  'rfc7296-2.6-returned-cookie-is-accepted',
  {
    level: 'MUST',
    text: 'An IKE_SA_INIT with the cookie as its first payload is taken for that of somebody who is there',
    scenario: 'Alice fears a flood. The peer returns the cookie, and both make an IKE SA.',
    brokenBy: 'ike-no-cookies',
    plan: suspicious,
  },
  async peer => {
    const first = await attempt(peer);
    const cookie = judgeNotified(peer, first.response, NotifyType.COOKIE, 'COOKIE');
    const second = await again(peer, first, withCookie(cookie));
    judgeAccepted(peer, second.response, 'alice does not accept her own cookie');
    const opening = accepted(peer, second);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    judge(
      answer !== null && payloadOf(answer.payloads, 'AUTH') !== null,
      'AUTH is not over the request with the cookie',
    );
  },
);

for (const [slug, spoil] of [
  ['changed', (cookie: Uint8Array) => cookie.with(cookie.length - 1, (cookie.at(-1) ?? 0) ^ 1)],
  ['short', (cookie: Uint8Array) => cookie.slice(0, -1)],
  ['long', (cookie: Uint8Array) => Uint8Array.of(...cookie, 0)],
  ['made-up', () => new Uint8Array(20).fill(0x5a)],
  ['empty', () => new Uint8Array(0)],
] as const) {
  ikeClause(
    `rfc7296-2.6-other-cookie-is-not-accepted[${slug}]`,
    {
      level: 'MUST',
      text: 'A cookie that the responder has not given out is none',
      scenario: `Alice fears a flood. The peer returns another cookie (${slug}) than she gave out.`,
      brokenBy: 'ike-any-cookie',
      plan: suspicious,
    },
    async peer => {
      const first = await attempt(peer);
      const cookie = judgeNotified(peer, first.response, NotifyType.COOKIE, 'COOKIE');
      const second = await again(peer, first, withCookie(spoil(cookie)));
      judgeNotAccepted(peer, second.response, 'alice accepts a cookie that she has not given out');
    },
  );
}

ikeClause(
  'rfc7296-2.6-cookie-is-of-one-nonce',
  {
    level: 'SHOULD',
    text: 'A cookie is good for the nonce that it was given for, and no other',
    scenario: 'Alice fears a flood. The peer returns the cookie with another nonce.',
    brokenBy: 'ike-any-cookie',
    plan: suspicious,
  },
  async peer => {
    const first = await attempt(peer);
    const cookie = judgeNotified(peer, first.response, NotifyType.COOKIE, 'COOKIE');
    const { response } = await again(peer, first, {
      message: message => withCookie(cookie).message({ ...message, payloads: message.payloads.map(otherNonce) }),
    });
    judgeNotAccepted(peer, response, 'alice accepts the cookie of another nonce');
  },
);

ikeClause(
  'rfc7296-2.6-cookie-is-of-one-address',
  {
    level: 'SHOULD',
    text: 'A cookie is good for the address that it was given to, and no other',
    scenario: 'Alice fears a flood. Somebody at another address returns the cookie of the peer.',
    brokenBy: 'ike-any-cookie',
    plan: { ...suspicious, connection: { remote: ['0.0.0.0/0'] } },
  },
  async (peer, bench) => {
    const first = await attempt(peer);
    const cookie = judgeNotified(peer, first.response, NotifyType.COOKIE, 'COOKIE');
    const thief = new TesterPeer(bench, { label: 'thief', address: '5.6.7.9' });
    thief.initiatorSpi = peer.initiatorSpi;
    const { response } = await again(thief, { ...first, request: first.request }, withCookie(cookie));
    judgeNotAccepted(thief, response, 'alice accepts the cookie of another address');
  },
);

/** Alice calls and is asked for a cookie: both of her requests. */
async function returned(
  peer: TesterPeer,
  cookie: Uint8Array,
): Promise<{ readonly first: Heard; readonly second: Heard }> {
  const first = await letAliceCall(peer);
  peer.initiatorSpi = require(first.ike, 'no message').initiatorSpi;
  const before = peer.heard().length;
  await peer.answer(first, [notify(NotifyType.COOKIE, cookie)]);
  const second = require(peer
    .heard()
    .slice(before)
    .find(({ octets }) => Buffer.compare(octets, first.octets) !== 0), 'alice does not come back with the cookie');
  peer.bench.cite(first, 'her first request', 'Payload SA');
  peer.bench.cite(second, 'with the cookie', 'Payload N(COOKIE)');
  return { first, second };
}

const SOME_COOKIE = new Uint8Array(64).fill(0xc0);

ikeClause(
  'rfc7296-2.6-initiator-returns-cookie-first',
  {
    level: 'MUST',
    text: 'An initiator that is asked for a cookie returns it as the first payload, unchanged',
    scenario: 'Alice calls; the peer asks for a cookie of 64 octets.',
    brokenBy: 'ike-cookie-last',
  },
  async peer => {
    const { second } = await returned(peer, SOME_COOKIE);
    const [first] = second.payloads;
    judge(first?.type === 'N' && first.notifyType === NotifyType.COOKIE, `alice’s first payload is ${first?.type}`);
    judge(Buffer.compare(first.data, SOME_COOKIE) === 0, 'alice returns another cookie');
  },
);

ikeClause(
  'rfc7296-2.6-initiator-returns-same-cookie',
  {
    level: 'MUST',
    text: 'The cookie is returned as it came, also one of a single octet',
    scenario: 'Alice calls; the peer asks for a cookie of one octet.',
    brokenBy: 'ike-cookie-changed',
  },
  async peer => {
    const { second } = await returned(peer, Uint8Array.of(0x11));
    judge(Buffer.from(cookieIn(second) ?? []).equals(Uint8Array.of(0x11)), 'alice returns another cookie');
  },
);

ikeClause(
  'rfc7296-2.6-initiator-changes-nothing-else',
  {
    level: 'MUST',
    text: 'With the cookie all other payloads are as they were, and so are SPIs and Message ID',
    scenario: 'Alice calls; the peer asks for a cookie. Her two requests are compared.',
    brokenBy: 'ike-cookie-new-nonce',
  },
  async peer => {
    const { first, second } = await returned(peer, SOME_COOKIE);
    judge(second.ike?.initiatorSpi === first.ike?.initiatorSpi, 'alice comes back with another SPI');
    judge(second.ike?.responderSpi === '0000000000000000', 'alice comes back with a responder’s SPI');
    judge(second.ike.messageId === 0, `alice comes back with the Message ID ${second.ike.messageId}`);
    const cookieOctets = 8 + SOME_COOKIE.length;
    const [was, is] = [first.octets.subarray(28), second.octets.subarray(28 + cookieOctets)];
    judge(Buffer.compare(was, is) === 0, 'alice changes other payloads with the cookie');
  },
);

ikeClause(
  'rfc7296-2.6-initiator-comes-back',
  {
    level: 'MUST',
    text: 'An initiator that is asked for a cookie repeats its request with it',
    scenario: 'Alice calls; the peer asks for a cookie.',
    brokenBy: 'ike-no-retry',
  },
  async peer => {
    const first = await letAliceCall(peer);
    peer.initiatorSpi = require(first.ike, 'no message').initiatorSpi;
    await peer.answer(first, [notify(NotifyType.COOKIE, SOME_COOKIE)]);
    const back = peer.requests(ExchangeType.IKE_SA_INIT).find(heard => cookieIn(heard) !== null);
    judge(back !== undefined, 'alice does not come back with the cookie');
  },
);

ikeClause(
  'rfc7296-2.6-initiator-returns-the-newest-cookie',
  {
    level: 'MUST',
    text: 'Where another cookie is asked for, that one is returned, in the place of the old one',
    scenario: 'Alice calls; the peer asks for a cookie, and when she returns it, for another.',
    brokenBy: 'ike-no-retry',
  },
  async peer => {
    const first = await letAliceCall(peer);
    peer.initiatorSpi = require(first.ike, 'no message').initiatorSpi;
    for (const octet of [1, 2]) {
      const asked = require(peer.requests(ExchangeType.IKE_SA_INIT).at(-1), 'alice did not call');
      const cookie = new Uint8Array(16).fill(octet);
      await peer.answer(asked, [notify(NotifyType.COOKIE, cookie)]);
      const back = require(peer.requests(ExchangeType.IKE_SA_INIT).at(-1), 'alice did not call');
      const cookies = notifies(back.payloads, NotifyType.COOKIE);
      peer.bench.cite(back, `asked for cookie ${octet}`, 'Payload N(COOKIE)');
      judge(cookies.length === 1, `alice returns ${cookies.length} cookies`);
      judge(cookies[0]?.data[0] === octet, 'alice does not return the newest cookie');
    }
  },
);
