import { ExchangeType, NotifyType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge } from '../tester/judgement.ts';
import { espUnder, judgeCarries, judgeNotClear, judgeRefused } from '../tester/ike/child-traffic.ts';
import { answerDelete, deleteChildren, deletedIn, letAlice, makeChild } from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call } from '../tester/ike/initiate.ts';
import { deleteEsp, deleteIke, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { judgeAlive, judgeAnswers } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §1.4, §1.4.1, §1.5, §2.25 and §3.11: how SAs end. */

const SECOND_SPI = 0xc0ff_ee02;
const say = (peer: TesterPeer, ...payloads: Parameters<TesterPeer['ask']>[0]['payloads']) =>
  peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads });

ikeClause(
  'rfc7296-1.4.1-delete-is-answered-with-the-other-half',
  {
    level: 'MUST',
    text: 'The answer to a Delete of a Child SA has a Delete with the SPI that the other end receives by',
    scenario: 'The peer deletes the child; alice’s answer is looked at.',
    brokenBy: 'ike-hides-other-half',
  },
  async peer => {
    const { child } = await call(peer);
    const answer = await deleteChildren(peer, child);
    judge(answer !== null, 'alice does not answer a Delete');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(deletedIn(answer).join() === String(child.inbound.spi), 'alice does not name the half that she receives by');
  },
);

ikeClause(
  'rfc7296-3.11-delete-of-several',
  {
    level: 'MUST',
    text: 'One Delete may name several Child SAs; the answer names the other half of each',
    scenario: 'The peer has two children, and deletes both with one payload.',
    brokenBy: 'ike-hides-the-second-half',
  },
  async peer => {
    const { child } = await call(peer);
    const { child: second } = await makeChild(peer, { spi: SECOND_SPI });
    const answer = await deleteChildren(peer, child, second);
    judge(answer !== null, 'alice does not answer a Delete');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    const expected = [child.inbound.spi, second.inbound.spi].sort((a, b) => a - b);
    const said = deletedIn(answer).sort((a, b) => a - b);
    judge(said.join() === expected.join(), `alice names ${said.length} of the two halves that she receives by`);
  },
);

ikeClause(
  'rfc7296-1.4.1-deleted-child-receives-nothing',
  {
    level: 'MUST',
    text: 'Both halves of a Child SA that is deleted are closed',
    scenario: 'The peer deletes the child, and sends by it nevertheless.',
    brokenBy: 'ike-removes-nothing-inbound',
  },
  async peer => {
    const { child } = await call(peer);
    await judgeCarries(peer, child, 1, 'before');
    await deleteChildren(peer, child);
    await judgeRefused(
      peer,
      child,
      { sequence: 2, text: 'BY-NOTHING ' },
      'alice takes packets by a child that is closed',
    );
  },
);

ikeClause(
  'rfc7296-1.4.1-deleted-child-sends-nothing',
  {
    level: 'MUST',
    text: 'The same of the half that alice sends by',
    scenario: 'The peer deletes the child; a packet from inside leaves by it no more.',
    brokenBy: 'ike-removes-nothing-outbound',
  },
  async peer => {
    const { child } = await call(peer);
    await judgeCarries(peer, child, 1, 'before');
    await deleteChildren(peer, child);
    const before = espUnder(peer.bench, child.outbound).length;
    await outbound(peer.bench, ['BY-NOTHING ']);
    const after = espUnder(peer.bench, child.outbound).slice(before);
    for (const seen of after.slice(0, 1)) peer.bench.cite(seen, 'by a child that is closed', 'SPI');
    judge(after.length === 0, 'alice sends by a child that is closed');
  },
);

ikeClause(
  'rfc7296-1.4.1-unknown-spi-is-not-answered-with-a-delete',
  {
    level: 'MUST',
    text: 'A Delete of a Child SA that is not there is answered without one, and does no harm',
    scenario: 'The peer deletes an SPI that it never had.',
    brokenBy: 'ike-answers-every-delete',
  },
  async peer => {
    const { child } = await call(peer);
    const answer = await say(peer, deleteEsp(0x1234_5678));
    judge(answer !== null, 'alice does not answer a Delete of what is not there');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(payloadOf(answer.payloads, 'D') === null, 'alice deletes what is not there');
    await judgeCarries(peer, child, 1, 'after a Delete of something else');
  },
);

