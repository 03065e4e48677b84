import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge, require } from '../tester/judgement.ts';
import { judgeArrives, judgeLeaves, sendBy, needNativeEsp } from '../tester/ike/child-traffic.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { NAT_T_PORT } from '../tester/ike/ike-on-bench.ts';
import { authPayloads, attempt, CALL, call, childOf, openCall, type TesterChild } from '../tester/ike/initiate.ts';
import { natDetection, notifies, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';

/** RFC 7296 §2.11 and §2.23: addresses, ports, and the NATs between. */

/** Where the peer believes that he is: behind a NAT that has another address. */
const BEHIND = '192.168.1.8';
const MAPPED = 61_234;

/** NAT detection as one says it who has that address. */
const detected =
  (notifyType: number, address: string, port: number) =>
  (message: IkeMessage): IkeMessage => ({
    ...message,
    payloads: message.payloads.map(it =>
      it.type === 'N' && it.notifyType === notifyType ? { ...it, data: natDetection(message, address, port) } : it,
    ),
  });

/** The peer calls from behind a NAT, and goes on on port 4500. */
async function callThroughNat(peer: TesterPeer): Promise<TesterChild> {
  peer.natPort = 61_000;
  const opening = await openCall(peer, { message: detected(NotifyType.NAT_DETECTION_SOURCE_IP, BEHIND, 500) });
  peer.float();
  peer.natPort = MAPPED;
  const order = { exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) };
  const answer = await peer.ask(order);
  judge(answer !== null, 'alice does not answer IKE_AUTH on port 4500');
  judge(answer.from === NAT_T_PORT && answer.to === MAPPED, `alice answers from ${answer.from} to ${answer.to}`);
  peer.bench.cite(answer, 'on port 4500', 'Ports');
  const sa = require(payloadOf(answer.payloads, 'SA'), 'alice refused IKE_AUTH');
  const aliceSpi = Buffer.from(sa.proposals[0]?.spi ?? new Uint8Array(4)).readUInt32BE(0);
  const about = { suite: CALL.childSuite, aliceSpi, peerSpi: CALL.childSpi, isByPeer: true };
  return childOf(peer, about, [opening.nonceI, opening.nonceR]);
}

function judgeDigests({ payloads, ike, header, from, to }: Heard): void {
  const spis = require(ike, 'no message');
  for (const [type, address, port] of [
    [NotifyType.NAT_DETECTION_SOURCE_IP, header.source, from],
    [NotifyType.NAT_DETECTION_DESTINATION_IP, header.destination, to],
  ] as const) {
    const said = notifies(payloads, type);
    judge(said.length > 0, `alice does not say NAT_DETECTION ${type}`);
    const right = Buffer.from(natDetection(spis, address, port));
    judge(
      said.some(({ data }) => right.equals(data)),
      `NAT_DETECTION ${type} is not SHA-1 of SPIs, ${address} and ${port}`,
    );
  }
}

ikeClause(
  'rfc7296-2.11-answers-go-where-requests-came-from',
  {
    level: 'MUST',
    text: 'A response goes to the address and port that the request came from, from those that it came to',
    scenario: 'The peer calls from the port 61000.',
    brokenBy: 'ike-answers-to-its-port',
  },
  async peer => {
    peer.natPort = 61_000;
    const { response } = await attempt(peer);
    const seen = response ?? peer.heard()[0];
    judge(seen !== undefined, 'alice does not answer');
    peer.bench.cite(seen, 'her answer', 'Ports');
    judge(seen.to === 61_000 && seen.from === 500, `alice answers from ${seen.from} to ${seen.to}`);
    judge(seen.header.destination === peer.traits.address, `alice answers to ${seen.header.destination}`);
  },
);

ikeClause(
  'rfc7296-2.23-listens-on-4500',
  {
    level: 'MUST',
    text: 'IKE_SA_INIT may come to port 4500 as well, behind the marker of four octets of zero; so does its answer',
    scenario: 'The peer begins on port 4500.',
    brokenBy: 'ike-deaf-on-4500',
  },
  async peer => {
    peer.float();
    const { response } = await attempt(peer);
    judge(response !== null, 'alice does not answer on port 4500');
    peer.bench.cite(response, 'her answer', 'Ports');
    judge(response.from === NAT_T_PORT && response.to === NAT_T_PORT, `alice answers from ${response.from}`);
  },
);

ikeClause(
  'rfc7296-2.23-says-where-it-is[responder]',
  {
    level: 'MUST',
    text: 'NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP are SHA-1 of the SPIs, the address and the port',
    scenario: 'The peer calls; the digests of the answer are computed anew.',
    brokenBy: 'ike-detects-wrongly',
  },
  async peer => {
    needNativeEsp(peer.bench);
    const { response } = await attempt(peer);
    const heard = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(heard, 'with digests', 'Payload N(NAT_DETECTION_SOURCE_IP)');
    judgeDigests(heard);
  },
);

