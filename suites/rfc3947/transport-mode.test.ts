import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { ALICE, PEER } from '../tester/bench.ts';
import { sealEsp } from '../tester/esp.ts';
import { answerHalves, answerProof, called, choose, isFirst } from '../tester/ike-v1/main-mode-answer.ts';
import { firstBody } from '../tester/ike-v1/messages.ts';
import { BEHIND, callThroughNat, displaced, MAPPED } from '../tester/ike-v1/nat.ts';
import { attributeOf, NOTIFY, payloadOf, payloadsOf } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import type { V1Plan } from '../tester/ike-v1/plans.ts';
import { quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick, MODE, type QuickAsked } from '../tester/ike-v1/quick-mode.ts';
import { IPSEC } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeNoQuick, judgeNotified, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import type { TesterChild } from '../tester/ike/initiate.ts';
import { leftUnder } from '../tester/ike/child-traffic.ts';
import { addressOf, echoRequest, filler, headerOf } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { policy, protect, transform } from '../tester/plans.ts';
import { datagram } from '../tester/udp-on-bench.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 3947 §5.2: transport mode through a NAT, and the addresses that there were before it. */

const DYNAMIC = [{ addresses: 'dynamic', protocol: 'any', ports: 'any' }] as const;

/** Alice protects all between herself and the peer. */
const TRANSPORT: V1Plan = {
  child: { mode: 'transport', local: DYNAMIC, remote: DYNAMIC },
  node: { policies: [policy('site', protect(transform({ mode: 'transport' })), { local: ALICE[4], remote: PEER[4] })] },
};

const original = (address: string): IsakmpPayload => ({ type: 'NATOA', idType: 1, data: addressOf(address) });

const adding = (...payloads: readonly IsakmpPayload[]): V1Alteration => ({
  message: message => ({ ...message, payloads: [...message.payloads, ...payloads] }),
});

/** The peer, behind a NAT, asks for transport mode as it knows itself and alice. */
async function askTransport(peer: TesterV1Peer): Promise<QuickAsked> {
  await callThroughNat(peer);
  const ends = { own: BEHIND, other: ALICE[4] };
  return askQuick(peer, { mode: MODE.udpTransport, ...ends }, adding(original(BEHIND), original(ALICE[4])));
}

/** Fails unless both are there, the initiator's first. */
function judgeOriginals(peer: TesterV1Peer, heard: HeardV1, initiator: string, responder: string): void {
  peer.bench.cite(heard, 'original addresses', ...INSIDE);
  const said = payloadsOf(heard.payloads, 'NATOA').map(({ data }) => [...data].join('.'));
  judge(said.length === 2, `alice sends ${said.length} NAT-OA payloads`);
  judge(said[0] === initiator && said[1] === responder, `alice says that there are ${said.join(' and ')}`);
}

v1Clause(
  'rfc3947-5.2-responder-says-original-addresses',
  {
    level: 'MUST',
    text: 'In UDP-Encapsulated-Transport both ends send NAT-OAi and NAT-OAr, in that order, as they see these addresses',
    scenario: 'The peer, behind a NAT, asks for transport mode; alice’s message 2 is looked at.',
    brokenBy: 'v1-no-original-addresses',
    plan: TRANSPORT,
  },
  async peer => {
    const asked = await askTransport(peer);
    await judgeQuick(peer, asked, 'alice makes no SA of transport mode through a NAT');
    judgeOriginals(peer, require(asked.response, 'no answer'), PEER[4], ALICE[4]);
  },
);

v1Clause(
  'rfc3947-5.2-order-of-original-addresses',
  {
    level: 'MUST',
    text: 'NAT-OAi is the initiator’s, and stands in front of the responder’s NAT-OAr, whoever sends them',
    scenario: 'The peer, behind a NAT, asks for transport mode; alice’s message 2 is looked at.',
    brokenBy: 'v1-swaps-original-addresses',
    plan: TRANSPORT,
  },
  async peer => {
    const asked = await askTransport(peer);
    judgeOriginals(peer, require(asked.response, 'no answer'), PEER[4], ALICE[4]);
  },
);

