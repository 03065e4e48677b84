import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { ArrangedPolicy } from '../../lab/subjects/arrangement.ts';
import { benchClause } from '../clause.ts';
import { type Bench, type BenchPlan, FAR, type Family, HOST, type SaPlan } from '../tester/bench.ts';
import { accepted, espFrom, inbound, outbound, refused } from '../tester/esp-on-bench.ts';
import { echoRequest, filler, holds, packet, type PacketOrder, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, BYPASS, DISCARD, policy, protect, saPair, site, tunnel } from '../tester/plans.ts';

/** What became of a packet from inside. */
type Fate = 'protected' | 'bypassed' | 'discarded';

/** Sends it, and looks at the wire. `text` must be in it and in no other packet. */
async function fateOf(bench: Bench, text: string, ip: Uint8Array): Promise<Fate> {
  const sealedBefore = sealedCount(bench);
  await bench.fromInside([ip]);
  const clear = bench.outside().filter(seen => holds(seen.ip, text));
  for (const seen of clear) bench.cite(seen, `${text}in the clear`);
  if (clear.length > 0) return 'bypassed';
  return sealedCount(bench) > sealedBefore ? 'protected' : 'discarded';
}

const sealedCount = (bench: Bench): number =>
  bench.outside().filter(({ header }) => header.protocol === IpProtocol.ESP).length;

const SAS: readonly SaPlan[] = saPair();

/** SPD entries in their order, of which those named `site` are served by SAs; the rest of the world is discarded. */
const spd = (...policies: readonly ArrangedPolicy[]): BenchPlan => ({
  policies,
  sas: policies.some(({ name }) => name === 'site') ? SAS : [],
});

const SITE = policy('site', protect(tunnel()), between(4));

const datagram = (order: Partial<PacketOrder> & { from?: number; to?: number; text: string }): Uint8Array =>
  udp({ source: HOST[4], destination: FAR[4], ...order, payload: filler(order.text) });

for (const inner of [4, 6] as const satisfies readonly Family[]) {
  const ends = { source: HOST[inner], destination: FAR[inner] };
  for (const [kind, fate, brokenBy] of [
    ['protect', 'protected', 'bypasses-protect'],
    ['bypass', 'bypassed', 'discards-bypass'],
    ['discard', 'discarded', 'bypasses-discard'],
  ] as const) {
    const action = { protect: protect(tunnel()), bypass: BYPASS, discard: DISCARD }[kind];
    benchClause(
      `rfc4301-4.4.1-${kind}[${inner}]`,
      {
        level: 'MUST',
        text: 'Every packet is one of three: discarded, bypassed, or protected, as the SPD says',
        scenario: `An SPD with one entry, ${kind} for IPv${inner} between the nets; the host behind alice sends such a packet.`,
        brokenBy,
        alice: spd(policy('site', action, between(inner))),
      },
      async bench => {
        const found = await fateOf(bench, 'FATE ', udp({ ...ends, payload: filler('FATE ') }));
        judge(found === fate, `a packet that the SPD would have ${fate} was ${found}`);
      },
    );
  }

  benchClause(
    `rfc4301-5.1-no-match-is-discard[${inner}]`,
    {
      level: 'MUST',
      text: 'What no entry matches is discarded',
      scenario: `The SPD protects one net of the other family; the host behind alice sends IPv${inner}.`,
      brokenBy: 'bypasses-the-rest',
      alice: spd(policy('site', protect(tunnel()), between(inner === 4 ? 6 : 4))),
    },
    async bench => {
      const found = await fateOf(bench, 'REST ', udp({ ...ends, payload: filler('REST ') }));
      judge(found === 'discarded', `a packet that no entry matches was ${found}`);
      const { policyDiscard = 0 } = await bench.drops();
      judge(policyDiscard > 0, 'alice counts no packet that her policy discarded');
    },
  );
}

benchClause(
  'rfc4301-4.4.1-order[specific-first]',
  {
    level: 'MUST',
    text: 'The SPD is ordered: the first entry that matches decides',
    scenario: 'Discard UDP port 53, bypass UDP, protect everything: three packets, three fates.',
    brokenBy: 'last-match',
    alice: spd(
      policy('dns', DISCARD, { ...between(4), protocol: 17, remotePort: 53 }),
      policy('udp', BYPASS, { ...between(4), protocol: 17 }),
      SITE,
    ),
  },
  bench =>
    judgeFates(bench, [
      ['discarded', datagram({ to: 53, text: 'DNS ' }), 'DNS '],
      ['bypassed', datagram({ to: 54, text: 'UDP ' }), 'UDP '],
      ['protected', echoRequest({ source: HOST[4], destination: FAR[4], data: filler('PING ') }), 'PING '],
    ]),
);