ikeClause(
  'rfc7296-1.4.1-alice-deletes-a-child',
  {
    level: 'MUST',
    text: 'Who closes a Child SA sends a Delete of ESP with the SPI that it receives by',
    scenario: 'Alice is told to close her child; her request is looked at.',
    brokenBy: 'ike-deletes-other-spi',
  },
  async peer => {
    const { child } = await call(peer);
    const command = { kind: 'terminate', child: 'net' } as const;
    const request = await letAlice(peer, command, ExchangeType.INFORMATIONAL, 'Delete');
    peer.bench.cite(request, 'her request', ...INSIDE);
    judge(deletedIn(request).join() === String(child.inbound.spi), 'alice does not name the half that she receives by');
    await answerDelete(peer, request, child);
    await judgeRefused(
      peer,
      child,
      { sequence: 1, text: 'BY-NOTHING ' },
      'alice takes packets by a child that is closed',
    );
    await judgeAnswers(peer, 'the IKE SA ends with its child');
  },
);

ikeClause(
  'rfc7296-3.11-protocol-of-a-delete',
  {
    level: 'MUST',
    text: 'The Protocol ID of a Delete is that of the SAs that it names: 3 for ESP',
    scenario: 'The peer deletes the child; the answer is looked at. Then alice is told to close another.',
    brokenBy: 'ike-deletes-peers-protocol',
  },
  async peer => {
    const { child } = await call(peer);
    await makeChild(peer, { spi: SECOND_SPI });
    const answer = await deleteChildren(peer, child);
    judge(payloadOf(answer?.payloads ?? [], 'D')?.protocolId === ProtocolId.ESP, 'alice’s Delete does not name ESP');
    const command = { kind: 'terminate', child: 'net' } as const;
    const request = await letAlice(peer, command, ExchangeType.INFORMATIONAL, 'Delete');
    judge(payloadOf(request.payloads, 'D')?.protocolId === ProtocolId.ESP, 'alice’s Delete does not name ESP');
  },
);

ikeClause(
  'rfc7296-2.25.1-both-delete-the-same',
  {
    level: 'MUST',
    text: 'Where both ends delete the same Child SA at once, each answers without a Delete',
    scenario: 'Alice is told to close her child. Before the peer answers, he deletes it himself.',
    brokenBy: 'ike-answers-every-delete',
  },
  async peer => {
    const { child } = await call(peer);
    const command = { kind: 'terminate', child: 'net' } as const;
    const request = await letAlice(peer, command, ExchangeType.INFORMATIONAL, 'Delete');
    const answer = await deleteChildren(peer, child);
    judge(answer !== null, 'alice does not answer the Delete of what she deletes herself');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(payloadOf(answer.payloads, 'D') === null, 'alice deletes in the answer what she has asked to be deleted');
    await peer.answer(request, []);
    await judgeRefused(
      peer,
      child,
      { sequence: 1, text: 'BY-NOTHING ' },
      'alice takes packets by a child that is closed',
    );
    await judgeAnswers(peer, 'the IKE SA ends with its child');
  },
);

ikeClause(
  'rfc7296-1.4.1-end-of-the-ike-sa-is-answered',
  {
    level: 'MUST',
    text: 'A Delete of the IKE SA is answered, with nothing in it',
    scenario: 'The peer deletes the IKE SA.',
    brokenBy: 'ike-deaf-to-its-end',
  },
  async peer => {
    await call(peer);
    const answer = await say(peer, deleteIke());
    judge(answer?.opened.kind === 'opened', 'alice does not answer the Delete of the IKE SA');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(answer.payloads.length === 0, 'alice says more than that she has heard');
  },
);

ikeClause(
  'rfc7296-1.4.1-children-end-with-the-ike-sa',
  {
    level: 'MUST',
    text: 'Deleting an IKE SA closes all Child SAs that it has made',
    scenario: 'The peer has two children, and deletes the IKE SA; packets come by either.',
    brokenBy: 'ike-removes-nothing-inbound',
  },
  async peer => {
    const { child } = await call(peer);
    const { child: second } = await makeChild(peer, { spi: SECOND_SPI });
    await say(peer, deleteIke());
    await judgeRefused(
      peer,
      child,
      { sequence: 1, text: 'BY-THE-FIRST ' },
      'alice takes packets by a child of no IKE SA',
    );
    await judgeRefused(
      peer,
      second,
      { sequence: 1, text: 'BY-THE-OTHER ' },
      'alice takes packets by a child of no IKE SA',
    );
  },
);

ikeClause(
  'rfc7296-1.4.1-no-answers-after-the-end',
  {
    level: 'MUST',
    text: 'An IKE SA that was deleted is none: requests in it are not answered under its keys',
    scenario: 'The peer deletes the IKE SA, and asks whether alice lives.',
    brokenBy: 'ike-outlives-its-end',
  },
  async peer => {
    await call(peer);
    await say(peer, deleteIke());
    const answer = await say(peer);
    if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(answer?.opened.kind !== 'opened', 'alice answers in an IKE SA that was deleted');
  },
);

