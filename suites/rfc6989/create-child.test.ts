import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call, spiOctets } from '../tester/ike/initiate.ts';
import { FIELDS, offCurve, outOfRange } from '../tester/ike/invalid-values.ts';
import { payloadOf, selector, selectors } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { espProposal } from '../tester/ike/suite.ts';
import { judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 6989 §2.5: a value that cannot be, when the IKE SA stands. */

const CASES = [
  ['modp2048', 14, outOfRange('modp14')],
  ['ecp256', 19, offCurve('prime256v1', FIELDS.prime256v1)],
] as const;

const pfs = (group: string): IkePlan => ({
  child: {
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16'],
        integrity: [],
        keyExchange: [group],
        additionalKeyExchanges: [],
        esn: ['no'],
      },
    ],
  },
});

for (const [group, number, values] of CASES) {
  for (const [what, data] of Object.entries(values).slice(0, 3)) {
    ikeClause(
      `rfc6989-2.5-create-child-request[${group}-${what}]`,
      {
        level: 'MUST',
        text: 'A request of CREATE_CHILD_SA with an invalid value is answered with INVALID_SYNTAX, and is the end of the IKE SA',
        scenario: `The peer has called, and asks for another child with ${group}; its value is ${what.replaceAll('-', ' ')}.`,
        brokenBy: 'ike-any-point',
        plan: pfs(group),
      },
      async peer => {
        await call(peer);
        const answer = await peer.ask({
          exchange: ExchangeType.CREATE_CHILD_SA,
          payloads: [
            { type: 'SA', proposals: [espProposal('aes256gcm16', spiOctets(0xc0ff_ee02), number)] },
            { type: 'NONCE', data: peer.draw(32) },
            { type: 'KE', group: number, data },
            selectors('TSi', selector('10.0.1.0-10.0.1.255')),
            selectors('TSr', selector('10.0.0.0-10.0.0.255')),
          ],
        });
        judgeNotified(peer, answer, NotifyType.INVALID_SYNTAX, 'INVALID_SYNTAX');
        const after = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
        if (after !== null) peer.bench.cite(after, 'the IKE SA is still there', ...INSIDE);
        judge(after?.opened.kind !== 'opened', 'alice goes on with the IKE SA');
      },
    );
    ikeClause(
      `rfc6989-2.5-create-child-response[${group}-${what}]`,
      {
        level: 'MUST',
        text: 'Whoever gets an invalid value in a response of CREATE_CHILD_SA deletes the IKE SA at once, in an exchange of its own',
        scenario: `Alice rekeys the child with ${group}; the value of the answer is ${what.replaceAll('-', ' ')}.`,
        brokenBy: 'ike-any-point',
        plan: pfs(group),
      },
      async peer => {
        await call(peer);
        await peer.bench.command({ kind: 'rekey', child: 'net' });
        const request = await peer.expect('CREATE_CHILD_SA', isCreateChild);
        const sa = require(payloadOf(request.payloads, 'SA'), 'alice asks for no SA');
        const [proposal] = sa.proposals;
        await peer.answer(request, [
          {
            type: 'SA',
            proposals: [
              {
                ...espProposal('aes256gcm16', spiOctets(0xc0ff_ee02), number),
                number: proposal?.number ?? 1,
              },
            ],
          },
          { type: 'NONCE', data: peer.draw(32) },
          { type: 'KE', group: number, data },
          ...request.payloads.filter(({ type }) => type === 'TSi' || type === 'TSr'),
        ]);
        await judgeDeletes(peer);
      },
    );
  }
}

const isCreateChild = ({ ike, opened }: Heard): boolean =>
  ike?.exchangeType === ExchangeType.CREATE_CHILD_SA && !ike.isResponse && opened.kind === 'opened';

async function judgeDeletes(peer: TesterPeer): Promise<void> {
  await peer.bench.lab.sleep(500);
  const deletes = peer.requests(ExchangeType.INFORMATIONAL).flatMap(heard => {
    const payload = payloadOf(heard.payloads, 'D');
    return payload === null ? [] : [{ heard, payload }];
  });
  for (const { heard } of deletes.slice(0, 2)) peer.bench.cite(heard, 'she deletes', ...INSIDE);
  judge(
    deletes.some(({ payload }) => payload.protocolId === 1),
    'alice does not delete the IKE SA',
  );
}