benchClause(
  'rfc4301-4.4.1-order[general-first]',
  {
    level: 'MUST',
    text: 'An entry behind one that matches more is never reached',
    scenario: 'Protect everything between the nets, then bypass UDP: a datagram must be protected.',
    brokenBy: 'last-match',
    alice: spd(SITE, policy('udp', BYPASS, { ...between(4), protocol: 17 })),
  },
  bench => judgeFates(bench, [['protected', datagram({ text: 'UDP ' }), 'UDP ']]),
);

/** One clause for a kind of selector: an entry with it protects, everything else is discarded. */
interface SelectorCase {
  readonly name: string;
  readonly what: string;
  readonly brokenBy: string;
  readonly selectors: Partial<ArrangedPolicy>;
  /** With the texts in them. */
  readonly inside: Readonly<Record<string, Uint8Array>>;
  readonly outside: Readonly<Record<string, Uint8Array>>;
}

const ping = (type: number, code: number, text: string): Uint8Array =>
  packet({
    source: HOST[4],
    destination: FAR[4],
    protocol: IpProtocol.ICMP,
    payload: Buffer.concat([Uint8Array.of(type, code, 0, 0, 0x7e, 0x57, 0, 1), filler(text)]),
  });

const SELECTORS: readonly SelectorCase[] = [
  {
    name: 'address-ranges',
    what: 'Local and remote addresses are ranges, both ends inclusive',
    brokenBy: 'ranges-are-prefixes',
    selectors: { local: ['10.0.0.2-10.0.0.6'], remote: ['10.0.1.9-10.0.1.17'] },
    inside: {
      'LOW ': datagram({ destination: '10.0.1.9', text: 'LOW ' }),
      'HIGH ': datagram({ source: '10.0.0.6', destination: '10.0.1.17', text: 'HIGH ' }),
    },
    outside: {
      'BELOW ': datagram({ destination: '10.0.1.8', text: 'BELOW ' }),
      'ABOVE ': datagram({ destination: '10.0.1.18', text: 'ABOVE ' }),
      'BESIDE ': datagram({ source: '10.0.0.7', destination: '10.0.1.10', text: 'BESIDE ' }),
    },
  },
  {
    name: 'lists-of-ranges',
    what: 'A selector may be a list of ranges',
    brokenBy: 'first-of-list',
    selectors: { remote: ['10.0.1.2', '10.0.1.64-10.0.1.66', '10.0.1.128/25'] },
    inside: {
      'ONE ': datagram({ text: 'ONE ' }),
      'TWO ': datagram({ destination: '10.0.1.66', text: 'TWO ' }),
      'THREE ': datagram({ destination: '10.0.1.200', text: 'THREE ' }),
    },
    outside: {
      'GAP ': datagram({ destination: '10.0.1.67', text: 'GAP ' }),
      'HOLE ': datagram({ destination: '10.0.1.3', text: 'HOLE ' }),
    },
  },
  {
    name: 'address-ranges-v6',
    what: 'IPv6 addresses are ranges as well',
    brokenBy: 'ranges-are-prefixes',
    selectors: { local: [HOST[6]], remote: ['2001:470:24:c67::1-2001:470:24:c67::ff'] },
    inside: { 'SIX ': udp({ source: HOST[6], destination: '2001:470:24:c67::ff', payload: filler('SIX ') }) },
    outside: { 'SIX-OUT ': udp({ source: HOST[6], destination: '2001:470:24:c67::100', payload: filler('SIX-OUT ') }) },
  },
  {
    name: 'protocol',
    what: 'The next layer protocol is a selector',
    brokenBy: 'ignores-protocol',
    selectors: { ...between(4), protocol: 17 },
    inside: { 'UDP ': datagram({ text: 'UDP ' }) },
    outside: { 'ICMP ': ping(8, 0, 'ICMP ') },
  },
  {
    name: 'ports',
    what: 'Local and remote port are selectors',
    brokenBy: 'ignores-ports',
    selectors: { ...between(4), protocol: 17, localPort: 5000, remotePort: 53 },
    inside: { 'BOTH ': datagram({ from: 5000, to: 53, text: 'BOTH ' }) },
    outside: {
      'REMOTE ': datagram({ from: 5000, to: 54, text: 'REMOTE ' }),
      'LOCAL ': datagram({ from: 5001, to: 53, text: 'LOCAL ' }),
      'SWAPPED ': datagram({ from: 53, to: 5000, text: 'SWAPPED ' }),
    },
  },
  {
    name: 'port-ranges',
    what: 'Ports are ranges, both ends inclusive, and lists of them',
    brokenBy: 'ignores-ports',
    selectors: {
      ...between(4),
      protocol: 17,
      remotePort: [
        [100, 200],
        [1000, 1000],
      ],
    },
    inside: {
      'P100 ': datagram({ to: 100, text: 'P100 ' }),
      'P200 ': datagram({ to: 200, text: 'P200 ' }),
      'P1000 ': datagram({ to: 1000, text: 'P1000 ' }),
    },
    outside: {
      'P99 ': datagram({ to: 99, text: 'P99 ' }),
      'P201 ': datagram({ to: 201, text: 'P201 ' }),
      'P999 ': datagram({ to: 999, text: 'P999 ' }),
    },
  },
  {
    name: 'icmp-type-and-code',
    what: 'ICMP type and code are selectors',
    brokenBy: 'ignores-icmp-type',
    selectors: { ...between(4), protocol: 1, icmp: [[13 * 256, 13 * 256]] },
    inside: { 'STAMP ': ping(13, 0, 'STAMP ') },
    outside: { 'CODE ': ping(13, 1, 'CODE '), 'ECHO ': ping(8, 0, 'ECHO ') },
  },
  {
    name: 'icmp-ranges',
    what: 'ICMP types are ranges, with every code of them',
    brokenBy: 'ignores-icmp-type',
    selectors: { ...between(4), protocol: 1, icmp: [[13 * 256, 14 * 256 + 255]] },
    inside: { 'T13 ': ping(13, 7, 'T13 '), 'T14 ': ping(14, 0, 'T14 ') },
    outside: { 'T15 ': ping(15, 0, 'T15 '), 'T12 ': ping(12, 255, 'T12 ') },
  },
  {
    name: 'behind-extension-headers',
    what: 'In IPv6 the next layer protocol is what stands behind extension headers',
    brokenBy: 'drops-options',
    selectors: { ...between(6), protocol: 17, remotePort: 53 },
    inside: {
      'EXT ': udp({
        source: HOST[6],
        destination: FAR[6],
        to: 53,
        payload: filler('EXT '),
        extensions: [{ type: IpProtocol.DSTOPTS, body: [0, 1, 4, 0, 0, 0, 0] }],
      }),
    },
    outside: { 'PORT ': udp({ source: HOST[6], destination: FAR[6], to: 54, payload: filler('PORT ') }) },
  },
];

