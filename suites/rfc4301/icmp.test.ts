import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { encodeIcmpv4 } from '../../engine/wire/icmpv4.ts';
import { benchClause } from '../clause.ts';
import { ALICE, type Family, FAR, HOST, OUTSIDE } from '../tester/bench.ts';
import { accepted, espFrom, inbound, outbound, refused } from '../tester/esp-on-bench.ts';
import { echoRequest, filler, holds, icmpv6, packet, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, BYPASS, policy, protect, saPair, site, tunnel } from '../tester/plans.ts';

/** RFC 4301 §6: ICMP that nobody vouches for, and ICMP errors that SAs carry. */

/** An error about `invoking`, port unreachable. */
function unreachable(family: Family, source: string, destination: string, invoking: Uint8Array): Uint8Array {
  const ends = { source, destination };
  return family === 4
    ? packet({
        ...ends,
        protocol: IpProtocol.ICMP,
        payload: encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking }),
      })
    : packet({
        ...ends,
        protocol: IpProtocol.ICMPV6,
        payload: icmpv6({ type: 'destinationUnreachable', code: 4, invoking }, ends),
      });
}

benchClause(
  'rfc4301-6.1.1-by-type',
  {
    level: 'MUST',
    text: 'An administrator can accept or refuse unauthenticated ICMP by type',
    scenario:
      'An entry bypasses echo requests and replies, and no other ICMP; a neighbour sends echo and timestamp requests.',
    brokenBy: 'ignores-icmp-type',
    alice: {
      policies: [
        policy('echo', BYPASS, {
          protocol: 1,
          icmp: [
            [8 * 256, 8 * 256],
            [0, 0],
          ],
        }),
        policy('icmp', { kind: 'discard' }, { protocol: 1 }),
      ],
      sas: [],
    },
  },
  async bench => {
    await bench.fromOutside([echoRequest({ source: OUTSIDE[4], destination: ALICE[4], data: filler('ECHO ') })]);
    judge(
      bench.outside().some(({ ip }) => holds(ip, 'ECHO ')),
      'an echo request that is accepted was not answered',
    );
    const other = packet({
      source: OUTSIDE[4],
      destination: HOST[4],
      protocol: IpProtocol.ICMP,
      payload: Buffer.concat([Uint8Array.of(13, 0, 0, 0, 0, 1, 0, 1), filler('STAMP ')]),
    });
    await bench.fromOutside([other]);
    refused(bench, 'STAMP ', 'a type was let in that is not accepted');
  },
);

