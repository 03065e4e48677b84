import { ExchangeType, NotifyType, TsType } from '../../engine/wire/ike/registry.ts';
import type { TrafficSelector } from '../../engine/wire/ike/payload.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { FAR, FAR_NET, HOST, HOST_NET } from '../tester/bench.ts';
import { judge, require, Unsupported } from '../tester/judgement.ts';
import { judgeArrives, judgeLeaves } from '../tester/ike/child-traffic.ts';
import { askFirstChild, firstChild, judgeSelectors, textOf } from '../tester/ike/first-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { CALL } from '../tester/ike/initiate.ts';
import { notifies, payloadOf, selector } from '../tester/ike/payloads.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { answerInit, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { judgeAlive, judgeAnswers, judgeNotified } from '../tester/ike/verdicts.ts';
import { filler, udp } from '../tester/ip.ts';
import { policy, protect, tunnel } from '../tester/plans.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.9 and §3.13: what Child SAs are for. */

const EVERYTHING = selector('0.0.0.0-255.255.255.255');
const NET_A6 = selector('2001:470:24:c66::-2001:470:24:c66:ffff:ffff:ffff:ffff');
const NET_B6 = selector('2001:470:24:c67::-2001:470:24:c67:ffff:ffff:ffff:ffff');
const [NET_B] = CALL.tsi;
const [NET_A] = CALL.tsr;

type Selectors = NonNullable<NonNullable<IkePlan['child']>['local']>;

/** A child of alice’s with other selectors; her policy is for all of it. */
const childFor = (local: Selectors, remote: Selectors, sharing: 'shared' | 'unique' = 'shared'): IkePlan => ({
  child: { local, remote, sharing },
});
const whole = (addresses: string): Selectors[number] => ({ addresses, protocol: 'any', ports: 'any' });

/** Both families in one child. */
const BOTH_FAMILIES: IkePlan = {
  ...childFor([whole(HOST_NET[4]), whole(HOST_NET[6])], [whole(FAR_NET[4]), whole(FAR_NET[6])]),
  node: { policies: [policy('site', protect(tunnel()))] },
};

const tcpPorts = (startPort: number, endPort: number) => ({ protocol: IpProtocol.TCP, startPort, endPort });
const asTcp = (list: readonly TrafficSelector[]) => list.map(it => ({ ...it, protocol: IpProtocol.TCP }));

/** Fails unless the selectors are these, in whatever order. */
function judgeSame(
  said: readonly TrafficSelector[],
  expected: readonly (TrafficSelector | undefined)[],
  name: string,
): void {
  const [is, should] = [said, expected.filter(it => it !== undefined)].map(list => list.map(textOf).sort().join(', '));
  judge(is === should, `${name} is ${is}, not ${should}`);
}

ikeClause(
  'rfc7296-2.9-narrowed-to-policy',
  {
    level: 'MUST',
    text: 'The responder narrows the selectors to what its policy allows',
    scenario: 'The peer asks for all of IPv4 on both sides; alice’s policy is for two nets.',
    brokenBy: 'ike-takes-any-selectors',
  },
  async peer => {
    const { tsi, tsr } = judgeSelectors(await askFirstChild(peer, { tsi: [EVERYTHING], tsr: [EVERYTHING] }));
    judgeSame(tsi, [NET_B], 'TSi');
    judgeSame(tsr, [NET_A], 'TSr');
  },
);

ikeClause(
  'rfc7296-2.9-part-of-the-policy',
  {
    level: 'MUST',
    text: 'What is asked for within the policy is what the Child SA is for, and no more',
    scenario: 'The peer asks for 10.0.1.5 to 10.0.1.9, which is no prefix, and one address of alice’s side.',
    brokenBy: 'ike-answers-with-its-policy',
  },
  async peer => {
    const asked = { tsi: [selector('10.0.1.5-10.0.1.9')], tsr: [selector('10.0.0.2')] };
    const { tsi, tsr } = judgeSelectors(await askFirstChild(peer, asked));
    judgeSame(tsi, asked.tsi, 'TSi');
    judgeSame(tsr, asked.tsr, 'TSr');
  },
);

