import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { ALICE, PEER } from '../tester/bench.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { areYouThere, informAsking } from '../tester/ike-v1/informational.ts';
import { answerHalves, answerMain, answerProof, choose, letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { askHalves, askProof, callMain, exchangeHalves, isProof, offer, proven } from '../tester/ike-v1/main-mode.ts';
import { firstBody } from '../tester/ike-v1/messages.ts';
import {
  attributeOf,
  EXCHANGE,
  fqdn,
  natDetection,
  notify,
  NOTIFY,
  payloadOf,
  payloadsOf,
  VENDOR,
} from '../tester/ike-v1/payloads.ts';
import { callThroughNat, displaced, MAPPED, throughNat } from '../tester/ike-v1/nat.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import { answerQuick, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick, MODE, quick } from '../tester/ike-v1/quick-mode.ts';
import { IPSEC } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judgeArrives, judgeCarries, leftUnder, needNativeEsp } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 3947: NAT traversal in IKEv1. */

const saysIt = ({ payloads }: HeardV1): boolean =>
  payloadsOf(payloads, 'VID').some(({ data }) => Buffer.from(data).toString('hex') === VENDOR.natTraversal);

v1Clause(
  'rfc3947-3.1-vendor-id',
  {
    level: 'MUST',
    text: 'Who supports NAT traversal sends its vendor ID in the first two messages',
    scenario: 'The peer calls, and alice calls; the vendor IDs of either first message are looked at.',
    brokenBy: 'v1-hides-nat-traversal',
  },
  async peer => {
    const answer = require((await offer(peer)).response, 'alice did not answer');
    peer.bench.cite(answer, 'she answers', 'Payload VID(RFC 3947)');
    judge(saysIt(answer), 'alice answers without the vendor ID');
    peer.begin();
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'she calls', 'Payload VID(RFC 3947)');
    judge(saysIt(first), 'alice calls without the vendor ID');
  },
);

/** Without a word of NAT traversal. */
const unaware: V1Alteration = {
  message: message => ({
    ...message,
    payloads: message.payloads.filter(
      it => it.type !== 'NATD' && (it.type !== 'VID' || Buffer.from(it.data).toString('hex') !== VENDOR.natTraversal),
    ),
  }),
};

v1Clause(
  'rfc3947-3.1-only-when-both-say-so',
  {
    level: 'MUST',
    text: 'The probe goes on only if both sides have sent and received the vendor ID',
    scenario: 'The peer calls without the vendor ID; message 4 of alice’s is looked at.',
    brokenBy: 'v1-always-nat-detection',
  },
  async peer => {
    require((await offer(peer, unaware)).response, 'alice did not answer');
    const { response } = await askHalves(peer, unaware);
    const fourth = require(response, 'alice did not answer KE and nonce');
    peer.bench.cite(fourth, 'her message 4', 'Payload NAT-D');
    judge(payloadOf(fourth.payloads, 'KE') !== null, 'alice does not go on without NAT traversal');
    judge(payloadOf(fourth.payloads, 'NATD') === null, 'alice sends NAT-D to whom it says nothing');
  },
);

/** Fails unless the hashes are of these, the other end’s first. */
function judgeHashes(peer: TesterV1Peer, { payloads }: HeardV1): void {
  const { sa } = peer;
  const said = payloadsOf(payloads, 'NATD').map(({ data }) => Buffer.from(data).toString('hex'));
  const hashOf = (address: string) => Buffer.from(natDetection(sa.suite.hash, sa, address, 500).data).toString('hex');
  judge(said.length >= 2, `alice sends ${said.length} NAT-D payloads`);
  judge(said[0] === hashOf(PEER[4]), 'the first NAT-D is not of the address that the message goes to');
  judge(said.slice(1).includes(hashOf(ALICE[4])), 'no other NAT-D is of her own address');
}

v1Clause(
  'rfc3947-3.2-nat-detection[responder]',
  {
    level: 'MUST',
    text: 'NAT-D is the negotiated hash of both cookies, an address and a port: the remote end’s first, then the local one’s',
    scenario: 'The peer calls; the hashes of message 4 are computed again.',
    brokenBy: 'v1-detects-wrongly',
  },
  async peer => {
    needNativeEsp(peer.bench);
    require((await offer(peer)).response, 'alice did not answer');
    const { response } = await askHalves(peer);
    const fourth = require(response, 'alice did not answer KE and nonce');
    peer.bench.cite(fourth, 'her message 4', 'Payload NAT-D');
    judgeHashes(peer, fourth);
  },
);

