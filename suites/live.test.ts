import { expect, test } from 'vitest';
import { whyNotLive } from '../lab/cli/machine/live-capabilities.ts';
import { labTest, notPassed } from './lab-test.ts';

// Each has labs of its own, which wait for packets more than they work: so all at once.
test.skipIf(whyNotLive() !== null).concurrent.each([
  ['one half of the clauses of encryption', ['encryption', '--shard', '1/2']],
  ['the other half', ['encryption', '--shard', '2/2']],
  ['a sample of all clauses', ['--sample', '180']],
])(
  'live gateways pass %s, and each clause catches a live gateway that is broken (needs what lab doctor names)',
  { timeout: 900_000 },
  (_, args) =>
    labTest([...args, '--driver', 'netns'], ({ status, run }) => {
      expect(notPassed(run).filter(line => !line.endsWith('has no virtual-time'))).toEqual([]);
      expect(run.clauses.every(clause => clause.controls.every(control => control.caught))).toBe(true);
      expect(status).toBe(0);
    }),
);
