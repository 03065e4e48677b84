import type { IsakmpProposal } from '../../engine/wire/isakmp/payload.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain, saidBy } from '../tester/ike-v1/main-mode.ts';
import { attributeOf, NOTIFY, notifies, payloadOf, PROTOCOL } from '../tester/ike-v1/payloads.ts';
import type { TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { childProposal } from '../tester/ike-v1/plans.ts';
import { answerQuick, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import {
  askQuick,
  espAttributes,
  espProposal,
  isAgreed,
  MODE,
  QUICK,
  quick,
  type QuickAsked,
} from '../tester/ike-v1/quick-mode.ts';
import { type Attribute, IPSEC, KILOBYTES, SECONDS } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeNoQuick, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judgeArrives, judgeCarries, judgeRefused } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { between, policy, protect, tunnel } from '../tester/plans.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2407 §4.4 to §4.6: what the IPsec DOI asks of Quick Mode. */

const lifetime = (type: number, duration: number | Uint8Array): readonly Attribute[] => [
  [IPSEC.lifeType, type],
  [IPSEC.lifeDuration, duration],
];

/** The attributes of the transform that alice has chosen, by type. */
function chosen({ response }: QuickAsked): ReadonlyMap<number, number | null> {
  const of = payloadOf(response?.payloads ?? [], 'SA')?.proposals[0]?.transforms[0];
  return new Map((of?.attributes ?? []).map(({ type }) => [type, of === undefined ? null : attributeOf(of, type)]));
}

v1Clause(
  'rfc2407-4.5-life-duration-follows-life-type',
  {
    level: 'MUST',
    text: 'SA Life Duration always follows SA Life Type, which says of what it is',
    scenario: 'Alice, whose SAs live for an hour and for 10 MB, asks for one; her offer is looked at.',
    brokenBy: 'v1-duration-first',
    plan: { child: { rekey: { seconds: 3600, octets: 10_000_000, packets: null } } },
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE, 'Payload SA', 'Payload N');
    const all = (payloadOf(request.payloads, 'SA')?.proposals ?? []).flatMap(({ transforms }) => transforms);
    const types = all.map(({ attributes }) => attributes.map(({ type }) => type));
    const lone = types.filter(list =>
      list.some(
        (type, i) => (type === IPSEC.lifeDuration) !== (list[i - 1] === IPSEC.lifeType && type === IPSEC.lifeDuration),
      ),
    );
    judge(
      types.some(list => list.includes(IPSEC.lifeDuration)),
      'alice says nothing of lifetimes',
    );
    judge(lone.length === 0, 'a duration of alice’s does not follow its type');
  },
);

v1Clause(
  'rfc2407-4.5.2-seconds-and-kilobytes',
  {
    level: 'MUST',
    text: 'An attribute list in which one type is more than once is parsed: lifetimes in seconds and in kilobytes',
    scenario: 'The peer asks for an SA of 3600 seconds and 100000 kilobytes.',
    brokenBy: 'v1-one-lifetime',
  },
  async peer => {
    await callMain(peer);
    const more = [...lifetime(SECONDS, 3600), ...lifetime(KILOBYTES, u32(100_000))];
    const asked = await askQuick(peer, { more });
    const child = await judgeQuick(peer, asked, 'alice does not take two lifetimes');
    const of = payloadOf(asked.response?.payloads ?? [], 'SA')?.proposals[0]?.transforms[0];
    const types = of?.attributes.filter(({ type }) => type === IPSEC.lifeType).length;
    judge(types === 2, `alice answers with ${types} lifetimes`);
    await judgeArrives(peer, child, { sequence: 1, text: 'WITH-LIFETIMES ' }, 'alice takes nothing by the SA');
  },
);

v1Clause(
  'rfc2407-4.5.2-conflicting-lifetimes',
  {
    level: 'MUST',
    text: 'If conflicting attributes are detected the setup is aborted',
    scenario: 'The peer asks for an SA of 3600 seconds and of 7200 seconds.',
    brokenBy: 'v1-any-lifetimes',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { more: [...lifetime(SECONDS, 3600), ...lifetime(SECONDS, 7200)] });
    judgeNoQuick(peer, asked, 'alice makes an SA of two different lifetimes');
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA any more');
  },
);

