import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../engine/node/node.ts';
import type { ProbeResult } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import type { CheckResult } from './result.ts';
import { runCheck, runChecks } from './run.ts';
import { check, fakeLab, type FakeOrder, node } from './testing/fake-lab.ts';

const ANSWERED: ProbeResult = { kind: 'answered', rttMs: 1.25 };
const TIMEOUT: ProbeResult = { kind: 'timeout' };
const refused = (why: string, mtu: number | null = null): ProbeResult => ({ kind: 'refused', why, mtu });

const reach = (over: Partial<Extract<CheckSpec, { kind: 'reach' | 'unreachable' }>> = {}): CheckSpec => ({
  kind: 'reach',
  from: 'a1',
  to: '10.0.1.2',
  toNode: 'b1',
  with: 'icmp',
  port: null,
  sizeOctets: null,
  ...over,
});

/** Answers in turn; the last one for ever. */
const answers = (...results: ProbeResult[]): FakeOrder => ({
  probe: (_probe, _show, count) => results[Math.min(count, results.length) - 1] ?? TIMEOUT,
});

async function result(
  spec: CheckSpec,
  order: FakeOrder,
  tries = 3,
): Promise<CheckResult & { probes: number; sleeps: number[] }> {
  const fake = fakeLab(order);
  return {
    ...(await runCheck(fake.lab, fake.witnesses, check(spec, { tries }))),
    probes: fake.probes.length,
    sleeps: fake.sleeps,
  };
}

describe('reach', () => {
  test('the first answer decides', async () => {
    expect(await result(reach(), answers(ANSWERED))).toMatchObject({
      kind: 'passed',
      why: 'answered after 1.25 ms',
      tries: 1,
      durationMs: 1,
      sleeps: [],
      line: 7,
    });
  });

  test('it tries again, with growing pauses of lab time', async () => {
    expect(await result(reach(), answers(TIMEOUT, refused('port unreachable'), ANSWERED))).toMatchObject({
      kind: 'passed',
      tries: 3,
      sleeps: [100, 200],
    });
  });

  test('and gives up', async () => {
    expect(await result(reach(), answers(TIMEOUT), 2)).toMatchObject({
      kind: 'failed',
      why: 'no answer within 1000 ms',
      tries: 2,
      durationMs: 2100,
    });
    expect(await result(reach(), answers(refused('no route to host')), 1)).toMatchObject({
      kind: 'failed',
      why: 'no route to host',
    });
  });

  test('asks for what the topology says', async () => {
    const fake = fakeLab(answers(ANSWERED));
    await runCheck(fake.lab, fake.witnesses, check(reach({ with: 'udp', port: 53, sizeOctets: 1000 })));
    await runCheck(fake.lab, fake.witnesses, check(reach()));
    const common = { from: 'a1', to: '10.0.1.2', toNode: 'b1', timeoutMs: 1000 };
    expect(fake.probes).toEqual([
      { ...common, with: 'udp', port: 53, sizeOctets: 1000 },
      { ...common, with: 'icmp', dontFragment: false, sizeOctets: 56 },
    ]);
  });
});

describe('unreachable', () => {
  const unreachable = reach({ kind: 'unreachable' });

  test('one answer fails it, even the last', async () => {
    expect(await result(unreachable, answers(TIMEOUT, TIMEOUT, ANSWERED))).toMatchObject({
      kind: 'failed',
      tries: 3,
      why: '10.0.1.2 answered a1 after 1.25 ms',
    });
  });

  test('silence must last for all tries, a refusal is enough', async () => {
    expect(await result(unreachable, answers(TIMEOUT))).toMatchObject({ kind: 'passed', tries: 3, probes: 3 });
    expect(await result(unreachable, answers(refused('prohibited')))).toMatchObject({
      kind: 'passed',
      tries: 1,
      why: 'prohibited',
    });
  });
});

const explanation = (verdict: Explanation['verdict']): Explanation => ({
  verdict,
  steps: ['route v4_bob0', 'policy 1'],
  rule: null,
  policy: 'p',
  spi: 1,
  interface: 'net0',
  frameOctets: 130,
});

