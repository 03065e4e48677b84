import { describe, expect, test } from 'vitest';
import { decorrelate } from './decorrelate.ts';
import { regionHas, regionsOverlap } from './selector-space.ts';
import { Spd } from './spd.ts';
import { policyOf } from './testing/policies.ts';
import {
  confusedFlow,
  confusedPolicies,
  drawFrom,
  pick,
  realisticFlow,
  realisticPolicies,
} from './testing/random-policies.ts';

describe('regions without an order', () => {
  test.each([0, 1, 2, 4, 8, 15])(
    'of %d entries: none overlaps another, each flow is in one, whose entry decides',
    count => {
      const draw = drawFrom(count);
      for (let round = 0; round < 10; round++) {
        const policies = confusedPolicies(count, draw);
        const spd = new Spd(policies);
        const answers = decorrelate(policies);
        for (const [i, { region }] of answers.entries()) {
          expect(answers.slice(0, i).some(other => regionsOverlap(other.region, region))).toBe(false);
        }
        for (let i = 0; i < 50; i++) {
          const flow = confusedFlow(draw, count === 0 || i % 4 === 0 ? null : pick(policies, draw).selector);
          for (const direction of ['outbound', 'inbound'] as const) {
            const entry = direction === 'outbound' ? spd.lookupOutbound(flow) : spd.lookupInbound(flow);
            const own = answers.filter(({ region }) => regionHas(region, flow, direction));
            expect(own.map(({ value }) => value?.name ?? null)).toEqual([entry?.name ?? null]);
          }
        }
      }
    },
  );

  test('of a concentrator', () => {
    const draw = drawFrom(1);
    const policies = realisticPolicies(200, draw);
    const spd = new Spd(policies);
    const answers = decorrelate(policies);
    for (let i = 0; i < 300; i++) {
      const flow = realisticFlow(policies, draw);
      const own = answers.filter(({ region }) => regionHas(region, flow, 'outbound'));
      expect(own.map(({ value }) => value)).toEqual([spd.lookupOutbound(flow)]);
    }
  });
});

test('an entry that earlier ones hide has no region', () => {
  const [a, b] = [policyOf('a', { remote: '10.0.0.0/9' }), policyOf('b', { remote: '10.128.0.0/9' })];
  const hidden = policyOf('c', { remote: '10.0.0.0/8', protocol: 6 });
  const values = decorrelate([a, b, hidden]).map(({ value }) => value?.name ?? null);
  expect(values).toEqual(['a', 'b', null, null]);
});

test('an entry for one direction leaves the other to those after it', () => {
  const [out, rest] = [policyOf('out', { direction: 'outbound' }), policyOf('rest')];
  const answers = decorrelate([out, rest]);
  expect(answers.map(({ value, region }) => [value?.name, region.version, region.direction])).toEqual([
    ['out', 4, [[0n, 0n]]],
    ['out', 6, [[0n, 0n]]],
    ['rest', 4, [[1n, 1n]]],
    ['rest', 6, [[1n, 1n]]],
  ]);
});
