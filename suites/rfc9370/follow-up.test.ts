import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { judgeArrives } from '../tester/ike/child-traffic.ts';
import { letAlice } from '../tester/ike/create-child.ts';
import { askFollowUp, askHybridChild, hybridChild, linkIn, linkNotify } from '../tester/ike/follow-up.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call, spiOctets } from '../tester/ike/initiate.ts';
import { keyExchange } from '../tester/ike/key-exchange.ts';
import { errorsIn, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { espProposal, plain } from '../tester/ike/suite.ts';
import { judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 9370 §2.2.4: additional key exchanges behind CREATE_CHILD_SA. */

const hybridChildren = (...additional: readonly (readonly string[])[]): IkePlan => ({
  child: {
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16'],
        integrity: [],
        keyExchange: ['x25519'],
        additionalKeyExchanges: additional,
        esn: ['no'],
      },
    ],
  },
});

const one = hybridChildren(['mlkem768']);
const two = hybridChildren(['mlkem768'], ['ecp256']);
const SPI = 0xc0ff_ee02;

/** The link that alice gives for a child with these; fails where there is none. */
async function begun(peer: TesterPeer, ...additional: readonly string[]) {
  await call(peer);
  const asked = await askHybridChild(peer, SPI, ...additional);
  const answer = require(asked.answer, 'alice did not answer CREATE_CHILD_SA');
  peer.bench.cite(answer, 'her answer to CREATE_CHILD_SA', ...INSIDE);
  judge(errorsIn(answer.payloads).length === 0, 'alice refuses a child with additional key exchanges');
  const link = linkIn(answer);
  judge(link !== null, 'alice does not say how to go on');
  return { asked, link };
}

ikeClause(
  'rfc9370-2.2.4-responder-gives-a-link',
  {
    level: 'MUST',
    text: 'A responder of CREATE_CHILD_SA that has chosen additional key exchanges says ADDITIONAL_KEY_EXCHANGE with data of its own',
    scenario: 'The peer asks for a child with ML-KEM-768 behind x25519.',
    brokenBy: 'ike-no-link',
    plan: one,
  },
  async peer => {
    const { link } = await begun(peer, 'mlkem768');
    judge(link.length > 0, 'alice gives an empty link');
  },
);

ikeClause(
  'rfc9370-2.2.4-keys-of-the-child',
  {
    level: 'MUST',
    text: 'KEYMAT = prf+(SK_d, SK(0) | Ni | Nr | SK(1) | … SK(n))',
    scenario: 'The peer makes a child with ML-KEM-768 behind x25519, and sends a packet by it.',
    brokenBy: 'ike-same-second-secret',
    plan: one,
  },
  async peer => {
    const { asked, link } = await begun(peer, 'mlkem768');
    const { answer, shared } = await askFollowUp(peer, 'mlkem768', link);
    if (answer !== null) peer.bench.cite(answer, 'to IKE_FOLLOWUP_KE', ...INSIDE);
    judge(shared !== null, 'alice does not answer IKE_FOLLOWUP_KE');
    judge(answer === null || linkIn(answer) === null, 'alice wants to go on although all is done');
    const child = hybridChild(peer, asked, [shared]);
    await judgeArrives(peer, child, { sequence: 1, text: 'HYBRID ' }, 'alice has other keys for the child');
  },
);

ikeClause(
  'rfc9370-2.2.4-several-in-their-order',
  {
    level: 'MUST',
    text: 'Each additional key exchange has an exchange of its own, in their order; all secrets are in the keys',
    scenario: 'The peer makes a child with ML-KEM-768 and then P-256 behind x25519, and sends a packet by it.',
    brokenBy: 'ike-same-second-secret',
    plan: two,
  },
  async peer => {
    const { asked, link } = await begun(peer, 'mlkem768', 'ecp256');
    const first = await askFollowUp(peer, 'mlkem768', link);
    judge(first.answer !== null && first.shared !== null, 'alice does not answer the first IKE_FOLLOWUP_KE');
    const next = linkIn(first.answer);
    judge(next !== null, 'alice does not say how to go on to the second');
    const second = await askFollowUp(peer, 'ecp256', next);
    if (second.answer !== null) peer.bench.cite(second.answer, 'to the second IKE_FOLLOWUP_KE', ...INSIDE);
    judge(second.shared !== null, 'alice does not answer the second IKE_FOLLOWUP_KE');
    const child = hybridChild(peer, asked, [first.shared, second.shared]);
    await judgeArrives(peer, child, { sequence: 1, text: 'HYBRID ' }, 'alice has other keys for the child');
  },
);

