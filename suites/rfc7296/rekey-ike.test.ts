import { ExchangeType, NotifyType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { judgeCarries } from '../tester/ike/child-traffic.ts';
import { askChild, childOfAnswer, isRequestTo, letAlice, makeChild } from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call, type TesterChild } from '../tester/ike/initiate.ts';
import { deleteIke, payloadOf } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { answerIkeRekey, askIkeRekey, ikeOfAnswer, letAliceRekeyIke, rekeyIke } from '../tester/ike/rekey-ike.ts';
import { ikeSuite } from '../tester/ike/suite.ts';
import { judgeAlive, judgeAnswers, judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §1.3.2, §2.8 and §2.18: IKE SAs that take the place of others. */

const endOf = (peer: TesterPeer) => peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] });

ikeClause(
  'rfc7296-1.3.2-rekeyed-ike-sa',
  {
    level: 'MUST',
    text: 'A request to rekey the IKE SA is answered with SA, Nr and KEr, and both ends have a new one',
    scenario: 'The peer rekeys the IKE SA, and asks in the new one whether alice lives.',
    brokenBy: 'ike-other-rekey-nonce',
  },
  async peer => {
    await call(peer);
    await judgeAnswers(await rekeyIke(peer), 'alice cannot be spoken with in the new IKE SA');
  },
);

ikeClause(
  'rfc7296-1.3.2-spis-of-the-new-ike-sa',
  {
    level: 'MUST',
    text: 'The SPIs of the new IKE SA are new, and not zero',
    scenario: 'The peer rekeys the IKE SA; the SPI in alice’s proposal is looked at.',
    brokenBy: 'ike-rekey-without-spi',
  },
  async peer => {
    await call(peer);
    const { response } = await askIkeRekey(peer);
    const { payloads, ...seen } = require(response, 'alice did not answer CREATE_CHILD_SA');
    peer.bench.cite(seen, 'her answer', ...INSIDE);
    const proposal = require(payloadOf(payloads, 'SA')?.proposals[0], 'alice refused to rekey the IKE SA');
    const spi = Buffer.from(proposal.spi).toString('hex');
    judge(proposal.protocolId === ProtocolId.IKE, 'alice’s proposal is not for IKE');
    judge(spi.length === 16, `alice’s SPI has ${spi.length / 2} octets`);
    judge(!/^0+$/.test(spi) && spi !== peer.responderSpi, 'alice’s SPI is not a new one');
  },
);

ikeClause(
  'rfc7296-2.18-keys-of-another-prf',
  {
    level: 'MUST',
    text: 'SKEYSEED of a new IKE SA is made with the PRF of the old one, its keys with that of the new one',
    scenario: 'The peer rekeys an IKE SA with HMAC-SHA-256 to one with HMAC-SHA-384 and another group.',
    brokenBy: 'ike-other-rekey-nonce',
  },
  async peer => {
    await call(peer);
    const heir = await rekeyIke(peer, { suite: ikeSuite('aes128gcm16-prfsha384-ecp256') });
    await judgeAnswers(heir, 'alice cannot be spoken with in an IKE SA with another PRF');
    const { child } = await makeChild(heir);
    await endOf(peer);
    const asked = await askChild(heir, { spi: 0xc0ff_ee03, replaces: child });
    await judgeCarriesAfter(heir, childOfAnswer(heir, asked).child, child);
  },
);

/** Packets pass by a child that has taken the place of another. */
async function judgeCarriesAfter(peer: TesterPeer, child: TesterChild, old: TesterChild): Promise<void> {
  await peer.ask({
    exchange: ExchangeType.INFORMATIONAL,
    payloads: [{ type: 'D', protocolId: ProtocolId.ESP, spis: [old.outbound.spi, 0xc0ff_ee01] }],
  });
  await judgeCarries(peer, child, 1, 'the child of the new IKE SA');
}

ikeClause(
  'rfc7296-2.18-keys-of-children-of-the-new-one',
  {
    level: 'MUST',
    text: 'Child SAs that the new IKE SA makes have keys of its SK_d',
    scenario: 'The peer rekeys the IKE SA, and then in the new one the child; packets pass by it both ways.',
    brokenBy: 'ike-other-child-nonce',
  },
  async peer => {
    const { child: old } = await call(peer);
    const heir = await rekeyIke(peer);
    await endOf(peer);
    const { child } = await makeChild(heir, { replaces: old });
    await judgeCarriesAfter(heir, child, old);
  },
);