ikeClause(
  'rfc7296-2.9-several-ranges',
  {
    level: 'MUST',
    text: 'Several selectors are narrowed each; one that policy does not allow is left out',
    scenario: 'The peer asks for two ranges of his net, and for one of another net.',
    brokenBy: 'ike-takes-any-selectors',
  },
  async peer => {
    const own = [selector('10.0.1.16-10.0.1.31'), selector('10.0.1.64-10.0.1.95')];
    const { tsi } = judgeSelectors(await askFirstChild(peer, { tsi: [...own, selector('172.16.0.0-172.16.0.255')] }));
    judgeSame(tsi, own, 'TSi');
  },
);

ikeClause(
  'rfc7296-2.9-nothing-in-common',
  {
    level: 'MUST',
    text: 'Where nothing of what is asked for is allowed, the answer is TS_UNACCEPTABLE',
    scenario: 'The peer asks for nets that alice’s policy does not know.',
    brokenBy: 'ike-hides-selectors',
  },
  async peer => {
    const traits = { tsi: [selector('172.16.0.0-172.16.0.255')], tsr: [selector('172.17.0.0-172.17.0.255')] };
    const { response } = await askFirstChild(peer, traits);
    judgeNotified(peer, response, NotifyType.TS_UNACCEPTABLE, 'TS_UNACCEPTABLE');
    judge(payloadOf(response.payloads, 'SA') === null, 'alice makes a child nevertheless');
  },
);

ikeClause(
  'rfc7296-1.2-refused-child-leaves-the-ike-sa',
  {
    level: 'MUST',
    text: 'Where the first Child SA cannot be, the IKE SA is made nevertheless',
    scenario: 'The peer asks for nets that alice’s policy does not know, and then whether alice lives.',
    brokenBy: 'ike-ends-on-refusal',
  },
  async peer => {
    await askFirstChild(peer, { tsr: [selector('172.17.0.0-172.17.0.255')] });
    await judgeAlive(peer, 'the IKE SA does not stand after its first child was refused');
  },
);

ikeClause(
  'rfc7296-2.9-both-families',
  {
    level: 'MUST',
    text: 'A Child SA may be for IPv4 and IPv6 at once',
    scenario: 'The peer asks for nets of both families, which alice’s policy has; packets of both pass.',
    brokenBy: 'ike-knows-one-family',
    plan: BOTH_FAMILIES,
  },
  async peer => {
    const traits = { tsi: [...CALL.tsi, NET_B6], tsr: [...CALL.tsr, NET_A6] };
    const asked = await askFirstChild(peer, traits);
    const { tsi, tsr } = judgeSelectors(asked);
    judgeSame(tsi, traits.tsi, 'TSi');
    judgeSame(tsr, traits.tsr, 'TSr');
    const child = firstChild(peer, asked);
    await judgeLeaves(peer, child, 'OF-FOUR ', 'IPv4 does not leave');
    await judgeLeaves(peer, child, 'OF-SIX ', 'IPv6 does not leave', { inner: 6 });
    const inside = udp({ source: FAR[6], destination: HOST[6], payload: filler('IN-SIX ') });
    await judgeArrives(peer, child, { sequence: 1, text: 'IN-SIX ', inside }, 'IPv6 does not arrive');
  },
);

ikeClause(
  'rfc7296-2.9-families-do-not-mix',
  {
    level: 'MUST',
    text: 'Traffic is between addresses of one family: IPv6 in TSi and IPv4 in TSr have nothing in common',
    scenario: 'The peer asks for IPv6 on his side and IPv4 on alice’s, which her policy has each.',
    brokenBy: 'ike-hides-selectors',
    plan: BOTH_FAMILIES,
  },
  async peer => {
    const { response } = await askFirstChild(peer, { tsi: [NET_B6], tsr: [...CALL.tsr] });
    judgeNotified(peer, response, NotifyType.TS_UNACCEPTABLE, 'TS_UNACCEPTABLE');
  },
);

