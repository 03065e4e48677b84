import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { ALICE, PEER } from '../tester/bench.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { addressOf } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { espUnder, judgeArrives, judgeLeaves } from '../tester/ike/child-traffic.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import type { Call } from '../tester/ike/initiate.ts';
import {
  additional,
  answerAt,
  ELSEWHERE,
  mobileAnswer,
  mobileCall,
  moveAlice,
  movedTo,
  noNat,
  returnCheck,
  SUPPORTED,
  update,
  UPDATE,
} from '../tester/ike/mobike.ts';
import { errorsIn, natDetection, notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { answerInit, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 4555: an IKE SA and its children that move to other addresses. */

const plan = { connection: { mobike: true, remote: ['0.0.0.0/0'] } };
/** Alice calls: there is one address that she calls. */
const calling = {
  connection: {
    mobike: true,
    retransmission: { firstMs: 400, factor: 1, longestMs: 400, sends: 3 },
  },
};

const has = ({ payloads }: Heard, notifyType: number): boolean => notifies(payloads, notifyType).length > 0;

const isAsked = ({ ike }: Heard): boolean => ike?.exchangeType === ExchangeType.CREATE_CHILD_SA && !ike.isResponse;

/** Where alice sends what leaves by this child now. */
async function destination(peer: TesterPeer, child: Call['child'], text: string): Promise<string> {
  const seen = await judgeLeaves(peer, child, text, 'alice does not send by the child');
  return seen.header.destination;
}

/** The peer has moved, and said so; it has answered what alice asks it there. */
async function moved(peer: TesterPeer): Promise<TesterPeer> {
  const there = movedTo(peer, ELSEWHERE);
  const answer = await update(there);
  judge(answer?.opened.kind === 'opened', 'alice does not answer UPDATE_SA_ADDRESSES where it came from');
  peer.bench.cite(answer, 'her answer, to the new address', 'Destination Address');
  judge(errorsIn(answer.payloads).length === 0, 'alice refuses UPDATE_SA_ADDRESSES');
  const check = await returnCheck(there);
  if (check !== null) await there.answer(check, notifies(check.payloads, NotifyType.COOKIE2));
  return there;
}

ikeClause(
  'rfc4555-3.2-responder-supports',
  {
    level: 'MUST',
    text: 'Whoever wishes to use MOBIKE says MOBIKE_SUPPORTED in IKE_AUTH, once, without data',
    scenario: 'The peer says so; alice, who may, answers with the same.',
    brokenBy: 'ike-hides-mobike',
    plan,
  },
  async peer => {
    const { authResponse } = await mobileCall(peer, SUPPORTED);
    peer.bench.cite(authResponse, 'her IKE_AUTH', ...INSIDE);
    const said = notifies(authResponse.payloads, NotifyType.MOBIKE_SUPPORTED);
    judge(said.length === 1, `alice says ${said.length} times that she knows MOBIKE`);
  },
);

ikeClause(
  'rfc4555-3.2-initiator-supports',
  {
    level: 'MUST',
    text: 'Whoever wishes to use MOBIKE says MOBIKE_SUPPORTED in IKE_AUTH, once, without data',
    scenario: 'Alice calls; her IKE_AUTH is looked at.',
    brokenBy: 'ike-hides-mobike',
    plan: calling,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, 'her IKE_AUTH', ...INSIDE);
    const said = notifies(request.payloads, NotifyType.MOBIKE_SUPPORTED);
    judge(said.length === 1, `alice says ${said.length} times that she knows MOBIKE`);
    judge(said[0]?.protocolId === 0 && said[0].spi.length === 0, 'alice says it about an SA');
  },
);

ikeClause(
  'rfc4555-3.3-port-4500',
  {
    level: 'MUST',
    text: 'With MOBIKE and NAT traversal IKE_AUTH is on port 4500, be there a NAT or not',
    scenario: 'Alice calls, and there is no NAT; the ports of her IKE_AUTH are looked at.',
    brokenBy: 'ike-stays-on-500',
    plan: calling,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, `from port ${request.from} to ${request.to}`, 'Ports');
    judge(request.from === 4500 && request.to === 4500, `alice sends from port ${request.from} to ${request.to}`);
  },
);

ikeClause(
  'rfc4555-3.4-additional-addresses',
  {
    level: 'MAY',
    text: 'Other addresses are told in IKE_AUTH: 4 octets of IPv4, 16 of IPv6, and not the one in the IP header',
    scenario: 'Alice, who has several addresses, calls; her IKE_AUTH is looked at.',
    brokenBy: 'ike-tells-used-address',
    plan: calling,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, 'her IKE_AUTH', ...INSIDE);
    const told = [NotifyType.ADDITIONAL_IP4_ADDRESS, NotifyType.ADDITIONAL_IP6_ADDRESS].flatMap(type =>
      notifies(request.payloads, type).map(({ data }) => ({ type, data })),
    );
    for (const { type, data } of told) {
      const octets = type === NotifyType.ADDITIONAL_IP4_ADDRESS ? 4 : 16;
      judge(data.length === octets, `alice tells an address of ${data.length} octets`);
      judge(!Buffer.from(data).equals(addressOf(ALICE[4])), 'alice tells the address that she uses');
    }
  },
);

