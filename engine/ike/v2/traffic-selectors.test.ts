import { expect, test } from 'vitest';
import type { FlowQuery } from '../../node/node.ts';
import { parseAddress } from '../../wire/address.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { TrafficSelectorConfig } from '../config.ts';
import { formatSelector, saSelectors } from './sa-selector.ts';
import { areEqual, isWithin, narrow, selectorsOf, withPacket } from './traffic-selectors.ts';
import { withAddress } from './transport-nat.ts';

const config = (
  addresses: string,
  protocol: TrafficSelectorConfig['protocol'] = 'any',
  ports: TrafficSelectorConfig['ports'] = 'any',
): TrafficSelectorConfig => ({ addresses, protocol, ports });
const ts = (...texts: (string | TrafficSelectorConfig)[]): readonly TrafficSelector[] =>
  selectorsOf(
    texts.map(text => (typeof text === 'string' ? config(text) : text)),
    [],
  );
const address = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array();
const texts = (selectors: readonly TrafficSelector[]) => selectors.map(formatSelector);

const FLOW: FlowQuery = {
  source: '198.51.100.43',
  destination: '192.0.2.7',
  protocol: 6,
  sourcePort: 40000,
  destinationPort: 443,
};

test('selectors of a configuration, as the wire has them', () => {
  expect(ts('10.0.1.0/24')).toEqual([
    { tsType: 7, protocol: 0, startPort: 0, endPort: 65535, start: address('10.0.1.0'), end: address('10.0.1.255') },
  ]);
  expect(ts(config('2001:db8::1-2001:db8::9', 17, [500, 600]))).toEqual([
    {
      tsType: 8,
      protocol: 17,
      startPort: 500,
      endPort: 600,
      start: address('2001:db8::1'),
      end: address('2001:db8::9'),
    },
  ]);
  const [opaque] = ts(config('10.0.0.0/8', 6, 'opaque'));
  expect([opaque?.startPort, opaque?.endPort]).toEqual([65535, 0]);
});

