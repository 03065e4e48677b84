import { benchClause } from '../clause.ts';
import { FAR, type Family, HOST } from '../tester/bench.ts';
import { espFrom, inbound, refused } from '../tester/esp-on-bench.ts';
import { fragmentsOf, putTogether } from '../tester/fragments.ts';
import { filler, holds, packet, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, BYPASS, DISCARD, policy, protect, site, tunnel } from '../tester/plans.ts';

/** RFC 4301 §7: fragments on the protected side. */

/** A datagram whose every piece can be told. */
const text = (name: string): string =>
  Array.from({ length: 200 }, (_, index) => `${name}-${String(index).padStart(3, '0')} `).join('');

for (const family of [4, 6] as const) {
  const ends = { source: HOST[family], destination: FAR[family] };

  benchClause(
    `rfc4301-7.1-fragments-outbound[${family}]`,
    {
      level: 'MUST',
      text: 'A tunnel SA without regard to ports carries initial and later fragments',
      scenario:
        'The host behind alice sends a datagram in fragments; all of it must be inside of ESP, nothing outside.',
      brokenBy: 'drops-fragments',
      alice: site({ inner: family }),
    },
    async bench => {
      await bench.fromInside(fragmentsOf(udp({ ...ends, payload: filler(text('ALL')) })));
      const inside = Buffer.concat(
        putTogether(espFrom(bench).map(({ opened }) => opened?.payload ?? new Uint8Array(0))),
      );
      const missing = wordsOf('ALL').filter(word => !holds(inside, word));
      judge(missing.length === 0, `of 200 words ${missing.length} are not inside of ESP`);
      judge(!bench.outside().some(({ ip }) => holds(ip, 'ALL-')), 'a fragment left in the clear');
    },
  );

  benchClause(
    `rfc4301-7.1-fragments-inbound[${family}]`,
    {
      level: 'MUST',
      text: 'Fragments that come by such an SA are accepted',
      scenario: 'The peer seals the fragments of a datagram, each on its own; the host behind alice gets all of it.',
      brokenBy: 'refuses-inner-fragments',
      alice: site({ inner: family }),
    },
    async bench => {
      const whole = udp({ source: FAR[family], destination: HOST[family], payload: filler(text('IN')) });
      const pieces = fragmentsOf(whole);
      await inbound(bench, ...pieces.map((payload, index) => ({ sequence: index + 1, inner: family, payload })));
      const arrived = Buffer.concat(bench.inside().map(({ ip }) => ip));
      const missing = wordsOf('IN').filter(word => !holds(arrived, word));
      judge(missing.length === 0, `of 200 words ${missing.length} did not arrive`);
    },
  );

  benchClause(
    `rfc4301-7.3-later-fragment-and-ports[${family}]`,
    {
      level: 'MUST',
      text: 'A later fragment on an SA for certain ports is discarded unless the packet that it is of was accepted there',
      scenario:
        'The SA is for UDP port 53; the peer seals a later fragment of no first one, then one of a packet from port 54.',
      brokenBy: 'ignores-ports',
      alice: {
        ...site({
          inner: family,
          node: {
            policies: [policy('site', protect(tunnel()), { ...between(family), protocol: 17, remotePort: 53 })],
          },
        }),
        fragments: 'stateful',
      },
    },
    async bench => {
      const around = { source: FAR[family], destination: HOST[family] };
      const [, stray] = fragmentsOf(udp({ ...around, from: 53, payload: filler(text('STRAY')) }));
      const others = fragmentsOf(udp({ ...around, from: 54, payload: filler(text('OTHER')), identification: 0x77 }));
      const sealed = [stray, ...others].filter(it => it !== undefined);
      await inbound(bench, ...sealed.map((payload, index) => ({ sequence: index + 1, inner: family, payload })));
      refused(bench, 'STRAY-', 'a later fragment of no first one was let through');
      refused(bench, 'OTHER-', 'a fragment of a packet for other ports was let through');
    },
  );
}

const wordsOf = (name: string): readonly string[] =>
  Array.from({ length: 200 }, (_, index) => `${name}-${String(index).padStart(3, '0')} `);

/** Bypass UDP port 53 both ways, discard everything else of UDP. */
const bypassing = (family: Family) => ({
  policies: [
    policy('dns', BYPASS, { ...between(family), protocol: 17, remotePort: 53 }),
    policy('rest', DISCARD, between(family)),
  ],
  sas: [],
});

for (const fragments of ['stateful', 'reassemble'] as const) {
  benchClause(
    `rfc4301-7.4-bypass-with-ports[${fragments}]`,
    {
      level: 'MUST',
      text: 'Later fragments of clear packets are checked against what became of the first one',
      scenario: `With fragments “${fragments}”: a packet from port 53 in pieces passes; strays and those of port 54 do not.`,
      brokenBy: 'ignores-ports',
      alice: { ...bypassing(4), fragments },
    },
    async bench => {
      const ends = { source: FAR[4], destination: HOST[4] };
      const piecesOf = (name: string, from: number, identification: number) =>
        fragmentsOf(udp({ ...ends, from, identification, payload: filler(text(name)) }));
      await bench.fromOutside(piecesOf('GOOD', 53, 1));
      await bench.fromOutside(piecesOf('BAD', 54, 2));
      await bench.fromOutside(piecesOf('STRAY', 53, 3).slice(1));
      const arrived = Buffer.concat(bench.inside().map(({ ip }) => ip));
      const missing = wordsOf('GOOD').filter(word => !holds(arrived, word));
      judge(missing.length === 0, `of a packet that is bypassed, ${missing.length} of 200 words did not arrive`);
      refused(bench, 'BAD-', 'a fragment of a packet that is discarded passed');
      refused(bench, 'STRAY-', 'a later fragment passed without its first one');
    },
  );
}

benchClause(
  'rfc4301-7.2-minimum-offset',
  {
    level: 'MUST',
    text: 'On an SA for later fragments alone, one of IPv4 that could overlap the header of its first one is refused',
    scenario: 'The SA is for TCP with OPAQUE ports; the peer seals a fragment at offset 8, then one at offset 128.',
    brokenBy: 'forgives-tiny-offsets',
    alice: {
      ...site({
        node: {
          policies: [
            policy('site', protect(tunnel()), {
              ...between(4),
              protocol: 6,
              localPort: 'opaque',
              remotePort: 'opaque',
            }),
          ],
        },
      }),
      fragments: 'stateful',
    },
  },
  async bench => {
    await inbound(bench, { sequence: 1, payload: tcpPiece(8, 'TINY-OFFSET ') });
    refused(bench, 'TINY-OFFSET ', 'a fragment was let through that could overlap a TCP header');
    await inbound(bench, { sequence: 2, payload: tcpPiece(128, 'FAR-OFFSET ') });
    const far = bench.insidePieces().filter(({ ip }) => holds(ip, 'FAR-OFFSET '));
    judge(far.length === 1, 'nor is one let through that could not');
  },
);

/** A last fragment of some TCP segment. */
const tcpPiece = (fragmentOffset: number, name: string): Uint8Array =>
  packet({
    source: FAR[4],
    destination: HOST[4],
    protocol: 6,
    identification: fragmentOffset,
    fragmentOffset,
    payload: filler(name, 40),
  });
