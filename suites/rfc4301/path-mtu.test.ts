import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { encodeIcmpv4 } from '../../engine/wire/icmpv4.ts';
import { benchClause } from '../clause.ts';
import {
  ALICE,
  ALICE_INSIDE,
  type Bench,
  type BenchPlan,
  type Family,
  HOST,
  HOST_NET,
  OUTSIDE,
} from '../tester/bench.ts';
import { espFrom, outbound } from '../tester/esp-on-bench.ts';
import { holds, icmpv6, packet } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { BYPASS, policy, site, type SitePlan } from '../tester/plans.ts';

/** RFC 4301 §8: what a path is too narrow for. */

/** A site whose gateway may talk to her own net: her ICMP errors pass her SPD like everything else. */
function talkingSite(order: SitePlan = {}): BenchPlan {
  const plan = site(order);
  const inner = order.inner ?? 4;
  const own = policy('own', BYPASS, { local: ALICE_INSIDE[inner], remote: HOST_NET[inner] });
  return { ...plan, policies: [...plan.policies, own] };
}

/** What a router outside says about the last ESP packet of alice’s: too big for the next link. */
async function tooBig(bench: Bench, mtu: number, change: (invoking: Buffer) => void = () => undefined): Promise<void> {
  const last = require(bench.outsidePieces().at(-1), 'alice has sent nothing that could be too big');
  const invoking = Buffer.from(last.ip.subarray(0, 20 + 40));
  change(invoking);
  const payload = encodeIcmpv4({ type: 'destinationUnreachable', code: 4, mtu, invoking });
  await bench.fromOutside([packet({ source: OUTSIDE[4], destination: ALICE[4], protocol: IpProtocol.ICMP, payload })]);
}

async function tooBig6(bench: Bench, mtu: number): Promise<void> {
  const last = require(bench.outsidePieces().at(-1), 'alice has sent nothing that could be too big');
  const ends = { source: OUTSIDE[6], destination: ALICE[6] };
  const payload = icmpv6({ type: 'packetTooBig', mtu, invoking: last.ip.subarray(0, 40 + 60) }, ends);
  await bench.fromOutside([packet({ ...ends, protocol: IpProtocol.ICMPV6, payload })]);
}

/** What the host behind alice was told: the MTU, or null. */
function toldMtu(bench: Bench, family: Family): number | null {
  const told = bench.inside().findLast(({ header }) => {
    const isError = family === 4 ? header.payload[0] === 3 && header.payload[1] === 4 : header.payload[0] === 2;
    return header.protocol === (family === 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6) && isError;
  });
  if (told === undefined) return null;
  bench.cite(told, 'what the host behind alice is told', 'Rest of Header');
  judge(told.header.destination === HOST[family], `${told.header.destination} was told`);
  const message = Buffer.from(told.header.payload);
  return family === 4 ? message.readUInt16BE(6) : message.readUInt32BE(4);
}

for (const [inner, outer] of [
  [4, 4],
  [6, 4],
  [4, 6],
  [6, 6],
] as const) {
  benchClause(
    `rfc4301-8.2.1-sender-is-told[${inner}in${outer}]`,
    {
      level: 'SHOULD',
      text: 'A packet that may not be fragmented and does not fit with ESP around it is discarded, and its sender told how much does fit',
      scenario: `The host behind alice sends IPv${inner} of 1500 octets (with DF) over IPv${outer} with an MTU of 1500; then one of the size that it was told.`,
      brokenBy: 'mute-about-mtu',
      alice: talkingSite({ inner, outer }),
    },
    async bench => {
      const headers = inner === 4 ? 28 : 48;
      await outbound(bench, ['BIG '], { inner, dontFragment: true, octets: 1500 - headers });
      judge(espFrom(bench).length === 0, 'it left all the same');
      const mtu = toldMtu(bench, inner);
      judge(mtu !== null, 'the sender was not told');
      const overhead = (outer === 4 ? 20 : 40) + 8 + 8 + 16;
      judge(mtu <= 1500 - overhead && mtu > 1500 - overhead - 20, `the sender was told an MTU of ${mtu}`);
      await outbound(bench, ['FITS '], { inner, dontFragment: true, octets: mtu - headers });
      judge(espFrom(bench).length === 1, 'what was said to fit did not leave');
      judge(bench.outsidePieces().length === 1, 'what was said to fit left in fragments');
    },
  );
}

benchClause(
  'rfc4301-8.2.1-case-1[4in4]',
  {
    level: 'SHOULD',
    text: 'What a router tells about an SA’s packet counts for those who send through it: IPv4 with DF is discarded and its sender told',
    scenario:
      'A router outside tells alice that her ESP does not fit 1000 octets; the host behind her sends 1200 with DF.',
    brokenBy: 'deaf-to-icmp-errors',
    alice: talkingSite(),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { dontFragment: true, octets: 1200 });
    judge(espFrom(bench).length === 1, 'nothing left');
    await tooBig(bench, 1000);
    await outbound(bench, ['SECOND '], { dontFragment: true, octets: 1200 });
    judge(espFrom(bench).length === 1, 'a packet left that is too big for the path');
    const mtu = toldMtu(bench, 4);
    judge(mtu !== null && mtu <= 1000 - 52 && mtu > 1000 - 72, `the sender was told an MTU of ${mtu}`);
    await outbound(bench, ['THIRD '], { dontFragment: true, octets: mtu - 28 });
    judge(espFrom(bench).length === 2, 'what was said to fit did not leave');
  },
);

