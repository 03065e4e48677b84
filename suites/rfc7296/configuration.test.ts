import { CfgAttribute, CfgType, ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import type { ConfigurationPayload } from '../../engine/wire/ike/payload.ts';
import { HOST_NET } from '../tester/bench.ts';
import { judge } from '../tester/judgement.ts';
import { judgeCarries, judgeRefused, sendBy } from '../tester/ike/child-traffic.ts';
import { askFirstChild, firstChild, type FirstChildAsked, judgeSelectors, textOf } from '../tester/ike/first-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call } from '../tester/ike/initiate.ts';
import { payloadOf, selector } from '../tester/ike/payloads.ts';
import { TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { judgeAnswers, judgeNotified } from '../tester/ike/verdicts.ts';
import { formatAddress } from '../../engine/wire/address.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.19 and §3.15: the configuration payload, and addresses that are given by it. */

/** Alice gives addresses of 10.0.1.16 to 10.0.1.31, or of others. */
const giving = (addresses = '10.0.1.16-10.0.1.31'): IkePlan => ({
  connection: { pools: ['pool'] },
  ike: { pools: [{ name: 'pool', addresses: [addresses], dns: ['10.0.0.53'], subnets: [HOST_NET[4]] }] },
  child: { remote: [{ addresses: 'dynamic', protocol: 'any', ports: 'any' }] },
});

const NONE = new Uint8Array(0);

const request = (...types: readonly number[]): ConfigurationPayload => ({
  type: 'CP',
  cfgType: CfgType.CFG_REQUEST,
  attributes: types.map(type => ({ type, value: NONE })),
});

const FOR_AN_ADDRESS = request(CfgAttribute.INTERNAL_IP4_ADDRESS, CfgAttribute.INTERNAL_IP4_DNS);
const ANYWHERE = { tsi: [selector('0.0.0.0-255.255.255.255')], tsr: [selector('0.0.0.0-255.255.255.255')] };

/** The addresses that her answer gives; fails without CFG_REPLY. */
function judgeGiven({ response }: Pick<FirstChildAsked, 'response'>): readonly string[] {
  const reply = payloadOf(response.payloads, 'CP');
  judge(reply !== null, 'alice gives no answer about addresses');
  judge(reply.cfgType === CfgType.CFG_REPLY, `alice answers with a configuration payload of type ${reply.cfgType}`);
  return reply.attributes
    .filter(({ type }) => type === CfgAttribute.INTERNAL_IP4_ADDRESS)
    .map(({ value }) => formatAddress(value));
}

ikeClause(
  'rfc7296-2.19-address-for-whom-asks',
  {
    level: 'MUST',
    text: 'CFG_REQUEST in IKE_AUTH is answered with CFG_REPLY, which has the address',
    scenario: 'The peer asks for an IPv4 address; alice has a pool.',
    brokenBy: 'ike-gives-no-address',
    plan: giving(),
  },
  async peer => {
    const [address, ...more] = judgeGiven(await askFirstChild(peer, ANYWHERE, [FOR_AN_ADDRESS]));
    judge(address !== undefined, 'alice gives no address');
    judge(more.length === 0, 'alice gives more than one address');
    judge(/^10\.0\.1\.(1[6-9]|2\d|3[01])$/.test(address), `${address} is not of alice’s pool`);
  },
);

ikeClause(
  'rfc7296-3.15-type-of-the-answer',
  {
    level: 'MUST',
    text: 'The answer to CFG_REQUEST is CFG_REPLY, 2',
    scenario: 'The peer asks for an IPv4 address; the CFG Type of the answer is looked at.',
    brokenBy: 'ike-gives-in-a-request',
    plan: giving(),
  },
  async peer => {
    judgeGiven(await askFirstChild(peer, ANYWHERE, [FOR_AN_ADDRESS]));
  },
);

ikeClause(
  'rfc7296-3.15.1-no-more-than-was-asked-for',
  {
    level: 'MUST',
    text: 'As many addresses are given as were asked for, and no more',
    scenario: 'The peer asks for one IPv4 address.',
    brokenBy: 'ike-gives-two-addresses',
    plan: giving(),
  },
  async peer => {
    const given = judgeGiven(await askFirstChild(peer, ANYWHERE, [FOR_AN_ADDRESS]));
    judge(given.length === 1, `alice gives ${given.length} addresses`);
  },
);

ikeClause(
  'rfc7296-2.19-selectors-are-those-of-the-address',
  {
    level: 'MUST',
    text: 'The Child SA of a peer that was given an address is for that address',
    scenario:
      'The peer asks for an address and for all of IPv4; TSi of the answer is the address. Nothing else comes by it.',
    brokenBy: 'ike-takes-any-selectors',
    plan: giving(),
  },
  async peer => {
    const asked = await askFirstChild(peer, ANYWHERE, [FOR_AN_ADDRESS]);
    const [address = ''] = judgeGiven(asked);
    const { tsi } = judgeSelectors(asked);
    judge(tsi.map(textOf).join() === textOf(selector(address)), `TSi is ${tsi.map(textOf).join()}, not ${address}`);
    const child = firstChild(peer, asked);
    await sendBy(peer, child, { sequence: 1, text: 'FROM-THERE ', source: address });
    judge(peer.bench.arrivals('FROM-THERE ').length === 1, 'what comes from the address does not arrive');
    const order = { sequence: 2, text: 'FROM-ELSEWHERE ', source: '10.0.1.99' };
    await judgeRefused(peer, child, order, 'alice takes what comes from another address');
  },
);

ikeClause(
  'rfc7296-2.19-an-address-for-each',
  {
    level: 'MUST',
    text: 'No two peers are given the same address',
    scenario: 'A peer is given an address; another one, of another name, asks as well.',
    brokenBy: 'ike-gives-all-the-same',
    plan: {
      ...giving(),
      connection: {
        pools: ['pool'],
        authentication: {
          local: { method: 'psk', identity: 'alice.lab' },
          remote: { methods: ['psk'], identity: '*.lab', authorities: [], schemes: [], revocation: 'relaxed' },
        },
      },
    },
  },
  async (peer, bench) => {
    const first = judgeGiven(await askFirstChild(peer, ANYWHERE, [FOR_AN_ADDRESS]));
    const other = new TesterPeer(bench, { label: 'another' });
    const traits = { ...ANYWHERE, identity: 'carol.lab', childSpi: 0xc0ff_ee77 };
    const second = judgeGiven(await askFirstChild(other, traits, [FOR_AN_ADDRESS]));
    judge(first[0] !== second[0], `both are given ${first[0]}`);
  },
);

ikeClause(
  'rfc7296-2.19-address-has-to-be-asked-for',
  {
    level: 'MUST',
    text: 'Where policy wants a peer to have an address of its own, a request without CP is answered with FAILED_CP_REQUIRED',
    scenario: 'The peer asks for a child and not for an address.',
    brokenBy: 'ike-hides-that-it-gives',
    plan: giving(),
  },
  async peer => {
    const { response } = await askFirstChild(peer, ANYWHERE);
    judgeNotified(peer, response, NotifyType.FAILED_CP_REQUIRED, 'FAILED_CP_REQUIRED');
    judge(payloadOf(response.payloads, 'SA') === null, 'alice makes a child nevertheless');
    await judgeAnswers(peer, 'the IKE SA does not stand after its first child was refused');
  },
);

ikeClause(
  'rfc7296-3.15.4-no-address-left',
  {
    level: 'MUST',
    text: 'Where no address can be given the answer is INTERNAL_ADDRESS_FAILURE; the IKE SA lives',
    scenario: 'The peer asks for an IPv6 address; alice’s pool has IPv4 alone.',
    brokenBy: 'ike-hides-that-none-is-left',
    plan: giving(),
  },
  async peer => {
    const { response } = await askFirstChild(peer, ANYWHERE, [request(CfgAttribute.INTERNAL_IP6_ADDRESS)]);
    judgeNotified(peer, response, NotifyType.INTERNAL_ADDRESS_FAILURE, 'INTERNAL_ADDRESS_FAILURE');
    await judgeAnswers(peer, 'the IKE SA does not stand after its first child was refused');
  },
);

ikeClause(
  'rfc7296-3.15.1-unknown-attributes',
  {
    level: 'MUST',
    text: 'Attributes that are not known are ignored',
    scenario: 'The peer asks for an address, and for an attribute of the type 30000.',
    brokenBy: 'ike-minds-attributes',
    plan: giving(),
  },
  async peer => {
    const opening = await askFirstChild(peer, ANYWHERE, [request(CfgAttribute.INTERNAL_IP4_ADDRESS, 30_000)]).catch(
      () => null,
    );
    judge(opening !== null, 'alice says nothing to who asks for an attribute that she does not know');
    judge(judgeGiven(opening).length === 1, 'alice gives no address');
  },
);

ikeClause(
  'rfc7296-3.15.2-configuration-that-is-not-meant',
  {
    level: 'MUST',
    text: 'CFG_SET in INFORMATIONAL is answered, whatever is made of it, and the IKE SA lives',
    scenario: 'The peer would set an address of alice’s.',
    brokenBy: 'ike-minds-configuration',
  },
  async peer => {
    const { child } = await call(peer);
    const value = Uint8Array.of(10, 0, 0, 99);
    const set = { type: 'CP', cfgType: CfgType.CFG_SET, attributes: [{ type: 1, value }] } as const;
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [set] });
    judge(answer?.opened.kind === 'opened', 'alice does not answer CFG_SET');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    const said = payloadOf(answer.payloads, 'CP');
    judge(said === null || said.attributes.length === 0, 'alice takes an address from her peer');
    await judgeCarries(peer, child, 1, 'after CFG_SET');
  },
);