v1Clause(
  'rfc2407-4.5.3-attribute-that-nobody-knows',
  {
    level: 'MUST',
    text: 'If an attribute is not supported the setup is aborted',
    scenario: 'The peer’s only transform has an attribute 77.',
    brokenBy: 'v1-any-attribute',
  },
  async peer => {
    await callMain(peer);
    judgeNoQuick(peer, await askQuick(peer, { more: [[77, 1]] }), 'alice makes an SA of what she cannot know');
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA any more');
  },
);

v1Clause(
  'rfc2407-4.5-attributes-are-echoed',
  {
    level: 'MUST NOT',
    text: 'A responder does not change the attributes of an offer',
    scenario: 'The peer asks for an SA of 3600 seconds in tunnel mode; the attributes of the answer are compared.',
    brokenBy: 'v1-changes-child-attributes',
  },
  async peer => {
    await callMain(peer);
    const traits = { ...QUICK, more: lifetime(SECONDS, 3600) };
    const asked = await askQuick(peer, { more: traits.more });
    await judgeQuick(peer, asked, 'alice makes no SA');
    const wanted = espAttributes({ ...traits, mode: asked.traits.mode }).map(
      ([type, value]) => `${type}=${String(value)}`,
    );
    const said = [...chosen(asked)].map(([type, value]) => `${type}=${value}`);
    judge(said.toSorted().join() === wanted.toSorted().join(), `alice answers ${said.join()} to ${wanted.join()}`);
  },
);

v1Clause(
  'rfc2407-4.5.4-responder-lifetime',
  {
    level: 'SHOULD',
    text: 'A responder that will not have an SA for as long as is offered says so by RESPONDER-LIFETIME, about that SA',
    scenario: 'Alice’s SAs live for 600 seconds, and she is to say so; the peer asks for a day.',
    brokenBy: 'v1-silent-about-lifetimes',
    plan: {
      child: { rekey: { seconds: 600, octets: null, packets: null } },
      v1: { lifetimeCheck: 'claim' },
    },
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { more: lifetime(SECONDS, u32(86_400)) });
    judge(isAgreed(asked), `alice makes no SA: ${saidBy(asked.response)}`);
    peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    const [said] = notifies(asked.response.payloads, NOTIFY.responderLifetime);
    judge(said !== undefined, 'alice does not say RESPONDER-LIFETIME');
    judge(said.protocolId === PROTOCOL.esp && said.spi.length === 4, 'it is about no SA of ESP');
  },
);

for (const [slug, own, other] of [
  ['subnets', '10.0.1.0/24', '10.0.0.0/24'],
  ['addresses', '10.0.1.2', '10.0.0.2'],
  ['ranges', '10.0.1.0-10.0.1.255', '10.0.0.0-10.0.0.255'],
] as const) {
  v1Clause(
    `rfc2407-4.6.2-client-identities[${slug}]`,
    {
      level: 'MUST',
      text: 'Client identities say whose packets an SA is for: addresses, subnets with their masks, ranges',
      scenario: `The peer asks for an SA between ${own} and ${other}, where alice’s policy has such ${slug}.`,
      brokenBy: 'v1-no-identities',
      plan: {
        child: {
          local: [{ addresses: other, protocol: 'any', ports: 'any' }],
          remote: [{ addresses: own, protocol: 'any', ports: 'any' }],
        },
      },
    },
    async peer => {
      await callMain(peer);
      const asked = await askQuick(peer, { own, other });
      const child = await judgeQuick(peer, asked, `alice refuses ${slug}`);
      await judgeArrives(peer, child, { sequence: 1, text: 'BETWEEN-THEM ' }, 'alice takes nothing by the SA');
    },
  );
}