describe('policy', () => {
  const policy: CheckSpec = {
    kind: 'policy',
    node: 'alice',
    from: '10.0.0.2',
    to: '10.0.1.2',
    protocol: 6,
    sourcePort: null,
    destinationPort: 443,
    icmp: null,
    expect: 'protect',
  };
  test.each([
    ['protect', 'passed', 'route v4_bob0\npolicy 1'],
    ['bypass', 'failed', 'alice would bypass, not protect:\nroute v4_bob0\npolicy 1'],
    ['unroutable', 'failed', 'alice would find no route, not protect:\nroute v4_bob0\npolicy 1'],
  ] as const)('%s', async (verdict, kind, why) => {
    expect(await result(policy, { explain: () => explanation(verdict) }, 1)).toMatchObject({ kind, why });
  });

  test('a node without the engine cannot be asked', async () => {
    expect(await result(policy, {})).toMatchObject({
      kind: 'unsupported',
      why: 'alice cannot be asked about its policies',
      tries: 1,
    });
  });
});

describe('path-mtu', () => {
  const spec: CheckSpec = { kind: 'path-mtu', from: 'a1', to: '10.0.1.2', mtu: 1446 };
  const nodes = [node('a1', 'host', ['10.0.0.2/24'])];
  /** A path that carries `mtu` octets and, unless it is a black hole, says so. */
  const path = (mtu: number, over: { header?: number; says?: number | null } = {}): FakeOrder => ({
    nodes,
    probe: probe => {
      const octets = probe.sizeOctets + (over.header ?? 28);
      if (octets <= mtu) return ANSWERED;
      return over.says === null ? TIMEOUT : refused('fragmentation needed', over.says ?? mtu);
    },
  });

  test('the largest packet passes, one octet more is refused by someone who says why', async () => {
    expect(await result(spec, path(1446))).toMatchObject({
      kind: 'passed',
      tries: 1,
      probes: 2,
      why: '1446 octets pass, 1447 are refused: fragmentation needed',
    });
    const fake = fakeLab(path(1446));
    await runCheck(fake.lab, fake.witnesses, check(spec));
    expect(fake.probes.every(probe => probe.with === 'icmp' && probe.dontFragment)).toBe(true);
  });

  test('IPv6 headers are larger', async () => {
    expect(await result({ ...spec, to: '2001:db8::2' }, path(1446, { header: 48 }))).toMatchObject({ kind: 'passed' });
  });

  test.each([
    ['a smaller path that says so', path(1400), '1446 octets do not pass: fragmentation needed'],
    [
      'a smaller path that is silent',
      path(1400, { says: null }),
      '1446 octets do not pass: no answer within 1000 ms; 1400 do',
    ],
    ['a larger path', path(1480), '1480 octets pass as well'],
    ['the whole interface', path(9000), '1500 octets pass as well'],
    [
      'a black hole',
      path(1446, { says: null }),
      '1446 octets pass, but 1447 vanish without an ICMP error: a black hole',
    ],
    [
      'a refusal with another number',
      path(1446, { says: 1400 }),
      '1446 octets pass, but the refusal of 1447 says MTU 1400: fragmentation needed',
    ],
    ['nobody there', answers(TIMEOUT), '10.0.1.2 does not answer a1 at all: no answer within 1000 ms'],
  ])('%s', async (_what, order, why) => {
    expect(await result(spec, order, 1)).toMatchObject({ kind: 'failed', why });
  });
});

test('all checks run in order, and each verdict is told as it falls', async () => {
  const checks = [check(reach(), { title: 'one' }), check(reach(), { title: 'two', tries: 1 })];
  const fake = fakeLab({ checks, ...answers(ANSWERED, TIMEOUT) });
  const told: string[] = [];
  const results = await runChecks(fake.lab, fake.witnesses, r =>
    told.push(`${r.title} ${r.kind} after ${fake.probes.length}`),
  );
  expect(told).toEqual(['one passed after 1', 'two failed after 2']);
  expect(results.map(r => r.title)).toEqual(['one', 'two']);
});
