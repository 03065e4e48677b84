import { expect, test } from 'vitest';
import { Simulation } from './simulation.ts';

test('events run at their time, those of one instant in the order in which they were scheduled', () => {
  const simulation = new Simulation();
  const log: string[] = [];
  const note = (name: string) => () => void log.push(`${name} at ${simulation.now}`);
  simulation.schedule(20, note('c'));
  simulation.schedule(10, () => {
    note('a')();
    simulation.schedule(10, note('b'));
    simulation.schedule(5, note('too late, so now'));
  });
  while (simulation.step());
  expect(log).toEqual(['a at 10', 'b at 10', 'too late, so now at 10', 'c at 20']);
  expect(simulation.nextAt).toBeNull();
});

test('causes and effects without time between them are found out', () => {
  const simulation = new Simulation();
  const again = () => simulation.schedule(simulation.now, again);
  simulation.schedule(7, again);
  expect(() => {
    while (simulation.step());
  }).toThrow('time stands still');
});

test('after clear nothing happens any more', () => {
  const simulation = new Simulation();
  simulation.schedule(1, () => {
    throw new Error('it happened');
  });
  simulation.clear();
  expect(simulation.step()).toBe(false);
});
