import { describe, expect, test } from 'vitest';
import { diffPolicies, type PolicyChange } from './policy-diff.ts';
import { rangeSetKey } from './range-set.ts';
import type { Flow } from './selector.ts';
import { numberOf, type RegionField, regionHas } from './selector-space.ts';
import { type Policy, type PolicyInput, protectBy, Spd } from './spd.ts';
import { policyOf } from './testing/policies.ts';
import {
  confusedFlow,
  confusedPolicies,
  drawFrom,
  pick,
  realisticFlow,
  realisticPolicies,
} from './testing/random-policies.ts';
import { addressOf } from '../wire/testing/must.ts';

const ESP = protectBy('esp', 'tunnel');
const BYPASS = { kind: 'bypass' } as const;
const DISCARD = { kind: 'discard' } as const;

const policy = (changes: Partial<PolicyInput> = {}): Policy => policyOf('p', changes);

const sideOf = (policies: readonly Policy[], otherwise = 'discard') => ({
  policies,
  verdictOf: ({ action }: Policy) => action.kind,
  otherwise,
});

function diff(before: readonly Policy[], after: readonly Policy[], otherwise = 'discard'): readonly PolicyChange[] {
  const changes = diffPolicies(sideOf(before, otherwise), sideOf(after, otherwise));
  if (changes === null) throw new Error('too many changes');
  return changes;
}

const single = (address: string): string => rangeSetKey([[numberOf(addressOf(address)), numberOf(addressOf(address))]]);
const fieldOf = (changes: readonly PolicyChange[], field: RegionField) =>
  changes.map(({ region }) => rangeSetKey(region[field]));

function crossing(action: Policy['action']): Policy[] {
  return Array.from({ length: 60 }, (_, i) => [
    policy({ local: `10.${i}.0.0-10.${i + 90}.0.0`, protocol: 6, localPort: [[i * 99, i * 99 + 9000]], action }),
    policy({ remote: `10.${i}.0.0-10.${i + 90}.0.0`, protocol: 6, remotePort: [[i * 99, i * 99 + 9000]], action }),
  ]).flat();
}

describe('a diff', () => {
  test('of an SPD with itself is empty', () => {
    const policies = confusedPolicies(50, drawFrom(1));
    expect(diff(policies, policies)).toEqual([]);
  });

  test('is of what is meant, not of what is written', () => {
    const whole = [policy({ local: '10.0.0.0/8', action: BYPASS }), policy()];
    const halves = [
      policy({ local: ['10.128.0.0/9'], action: BYPASS }),
      policy({ local: '10.0.0.0-10.127.255.255', direction: 'inbound', action: BYPASS }),
      policy({ local: '10.0.0.0/9', direction: 'outbound', action: BYPASS }),
      policy({ protocol: 6 }),
      policy({ protocol: 'opaque' }),
      policy(),
      policy({ local: '10.0.0.0/8', action: DISCARD }),
    ];
    expect(diff(whole, halves)).toEqual([]);
  });

  test('leaves out flows that there are not', () => {
    const before = [policy({ protocol: 47, action: BYPASS }), policy({ protocol: 6 })];
    const after = [
      policy({ protocol: 47, localPort: 80 }),
      policy({ protocol: 6, icmp: 2048, action: BYPASS }),
      policy({ protocol: 17, localPort: 'opaque', remotePort: 53 }),
      ...before,
    ];
    expect(diff(before, after)).toEqual([]);
  });

  test('names one region for one change', () => {
    const nets = { local: '10.0.0.0/24', remote: '10.0.1.0/24' };
    const before = [policy(nets)];
    const after = [policy({ ...nets, protocol: 6, remotePort: 443, action: BYPASS }), ...before];
    const changes = diff(before, after);
    expect(changes).toMatchObject([{ before: 'protect', after: 'bypass', region: { version: 4 } }]);
    expect(fieldOf(changes, 'protocol')).toEqual([rangeSetKey([[6n, 6n]])]);
    expect(fieldOf(changes, 'remotePort')).toEqual([rangeSetKey([[443n, 443n]])]);
  });

  test('takes out what an earlier entry decides as before', () => {
    const host = policy({ remote: '10.0.1.9', action: DISCARD });
    const net = { remote: '10.0.1.8/31' };
    const changes = diff([host, policy(net)], [host, policy({ ...net, action: BYPASS })]);
    expect(fieldOf(changes, 'remote')).toEqual([single('10.0.1.8')]);
  });

  test('sees a changed order where it matters', () => {
    const [tcp, host] = [policy({ protocol: 6, action: BYPASS }), policy({ remote: '10.0.1.9', action: DISCARD })];
    const changes = diff([tcp, host], [host, tcp]);
    expect(changes).toMatchObject([{ before: 'bypass', after: 'discard' }]);
    expect(fieldOf(changes, 'remote')).toEqual([single('10.0.1.9')]);
    expect(fieldOf(changes, 'protocol')).toEqual([rangeSetKey([[6n, 6n]])]);
  });

  test('of an empty SPD that lets everything pass', () => {
    const changes = diffPolicies(sideOf([], 'bypass'), sideOf([policy({ protocol: 6 })], 'discard'));
    expect(changes?.map(({ before, after, region }) => [before, after, region.version])).toEqual([
      ['bypass', 'protect', 4],
      ['bypass', 'protect', 6],
      ['bypass', 'discard', 4],
      ['bypass', 'discard', 6],
    ]);
  });

  test('gives up where no list would help', () => {
    expect(diffPolicies(sideOf(crossing(ESP)), sideOf(crossing(BYPASS).toReversed()), { left: 100_000 })).toBeNull();
  });
});