ikeClause(
  'rfc7296-2.23-says-where-it-is[initiator]',
  {
    level: 'MUST',
    text: 'The same of an initiator, whose responder’s SPI is zero',
    scenario: 'Alice calls; the digests of her request are computed anew.',
    brokenBy: 'ike-detects-no-nat',
  },
  async peer => {
    needNativeEsp(peer.bench);
    const request = await letAliceCall(peer);
    peer.bench.cite(request, 'with digests', 'Payload N(NAT_DETECTION_SOURCE_IP)');
    judgeDigests(request);
  },
);

ikeClause(
  'rfc7296-2.23-esp-in-udp-where-there-is-a-nat',
  {
    level: 'MUST',
    text: 'Where a NAT was seen, ESP is sent in UDP from port 4500 to the port that the peer’s messages come from',
    scenario: 'The peer calls from behind a NAT that makes 61234 of his port 4500; packets pass both ways.',
    brokenBy: 'ike-sees-no-nat',
  },
  async peer => {
    const child = await callThroughNat(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'IN-UDP ' }, 'alice does not take ESP in UDP');
    const seen = await judgeLeaves(peer, child, 'OUT-UDP ', 'alice sends nothing by the child');
    judge(seen.ports !== null, 'alice sends ESP without UDP through a NAT');
    judge(seen.ports.from === NAT_T_PORT && seen.ports.to === MAPPED, `from ${seen.ports.from} to ${seen.ports.to}`);
  },
);

ikeClause(
  'rfc7296-2.23-no-udp-where-there-is-no-nat',
  {
    level: 'MUST',
    text: 'Where no NAT was seen, ESP needs no UDP',
    scenario: 'The peer calls, and nobody is behind a NAT; a packet from inside leaves as ESP.',
    brokenBy: 'ike-sees-nats',
  },
  async peer => {
    needNativeEsp(peer.bench);
    const { child } = await call(peer);
    const seen = await judgeLeaves(peer, child, 'PLAIN ', 'alice sends nothing by the child');
    judge(
      seen.ports === null && seen.header.protocol === IpProtocol.ESP,
      'alice sends ESP in UDP where there is no NAT',
    );
  },
);

ikeClause(
  'rfc7296-2.23-esp-in-udp-is-taken-anyway',
  {
    level: 'MUST',
    text: 'ESP in UDP is taken even where no NAT was seen',
    scenario: 'The peer calls, and nobody is behind a NAT; a packet of his comes in UDP, and one without.',
    brokenBy: 'drops-esp-in-udp',
  },
  async peer => {
    const { child } = await call(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'WITHOUT ' }, 'alice does not take ESP');
    const order = { sequence: 2, text: 'WITH-UDP ', isInUdp: true };
    await judgeArrives(peer, child, order, 'alice does not take ESP in UDP where there is no NAT');
  },
);

for (const [slug, who, type] of [
  ['own', 'Alice is behind a NAT', NotifyType.NAT_DETECTION_DESTINATION_IP],
  ['peers', 'The peer is behind a NAT', NotifyType.NAT_DETECTION_SOURCE_IP],
] as const) {
  ikeClause(
    `rfc7296-2.23-initiator-floats[${slug}]`,
    {
      level: 'MUST',
      text: 'An initiator that sees a NAT goes on with IKE_AUTH on port 4500, and so does all that follows',
      scenario: `Alice calls. ${who}, as the digests of the answer say.`,
      brokenBy: 'ike-sees-no-nat',
    },
    async peer => {
      await answerInit(peer, await letAliceCall(peer), { message: detected(type, BEHIND, 500) });
      const request = await authRequest(peer);
      peer.bench.cite(request, `from ${request.from} to ${request.to}`, 'Ports');
      judge(request.from === NAT_T_PORT && request.to === NAT_T_PORT, 'alice does not go on on port 4500');
    },
  );
}

ikeClause(
  'rfc7296-2.23-initiator-stays',
  {
    level: 'MUST',
    text: 'An initiator that sees no NAT, nor has to hide one, goes on where it has begun',
    scenario: 'Alice calls; nobody is behind a NAT. Her IKE_AUTH comes from the port of her IKE_SA_INIT.',
    brokenBy: 'ike-sees-nats',
  },
  async peer => {
    needNativeEsp(peer.bench);
    const first = await letAliceCall(peer);
    await answerInit(peer, first);
    const request = await authRequest(peer);
    peer.bench.cite(request, `from ${request.from} to ${request.to}`, 'Ports');
    judge(request.from === first.from && request.to === first.to, 'alice goes to another port without a NAT');
  },
);

