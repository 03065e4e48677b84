import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { ALICE, type Family, FAR, HOST, PEER } from '../tester/bench.ts';
import { accepted, firstEsp, inbound, outbound, sealedFor, espFrom } from '../tester/esp-on-bench.ts';
import { fragmentsOf } from '../tester/fragments.ts';
import { echoRequest, filler, headerOf, holds, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { hosts, site } from '../tester/plans.ts';

const FAMILIES: readonly Family[] = [4, 6];

for (const outer of FAMILIES) {
  for (const inner of FAMILIES) {
    benchClause(
      `rfc4303-3.1.2-tunnel[${inner}in${outer}]`,
      {
        level: 'MUST',
        text: 'Tunnel mode protects the whole inner packet, of either family, in an outer packet of either family',
        scenario: `The host behind alice sends IPv${inner} over IPv${outer}, and gets an answer; the tester compares every octet.`,
        brokenBy: 'wrong-next-header',
        alice: site({ inner, outer }),
      },
      async bench => {
        await outbound(bench, ['THERE '], { inner });
        const { header, opened, ...seen } = firstEsp(bench);
        bench.cite(
          seen,
          `${header.source} > ${header.destination}, Next Header ${opened.nextHeader}`,
          'Source Address',
        );
        judge(header.source === ALICE[outer] && header.destination === PEER[outer], 'the outer header has other ends');
        const due = inner === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
        judge(opened.nextHeader === due, `Next Header ${opened.nextHeader}, not ${due}`);
        const sent = udp({ source: HOST[inner], destination: FAR[inner], hopLimit: 63, payload: filler('THERE ') });
        judge(Buffer.from(opened.payload).equals(sent), 'the inner packet is not what was sent');
        await inbound(bench, { sequence: 1, inner, text: 'BACK ' });
        accepted(bench, ['BACK '], 'the answer did not come out of the tunnel');
        const expected = udp({ source: FAR[inner], destination: HOST[inner], hopLimit: 63, payload: filler('BACK ') });
        const arrived = require(bench.arrivals('BACK ')[0], 'it did arrive').ip;
        judge(Buffer.from(arrived).equals(expected), 'the answer was changed on its way through alice');
      },
    );
  }

  benchClause(
    `rfc4303-3.1.1-transport[${outer}]`,
    {
      level: 'MUST',
      text: 'Transport mode puts ESP between the IP header and what the next layer wrote, and covers nothing before it',
      scenario: `The peer sends alice an echo request in transport mode over IPv${outer}; the reply comes the same way.`,
      brokenBy: 'accepts-clear',
      alice: hosts({ outer }),
    },
    async bench => {
      const ends = { source: PEER[outer], destination: ALICE[outer] };
      const icmp = headerOf(echoRequest({ ...ends, data: filler('PING ', 64) })).payload;
      const nextHeader = outer === 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
      await inbound(bench, { sequence: 1, payload: icmp, nextHeader });
      const { header, opened, ...seen } = firstReply(bench);
      bench.cite(seen, `ESP right behind the IPv${outer} header`, 'Protocol', 'Next Header');
      judge(header.source === ALICE[outer] && header.destination === PEER[outer], 'the reply runs between other ends');
      judge(opened.nextHeader === nextHeader, `Next Header ${opened.nextHeader}, not ${nextHeader}`);
      const replyType = outer === 4 ? 0 : 129;
      judge(opened.payload[0] === replyType, `what stands inside has ICMP type ${opened.payload[0]}, not ${replyType}`);
      judge(holds(opened.payload, 'PING '), 'the reply does not hold the data of the request');
    },
  );

  benchClause(
    `rfc4303-3.3.4-transport-applies-to-whole-packets[${outer}]`,
    {
      level: 'MUST',
      text: 'In transport mode ESP is applied to whole datagrams, and fragmentation comes after it',
      scenario: `The peer sends alice an echo request of 3000 octets over IPv${outer}, its ESP in fragments; so must the reply be.`,
      brokenBy: 'drops-large',
      alice: hosts({ outer }),
    },
    async bench => {
      const ends = { source: PEER[outer], destination: ALICE[outer] };
      const icmp = headerOf(echoRequest({ ...ends, data: filler('LARGE ', 3000) })).payload;
      const nextHeader = outer === 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
      await bench.fromOutside(fragmentsOf(sealedFor(bench, { sequence: 1, payload: icmp, nextHeader })));
      const pieces = bench.outsidePieces();
      const { opened, ...seen } = firstReply(bench);
      bench.cite(seen, `the last of ${pieces.length} pieces`, 'Flags and Fragment Offset');
      judge(pieces.length > 1, 'the reply came in one piece of more than the MTU');
      judge(
        opened.payload.length === icmp.length,
        `the reply holds ${opened.payload.length} octets, not ${icmp.length}`,
      );
      judge(espFrom(bench).length === 1, `${espFrom(bench).length} ESP packets for one reply`);
    },
  );

  benchClause(
    `rfc4303-3.4.1-reassembly-before-esp[${outer}]`,
    {
      level: 'MUST',
      text: 'Fragments of an ESP packet are put together before ESP looks at it',
      scenario: `The peer’s ESP of a large packet comes over IPv${outer} in fragments, last first; what it holds must arrive.`,
      brokenBy: 'drops-fragments',
      alice: site({ outer, inner: 4 }),
    },
    async bench => {
      const payload = udp({ source: FAR[4], destination: HOST[4], payload: filler('PIECES ', 1380) });
      const pieces = fragmentsOf(sealedFor(bench, { sequence: 1, payload }));
      judge(pieces.length > 1, 'the tester did not fragment');
      await bench.fromOutside([...pieces].reverse());
      accepted(bench, ['PIECES '], 'did not arrive out of reassembled ESP');
    },
  );
}

benchClause(
  'rfc4303-3.1.1-transport-behind-options',
  {
    level: 'MUST',
    text: 'In IPv4 transport mode ESP stands behind the header with its options',
    scenario: 'The peer sends alice an echo request in ESP behind an IPv4 header with a Record Route option.',
    brokenBy: 'drops-options',
    alice: hosts(),
  },
  async bench => {
    const icmp = headerOf(echoRequest({ source: PEER[4], destination: ALICE[4], data: filler('OPT ') })).payload;
    const options = [7, 7, 4, 0, 0, 0, 0]; // Record Route with room for one address
    await inbound(bench, { sequence: 1, payload: icmp, nextHeader: IpProtocol.ICMP, outer: { options } });
    const { opened } = firstReply(bench);
    judge(holds(opened.payload, 'OPT '), 'no reply to what stood behind options');
  },
);

for (const [name, extensions] of [
  ['hop-by-hop', [{ type: IpProtocol.HOPOPT, body: [0, 1, 4, 0, 0, 0, 0] }]],
  ['destination-options', [{ type: IpProtocol.DSTOPTS, body: [0, 1, 4, 0, 0, 0, 0] }]],
] as const) {
  benchClause(
    `rfc4303-3.1.1-transport-behind-extensions[${name}]`,
    {
      level: 'MUST',
      text: 'In IPv6 transport mode ESP stands behind the extension headers that are meant for the way',
      scenario: `The peer sends alice an echo request in ESP behind ${name}.`,
      brokenBy: 'drops-options',
      alice: hosts({ outer: 6 }),
    },
    async bench => {
      const icmp = headerOf(echoRequest({ source: PEER[6], destination: ALICE[6], data: filler('EXT ') })).payload;
      await inbound(bench, { sequence: 1, payload: icmp, nextHeader: IpProtocol.ICMPV6, outer: { extensions } });
      const { opened } = firstReply(bench);
      judge(holds(opened.payload, 'EXT '), 'no reply to what stood behind extension headers');
    },
  );
}

benchClause(
  'rfc4303-3.1.1-destination-options-inside',
  {
    level: 'MUST',
    text: 'Destination Options may stand behind ESP, protected by it',
    scenario: 'The peer sends alice ESP over IPv6 that holds Destination Options and then an echo request.',
    brokenBy: 'drops-options-inside',
    alice: hosts({ outer: 6 }),
  },
  async bench => {
    const icmp = headerOf(echoRequest({ source: PEER[6], destination: ALICE[6], data: filler('INSIDE ') })).payload;
    const payload = Buffer.concat([Uint8Array.of(IpProtocol.ICMPV6, 0, 1, 4, 0, 0, 0, 0), icmp]);
    await inbound(bench, { sequence: 1, payload, nextHeader: IpProtocol.DSTOPTS });
    const { opened } = firstReply(bench);
    judge(holds(opened.payload, 'INSIDE '), 'no reply to what stood behind protected Destination Options');
  },
);

/** Alice’s answer under her SA; that there is none is a verdict here, since she was asked under one that is right. */
function firstReply(bench: Parameters<typeof firstEsp>[0]) {
  judge(espFrom(bench).length > 0, 'alice did not answer under her SA');
  return firstEsp(bench);
}
