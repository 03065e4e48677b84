import { expect, test } from 'vitest';
import { type Direction, type Flow, flowOf, matches } from '../ipsec/selector.ts';
import { createPolicy, type Policy, protectBy } from '../ipsec/spd.ts';
import type { PolicyConfig } from './config.ts';
import { createNet, type Net, testRandom } from './testing/net.ts';
import { udp } from './testing/packets.ts';
import { traffic } from './testing/read.ts';
import { nodeConfig, policy, port, route, saPair } from './testing/sites.ts';

/** Random SPDs of a gateway, against the sides that RFC 4301 §5 speaks of: net0 leads to the other one. */
const SPDS = 100;
const INSIDE = ['10.0.0.2', '10.0.0.3'];
const OUTSIDE = ['10.0.1.2', '8.8.8.8'];
const RANGES = ['any', 'any', 'any', '10.0.0.0/24', '10.0.0.2', '10.0.1.0/24', '8.8.8.8', '10.0.0.0/8'];
const ACTIONS = [
  protectBy('esp', 'tunnel'),
  protectBy('esp', 'tunnel'),
  { kind: 'bypass' },
  { kind: 'discard' },
] as const;
const DIRECTIONS = ['both', 'both', 'both', 'both', 'inbound', 'outbound'] as const;

type Case = (typeof CASES)[number];

const random = testRandom('sides');
const pick = <T>(from: readonly T[]): T => from[random.next() % from.length] as T;
const PAIRS = [...INSIDE, ...OUTSIDE].flatMap(from => [...INSIDE, ...OUTSIDE].map(to => [from, to] as const));
const CASES = (['net0', 'net1', 'sa'] as const).flatMap(come =>
  PAIRS.filter(([from, to]) => from !== to).map(([from, to]) => ({ come, from, to })),
);

function randomSpd(): PolicyConfig[] {
  return Array.from({ length: 1 + (random.next() % 4) }, (_, i) =>
    policy(`p${i}`, pick(ACTIONS), {
      direction: pick(DIRECTIONS),
      local: pick(RANGES),
      remote: pick(RANGES),
      protocol: pick(['any', 'any', 17, 6] as const),
    }),
  );
}

function gateway(policies: readonly PolicyConfig[], isKeyed: boolean): Net {
  const [out, far] = saPair(4096, '1.2.3.4', '1.2.3.1', [null, 'all']);
  const [farOut, into] = saPair(4097, '1.2.3.1', '1.2.3.4', ['all', null]);
  return createNet(
    [
      nodeConfig('inside', {
        interfaces: [
          port(
            'e',
            INSIDE.map(each => `${each}/24`),
          ),
        ],
      }),
      nodeConfig('alice', {
        forwarding: true,
        interfaces: [port('net0', ['1.2.3.4/24']), port('net1', ['10.0.0.1/24'])],
        routes: [route('0.0.0.0/0', '1.2.3.1')],
        policies,
        sas: isKeyed ? [out, into] : [into],
      }),
      nodeConfig('peer', {
        interfaces: [port('e', ['1.2.3.1/24'])],
        routes: [route('0.0.0.0/0', '1.2.3.4')],
        policies: [policy('all', protectBy('esp', 'tunnel'))],
        sas: [farOut, far],
      }),
    ],
    [
      ['inside:e', 'alice:net1'],
      ['alice:net0', 'peer:e'],
    ],
  );
}

/** What leaves the gateway for one packet: `net1 10.0.1.2 > 10.0.0.2`, `net0 esp`, or nothing. */
function outcome(net: Net, { come, from, to }: Case): string {
  net.seen.length = 0;
  const packet = udp(from, to, [1, 2]);
  if (come === 'sa') net.send('peer', packet);
  else net.injectPackets('alice', come, packet);
  const left = ['net0', 'net1'].flatMap(link => traffic(net, `alice:${link}`).map(text => `${link} ${text}`));
  return left.map(text => (text.includes('| esp') ? `${text.slice(0, 4)} esp` : text.replace(/ \|.*/, ''))).join(', ');
}

