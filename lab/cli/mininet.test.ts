import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mininetAvailable, NEEDS_MININET } from '../drivers/mininet/testing/available.ts';
import { isAlive, processesOfRun, signalProcess, waitForEnd } from '../state/process.ts';
import { type LabRecord, readLabFolder } from '../state/record.ts';
import { LabProgram } from './testing/lab-process.ts';

describe.skipIf(!mininetAvailable())(`a lab in Mininet (needs ${NEEDS_MININET})`, () => {
  let lab: LabProgram;
  beforeEach(() => {
    lab = new LabProgram();
  });
  afterEach(() => lab.dispose());

  const up = (...more: string[]) => lab.run(['up', 'site-to-site-ca', '--driver', 'mininet', ...more]);

  function record(): LabRecord {
    const found = readLabFolder(join(lab.state, 'site-to-site-ca')).record;
    if (found === null) throw new Error('the lab has no record');
    return found;
  }

  async function expectNothingLeft(runId: string): Promise<void> {
    const left = processesOfRun(runId);
    await Promise.all(left.map(process => waitForEnd(process, 10_000)));
    expect(left.filter(isAlive)).toEqual([]);
    expect(readdirSync(lab.state)).toEqual([]);
  }

  test('passes the checks that it passes in namespaces, and says so in the same shape', async () => {
    const mininet = await up('--json');
    expect(mininet).toMatchObject({ status: 0, stderr: '' });
    const netns = await lab.run(['up', 'site-to-site-ca', '--driver', 'netns', '--name', 'second', '--json']);
    const [ours, theirs] = [mininet, netns].map(({ stdout }) => JSON.parse(stdout) as Report);
    expect(ours).toMatchObject({ driver: 'mininet', ok: true });
    expect(ours?.checks).toHaveLength(12);
    expect(ours?.checks.map(judged)).toEqual(theirs?.checks.map(judged));
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
    const runs = [record().runId, readLabFolder(join(lab.state, 'second')).record?.runId ?? ''];
    expect(await lab.run(['down', '--all'])).toMatchObject({ status: 0, stderr: '' });
    for (const run of runs) await expectNothingLeft(run);
  });

  test('leaves nothing when its supervisor is killed, nor a device on the machine', async () => {
    const before = readdirSync('/sys/class/net').sort();
    await up('--no-checks');
    const { supervisor, runId } = record();
    if (supervisor === null) throw new Error('the lab has no supervisor');
    expect(readdirSync('/sys/class/net').sort()).toEqual(before);
    signalProcess(supervisor, 'SIGKILL');
    await waitForEnd(supervisor, 10_000);
    expect((await lab.run(['down', '--all'])).status).toBe(0);
    await expectNothingLeft(runId);
  });

  test('goes on without Mininet, says that it ended, and goes as usual', async () => {
    await up('--no-checks');
    const { runId } = record();
    const helper = processesOfRun(runId).find(({ pid }) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('mininet/helper.py'),
    );
    if (helper === undefined) throw new Error('the lab has no process of Mininet');
    signalProcess(helper, 'SIGKILL');
    await waitForEnd(helper, 10_000);
    expect((await lab.run(['exec', 'a1', '--', 'ping', '-c', '1', '10.0.1.2'])).status).toBe(0);
    expect((await lab.run(['status', '--json'])).stdout).toContain('the process of Mininet ended');
    expect(await lab.run(['down'])).toMatchObject({ status: 0, stderr: '' });
    await expectNothingLeft(runId);
  });
});

interface Report {
  readonly checks: readonly { readonly title: string; readonly outcome: string }[];
}

const judged = ({ title, outcome }: Report['checks'][number]) => ({ title, outcome });

/** Which members a value has, however deep; of a list those of its first. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}
