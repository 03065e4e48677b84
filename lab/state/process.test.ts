import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import {
  childrenOf,
  gatewayProcesses,
  identify,
  isAlive,
  NODE_VARIABLE,
  processesOfRun,
  ROOT_VARIABLE,
  RUN_VARIABLE,
  runsOfRoot,
  signalProcess,
  waitForEnd,
} from './process.ts';
import { endStrays } from './sweep.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function sleeper(env: Record<string, string> = {}, script = 'echo; exec sleep 600'): Promise<number> {
  const child = spawn('sh', ['-c', script], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

test('a process is known by its pid and its start, and a later one with the same pid is another', async () => {
  const identity = identify(await sleeper());
  expect(identity).not.toBeNull();
  expect(isAlive(identity)).toBe(true);
  if (identity === null) return;
  const impostor = { ...identity, startTicks: String(Number(identity.startTicks) - 1) };
  expect(isAlive(impostor)).toBe(false);
  signalProcess(impostor, 'SIGKILL');
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, boot: 'before' })).toBe(false);
  signalProcess(identity, 'SIGKILL');
  expect(await waitForEnd(identity, 5_000)).toBe(true);
  expect(identify(identity.pid)).toBeNull();
});

test('children are found', async () => {
  const parent = await sleeper({}, 'sleep 600 & echo; wait');
  const found = childrenOf(parent);
  expect(found).toHaveLength(1);
  for (const child of found) signalProcess(child, 'SIGKILL');
});

test('strays are found by the run in their environment, never by name, and ended with what they start', async () => {
  const run = randomBytes(16).toString('hex');
  const other = randomBytes(16).toString('hex');
  const root = `/nowhere/${other}`;
  const pid = await sleeper({ [RUN_VARIABLE]: run, [ROOT_VARIABLE]: root }, 'sleep 600 & sleep 600 & echo; wait');
  const bystander = identify(await sleeper({ [RUN_VARIABLE]: other }));
  expect(processesOfRun(run).map(found => found.pid)).toContain(pid);
  expect(processesOfRun(run)).toHaveLength(3);
  expect([...runsOfRoot(root)]).toEqual([run]);
  expect(await endStrays(run)).toEqual([]);
  expect(processesOfRun(run)).toEqual([]);
  expect(runsOfRoot(root).size).toBe(0);
  expect(isAlive(bystander)).toBe(true);
});

test('gateways are found by their node, each once, and nothing of another run', async () => {
  const [run, other] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const alice = await sleeper({ [RUN_VARIABLE]: run, [NODE_VARIABLE]: 'alice' }, 'sleep 600 & echo; wait');
  const bob = await sleeper({ [NODE_VARIABLE]: 'bob', [RUN_VARIABLE]: run });
  await sleeper({ [RUN_VARIABLE]: run });
  await sleeper({ [RUN_VARIABLE]: other, [NODE_VARIABLE]: 'charles' });
  expect(gatewayProcesses(run)).toEqual(
    new Map([
      ['alice', alice],
      ['bob', bob],
    ]),
  );
  for (const { pid } of [...processesOfRun(run), ...processesOfRun(other)]) process.kill(pid, 'SIGKILL');
});