v1Clause(
  'rfc3947-3.2-nat-detection[initiator]',
  {
    level: 'MUST',
    text: 'NAT-D is the negotiated hash of both cookies, an address and a port: the remote end’s first, then the local one’s',
    scenario: 'Alice calls; the hashes of message 3 are computed again.',
    brokenBy: 'v1-detects-wrongly',
  },
  async peer => {
    needNativeEsp(peer.bench);
    const third = require(await choose(peer, await letAliceCall(peer)), 'alice did not go on');
    peer.bench.cite(third, 'her message 3', 'Payload NAT-D');
    judgeHashes(peer, third);
  },
);

v1Clause(
  'rfc3947-4-responder-floats',
  {
    level: 'MUST',
    text: 'The responder goes on with the port that message 5 came from, and answers from 4500, behind the non-ESP marker',
    scenario: 'The peer calls from behind a NAT, and sends message 5 from another port to 4500.',
    brokenBy: 'v1-answers-to-500',
  },
  async peer => {
    const sixth = await callThroughNat(peer);
    judge(sixth.from === 4500 && sixth.to === MAPPED, `alice answers from ${sixth.from} to ${sixth.to}`);
    const answer = require(await informAsking(peer, [
      areYouThere(peer, peer.sa.sequence++),
    ]), 'alice says nothing on port 4500');
    peer.bench.cite(answer, 'by Informational', 'Ports');
    judge(answer.from === 4500 && answer.to === MAPPED, `alice informs from ${answer.from} to ${answer.to}`);
  },
);

v1Clause(
  'rfc3947-4-initiator-floats',
  {
    level: 'MUST',
    text: 'In Main Mode the initiator changes both ports to 4500 when it sends its ID, if there is a NAT',
    scenario: 'Alice calls; by the peer’s message 4 there is a NAT between.',
    brokenBy: 'v1-stays-on-500',
  },
  async peer => {
    const first = await letAliceCall(peer);
    const third = require(await choose(peer, first), 'alice did not go on');
    const fifth = await answerHalves(peer, third, displaced(peer, 'other'));
    judge(fifth !== null, 'alice does not say who she is');
    peer.bench.cite(fifth, 'her message 5', 'Ports');
    judge(fifth.from === 4500 && fifth.to === 4500, `alice sends message 5 from ${fifth.from} to ${fifth.to}`);
    judge(isProof(peer, 'initiator', firstBody(first.octets), fifth), 'HASH_I of alice is wrong');
  },
);

v1Clause(
  'rfc3947-4-initiator-stays',
  {
    level: 'SHOULD NOT',
    text: 'Where there is no NAT nothing is encapsulated in UDP',
    scenario: 'Alice calls; there is no NAT between. Her message 5 and her offer of Quick Mode are looked at.',
    brokenBy: 'v1-always-floats',
  },
  async peer => {
    needNativeEsp(peer.bench);
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE);
    judge(request.from === 500 && request.to === 500, `alice goes on from ${request.from} to ${request.to}`);
    judgeModes(request, MODE.tunnel);
  },
);

function judgeModes({ payloads }: HeardV1, wanted: number): void {
  const all = (payloadOf(payloads, 'SA')?.proposals ?? []).flatMap(({ transforms }) => transforms);
  const modes = new Set(all.map(it => attributeOf(it, IPSEC.mode)));
  judge(modes.size === 1 && modes.has(wanted), `alice offers the encapsulation ${[...modes].join(' and ')}`);
}

