import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { FAR, HOST } from '../tester/bench.ts';
import { accepted, inbound, outbound, refused, sealedFor } from '../tester/esp-on-bench.ts';
import { echoRequest, filler, packet, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, BYPASS, policy, protect, site, tunnel } from '../tester/plans.ts';
import { fromFar, judgeFates, SITE, spd } from './fates.ts';

/** RFC 4301 §5.2: what arrives is held against the SPD, whether an SA brought it or none. */

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

benchClause(
  'rfc4301-5.2-esp-inside-of-esp',
  {
    level: 'MUST',
    text: 'What comes out of an SA is held against its selectors before anything else is done with it, however often it is wrapped',
    scenario:
      'The peer wraps a packet in two to twenty layers of tunnel mode under one SA; the entry is for the nets alone.',
    brokenBy: 'ignores-selectors',
    alice: site({ sa: { windowPackets: 0 } }),
  },
  async bench => {
    let wrapped = sealedFor(bench, { sequence: 1, text: 'WRAPPED ' });
    for (let layer = 2; layer <= 20; layer++) {
      wrapped = sealedFor(bench, { sequence: layer, payload: wrapped });
      await bench.fromOutside([wrapped]);
    }
    refused(bench, 'WRAPPED ', 'came out of layers of ESP that no entry asks for');
    judge(bench.outside().length === 0, 'alice answered');
    await inbound(bench, { sequence: 99, text: 'ONCE ' });
    accepted(bench, ['ONCE '], 'nor does one come out that is wrapped once');
  },
);