/** Of the flows for which the diff does not say what lookups in both SPDs say, the first. */
function disagreement(before: readonly Policy[], after: readonly Policy[], flows: readonly Flow[]): Flow | null {
  const changes = diff(before, after);
  const [was, is] = [new Spd(before), new Spd(after)];
  for (const flow of flows) {
    for (const direction of ['outbound', 'inbound'] as const) {
      const verdicts = [was, is].map(spd => {
        const entry = direction === 'outbound' ? spd.lookupOutbound(flow) : spd.lookupInbound(flow);
        return entry?.action.kind ?? 'discard';
      });
      const own = changes.filter(({ region }) => regionHas(region, flow, direction));
      const told = own.flatMap(change => [change.before, change.after]);
      if (told.join() !== (verdicts[0] === verdicts[1] ? '' : verdicts.join())) return flow;
    }
  }
  return null;
}

describe('agrees with lookups', () => {
  test.each([1, 2, 4, 8, 14])('SPDs of %d entries that have nothing in common', count => {
    const draw = drawFrom(count);
    for (let round = 0; round < 6; round++) {
      const [before, after] = [confusedPolicies(count, draw), confusedPolicies(count, draw)];
      const aim = () => pick([...before, ...after], draw).selector;
      const flows = Array.from({ length: 100 }, (_, i) => confusedFlow(draw, i % 4 === 0 ? null : aim()));
      expect(disagreement(before, after, flows)).toBeNull();
    }
  });

  test.each([3, 10, 30])('SPDs of %d entries, some of which were changed, moved or removed', count => {
    const draw = drawFrom(count);
    for (let round = 0; round < 8; round++) {
      const before = confusedPolicies(count, draw);
      const after = before.slice();
      const [moved] = after.splice(draw() % count, 1);
      after.splice(draw() % count, round % 2, ...confusedPolicies(round % 3, draw));
      if (moved !== undefined) after.splice(draw() % count, 0, moved);
      const aim = () => pick(before, draw).selector;
      const flows = Array.from({ length: 100 }, (_, i) => confusedFlow(draw, i % 4 === 0 ? null : aim()));
      expect(disagreement(before, after, flows)).toBeNull();
    }
  });

  test('SPDs of a concentrator', () => {
    const draw = drawFrom(2);
    const [before, after] = [realisticPolicies(150, draw), realisticPolicies(150, draw)];
    const flows = Array.from({ length: 300 }, () => realisticFlow([...before, ...after], draw));
    expect(disagreement(before, after, flows)).toBeNull();
  });
});