v1Clause(
  'rfc3947-5.2-initiator-says-original-addresses',
  {
    level: 'MUST',
    text: 'In UDP-Encapsulated-Transport both ends send NAT-OAi and NAT-OAr, in that order, as they see these addresses',
    scenario:
      'Alice, by the peer’s word behind a NAT, calls for transport mode; her message 1 of Quick Mode is looked at.',
    brokenBy: 'v1-no-original-addresses',
    plan: TRANSPORT,
  },
  async peer => {
    const request = await callForTransport(peer);
    judgeOriginals(peer, request, ALICE[4], PEER[4]);
    const transforms = (payloadOf(request.payloads, 'SA')?.proposals ?? []).flatMap(it => it.transforms);
    const modes = new Set(transforms.map(it => attributeOf(it, IPSEC.mode)));
    judge([...modes].join() === String(MODE.udpTransport), `alice asks for mode ${[...modes].join()}`);
  },
);

/** Alice is told to call, and finds out on the way that she is behind a NAT; gives her Quick Mode. */
async function callForTransport(peer: TesterV1Peer): Promise<HeardV1> {
  const after = peer.heard().length;
  await peer.bench.command({ kind: 'initiate', child: 'net' });
  const first = called(peer, await peer.expect('message 1 of phase 1', isFirst, after));
  const third = require(await choose(peer, first), 'alice did not go on');
  require(await answerHalves(peer, third, displaced(peer, 'other')), 'alice did not say who she is');
  peer.float();
  await answerProof(peer, firstBody(first.octets));
  return quickRequest(peer);
}

v1Clause(
  'rfc3947-5.1-transport-mode-carries',
  {
    level: 'MUST',
    text: 'What was agreed on in transport mode goes in UDP, to and from where the NAT has put the peer',
    scenario: 'The peer, behind a NAT, asks for transport mode, and pings alice by it.',
    brokenBy: 'v1-esp-without-udp',
    plan: TRANSPORT,
  },
  async peer => {
    const child = await judgeQuick(peer, await askTransport(peer), 'alice makes no SA');
    await ping(peer, child, 'THROUGH-THE-NAT ');
    const [reply] = leftUnder(peer.bench, child, 'THROUGH-THE-NAT ');
    judge(reply !== undefined, 'alice does not answer by the SA');
    peer.bench.cite(reply, 'her reply');
    judge(
      reply.ports?.from === 4500 && reply.ports.to === MAPPED,
      `her reply goes to port ${reply.ports?.to ?? 'none'}`,
    );
  },
);

/** An echo request in transport mode, in UDP. */
async function ping(peer: TesterV1Peer, { inbound }: TesterChild, text: string): Promise<void> {
  const ends = { source: PEER[4], destination: ALICE[4] };
  const payload = headerOf(echoRequest({ ...ends, data: filler(text) })).payload;
  const esp = sealEsp({ keys: inbound, sequence: 1, nextHeader: IpProtocol.ICMP, payload });
  await peer.bench.fromOutside([datagram({ ...ends, from: MAPPED, payload: esp })]);
}

v1Clause(
  'rfc3947-5.1-plain-transport-through-a-nat',
  {
    level: 'SHOULD',
    text: 'Where a NAT was found, modes without UDP are of no use: they are not agreed on',
    scenario: 'The peer, behind a NAT, asks for Transport, without UDP.',
    brokenBy: 'v1-takes-plain-modes',
    plan: TRANSPORT,
  },
  async peer => {
    await callThroughNat(peer);
    const asked = await askQuick(peer, { mode: MODE.transport, own: BEHIND, other: ALICE[4] });
    judgeNoQuick(peer, asked, 'alice agrees to what no NAT lets through');
    judgeNotified(peer, asked.response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
  },
);

v1Clause(
  'rfc3947-5.2-several-hosts-are-no-transport',
  {
    level: 'MUST',
    text: 'Transport mode is between two hosts, and behind a NAT as well',
    scenario: 'The peer, behind a NAT, asks for transport mode for a net.',
    brokenBy: 'v1-takes-nets-for-hosts',
    plan: TRANSPORT,
  },
  async peer => {
    await callThroughNat(peer);
    const ends = { own: '192.168.1.0/24', other: ALICE[4] };
    const asked = await askQuick(
      peer,
      { mode: MODE.udpTransport, ...ends },
      adding(original(BEHIND), original(ALICE[4])),
    );
    judgeNoQuick(peer, asked, 'alice makes an SA of transport mode for a net');
  },
);
