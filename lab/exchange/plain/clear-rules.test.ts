import { expect, test } from 'vitest';
import { twoSites } from '../testing/two-sites.ts';
import type { TopologyNode, TopologyPolicy } from '../../topology/model.ts';
import { clearRules } from './clear-rules.ts';

const [alice] = twoSites().nodes;
if (alice === undefined) throw new Error('the topology has no node');
const [bypass] = alice.policies;
if (bypass === undefined) throw new Error('the node has no policy');

const policy = (over: Partial<TopologyPolicy>): TopologyPolicy => ({ ...bypass, ...over });
const discard = (over: Partial<TopologyPolicy>): TopologyPolicy => policy({ action: { kind: 'discard' }, ...over });
const rulesOf = (...policies: readonly TopologyPolicy[]): string[] => {
  const node: TopologyNode = { ...alice, policies };
  return clearRules(node).map(rule => rule.replace(/rule add priority \d+ /, ''));
};

test('bypass alone needs no rule', () => {
  expect(rulesOf(policy({ local: 'any', remote: 'any' }))).toEqual([]);
});

test('a policy for all is for both families', () => {
  expect(rulesOf(discard({ local: 'any', remote: 'any' }))).toEqual(['blackhole', '-6 blackhole']);
});

test('a bypass of some ports is none: rules know no ports', () => {
  const web = policy({ local: 'any', remote: 'any', protocol: 6, remotePort: [[443, 443]] });
  expect(rulesOf(web, discard({ local: 'any', remote: 'any' }))).toEqual(['blackhole', '-6 blackhole']);
});

test('each way of a policy is a rule, and its own packets meet one before their source is chosen', () => {
  const wanted = { local: ['192.0.2.1/32'], remote: ['192.0.2.2/32'] };
  expect(rulesOf(discard({ ...wanted, direction: 'both' }))).toEqual([
    'from 192.0.2.1/32 to 192.0.2.2/32 blackhole',
    'iif lo to 192.0.2.2/32 blackhole',
    'from 192.0.2.2/32 to 192.0.2.1/32 blackhole',
  ]);
  expect(rulesOf(discard({ ...wanted, direction: 'inbound' }))).toEqual([
    'from 192.0.2.2/32 to 192.0.2.1/32 blackhole',
  ]);
});

test('the order is that of the policies', () => {
  const rules = rulesOf(
    policy({ local: ['10.0.0.0/24'], remote: ['10.9.0.0/24'] }),
    discard({ local: ['10.0.0.0/24'], remote: 'any' }),
  );
  expect(rules[0]).toBe('from 10.0.0.0/24 to 10.9.0.0/24 lookup main');
  expect(rules.slice(2)).toContain('from 10.0.0.0/24 blackhole');
});
