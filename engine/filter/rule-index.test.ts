import { expect, test } from 'vitest';
import { Filter } from './filter.ts';
import { filterOf } from './testing/filter-of.ts';
import { NO_SURROUNDINGS, packetOf } from './testing/packets.ts';

const NET0 = { name: 'net0', kind: 'ethernet' } as const;

/** Rules for 65536 different places, and what comes before and behind them. */
function manyRules(line: (i: number) => string): Filter {
  const text = ['block in all', ...Array.from({ length: 3000 }, (_, i) => line(i)), 'count in all'].join('\n');
  return new Filter(filterOf(text), NO_SURROUNDINGS);
}

test.each([
  { by: 'source', line: (i: number) => `pass in from 10.${i >> 8}.${i & 255}.0/24 to any` },
  { by: 'destination', line: (i: number) => `pass in from any to 2001:db8:${i.toString(16)}::/48` },
  { by: 'port', line: (i: number) => `pass in proto udp from any to any port = ${i}` },
  { by: 'ranges that overlap', line: (i: number) => `pass in from 10.0.0.0-10.${i >> 8}.${i & 255}.9 to any` },
])('each of thousands of rules is found, and nothing else: $by', ({ by, line }) => {
  const filter = manyRules(line);
  for (const i of [0, 1, 255, 256, 1234, 2999, 3000, 4000]) {
    const v6 = by === 'destination';
    const packet = packetOf({
      source: v6 ? '2001:db8::1' : `10.${i >> 8}.${i & 255}.7`,
      destination: v6 ? `2001:db8:${i.toString(16)}::9` : '192.0.2.1',
      protocol: 17,
      ports: [1, i],
    });
    expect(filter.check(packet, 'in', NET0, 0).kind).toBe(i < 3000 ? 'pass' : 'block');
  }
  const { rules } = filter.counters();
  expect(rules[0]?.packets).toBe(8);
  expect(rules.at(-1)?.packets).toBe(8);
  const hitOnce = by === 'ranges that overlap' ? 1 : 6;
  expect(rules.filter(rule => rule.packets === 1)).toHaveLength(hitOnce);
});
