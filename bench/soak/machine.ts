import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** What a lab could leave on the machine itself, one line each, as `ip` and the kernel tell it. */
export function viewMachine(): ReadonlySet<string> {
  return new Set([...links(), ...namespaceNames(), ...mounts()]);
}

/** What is there now and was not before. What others take away meanwhile is no concern of ours. */
export const appeared = (before: ReadonlySet<string>): string[] => [...viewMachine()].filter(line => !before.has(line));

/**
 * Looks until nothing is left, or the time is over: the kernel takes a namespace apart after the last process in it has ended,
 * and others may be making and removing labs on this machine. `ms` is how long it took.
 */
export async function settle(
  look: () => readonly string[],
  limitMs: number,
): Promise<{ readonly left: readonly string[]; readonly ms: number }> {
  const began = performance.now();
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    const left = look();
    const ms = performance.now() - began;
    if (left.length === 0 || ms > limitMs) return { left, ms };
    await wait(pause);
  }
}

/** Veths and TUN devices, and any other. */
function links(): string[] {
  const listed = ip(['-j', 'link']);
  const found = (listed === '' ? [] : JSON.parse(listed)) as { ifindex: number; ifname: string }[];
  return found.map(({ ifindex, ifname }) => `link ${ifname} (${ifindex})`);
}

function namespaceNames(): string[] {
  return ip(['netns', 'list'])
    .split('\n')
    .filter(line => line !== '')
    .map(line => `namespace ${line}`);
}

/** Without the numbers in front, which the kernel gives anew to the same mount. */
function mounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => `mount ${line}`);
}

/** Empty where there is no `ip`: then there are no live labs either. */
const ip = (args: readonly string[]): string => spawnSync('ip', args, { encoding: 'utf8' }).stdout ?? '';
