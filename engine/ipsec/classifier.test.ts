import { describe, expect, test } from 'vitest';
import { Classifier } from './classifier.ts';
import { buildTree } from './decision-tree.ts';
import { fieldRanges, keyFields } from './flow-key.ts';
import { ANYTHING, matches, type Selector } from './selector.ts';
import { createSelector, Spd } from './spd.ts';
import {
  confusedFlow,
  confusedPolicies,
  drawFrom,
  pick,
  realisticFlow,
  realisticPolicies,
} from './testing/random-policies.ts';

/** The meaning: the ordered list, entry by entry. */
function firstOf(selectors: readonly Selector[], ...[flow, direction]: Parameters<Classifier['first']>): number {
  return selectors.findIndex(selector => matches(selector, flow, direction));
}

describe('a lookup is the first match of the ordered list', () => {
  test.each([0, 1, 2, 5, 20, 80, 300])('%d entries that overlap in every way', count => {
    const draw = drawFrom(count);
    for (let round = 0; round < 12; round++) {
      const selectors = confusedPolicies(count, draw).map(policy => policy.selector);
      const classifier = new Classifier(selectors);
      for (let i = 0; i < 200; i++) {
        const flow = confusedFlow(draw, i % 3 === 0 || count === 0 ? null : pick(selectors, draw));
        for (const direction of ['outbound', 'inbound'] as const) {
          expect(classifier.first(flow, direction)).toBe(firstOf(selectors, flow, direction));
        }
      }
    }
  });

  test.each([1, 50, 3000])('%d entries of a concentrator', count => {
    const draw = drawFrom(count);
    const policies = realisticPolicies(count, draw);
    const selectors = policies.map(policy => policy.selector);
    const classifier = new Classifier(selectors);
    for (let i = 0; i < 500; i++) {
      const flow = i % 2 === 0 ? realisticFlow(policies, draw) : confusedFlow(draw, pick(selectors, draw));
      expect(classifier.first(flow, 'outbound')).toBe(firstOf(selectors, flow, 'outbound'));
    }
  });

  test('SPD-O and SPD-I are two lists', () => {
    const draw = drawFrom(7);
    for (let round = 0; round < 30; round++) {
      const policies = confusedPolicies(30, draw);
      const spd = new Spd(policies);
      for (let i = 0; i < 100; i++) {
        const flow = confusedFlow(draw, pick(policies, draw).selector);
        const first = (direction: 'outbound' | 'inbound') =>
          policies.find(
            policy =>
              (policy.direction === 'both' || policy.direction === direction) &&
              matches(policy.selector, flow, direction),
          ) ?? null;
        expect(spd.lookupOutbound(flow)).toBe(first('outbound'));
        expect(spd.lookupInbound(flow)).toBe(first('inbound'));
      }
    }
  });
});

function tables() {
  return buildTree(
    realisticPolicies(500, drawFrom(3)).flatMap(({ selector }, index) => {
      const ranges = fieldRanges(selector, 4);
      return ranges === null ? [] : [{ index, ranges }];
    }),
    keyFields(4),
  );
}

test('the same selectors make the same tables', () => {
  expect(tables()).toEqual(tables());
});

const selector = (changes: Partial<Parameters<typeof createSelector>[0]>) =>
  createSelector({ ...ANYTHING, ...changes }, 'a test');
const address = (number: number) => `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
const v6 = (number: number) => `2001:db8:${(number >> 8).toString(16)}:${(number & 255).toString(16)}`;

describe('memory is in proportion to the number of entries', () => {
  const COUNT = 2000;
  const index = Array.from({ length: COUNT }, (_, i) => i);
  test.each<[string, readonly Selector[]]>([
    ['nested ranges', index.map(i => selector({ remote: `${address(COUNT - i)}-${address(70_000 + i * 7)}` }))],
    [
      'ranges that overlap in two fields',
      index.map(i =>
        selector({
          local: `${address(i * 31)}-${address(i * 31 + 40_000)}`,
          remote: `${address(i * 17)}-${address(i * 17 + 40_000)}`,
        }),
      ),
    ],
    [
      'crosses of addresses and ports',
      index.map(i =>
        selector(i % 2 === 0 ? { remote: `${address(i * 97)}-${address(i * 97 + 9)}` } : { remotePort: i }),
      ),
    ],
    ['the same entry', index.map(() => selector({ remote: '10.1.0.0/16' }))],
    ['prefixes of IPv6 of all lengths', index.map(i => selector({ remote: `${v6(i * 37)}::/${48 + (i % 81)}` }))],
    ['ports in ranges', index.map(i => selector({ protocol: 6, remotePort: [[i * 11, i * 11 + 20_000]] }))],
  ])('%s', (_what, selectors) => {
    const { memoryOctets } = new Classifier(selectors);
    expect(memoryOctets / COUNT).toBeLessThan(400);
  });
});
