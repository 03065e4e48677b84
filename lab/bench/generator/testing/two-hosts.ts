import { execFileSync, spawn } from 'node:child_process';
import { programFile } from '../../../../engine/host/program.ts';
import { insideNamespaces } from '../../../../engine/host/testing/private-namespaces.ts';
import type { GeneratorGround } from '../trial.ts';

/** Refuses to touch the machine's own network, whatever calls it. */
export function ip(...args: string[]): void {
  if (!insideNamespaces) throw new Error('only inside');
  execFileSync('ip', args);
}

/** For tests: two hosts on one wire, in a pod that this process is in. */
export const HOSTS = {
  a1: { 4: '192.0.2.1', 6: '2001:db8::1' },
  b1: { 4: '192.0.2.2', 6: '2001:db8::2' },
} as const;

export function makeTwoHosts(): void {
  for (const host of ['a1', 'b1']) ip('netns', 'add', host);
  ip('link', 'add', 'eth0', 'netns', 'a1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'b1');
  for (const [host, addresses] of Object.entries(HOSTS)) {
    ip('-n', host, 'addr', 'add', `${addresses[4]}/24`, 'dev', 'eth0');
    ip('-n', host, 'addr', 'add', `${addresses[6]}/64`, 'dev', 'eth0', 'nodad');
    for (const device of ['lo', 'eth0']) ip('-n', host, 'link', 'set', 'dev', device, 'up');
  }
}

/** As a turn's ground: programs of ours on those hosts. */
export const groundOf = (signal: AbortSignal): GeneratorGround => ({
  signal,
  spawnOwn: (node, program) =>
    spawn('nsenter', [`--net=/run/netns/${node}`, process.execPath, programFile(program)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    }),
});
