import { HOST_NET } from '../tester/bench.ts';
import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, NOTIFY, payloadsOf } from '../tester/ike-v1/payloads.ts';
import type { TesterV1Peer } from '../tester/ike-v1/peer.ts';
import type { V1Plan } from '../tester/ike-v1/plans.ts';
import { quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick } from '../tester/ike-v1/quick-mode.ts';
import {
  answerTransaction,
  askTransaction,
  attribute,
  attributePayload,
  CFG,
  CONFIG,
  contentOf,
  expectTransaction,
  octetsOf,
} from '../tester/ike-v1/transaction.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeNoQuick, judgeNotified, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { addressOf } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** draft-dukes-ike-mode-cfg-02: addresses that are asked for, and told. */

const IDENTIFIER = 0x4321;
const DYNAMIC = [{ addresses: 'dynamic', protocol: 'any', ports: 'any' }] as const;

/** Alice gives addresses from 10.9.0.0/24 to who is on the road. */
const gives = (modeConfig: 'pull' | 'push'): V1Plan => ({
  v1: { modeConfig },
  connection: { pools: ['road'] },
  child: { remote: DYNAMIC },
  ike: { pools: [{ name: 'road', addresses: ['10.9.0.0/24'], dns: ['10.0.0.53'], subnets: [] }] },
});

/** Alice is on the road. */
const asks = (modeConfig: 'pull' | 'push'): V1Plan => ({
  v1: { modeConfig },
  connection: { requestAddresses: ['0.0.0.0'], addressInterface: 'net0' },
  child: { local: DYNAMIC },
});

const request = (...types: readonly number[]) =>
  attributePayload(CFG.request, IDENTIFIER, ...types.map(type => attribute(type)));

const dotted = (octets: Uint8Array | null): string => [...(octets ?? [])].join('.');

v1Clause(
  'modecfg-5.1-address-is-given',
  {
    level: 'MUST',
    text: 'Who asks for an address by INTERNAL_IP4_ADDRESS is given one, and may have SAs for it',
    scenario: 'The peer asks for an address and a name server, and then for an SA between the address and alice’s net.',
    brokenBy: 'v1-gives-nothing',
    plan: gives('pull'),
  },
  async peer => {
    await callMain(peer);
    const { response } = await askTransaction(peer, request(CONFIG.address, CONFIG.dns));
    if (response !== null) peer.bench.cite(response, 'her reply', ...INSIDE, 'Payload SA', 'Payload N');
    const content = contentOf(response, CFG.reply);
    judge(content !== null, 'alice does not reply');
    judge(content.identifier === IDENTIFIER, `the Identifier of the reply is ${content.identifier}`);
    const own = dotted(octetsOf(content, CONFIG.address));
    judge(own.startsWith('10.9.0.'), `alice gives the address ${own || 'none'}`);
    judge(dotted(octetsOf(content, CONFIG.dns)) === '10.0.0.53', 'alice does not name the name server');
    await judgeQuick(peer, await askQuick(peer, { own, other: HOST_NET[4] }), 'alice makes no SA for the address');
  },
);

v1Clause(
  'modecfg-5.1-address-of-another',
  {
    level: 'MUST',
    text: 'An address that was given to somebody is his: nobody has SAs for another one',
    scenario: 'The peer asks for an address, and then for an SA for the one behind it.',
    brokenBy: 'v1-any-client-identity',
    plan: gives('pull'),
  },
  async peer => {
    await callMain(peer);
    const { response } = await askTransaction(peer, request(CONFIG.address));
    const given = octetsOf(require(contentOf(response, CFG.reply), 'alice does not reply'), CONFIG.address);
    const own = dotted(require(given, 'alice gives no address').with(3, 77));
    const asked = await askQuick(peer, { own, other: HOST_NET[4] });
    judgeNoQuick(peer, asked, 'alice makes an SA for an address that is not the peer’s');
    judgeNotified(peer, asked.response, NOTIFY.invalidIdInformation, 'INVALID-ID-INFORMATION');
  },
);

