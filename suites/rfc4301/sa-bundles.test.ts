import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { sealAh, openAh } from '../tester/ah.ts';
import { ahFrom } from '../tester/ah-on-bench.ts';
import { ALICE, type Bench, type BenchPlan, FAR, HOST, PEER } from '../tester/bench.ts';
import { openEsp, sealEsp } from '../tester/esp.ts';
import { accepted, espFrom, inbound, outbound, refused } from '../tester/esp-on-bench.ts';
import { echoRequest, filler, headerOf, holds, packet, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, policy, protect, saPair, site, transform, tunnel } from '../tester/plans.ts';

/** More than one SA for a packet, and SAs that are asked for by level, number and interface. */

const bundle: BenchPlan = {
  policies: [
    policy('site', protect(transform({ mode: 'transport' }), transform({ protocol: 'ah', mode: 'transport' })), {
      local: ALICE[4],
      remote: PEER[4],
    }),
  ],
  sas: [
    { label: 'out', direction: 'outbound', mode: 'transport' },
    { label: 'in', direction: 'inbound', mode: 'transport' },
    { label: 'ah-out', direction: 'outbound', mode: 'transport', protocol: 'ah', suite: 'sha256', transform: 1 },
    { label: 'ah-in', direction: 'inbound', mode: 'transport', protocol: 'ah', suite: 'sha256', transform: 1 },
  ],
};

/** Of a ping to alice, what the entry asks for, or less. */
function layered(bench: Bench, sequence: number, text: string, layers: 'both' | 'esp' | 'ah' | 'none'): Uint8Array {
  const ends = { source: PEER[4], destination: ALICE[4] };
  const bare = echoRequest({ ...ends, data: filler(text) });
  const icmp = headerOf(bare).payload;
  const esp = sealEsp({ keys: bench.sa('in'), sequence, nextHeader: IpProtocol.ICMP, payload: icmp });
  const sealed = packet({ ...ends, protocol: IpProtocol.ESP, payload: esp });
  switch (layers) {
    case 'none':
      return bare;
    case 'esp':
      return sealed;
    case 'ah':
      return sealAh({ keys: bench.sa('ah-in'), sequence, ip: bare });
    case 'both':
      return sealAh({ keys: bench.sa('ah-in'), sequence, ip: sealed });
  }
}

benchClause(
  'rfc4301-4.3-bundle[ah-over-esp]',
  {
    level: 'MAY',
    text: 'An entry may ask for AH over ESP: both are applied, ESP first, and both are taken off',
    scenario: 'The peer pings alice in transport mode under AH over ESP; the reply has both, and both verify.',
    brokenBy: 'first-transform-only',
    alice: bundle,
  },
  async bench => {
    await bench.fromOutside([layered(bench, 1, 'BOTH ', 'both')]);
    const [reply] = ahFrom(bench, 'ah-out');
    judge(reply !== undefined, 'alice did not answer under AH');
    bench.cite(reply, 'AH, and ESP inside of it', 'SPI');
    judge(reply.ah.icvOk, 'the AH of the reply does not verify');
    judge(reply.ah.nextHeader === IpProtocol.ESP, `behind the AH stands ${reply.ah.nextHeader}, not ESP`);
    const opened = openEsp(bench.sa('out'), reply.ah.payload);
    judge(opened !== null && holds(opened.payload, 'BOTH '), 'the ESP inside does not verify, or is no reply');
  },
);

for (const layers of ['esp', 'ah', 'none'] as const) {
  benchClause(
    `rfc4301-5.2-bundle-is-checked[${layers}]`,
    {
      level: 'MUST',
      text: 'What an entry asks to be under two SAs is not accepted under less',
      scenario: `The entry asks for AH over ESP; the peer pings alice with ${layers === 'none' ? 'neither' : `${layers} alone`}.`,
      brokenBy: layers === 'ah' ? 'last-transform-only' : layers === 'esp' ? 'first-transform-only' : 'accepts-clear',
      alice: bundle,
    },
    async bench => {
      await bench.fromOutside([layered(bench, 1, 'LESS ', layers)]);
      const answers = bench.outside().filter(({ header }) => header.protocol !== IpProtocol.UDP);
      for (const seen of answers) bench.cite(seen, `an answer to a ping with ${layers}`, 'SPI');
      judge(answers.length === 0, `alice answered a ping with ${layers}`);
      await bench.fromOutside([layered(bench, 2, 'BOTH ', 'both')]);
      judge(bench.outside().length > 0, 'nor does she answer one with both');
    },
  );
}

benchClause(
  'rfc4301-4.4.1-level-use[no-sa]',
  {
    level: 'MAY',
    text: 'An entry of level use lets pass in the clear where there is no SA, both ways',
    scenario: 'There is no SA; the host behind alice sends, and the host behind the peer.',
    brokenBy: 'use-is-require',
    alice: { policies: [policy('site', protect(tunnel(4, { level: 'use' })), between(4))], sas: [] },
  },
  async bench => {
    await outbound(bench, ['OUT ']);
    judge(
      bench.outside().some(({ ip }) => holds(ip, 'OUT ')),
      'what may go in the clear did not go',
    );
    await bench.fromOutside([udp({ source: FAR[4], destination: HOST[4], payload: filler('IN ') })]);
    accepted(bench, ['IN '], 'refused in the clear');
  },
);

