import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { FAR, HOST } from '../tester/bench.ts';
import { outbound, refused } from '../tester/esp-on-bench.ts';
import {
  judgeArrives,
  judgeCarries,
  judgeLeaves,
  judgeNotClear,
  judgeRefused,
  leftUnder,
  sendBy,
} from '../tester/ike/child-traffic.ts';
import { askFirstChild, firstChild } from '../tester/ike/first-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { authPayloads, CALL, call, childOf, openCall, type TesterChild } from '../tester/ike/initiate.ts';
import { payloadOf, selector } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { answerCall, answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { echoRequest, filler, headerOf, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';

/** RFC 7296 §2.17, §2.24 and §2.9: what passes by Child SAs that were negotiated, and what does not. */

for (const [suite, brokenBy] of [
  ['aes256gcm16', 'ike-swaps-child-keys'],
  ['aes128gcm16', 'ike-swaps-child-keys'],
  ['aes256-sha256', 'ike-integrity-first'],
  ['aes128-sha256', 'ike-integrity-first'],
] as const) {
  ikeClause(
    `rfc7296-2.17-keys-as-responder[${suite}]`,
    {
      level: 'MUST',
      text: 'KEYMAT is prf+(SK_d, Ni | Nr): the initiator’s direction first, in each the key of encryption before that of integrity',
      scenario: 'The peer calls. What he seals arrives, and he can read what alice seals.',
      brokenBy,
    },
    async peer => {
      const { child } = await call(peer, { childSuite: suite });
      await judgeCarries(peer, child, 1, suite);
    },
  );
  ikeClause(
    `rfc7296-2.17-keys-as-initiator[${suite}]`,
    {
      level: 'MUST',
      text: 'The same where alice is the initiator',
      scenario: 'Alice calls. What the peer seals arrives, and he can read what alice seals.',
      brokenBy,
    },
    async peer => {
      const { child } = await answerCall(peer, { childSuite: suite });
      await judgeCarries(peer, child, 1, suite);
    },
  );
}

/** A child for UDP from the port 9 of one far address to one of alice’s side. */
async function narrowChild(peer: TesterPeer): Promise<TesterChild> {
  const ports = { protocol: IpProtocol.UDP, startPort: 9, endPort: 9 };
  const asked = await askFirstChild(peer, {
    tsi: [selector('10.0.1.2', { protocol: IpProtocol.UDP })],
    tsr: [selector('10.0.0.2', ports)],
  });
  const child = firstChild(peer, asked);
  await judgeArrives(peer, child, { sequence: 1, text: 'WITHIN ' }, 'alice does not take what the child is for');
  return child;
}

for (const [slug, what, order] of [
  ['source', 'from another host of the same net', { source: '10.0.1.3' }],
  ['port', 'to another port', { to: 10 }],
  [
    'protocol',
    'of another protocol',
    { inside: echoRequest({ source: FAR[4], destination: HOST[4], data: filler('BEYOND ') }) },
  ],
] as const) {
  ikeClause(
    `rfc7296-2.9-packets-outside-of-the-selectors[${slug}]`,
    {
      level: 'MUST',
      text: 'What comes out of a Child SA and is not what its selectors say is dropped (RFC 4301 §5.2)',
      scenario: `The child is for UDP from 10.0.1.2 to the port 9 of 10.0.0.2; a packet comes by it ${what}.`,
      brokenBy: 'ike-installs-without-selectors',
    },
    async peer => {
      const child = await narrowChild(peer);
      const said = 'alice takes by a Child SA what it is not for';
      await judgeRefused(peer, child, { sequence: 2, text: 'BEYOND ', ...order }, said);
      await judgeArrives(peer, child, { sequence: 3, text: 'WITHIN-AGAIN ' }, 'alice takes nothing any more');
    },
  );
}

ikeClause(
  'rfc7296-2.9-packets-outside-of-the-selectors[destination]',
  {
    level: 'MUST',
    text: 'The same of the addresses on alice’s side',
    scenario: 'The child is for 10.0.0.64 to 10.0.0.127; a packet comes by it to 10.0.0.2.',
    brokenBy: 'ike-installs-without-selectors',
  },
  async peer => {
    const child = firstChild(peer, await askFirstChild(peer, { tsr: [selector('10.0.0.64-10.0.0.127')] }));
    await judgeRefused(peer, child, { sequence: 1, text: 'BEYOND ' }, 'alice takes by a Child SA what it is not for');
  },
);

for (const [slug, what, traits] of [
  ['destination', 'to another host of the same net', { from: 9, destination: '10.0.1.3' }],
  ['port', 'from another port', { from: 11 }],
] as const) {
  ikeClause(
    `rfc7296-2.9-nothing-else-leaves-by-the-child[${slug}]`,
    {
      level: 'MUST',
      text: 'What the selectors of a Child SA do not match does not leave by it, nor in the clear',
      scenario: `The child is for UDP from the port 9 of 10.0.0.2 to 10.0.1.2; a packet comes from inside ${what}.`,
      brokenBy: 'ike-installs-without-selectors',
    },
    async peer => {
      const child = await narrowChild(peer);
      await judgeLeaves(peer, child, 'ALLOWED ', 'what the child is for does not leave by it', { from: 9 });
      await outbound(peer.bench, ['BEYOND '], traits);
      const left = leftUnder(peer.bench, child, 'BEYOND ');
      for (const seen of left.slice(0, 1)) peer.bench.cite(seen, 'by a child that is not for it', 'SPI');
      judge(left.length === 0, 'alice sends by a Child SA what it is not for');
      judgeNotClear(peer.bench, 'BEYOND ', 'a packet leaves in the clear because no Child SA is for it');
    },
  );
}

ikeClause(
  'rfc7296-2.9-initiator-keeps-to-a-narrowed-answer',
  {
    level: 'MUST',
    text: 'What the responder has narrowed is what the Child SA of the initiator is for',
    scenario:
      'Alice calls for a net; the peer narrows it to one address. A packet to another does not leave by the child.',
    brokenBy: 'ike-installs-without-selectors',
  },
  async peer => {
    const state = await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    const right = authAnswer(peer, state, request);
    const one = [selector('10.0.1.2')];
    await peer.answer(
      request,
      right.map(it => (it.type === 'TSr' ? { ...it, selectors: one } : it)),
    );
    const offered = require(payloadOf(request.payloads, 'SA')?.proposals[0], 'alice asks for no child');
    const order = { suite: CALL.childSuite, aliceSpi: Buffer.from(offered.spi).readUInt32BE(), peerSpi: CALL.childSpi };
    const child = childOf(peer, { ...order, isByPeer: false }, [state.nonceI, state.nonceR]);
    await judgeLeaves(peer, child, 'TO-THE-ONE ', 'what the child is for does not leave by it');
    await outbound(peer.bench, ['TO-ANOTHER '], { destination: '10.0.1.3' });
    judge(leftUnder(peer.bench, child, 'TO-ANOTHER ').length === 0, 'alice sends by a Child SA what it is not for');
    judgeNotClear(peer.bench, 'TO-ANOTHER ', 'a packet leaves in the clear because no Child SA is for it');
    await judgeRefused(peer, child, { sequence: 1, text: 'FROM-ANOTHER ', source: '10.0.1.3' }, 'alice takes it, too');
  },
);

ikeClause(
  'rfc7296-1.2-nothing-in-the-clear-before',
  {
    level: 'MUST',
    text: 'Until there is an SA nothing that policy protects leaves, whatever becomes of the negotiation',
    scenario:
      'Packets come from inside before alice has called, while she waits for an answer, and between both exchanges.',
    brokenBy: 'bypasses-protect',
  },
  async peer => {
    await outbound(peer.bench, ['BEFORE-1 ', 'BEFORE-2 ']);
    judgeNotClear(peer.bench, 'BEFORE-', 'a packet leaves in the clear before there is an SA');
    const request = await letAliceCall(peer).catch(() => peer.requests(ExchangeType.IKE_SA_INIT)[0]);
    await answerInit(peer, require(request, 'alice does not call'));
    await outbound(peer.bench, ['BETWEEN ']);
    judgeNotClear(peer.bench, 'BETWEEN ', 'a packet leaves in the clear before there is an SA');
  },
);

const inTheClear = (text: string) => udp({ source: FAR[4], destination: HOST[4], payload: filler(text) });

ikeClause(
  'rfc7296-1.2-clear-packets-are-not-taken',
  {
    level: 'MUST',
    text: 'What policy protects is not taken in the clear, before there is an SA nor when there is one',
    scenario: 'A packet comes in the clear from the peer’s net before the call, and after it.',
    brokenBy: 'accepts-clear',
  },
  async peer => {
    await peer.bench.fromOutside([inTheClear('CLEAR-BEFORE ')]);
    refused(peer.bench, 'CLEAR-BEFORE ', 'alice takes in the clear what she should protect');
    await call(peer);
    await peer.bench.fromOutside([inTheClear('CLEAR-AFTER ')]);
    refused(peer.bench, 'CLEAR-AFTER ', 'alice takes in the clear what she should protect');
  },
);

ikeClause(
  'rfc7296-1.2-nothing-is-taken-before-auth',
  {
    level: 'MUST',
    text: 'There is no Child SA before the peer has proven who it is',
    scenario: 'The peer sends IKE_AUTH whose AUTH is wrong, and then by the child as if it were there.',
    brokenBy: 'ike-believes-all',
  },
  async peer => {
    const { traits, opening } = await askFirstChildAsStranger(peer);
    const order = { suite: traits.childSuite, aliceSpi: opening.aliceSpi, peerSpi: traits.childSpi, isByPeer: true };
    const child = childOf(peer, order, [opening.nonceI, opening.nonceR]);
    await judgeRefused(peer, child, { sequence: 1, text: 'OF-A-STRANGER ' }, 'alice takes packets of a stranger');
  },
);

/** IKE_AUTH with a secret that is not theirs; the SPI of alice’s answer, or none. */
async function askFirstChildAsStranger(peer: TesterPeer) {
  const traits = { ...CALL, psk: 'another secret' };
  const opening = await openCall(peer);
  const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening, traits) });
  const spi = payloadOf(answer?.payloads ?? [], 'SA')?.proposals[0]?.spi ?? new Uint8Array(4);
  return { traits, opening: { ...opening, aliceSpi: Buffer.from(spi).readUInt32BE() } };
}

