import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNotLive } from './machine/live-capabilities.ts';
import { finished, isBuilt, LabProgram, said } from './testing/lab-process.ts';
import { lifecycleTests } from './testing/lifecycle.ts';

const obstacle = whyNotLive();
const isAble = isBuilt && obstacle === null;
const needs = obstacle === null ? 'dist: npm run build' : `${obstacle.name}: ${obstacle.fix ?? obstacle.detail}`;

lifecycleTests('netns', { isAble, needs });

describe.skipIf(!isAble)(`what only a live lab has (needs ${needs})`, () => {
  let lab: LabProgram;
  beforeAll(async () => {
    lab = new LabProgram();
    await lab.run(['up', 'site-to-site', '--driver', 'netns', '--no-checks']);
  });
  afterAll(() => lab.dispose());

  test('real programs: large input, both outputs and the status pass through', async () => {
    const input = 'x'.repeat(300_000);
    const echoed = await lab.run(['exec', 'a1', '--', 'sh', '-c', 'cat; echo bad >&2; exit 9'], { input });
    expect(echoed).toEqual({ status: 9, stdout: input, stderr: 'bad\n' });
  });

  test('a signal to lab exec reaches the command, and its status comes back', async () => {
    const command = lab.start([
      'exec',
      'a1',
      '--',
      'sh',
      '-c',
      'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done',
    ]);
    const result = finished(command);
    await said(command.stdout, 'ready');
    command.kill('SIGTERM');
    expect(await result).toMatchObject({ status: 5, stdout: 'ready\n' });
  });

  test('a plain stack cannot be asked what it would do, and who can is said', async () => {
    const plain = await lab.run(['explain', 'a1', 'a1', 'b1']);
    expect(plain.status).toBe(2);
    expect(plain.stderr).toMatch(/plain stack.*\n {2}fix: ask one of alice, bob/);
  });
});