ikeClause(
  'rfc7296-3.13-unknown-type-of-selector',
  {
    level: 'MUST',
    text: 'A selector of a type that is not known is left out; those beside it are taken',
    scenario: 'The peer asks for his net, and for a selector of type 200.',
    brokenBy: 'ike-takes-any-selectors',
  },
  async peer => {
    const none = new Uint8Array(0);
    const strange = { tsType: 200, protocol: 0, startPort: 0, endPort: 0, start: none, end: none };
    const traits = { tsi: [{ ...strange, unknown: new Uint8Array(14).fill(9) }, ...CALL.tsi] };
    const { tsi } = judgeSelectors(await askFirstChild(peer, traits));
    judgeSame(tsi, CALL.tsi, 'TSi');
  },
);

ikeClause(
  'rfc7296-3.13.1-protocol-and-ports',
  {
    level: 'MUST',
    text: 'Selectors have a protocol and ports, by which they are narrowed as well',
    scenario: 'The peer asks for everything between the nets; alice’s child is for UDP to port 9 of her side.',
    brokenBy: 'ike-takes-any-selectors',
    plan: childFor(
      [{ addresses: HOST_NET[4], protocol: IpProtocol.UDP, ports: [9, 9] }],
      [{ addresses: FAR_NET[4], protocol: IpProtocol.UDP, ports: 'any' }],
    ),
  },
  async peer => {
    const { tsi, tsr } = judgeSelectors(await askFirstChild(peer));
    judgeSame(
      tsr,
      CALL.tsr.map(it => ({ ...it, protocol: IpProtocol.UDP, startPort: 9, endPort: 9 })),
      'TSr',
    );
    judgeSame(
      tsi,
      CALL.tsi.map(it => ({ ...it, protocol: IpProtocol.UDP })),
      'TSi',
    );
  },
);

ikeClause(
  'rfc7296-3.13.1-range-of-ports',
  {
    level: 'MUST',
    text: 'The common part of two ranges of ports is what both have',
    scenario: 'The peer asks for the ports 1000 to 2000 of TCP; alice’s child is for 1500 to 3000.',
    brokenBy: 'ike-takes-any-selectors',
    plan: childFor(
      [{ addresses: HOST_NET[4], protocol: IpProtocol.TCP, ports: [1500, 3000] }],
      [{ addresses: FAR_NET[4], protocol: IpProtocol.TCP, ports: 'any' }],
    ),
  },
  async peer => {
    const traits = {
      tsi: CALL.tsi.map(it => ({ ...it, protocol: IpProtocol.TCP })),
      tsr: CALL.tsr.map(it => ({ ...it, ...tcpPorts(1000, 2000) })),
    };
    const { tsr } = judgeSelectors(await askFirstChild(peer, traits));
    judgeSame(
      tsr,
      CALL.tsr.map(it => ({ ...it, ...tcpPorts(1500, 2000) })),
      'TSr',
    );
  },
);

ikeClause(
  'rfc7296-3.13.1-other-protocol',
  {
    level: 'MUST',
    text: 'Selectors of different protocols have nothing in common',
    scenario: 'The peer asks for TCP; alice’s child is for UDP.',
    brokenBy: 'ike-hides-selectors',
    plan: childFor(
      [{ addresses: HOST_NET[4], protocol: IpProtocol.UDP, ports: 'any' }],
      [{ addresses: FAR_NET[4], protocol: IpProtocol.UDP, ports: 'any' }],
    ),
  },
  async peer => {
    const { response } = await askFirstChild(peer, { tsi: asTcp(CALL.tsi), tsr: asTcp(CALL.tsr) });
    judgeNotified(peer, response, NotifyType.TS_UNACCEPTABLE, 'TS_UNACCEPTABLE');
  },
);