ikeClause(
  'rfc7296-1.3-replays-by-a-negotiated-child',
  {
    level: 'MUST',
    text: 'A Child SA checks replays as its policy says: IKE makes its keys fresh, so that this is possible',
    scenario: 'A packet of the peer’s comes twice, and one whose ICV is wrong.',
    brokenBy: 'ignores-replays',
  },
  async peer => {
    const { child } = await call(peer);
    const order = { sequence: 7, text: 'ONCE ' };
    await judgeArrives(peer, child, order, 'alice does not take a packet by the child');
    await sendBy(peer, child, order);
    judge(peer.bench.arrivals('ONCE ').length === 1, 'alice takes a packet twice');
  },
);

ikeClause(
  'rfc7296-2.24-congestion-outside-comes-inside',
  {
    level: 'MUST',
    text: 'Tunnels of Child SAs have the full function of ECN: what was marked on the way is marked inside',
    scenario: 'A packet comes by the child whose outer header says CE and whose inner one ECT(0).',
    brokenBy: 'ignores-outer-ecn',
  },
  async peer => {
    const { child } = await call(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'MARKED ', ecn: 2, outerEcn: 3 }, 'it does not arrive');
    const [seen] = peer.bench.arrivals('MARKED ');
    judge(seen?.header.ecn === 3, `the ECN field inside is ${seen?.header.ecn}, not 3`);
  },
);

ikeClause(
  'rfc7296-2.24-ecn-goes-outside',
  {
    level: 'MUST',
    text: 'The same on the way out: the outer header has the ECN field of the inner one',
    scenario: 'A packet with ECT(0) comes from inside; the header around it is looked at.',
    brokenBy: 'clears-ecn',
  },
  async peer => {
    const { child } = await call(peer);
    const seen = await judgeLeaves(peer, child, 'ECT ', 'it does not leave by the child', { ecn: 2 });
    judge(seen.header.ecn === 2, `the ECN field outside is ${seen.header.ecn}, not 2`);
    const inner = headerOf(seen.opened?.payload ?? new Uint8Array(0));
    judge(inner.ecn === 2, `the ECN field inside is ${inner.ecn}, not 2`);
  },
);