function first(policies: readonly Policy[], flow: Flow, direction: Direction): Policy | null {
  const isIts = (each: Policy) => each.direction === 'both' || each.direction === direction;
  return policies.find(each => isIts(each) && matches(each.selector, flow, direction)) ?? null;
}

test('a last entry that discards all else changes nothing', () => {
  for (let i = 0; i < SPDS; i++) {
    const spd = randomSpd();
    const isKeyed = i % 4 !== 0;
    const [without, explicit] = [
      gateway(spd, isKeyed),
      gateway([...spd, policy('rest', { kind: 'discard' })], isKeyed),
    ];
    const [expected, found] = [without, explicit].map(net => CASES.map(each => outcome(net, each)));
    expect(found, JSON.stringify(spd)).toEqual(expected);
  }
});

test('nothing crosses the link of the SAs in the clear that is to be protected there', () => {
  const seen = new Set<string>();
  const leaks: string[] = [];
  for (let i = 0; i < SPDS; i++) {
    const spd = randomSpd();
    const policies = spd.map(createPolicy);
    const net = gateway(spd, i % 4 !== 0);
    for (const each of CASES) {
      const found = outcome(net, each);
      seen.add(found);
      if (found === '' || found.includes('esp')) continue;
      const isProtectedIn = first(policies, flowFor(each), 'inbound')?.action.kind === 'protect';
      const isProtectedOut = first(policies, flowFor(each), 'outbound')?.action.kind === 'protect';
      const isLeak = each.come === 'net0' ? isProtectedIn : each.come === 'sa' && !isProtectedIn;
      if (isLeak || (found.startsWith('net0') && isProtectedOut)) leaks.push(describe(spd, each, found));
    }
  }
  expect(leaks).toEqual([]);
  // Nothing, ESP, and in some SPD each pair in the clear.
  expect(seen.size).toBe(2 + CASES.length / 3);
});

test('what entries about everything protect is sealed on its way out, and let in on its way back', () => {
  const wrong: string[] = [];
  let count = 0;
  for (let i = 0; i < SPDS; i++) {
    const spd = randomSpd();
    const policies = spd.map(createPolicy);
    const net = gateway(spd, true);
    for (const each of CASES) {
      const expected = whatMustPass(policies, each);
      if (expected === null) continue;
      count++;
      const found = outcome(net, each);
      if (found !== expected) wrong.push(describe(spd, each, found));
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(SPDS);
});

/** null: other entries have a say. */
function whatMustPass(policies: readonly Policy[], each: Case): string | null {
  const flow = flowFor(each);
  const [into, out] = [first(policies, flow, 'inbound'), first(policies, flow, 'outbound')];
  const isOut = each.come === 'net1' && INSIDE.includes(each.from) && OUTSIDE.includes(each.to);
  const isIn = each.come === 'sa' && INSIDE.includes(each.to) && OUTSIDE.includes(each.from);
  if (isOut && out?.action.kind === 'protect' && tellsNoWay(into, flow)) return 'net0 esp';
  if (isIn && into?.action.kind === 'protect' && tellsNoWay(out, flow)) return `net1 ${each.from} > ${each.to}`;
  return null;
}

function tellsNoWay(entry: Policy | null, flow: Flow): boolean {
  if (entry === null) return true;
  const { direction, selector } = entry;
  return direction === 'both' && matches(selector, flow, 'inbound') && matches(selector, flow, 'outbound');
}

function flowFor({ from, to }: Case): Flow {
  const flow = flowOf(udp(from, to, [1, 2]));
  if (flow === null) throw new Error('no flow');
  return flow;
}

function describe(spd: readonly PolicyConfig[], each: Case, found: string): string {
  return `${JSON.stringify(spd)}: ${JSON.stringify(each)}: ${found}`;
}