benchClause(
  'rfc4301-4.4.1-level-use[with-sa]',
  {
    level: 'MAY',
    text: 'An entry of level use protects where there is an SA; clear packets are accepted still',
    scenario: 'There are SAs; the host behind alice sends; the peer’s side sends under an SA, and in the clear.',
    brokenBy: 'use-is-bypass',
    alice: { policies: [policy('site', protect(tunnel(4, { level: 'use' })), between(4))], sas: saPair() },
  },
  async bench => {
    await outbound(bench, ['OUT ']);
    judge(espFrom(bench).length === 1, 'there is an SA, and it was not used');
    judge(!bench.outside().some(({ ip }) => holds(ip, 'OUT ')), 'it went in the clear');
    await inbound(bench, { sequence: 1, text: 'SEALED ' });
    await bench.fromOutside([udp({ source: FAR[4], destination: HOST[4], payload: filler('CLEAR ') })]);
    accepted(bench, ['SEALED ', 'CLEAR '], 'refused');
  },
);

benchClause(
  'rfc4301-4.4.1.2-request-id',
  {
    level: 'MAY',
    text: 'An entry that asks for SAs of one number is served by no other, in either direction',
    scenario: 'The entry asks for number 7; there are SAs of numbers 7 and 8.',
    brokenBy: 'ignores-request-id',
    alice: {
      policies: [policy('site', protect(tunnel(4, { requestId: 7 })), between(4))],
      sas: [
        ...saPair({ policy: null, requestId: 7 }),
        { label: 'out-8', direction: 'outbound', policy: null, requestId: 8 },
        { label: 'in-8', direction: 'inbound', policy: null, requestId: 8 },
      ],
    },
  },
  async bench => {
    await outbound(bench, ['NUMBER ']);
    judge(espFrom(bench, 'out').length === 1, 'the SA of number 7 was not used');
    judge(espFrom(bench, 'out-8').length === 0, 'the SA of number 8 was used');
    await inbound(bench, { label: 'in-8', sequence: 1, text: 'EIGHT ' });
    refused(bench, 'EIGHT ', 'came by the SA of number 8');
    await inbound(bench, { label: 'in', sequence: 1, text: 'SEVEN ' });
    accepted(bench, ['SEVEN '], 'refused by the SA of number 7');
  },
);

benchClause(
  'rfc4301-4.4.1-spd-of-an-interface',
  {
    level: 'MUST',
    text: 'An interface may have an SPD of its own, which is for what passes there and no other',
    scenario: 'The outside interface protects between the nets, the inside one has no SPD; packets pass both ways.',
    brokenBy: 'no-spd-of-interfaces',
    alice: {
      policies: [policy('site', protect(tunnel()), { ...between(4), tunnel: 'net0' })],
      sas: saPair(),
    },
  },
  async bench => {
    await outbound(bench, ['OUT ']);
    judge(espFrom(bench).length === 1, 'what the outside interface protects did not leave protected');
    await bench.fromOutside([udp({ source: FAR[4], destination: HOST[4], payload: filler('CLEAR ') })]);
    refused(bench, 'CLEAR ', 'accepted in the clear where the interface protects');
    await inbound(bench, { sequence: 1, text: 'SEALED ' });
    accepted(bench, ['SEALED '], 'refused although it came as the interface asks');
    const before = bench.inside().length;
    await bench.fromInside([echoRequest({ source: HOST[4], destination: '10.0.0.1', data: filler('INSIDE ') })]);
    judge(
      bench
        .inside()
        .slice(before)
        .some(({ ip }) => holds(ip, 'INSIDE ')),
      'on the inside interface, which asks for nothing, there is no answer',
    );
  },
);

benchClause(
  'rfc4301-5.2-ah-where-esp-is-due',
  {
    level: 'MUST',
    text: 'A packet that came by an SA of the other protocol is not accepted',
    scenario: 'The entry asks for ESP; there is an AH SA between the same ends, shared by all; the peer uses it.',
    brokenBy: 'takes-ah-for-esp',
    alice: {
      ...site(),
      sas: [...saPair(), { label: 'ah-in', direction: 'inbound', protocol: 'ah', suite: 'sha256', policy: null }],
    },
  },
  async bench => {
    const payload = udp({ source: FAR[4], destination: HOST[4], payload: filler('BY-AH ') });
    const ip = packet({ source: PEER[4], destination: ALICE[4], protocol: IpProtocol.IPV4, payload });
    const sealed = sealAh({ keys: bench.sa('ah-in'), sequence: 1, ip });
    judge(openAh(bench.sa('ah-in'), sealed)?.icvOk === true, 'the tester cannot seal');
    await bench.fromOutside([sealed]);
    refused(bench, 'BY-AH ', 'came by AH where ESP is due');
    await inbound(bench, { sequence: 1, text: 'BY-ESP ' });
    accepted(bench, ['BY-ESP '], 'nor is one that came by ESP');
  },
);
