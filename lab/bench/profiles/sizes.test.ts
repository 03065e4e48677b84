import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { findMininet } from '../../drivers/mininet/python.ts';
import { podCommand } from '../../drivers/netns/pod.ts';
import { createSeededRandom } from '../../drivers/sim/seeded-random.ts';
import { bringUp } from '../live/bring-up.ts';
import { labProfile } from './lab.ts';
import type { PlannedSubject } from './profile.ts';
import { scale } from './scale.ts';

const PROFILES = [scale, labProfile];
const subjectsOf = (quick: boolean): readonly PlannedSubject[] =>
  PROFILES.flatMap(profile => profile.plan({ quick, legacy: false }).subjects);

test('sizes go from one to what is promised, and a quick run takes less than two minutes', () => {
  const names = subjectsOf(false).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const load of ['sas', 'policies', 'rules'])
    expect(names).toEqual(expect.arrayContaining([`${load}-1`, `${load}-10000`]));
  expect(names).toEqual(expect.arrayContaining(['gateways-1', 'gateways-200', 'nodes-6', 'nodes-400']));
  for (const profile of PROFILES) {
    const { subjects, rounds } = profile.plan({ quick: true, legacy: false });
    expect(rounds * subjects.reduce((seconds, { secondsPerTurn }) => seconds + secondsPerTurn, 0)).toBeLessThan(120);
    expect(profile.plan({ quick: false, legacy: false }).rounds).toBeGreaterThanOrEqual(10);
  }
});

const isRoot = process.getuid?.() === 0;
const built = nativeAddon().kind === 'loaded' && existsSync(programFile('lab/bench/scale/gateway-main'));
const podWorks = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

test.skipIf(insideNamespaces || !built || !podWorks)(
  'in a pod (needs npm run build, g++ make python3, and namespaces)',
  async () => expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe(''),
);

const FIGURES: Readonly<Record<string, readonly string[]>> = {
  'sas-1': ['scale/sas-1/forwarding', 'scale/sas-1/memory', 'scale/sas-1/set-up'],
  'gateways-1': [
    'scale/gateways-1/up',
    'scale/gateways-1/all-connected',
    'scale/gateways-1/down',
    'scale/gateways-1/memory',
  ],
  'mininet-6': ['lab/mininet-6/up', 'lab/mininet-6/all-reached', 'lab/mininet-6/down', 'lab/mininet-6/memory'],
  'nodes-6': [
    'lab/nodes-6/up',
    'lab/nodes-6/all-reached',
    'lab/nodes-6/down',
    'lab/nodes-6/CPU-of-up',
    'lab/nodes-6/memory',
  ],
};

const hasMininet = findMininet() !== null && process.env['IPSEC_LAB_NO_MININET'] === undefined;

describe.runIf(insideNamespaces)('a turn', () => {
  test.each(Object.keys(FIGURES).filter(name => name !== 'mininet-6' || hasMininet))(
    'of %s brings its figures, and leaves nothing that is up',
    async name => {
      const subject = subjectsOf(true).find(one => one.name === name);
      if (subject === undefined) throw new Error(`no subject ${name}`);
      const { signal } = new AbortController();
      const said: string[] = [];
      const figures = await subject.measure({
        round: 0,
        signal,
        random: createSeededRandom('1'),
        say: what => said.push(what),
        up: text => bringUp(text, signal),
      });
      expect(figures.map(({ id }) => id)).toEqual(FIGURES[name]);
      for (const { id, sample } of figures) expect(sample.value, id).toBeGreaterThan(0);
      expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).toBe('');
    },
  );
});