test('dynamic is the address of that side, or anything while it waits for one', () => {
  expect(texts(selectorsOf([config('dynamic')], [address('192.0.2.1')]))).toEqual(['192.0.2.1-192.0.2.1']);
  expect(texts(selectorsOf([config('dynamic')], 'any'))).toEqual([
    '0.0.0.0-255.255.255.255',
    '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ]);
});

test('what is within another selector is said once', () => {
  expect(texts(ts('10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8'))).toEqual(['10.0.0.0-10.255.255.255']);
});

test('the packet that wants the SA stands in front, §2.9', () => {
  const tsi = withPacket(ts('198.51.100.0/24'), FLOW, 'source');
  const tsr = withPacket(ts('192.0.2.0/24'), FLOW, 'destination');
  expect(texts(tsi)).toEqual(['198.51.100.43-198.51.100.43 6[40000-40000]', '198.51.100.0-198.51.100.255']);
  expect(texts(tsr)).toEqual(['192.0.2.7-192.0.2.7 6[443-443]', '192.0.2.0-192.0.2.255']);
  const fragment = withPacket(ts('198.51.100.0/24'), { ...FLOW, sourcePort: null }, 'source');
  expect(fragment[0]).toMatchObject({ startPort: 65535, endPort: 0 });
  const icmp = withPacket(ts('198.51.100.0/24'), { ...FLOW, protocol: 1, icmp: { type: 3, code: 4 } }, 'source');
  expect(icmp[0]).toMatchObject({ protocol: 1, startPort: 0x0304, endPort: 0x0304 });
  expect(texts(withPacket(ts('10.0.0.0/8'), FLOW, 'source'))).toEqual(['10.0.0.0-10.255.255.255']);
});

test.each<[string, [string[], string[]], [string[], string[]], [string[], string[]] | null]>([
  [
    'the same',
    [['10.0.0.0/24'], ['10.0.1.0/24']],
    [['10.0.0.0/24'], ['10.0.1.0/24']],
    [['10.0.0.0-10.0.0.255'], ['10.0.1.0-10.0.1.255']],
  ],
  [
    'a part',
    [['0.0.0.0/0'], ['0.0.0.0/0']],
    [['10.0.0.0/24'], ['10.0.1.0/24']],
    [['10.0.0.0-10.0.0.255'], ['10.0.1.0-10.0.1.255']],
  ],
  [
    'an overlap',
    [['10.0.0.0-10.0.0.100'], ['10.0.1.0/24']],
    [['10.0.0.50-10.0.0.200'], ['10.0.1.0/24']],
    [['10.0.0.50-10.0.0.100'], ['10.0.1.0-10.0.1.255']],
  ],
  ['nothing', [['10.0.0.0/24'], ['10.0.1.0/24']], [['10.0.0.0/24'], ['10.0.2.0/24']], null],
  ['other families', [['::/0'], ['::/0']], [['10.0.0.0/24'], ['10.0.2.0/24']], null],
  ['families that do not meet', [['10.0.0.0/24'], ['2001:db8::/64']], [['10.0.0.0/24'], ['2001:db8::/64']], null],
  [
    'both families',
    [
      ['10.0.0.0/8', '2001:db8::/32'],
      ['10.0.0.0/8', '2001:db8::/32'],
    ],
    [
      ['10.0.0.0/24', '2001:db8:1::/48'],
      ['10.0.1.0/24', '2001:db8:2::/48'],
    ],
    [
      ['10.0.0.0-10.0.0.255', '2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff'],
      ['10.0.1.0-10.0.1.255', '2001:db8:2::-2001:db8:2:ffff:ffff:ffff:ffff:ffff'],
    ],
  ],
])('narrowing to %s', (_what, [tsi, tsr], [allowedTsi, allowedTsr], expected) => {
  const narrowed = narrow(
    { tsi: ts(...tsi), tsr: ts(...tsr) },
    { tsi: ts(...allowedTsi), tsr: ts(...allowedTsr) },
    'whole',
  );
  const found = narrowed.kind === 'narrowed' ? [texts(narrowed.tsi), texts(narrowed.tsr)] : narrowed.kind;
  expect(found).toEqual(expected ?? 'unacceptable');
});

test('protocols and ports are narrowed as addresses are; OPAQUE is within ANY, and in no range', () => {
  const all = ts('10.0.0.0/24');
  const narrowed = (offered: TrafficSelectorConfig, allowed: TrafficSelectorConfig) =>
    narrow({ tsi: ts(offered), tsr: all }, { tsi: ts(allowed), tsr: all }, 'whole');
  const first = (offered: TrafficSelectorConfig, allowed: TrafficSelectorConfig) => {
    const answer = narrowed(offered, allowed);
    return answer.kind === 'narrowed' ? texts(answer.tsi) : answer.kind;
  };
  const net = '10.0.0.0/24';
  const range = '10.0.0.0-10.0.0.255';
  expect(first(config(net), config(net, 6, [80, 90]))).toEqual([`${range} 6[80-90]`]);
  expect(first(config(net, 6, [85, 100]), config(net, 6, [80, 90]))).toEqual([`${range} 6[85-90]`]);
  expect(first(config(net, 17), config(net, 6))).toBe('unacceptable');
  expect(first(config(net, 6, 'opaque'), config(net))).toEqual([`${range} 6[opaque]`]);
  expect(first(config(net, 6, 'opaque'), config(net, 6, [0, 65534]))).toBe('unacceptable');
});

test('a type that is not known is ignored, and not returned', () => {
  const unknown: TrafficSelector = {
    ...(ts('10.0.0.0/24')[0] as TrafficSelector),
    tsType: 9,
    unknown: Uint8Array.of(1),
  };
  const both = { tsi: ts('10.0.0.0/24'), tsr: ts('10.0.1.0/24') };
  const narrowed = narrow({ tsi: [unknown, ...both.tsi], tsr: both.tsr }, both, 'whole');
  expect(narrowed.kind === 'narrowed' && texts(narrowed.tsi)).toEqual(['10.0.0.0-10.0.0.255']);
  expect(narrow({ tsi: [unknown], tsr: both.tsr }, both, 'whole').kind).toBe('unacceptable');
});

test('a pair for each SA: that of the packet, and the initiator is told that there are more', () => {
  const allowed = { tsi: ts('198.51.100.0/24'), tsr: ts('192.0.2.0/24') };
  const offered = {
    tsi: withPacket(allowed.tsi, FLOW, 'source'),
    tsr: withPacket(allowed.tsr, FLOW, 'destination'),
  };
  const narrowed = narrow(offered, allowed, 'pairs');
  if (narrowed.kind !== 'narrowed') throw new Error(narrowed.kind);
  expect([texts(narrowed.tsi), texts(narrowed.tsr)]).toEqual([
    ['198.51.100.43-198.51.100.43'],
    ['192.0.2.7-192.0.2.7'],
  ]);
  expect(narrowed.isMorePossible).toBe(true);
  expect(narrow(allowed, allowed, 'pairs').kind).toBe('singlePairRequired');
  const single = { tsi: ts('198.51.100.1'), tsr: ts('192.0.2.1') };
  expect(narrow(single, single, 'pairs')).toMatchObject({ kind: 'narrowed', isMorePossible: false });
});

test('an answer is within the offer, also where it takes several of it together', () => {
  const offered = { tsi: ts('10.0.0.0/25', '10.0.0.128/25'), tsr: ts(config('10.0.1.0/24', 6)) };
  expect(isWithin({ tsi: ts('10.0.0.0/24'), tsr: offered.tsr }, offered)).toBe(true);
  expect(isWithin({ tsi: ts('10.0.0.0/23'), tsr: offered.tsr }, offered)).toBe(false);
  expect(isWithin({ tsi: ts('10.0.0.0/24'), tsr: ts('10.0.1.0/24') }, offered)).toBe(false);
  expect(isWithin({ tsi: [], tsr: offered.tsr }, offered)).toBe(false);
  expect(areEqual(offered.tsi, ts('10.0.0.0/24'))).toBe(true);
});

test('selectors of the SAD: one for each protocol, pair of ports and family', () => {
  const local = ts('10.0.0.0/24', '10.0.2.0/24', '2001:db8::/64');
  const remote = ts('10.0.1.0/24', config('2001:db8:1::/64', 6, [443, 443]));
  expect(saSelectors(local, remote)).toEqual([
    {
      local: ['10.0.0.0-10.0.0.255', '10.0.2.0-10.0.2.255'],
      remote: ['10.0.1.0-10.0.1.255'],
      protocol: 'any',
      localPort: 'any',
      remotePort: 'any',
    },
    {
      local: ['2001:db8::-2001:db8::ffff:ffff:ffff:ffff'],
      remote: ['2001:db8:1::-2001:db8:1:0:ffff:ffff:ffff:ffff'],
      protocol: 6,
      localPort: 'any',
      remotePort: [[443, 443]],
    },
  ]);
  const echo = config('10.0.0.0/24', 1, [0x0800, 0x08ff]);
  expect(saSelectors(ts(echo), ts('10.0.1.0/24'))).toMatchObject([{ protocol: 1, icmp: [[0x0800, 0x08ff]] }]);
});

test('transport mode through a NAT: another address, the same protocols and ports, §2.23.1', () => {
  const mapped = withAddress(ts(config('10.0.0.2', 6, [80, 80]), config('10.0.0.2', 17)), address('192.0.2.9'));
  expect(mapped === null ? null : texts(mapped)).toEqual(['192.0.2.9-192.0.2.9 6[80-80]', '192.0.2.9-192.0.2.9 17']);
  expect(withAddress(ts('10.0.0.0/24'), address('192.0.2.9'))).toBeNull();
  expect(withAddress(ts('10.0.0.1', '10.0.0.3'), address('192.0.2.9'))).toBeNull();
});
