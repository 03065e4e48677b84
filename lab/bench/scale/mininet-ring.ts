import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { packageFile } from '../../../engine/host/program.ts';
import { findMininet } from '../../drivers/mininet/python.ts';
import { podCommand, withSystemPath } from '../../drivers/netns/pod.ts';

/** Mininet with the hosts and links of a ring (ring-topology.ts), without IPsec. */
export interface MininetRing {
  /** From the start of its process until all is up; then until each site has pinged the next one; and, in the end, until all is down. */
  readonly upMs: number;
  readonly reachedMs: number;
  readonly downMs: number;
  /** Of all its processes when it is up; what they share in shares. */
  readonly memoryOctets: number;
}

/** `sites` as of `RingPlan`. Throws where this machine has no Mininet, and where not every site is answered. */
export async function measureMininetRing(sites: number, signal: AbortSignal): Promise<MininetRing> {
  const python = findMininet();
  if (python === null) throw new Error('this machine has no Mininet');
  const pod = podCommand(process.getuid?.() === 0);
  const argv = [...pod, ...python, packageFile('lab/bench/scale/mininet-ring.py'), String(sites)];
  const began = performance.now();
  const child = spawn('env', argv, { env: withSystemPath(process.env), stdio: ['ignore', 'pipe', 'ignore'], signal });
  child.on('error', () => undefined); // ended by the signal: it has not come to its end, which is told below
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
    reachedMs: checked.atMs - up.atMs,
    downMs: down.atMs - memory.atMs,
    memoryOctets: memory.amount,
  };
}