ikeClause(
  'rfc9370-2.2.4-unknown-link',
  {
    level: 'MUST',
    text: 'A link that the responder does not know is answered with STATE_NOT_FOUND',
    scenario: 'The peer sends IKE_FOLLOWUP_KE with a link that nobody gave it.',
    brokenBy: 'ike-hides-state',
    plan: one,
  },
  async peer => {
    await call(peer);
    const { answer } = await askFollowUp(peer, 'mlkem768', Uint8Array.of(1, 2, 3, 4));
    judgeNotified(peer, answer, NotifyType.STATE_NOT_FOUND, 'STATE_NOT_FOUND');
  },
);

ikeClause(
  'rfc9370-2.2.4-link-is-good-for-once',
  {
    level: 'MUST',
    text: 'What a link is for is done once',
    scenario: 'The peer completes a child, and sends another IKE_FOLLOWUP_KE with the same link.',
    brokenBy: 'ike-hides-state',
    plan: one,
  },
  async peer => {
    const { link } = await begun(peer, 'mlkem768');
    const first = await askFollowUp(peer, 'mlkem768', link);
    judge(first.shared !== null, 'alice does not answer IKE_FOLLOWUP_KE');
    const { answer } = await askFollowUp(peer, 'mlkem768', link);
    judgeNotified(peer, answer, NotifyType.STATE_NOT_FOUND, 'STATE_NOT_FOUND');
  },
);

ikeClause(
  'rfc9370-2.2.4-initiator-brings-the-link-back',
  {
    level: 'MUST',
    text: 'The initiator copies the link into IKE_FOLLOWUP_KE as it came, with KE of the method that was chosen',
    scenario: 'Alice rekeys her child; the peer chooses ML-KEM-768 behind x25519 and gives a link.',
    brokenBy: 'ike-other-link',
    plan: one,
  },
  async peer => {
    await call(peer);
    const rekey = { kind: 'rekey', child: 'net' } as const;
    const request = await letAlice(peer, rekey, ExchangeType.CREATE_CHILD_SA, 'CREATE_CHILD_SA');
    peer.bench.cite(request, 'her CREATE_CHILD_SA', ...INSIDE);
    const offered = payloadOf(request.payloads, 'SA')?.proposals[0];
    judge(
      offered?.transforms.some(({ type, id }) => type === 6 && id === 36) === true,
      'alice does not offer the additional key exchange',
    );
    const ke = require(payloadOf(request.payloads, 'KE'), 'alice sends no KE');
    const link = peer.draw(12);
    const proposal = espProposal('aes256gcm16', spiOctets(SPI), 31);
    await peer.answer(request, [
      {
        type: 'SA',
        proposals: [{ ...proposal, number: offered.number, transforms: [...proposal.transforms, plain(6, 36)] }],
      },
      { type: 'NONCE', data: peer.draw(32) },
      { type: 'KE', group: 31, data: keyExchange('x25519').respond(ke.data, peer.draw(64)).data },
      ...request.payloads.filter(({ type }) => type === 'TSi' || type === 'TSr'),
      linkNotify(link),
    ]);
    const next = await peer.expect('IKE_FOLLOWUP_KE', isFollowUp).catch(() => null);
    judge(next !== null, 'alice does not go on to IKE_FOLLOWUP_KE');
    peer.bench.cite(next, 'her IKE_FOLLOWUP_KE', ...INSIDE);
    const returned = linkIn(next);
    judge(returned !== null && Buffer.from(returned).equals(link), 'alice does not bring back the link');
    const group = payloadOf(next.payloads, 'KE')?.group;
    judge(group === 36, `alice sends KE of method ${group}`);
  },
);

const isFollowUp = ({ ike, opened }: Heard): boolean =>
  ike?.exchangeType === ExchangeType.IKE_FOLLOWUP_KE && !ike.isResponse && opened.kind === 'opened';
