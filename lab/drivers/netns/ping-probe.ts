import { spawn } from 'node:child_process';
import type { Probe, ProbeResult } from '../driver.ts';
import { withSystemPath } from './pod.ts';
import { namespaceFile } from './names.ts';

type IcmpProbe = Extract<Probe, { readonly with: 'icmp' }>;

/** One echo request by the real `ping` of the machine. */
export async function pingProbe(netns: string, probe: IcmpProbe): Promise<ProbeResult> {
  return parsePing(await outputOf([`--net=${namespaceFile(netns)}`, ...pingArguments(probe)], probe.timeoutMs));
}

export const pingArguments = (probe: IcmpProbe): string[] => [
  'ping',
  '-n',
  '-c1',
  `-W${Math.max(1, Math.ceil(probe.timeoutMs / 1000))}`,
  `-s${probe.sizeOctets}`,
  `-M${probe.dontFragment ? 'do' : 'dont'}`,
  probe.to,
];

/** What ping said, on either stream, until it ended or `timeoutMs` were over. */
function outputOf(argv: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', argv, {
      env: { ...withSystemPath(process.env), LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs + 50);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(late);
      resolve(said);
    });
  });
}

/** Reads the output (both streams) of iputils' ping with `-c 1`. */
export function parsePing(output: string): ProbeResult {
  if (/^nsenter: (?!failed to execute)/m.test(output)) throw new Error(output.trim());
  const rtt = /time[=<]([0-9.]+) ms/.exec(output);
  if (rtt !== null) return { kind: 'answered', rttMs: Number(rtt[1]) };
  if (/failed to execute|command not found/.test(output)) {
    return { kind: 'refused', why: 'there is no ping on this machine (apt-get install iputils-ping)', mtu: null };
  }
  const mtu = /mtu\s*[=:]\s*([0-9]+)/.exec(output);
  const error = /(?:From \S+ icmp_seq=[0-9]+ |^ping: (?:local error: |connect: |sendmsg: )?)(.+)$/m.exec(output);
  if (error === null) return { kind: 'timeout' };
  return { kind: 'refused', why: (error[1] ?? '').trim(), mtu: mtu === null ? null : Number(mtu[1]) };
}