for (const family of [4, 6] as const) {
  const alice = site({
    inner: family,
    node: {
      policies: [policy('site', protect(tunnel()), { ...between(family), protocol: 17, remotePort: 53 })],
    },
  });
  const quoted = (text: string, to: number) =>
    udp({ source: HOST[family], destination: FAR[family], to, payload: filler(text, 40) });

  benchClause(
    `rfc4301-6.2-error-about-the-sas-flow-comes-in[${family}]`,
    {
      level: 'MUST',
      text: 'An ICMP error that does not match the SA is accepted when the packet it quotes, reversed, does',
      scenario: 'The entry is for UDP port 53; through its SA the far host reports port 53 unreachable.',
      brokenBy: 'drops-inner-icmp',
      alice,
    },
    async bench => {
      const payload = unreachable(family, FAR[family], HOST[family], quoted('OWN-FLOW ', 53));
      await inbound(bench, { sequence: 1, inner: family, payload });
      accepted(bench, ['OWN-FLOW '], 'an error about a packet of the SA’s own flow was refused');
    },
  );

  benchClause(
    `rfc4301-6.2-error-about-another-flow-is-refused[${family}]`,
    {
      level: 'MUST NOT',
      text: 'An ICMP error that quotes a packet which the SA would not carry is not forwarded, and that is auditable',
      scenario:
        'The entry is for UDP port 53; through its SA the far host reports port 54 unreachable, and another host.',
      brokenBy: 'ignores-remote-and-ports',
      alice,
    },
    async bench => {
      const elsewhere = udp({
        source: HOST[family],
        destination: family === 4 ? '198.51.100.1' : '2001:db8:99::1',
        to: 53,
        payload: filler('OTHER-FLOW ', 40),
      });
      for (const [index, invoking] of [quoted('OTHER-FLOW ', 54), elsewhere].entries()) {
        const payload = unreachable(family, FAR[family], HOST[family], invoking);
        await inbound(bench, { sequence: index + 1, inner: family, payload });
      }
      refused(bench, 'OTHER-FLOW ', 'an error about another flow was forwarded');
      const { policyMismatch = 0, policyDiscard = 0 } = await bench.drops();
      judge(policyMismatch + policyDiscard === 2, `alice counts ${policyMismatch + policyDiscard} refusals, not 2`);
    },
  );

  benchClause(
    `rfc4301-6.2-error-goes-by-the-sa-of-the-flow[${family}]`,
    {
      level: 'MUST',
      text: 'An ICMP error that no entry is for goes by the SA of the packet that it quotes',
      scenario: 'The entry is for UDP port 53; the host behind alice reports a packet of that flow as unreachable.',
      brokenBy: 'deaf-to-icmp-errors',
      alice,
    },
    async bench => {
      const invoking = udp({ source: FAR[family], destination: HOST[family], from: 53, payload: filler('BACK ', 40) });
      await bench.fromInside([unreachable(family, HOST[family], FAR[family], invoking)]);
      judge(!bench.outside().some(({ ip }) => holds(ip, 'BACK ')), 'it left in the clear');
      const [sealed] = espFrom(bench);
      judge(sealed !== undefined, 'it did not leave');
      judge(sealed.opened !== null && holds(sealed.opened.payload, 'BACK '), 'what left is not the error');
    },
  );

  benchClause(
    `rfc4301-6.2-error-without-a-flow-stays[${family}]`,
    {
      level: 'MUST',
      text: 'An ICMP error that neither an entry nor the quoted packet has an SA for does not leave',
      scenario: 'The host behind alice reports a packet to port 54 as unreachable; the entry is for port 53.',
      brokenBy: 'bypasses-the-rest',
      alice,
    },
    async bench => {
      const invoking = udp({ source: FAR[family], destination: HOST[family], from: 54, payload: filler('STAYS ', 40) });
      await bench.fromInside([unreachable(family, HOST[family], FAR[family], invoking)]);
      judge(bench.outside().length === 0, 'it left');
      await outbound(bench, ['GOES '], { inner: family, to: 53 });
      judge(espFrom(bench).length === 1, 'nor does a packet leave that has an SA');
    },
  );
}

benchClause(
  'rfc4301-6.2-an-entry-for-icmp-decides',
  {
    level: 'MUST',
    text: 'Where an entry accommodates ICMP errors by their own header, what they quote is not looked at',
    scenario:
      'A second entry protects ICMP between the nets by its own SAs; by it comes an error about some other flow.',
    brokenBy: 'drops-inner-icmp',
    alice: {
      policies: [
        policy('icmp', protect(tunnel()), { ...between(4), protocol: 1 }),
        policy('site', protect(tunnel()), { ...between(4), protocol: 17, remotePort: 53 }),
      ],
      sas: [...saPair(), { label: 'icmp-in', direction: 'inbound', policy: 'icmp' }],
    },
  },
  async bench => {
    const invoking = udp({ source: HOST[4], destination: FAR[4], to: 99, payload: filler('ANY-FLOW ', 40) });
    await inbound(bench, { label: 'icmp-in', sequence: 1, payload: unreachable(4, FAR[4], HOST[4], invoking) });
    accepted(bench, ['ANY-FLOW '], 'refused although an entry is for it');
  },
);
