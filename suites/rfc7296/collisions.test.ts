import { ExchangeType, NotifyType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { judgeArrives, judgeCarries } from '../tester/ike/child-traffic.ts';
import {
  answerChild,
  answerDelete,
  askChild,
  childOfAnswer,
  deleteChildren,
  deletedIn,
  isRequestTo,
  letAlice,
  letAliceRekeyChild,
} from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call } from '../tester/ike/initiate.ts';
import { deleteIke, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { answerIkeRekey, askIkeRekey, ikeOfAnswer, letAliceRekeyIke } from '../tester/ike/rekey-ike.ts';
import { judgeAnswers, judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.8.1, §2.8.2 and §2.25: exchanges of both ends that meet. */

/** Lower than whatever alice draws, and not lower. */
const LOW = new Uint8Array(32);
const HIGH = new Uint8Array(32).fill(0xff);
const [PEERS_SPI, ALICES_SPI] = [0xc0ff_ee02, 0xc0ff_ee03];

/** Alice’s Deletes in an IKE SA, a second later. */
async function deletes(peer: TesterPeer): Promise<readonly Heard[]> {
  await peer.bench.lab.sleep(1_000);
  const isDelete = isRequestTo(peer, ExchangeType.INFORMATIONAL);
  const all = peer.heard().filter(it => isDelete(it) && payloadOf(it.payloads, 'D') !== null);
  return all.filter((it, i) => all.findIndex(other => other.ike?.messageId === it.ike?.messageId) === i);
}

/** Both rekey the same child; `nonces`: the peer’s, in his exchange and in hers. */
async function bothRekey(peer: TesterPeer, nonces: { readonly his: Uint8Array; readonly hers: Uint8Array }) {
  const { child: old } = await call(peer);
  const request = await letAliceRekeyChild(peer);
  const asked = await askChild(peer, { replaces: old, spi: PEERS_SPI, nonce: nonces.his });
  return { old, request, asked, answer: () => answerChild(peer, request, { spi: ALICES_SPI, nonce: nonces.hers }) };
}

ikeClause(
  'rfc7296-2.8.1-both-rekey-the-same-child',
  {
    level: 'SHOULD',
    text: 'Who is rekeying a Child SA answers the peer’s rekey of it as usual',
    scenario: 'Alice is told to rekey her child. Before the peer answers, he rekeys it himself.',
    brokenBy: 'ike-always-busy',
  },
  async peer => {
    const { asked } = await bothRekey(peer, { his: HIGH, hers: HIGH });
    judge(asked.response !== null, 'alice does not answer the peer’s rekey');
    peer.bench.cite(asked.response, 'her answer', ...INSIDE);
    judge(payloadOf(asked.response.payloads, 'SA') !== null, 'alice does not rekey what she is rekeying herself');
  },
);

ikeClause(
  'rfc7296-2.8.1-all-receive-meanwhile',
  {
    level: 'MUST',
    text: 'After simultaneous rekeys packets are taken by the old Child SA and by both new ones',
    scenario: 'Both ends rekey the child; packets of the peer come by each of the three.',
    brokenBy: 'ike-forgets-old-child',
  },
  async peer => {
    const { old, asked, answer } = await bothRekey(peer, { his: HIGH, hers: HIGH });
    const { child: his } = childOfAnswer(peer, asked);
    const hers = await answer();
    await judgeArrives(
      peer,
      hers,
      { sequence: 1, text: 'BY-HERS ' },
      'alice takes no packets by the child of her exchange',
    );
    await judgeArrives(
      peer,
      his,
      { sequence: 1, text: 'BY-HIS ' },
      'alice takes no packets by the child of his exchange',
    );
    await judgeArrives(peer, old, { sequence: 1, text: 'BY-OLD ' }, 'alice takes no packets by the old child');
  },
);

ikeClause(
  'rfc7296-2.8.1-lowest-nonce-was-hers',
  {
    level: 'SHOULD',
    text: 'The Child SA of the exchange with the lowest of the four nonces is redundant, and its initiator deletes it',
    scenario:
      'Both ends rekey the child; the lowest nonce is in the exchange of alice. She deletes the child that it made.',
    brokenBy: 'ike-deletes-other-spi',
  },
  async peer => {
    const { old, asked, answer } = await bothRekey(peer, { his: HIGH, hers: LOW });
    const { child: his } = childOfAnswer(peer, asked);
    const hers = await answer();
    const [request, ...more] = await deletes(peer);
    judge(request !== undefined, 'alice does not delete the child that is redundant');
    peer.bench.cite(request, 'her Delete', ...INSIDE);
    judge(
      deletedIn(request).join() === String(hers.inbound.spi) && more.length === 0,
      'alice deletes another child than that of her own exchange',
    );
    await answerDelete(peer, request, hers);
    await deleteChildren(peer, old);
    await judgeCarries(peer, his, 1, 'the child of his exchange');
  },
);

ikeClause(
  'rfc7296-2.8.1-lowest-nonce-was-his',
  {
    level: 'SHOULD',
    text: 'The initiator of the other exchange deletes the old Child SA, and not the one that is redundant',
    scenario:
      'Both ends rekey the child; the lowest nonce is in the exchange of the peer. Alice deletes the old child.',
    brokenBy: 'ike-deletes-other-spi',
  },
  async peer => {
    const { old, asked, answer } = await bothRekey(peer, { his: LOW, hers: HIGH });
    const { child: his } = childOfAnswer(peer, asked);
    const hers = await answer();
    const [request, ...more] = await deletes(peer);
    judge(request !== undefined, 'alice does not delete the old child');
    peer.bench.cite(request, 'her Delete', ...INSIDE);
    judge(
      deletedIn(request).join() === String(old.inbound.spi) && more.length === 0,
      'alice deletes another child than the old one',
    );
    await answerDelete(peer, request, old);
    await deleteChildren(peer, his);
    await judgeCarries(peer, hers, 1, 'the child of her exchange');
  },
);

/** Both rekey the IKE SA. */
async function bothRekeyIke(peer: TesterPeer, nonces: { readonly his: Uint8Array; readonly hers: Uint8Array }) {
  const { child } = await call(peer);
  const request = await letAliceRekeyIke(peer);
  const asked = await askIkeRekey(peer, { nonce: nonces.his });
  return { child, asked, answer: () => answerIkeRekey(peer, request, { nonce: nonces.hers }) };
}

ikeClause(
  'rfc7296-2.8.2-both-rekey-the-ike-sa',
  {
    level: 'SHOULD',
    text: 'Who is rekeying the IKE SA answers the peer’s rekey of it as usual',
    scenario: 'Alice is told to rekey the IKE SA. Before the peer answers, he rekeys it himself.',
    brokenBy: 'ike-always-busy',
  },
  async peer => {
    const { asked } = await bothRekeyIke(peer, { his: HIGH, hers: HIGH });
    judge(asked.response !== null, 'alice does not answer the peer’s rekey');
    peer.bench.cite(asked.response, 'her answer', ...INSIDE);
    judge(payloadOf(asked.response.payloads, 'SA') !== null, 'alice does not rekey what she is rekeying herself');
  },
);

ikeClause(
  'rfc7296-2.8.2-lowest-nonce-was-hers',
  {
    level: 'SHOULD',
    text: 'The IKE SA of the exchange with the lowest nonce is deleted by its initiator; the other inherits the children',
    scenario:
      'Both ends rekey the IKE SA; the lowest nonce is in the exchange of alice. Packets pass by the child all the while.',
    brokenBy: 'ike-keeps-old-ike',
  },
  async peer => {
    const { child, asked, answer } = await bothRekeyIke(peer, { his: HIGH, hers: LOW });
    const his = ikeOfAnswer(peer, asked);
    const hers = await answer();
    const [end] = await deletes(hers);
    judge(end !== undefined, 'alice does not delete the IKE SA that is redundant');
    peer.bench.cite(end, 'in the IKE SA of her exchange', "Initiator's SPI");
    judge((await deletes(peer)).length === 0, 'alice deletes the old IKE SA, which the peer is to delete');
    judge((await deletes(his)).length === 0, 'alice deletes the IKE SA that is not redundant');
    await hers.answer(end, []);
    await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] });
    await judgeCarries(peer, child, 1, 'the child in the IKE SA of his exchange');
    await judgeAnswers(his, 'alice does not answer in the IKE SA of his exchange');
  },
);

