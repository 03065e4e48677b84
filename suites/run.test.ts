import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labTest, notPassed, type SuiteRun } from './lab-test.ts';

/** What the suites are for: each of these has clauses that name it. */
const RFCS = [
  'adversary',
  'rfc2407',
  'rfc2408',
  'rfc2409',
  'rfc3706',
  'rfc3947',
  'rfc3948',
  'rfc4106',
  'rfc4301',
  'rfc4302',
  'rfc4303',
  'rfc4555',
  'rfc4945',
  'rfc6989',
  'rfc7296',
  'rfc7383',
  'rfc7427',
  'rfc7634',
  'rfc8019',
  'rfc8221',
  'rfc9242',
  'rfc9370',
  'xauth',
  'modecfg',
];

/** Suites of what is deprecated as a whole: each of their results says so. */
const IKEV1 = ['rfc2407', 'rfc2408', 'rfc2409', 'rfc3706', 'rfc3947', 'rfc4945', 'xauth', 'modecfg'];

test(
  'the engine passes every clause of every suite, and every clause catches its broken subject',
  {
    timeout: 600_000,
  },
  () =>
    labTest(['--seed', '7'], ({ status, run, text, report }) => {
      expect(notPassed(run)).toEqual([]);
      expect(status).toBe(0);
      for (const rfc of RFCS) expect(run.clauses.filter(clause => clause.rfc === rfc).length, rfc).toBeGreaterThan(0);
      expect(run.clauses.filter(clause => RFCS.includes(clause.rfc)).length).toBeGreaterThanOrEqual(150);
      expect(new Set(run.clauses.map(({ id }) => id)).size).toBe(run.clauses.length);
      expect(run.clauses.flatMap(clause => clause.controls).filter(control => !control.caught)).toEqual([]);
      expect(run.clauses.every(clause => clause.controls.length === 1)).toBe(true);
      expect(run.clauses.filter(({ evidence }) => evidence.length === 0).map(({ id }) => id)).toEqual([]);
      const named = run.clauses.filter(({ evidence }) => evidence.some(({ field }) => field !== undefined));
      expect(named.length, 'clauses whose judge names the field that decides').toBeGreaterThan(run.clauses.length / 2);
      expect(text).toContain(`${run.clauses.length} passed, 0 failed`);
      expect(text).toMatch(/legacy: 3des-sha1: .*RFC 8221/);
      const ofIkev1 = run.clauses.filter(({ suite }) => IKEV1.includes(suite));
      expect(ofIkev1.filter(({ legacy = [] }) => !legacy.some(what => what.startsWith('IKEv1: ')))).toEqual([]);
      for (const file of ['index.html', 'junit.xml', run.clauses[0]?.pcapng ?? 'none']) {
        expect(existsSync(join(report, file)), file).toBe(true);
      }
    }),
);

test.each([
  ['skips-encryption', 'rfc4303-3.1-confidentiality'],
  ['reuses-iv', 'rfc4303-2.3-iv-unique'],
  ['skips-icv-check', 'rfc4303-3.4.4.1-icv-check'],
  ['ignores-replays', 'rfc4303-3.4.3-replay'],
])('a gateway that %s is caught: exit status 1, and %s failed', { timeout: 300_000 }, (dut, clause) =>
  labTest(['encryption', '--dut', dut, '--only', clause], ({ status, run }) => {
    expect(status).toBe(1);
    expect(run.clauses.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id)).toContainEqual(
      expect.stringContaining(clause),
    );
  }),
);

const idsOf = ({ run }: SuiteRun): string[] => run.clauses.map(({ id }) => id);

test('shards judge together what a run without any judges, and their reports name them', {
  timeout: 300_000,
}, async () => {
  const whole = await labTest(['rfc4543'], idsOf);
  const parts = [];
  for (const index of [1, 2]) {
    const part = await labTest(['rfc4543', '--shard', `${index}/2`], found => {
      expect(found.status).toBe(0);
      expect(found.run.shard).toEqual({ index, count: 2 });
      expect(found.text).toContain(`shard ${index}/2`);
      expect(readFileSync(join(found.report, 'junit.xml'), 'utf8')).toContain(`name="shard" value="${index}/2"`);
      return idsOf(found);
    });
    parts.push(...part);
  }
  expect(whole.length).toBeGreaterThan(1);
  expect(parts.sort()).toEqual(whole.sort());
});

test('a subject that does not exist is no verdict about anything', async () => {
  await expect(labTest(['encryption', '--dut', 'nobody'], () => 'a verdict')).rejects.toThrow(
    'there is no subject "nobody"',
  );
});
