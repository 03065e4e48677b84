import { expect, test } from 'vitest';
import { createSeeded } from '../../ipsec/testing/seeded.ts';
import { Alarms } from './alarms.ts';

test('what was set last counts, however often it was set before, and the earliest comes first', () => {
  const random = createSeeded('alarms');
  const alarms = new Alarms();
  const due = new Map<number, number>();
  let now = 0;
  for (let i = 0; i < 20_000; i++) {
    const id = random.below(20);
    const at = random.below(4) === 0 ? null : now + random.below(1000);
    alarms.set(id, at);
    if (at === null) due.delete(id);
    else due.set(id, at);
    const earliest = due.size === 0 ? null : Math.min(...due.values());
    expect(alarms.next()).toBe(earliest);
    if (i % 50 !== 0) continue;
    now += random.below(500);
    for (let taken = alarms.takeDue(now); taken !== null; taken = alarms.takeDue(now)) {
      expect(due.get(taken)).toBe(Math.min(...due.values()));
      due.delete(taken);
    }
    expect([...due.values()].every(left => left > now)).toBe(true);
  }
});

test('keeps little of what was set and is not any more', () => {
  const alarms = new Alarms();
  for (let i = 0; i < 10_000; i++) alarms.set(i % 3, 1_000_000 + i);
  expect(alarms.entries).toBeLessThan(100);
  expect(alarms.next()).toBe(1_009_997);
});