v1Clause(
  'rfc3947-5.1-encapsulation-of-the-initiator',
  {
    level: 'SHOULD',
    text: 'Where there is a NAT, UDP-Encapsulated-Tunnel is offered, and not both forms',
    scenario: 'Alice calls through a NAT; her offer of Quick Mode is looked at, and packets go both ways.',
    brokenBy: 'v1-plain-modes',
  },
  async peer => {
    const first = await letAliceCall(peer);
    const third = require(await choose(peer, first), 'alice did not go on');
    require(await answerHalves(peer, third, displaced(peer, 'other')), 'alice did not say who she is');
    peer.float();
    await answerProof(peer, firstBody(first.octets));
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE);
    judgeModes(request, MODE.udpTunnel);
    const { child } = await answerQuick(peer, request);
    await judgeCarries(peer, child, 1, 'SAs in UDP that alice has asked for');
  },
);

v1Clause(
  'rfc3947-5.1-encapsulation-of-the-responder',
  {
    level: 'MUST',
    text: 'What is negotiated as UDP-Encapsulated-Tunnel goes in UDP, to the port that the peer has',
    scenario: 'The peer calls through a NAT, and asks for UDP-Encapsulated-Tunnel; packets go both ways.',
    brokenBy: 'v1-esp-without-udp',
  },
  async peer => {
    await callThroughNat(peer);
    const { child } = await quick(peer, { mode: MODE.udpTunnel });
    await judgeArrives(peer, child, { sequence: 1, text: 'IN-UDP ' }, 'alice does not take ESP in UDP');
    await outbound(peer.bench, ['OUT-IN-UDP ']);
    const [seen] = leftUnder(peer.bench, child, 'OUT-IN-UDP ');
    judge(seen !== undefined, 'alice does not send by the SA');
    peer.bench.cite(seen, 'by the SA', 'SPI');
    judge(seen.header.protocol === IpProtocol.UDP, 'alice sends ESP without UDP');
    judge(seen.ports?.from === 4500 && seen.ports.to === MAPPED, `from ${seen.ports?.from} to ${seen.ports?.to}`);
  },
);

v1Clause(
  'rfc3947-4-begins-on-4500',
  {
    level: 'MUST',
    text: 'Who supports NAT traversal supports negotiations that begin on port 4500',
    scenario: 'The peer sends all of Main Mode to port 4500.',
    brokenBy: 'v1-deaf-on-4500',
  },
  async peer => {
    peer.float();
    const done = await callMain(peer).catch((error: unknown) => error);
    judge(!(done instanceof Error), `Main Mode on port 4500: ${done instanceof Error ? done.message : ''}`);
    const wrong = peer.heard().find(({ from, to }) => from !== 4500 || to !== 4500);
    judge(wrong === undefined, `alice answers from ${wrong?.from} to ${wrong?.to}`);
    await judgeAlive(peer, 'the ISAKMP SA does not stand');
  },
);

v1Clause(
  'rfc3947-4-old-port-moves-nothing',
  {
    level: 'SHOULD',
    text: 'A message of Main Mode that comes to port 500 when the ports have changed is old, and discarded',
    scenario:
      'The peer floats; then its message 3 comes again on port 500, and it asks on 4500 whether alice is there.',
    brokenBy: 'v1-follows-anything',
  },
  async peer => {
    let third: Uint8Array = new Uint8Array(0);
    peer.natPort = 61_000;
    const right = displaced(peer, 'own');
    const exchanged = await exchangeHalves(peer, await offer(peer), {
      ...right,
      octets: octets => {
        third = octets;
        return octets;
      },
    });
    peer.float();
    peer.natPort = MAPPED;
    proven(peer, exchanged.offer, await askProof(peer, exchanged));
    peer.port = 500;
    peer.natPort = 61_000;
    await peer.post(third);
    peer.float();
    peer.natPort = MAPPED;
    const before = peer.heard().length;
    await peer.bench.lab.ikeCommand('alice', { kind: 'terminate', ike: 'bob' });
    await peer.bench.lab.sleep(500);
    const said = peer
      .heard()
      .slice(before)
      .filter(({ message }) => message?.exchangeType === EXCHANGE.informational);
    for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'where she believes the peer', 'Ports');
    judge(said.length > 0, 'alice says nothing when she ends the ISAKMP SA');
    judge(
      said.every(({ from, to }) => from === 4500 && to === MAPPED),
      'alice has followed an old message to port 500',
    );
  },
);