ikeClause(
  'rfc7296-2.8-children-live-on',
  {
    level: 'MUST',
    text: 'The new IKE SA inherits all Child SAs of the old one, whose end is not theirs',
    scenario: 'The peer rekeys the IKE SA and deletes the old one; packets pass by the child both ways.',
    brokenBy: 'ike-children-stay-behind',
  },
  async peer => {
    const { child } = await call(peer);
    const heir = await rekeyIke(peer);
    await judgeCarries(peer, child, 1, 'with both IKE SAs');
    await endOf(peer);
    await judgeCarries(heir, child, 2, 'with the new IKE SA alone');
  },
);

ikeClause(
  'rfc7296-2.8-old-ike-sa-listens-until-its-end',
  {
    level: 'MUST',
    text: 'The old IKE SA answers until it is deleted; its Delete is answered in it',
    scenario: 'The peer rekeys the IKE SA, asks in the old one whether alice lives, and deletes it.',
    brokenBy: 'ike-old-is-deaf',
  },
  async peer => {
    await call(peer);
    const heir = await rekeyIke(peer);
    await judgeAnswers(peer, 'alice does not answer in the old IKE SA any more');
    const answer = await endOf(peer);
    judge(answer?.opened.kind === 'opened', 'alice does not answer the Delete of the old IKE SA');
    await judgeAnswers(heir, 'alice does not answer in the new IKE SA');
  },
);

ikeClause(
  'rfc7296-2.18-message-ids-begin-anew',
  {
    level: 'MUST',
    text: 'Message IDs of a new IKE SA begin with 0, at either end',
    scenario: 'The peer rekeys the IKE SA and begins with 0; then alice is told to close the child in it.',
    brokenBy: 'ike-one-count',
  },
  async peer => {
    await call(peer);
    const heir = await rekeyIke(peer);
    await endOf(peer);
    await judgeAnswers(heir, 'alice does not answer Message ID 0 in the new IKE SA');
    const command = { kind: 'terminate', child: 'net' } as const;
    const request = await letAlice(heir, command, ExchangeType.INFORMATIONAL, 'Delete');
    peer.bench.cite(request, `Message ID ${request.ike?.messageId}`, 'Message ID');
    judge(request.ike?.messageId === 0, `alice’s first request there has the Message ID ${request.ike?.messageId}`);
  },
);

ikeClause(
  'rfc7296-1.3.2-other-group-is-asked-for',
  {
    level: 'MUST',
    text: 'Where KEi is of another group than the one that is chosen, INVALID_KE_PAYLOAD says which',
    scenario: 'The peer offers ecp256 alone for the new IKE SA, and sends KE of x25519.',
    brokenBy: 'ike-hides-group',
  },
  async peer => {
    await call(peer);
    const suite = ikeSuite('aes256gcm16-prfsha256-ecp256');
    const { response } = await askIkeRekey(
      peer,
      { suite },
      {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type === 'KE' ? { ...it, group: 31, data: it.data.slice(0, 32) } : it,
          ),
        }),
      },
    );
    const data = judgeNotified(peer, response, NotifyType.INVALID_KE_PAYLOAD, 'INVALID_KE_PAYLOAD');
    judge(Buffer.from(data).toString('hex') === '0013', 'INVALID_KE_PAYLOAD does not name group 19');
    await judgeAlive(peer, 'the IKE SA does not live on');
  },
);

ikeClause(
  'rfc7296-1.3.2-no-proposal-for-the-ike-sa',
  {
    level: 'MUST',
    text: 'Proposals for a new IKE SA that do not suit are refused with NO_PROPOSAL_CHOSEN; the old one lives on',
    scenario: 'The peer would rekey the IKE SA with HMAC-SHA-512, which alice does not use.',
    brokenBy: 'ike-hides-proposals',
  },
  async peer => {
    await call(peer);
    const { response } = await askIkeRekey(peer, { suite: ikeSuite('aes256gcm16-prfsha512-x25519') });
    judgeNotified(peer, response, NotifyType.NO_PROPOSAL_CHOSEN, 'NO_PROPOSAL_CHOSEN');
    await judgeAlive(peer, 'the IKE SA does not live on');
  },
);

ikeClause(
  'rfc7296-1.3.2-initiator-asks-whole',
  {
    level: 'MUST',
    text: 'The request to rekey the IKE SA has SA with a new SPI of 8 octets, Ni and KEi, and no traffic selectors',
    scenario: 'Alice is told to rekey the IKE SA; her request is looked at.',
    brokenBy: 'ike-rekey-without-spi',
  },
  async peer => {
    await call(peer);
    const { payloads, ...request } = await letAliceRekeyIke(peer);
    peer.bench.cite(request, 'her request', ...INSIDE);
    for (const type of ['SA', 'NONCE', 'KE'] as const)
      judge(payloadOf(payloads, type) !== null, `there is no ${type} in alice’s request`);
    judge(payloadOf(payloads, 'TSi') === null, 'alice asks for a child as well');
    const spis = payloadOf(payloads, 'SA')?.proposals.map(({ spi }) => Buffer.from(spi).toString('hex')) ?? [];
    for (const spi of spis) {
      const isNew = spi.length === 16 && !/^0+$/.test(spi) && spi !== peer.initiatorSpi && spi !== peer.responderSpi;
      judge(isNew, `alice’s SPI for the new IKE SA is ${spi}`);
    }
  },
);