ikeClause(
  'rfc7296-3.13.1-opaque-ports',
  {
    level: 'MUST',
    text: 'OPAQUE ports are a start of 65535 and an end of 0, and are not ANY',
    scenario: 'The peer asks for UDP with OPAQUE ports on both sides, which is what alice’s child is for.',
    brokenBy: 'ike-opaque-is-any',
    plan: childFor(
      [{ addresses: HOST_NET[4], protocol: IpProtocol.UDP, ports: 'opaque' }],
      [{ addresses: FAR_NET[4], protocol: IpProtocol.UDP, ports: 'opaque' }],
    ),
  },
  async peer => {
    const opaque = { protocol: IpProtocol.UDP, startPort: 0xffff, endPort: 0 };
    const traits = { tsi: CALL.tsi.map(it => ({ ...it, ...opaque })), tsr: CALL.tsr.map(it => ({ ...it, ...opaque })) };
    const { tsi, tsr } = judgeSelectors(await askFirstChild(peer, traits));
    judgeSame(tsi, traits.tsi, 'TSi');
    judgeSame(tsr, traits.tsr, 'TSr');
  },
);

ikeClause(
  'rfc7296-3.13.1-icmp-type-and-code',
  {
    level: 'MUST',
    text: 'For ICMP the start and the end of ports are type and code: type in the upper octet',
    scenario: 'The peer asks for all of ICMP; alice’s child is for echo requests, type 8 and code 0.',
    brokenBy: 'ike-takes-any-selectors',
    plan: childFor(
      [{ addresses: HOST_NET[4], protocol: IpProtocol.ICMP, ports: [0x0800, 0x0800] }],
      [{ addresses: FAR_NET[4], protocol: IpProtocol.ICMP, ports: [0x0800, 0x0800] }],
    ),
  },
  async peer => {
    const icmp = { protocol: IpProtocol.ICMP };
    const echo = { ...icmp, startPort: 0x0800, endPort: 0x0800 };
    const traits = { tsi: CALL.tsi.map(it => ({ ...it, ...icmp })), tsr: CALL.tsr.map(it => ({ ...it, ...icmp })) };
    const { tsi, tsr } = judgeSelectors(await askFirstChild(peer, traits));
    judgeSame(
      tsi,
      CALL.tsi.map(it => ({ ...it, ...echo })),
      'TSi',
    );
    judgeSame(
      tsr,
      CALL.tsr.map(it => ({ ...it, ...echo })),
      'TSr',
    );
  },
);

const UNIQUE = childFor([whole(HOST_NET[4])], [whole(FAR_NET[4])], 'unique');

ikeClause(
  'rfc7296-2.9-first-selectors-are-kept',
  {
    level: 'MUST',
    text: 'A responder that narrows keeps what the first selectors ask for: the packet that wants the SA',
    scenario:
      'Alice’s policy has an SA for each pair of addresses. The peer asks for one pair, and for the nets behind it.',
    brokenBy: 'ike-keeps-the-last-selectors',
    plan: UNIQUE,
  },
  async peer => {
    const pair = { tsi: selector('10.0.1.2'), tsr: selector('10.0.0.2') };
    const asked = await askFirstChild(peer, { tsi: [pair.tsi, ...CALL.tsi], tsr: [pair.tsr, ...CALL.tsr] });
    const { tsi, tsr } = judgeSelectors(asked);
    judgeSame(tsi, [pair.tsi], 'TSi');
    judgeSame(tsr, [pair.tsr], 'TSr');
  },
);