/** Alice asks for an address, as a road warrior does. */
const ASKING: IkePlan = {
  connection: { requestAddresses: ['0.0.0.0'], addressInterface: 'net0' },
};

ikeClause(
  'rfc7296-2.19-initiator-asks',
  {
    level: 'MUST',
    text: 'Who wants an address asks with CFG_REQUEST in IKE_AUTH; INTERNAL_IP4_ADDRESS without a value is for any',
    scenario: 'Alice, who is to ask for an address, calls; her IKE_AUTH is looked at.',
    brokenBy: 'ike-asks-for-no-address',
    plan: ASKING,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const sent = await authRequest(peer);
    peer.bench.cite(sent, 'her IKE_AUTH', ...INSIDE);
    const cp = payloadOf(sent.payloads, 'CP');
    judge(cp?.cfgType === CfgType.CFG_REQUEST, 'there is no CFG_REQUEST in alice’s IKE_AUTH');
    const [wanted] = cp.attributes.filter(({ type }) => type === CfgAttribute.INTERNAL_IP4_ADDRESS);
    judge(wanted !== undefined, 'alice does not ask for INTERNAL_IP4_ADDRESS');
    judge(wanted.value.length === 0 || wanted.value.every(octet => octet === 0), 'alice asks for one address alone');
    const order = sent.payloads.map(({ type }) => type);
    judge(order.indexOf('CP') < order.indexOf('SA'), 'CP does not stand in front of SA');
  },
);

