import { describe, expect, test } from 'vitest';
import { Filter } from './filter.ts';
import { formatBothLists, formatRules, formatStates, formatTotals } from './format.ts';
import { parseFilter } from './parse.ts';
import { filterOf } from './testing/filter-of.ts';
import { NO_SURROUNDINGS, packetOf } from './testing/packets.ts';

const TEXT = `block in all
pass in quick proto udp from 10.0.0.0/24 to any port = domain keep state
block out on net1 all
count in proto udp all
`;

function figuresAfter(packets: number) {
  const filter = new Filter(filterOf(TEXT), NO_SURROUNDINGS);
  for (let i = 0; i < packets; i++) {
    const packet = packetOf({ source: '10.0.0.9', destination: '192.0.2.1', protocol: 17, ports: [1024 + i, 53] });
    filter.check(packet, 'in', { name: 'net0', kind: 'ethernet' }, 0);
  }
  filter.check(
    packetOf({ source: '10.1.0.9', destination: '192.0.2.1', protocol: 1 }),
    'in',
    { name: 'net0', kind: 'ethernet' },
    0,
  );
  const counters = filter.counters();
  const rules = counters.rules.map(({ rule, ...rest }) => ({
    ...rest,
    text: rule.text,
    direction: rule.direction,
    family: rule.family,
  }));
  return { ...counters, rules };
}

describe('ipfstat', () => {
  test('lists what can be read again', () => {
    const text = formatBothLists(figuresAfter(0));
    expect(text).toBe(
      'block out on net1 all\nblock in all\npass in quick proto udp from 10.0.0.0/24 to any port = domain keep state\n',
    );
    expect(parseFilter('ipfstat', text).diagnostics).toEqual([]);
    const numbered = formatRules(figuresAfter(0), 'in', { numbers: true });
    expect(parseFilter('ipfstat', numbered).config.rules).toHaveLength(2);
  });

  test('says the family of rules that have it from their file', () => {
    const { config } = parseFilter('ipf6.conf', 'block in on t0 all\npass in on t0 from fe80::/10 to any\n', {
      family: 6,
    });
    const rules = config.rules.map(({ text, direction, family }) => ({
      text,
      direction,
      family,
      packets: 0,
      octets: 0,
    }));
    const text = formatRules({ ...figuresAfter(0), rules }, 'in');
    expect(text).toBe('block in on t0 family inet6 all\npass in on t0 from fe80::/10 to any\n');
    expect(parseFilter('ipfstat', text).config.rules.map(rule => rule.family)).toEqual([6, 6]);
  });

  test('shows how often rules matched', () => {
    const figures = figuresAfter(3);
    expect(formatRules(figures, 'in', { hits: true, numbers: true })).toBe(
      '4 @1 block in all\n3 @2 pass in quick proto udp from 10.0.0.0/24 to any port = domain keep state\n',
    );
    expect(formatRules(figures, 'in', { hits: true, accounting: true })).toBe('3 84 count in proto udp all\n');
    expect(formatRules(figures, 'out', { accounting: true })).toBe('empty list for ipacct(out)\n');
  });

  test('totals and states', () => {
    const figures = figuresAfter(3);
    expect(formatTotals(figures)).toBe(
      ' input packets:\tblocked 1 passed 3 matched 7 counted 3\noutput packets:\tblocked 0 passed 0 matched 0 counted 0\n',
    );
    expect(formatStates(figures)).toContain('\t3 UDP\n');
    expect(formatStates(figures)).toContain('\t3 active\n');
  });
});
