import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { authPayloads, openCall } from '../tester/ike/initiate.ts';
import { errorsIn, payloadOf } from '../tester/ike/payloads.ts';
import { judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.21.3 and §2.21.4: what is said of messages that cannot be understood, and to strangers. */

ikeClause(
  'rfc7296-2.21.3-malformed-under-sk',
  {
    level: 'MUST',
    text: 'A request that is authentic and cannot be understood is answered with INVALID_SYNTAX, under SK',
    scenario: 'The peer calls; what it puts into SK of IKE_AUTH is cut in its middle.',
    brokenBy: 'ike-hides-syntax',
  },
  async peer => {
    await openCall(peer);
    const inside = { first: 35, octets: Uint8Array.of(39, 0, 0, 200, 2, 0, 0, 0, 1, 2, 3) };
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: [], sealing: { inside } });
    judgeNotified(peer, answer, NotifyType.INVALID_SYNTAX, 'INVALID_SYNTAX');
    judge(answer?.opened.kind === 'opened', 'alice says so in the clear');
  },
);

for (const [slug, drop, brokenBy] of [
  ['no-id', 'IDi', 'ike-hides-syntax'],
  ['no-auth', 'AUTH', 'ike-hides-authentication'],
] as const) {
  ikeClause(
    `rfc7296-1.2-missing-payload[${slug}]`,
    {
      level: 'MUST',
      text: 'IKE_AUTH without what it must have proves nothing and makes no SA',
      scenario: `The peer leaves ${drop} out of IKE_AUTH.`,
      brokenBy,
    },
    async peer => {
      const opening = await openCall(peer);
      const payloads = authPayloads(peer, opening).filter(({ type }) => type !== drop);
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
      judge(answer !== null, 'alice says nothing to an IKE_AUTH that lacks something');
      peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N');
      judge(errorsIn(answer.payloads).length > 0, 'alice does not refuse');
      judge(payloadOf(answer.payloads, 'SA') === null, 'alice makes a child');
    },
  );
}

ikeClause(
  'rfc7296-2.21.4-request-of-no-ike-sa',
  {
    level: 'SHOULD',
    text: 'A request about no IKE SA is answered with INVALID_IKE_SPI at most: in the clear, with its SPIs and Message ID',
    scenario: 'A stranger sends INFORMATIONAL with SPIs that nobody has.',
    brokenBy: 'ike-wrong-stranger',
  },
  async peer => {
    peer.responderSpi = '00c0ffee00c0ffee';
    const octets = peer.encode({
      ...peer.header(ExchangeType.INFORMATIONAL, 7, false),
      payloads: [{ type: 'V', data: Buffer.from('a stranger') }],
    });
    const answer = await peer.askAgain(octets);
    if (answer === null) return;
    peer.bench.cite(answer, 'to a stranger', 'Payload N', ...INSIDE);
    judge(answer.opened.kind === 'clear', 'alice answers a stranger under SK');
    judge(answer.ike?.messageId === 7, `alice answers with the Message ID ${answer.ike?.messageId}`);
    judge(
      answer.ike.initiatorSpi === peer.initiatorSpi && answer.ike.responderSpi === peer.responderSpi,
      'alice answers with other SPIs',
    );
    const types = answer.payloads.map(it => (it.type === 'N' ? it.notifyType : it.type));
    judge(types.join() === `${NotifyType.INVALID_IKE_SPI}`, `alice answers ${types.join()}`);
  },
);

ikeClause(
  'rfc7296-2.21.4-strangers-get-little',
  {
    level: 'MUST',
    text: 'Answers to messages that are about no IKE SA are limited in their rate, and are no larger than what they answer',
    scenario: 'A stranger sends 200 INFORMATIONAL requests with SPIs that nobody has.',
    brokenBy: 'ike-answers-strangers',
  },
  async peer => {
    peer.responderSpi = '00c0ffee00c0ffee';
    const header = peer.header(ExchangeType.INFORMATIONAL, 0, false);
    let octets = 0;
    for (let batch = 0; batch < 5; batch++) {
      const sent = Array.from({ length: 40 }, (_, i) =>
        peer.encode({
          ...header,
          messageId: batch * 40 + i,
          payloads: [{ type: 'V', data: Buffer.from('a stranger') }],
        }),
      ).flat();
      octets = sent[0]?.length ?? 0;
      await peer.post(...sent);
    }
    const answers = peer.heard();
    for (const seen of answers.slice(0, 2))
      peer.bench.cite(seen, `one of ${answers.length} answers to 200 requests`, 'Payload N', ...INSIDE);
    judge(answers.length < 100, `alice answers ${answers.length} of 200 requests of a stranger`);
    judge(
      answers.every(answer => answer.octets.length <= octets + 8),
      'alice says more than she is asked',
    );
  },
);