ikeClause(
  'rfc7296-2.19-initiator-takes-the-address',
  {
    level: 'MUST',
    text: 'The address of CFG_REPLY is that of the initiator from then on',
    scenario: 'Alice, who is to ask for an address, calls, and is given 10.0.0.77.',
    brokenBy: 'ike-forgets-its-address',
    plan: ASKING,
  },
  async (peer, bench) => {
    const state = await answerInit(peer, await letAliceCall(peer));
    const sent = await authRequest(peer);
    const reply: ConfigurationPayload = {
      type: 'CP',
      cfgType: CfgType.CFG_REPLY,
      attributes: [{ type: CfgAttribute.INTERNAL_IP4_ADDRESS, value: Uint8Array.of(10, 0, 0, 77) }],
    };
    const right = authAnswer(peer, state, sent);
    const at = right.findIndex(({ type }) => type === 'SA');
    await peer.answer(sent, [...right.slice(0, at), reply, ...right.slice(at)]);
    await bench.lab.sleep(1_000);
    const [alice] = (await bench.lab.status()).filter(({ name }) => name === 'alice');
    const addresses = alice?.interfaces.flatMap(each => each.addresses) ?? [];
    judge(
      addresses.some(text => text.startsWith('10.0.0.77')),
      `alice has ${addresses.join(', ')}, and not what she was given`,
    );
  },
);
