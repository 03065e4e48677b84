import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of the heap and of array buffers, after collecting garbage. */
export function heapOctets(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export const mebi = (octets: number): string => `${(octets / 2 ** 20).toFixed(1)} MiB`;
