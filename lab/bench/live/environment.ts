import { readFileSync } from 'node:fs';
import { release, totalmem } from 'node:os';
import type { BenchEnvironment, LoadRecord } from '../../../reports/bench-format.ts';
import { run } from '../../drivers/netns/run.ts';
import { readCpuInfo } from '../cpu-info.ts';

/** What TCP streams are measured with where the kernel has it: what most hosts use, and what most figures of others were measured with. */
const USUAL_CONTROL = 'cubic';

/** The congestion control of the streams that are measured; null: the kernel does not say which it has. */
export function congestionControl(): string | null {
  const available = setting('tcp_available_congestion_control')?.split(' ') ?? [];
  return available.includes(USUAL_CONTROL) ? USUAL_CONTROL : setting('tcp_congestion_control');
}

export async function readEnvironment(
  version: string,
  commit: string,
  loadBefore: LoadRecord,
): Promise<BenchEnvironment> {
  return {
    version,
    commit,
    processor: readCpuInfo(readFileSync('/proc/cpuinfo', 'utf8')),
    memoryOctets: totalmem(),
    kernel: release(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    congestionControl: congestionControl(),
    offloads: await offloadsOfLinks(),
    loadBefore,
  };
}

/** What a veth of this kernel does for its senders, which is what links are made of. Empty where ethtool is not there to say so. */
async function offloadsOfLinks(): Promise<readonly string[]> {
  const [here, there] = ['bench0', 'bench1'];
  try {
    await run(['ip', 'link', 'add', here, 'type', 'veth', 'peer', there]);
    const text = await run(['ethtool', '--show-features', here]);
    await run(['ip', 'link', 'delete', here]);
    return readOffloads(text);
  } catch {
    return [];
  }
}

/** The segmentation, checksum and receive offloads that are on, by the names that ethtool has for them. */
export const readOffloads = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*([a-z0-9-]+): on\b/gm)]
    .map(([, name = '']) => name)
    .filter(name => /segmentation|checksum|^generic-receive-offload$|^rx-gro/.test(name))
    .sort();

function setting(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim();
  } catch {
    return null;
  }
}
