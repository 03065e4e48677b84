import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { withSystemPath } from '../../drivers/netns/pod.ts';

/** The first of what this machine lacks of the programs, with the command that brings it; null: they are all there. */
export function missingProgram(programs: Readonly<Record<string, string>>): string | null {
  const folders = (withSystemPath(process.env)['PATH'] ?? '').split(':');
  for (const [program, debianPackage] of Object.entries(programs)) {
    const isThere = folders.some(folder => existsSync(join(folder, program)));
    if (!isThere) return `${program} is not installed: sudo apt-get install ${debianPackage}`;
  }
  return null;
}

/** Why no program here gets a TUN device; null: it would. */
export function closedTun(): string | null {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return null;
  } catch {
    return '/dev/net/tun is closed to you, or not there: run lab bench as root';
  }
}

/** What a program says to arguments that let it do nothing else. */
export function saidBy(argv: readonly string[]): { readonly status: number | null; readonly text: string } {
  const [program = '', ...rest] = argv;
  const { status, stdout, stderr } = spawnSync(program, rest, { env: withSystemPath(process.env), encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}` };
}
