import { expect, test } from 'vitest';
import { ProcessKilled } from '../process-killed.ts';
import { run } from './run.ts';

test('what a program printed is given when it ends well', async () => {
  expect(await run(['sh'], 'echo here')).toBe('here\n');
});

test('a program that fails is told with its status and its words', async () => {
  await expect(run(['sh'], 'echo no such link >&2; exit 3')).rejects.toThrow('sh: status 3: no such link');
});

test('a program that somebody killed is no fault of ours, and neither is one that a shell ran', async () => {
  await expect(run(['sh'], 'kill -KILL $$')).rejects.toThrow(new ProcessKilled('sh', 'SIGKILL'));
  await expect(run(['sh'], "set -e\nsh -c 'kill -KILL $$'\necho not reached")).rejects.toThrow(
    new ProcessKilled('sh', 'SIGKILL'),
  );
});

test('a status that tells no signal is a plain failure', async () => {
  await expect(run(['sh'], 'exit 255')).rejects.toThrow('sh: status 255');
});
