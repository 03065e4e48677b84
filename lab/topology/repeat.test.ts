import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatDiagnostic, Report } from '../../engine/config/diagnostic.ts';
import { repeated } from './repeat.ts';
import { readYaml, type Value } from './yaml-document.ts';

function plain(value: Value): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plain);
  return Object.fromEntries(value.entries.map(({ key, value: inner }) => [key, plain(inner)]));
}

function expand(text: string): { readonly value: unknown; readonly told: string } {
  const report = new Report('t.yaml');
  const root = readYaml(text, report);
  const value = root === null ? null : plain(repeated(root, report));
  return { value, told: report.diagnostics().map(formatDiagnostic).join('\n') };
}

describe('what is repeated', () => {
  test('in a map, by its name', () => {
    expect(expand('site$n: { count: 3, address: 10.$n.0.1/24, port: $(n+5000), text: "$n of $(n*2)" }')).toEqual({
      told: '',
      value: {
        site1: { address: '10.1.0.1/24', port: 5001, text: '1 of 2' },
        site2: { address: '10.2.0.1/24', port: 5002, text: '2 of 4' },
        site3: { address: '10.3.0.1/24', port: 5003, text: '3 of 6' },
      },
    });
  });

  test('in a list', () => {
    expect(expand('- { count: 2, to: spoke$n }\n- { to: hub }').value).toEqual([
      { to: 'spoke1' },
      { to: 'spoke2' },
      { to: 'hub' },
    ]);
  });

  test('the others, inside of each', () => {
    const { value } = expand('site$n: { count: 3, peers: [{ count: 3, name: site$m, from: "$n" }] }');
    expect(value).toMatchObject({
      site1: {
        peers: [
          { name: 'site2', from: 1 },
          { name: 'site3', from: 1 },
        ],
      },
      site3: { peers: [{ name: 'site1' }, { name: 'site2' }] },
    });
  });

  test('nothing else: other dollars stay', () => {
    const text = 'a: { count: 1, key: "${secrets.x}", b: $name, c: $m }\nd: $n';
    expect(expand(text).value).toEqual({ a: { key: '${secrets.x}', b: '$name', c: '$m' }, d: '$n' });
    const other = 'nodes:\n  a: { kind: host, list: [1, { x: 2 }] }\n';
    expect(expand(other).value).toEqual(parse(other));
  });
});

describe('what is reported', () => {
  test.each([
    [
      'a$n: { count: 0 }',
      't.yaml:1:15: count: "0" is not how often something could be there\n  fix: give a whole number of 1 to 200',
    ],
    ['a$n: { count: many }', '"many" is not how often'],
    ['a: { count: 2 }', 't.yaml:1:1: "a" is there 2 times, and all have one name\n  fix: call it a$n'],
    ['a2: {}\na$n: { count: 2 }', 't.yaml:2:1: "a$n" repeated is "a2", which stands in line 1 already'],
    ['a$n: { count: 3, b: [{ count: 3, c: [{ count: 3 }] }] }', 'count inside of count inside of count'],
    [
      'a$n: { count: 200, b: [{ count: 200, c: [1, 2, 3, 4, 5, 6, 7, 8, 9] }] }',
      'more is repeated than a lab can hold',
    ],
  ])('%s', (text, told) => {
    expect(expand(text).told).toContain(told);
  });
});