ikeClause(
  'rfc7296-2.9-more-is-possible',
  {
    level: 'MAY',
    text: 'ADDITIONAL_TS_POSSIBLE says that more of what was asked for would be allowed in other SAs',
    scenario: 'The same; the notifies of alice’s answer are looked at.',
    brokenBy: 'ike-hides-that-more-is-possible',
    plan: UNIQUE,
  },
  async peer => {
    const asked = await askFirstChild(peer, {
      tsi: [selector('10.0.1.2'), ...CALL.tsi],
      tsr: [selector('10.0.0.2'), ...CALL.tsr],
    });
    judgeSelectors(asked);
    const said = notifies(asked.response.payloads, NotifyType.ADDITIONAL_TS_POSSIBLE);
    judge(said.length === 1, 'alice does not say that more would be possible');
  },
);

ikeClause(
  'rfc7296-2.9-single-pair-required',
  {
    level: 'MUST',
    text: 'A responder that makes SAs for one pair of addresses alone answers a request without one with SINGLE_PAIR_REQUIRED',
    scenario: 'Alice’s policy has an SA for each pair of addresses. The peer asks for the nets.',
    brokenBy: 'ike-hides-single-pair',
    plan: UNIQUE,
  },
  async peer => {
    const { response } = await askFirstChild(peer);
    judgeNotified(peer, response, NotifyType.SINGLE_PAIR_REQUIRED, 'SINGLE_PAIR_REQUIRED');
    await judgeAnswers(peer, 'the IKE SA does not stand after its first child was refused');
  },
);

ikeClause(
  'rfc7296-2.9-packet-comes-first',
  {
    level: 'SHOULD',
    text: 'An initiator whom a packet makes ask puts the addresses, protocol and ports of that packet first, its policy behind',
    scenario: 'A datagram from 10.0.0.2 to 10.0.1.2 makes alice call; the selectors of her IKE_AUTH are looked at.',
    brokenBy: 'ike-forgets-the-packet',
  },
  async peer => {
    const { name, implementation } = peer.bench.subject;
    if (implementation !== undefined) throw new Unsupported(`${name} calls at a word, not for a packet`);
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, 'her IKE_AUTH', ...INSIDE);
    const [tsi, tsr] = [payloadOf(request.payloads, 'TSi'), payloadOf(request.payloads, 'TSr')];
    const packet = { protocol: IpProtocol.UDP };
    const [from, to] = [
      selector('10.0.0.2', { ...packet, startPort: 40_000, endPort: 40_000 }),
      selector('10.0.1.2', { ...packet, startPort: 9, endPort: 9 }),
    ];
    judgeSame(tsi?.selectors ?? [], [from, NET_A], 'TSi');
    judgeSame(tsr?.selectors ?? [], [to, NET_B], 'TSr');
    const firsts = [tsi?.selectors[0], tsr?.selectors[0]].map(it => textOf(require(it, 'no selector')));
    judge(firsts.join() === [from, to].map(textOf).join(), 'alice does not put the packet first');
  },
);

ikeClause(
  'rfc7296-3.13-type-of-selector-is-that-of-its-addresses',
  {
    level: 'MUST',
    text: 'TS_IPV4_ADDR_RANGE has addresses of 4 octets, TS_IPV6_ADDR_RANGE of 16; the start is not behind the end',
    scenario: 'Alice, with nets of both families, calls; the selectors of her IKE_AUTH are looked at.',
    brokenBy: 'ike-turns-ranges-around',
    plan: BOTH_FAMILIES,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, 'her IKE_AUTH', ...INSIDE);
    const all = (['TSi', 'TSr'] as const).flatMap(type => payloadOf(request.payloads, type)?.selectors ?? []);
    judge(all.length >= 4, 'alice does not ask for both families');
    for (const it of all) {
      const octets = it.tsType === TsType.TS_IPV4_ADDR_RANGE ? 4 : 16;
      judge(it.start.length === octets && it.end.length === octets, `${textOf(it)} has addresses of other octets`);
      judge(Buffer.compare(it.start, it.end) <= 0, `${textOf(it)} ends before it starts`);
    }
    judge(request.ike?.exchangeType === ExchangeType.IKE_AUTH, 'not in IKE_AUTH');
  },
);