ikeClause(
  'rfc4555-3.5-answer-goes-where-it-came-from',
  {
    level: 'MUST',
    text: 'UPDATE_SA_ADDRESSES changes the addresses of the IKE SA to those of its IP header; the answer has no error',
    scenario: 'The peer calls, and says at another address that it has moved.',
    brokenBy: 'ike-deaf-to-movers',
    plan,
  },
  async peer => {
    await mobileCall(peer, SUPPORTED);
    const there = await moved(peer);
    await peer.bench.command({ kind: 'rekey', child: 'net' });
    const next = await there.expect('request at the new address', isAsked).catch(() => null);
    judge(next !== null, 'alice does not ask where the peer is now');
    peer.bench.cite(next, 'her next request', ...INSIDE);
  },
);

ikeClause(
  'rfc4555-3.5-children-follow',
  {
    level: 'MUST',
    text: 'Children follow the IKE SA: alice sends to the new address, and takes what comes from there',
    scenario: 'The peer calls, moves, and says so; packets pass both ways.',
    brokenBy: 'ike-ignores-updates',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer, SUPPORTED);
    judge((await destination(peer, child, 'BEFORE ')) === PEER[4], 'alice does not send to the peer');
    const there = await moved(peer);
    const to = await destination(peer, child, 'AFTER ');
    judge(to === ELSEWHERE, `alice sends to ${to}`);
    await judgeArrives(
      there,
      child,
      { sequence: 7, text: 'FROM-THERE ', isInUdp: false },
      'alice does not take ESP that comes from there',
    );
    await judgeArrives(
      there,
      child,
      { sequence: 8, text: 'IN-UDP ' },
      'alice does not take ESP in UDP that comes from there',
    );
  },
);

ikeClause(
  'rfc4555-3.5-not-unless-both-support',
  {
    level: 'MUST',
    text: 'Without MOBIKE_SUPPORTED of both UPDATE_SA_ADDRESSES is an unknown notify, and changes nothing',
    scenario: 'The peer has not said MOBIKE_SUPPORTED, and sends UPDATE_SA_ADDRESSES from elsewhere.',
    brokenBy: 'ike-always-mobike',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer);
    const there = movedTo(peer, ELSEWHERE);
    await update(there);
    const check = await returnCheck(there);
    if (check !== null) await there.answer(check, notifies(check.payloads, NotifyType.COOKIE2));
    const to = await destination(peer, child, 'STILL ');
    judge(to === PEER[4], `alice sends to ${to}, although MOBIKE was not agreed upon`);
  },
);

ikeClause(
  'rfc4555-3.8-nothing-moves-without-update',
  {
    level: 'MUST NOT',
    text: 'An exchange without UPDATE_SA_ADDRESSES changes no addresses: it may be a test of a path',
    scenario: 'The peer asks from another address whether alice lives, with NAT detection; then a packet leaves.',
    brokenBy: 'ike-moves-for-all',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer, SUPPORTED);
    const there = movedTo(peer, ELSEWHERE);
    const answer = await there.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: noNat(there) });
    judge(answer?.opened.kind === 'opened', 'alice does not answer at another address');
    peer.bench.cite(answer, 'her answer goes there', 'Destination Address');
    const check = await returnCheck(there);
    if (check !== null) await there.answer(check, notifies(check.payloads, NotifyType.COOKIE2));
    const to = await destination(peer, child, 'STILL ');
    judge(to === PEER[4], `alice sends to ${to}, which nobody has asked for`);
  },
);

ikeClause(
  'rfc4555-3.7-return-is-checked',
  {
    level: 'SHOULD',
    text: 'Before SAs follow somebody it is checked that he is there: by a request with COOKIE2',
    scenario: 'The peer says at another address that it has moved, and does not answer what alice asks there.',
    brokenBy: 'ike-no-cookie2',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer, SUPPORTED);
    const there = movedTo(peer, ELSEWHERE);
    await update(there);
    const check = await returnCheck(there);
    judge(check !== null, 'alice does not check that the peer is there');
    peer.bench.cite(check, 'COOKIE2 in her request', ...INSIDE);
    const cookie = require(notifies(check.payloads, NotifyType.COOKIE2)[0], 'no COOKIE2').data;
    judge(cookie.length >= 8 && cookie.length <= 64, `COOKIE2 of ${cookie.length} octets`);
    await outbound(peer.bench, ['TOO-EARLY ']);
    const early = espUnder(peer.bench, child.outbound).filter(({ header }) => header.destination === ELSEWHERE);
    for (const seen of early.slice(0, 1))
      peer.bench.cite(seen, 'to who has not shown that he is there', 'Destination Address');
    judge(early.length === 0, 'alice sends to somebody who has not shown that he is there');
  },
);