v1Clause(
  'rfc3947-4-id-without-a-port',
  {
    level: 'MUST',
    text: 'Where NAT traversal is in use the port in the ID payload of phase 1 is 0',
    scenario: 'The peer calls through a NAT; alice’s ID is looked at.',
    brokenBy: 'v1-id-with-port',
  },
  async peer => {
    const sixth = require(await askProof(peer, await throughNat(peer)), 'alice did not answer message 5');
    peer.bench.cite(sixth, 'who she is', ...INSIDE);
    const id = payloadOf(sixth.payloads, 'ID');
    judge(id?.port === 0, `her ID has the port ${id?.port}`);
  },
);

v1Clause(
  'rfc3947-5.2-no-original-addresses-in-tunnel-mode',
  {
    level: 'SHOULD NOT',
    text: 'In tunnel mode original addresses are not sent',
    scenario: 'The peer asks for UDP-Encapsulated-Tunnel, and sends NAT-OA nevertheless; alice’s answer is looked at.',
    brokenBy: 'v1-always-original-addresses',
  },
  async peer => {
    await callThroughNat(peer);
    const original: IsakmpPayload[] = [
      { type: 'NATOA', idType: 1, data: Uint8Array.of(192, 168, 1, 8) },
      { type: 'NATOA', idType: 1, data: Uint8Array.of(1, 2, 3, 4) },
    ];
    const asked = await askQuick(
      peer,
      { mode: MODE.udpTunnel },
      { message: message => ({ ...message, payloads: [...message.payloads, ...original] }) },
    );
    await judgeQuick(peer, asked, 'alice makes no SA');
    judge(payloadOf(asked.response?.payloads ?? [], 'NATOA') === null, 'alice sends NAT-OA for a tunnel');
  },
);

v1Clause(
  'rfc3947-6-initial-contact-by-identity',
  {
    level: 'MUST NOT',
    text: 'Address and port of an INITIAL-CONTACT say nothing about which SAs are to go: the identity does',
    scenario: 'Two peers of different identities call from behind one NAT; the second says INITIAL-CONTACT.',
    brokenBy: 'v1-knows-one-peer',
    plan: { connection: { authentication: anybody() } },
  },
  async peer => {
    await callThroughNat(peer);
    await judgeAlive(peer, 'the first ISAKMP SA does not stand');
    const one = peer.sa;
    peer.port = 500;
    peer.begin();
    const exchanged = await throughNat(peer);
    const contact = notify(NOTIFY.initialContact, undefined, {
      spi: Buffer.from(peer.sa.cookieI + peer.sa.cookieR, 'hex'),
    });
    const response = await askProof(
      peer,
      exchanged,
      { message: message => ({ ...message, payloads: [...message.payloads, contact] }) },
      fqdn('carol.lab'),
    );
    proven(peer, exchanged.offer, response);
    peer.sa = one;
    await judgeAlive(peer, 'alice has forgotten one peer because another one has begun');
  },
);

/** Alice takes whoever knows the shared key. */
function anybody() {
  const local = { method: 'psk', identity: 'alice.lab' } as const;
  const remote = {
    methods: ['psk'] as const,
    identity: '*.lab',
    authorities: [],
    schemes: [],
    revocation: 'relaxed' as const,
  };
  return { local, remote };
}

v1Clause(
  'rfc3947-4-quick-mode-comes-floated',
  {
    level: 'MUST',
    text: 'All packets behind message 5 are sent on port 4500, also those that the responder begins',
    scenario: 'The peer calls through a NAT; alice is told to end the ISAKMP SA.',
    brokenBy: 'v1-answers-to-500',
  },
  async peer => {
    await callThroughNat(peer);
    const before = peer.heard().length;
    await peer.bench.lab.ikeCommand('alice', { kind: 'terminate', ike: 'bob' });
    await peer.bench.lab.sleep(500);
    const said = peer
      .heard()
      .slice(before)
      .filter(({ message }) => message?.exchangeType === EXCHANGE.informational);
    judge(said.length > 0, 'alice says nothing on port 4500');
    const wrong = said.find(({ from, to }) => from !== 4500 || to !== MAPPED);
    if (wrong !== undefined) peer.bench.cite(wrong, 'not where the peer is', 'Ports');
    judge(wrong === undefined, `alice informs from ${wrong?.from} to ${wrong?.to}`);
  },
);