ikeClause(
  'rfc7296-2.8.2-lowest-nonce-was-his',
  {
    level: 'SHOULD',
    text: 'The initiator of the other exchange deletes the old IKE SA',
    scenario: 'Both ends rekey the IKE SA; the lowest nonce is in the exchange of the peer. Alice deletes the old one.',
    brokenBy: 'ike-keeps-old-ike',
  },
  async peer => {
    const { child, asked, answer } = await bothRekeyIke(peer, { his: LOW, hers: HIGH });
    const his = ikeOfAnswer(peer, asked);
    const hers = await answer();
    const [end] = await deletes(peer);
    judge(end !== undefined, 'alice does not delete the old IKE SA');
    peer.bench.cite(end, 'in the old IKE SA', "Initiator's SPI");
    judge((await deletes(hers)).length === 0, 'alice deletes the IKE SA that is not redundant');
    await peer.answer(end, []);
    await his.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] });
    await judgeCarries(hers, child, 1, 'the child in the IKE SA of her exchange');
    await judgeAnswers(hers, 'alice does not answer in the IKE SA of her exchange');
  },
);

ikeClause(
  'rfc7296-2.25.1-rekey-of-what-alice-deletes',
  {
    level: 'SHOULD',
    text: 'A request to rekey a Child SA that is being closed is answered with TEMPORARY_FAILURE',
    scenario: 'Alice is told to close her child. Before the peer answers, he would rekey it.',
    brokenBy: 'ike-hides-busy',
  },
  async peer => {
    const { child } = await call(peer);
    await letAlice(peer, { kind: 'terminate', child: 'net' }, ExchangeType.INFORMATIONAL, 'Delete');
    const { response } = await askChild(peer, { replaces: child });
    judgeNotified(peer, response, NotifyType.TEMPORARY_FAILURE, 'TEMPORARY_FAILURE');
  },
);