ikeClause(
  'rfc4555-3.7-other-cookie-ends-the-ike-sa',
  {
    level: 'MUST',
    text: 'COOKIE2 that comes back changed is the end of the IKE SA',
    scenario: 'The peer moves; it answers alice’s COOKIE2 with another one.',
    brokenBy: 'ike-any-cookie2',
    plan,
  },
  async peer => {
    await mobileCall(peer, SUPPORTED);
    const there = movedTo(peer, ELSEWHERE);
    await update(there);
    const check = require(await returnCheck(there), 'alice does not check that the peer is there');
    await there.answer(check, [notify(NotifyType.COOKIE2, new Uint8Array(16).fill(0x5a))]);
    await peer.bench.lab.sleep(500);
    const deletes = [...there.heard(), ...peer.heard()].filter(({ payloads }) => payloadOf(payloads, 'D') !== null);
    for (const seen of deletes.slice(0, 1)) peer.bench.cite(seen, 'she deletes', ...INSIDE);
    judge(
      deletes.some(({ payloads }) => payloadOf(payloads, 'D')?.protocolId === 1),
      'alice goes on with the IKE SA',
    );
  },
);

for (const octets of [8, 33, 64]) {
  ikeClause(
    `rfc4555-3.7-cookie-is-returned[${octets}-octets]`,
    {
      level: 'MUST',
      text: 'COOKIE2 is copied as it is into the response',
      scenario: `The peer asks with COOKIE2 of ${octets} octets.`,
      brokenBy: 'ike-changes-cookie2',
      plan,
    },
    async peer => {
      await mobileCall(peer, SUPPORTED);
      const cookie = peer.draw(octets);
      const payloads = [notify(NotifyType.COOKIE2, cookie)];
      const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads });
      judge(answer?.opened.kind === 'opened', 'alice does not answer COOKIE2');
      peer.bench.cite(answer, 'her answer', ...INSIDE);
      const [returned] = notifies(answer.payloads, NotifyType.COOKIE2);
      judge(returned !== undefined && Buffer.from(returned.data).equals(cookie), 'alice does not return COOKIE2');
    },
  );
}

ikeClause(
  'rfc4555-3.8-nat-detection-is-answered',
  {
    level: 'MUST',
    text: 'Where a request has NAT detection its response has it as well, right for the addresses and ports that were used',
    scenario: 'The peer asks with NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP.',
    brokenBy: 'ike-hides-nats',
    plan,
  },
  async peer => {
    await mobileCall(peer, SUPPORTED);
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: noNat(peer) });
    judge(answer?.opened.kind === 'opened', 'alice does not answer NAT detection');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    const ends = [
      [NotifyType.NAT_DETECTION_SOURCE_IP, ALICE[4]],
      [NotifyType.NAT_DETECTION_DESTINATION_IP, PEER[4]],
    ] as const;
    for (const [type, address] of ends) {
      const right = natDetection(peer, address, 4500);
      const said = notifies(answer.payloads, type);
      judge(
        said.some(({ data }) => Buffer.from(data).equals(right)),
        `alice does not say of ${address} what it is`,
      );
    }
  },
);

const noNatsAllowed = (source: string, target: string) =>
  notify(
    NotifyType.NO_NATS_ALLOWED,
    Uint8Array.of(...addressOf(source), ...addressOf(target), 4500 >> 8, 4500 & 255, 4500 >> 8, 4500 & 255),
  );

ikeClause(
  'rfc4555-3.9-nat-that-is-not-allowed',
  {
    level: 'MUST',
    text: 'NO_NATS_ALLOWED that is not as the IP header is answered with UNEXPECTED_NAT_DETECTED, and nothing moves',
    scenario: 'The peer moves, and says to be at yet another address than its packet comes from.',
    brokenBy: 'ike-ignores-no-nats',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer, SUPPORTED);
    const there = movedTo(peer, ELSEWHERE);
    const answer = await update(there, noNatsAllowed('10.9.8.7', ALICE[4]));
    judge(answer?.opened.kind === 'opened', 'alice does not answer where it came from');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(has(answer, NotifyType.UNEXPECTED_NAT_DETECTED), 'alice does not say UNEXPECTED_NAT_DETECTED');
    const to = await destination(peer, child, 'STILL ');
    judge(to === PEER[4], `alice sends to ${to}`);
  },
);

