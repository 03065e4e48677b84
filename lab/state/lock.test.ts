import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tryLock } from './lock.ts';

const freshRoot = (): string => `/nowhere/${randomBytes(8).toString('hex')}`;

test('one holder at a time; other labs and other roots are free', async () => {
  const root = freshRoot();
  const first = await tryLock(root, 'a');
  expect(first).not.toBeNull();
  expect(await tryLock(root, 'a')).toBeNull();
  const others = [await tryLock(root, 'b'), await tryLock(freshRoot(), 'a')];
  expect(others).not.toContain(null);
  for (const lock of [first, ...others]) lock?.release();
  const again = await tryLock(root, 'a');
  expect(again).not.toBeNull();
  again?.release();
});

const BUILT = new URL('../../dist/lab/state/lock.js', import.meta.url);

test.skipIf(!existsSync(BUILT))('a holder that is killed holds nothing (needs dist: npm run build)', async () => {
  const root = freshRoot();
  const script = `
    import { tryLock } from ${JSON.stringify(BUILT.href)};
    console.log((await tryLock(${JSON.stringify(root)}, 'a')) !== null);
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(holder.stdout, 'data')) as [Buffer];
  expect(said.toString().trim()).toBe('true');
  expect(await tryLock(root, 'a')).toBeNull();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = await tryLock(root, 'a');
  expect(lock).not.toBeNull();
  lock?.release();
});
