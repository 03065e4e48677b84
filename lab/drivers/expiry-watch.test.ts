import { expect, test } from 'vitest';
import { NO_CONNECTIONS } from '../../engine/ike/config.ts';
import { ikeConfig } from '../topology/ike-config.ts';
import { shipped } from '../topology/testing/shipped.ts';
import { enrol } from './enrolment.ts';
import { ExpiryWatch } from './expiry-watch.ts';
import { createSeededRandom } from './sim/seeded-random.ts';

const START = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;

test('what ends is told a month, a week, a day and an hour before, each once, and when it has', async () => {
  const topology = shipped('racoon-mesh');
  const enrolment = await enrol(topology, START, name => createSeededRandom(name));
  const config = ikeConfig(topology, 'cell', enrolment.credentials('cell')) ?? NO_CONNECTIONS;
  const watch = new ExpiryWatch();
  const on = (day: number) => watch.look('cell', config, START + day * DAY).filter(line => line.includes('CN=cell'));
  // From a day before the lab begins, for 365 days.
  const end = 364;
  expect(on(0)).toEqual([]);
  expect(on(end - 31)).toEqual([]);
  expect(on(end - 29)).toEqual([
    'the certificate of CN=cell,O=ipsec-lab, its own, ends on 2026-12-31, in 29 days: have another one by then',
  ]);
  expect(on(end - 28)).toEqual([]);
  expect(on(end - 6)).toHaveLength(1);
  expect(on(end - 0.5)).toEqual([expect.stringContaining('in 12 hours')]);
  expect(on(end - 0.01)).toHaveLength(1);
  expect(on(end + 1)).toEqual([expect.stringContaining('has ended on 2026-12-31: peers are refused')]);
  expect(on(end + 2)).toEqual([]);
});
