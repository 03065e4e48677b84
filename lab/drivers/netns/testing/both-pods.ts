import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../../engine/native/addon.ts';
import { podCommand } from '../pod.ts';

/** Somebody without any right. */
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const NEEDS = 'needs npm run build, g++ make python3, and namespaces';

const works = (argv: readonly string[]): boolean => spawnSync('env', argv).status === 0;

/** For tests: runs a file again in the pod of root and in that of an ordinary user, at the same time, where this machine can. */
export function describeInBothPods(what: string, file: string, timeout: number): void {
  const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
  const isRoot = process.getuid?.() === 0;
  const ordinary = isRoot ? NOBODY : [];

  describe.skipIf(insideNamespaces).concurrent(`${what}, live`, { timeout }, () => {
    test.skipIf(!built || !isRoot || !works([...podCommand(true), 'true']))(`as root (${NEEDS})`, async () => {
      expect(await rerunInNamespaces(file, [], podCommand(true))).toBe('');
    });

    const readable = works([...ordinary, 'test', '-r', file]);
    test.skipIf(!built || !readable || !works([...ordinary, ...podCommand(false), 'true']))(
      `as an ordinary user (${NEEDS} for ordinary users)`,
      async () => {
        expect(await rerunInNamespaces(file, ordinary, podCommand(false))).toBe('');
      },
    );
  });
}
