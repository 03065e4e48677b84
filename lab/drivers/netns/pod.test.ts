import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { nsenterCommand, podCommand, podProcess } from './pod.ts';

const isRoot = process.getuid?.() === 0;
const works = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;
const started: ChildProcess[] = [];

/** A pod that does what `script` says, then waits until somebody ends it. */
async function pod(script: string): Promise<{ unshare: ChildProcess; first: number; said: string }> {
  const unshare = spawn('env', [...podCommand(isRoot), 'sh', '-c', `${script}\necho ready\nexec sleep 60`]);
  started.push(unshare);
  let said = '';
  while (!said.includes('ready')) said += String((await once(unshare.stdout, 'data'))[0]);
  return { unshare, first: podProcess(unshare.pid ?? 0) ?? 0, said };
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

describe.skipIf(!works)('a pod (needs unshare of util-linux, and namespaces)', () => {
  test('has a network and processes of its own, and an empty /run', async () => {
    const { said } = await pod(
      'cat /sys/class/net/*/ifindex >/dev/null; ls /run/netns; cat /proc/net/dev; echo self $$',
    );
    expect(said).toMatch(/self 1\n/);
    expect(said.split('\n').filter(line => line.includes(':'))).toEqual([expect.stringMatching(/^\s*lo:/)]);
  });

  test('sees the folders below /run that it is told to keep', () => {
    // As if /run/user were there: in a mount namespace of the test's own.
    const script = `mount -t tmpfs none /run; mkdir -p /run/user/7; echo kept >/run/user/7/file; "$@"`;
    const inner = [...podCommand(true, ['/run/user']), 'sh', '-c', 'cat /run/user/7/file; echo new >/run/user/7/other'];
    const user = isRoot ? [] : ['--user', '--map-root-user'];
    const outer = ['unshare', ...user, '--mount', 'sh', '-c', `${script}; cat /run/user/7/other`, 'sh', ...inner];
    const run = spawnSync('env', outer, { encoding: 'utf8' });
    expect(run.stdout).toBe('kept\nnew\n');
  });

  test('can be entered: same directory, streams and status', async () => {
    const { first } = await pod('ip netns add one');
    const enter = (...argv: string[]) =>
      spawnSync('env', nsenterCommand(first, 'one', argv), { encoding: 'utf8', input: 'hello' });
    expect(enter('pwd').stdout.trim()).toBe(process.cwd());
    expect(enter('cat').stdout).toBe('hello');
    expect(enter('sh', '-c', 'exit 9').status).toBe(9);
    expect(enter('no-such-program').status).toBe(127);
    expect(enter('ip', '-o', 'link').stdout).toMatch(/^1: lo/);
    expect(enter('echo', 'a b', "it's").stdout).toBe("a b it's\n");
  });

  test.each(['the parent', 'the first process'])('is gone, with all that is in it, when %s is killed', async victim => {
    const { unshare, first } = await pod('ip netns add one; sleep 1000 & ip netns exec one sleep 1000 &');
    const folder = `/proc/${first}`;
    expect(existsSync(folder)).toBe(true);
    process.kill(victim === 'the parent' ? (unshare.pid ?? 0) : first, 'SIGKILL');
    await once(unshare, 'close');
    while (existsSync(folder)) await new Promise(resolve => setTimeout(resolve, 5));
    expect(podProcess(unshare.pid ?? 0)).toBeNull();
  });

  test('keeps odd folder names', () => {
    const folder = mkdtempSync(join(tmpdir(), "it's a "));
    try {
      expect(podCommand(false, [folder]).join('\n')).toContain(folder.replace("'", "'\\''"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