ikeClause(
  'rfc7296-2.23-alice-behind-a-nat-sends-keepalives',
  {
    level: 'MUST',
    text: 'The end behind a NAT sends keepalives: the NAT is not to forget it',
    scenario: 'Alice, behind a NAT, calls. Then nothing is said for three minutes.',
    brokenBy: 'no-keepalives',
    needs: ['virtual-time'],
  },
  async peer => {
    const state = await answerInit(peer, await letAliceCall(peer), {
      message: detected(NotifyType.NAT_DETECTION_DESTINATION_IP, BEHIND, 500),
    });
    const request = await authRequest(peer);
    peer.float();
    await peer.answer(request, authAnswer(peer, state, request));
    await outbound(peer.bench, ['ONCE ']);
    await peer.bench.lab.sleep(180_000);
    const keepalives = peer.bench.outside().filter(({ header }) => {
      const isUdp = header.protocol === IpProtocol.UDP && header.payload.length === 9;
      return isUdp && header.payload[8] === 0xff && header.destination === peer.traits.address;
    });
    for (const seen of keepalives.slice(0, 2)) peer.bench.cite(seen, `one of ${keepalives.length}`, 'Data');
    judge(keepalives.length >= 3, `alice sends ${keepalives.length} keepalives in three minutes`);
  },
);

const spoil = (esp: Uint8Array): void => {
  esp[esp.length - 1] = (esp.at(-1) ?? 0) ^ 1;
};

/** The NAT of the peer has forgotten him. */
const OTHER_PORT = 62_345;

ikeClause(
  'rfc7296-2.23-follows-esp-to-another-port',
  {
    level: 'SHOULD',
    text: 'Where the peer is behind a NAT, whatever is authentic and comes from elsewhere says where to send to',
    scenario: 'The peer is behind a NAT. A packet of his comes by the child from another port; alice answers there.',
    brokenBy: 'ike-child-stays-put',
  },
  async peer => {
    const child = await callThroughNat(peer);
    const order = { sequence: 1, text: 'MOVED ', fromPort: OTHER_PORT };
    await judgeArrives(peer, child, order, 'alice does not take ESP from another port of the NAT');
    const seen = await judgeLeaves(peer, child, 'THERE ', 'alice sends nothing by the child');
    judge(seen.ports?.to === OTHER_PORT, `alice sends to the port ${seen.ports?.to}, where nobody is any more`);
  },
);

ikeClause(
  'rfc7296-2.23-does-not-follow-forgeries',
  {
    level: 'MUST',
    text: 'What is not authentic moves nothing',
    scenario: 'The peer is behind a NAT. ESP with a wrong ICV comes from another port; alice sends where she did.',
    brokenBy: 'follows-anyone',
  },
  async peer => {
    const child = await callThroughNat(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'GENUINE ' }, 'alice does not take ESP in UDP');
    await sendBy(peer, child, { sequence: 2, text: 'FORGED ', fromPort: OTHER_PORT, spoil });
    await outbound(peer.bench, ['WHERE ']);
    const [seen] = peer.bench.outside().slice(-1);
    const to = Buffer.from(require(seen, 'alice sent nothing').header.payload).readUInt16BE(2);
    judge(to === MAPPED, `alice sends to the port ${to}`);
  },
);

ikeClause(
  'rfc7296-2.23-answers-on-another-port-of-the-nat',
  {
    level: 'MUST',
    text: 'A request that comes from another port of the NAT is answered there',
    scenario: 'The peer is behind a NAT, which makes another port of his own; he asks whether alice lives.',
    brokenBy: 'ike-answers-to-its-port',
  },
  async peer => {
    await callThroughNat(peer);
    peer.natPort = OTHER_PORT;
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
    judge(answer !== null, 'alice does not answer');
    peer.bench.cite(answer, `from ${answer.from} to ${answer.to}`, 'Ports');
    judge(answer.from === NAT_T_PORT && answer.to === OTHER_PORT, `alice answers to ${answer.to}`);
  },
);

ikeClause(
  'rfc7296-2.23-answers-from-4500',
  {
    level: 'MUST',
    text: 'What came to port 4500 is answered from it: the NAT would not let anything else through',
    scenario: 'The peer is behind a NAT, and asks on port 4500 whether alice lives.',
    brokenBy: 'ike-answers-from-500',
  },
  async peer => {
    await callThroughNat(peer);
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
    judge(answer !== null, 'alice does not answer on port 4500');
    judge(answer.from === NAT_T_PORT, `alice answers from ${answer.from}`);
  },
);
