import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { packageFile } from '../engine/host/program.ts';
import { findMininet } from '../lab/drivers/mininet/python.ts';
import { podCommand, withSystemPath } from '../lab/drivers/netns/pod.ts';

/** Mininet with the hosts and links of a ring (ring-topology.ts), without IPsec. */
export interface MininetRing {
  /** From the start of its process until all is up, for one echo request a site, and until all is down. */
  readonly upMs: number;
  readonly checksMs: number;
  readonly downMs: number;
  /** Of all its processes when it is up; what they share in shares. */
  readonly memoryOctets: number;
}

/** `sites` as of `RingPlan`. null: this machine has no Mininet. An error where not every site is answered. */
export async function measureMininetRing(sites: number): Promise<MininetRing | null> {
  const python = findMininet();
  if (python === null) return null;
  const pod = podCommand(process.getuid?.() === 0);
  const argv = [...pod, ...python, packageFile('bench/mininet-ring.py'), String(sites)];
  const began = performance.now();
  const child = spawn('env', argv, { env: withSystemPath(process.env), stdio: ['ignore', 'pipe', 'inherit'] });
  const said = new Map<string, { readonly atMs: number; readonly amount: number }>();
  for await (const line of createInterface(child.stdout)) {
    const [what = '', amount = '0'] = line.split(' ');
    said.set(what, { atMs: performance.now() - began, amount: Number(amount) });
  }
  const [up, checked, memory, down] = ['up', 'checked', 'memory', 'down'].map(what => said.get(what));
  if (up === undefined || checked === undefined || memory === undefined || down === undefined) {
    throw new Error(`Mininet does not come to the end of its ring: ${[...said.keys()].join(', ')}`);
  }
  if (checked.amount !== sites) throw new Error(`of ${sites} sites in Mininet's ring ${checked.amount} are answered`);
  return {
    upMs: up.atMs,
    checksMs: checked.atMs - up.atMs,
    downMs: down.atMs - memory.atMs,
    memoryOctets: memory.amount,
  };
}
