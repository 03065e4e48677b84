import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { encodeTcp, TcpFlag } from '../../engine/wire/tcp.ts';
import { udpChecksumIsRight } from '../../engine/wire/udp.ts';
import { benchClause } from '../clause.ts';
import { ALICE, type Bench, FAR, type Family, HOST, PEER } from '../tester/bench.ts';
import { accepted, espFrom, outbound, refused } from '../tester/esp-on-bench.ts';
import { addressOf, echoRequest, filler, headerOf, holds, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { hosts, site } from '../tester/plans.ts';
import { datagram, datagramsFrom, encapsulated, NAT_T_PORT } from '../tester/udp-on-bench.ts';

const encapsulation = { localPort: NAT_T_PORT, remotePort: NAT_T_PORT, followsPeer: true };
const alice = site({ sa: { encapsulation } });

for (const [inner, outer] of [
  [4, 4],
  [6, 4],
  [4, 6],
  [6, 6],
] as const satisfies readonly (readonly [Family, Family])[]) {
  benchClause(
    `rfc3948-3.4-tunnel-mode[${inner}in${outer}]`,
    {
      level: 'MUST',
      text: 'A UDP header stands between the outer header and ESP, and lengths and protocol are right for it',
      scenario: `The host behind alice sends IPv${inner} over IPv${outer}, and gets an answer in UDP.`,
      brokenBy: 'no-encapsulation',
      alice: site({ inner, outer, sa: { encapsulation } }),
    },
    async bench => {
      await outbound(bench, ['THERE '], { inner });
      const seen = onlyDatagram(bench);
      bench.cite(seen, `UDP ${seen.from} > ${seen.to}, ${seen.length} octets`, 'Ports');
      judge(seen.length === seen.header.payload.length, `UDP Length ${seen.length} of ${seen.header.payload.length}`);
      judge(seen.opened !== null, 'what the datagram carries does not verify as ESP');
      judge(holds(seen.opened.payload, 'THERE '), 'the packet is not inside');
      const inside = udp({ source: FAR[inner], destination: HOST[inner], payload: filler('BACK ') });
      const nextHeader = inner === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
      const checksum = outer === 4 ? 'zero' : 'right';
      await bench.fromOutside([encapsulated(bench, { sequence: 1, inside, nextHeader, checksum })]);
      accepted(bench, ['BACK '], 'did not come out of ESP in UDP');
    },
  );
}

benchClause(
  'rfc3948-2.1-ports',
  {
    level: 'MUST',
    text: 'Source and destination port are those of IKE',
    scenario: 'The host behind alice sends; the tester reads the ports of her datagram: 4500 and the peer’s.',
    brokenBy: 'udp-other-port',
    alice: site({ sa: { encapsulation: { ...encapsulation, remotePort: 61000 } } }),
  },
  async bench => {
    await outbound(bench, ['PORTS ']);
    const seen = onlyDatagram(bench);
    bench.cite(seen, `UDP ${seen.from} > ${seen.to}`, 'Ports');
    judge(seen.from === NAT_T_PORT && seen.to === 61000, `UDP ${seen.from} > ${seen.to}, not 4500 > 61000`);
  },
);

benchClause(
  'rfc3948-2.1-checksum-is-sent-as-zero',
  {
    level: 'SHOULD',
    text: 'Over IPv4 the UDP checksum is sent as zero',
    scenario: 'The host behind alice sends packets of several lengths; the tester reads the checksum field.',
    brokenBy: 'udp-computes-checksum',
    alice,
  },
  async bench => {
    for (const octets of [8, 31, 600]) await outbound(bench, ['ZERO '], { octets });
    judge(datagramsFrom(bench).length === 3, `${datagramsFrom(bench).length} of 3 datagrams left`);
    for (const seen of datagramsFrom(bench)) {
      if (seen.checksum !== 0) bench.cite(seen, `checksum 0x${seen.checksum.toString(16)}`, 'Checksum');
      judge(seen.checksum === 0, 'a datagram has a checksum');
    }
  },
);

benchClause(
  'rfc8200-8.1-checksum-over-ipv6',
  {
    level: 'MUST',
    text: 'Over IPv6 a UDP checksum is sent, and is right',
    scenario: 'The host behind alice sends through a tunnel over IPv6.',
    brokenBy: 'udp-clears-checksum',
    alice: site({ outer: 6, sa: { encapsulation } }),
  },
  async bench => {
    await outbound(bench, ['SIX ']);
    const seen = onlyDatagram(bench);
    const { source, destination, payload } = seen.header;
    judge(seen.checksum !== 0, 'the datagram has no checksum');
    judge(udpChecksumIsRight(payload, addressOf(source), addressOf(destination)), 'the checksum is wrong');
  },
);

benchClause(
  'rfc3948-2.1-checksum-is-not-depended-on',
  {
    level: 'MUST NOT',
    text: 'A receiver does not depend on the checksum being zero',
    scenario: 'The peer sends one datagram with a checksum of zero and one with a right checksum; both must arrive.',
    brokenBy: 'udp-demands-zero',
    alice,
  },
  async bench => {
    await bench.fromOutside([
      encapsulated(bench, { sequence: 1, text: 'ZERO ', checksum: 'zero' }),
      encapsulated(bench, { sequence: 2, text: 'RIGHT ', checksum: 'right' }),
    ]);
    accepted(bench, ['ZERO ', 'RIGHT '], 'refused for its UDP checksum');
  },
);

benchClause(
  'rfc1122-4.1.3.4-wrong-checksum',
  {
    level: 'MUST',
    text: 'A datagram whose checksum is there and wrong is discarded',
    scenario: 'The peer sends ESP in UDP with a wrong checksum, then one with a right one.',
    brokenBy: 'udp-forgives-checksum',
    alice,
  },
  async bench => {
    await bench.fromOutside([encapsulated(bench, { sequence: 1, text: 'WRONG ', checksum: 'wrong' })]);
    refused(bench, 'WRONG ', 'accepted although its UDP checksum is wrong');
    await bench.fromOutside([encapsulated(bench, { sequence: 1, text: 'RIGHT ', checksum: 'right' })]);
    accepted(bench, ['RIGHT '], 'nor is one with a right checksum');
  },
);

benchClause(
  'rfc3948-2.2-non-esp-marker',
  {
    level: 'MUST',
    text: 'Four octets of zero in the place of the SPI mark what is not ESP',
    scenario:
      'A datagram from the peer has the marker, and behind it what would be a good ESP packet; then one has none.',
    brokenBy: 'udp-ignores-marker',
    alice,
  },
  async bench => {
    const good = headerOf(encapsulated(bench, { sequence: 1, text: 'MARKED ' })).payload.subarray(8);
    const marked = Buffer.concat([new Uint8Array(4), good]);
    await bench.fromOutside([datagram({ source: PEER[4], destination: ALICE[4], payload: marked })]);
    refused(bench, 'MARKED ', 'what stands behind a marker was taken for ESP');
    const { unknownSpi = 0, authenticationFailed = 0 } = await bench.drops();
    judge(unknownSpi + authenticationFailed === 0, 'alice counts it as ESP');
    await bench.fromOutside([encapsulated(bench, { sequence: 1, text: 'UNMARKED ' })]);
    accepted(bench, ['UNMARKED '], 'nor is ESP without a marker');
  },
);

benchClause(
  'rfc3948-3.1.1-inner-source-is-checked',
  {
    level: 'MUST',
    text: 'In tunnel mode the inner source must be one that the policy has for this peer',
    scenario: 'The peer, behind a NAT, sends from inside of what the policy names and from elsewhere.',
    brokenBy: 'ignores-remote-and-ports',
    alice,
  },
  async bench => {
    const foreign = udp({ source: '192.168.1.5', destination: HOST[4], payload: filler('FOREIGN ') });
    await bench.fromOutside([encapsulated(bench, { sequence: 1, inside: foreign })]);
    refused(bench, 'FOREIGN ', 'accepted from a source that the policy does not have');
    await bench.fromOutside([encapsulated(bench, { sequence: 2, text: 'OWN ' })]);
    accepted(bench, ['OWN '], 'nor is one that it has');
  },
);

benchClause(
  'rfc3948-3.2-transport-mode',
  {
    level: 'MUST',
    text: 'In transport mode the UDP header stands between the IP header and ESP',
    scenario: 'The peer pings alice in ESP in UDP in transport mode; the reply comes the same way.',
    brokenBy: 'no-encapsulation',
    alice: hosts({ sa: { encapsulation } }),
  },
  async bench => {
    const inside = headerOf(echoRequest({ source: PEER[4], destination: ALICE[4], data: filler('PING ') })).payload;
    await bench.fromOutside([encapsulated(bench, { sequence: 1, inside, nextHeader: IpProtocol.ICMP })]);
    const seen = onlyDatagram(bench);
    judge(seen.opened !== null, 'what the datagram carries does not verify as ESP');
    judge(seen.opened.nextHeader === IpProtocol.ICMP, `Next Header ${seen.opened.nextHeader}`);
    judge(holds(seen.opened.payload, 'PING '), 'the reply does not hold the data of the request');
  },
);

benchClause(
  'rfc3948-3.1.2-transport-checksums',
  {
    level: 'MUST',
    text: 'In transport mode the checksum of TCP or UDP, computed with the address before the NAT, is made right',
    scenario:
      'The peer, 192.168.1.5 behind the NAT, sends a TCP SYN whose checksum fits that address: alice, who listens to nobody, resets it.',
    brokenBy: 'keeps-transport-checksum',
    alice: hosts({ sa: { encapsulation } }),
  },
  async bench => {
    const inside = encodeTcp(SYN, addressOf('192.168.1.5'), addressOf(ALICE[4]));
    await bench.fromOutside([encapsulated(bench, { sequence: 1, inside, nextHeader: IpProtocol.TCP })]);
    const answers = datagramsFrom(bench).filter(({ opened }) => opened?.nextHeader === IpProtocol.TCP);
    judge(answers.length === 1, 'no answer: the checksum was not made right');
    judge(((answers[0]?.opened?.payload[13] ?? 0) & TcpFlag.RST) !== 0, 'the answer is no reset');
  },
);

benchClause(
  'rfc3948-2.1-runts-on-the-port',
  {
    level: 'MUST',
    text: 'Datagrams on the port that are too short for ESP do no harm',
    scenario:
      'Somebody sends datagrams of 0 to 30 octets to port 4500, none of them zeros; then the peer sends a good one.',
    brokenBy: 'skips-icv-check',
    alice: site({ sa: { encapsulation, suite: 'null-sha256', windowPackets: 0 } }),
  },
  async bench => {
    const ends = { source: PEER[4], destination: ALICE[4] };
    const spi = Buffer.alloc(30, 0x11);
    spi.writeUInt32BE(bench.sa('in').spi, 0);
    await bench.fromOutside(
      Array.from({ length: 31 }, (_, octets) => datagram({ ...ends, payload: spi.subarray(0, octets) })),
    );
    judge(bench.outside().length === 0 && bench.inside().length === 0, 'alice made something of a runt');
    const tail = Uint8Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 0 : IpProtocol.IPV4));
    const inside = Buffer.concat([udp({ source: FAR[4], destination: HOST[4], payload: filler('CUT ') }), tail]);
    const whole = headerOf(encapsulated(bench, { sequence: 1, inside })).payload.subarray(8);
    await bench.fromOutside(
      Array.from({ length: 40 }, (_, cut) => datagram({ ...ends, payload: whole.subarray(0, whole.length - 1 - cut) })),
    );
    refused(bench, 'CUT ', 'accepted although the datagram was cut short');
    await bench.fromOutside([encapsulated(bench, { sequence: 2, text: 'GOOD ' })]);
    accepted(bench, ['GOOD '], 'nor is a good one');
  },
);

const SYN = {
  sourcePort: 40000,
  destinationPort: 7,
  sequence: 1,
  acknowledgment: 0,
  flags: TcpFlag.SYN,
  window: 1000,
  urgentPointer: 0,
  options: [],
  payload: new Uint8Array(0),
} as const;

/** Alice’s only datagram; that there is none is a verdict: her SA is one in UDP. */
function onlyDatagram(bench: Bench) {
  const seen = datagramsFrom(bench);
  const bare = espFrom(bench);
  judge(bare.length === 0, 'alice sends ESP without UDP');
  judge(seen.length === 1 && seen[0] !== undefined, `${seen.length} datagrams instead of one`);
  return seen[0];
}