v1Clause(
  'rfc2407-4.6.2-identities-bound-the-traffic',
  {
    level: 'MUST',
    text: 'What comes by an SA is of those for whom it was negotiated',
    scenario: 'The peer sends by its SA a packet of a host that its IDci does not name.',
    brokenBy: 'ignores-selectors',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'OF-ITS-OWN ' }, 'alice takes nothing by the SA');
    const order = { sequence: 2, text: 'OF-OTHERS ', source: '10.9.9.9' };
    await judgeRefused(peer, child, order, 'alice takes a packet of somebody for whom the SA is not');
  },
);

v1Clause(
  'rfc2407-4.6.2-ports-of-client-identities',
  {
    level: 'MUST',
    text: 'Protocol and port of client identities bound the SA: UDP to port 53 alone',
    scenario: 'Alice’s policy is for UDP port 53 behind her; the peer asks for it, and sends to 53 and to 54.',
    brokenBy: 'ignores-ports',
    plan: {
      child: {
        local: [{ addresses: '10.0.0.0/24', protocol: 17, ports: [53, 53] }],
        remote: [{ addresses: '10.0.1.0/24', protocol: 17, ports: 'any' }],
      },
      node: { policies: [policy('site', protect(tunnel()), { ...between(4), protocol: 17, localPort: 53 })] },
    },
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(
      peer,
      {},
      {
        message: message => {
          let seen = 0;
          const payloads = message.payloads.map(it => {
            if (it.type !== 'ID') return it;
            seen += 1;
            return { ...it, protocol: 17, port: seen === 2 ? 53 : 0 };
          });
          return { ...message, payloads };
        },
      },
    );
    const child = await judgeQuick(peer, asked, 'alice refuses identities with a port');
    await judgeArrives(peer, child, { sequence: 1, text: 'TO-53 ', to: 53 }, 'alice takes nothing to port 53');
    await judgeRefused(peer, child, { sequence: 2, text: 'TO-54 ', to: 54 }, 'alice takes what goes to port 54');
  },
);

