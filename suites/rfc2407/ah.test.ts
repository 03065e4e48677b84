import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { IsakmpProposal } from '../../engine/wire/isakmp/payload.ts';
import { openAh, sealAh } from '../tester/ah.ts';
import { ALICE, FAR, HOST, PEER } from '../tester/bench.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain } from '../tester/ike-v1/main-mode.ts';
import { callThroughNat } from '../tester/ike-v1/nat.ts';
import { attributeOf, NOTIFY, payloadOf, PROTOCOL, transform } from '../tester/ike-v1/payloads.ts';
import type { TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { childProposal, type V1Plan } from '../tester/ike-v1/plans.ts';
import { quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import {
  askQuick,
  childOf,
  concludeQuick,
  isAgreed,
  MODE,
  type QuickAsked,
  spiOf,
} from '../tester/ike-v1/quick-mode.ts';
import { ahTransformOf, type Attribute, IPSEC } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeNoQuick, judgeNotified } from '../tester/ike-v1/verdicts.ts';
import type { TesterChild } from '../tester/ike/initiate.ts';
import { filler, holds, packet, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { between, policy, protect, tunnel } from '../tester/plans.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2407 §4.4.3: AH. */

const SPI = 0xc0ff_ee31;

/** Alice’s nets are authenticated, and not encrypted. */
const AH: V1Plan = {
  child: { proposals: [childProposal({ protocol: 'ah', encryption: [], integrity: ['sha256', 'sha1'] })] },
  node: { policies: [policy('site', protect(tunnel(4, { protocol: 'ah' })), between(4))] },
};

/** One transform of AH. */
function ahProposal(integrity: string, attributes = ahTransformOf(integrity).attributes): IsakmpProposal {
  const all: readonly Attribute[] = [[IPSEC.mode, MODE.tunnel], ...attributes];
  const transforms = [transform(1, ahTransformOf(integrity).id, all)];
  return { number: 1, protocolId: PROTOCOL.ah, spi: u32(SPI), transforms };
}

const ask = (peer: TesterV1Peer, proposal: IsakmpProposal): Promise<QuickAsked> =>
  askQuick(peer, { proposals: [proposal], childSpi: SPI });

/** The SAs of message 2, under keys of their own; message 3 is sent. */
async function conclude(peer: TesterV1Peer, asked: QuickAsked, suite: string): Promise<TesterChild> {
  if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(isAgreed(asked), 'alice makes no SA of AH');
  const { payloads } = asked.response;
  const [sa, nonce] = [require(payloadOf(payloads, 'SA'), 'no SA'), require(payloadOf(payloads, 'NONCE'), 'no nonce')];
  judge(sa.proposals[0]?.protocolId === PROTOCOL.ah, `alice answers with protocol ${sa.proposals[0]?.protocolId}`);
  const order = { suite, mode: MODE.tunnel, aliceSpi: spiOf(sa), peerSpi: u32(SPI), protocol: 'ah' } as const;
  const child = childOf(peer, order, { nonceI: asked.nonceI, nonceR: nonce.data, shared: null });
  await concludeQuick(peer, asked);
  return child;
}

for (const integrity of ['sha256', 'sha1']) {
  v1Clause(
    `rfc2407-4.4.3-ah[${integrity}]`,
    {
      level: 'MUST',
      text: 'AH is negotiated by a transform of its own and the Authentication Algorithm that goes with it; KEYMAT is made with its protocol number',
      scenario: `The peer asks for AH with ${integrity}; packets that are authenticated by keys that it has computed go both ways.`,
      brokenBy: 'v1-no-ah',
      plan: AH,
    },
    async peer => {
      await callMain(peer);
      const { inbound, outbound: own } = await conclude(peer, await ask(peer, ahProposal(integrity)), integrity);
      const inside = udp({ source: FAR[4], destination: HOST[4], payload: filler('AUTHENTIC ') });
      const ip = packet({ source: PEER[4], destination: ALICE[4], protocol: IpProtocol.IPV4, payload: inside });
      await peer.bench.fromOutside([sealAh({ keys: inbound, sequence: 1, ip })]);
      judge(peer.bench.arrivals('AUTHENTIC ').length === 1, 'alice does not take what the peer has authenticated');
      await outbound(peer.bench, ['IN-RETURN ']);
      const seen = peer.bench.outside().find(it => holds(it.ip, 'IN-RETURN '));
      judge(seen !== undefined, 'alice sends nothing by the SA');
      peer.bench.cite(seen, 'under AH', 'SPI');
      judge(openAh(own, seen.ip)?.icvOk === true, 'the ICV of alice is not of the keys that were agreed on');
    },
  );
}

const UNFIT: Readonly<Record<string, IsakmpProposal>> = {
  'no-algorithm': ahProposal('sha256', []),
  'of-another-transform': ahProposal('sha256', ahTransformOf('sha1').attributes),
  'that-nobody-has': ahProposal('sha256', [[IPSEC.authentication, 200]]),
};

for (const [slug, proposal] of Object.entries(UNFIT)) {
  v1Clause(
    `rfc2407-4.4.3-authentication-of-ah[${slug}]`,
    {
      level: 'MUST',
      text: 'A transform of AH has the Authentication Algorithm that belongs to it, and no other',
      scenario: `The peer asks for AH_SHA2-256 with an Authentication Algorithm: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-any-ah-algorithm',
      plan: AH,
    },
    async peer => {
      await callMain(peer);
      const asked = await ask(peer, proposal);
      judgeNoQuick(peer, asked, 'alice takes a transform that says nothing, or two things');
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
    },
  );
}

v1Clause(
  'rfc2407-4.4.3-offer-of-ah',
  {
    level: 'MUST',
    text: 'A transform of AH has the Authentication Algorithm that belongs to it, and no other',
    scenario: 'Alice, whose policy wants AH, asks for an SA; her transforms are looked at.',
    brokenBy: 'v1-mixes-ah-transforms',
    plan: AH,
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE, 'Payload SA', 'Payload N');
    const proposals = payloadOf(request.payloads, 'SA')?.proposals ?? [];
    judge(
      proposals.every(({ protocolId }) => protocolId === PROTOCOL.ah),
      'alice offers something besides AH',
    );
    const said = proposals.flatMap(({ transforms }) =>
      transforms.map(it => `${it.id}/${attributeOf(it, IPSEC.authentication)}`),
    );
    const right = ['sha256', 'sha1'].map(integrity => {
      const { id, attributes } = ahTransformOf(integrity);
      return `${id}/${String(attributes[0]?.[1])}`;
    });
    judge(said.join() === right.join(), `alice offers ${said.join()} and not ${right.join()}`);
  },
);

v1Clause(
  'rfc3947-1-no-ah-through-a-nat',
  {
    level: 'MUST NOT',
    text: 'AH covers the addresses that a NAT changes: it is not agreed on through one',
    scenario: 'The peer calls from behind a NAT, and asks for AH, which alice’s policy wants.',
    brokenBy: 'v1-stays-on-500',
    plan: AH,
  },
  async peer => {
    await callThroughNat(peer);
    const asked = await ask(peer, ahProposal('sha256'));
    judgeNoQuick(peer, asked, 'alice makes an SA of AH through a NAT');
    judgeNotified(peer, asked.response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
  },
);