v1Clause(
  'modecfg-2-reply-is-always-sent',
  {
    level: 'MUST',
    text: 'A REQUEST is always answered by a REPLY, if by an empty one',
    scenario: 'The peer asks alice, who has no addresses to give, for one, and for attributes that nobody knows.',
    brokenBy: 'v1-silent-transactions',
  },
  async peer => {
    await callMain(peer);
    const { response } = await askTransaction(peer, request(CONFIG.address, 9_999, 20_000));
    if (response !== null) peer.bench.cite(response, 'her reply', ...INSIDE, 'Payload SA', 'Payload N');
    const content = contentOf(response, CFG.reply);
    judge(content !== null, 'alice does not reply');
    judge(content.identifier === IDENTIFIER, `the Identifier of the reply is ${content.identifier}`);
    judge(octetsOf(content, CONFIG.address) === null, 'alice replies with an address that she does not have');
  },
);

v1Clause(
  'modecfg-3.1.1-request-again',
  {
    level: 'MUST',
    text: 'A REQUEST that comes again is answered again, by the same reply: it is one Transaction',
    scenario: 'The peer asks for an address, and sends the same octets again.',
    brokenBy: 'v1-answers-once',
    plan: gives('pull'),
  },
  async peer => {
    await callMain(peer);
    const { octets, response } = await askTransaction(peer, request(CONFIG.address));
    const first = require(response, 'alice does not reply');
    const before = peer.said(EXCHANGE.transaction).length;
    await peer.post(octets);
    await peer.bench.lab.sleep(500);
    const again = peer.said(EXCHANGE.transaction).slice(before);
    for (const seen of again.slice(0, 1))
      peer.bench.cite(seen, 'she says it again', ...INSIDE, 'Payload SA', 'Payload N');
    judge(again.length > 0, 'alice does not answer a REQUEST that comes again');
    judge(
      again.every(({ octets: said }) => Buffer.compare(said, first.octets) === 0),
      'alice replies with something else',
    );
  },
);

for (const [slug, alteration] of Object.entries({
  'wrong-hash': { hash: (right: Uint8Array) => right.with(0, ~(right[0] ?? 0) & 255) },
  'no-hash': { hash: () => null },
})) {
  v1Clause(
    `modecfg-3.1.1-request-is-authentic[${slug}]`,
    {
      level: 'MUST',
      text: 'The HASH of a Transaction authenticates it: without it nothing is given',
      scenario: `The peer asks for an address with ${slug.replaceAll('-', ' ')}; then as it should.`,
      brokenBy: 'v1-believes-hashes',
      plan: gives('pull'),
    },
    async peer => {
      await callMain(peer);
      const { response } = await askTransaction(peer, request(CONFIG.address), alteration);
      if (response !== null) peer.bench.cite(response, 'her reply', ...INSIDE, 'Payload SA', 'Payload N');
      judge(contentOf(response, CFG.reply) === null, 'alice gives an address to who may be anybody');
      const right = await askTransaction(peer, request(CONFIG.address));
      judge(contentOf(right.response, CFG.reply) !== null, 'alice does not reply any more');
    },
  );
}