v1Clause(
  'rfc2407-4.5-transport-mode',
  {
    level: 'MUST',
    text: 'Encapsulation Mode is one of those that policy allows: tunnel is not transport',
    scenario: 'The peer asks for an SA in transport mode where alice’s policy wants a tunnel.',
    brokenBy: 'v1-any-encapsulation',
  },
  async peer => {
    await callMain(peer);
    judgeNoQuick(peer, await askQuick(peer, { mode: MODE.transport }), 'alice makes an SA of another mode');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2407-4.5-authentication-has-to-be-there',
  {
    level: 'MUST',
    text: 'Authentication Algorithm is included where integrity is wanted: ESP without it is not what policy asks for',
    scenario: 'The peer asks for AES without an Authentication Algorithm.',
    brokenBy: 'v1-no-integrity',
  },
  async peer => {
    await callMain(peer);
    const right = espProposal(QUICK);
    const bare: IsakmpProposal = {
      ...right,
      transforms: right.transforms.map(it => ({
        ...it,
        attributes: it.attributes.filter(({ type }) => type !== IPSEC.authentication),
      })),
    };
    judgeNoQuick(peer, await askQuick(peer, { proposals: [bare] }), 'alice makes an SA without integrity');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2407-4.4.4-key-length-has-to-be-there',
  {
    level: 'MUST',
    text: 'AES has keys of several lengths: a transform that does not say which is no offer of one',
    scenario: 'The peer asks for AES without a Key Length.',
    brokenBy: 'v1-any-key-length',
  },
  async peer => {
    await callMain(peer);
    const right = espProposal({ ...QUICK, childSuite: 'aes256-sha256' });
    const bare: IsakmpProposal = {
      ...right,
      transforms: right.transforms.map(it => ({
        ...it,
        attributes: it.attributes.filter(({ type }) => type !== IPSEC.keyLength),
      })),
    };
    const asked = await askQuick(peer, { proposals: [bare], childSuite: 'aes128-sha256' });
    if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    const child = isAgreed(asked) ? await judgeQuick(peer, asked, 'alice makes an SA') : null;
    // RFC 3602 §5.3: 128 bits, where it is not said
    if (child !== null) await judgeCarries(peer, child, 1, 'SAs of AES without a length');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2407-4.4.4.11-null-encryption',
  {
    level: 'MUST',
    text: 'ESP_NULL is supported, with an Authentication Algorithm',
    scenario: 'Alice’s policy asks for integrity alone; the peer asks for ESP_NULL with SHA-2.',
    brokenBy: 'v1-minds-null',
    plan: { child: { proposals: [childProposal({ encryption: ['null'], integrity: ['sha256'] })] } },
  },
  async peer => {
    await callMain(peer);
    const child = await judgeQuick(peer, await askQuick(peer, { childSuite: 'null-sha256' }), 'alice refuses ESP_NULL');
    await judgeArrives(peer, child, { sequence: 1, text: 'WITHOUT-SECRETS ' }, 'alice takes nothing by the SA');
  },
);

v1Clause(
  'rfc2407-4.5-offer-of-alice',
  {
    level: 'MUST',
    text: 'Each transform says its Encapsulation Mode and its Authentication Algorithm, in the short form',
    scenario: 'Alice asks for an SA; the attributes of her transforms are looked at.',
    brokenBy: 'v1-long-child-attributes',
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE, 'Payload SA', 'Payload N');
    const proposals = payloadOf(request.payloads, 'SA')?.proposals ?? [];
    const all = proposals.flatMap(({ transforms }) => transforms);
    judge(all.length > 0, 'alice offers nothing');
    const basic: readonly number[] = [IPSEC.mode, IPSEC.authentication, IPSEC.keyLength, IPSEC.group, IPSEC.lifeType];
    for (const { attributes } of all) {
      judge(
        attributes.some(({ type }) => type === IPSEC.mode),
        'a transform does not say its mode',
      );
      const long = attributes.find(({ type, value }) => basic.includes(type) && typeof value !== 'number');
      judge(long === undefined, `attribute ${long?.type} is of the long form`);
    }
    judge(
      proposals.every(({ spi }) => Buffer.from(spi).readUInt32BE(0) >= 256),
      'an SPI of alice’s is reserved',
    );
  },
);

v1Clause(
  'rfc2407-4.5-initiator-refuses-what-it-did-not-offer',
  {
    level: 'MUST',
    text: 'An initiator that notices that attributes of its offer were changed rejects the response',
    scenario: 'Alice asks for an SA; the peer answers with one of her transforms, and a Key Length that is in none.',
    brokenBy: 'v1-takes-any-child',
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    const { third } = await answerQuick(
      peer,
      request,
      {},
      {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type === 'SA'
              ? {
                  ...it,
                  proposals: it.proposals.map(one => ({
                    ...one,
                    transforms: one.transforms.map(each => ({
                      ...each,
                      attributes: each.attributes.map(of => (of.type === IPSEC.keyLength ? { ...of, value: 192 } : of)),
                    })),
                  })),
                }
              : it,
          ),
        }),
      },
    );
    if (third !== null) peer.bench.cite(third, 'what she says to it', ...INSIDE, 'Payload SA', 'Payload N');
    judge(third?.message?.exchangeType !== 32, 'alice confirms what she has not offered');
  },
);

/** Two of the peer's SAs for one flow. */
v1Clause(
  'rfc2407-4.6.1-second-sa-takes-the-place',
  {
    level: 'MUST',
    text: 'SAs may be negotiated again at any time: the new ones serve, and the old ones until they are deleted',
    scenario: 'The peer asks for an SA twice; packets come by either, and go by the second.',
    brokenBy: 'v1-one-child',
  },
  async peer => {
    await callMain(peer);
    const { child: one } = await quick(peer);
    const { child: two } = await quick(peer, { childSpi: 0xc0ff_ee02 });
    await both(peer, one, two);
  },
);

async function both(peer: TesterV1Peer, ...children: Parameters<typeof judgeArrives>[1][]): Promise<void> {
  for (const child of children) {
    const text = `BY-${child.inbound.spi.toString(16)} `;
    await judgeArrives(peer, child, { sequence: 1, text }, 'alice takes nothing by one of the SAs');
  }
  require(children.at(-1), 'no child');
}