ikeClause(
  'rfc4555-3.9-no-nat-as-it-should-be',
  {
    level: 'MUST',
    text: 'NO_NATS_ALLOWED that is as the IP header changes nothing about an update',
    scenario: 'The peer moves, and says truly where it is.',
    brokenBy: 'ike-ignores-updates',
    plan,
  },
  async peer => {
    const { child } = await mobileCall(peer, SUPPORTED);
    const there = movedTo(peer, ELSEWHERE);
    const answer = await update(there, noNatsAllowed(ELSEWHERE, ALICE[4]));
    judge(answer?.opened.kind === 'opened', 'alice does not answer where it came from');
    judge(errorsIn(answer.payloads).length === 0, 'alice refuses an update that is right');
    const check = await returnCheck(there);
    if (check !== null) await there.answer(check, notifies(check.payloads, NotifyType.COOKIE2));
    const to = await destination(peer, child, 'THERE ');
    judge(to === ELSEWHERE, `alice sends to ${to}`);
  },
);

/** What alice sends to the other address once the one that she uses is silent. */
async function triesElsewhere(peer: TesterPeer): Promise<readonly Heard[]> {
  await peer.bench.command({ kind: 'rekey', child: 'net' });
  const there = movedTo(peer, ELSEWHERE);
  for (let waited = 0; waited < 8_000 && there.heard().length === 0; waited += 500) await peer.bench.lab.sleep(500);
  for (const seen of there.heard().slice(0, 2)) peer.bench.cite(seen, 'to the other address', 'Destination Address');
  return there.heard();
}

ikeClause(
  'rfc4555-3.5-initiator-tries-other-addresses',
  {
    level: 'SHOULD',
    text: 'An initiator whose requests are not answered tries the other addresses of its peer, by UPDATE_SA_ADDRESSES or what is under way',
    scenario: 'Alice calls; the peer tells another address, and is silent at the one that she uses.',
    brokenBy: 'ike-forgets-addresses',
    plan: calling,
  },
  async peer => {
    await mobileAnswer(peer, SUPPORTED, additional(ELSEWHERE));
    judge((await triesElsewhere(peer)).length > 0, 'alice does not try the other address');
  },
);

ikeClause(
  'rfc4555-3.6-list-is-replaced',
  {
    level: 'MUST',
    text: 'NO_ADDITIONAL_ADDRESSES takes the place of what was told before',
    scenario: 'Alice calls; the peer tells another address, takes it back, and is silent.',
    brokenBy: 'ike-keeps-addresses',
    plan: calling,
  },
  async peer => {
    await mobileAnswer(peer, SUPPORTED, additional(ELSEWHERE));
    peer.nextRequest = 0;
    const payloads = [notify(NotifyType.NO_ADDITIONAL_ADDRESSES)];
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads });
    require(answer?.opened.kind === 'opened' ? answer : null, 'alice does not answer NO_ADDITIONAL_ADDRESSES');
    judge((await triesElsewhere(peer)).length === 0, 'alice tries an address that was taken back');
  },
);

ikeClause(
  'rfc4555-3.5-initiator-says-that-it-moved',
  {
    level: 'MUST',
    text: 'An initiator that has another address says UPDATE_SA_ADDRESSES from there, and its children follow',
    scenario: 'Alice calls; then her address is another. The peer answers her update there, and a packet leaves.',
    brokenBy: 'ike-never-says-moved',
    plan: { connection: { ...calling.connection, local: [] } },
  },
  async peer => {
    const { child } = await mobileAnswer(peer, SUPPORTED);
    const request = await moveAlice(peer, '1.2.3.44').catch(() => null);
    judge(request !== null, 'alice does not say that she has moved');
    peer.bench.cite(request, 'her first request from there', 'Source Address');
    judge(request.header.source === '1.2.3.44', `alice sends from ${request.header.source}`);
    judge(has(request, UPDATE.notifyType), 'alice does not say UPDATE_SA_ADDRESSES');
    const right = natDetection(peer, '1.2.3.44', 4500);
    const said = notifies(request.payloads, NotifyType.NAT_DETECTION_SOURCE_IP);
    judge(
      said.some(({ data }) => Buffer.from(data).equals(right)),
      'alice does not say by NAT_DETECTION_SOURCE_IP where she is',
    );
    const nat = [
      notify(NotifyType.NAT_DETECTION_SOURCE_IP, natDetection(peer, PEER[4], 4500)),
      notify(NotifyType.NAT_DETECTION_DESTINATION_IP, right),
    ];
    await answerAt(peer, '1.2.3.44', request, [...nat, ...notifies(request.payloads, NotifyType.COOKIE2)]);
    const seen = await judgeLeaves(peer, child, 'FROM-HERE ', 'alice does not send by the child');
    judge(seen.header.source === '1.2.3.44', `alice sends from ${seen.header.source}`);
  },
);
