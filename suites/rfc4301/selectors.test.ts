import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import type { ArrangedPolicy } from '../../lab/subjects/arrangement.ts';
import { benchClause } from '../clause.ts';
import { FAR, HOST } from '../tester/bench.ts';
import { filler, packet, udp } from '../tester/ip.ts';
import { between, DISCARD, policy, protect, tunnel } from '../tester/plans.ts';
import { type Case, datagram, judgeFates, spd } from './fates.ts';

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