ikeClause(
  'rfc7296-2.18-initiator-has-the-keys',
  {
    level: 'MUST',
    text: 'The initiator of the rekey is the original initiator of the new IKE SA: its keys are those of SK_ei',
    scenario:
      'Alice, whom the peer had called, is told to rekey the IKE SA. The peer asks in the new one if she lives.',
    brokenBy: 'ike-other-rekey-nonce',
  },
  async peer => {
    await call(peer);
    const heir = await answerIkeRekey(peer, await letAliceRekeyIke(peer));
    const answer = await heir.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
    judge(answer?.opened.kind === 'opened', 'alice cannot be spoken with in the new IKE SA');
    peer.bench.cite(answer, 'in the new IKE SA', "Initiator's SPI");
    judge(answer.ike?.isInitiator === true, 'alice does not set the Initiator flag in the IKE SA that she has begun');
  },
);

ikeClause(
  'rfc7296-2.8-initiator-deletes-the-old-ike-sa',
  {
    level: 'SHOULD',
    text: 'The initiator of the rekey deletes the old IKE SA, in it; the children live on',
    scenario: 'Alice is told to rekey the IKE SA; the peer answers. She deletes the old one, and packets pass.',
    brokenBy: 'ike-keeps-old-ike',
  },
  async peer => {
    const { child } = await call(peer);
    const heir = await answerIkeRekey(peer, await letAliceRekeyIke(peer));
    await peer.bench.lab.sleep(1_000);
    const [end] = peer.requests(ExchangeType.INFORMATIONAL).filter(isRequestTo(peer, ExchangeType.INFORMATIONAL));
    judge(end !== undefined, 'alice does not delete the old IKE SA');
    peer.bench.cite(end, 'in the old IKE SA', "Initiator's SPI");
    judge(payloadOf(end.payloads, 'D')?.protocolId === ProtocolId.IKE, 'alice deletes something else');
    await peer.answer(end, []);
    await judgeCarries(heir, child, 1, 'with the new IKE SA alone');
    await judgeAnswers(heir, 'alice does not answer in the new IKE SA');
  },
);

ikeClause(
  'rfc7296-2.8-ike-sa-is-rekeyed-in-time',
  {
    level: 'SHOULD',
    text: 'An end rekeys the IKE SA by its own policy, whether it was called or has called',
    scenario:
      'Alice’s IKE SAs are to be rekeyed after two minutes; the peer has called. She asks for a new one by then.',
    brokenBy: 'ike-never-rekeys',
    needs: ['virtual-time'],
    plan: { connection: { rekeySeconds: 120 } },
  },
  async peer => {
    await call(peer);
    await peer.bench.lab.sleep(121_000);
    const [asked] = peer.requests(ExchangeType.CREATE_CHILD_SA).filter(isRequestTo(peer, ExchangeType.CREATE_CHILD_SA));
    judge(asked !== undefined, 'alice does not rekey her IKE SA in time');
    peer.bench.cite(asked, 'after two minutes', ...INSIDE);
    judge(
      payloadOf(asked.payloads, 'SA')?.proposals[0]?.protocolId === ProtocolId.IKE,
      'alice asks for something else',
    );
  },
);

ikeClause(
  'rfc7296-2.8-several-ike-rekeys-in-a-row',
  {
    level: 'MUST',
    text: 'An IKE SA that has taken the place of another is rekeyed like that one, whoever begins',
    scenario: 'The peer rekeys the IKE SA, then alice, then the peer again; packets pass by the child all the while.',
    brokenBy: 'ike-other-rekey-nonce',
  },
  async peer => {
    const { child } = await call(peer);
    const second = await rekeyIke(peer);
    await endOf(peer);
    await judgeAnswers(second, 'alice does not answer in the second IKE SA');
    const third = await answerIkeRekey(second, await letAliceRekeyIke(second));
    await second.bench.lab.sleep(1_000);
    const [end] = second.requests(ExchangeType.INFORMATIONAL).filter(isRequestTo(second, ExchangeType.INFORMATIONAL));
    await second.answer(require(end, 'alice did not delete the old IKE SA'), []);
    const asked = await askIkeRekey(third);
    const fourth = ikeOfAnswer(third, asked);
    await endOf(third);
    await judgeAnswers(fourth, 'alice does not answer in the fourth IKE SA');
    await judgeCarries(fourth, child, 1, 'after three rekeys of the IKE SA');
  },
);