for (const { name, what, brokenBy, selectors, inside, outside } of SELECTORS) {
  benchClause(
    `rfc4301-4.4.1.1-selectors[${name}]`,
    {
      level: 'MUST',
      text: what,
      scenario: `An entry with such selectors protects, everything else is discarded; ${Object.keys(inside).length} packets inside and ${Object.keys(outside).length} just outside of it.`,
      brokenBy,
      alice: spd(policy('site', protect(tunnel()), selectors)),
    },
    bench =>
      judgeFates(bench, [
        ...Object.entries(inside).map(([text, ip]): Case => ['protected', ip, text]),
        ...Object.entries(outside).map(([text, ip]): Case => ['discarded', ip, text]),
      ]),
  );
}

benchClause(
  'rfc4301-4.4.1.1-opaque-ports',
  {
    level: 'MUST',
    text: 'OPAQUE matches where a packet does not show its ports, ANY matches that as well, and a value does not',
    scenario:
      'Protect OPAQUE ports of UDP, discard the rest of UDP: of a datagram in two fragments the second is protected.',
    brokenBy: 'opaque-is-any',
    alice: {
      ...spd(
        policy('site', protect(tunnel()), { ...between(4), protocol: 17, localPort: 'opaque', remotePort: 'opaque' }),
        policy('udp', DISCARD, { ...between(4), protocol: 17 }),
      ),
      fragments: 'stateful',
    },
  },
  bench =>
    judgeFates(bench, [
      ['discarded', datagram({ text: 'WHOLE ' }), 'WHOLE '],
      [
        'protected',
        packet({
          source: HOST[4],
          destination: FAR[4],
          protocol: 17,
          identification: 7,
          fragmentOffset: 64,
          payload: filler('LATER-FRAGMENT '),
        }),
        'LATER-FRAGMENT ',
      ],
    ]),
);