benchClause(
  'rfc4301-8.2.1-case-2[4in4]',
  {
    level: 'SHOULD',
    text: 'IPv4 without DF is fragmented, before or after encryption, and its sender is not told',
    scenario: 'A router outside tells alice of 1000 octets; the host behind her sends 1200 without DF.',
    brokenBy: 'deaf-to-icmp-errors',
    alice: talkingSite(),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { dontFragment: true, octets: 1200 });
    await tooBig(bench, 1000);
    const before = bench.outsidePieces().length;
    await outbound(bench, ['SECOND '], { octets: 1200 });
    const pieces = bench.outsidePieces().slice(before);
    judge(pieces.length > 1, `it left in ${pieces.length} pieces`);
    judge(
      pieces.every(({ ip }) => ip.length <= 1000),
      `a piece of ${Math.max(...pieces.map(({ ip }) => ip.length))} octets`,
    );
    judge(toldMtu(bench, 4) === null, 'the sender was told');
    const inside = espFrom(bench)
      .slice(1)
      .map(({ opened }) => Buffer.from(opened?.payload ?? []));
    const octets = inside.reduce((sum, payload) => sum + payload.length - 20, 0);
    judge(octets === 1200 + 8, `of 1208 octets ${octets} are inside of ESP`);
  },
);

benchClause(
  'rfc4301-8.2.1-case-3[6in6]',
  {
    level: 'SHOULD',
    text: 'IPv6 is discarded and its sender told',
    scenario: 'A router outside tells alice of 1400 octets; the host behind her sends 1380 of IPv6.',
    brokenBy: 'deaf-to-icmp-errors',
    alice: talkingSite({ inner: 6, outer: 6 }),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { inner: 6, octets: 1332 });
    judge(espFrom(bench).length === 1, 'nothing left');
    await tooBig6(bench, 1400);
    await outbound(bench, ['SECOND '], { inner: 6, octets: 1332 });
    judge(espFrom(bench).length === 1, 'a packet left that is too big for the path');
    const mtu = toldMtu(bench, 6);
    judge(mtu !== null && mtu <= 1400 - 72 && mtu >= 1280, `the sender was told an MTU of ${mtu}`);
  },
);

benchClause(
  'rfc4301-6.1.1-forged-mtu[unknown-spi]',
  {
    level: 'SHOULD',
    text: 'A message about an SPI that alice does not send under changes nothing',
    scenario: 'Somebody outside tells alice of 600 octets, quoting ESP under an SPI that is not hers.',
    brokenBy: 'believes-any-mtu',
    alice: talkingSite(),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { dontFragment: true, octets: 1200 });
    await tooBig(bench, 600, invoking => invoking.writeUInt32BE(0x0bad0bad, 20));
    await outbound(bench, ['SECOND '], { dontFragment: true, octets: 1200 });
    judge(espFrom(bench).length === 2, 'a forged message made alice believe that the path is narrow');
    judge(toldMtu(bench, 4) === null, 'the sender was told what a forger said');
  },
);

benchClause(
  'rfc4301-6.1.1-minimum-mtu',
  {
    level: 'SHOULD',
    text: 'No message sets the path MTU to a trivial size',
    scenario:
      'Somebody outside tells alice of 68 octets about her own ESP; 1200 without DF must still leave in a few pieces.',
    brokenBy: 'shreds',
    alice: talkingSite(),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { dontFragment: true, octets: 1200 });
    await tooBig(bench, 68);
    const before = bench.outsidePieces().length;
    await outbound(bench, ['SECOND '], { octets: 1200 });
    const pieces = bench.outsidePieces().slice(before);
    judge(pieces.length > 0, 'nothing leaves any more');
    judge(pieces.length <= 4, `one packet leaves in ${pieces.length} pieces`);
  },
);

benchClause(
  'rfc4301-6.1.1-minimum-mtu-of-ipv6',
  {
    level: 'MUST',
    text: 'A message below 1280 does not keep IPv6 packets of 1280 octets from passing',
    scenario:
      'Somebody outside tells alice of 600 octets about her ESP over IPv6; a packet of 1280 octets must still leave.',
    brokenBy: 'drops-large',
    alice: talkingSite({ inner: 6, outer: 6 }),
  },
  async bench => {
    await outbound(bench, ['SMALL '], { inner: 6, octets: 900 });
    await tooBig6(bench, 600);
    await outbound(bench, ['MINIMUM '], { inner: 6, octets: 1280 - 48 });
    const carried = espFrom(bench).some(({ opened }) => opened !== null && holds(opened.payload, 'MINIMUM '));
    judge(carried, 'a packet of 1280 octets does not pass any more');
  },
);

benchClause(
  'rfc4301-8.2.2-aging',
  {
    level: 'MUST',
    text: 'A path MTU that was learnt is forgotten in time',
    scenario: 'A router outside tells alice of 1000 octets; 20 minutes later the host behind her sends 1200 with DF.',
    brokenBy: 'never-forgets-mtu',
    needs: ['virtual-time'],
    alice: talkingSite(),
  },
  async bench => {
    await outbound(bench, ['FIRST '], { dontFragment: true, octets: 1200 });
    await tooBig(bench, 1000);
    await outbound(bench, ['NARROW '], { dontFragment: true, octets: 1200 });
    judge(espFrom(bench).length === 1, 'the path MTU was not learnt');
    await bench.lab.sleep(20 * 60_000);
    await outbound(bench, ['WIDE '], { dontFragment: true, octets: 1200 });
    await outbound(bench, ['WIDE '], { dontFragment: true, octets: 1200 });
    judge(espFrom(bench).length === 3, 'after 20 minutes the path is as narrow as it was');
  },
);
