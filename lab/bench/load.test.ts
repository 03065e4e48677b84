import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judgeDisturbance } from './disturbance.ts';
import { loadBetween, readCpuPressureUs, readCpuTimes, readLoadAverage } from './load.ts';

const STAT = `cpu  5419739 384954 1108855 4103299 6800 5 18888 6679 100 0
cpu0 2680863 196548 549537 2084472 1405 0 8136 3345 0 0
intr 14
`;

test('the first line of /proc/stat, in seconds', () => {
  expect(readCpuTimes(STAT)).toEqual({
    busySeconds: expect.closeTo(54197.39 + 3849.54 + 11088.55 + 0.05 + 188.88, 6),
    idleSeconds: expect.closeTo(41032.99 + 68, 6),
    stolenSeconds: 66.79,
  });
  expect(readCpuTimes('cpu  1 2 3 4\n')).toEqual({ busySeconds: 0.06, idleSeconds: 0.04, stolenSeconds: 0 });
  expect([readCpuTimes(''), readCpuTimes('cpu0 1 2 3 4\n'), readCpuTimes('cpu  many\n')]).toEqual([null, null, null]);
});

test('the other texts', () => {
  expect(readLoadAverage('2.35 2.94 9.02 2/157 2441\n')).toBe(2.35);
  expect(readLoadAverage('a lot')).toBeNull();
  expect(
    readCpuPressureUs('some avg10=7.63 avg60=23.15 avg300=27.69 total=23843707546\nfull avg10=0.00 total=0\n'),
  ).toBe(23843707546);
  expect(readCpuPressureUs('full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n')).toBeNull();
});

test.skipIf(!existsSync('/proc/stat'))('the texts of this machine (needs Linux: /proc/stat)', () => {
  expect(readCpuTimes(readFileSync('/proc/stat', 'utf8'))?.idleSeconds).toBeGreaterThan(0);
  expect(readLoadAverage(readFileSync('/proc/loadavg', 'utf8'))).toBeGreaterThanOrEqual(0);
});

const at = (busySeconds: number, idleSeconds: number, stolenSeconds: number) => ({
  busySeconds,
  idleSeconds,
  stolenSeconds,
});

test('what others did is what was done less what the run did', () => {
  expect(loadBetween(at(100, 50, 1), at(112, 57, 2), 10)).toEqual({ processorSeconds: 20, others: 0.1, stolen: 0.05 });
  expect(loadBetween(at(100, 50, 1), at(104, 56, 1), 4.02)).toEqual({ processorSeconds: 10, others: 0, stolen: 0 });
  expect(loadBetween(at(1, 1, 1), at(1, 1, 1), 0)).toEqual({ processorSeconds: 0, others: 0, stolen: 0 });
});

const load = (others: number, stolen = 0, processorSeconds = 10) => ({ processorSeconds, others, stolen });

test('a quiet machine is believed as it is', () => {
  expect(judgeDisturbance(load(0.01), [load(0.02), load(0.04), load(0.15, 0.01, 1)])).toEqual({
    disturbed: false,
    reasons: [],
    widening: 1,
  });
});

test('a disturbed one says by whom, and for how much it is to be taken', () => {
  const busy = judgeDisturbance(load(0.3), [load(0.1), load(0.3, 0, 30)]);
  expect(busy.reasons).toEqual([
    'the machine was busy by 30 % before the run began',
    'others used 25 % of the machine during the run',
  ]);
  expect(busy.widening).toBeCloseTo(2, 12);
  expect(judgeDisturbance(load(0), [load(0, 0.1)])).toMatchObject({
    reasons: ['the hypervisor took 10 % of the machine during the run'],
    widening: 1.4,
  });
  expect(judgeDisturbance(load(0), [load(0, 0, 90), load(0.5, 0, 1)]).reasons).toEqual([
    'in one of 2 turns 50 % of the machine went elsewhere',
  ]);
});