benchClause(
  'rfc4301-4.4.1-spd-o-and-spd-i',
  {
    level: 'MUST',
    text: 'Entries may be for one direction: what is bypassed outbound need not be inbound',
    scenario: 'Bypass UDP outbound alone, discard all else: a datagram leaves, one the other way does not come in.',
    brokenBy: 'ignores-direction',
    alice: spd(policy('out-only', BYPASS, { ...between(4), protocol: 17, direction: 'outbound' })),
  },
  async bench => {
    await judgeFates(bench, [['bypassed', datagram({ text: 'OUT ' }), 'OUT ']]);
    await bench.fromOutside([udp({ source: FAR[4], destination: HOST[4], payload: filler('IN ') })]);
    refused(bench, 'IN ', 'a packet came in by an entry for those that leave');
  },
);

benchClause(
  'rfc4301-4.4.1.2-unique-sas',
  {
    level: 'MUST',
    text: 'Flows of one entry can have SAs of their own, made for the values in the packet',
    scenario:
      'An entry with unique SAs, one for port 53 and one for port 54: each datagram must go by its own, and one to port 55 by none.',
    brokenBy: 'shares-sas',
    alice: {
      policies: [
        policy('site', { kind: 'protect', transforms: [tunnel()], sharing: 'unique' }, { ...between(4), protocol: 17 }),
      ],
      sas: [
        ...[53, 54].map(
          (port): SaPlan => ({ label: `out-${port}`, direction: 'outbound', selector: uniqueFlow(port) }),
        ),
        { label: 'in', direction: 'inbound' },
      ],
    },
  },
  async bench => {
    for (const to of [53, 54, 55]) await bench.fromInside([datagram({ to, text: `U${to} ` })]);
    judge(espFrom(bench, 'out-53').length === 1, `${espFrom(bench, 'out-53').length} packets by the SA of port 53`);
    judge(espFrom(bench, 'out-54').length === 1, `${espFrom(bench, 'out-54').length} packets by the SA of port 54`);
    judge(sealedCount(bench) === 2, 'the datagram to port 55 left by the SA of another');
  },
);

function uniqueFlow(port: number): NonNullable<SaPlan['selector']> {
  return { local: HOST[4], remote: FAR[4], protocol: 17, localPort: 40000, remotePort: port };
}

benchClause(
  'rfc4301-5.1-no-sa-no-packet',
  {
    level: 'MUST',
    text: 'What is to be protected and has no SA does not leave, and whoever negotiates is told',
    scenario: 'The SPD protects, but there is no SA; the host behind alice sends.',
    brokenBy: 'bypasses-protect',
    alice: { policies: [SITE], sas: [] },
  },
  async bench => {
    await judgeFates(bench, [['discarded', datagram({ text: 'NO-SA ' }), 'NO-SA ']]);
    judge(bench.events().includes('saWanted'), 'alice did not say that she wants an SA');
  },
);

benchClause(
  'rfc4301-5.2-bypass-inbound',
  {
    level: 'MUST',
    text: 'A clear packet that an entry bypasses comes in; one that no entry bypasses does not',
    scenario: 'Bypass UDP port 53 between the nets; the peer’s host sends clear datagrams from port 53 and 54.',
    brokenBy: 'bypasses-the-rest',
    alice: spd(policy('dns', BYPASS, { ...between(4), protocol: 17, remotePort: 53 })),
  },
  async bench => {
    await bench.fromOutside([fromFar(53, 'DNS '), fromFar(54, 'OTHER ')]);
    accepted(bench, ['DNS '], 'bypassed, but refused');
    refused(bench, 'OTHER ', 'accepted without an entry for it');
  },
);

/** A clear datagram from the host behind the peer. */
const fromFar = (port: number, text: string): Uint8Array =>
  udp({ source: FAR[4], destination: HOST[4], from: port, payload: filler(text) });

type Case = readonly [Fate, Uint8Array, string];

/** Sends each packet and fails at the first whose fate is another. */
async function judgeFates(bench: Bench, cases: readonly Case[]): Promise<void> {
  for (const [due, ip, text] of cases) {
    const found = await fateOf(bench, text, ip);
    judge(found === due, `${text.trim()} was ${found}, not ${due}`);
  }
}