ikeClause(
  'rfc7296-2.25.1-delete-of-what-alice-rekeys',
  {
    level: 'SHOULD',
    text: 'A Delete of a Child SA that is being rekeyed is answered as usual, with a Delete',
    scenario: 'Alice is told to rekey her child. Before the peer answers, he deletes it.',
    brokenBy: 'ike-hides-other-half',
  },
  async peer => {
    const { child } = await call(peer);
    await letAliceRekeyChild(peer);
    const answer = await deleteChildren(peer, child);
    judge(answer !== null, 'alice does not answer the Delete of a child that she rekeys');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(deletedIn(answer).join() === String(child.inbound.spi), 'alice does not delete her half');
    await judgeAnswers(peer, 'the IKE SA does not live on');
  },
);

ikeClause(
  'rfc7296-2.25.1-ike-rekey-while-alice-rekeys-a-child',
  {
    level: 'SHOULD',
    text: 'A request to rekey the IKE SA is answered with TEMPORARY_FAILURE while a Child SA is being rekeyed',
    scenario: 'Alice is told to rekey her child. Before the peer answers, he would rekey the IKE SA.',
    brokenBy: 'ike-hides-busy',
  },
  async peer => {
    await call(peer);
    const request = await letAliceRekeyChild(peer);
    const { response } = await askIkeRekey(peer);
    judgeNotified(peer, response, NotifyType.TEMPORARY_FAILURE, 'TEMPORARY_FAILURE');
    const child = await answerChild(peer, request, { spi: ALICES_SPI });
    await judgeCarries(peer, child, 1, 'the child that alice has rekeyed');
  },
);

ikeClause(
  'rfc7296-2.25.2-new-child-while-alice-rekeys-the-ike-sa',
  {
    level: 'SHOULD',
    text: 'A request for a Child SA is answered with TEMPORARY_FAILURE while the IKE SA is being rekeyed',
    scenario: 'Alice is told to rekey the IKE SA. Before the peer answers, he asks for a child.',
    brokenBy: 'ike-hides-busy',
  },
  async peer => {
    await call(peer);
    const request = await letAliceRekeyIke(peer);
    const { response } = await askChild(peer);
    judgeNotified(peer, response, NotifyType.TEMPORARY_FAILURE, 'TEMPORARY_FAILURE');
    await judgeAnswers(await answerIkeRekey(peer, request), 'alice does not answer in the new IKE SA');
  },
);

ikeClause(
  'rfc7296-2.25.2-child-rekey-while-alice-rekeys-the-ike-sa',
  {
    level: 'SHOULD',
    text: 'The same of a request to rekey a Child SA',
    scenario: 'Alice is told to rekey the IKE SA. Before the peer answers, he would rekey the child.',
    brokenBy: 'ike-hides-busy',
  },
  async peer => {
    const { child } = await call(peer);
    await letAliceRekeyIke(peer);
    const { response } = await askChild(peer, { replaces: child });
    judgeNotified(peer, response, NotifyType.TEMPORARY_FAILURE, 'TEMPORARY_FAILURE');
    await judgeCarries(peer, child, 1, 'the child that was not rekeyed');
  },
);

