import type { Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { aliceIsAuthentic, authPayloads, CALL, openCall } from '../tester/ike/initiate.ts';
import { errorsIn, notify, payloadOf } from '../tester/ike/payloads.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.15 and §2.21.2: who is believed. */

ikeClause(
  'rfc7296-2.15-auth-of-the-responder',
  {
    level: 'MUST',
    text: 'The responder proves that it knows the shared key: AUTH is over its first message, Ni and its identity',
    scenario: 'The peer calls; alice’s AUTH is computed.',
    brokenBy: 'ike-wrong-auth',
  },
  async peer => {
    const opening = await openCall(peer);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    judge(answer !== null && payloadOf(answer.payloads, 'AUTH') !== null, 'alice does not accept IKE_AUTH');
    peer.bench.cite(answer, 'her AUTH', ...INSIDE);
    judge(aliceIsAuthentic(peer, opening, answer, CALL.psk), 'AUTH of alice is wrong');
  },
);

/** What does not prove who the peer is. */
const IMPOSTORS: Readonly<Record<string, (payloads: readonly Payload[]) => readonly Payload[]>> = {
  'other-octets': all => all.map(it => (it.type === 'AUTH' ? { ...it, data: it.data.toReversed() } : it)),
  'one-bit': all => all.map(it => (it.type === 'AUTH' ? { ...it, data: it.data.with(0, u8At(it.data, 0) ^ 1) } : it)),
  'cut-short': all => all.map(it => (it.type === 'AUTH' ? { ...it, data: it.data.slice(0, 16) } : it)),
  empty: all => all.map(it => (it.type === 'AUTH' ? { ...it, data: new Uint8Array(0) } : it)),
  'other-method': all => all.map(it => (it.type === 'AUTH' ? { ...it, method: 1 } : it)),
  'null-method': all => all.map(it => (it.type === 'AUTH' ? { ...it, method: 13 } : it)),
  'other-identity': all => all.map(it => (it.type === 'IDi' ? { ...it, data: Buffer.from('mallory.lab') } : it)),
};

for (const [slug, change] of Object.entries(IMPOSTORS)) {
  ikeClause(
    `rfc7296-2.21.2-authentication-failed[${slug}]`,
    {
      level: 'MUST',
      text: 'Who does not prove to be who it says gets AUTHENTICATION_FAILED, under SK, and no SA',
      scenario: `The peer calls with AUTH that proves nothing: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: /^other-(method|identity)|^null/.test(slug) ? 'ike-hides-authentication' : 'ike-believes-all',
    },
    async peer => {
      const opening = await openCall(peer);
      const payloads = change(authPayloads(peer, opening));
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
      judgeNotified(peer, answer, NotifyType.AUTHENTICATION_FAILED, 'AUTHENTICATION_FAILED');
      judge(answer?.opened.kind === 'opened', 'alice says so in the clear');
      judge(payloadOf(answer.payloads, 'SA') === null, 'alice makes a child for an impostor');
      judge(!peer.bench.events().includes('saInstalled'), 'alice installs SAs for an impostor');
      const alive = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
      judge(alive === null, 'the IKE SA of an impostor lives');
    },
  );
}

ikeClause(
  'rfc7296-2.21.2-initiator-judges-too',
  {
    level: 'MUST',
    text: 'An initiator whose responder does not prove who it is makes no SA with it',
    scenario: 'Alice calls; the peer answers with AUTH of another key. A packet from behind alice stays there.',
    brokenBy: 'ike-believes-all',
  },
  async peer => {
    const state = await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    const payloads = authAnswer(peer, state, request).map(it =>
      it.type === 'AUTH' ? { ...it, data: it.data.toReversed() } : it,
    );
    await peer.answer(request, payloads);
    judge(!peer.bench.events().includes('saInstalled'), 'alice installs SAs with an impostor');
    const said = peer.requests(ExchangeType.INFORMATIONAL).flatMap(heard => errorsIn(heard.payloads));
    judge(
      said.every(({ notifyType }) => notifyType === NotifyType.AUTHENTICATION_FAILED),
      'alice says something else',
    );
  },
);

ikeClause(
  'rfc7296-2.21.2-clear-refusal-is-not-believed',
  {
    level: 'MUST',
    text: 'AUTHENTICATION_FAILED in the clear does not end an exchange that is under SK',
    scenario: 'Alice calls; before the peer answers IKE_AUTH, somebody refuses it in the clear.',
    brokenBy: 'ike-believes-clear',
  },
  async peer => {
    const state = await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    const { keys } = peer;
    peer.keys = null;
    await peer.answer(request, [notify(NotifyType.AUTHENTICATION_FAILED)]);
    peer.keys = keys;
    await peer.answer(request, authAnswer(peer, state, request));
    judge(peer.bench.events().includes('saInstalled'), 'alice believes a refusal in the clear');
  },
);