v1Clause(
  'modecfg-2-set-that-nobody-wanted',
  {
    level: 'MUST',
    text: 'Attributes of a SET that were not accepted are not in the ACK',
    scenario: 'The peer tells alice, who has addresses of her own, an address and a name server.',
    brokenBy: 'v1-acknowledges-all',
  },
  async peer => {
    await callMain(peer);
    const address = attribute(CONFIG.address, addressOf('10.9.0.66'));
    const dns = attribute(CONFIG.dns, addressOf('10.9.0.53'));
    const { response } = await askTransaction(peer, attributePayload(CFG.set, IDENTIFIER, address, dns));
    if (response !== null) peer.bench.cite(response, 'her acknowledgement', ...INSIDE, 'Payload SA', 'Payload N');
    const content = contentOf(response, CFG.ack);
    judge(content !== null, 'alice does not acknowledge');
    judge(content.attributes.length === 0, 'alice takes what nobody wanted');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'modecfg-3.3-types-that-nobody-knows',
  {
    level: 'SHOULD',
    text: 'Messages of unknown types are silently discarded, and so are answers to nothing',
    scenario: 'The peer sends Transactions of types 0, 5 and 200, a REPLY and an ACK.',
    brokenBy: 'v1-dies-of-odd-types',
  },
  async peer => {
    await callMain(peer);
    for (const cfgType of [0, 5, 200, CFG.reply, CFG.ack]) {
      const payload = attributePayload(cfgType, IDENTIFIER, attribute(CONFIG.address));
      const { response } = await askTransaction(peer, payload);
      if (response !== null) peer.bench.cite(response, `to type ${cfgType}`, ...INSIDE, 'Payload SA', 'Payload N');
      judge(response?.message?.exchangeType !== EXCHANGE.transaction, `alice answers a message of type ${cfgType}`);
    }
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

/** IDci of alice's Quick Mode, an address. */
async function judgeAsksFor(peer: TesterV1Peer, address: string): Promise<void> {
  const quick = await quickRequest(peer).catch(() => judge(false, 'alice does not go on'));
  if (quick === undefined) return;
  peer.bench.cite(quick, 'she asks for an SA', ...INSIDE, 'Payload SA', 'Payload N');
  const [own] = payloadsOf(quick.payloads, 'ID');
  judge(dotted(own?.data ?? null) === address, `alice asks for an SA of ${dotted(own?.data ?? null)}`);
}

v1Clause(
  'modecfg-5.1-address-is-asked-for',
  {
    level: 'MUST',
    text: 'Who wants an address asks by a REQUEST with an empty INTERNAL_IP4_ADDRESS, before it negotiates',
    scenario: 'Alice, who is on the road, calls; the peer gives her 10.9.0.7, and she asks for an SA.',
    brokenBy: 'v1-hears-no-addresses',
    plan: asks('pull'),
  },
  async peer => {
    await answerMain(peer);
    const asked = await expectTransaction(peer, 'request for an address', CFG.request);
    peer.bench.cite(asked, 'her request', ...INSIDE, 'Payload SA', 'Payload N');
    const content = require(contentOf(asked, CFG.request), 'no REQUEST');
    judge(octetsOf(content, CONFIG.address)?.length === 0, 'alice does not ask for an address');
    const given = attribute(CONFIG.address, addressOf('10.9.0.7'));
    await answerTransaction(peer, asked, attributePayload(CFG.reply, content.identifier, given));
    await judgeAsksFor(peer, '10.9.0.7');
  },
);

v1Clause(
  'modecfg-2-address-is-told',
  {
    level: 'MUST',
    text: 'An ACK has the attributes that were accepted, of no length',
    scenario: 'Alice, who is on the road and waits to be told, calls; the peer tells her 10.9.0.8.',
    brokenBy: 'v1-hears-no-addresses',
    plan: asks('push'),
  },
  async peer => {
    await answerMain(peer);
    const told = attribute(CONFIG.address, addressOf('10.9.0.8'));
    const { response } = await askTransaction(peer, attributePayload(CFG.set, IDENTIFIER, told));
    if (response !== null) peer.bench.cite(response, 'her acknowledgement', ...INSIDE, 'Payload SA', 'Payload N');
    const content = contentOf(response, CFG.ack);
    judge(content !== null, 'alice does not acknowledge');
    judge(content.identifier === IDENTIFIER, `the Identifier of the acknowledgement is ${content.identifier}`);
    judge(octetsOf(content, CONFIG.address)?.length === 0, 'alice does not acknowledge the address, or with a value');
    await judgeAsksFor(peer, '10.9.0.8');
  },
);

v1Clause(
  'modecfg-2-address-is-pushed',
  {
    level: 'MUST',
    text: 'A configuration manager tells addresses by a SET, and goes on when that is acknowledged',
    scenario: 'Alice tells addresses; the peer calls, acknowledges, and asks for an SA for what it was told.',
    brokenBy: 'v1-gives-nothing',
    plan: gives('push'),
  },
  async peer => {
    await callMain(peer);
    const told = await expectTransaction(peer, 'SET with an address', CFG.set);
    peer.bench.cite(told, 'what she tells', ...INSIDE, 'Payload SA', 'Payload N');
    const content = require(contentOf(told, CFG.set), 'no SET');
    const own = dotted(octetsOf(content, CONFIG.address));
    judge(own.startsWith('10.9.0.'), `alice tells the address ${own || 'none'}`);
    const accepted = content.attributes.map(({ type }) => attribute(type));
    await answerTransaction(peer, told, attributePayload(CFG.ack, content.identifier, ...accepted));
    await judgeQuick(peer, await askQuick(peer, { own, other: HOST_NET[4] }), 'alice makes no SA for the address');
  },
);
