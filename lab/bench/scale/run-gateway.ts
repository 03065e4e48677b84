import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programFile } from '../../../engine/host/program.ts';
import type { LoadedGateway, LoadOrder } from './load-order.ts';

/** Measures one in a process of its own: nothing else is in its heap. Rejects with what the process says when it cannot. */
export async function runLoadedGateway(order: LoadOrder, signal: AbortSignal): Promise<LoadedGateway> {
  const argv = [programFile('lab/bench/scale/gateway-main'), JSON.stringify(order)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { signal });
  return JSON.parse(stdout) as LoadedGateway;
}