benchClause(
  'rfc4301-5.2-sa-selectors-inbound',
  {
    level: 'MUST',
    text: 'What comes out of an SA must match the selectors of the entry that the SA serves, port for port',
    scenario: 'The entry is for UDP from port 53; the peer seals that, UDP from 54, ICMP, and another source.',
    brokenBy: 'ignores-selectors',
    alice: site({
      node: { policies: [policy('site', protect(tunnel()), { ...between(4), protocol: 17, remotePort: 53 })] },
    }),
  },
  async bench => {
    const ends = { source: FAR[4], destination: HOST[4] };
    const wrong = [
      udp({ ...ends, from: 54, payload: filler('WRONG ') }),
      echoRequest({ ...ends, data: filler('WRONG ') }),
      udp({ ...ends, source: '198.51.100.7', from: 53, payload: filler('WRONG ') }),
      udp({ ...ends, destination: '10.9.9.9', from: 53, payload: filler('WRONG ') }),
    ];
    for (const [index, payload] of wrong.entries()) await inbound(bench, { sequence: index + 1, payload });
    refused(bench, 'WRONG ', 'accepted by an SA that is not for it');
    const { policyMismatch = 0 } = await bench.drops();
    judge(
      policyMismatch === wrong.length,
      `alice counts ${policyMismatch} packets by the wrong SA, not ${wrong.length}`,
    );
    await inbound(bench, { sequence: 9, payload: udp({ ...ends, from: 53, payload: filler('RIGHT ') }) });
    accepted(bench, ['RIGHT '], 'refused although it is what the SA is for');
  },
);

benchClause(
  'rfc4301-5.2-right-packet-wrong-sa',
  {
    level: 'MUST',
    text: 'A packet that one entry protects may not come by the SA of another',
    scenario: 'Two entries with an SA each, for UDP port 53 and for all else; the peer swaps them.',
    brokenBy: 'one-entry-for-all',
    alice: {
      policies: [policy('dns', protect(tunnel()), { ...between(4), protocol: 17, remotePort: 53 }), SITE],
      sas: [
        { label: 'dns', direction: 'inbound', policy: 'dns' },
        { label: 'in', direction: 'inbound' },
      ],
    },
  },
  async bench => {
    await inbound(bench, { label: 'in', sequence: 1, payload: fromFar(53, 'SWAPPED ') });
    await inbound(bench, { label: 'dns', sequence: 1, payload: fromFar(54, 'SWAPPED ') });
    refused(bench, 'SWAPPED ', 'came by the SA of another entry');
    await inbound(bench, { label: 'dns', sequence: 2, payload: fromFar(53, 'DNS ') });
    await inbound(bench, { label: 'in', sequence: 2, payload: fromFar(54, 'ELSE ') });
    accepted(bench, ['DNS ', 'ELSE '], 'refused although it came by its own SA');
  },
);

for (const inner of [4, 6] as const) {
  benchClause(
    `rfc4301-5.2-clear-where-protection-is-due[${inner}]`,
    {
      level: 'MUST',
      text: 'A clear packet that would have to be protected is discarded, on every interface',
      scenario: `Clear IPv${inner} between the nets arrives from outside: plain, and in IP-in-IP from the peer.`,
      brokenBy: 'accepts-clear',
      alice: site({ inner }),
    },
    async bench => {
      const clear = udp({ source: FAR[inner], destination: HOST[inner], payload: filler('CLEAR ') });
      const protocol = inner === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
      await bench.fromOutside([clear, packet({ source: '5.6.7.8', destination: '1.2.3.4', protocol, payload: clear })]);
      refused(bench, 'CLEAR ', 'a clear packet was accepted where protection is due');
      await outbound(bench, ['OUT '], { inner });
      await inbound(bench, { sequence: 1, inner, text: 'SEALED ' });
      accepted(bench, ['SEALED '], 'nor are sealed ones');
    },
  );

  benchClause(
    `rfc4301-5.2-twin-of-a-tunnel[${inner === 4 ? 6 : 4}]`,
    {
      level: 'MUST',
      text: 'A tunnel for one family carries nothing of the other, and lets nothing of it out in the clear',
      scenario: `The entry is for IPv${inner}; the host behind alice sends the other family, and the peer seals it.`,
      brokenBy: 'bypasses-the-rest',
      alice: site({ inner }),
    },
    async bench => {
      const twin = inner === 4 ? 6 : 4;
      await judgeFates(bench, [
        ['discarded', udp({ source: HOST[twin], destination: FAR[twin], payload: filler('TWIN ') }), 'TWIN '],
      ]);
      await inbound(bench, { sequence: 1, inner: twin, text: 'TWIN-IN ' });
      refused(bench, 'TWIN-IN ', 'the other family came out of the tunnel');
      await inbound(bench, { sequence: 2, inner, text: 'OWN ' });
      accepted(bench, ['OWN '], 'nor does its own family');
    },
  );
}