ikeClause(
  'rfc7296-2.25.2-delete-of-a-child-while-alice-rekeys-the-ike-sa',
  {
    level: 'SHOULD',
    text: 'A Delete of a Child SA is answered as usual while the IKE SA is being rekeyed',
    scenario: 'Alice is told to rekey the IKE SA. Before the peer answers, he deletes the child.',
    brokenBy: 'ike-hides-other-half',
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyIke(peer);
    const answer = await deleteChildren(peer, child);
    judge(answer !== null, 'alice does not answer a Delete while she rekeys the IKE SA');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(deletedIn(answer).join() === String(child.inbound.spi), 'alice does not delete her half');
    await judgeAnswers(await answerIkeRekey(peer, request), 'alice does not answer in the new IKE SA');
  },
);

ikeClause(
  'rfc7296-2.25.2-ike-rekey-while-alice-deletes-it',
  {
    level: 'SHOULD',
    text: 'A request to rekey an IKE SA that is being closed is answered with TEMPORARY_FAILURE',
    scenario: 'Alice is told to close the IKE SA. Before the peer answers, he would rekey it.',
    brokenBy: 'ike-hides-busy',
  },
  async peer => {
    await call(peer);
    await letAlice(peer, { kind: 'terminate', ike: 'bob' }, ExchangeType.INFORMATIONAL, 'Delete');
    const { response } = await askIkeRekey(peer);
    judgeNotified(peer, response, NotifyType.TEMPORARY_FAILURE, 'TEMPORARY_FAILURE');
  },
);

ikeClause(
  'rfc7296-2.25.2-end-of-what-alice-rekeys',
  {
    level: 'SHOULD',
    text: 'A Delete of the IKE SA that is being rekeyed is answered as usual; the rekey is forgotten',
    scenario: 'Alice is told to rekey the IKE SA. Before the peer answers, he deletes it.',
    brokenBy: 'ike-outlives-its-end',
  },
  async peer => {
    await call(peer);
    await letAliceRekeyIke(peer);
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] });
    judge(answer?.opened.kind === 'opened', 'alice does not answer the Delete of an IKE SA that she rekeys');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    const before = peer.heard().length;
    await peer.bench.lab.sleep(4_000);
    const again = peer.heard().slice(before).filter(isRequestTo(peer, ExchangeType.CREATE_CHILD_SA));
    for (const seen of again.slice(0, 1)) peer.bench.cite(seen, 'about an IKE SA that is no more', "Initiator's SPI");
    judge(again.length === 0, 'alice goes on to rekey an IKE SA that was deleted');
  },
);

ikeClause(
  'rfc7296-2.25-busy-peer-is-asked-again-later',
  {
    level: 'MUST',
    text: 'After TEMPORARY_FAILURE the same is tried again, and not at once',
    scenario: 'Alice is told to rekey her child; the peer has no time. She asks again, but not within half a second.',
    brokenBy: 'ike-asks-again-at-once',
    needs: ['virtual-time'],
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    const after = peer.heard().length;
    const isAsked = (it: Heard) =>
      isRequestTo(peer, ExchangeType.CREATE_CHILD_SA)(it) && it.ike?.messageId !== request.ike?.messageId;
    await peer.answer(request, [notify(NotifyType.TEMPORARY_FAILURE)]);
    await peer.bench.lab.sleep(200);
    const early = peer.heard().slice(after).find(isAsked);
    if (early !== undefined) peer.bench.cite(early, 'at once', ...INSIDE);
    judge(early === undefined, 'alice asks again at once');
    await peer.bench.lab.sleep(60_000);
    const again = peer.heard().slice(after).find(isAsked);
    judge(again !== undefined, 'alice does not ask again');
    peer.bench.cite(again, 'later', ...INSIDE);
    await judgeCarries(peer, child, 1, 'the child that was not rekeyed');
  },
);

ikeClause(
  'rfc7296-2.25-what-the-peer-has-made-after-all',
  {
    level: 'MUST',
    text: 'An end that is told TEMPORARY_FAILURE to its rekey uses what the peer has put in the place of the old one',
    scenario: 'Alice is told to rekey the IKE SA; the peer rekeys it himself and says that he has no time for hers.',
    brokenBy: 'ike-other-rekey-nonce',
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyIke(peer);
    const asked = await askIkeRekey(peer);
    require(asked.response, 'alice did not answer CREATE_CHILD_SA');
    const his = ikeOfAnswer(peer, asked);
    await peer.answer(request, [notify(NotifyType.TEMPORARY_FAILURE)]);
    await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] });
    await judgeAnswers(his, 'alice does not answer in the IKE SA that the peer has made');
    await judgeCarries(his, child, 1, 'the child in the IKE SA that the peer has made');
    const [end] = (await deletes(his)).filter(it => payloadOf(it.payloads, 'D')?.protocolId === ProtocolId.IKE);
    judge(end === undefined, 'alice deletes the IKE SA that the peer has made');
  },
);
