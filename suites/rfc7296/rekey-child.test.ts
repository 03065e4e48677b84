import { ExchangeType, NotifyType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge } from '../tester/judgement.ts';
import {
  judgeArrives,
  judgeCarries,
  judgeLeaves,
  judgeNotClear,
  judgeRefused,
  leftUnder,
  sendBy,
} from '../tester/ike/child-traffic.ts';
import {
  answerChild,
  answerDelete,
  askChild,
  deleteChildren,
  deletedIn,
  isRequestTo,
  letAliceRekeyChild,
  makeChild,
  rekeyNotify,
} from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { CALL, call, spiOctets } from '../tester/ike/initiate.ts';
import { notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { judgeAlive, judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §1.3.3, §2.8 and §2.9.2: Child SAs that take the place of others. */

const SECOND_SPI = 0xc0ff_ee02;

/** Fails unless alice asks, soon, that SAs of the peer’s be deleted; gives what she asks. */
async function nextDelete(peer: TesterPeer, why: string, after = 0): Promise<Heard> {
  await peer.bench.lab.sleep(1_000);
  const found = peer
    .heard()
    .slice(after)
    .find(it => isRequestTo(peer, ExchangeType.INFORMATIONAL)(it) && payloadOf(it.payloads, 'D') !== null);
  judge(found !== undefined, why);
  peer.bench.cite(found, 'her Delete', ...INSIDE);
  return found;
}

ikeClause(
  'rfc7296-1.3.3-rekeyed-child',
  {
    level: 'MUST',
    text: 'A Child SA that takes the place of another has SPIs and keys of its own, by the nonces of the exchange',
    scenario: 'The peer rekeys the child and deletes the old one; packets pass by the new one both ways.',
    brokenBy: 'ike-other-child-nonce',
  },
  async peer => {
    const { child: old } = await call(peer);
    const { child } = await makeChild(peer, { replaces: old });
    judge(child.inbound.spi !== old.inbound.spi, 'alice takes the same SPI for the new child');
    await judgeArrives(peer, child, { sequence: 1, text: 'BY-THE-NEW ' }, 'alice takes no packets by the new child');
    await deleteChildren(peer, old);
    await judgeCarries(peer, child, 2, 'the new child');
  },
);

ikeClause(
  'rfc7296-1.3.3-no-such-child',
  {
    level: 'MUST',
    text: 'A request to rekey a Child SA that is not there is answered with CHILD_SA_NOT_FOUND and its SPI',
    scenario: 'The peer wants to rekey an SPI that it never had.',
    brokenBy: 'ike-hides-not-found',
  },
  async peer => {
    await call(peer);
    const { response } = await askChild(peer, { notifies: [rekeyNotify(0x1234_5678)] });
    judgeNotified(peer, response, NotifyType.CHILD_SA_NOT_FOUND, 'CHILD_SA_NOT_FOUND');
    const [said] = notifies(response?.payloads ?? [], NotifyType.CHILD_SA_NOT_FOUND);
    judge(said?.protocolId === ProtocolId.ESP, 'CHILD_SA_NOT_FOUND does not name ESP');
    judge(Buffer.from(said.spi).equals(spiOctets(0x1234_5678)), 'CHILD_SA_NOT_FOUND does not name the SPI');
    await judgeAlive(peer, 'the IKE SA does not live on');
  },
);

ikeClause(
  'rfc7296-2.8-old-child-receives-until-it-is-deleted',
  {
    level: 'MUST',
    text: 'The responder of a rekey goes on to receive by the old Child SA until that is deleted',
    scenario: 'The peer rekeys the child; packets arrive by the new one, and by the old one still.',
    brokenBy: 'ike-forgets-old-child',
  },
  async peer => {
    const { child: old } = await call(peer);
    const { child } = await makeChild(peer, { replaces: old });
    await judgeArrives(peer, child, { sequence: 1, text: 'BY-THE-NEW ' }, 'alice takes no packets by the new child');
    await judgeArrives(peer, old, { sequence: 1, text: 'BY-THE-OLD ' }, 'alice takes no packets by the old child');
  },
);

ikeClause(
  'rfc7296-2.8-no-packet-is-lost-over-a-rekey',
  {
    level: 'SHOULD',
    text: 'Traffic goes on without a pause while the peer rekeys a Child SA',
    scenario: 'Packets come from both sides before, between and after the exchanges of a rekey; each of them arrives.',
    brokenBy: 'ike-sends-nothing-after-a-rekey',
  },
  async peer => {
    const { child: old } = await call(peer);
    await judgeCarries(peer, old, 1, 'before');
    const { child } = await makeChild(peer, { replaces: old });
    const texts = [0, 1, 2, 3].map(i => `BETWEEN-${i} `);
    await outbound(peer.bench, texts);
    const lost = texts.filter(
      text => leftUnder(peer.bench, old, text).length + leftUnder(peer.bench, child, text).length !== 1,
    );
    judge(lost.length === 0, `of the packets between, alice has not sent ${lost.join()}`);
    await judgeArrives(peer, old, { sequence: 2, text: 'LATE ' }, 'a packet by the old child is lost');
    await deleteChildren(peer, old);
    await judgeCarries(peer, child, 1, 'after');
  },
);

ikeClause(
  'rfc7296-2.8-sends-by-the-new-one-once-the-old-is-deleted',
  {
    level: 'MUST',
    text: 'When the old Child SA is deleted, packets leave by the one that has taken its place',
    scenario: 'The peer rekeys the child and deletes the old one. What leaves then leaves by the new one alone.',
    brokenBy: 'ike-never-sends-by-the-second',
  },
  async peer => {
    const { child: old } = await call(peer);
    const { child } = await makeChild(peer, { replaces: old });
    await deleteChildren(peer, old);
    await judgeLeaves(peer, child, 'AFTERWARDS ', 'alice does not send by the new child');
    judge(leftUnder(peer.bench, old, 'AFTERWARDS ').length === 0, 'alice sends by the old child as well');
  },
);

ikeClause(
  'rfc7296-2.8-old-child-is-gone-in-the-end',
  {
    level: 'MUST',
    text: 'A Child SA that was rekeyed and deleted receives no more, but for what was on its way',
    scenario: 'The peer rekeys the child and deletes the old one; a minute later a packet comes by the old one.',
    brokenBy: 'ike-removes-nothing-inbound',
    needs: ['virtual-time'],
  },
  async peer => {
    const { child: old } = await call(peer);
    const { child } = await makeChild(peer, { replaces: old });
    await deleteChildren(peer, old);
    await peer.bench.lab.sleep(60_000);
    await judgeRefused(
      peer,
      old,
      { sequence: 1, text: 'MUCH-LATER ' },
      'alice takes packets by a child that is no more',
    );
    await judgeArrives(peer, child, { sequence: 1, text: 'BY-THE-NEW ' }, 'alice takes no packets by the new child');
  },
);

ikeClause(
  'rfc7296-2.9.2-answer-to-a-rekey-is-not-narrower',
  {
    level: 'MUST',
    text: 'A Child SA that takes the place of another is for no less traffic',
    scenario: 'The peer rekeys the child with the selectors that it has; the answer has the same.',
    brokenBy: 'ike-narrows-at-rekey',
  },
  async peer => {
    const { child, authResponse } = await call(peer);
    const { response } = await makeChild(peer, { replaces: child });
    peer.bench.cite(response, 'her answer', ...INSIDE);
    for (const type of ['TSi', 'TSr'] as const) {
      const [before, after] = [authResponse, response].map(it => JSON.stringify(payloadOf(it.payloads, type)));
      judge(before === after, `${type} is not what it was`);
    }
  },
);

ikeClause(
  'rfc7296-1.3.3-rekey-names-what-it-replaces',
  {
    level: 'MUST',
    text: 'REKEY_SA names ESP and the SPI that the sender of the request receives by',
    scenario: 'Alice is told to rekey her child; her request is looked at.',
    brokenBy: 'ike-rekeys-other-spi',
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    peer.bench.cite(request, 'her request', ...INSIDE);
    const [said, more] = notifies(request.payloads, NotifyType.REKEY_SA);
    judge(said !== undefined && more === undefined, 'alice does not say once that she replaces an SA');
    judge(said.protocolId === ProtocolId.ESP, 'REKEY_SA does not name ESP');
    judge(Buffer.from(said.spi).equals(spiOctets(child.inbound.spi)), 'REKEY_SA names no SPI that alice receives by');
  },
);

ikeClause(
  'rfc7296-1.3.3-rekey-has-a-new-spi',
  {
    level: 'MUST',
    text: 'The proposals of a rekey have a new SPI, and the request says what it is: N(REKEY_SA), SA, Ni, TSi, TSr',
    scenario: 'Alice is told to rekey her child; her request is looked at.',
    brokenBy: 'ike-rekeys-unsaid',
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    peer.bench.cite(request, 'her request', ...INSIDE);
    for (const type of ['SA', 'NONCE', 'TSi', 'TSr'] as const)
      judge(payloadOf(request.payloads, type) !== null, `there is no ${type} in alice’s request`);
    judge(notifies(request.payloads, NotifyType.REKEY_SA).length === 1, 'alice does not say that she replaces an SA');
    const spis = payloadOf(request.payloads, 'SA')?.proposals.map(({ spi }) => Buffer.from(spi).readUInt32BE());
    judge(spis?.every(spi => spi !== child.inbound.spi) === true, 'alice offers the SPI that she has');
  },
);

ikeClause(
  'rfc7296-2.9.2-rekey-asks-for-no-less',
  {
    level: 'MUST',
    text: 'The initiator of a rekey asks for all the traffic that the old Child SA has',
    scenario: 'Alice is told to rekey her child; the selectors of her request are those of the child.',
    brokenBy: 'ike-rekeys-less',
  },
  async peer => {
    const { authResponse } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    peer.bench.cite(request, 'her request', ...INSIDE);
    const was = [payloadOf(authResponse.payloads, 'TSr'), payloadOf(authResponse.payloads, 'TSi')];
    const is = [payloadOf(request.payloads, 'TSi'), payloadOf(request.payloads, 'TSr')];
    judge(
      JSON.stringify(was.map(it => it?.selectors)) === JSON.stringify(is.map(it => it?.selectors)),
      'alice asks for other traffic than the child has',
    );
  },
);

ikeClause(
  'rfc7296-2.8-initiator-of-a-rekey-uses-the-new-one',
  {
    level: 'MUST',
    text: 'The initiator of a rekey receives and sends by the new Child SA from the answer on',
    scenario: 'Alice is told to rekey her child; the peer answers. Packets pass by the new child both ways.',
    brokenBy: 'ike-other-child-nonce',
  },
  async peer => {
    await call(peer);
    const child = await answerChild(peer, await letAliceRekeyChild(peer), { spi: SECOND_SPI });
    await judgeCarries(peer, child, 1, 'the new child');
  },
);

ikeClause(
  'rfc7296-2.8-initiator-of-a-rekey-deletes-the-old-one',
  {
    level: 'SHOULD',
    text: 'The initiator of a rekey deletes the Child SA that was replaced, by the SPI that it receives by',
    scenario: 'Alice is told to rekey her child; the peer answers. She sends a Delete for the old one.',
    brokenBy: 'ike-keeps-old-child',
  },
  async peer => {
    const { child: old } = await call(peer);
    const child = await answerChild(peer, await letAliceRekeyChild(peer), { spi: SECOND_SPI });
    const request = await nextDelete(peer, 'alice does not delete the child that was replaced');
    judge(
      deletedIn(request).join() === String(old.inbound.spi),
      'alice deletes another SPI than that of the old child',
    );
    await answerDelete(peer, request, old);
    await judgeCarries(peer, child, 1, 'the new child');
  },
);

ikeClause(
  'rfc7296-2.8-packets-on-their-way-still-arrive',
  {
    level: 'SHOULD',
    text: 'Packets that were sent by the old Child SA before its Delete came are taken',
    scenario: 'Alice rekeys her child. Before the peer answers her Delete, packets of his come by the old child.',
    brokenBy: 'ike-forgets-old-child',
  },
  async peer => {
    const { child: old } = await call(peer);
    const child = await answerChild(peer, await letAliceRekeyChild(peer), { spi: SECOND_SPI });
    await judgeArrives(peer, old, { sequence: 1, text: 'ON-THE-WAY ' }, 'alice does not take what was on its way');
    const request = await nextDelete(peer, 'alice does not delete the child that was replaced');
    await answerDelete(peer, request, old);
    await judgeCarries(peer, child, 1, 'the new child');
  },
);

ikeClause(
  'rfc7296-2.25.1-no-such-child-makes-a-new-one',
  {
    level: 'SHOULD',
    text: 'Who is told CHILD_SA_NOT_FOUND closes the Child SA silently and asks for another from scratch',
    scenario: 'Alice is told to rekey her child; the peer says that there is none.',
    brokenBy: 'ike-minds-not-found',
  },
  async peer => {
    const { child } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    const after = peer.heard().length;
    const about = { protocolId: ProtocolId.ESP, spi: spiOctets(child.inbound.spi) };
    await peer.answer(request, [notify(NotifyType.CHILD_SA_NOT_FOUND, undefined, about)]);
    await outbound(peer.bench, ['ANOTHER ']);
    await peer.bench.lab.sleep(1_000);
    const asked = peer.heard().slice(after).find(isRequestTo(peer, ExchangeType.CREATE_CHILD_SA));
    const isNew = asked !== undefined && notifies(asked.payloads, NotifyType.REKEY_SA).length === 0;
    judge(isNew, 'alice does not ask for another child');
    peer.bench.cite(asked, 'from scratch', ...INSIDE);
    const made = await answerChild(peer, asked, { spi: SECOND_SPI });
    await judgeCarries(peer, made, 1, 'the new child');
    judgeNotClear(peer.bench, 'ANOTHER ', 'a packet leaves in the clear meanwhile');
  },
);

/** Children that are rekeyed after so long, or so much. */
const livingFor = (limits: {
  readonly seconds?: number;
  readonly octets?: number;
  readonly packets?: number;
}): IkePlan => ({
  child: { rekey: { seconds: null, octets: null, packets: null, ...limits } },
});

for (const [slug, what, rekey] of [
  ['time', 'after a minute', { seconds: 60 }],
  ['packets', 'after twenty packets', { packets: 20 }],
  ['octets', 'after four thousand octets', { octets: 4000 }],
] as const) {
  ikeClause(
    `rfc7296-2.8-rekeys-in-time[${slug}]`,
    {
      level: 'SHOULD',
      text: 'Each end ends its SAs by its own policy, and rekeys them before that: nothing about it is negotiated',
      scenario: `Alice’s children are to be rekeyed ${what}. By then she asks for another.`,
      brokenBy: 'ike-never-rekeys',
      plan: livingFor(rekey),
      ...(slug === 'time' ? { needs: ['virtual-time'] } : {}),
    },
    async peer => {
      const { child } = await call(peer);
      const packets = Array.from({ length: 40 }, (_, i) => ({
        sequence: i + 1,
        text: `PACKET-${i} `.padEnd(200, '.'),
      }));
      await sendBy(peer, child, ...packets);
      if (slug === 'time') await peer.bench.lab.sleep(61_000);
      await peer.bench.lab.sleep(1_000);
      const asked = peer.requests(ExchangeType.CREATE_CHILD_SA).find(isRequestTo(peer, ExchangeType.CREATE_CHILD_SA));
      judge(asked !== undefined, `alice does not rekey her child ${what}`);
      peer.bench.cite(asked, what, ...INSIDE);
      judge(notifies(asked.payloads, NotifyType.REKEY_SA).length === 1, 'alice does not say that she replaces an SA');
      const made = await answerChild(peer, asked, { spi: SECOND_SPI });
      await judgeCarries(peer, made, 1, 'the new child');
    },
  );
}

ikeClause(
  'rfc7296-2.8-several-rekeys-in-a-row',
  {
    level: 'MUST',
    text: 'A Child SA that has taken the place of another is rekeyed like that one',
    scenario: 'The peer rekeys the child four times, and deletes the old one each time; packets pass by each.',
    brokenBy: 'ike-never-sends-by-the-second',
  },
  async peer => {
    let { child } = await call(peer);
    for (let turn = 1; turn <= 4; turn++) {
      const made = await makeChild(peer, { replaces: child, spi: CALL.childSpi + turn });
      await deleteChildren(peer, child);
      ({ child } = made);
      await judgeCarries(peer, child, 1, `child ${turn}`);
    }
  },
);