ikeClause(
  'rfc7296-3.11-end-of-the-ike-sa-names-no-spi',
  {
    level: 'MUST',
    text: 'A Delete of the IKE SA has the Protocol ID 1 and no SPIs',
    scenario: 'Alice is told to close the IKE SA; her request is looked at.',
    brokenBy: 'ike-names-its-end',
  },
  async peer => {
    await call(peer);
    const command = { kind: 'terminate', ike: 'bob' } as const;
    const request = await letAlice(peer, command, ExchangeType.INFORMATIONAL, 'Delete');
    peer.bench.cite(request, 'her request', ...INSIDE);
    const end = payloadOf(request.payloads, 'D');
    judge(end !== null && end.protocolId === ProtocolId.IKE, 'alice’s Delete does not name IKE');
    judge(end.spis.length === 0, `alice’s Delete of the IKE SA has ${end.spis.length} SPIs`);
  },
);

ikeClause(
  'rfc7296-2.25.2-both-delete-the-ike-sa',
  {
    level: 'MUST',
    text: 'Who is deleting the IKE SA answers the peer’s Delete of it as usual',
    scenario: 'Alice is told to close the IKE SA. Before the peer answers, he deletes it himself.',
    brokenBy: 'ike-deaf-to-its-end',
  },
  async peer => {
    await call(peer);
    await letAlice(peer, { kind: 'terminate', ike: 'bob' }, ExchangeType.INFORMATIONAL, 'Delete');
    const answer = await say(peer, deleteIke());
    judge(answer?.opened.kind === 'opened', 'alice does not answer a Delete of the IKE SA that she deletes herself');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(answer.payloads.length === 0, 'alice says more than that she has heard');
  },
);

ikeClause(
  'rfc7296-1.4.1-nothing-in-the-clear-after-a-delete',
  {
    level: 'MUST',
    text: 'What was protected by SAs that are deleted is not sent without them',
    scenario: 'The peer deletes the child, and then the IKE SA; packets come from inside after each.',
    brokenBy: 'bypasses-protect',
  },
  async peer => {
    await call(peer);
    await say(peer, deleteEsp(0xc0ff_ee01));
    await outbound(peer.bench, ['WITHOUT-CHILD ']);
    judgeNotClear(peer.bench, 'WITHOUT-CHILD ', 'a packet leaves in the clear when the child is deleted');
    await say(peer, deleteIke());
    await outbound(peer.bench, ['WITHOUT-ALL ']);
    judgeNotClear(peer.bench, 'WITHOUT-ALL ', 'a packet leaves in the clear when the IKE SA is deleted');
  },
);

ikeClause(
  'rfc7296-1.5-clear-invalid-spi-is-a-hint',
  {
    level: 'MUST',
    text: 'INVALID_SPI that nothing protects is a hint and changes no SA',
    scenario: 'The peer calls; INVALID_SPI comes in the clear, with the SPI of the child. Packets pass on.',
    brokenBy: 'ike-believes-clear',
  },
  async peer => {
    const { child } = await call(peer);
    const { outbound: sa } = child;
    const message = {
      ...peer.header(ExchangeType.INFORMATIONAL, 0, false),
      payloads: [notify(NotifyType.INVALID_SPI, Uint8Array.of(sa.spi >>> 24, sa.spi >>> 16, sa.spi >>> 8, sa.spi))],
    };
    const { keys } = peer;
    peer.keys = null;
    const octets = peer.encode(message);
    peer.keys = keys;
    await peer.post(...octets);
    await judgeCarries(peer, child, 1, 'after a hint');
    await judgeAlive(peer, 'alice gives up for a hint');
  },
);

ikeClause(
  'rfc7296-1.5-one-way-message-is-not-answered',
  {
    level: 'MUST',
    text: 'A message outside of any IKE SA that says INVALID_SPI is not answered',
    scenario: 'Somebody sends INVALID_SPI with SPIs of zero in the header.',
    brokenBy: 'ike-answers-strangers',
  },
  async peer => {
    const before = peer.heard().length;
    const header = peer.header(ExchangeType.INFORMATIONAL, 0, false);
    const zero = { initiatorSpi: '0000000000000000', responderSpi: '0000000000000000' };
    const payloads = [notify(NotifyType.INVALID_SPI, Uint8Array.of(1, 2, 3, 4))];
    await peer.post(...peer.encode({ ...header, ...zero, payloads }));
    const said = peer.heard().slice(before);
    for (const seen of said) peer.bench.cite(seen, 'to a one-way message', 'Exchange Type');
    judge(said.length === 0, 'alice answers a one-way message');
  },
);
