import { readdirSync, readFileSync } from 'node:fs';

/** Octets of memory of all processes of the pod that this process is in, itself left out; what they share counts in shares (PSS). */
export function podMemoryOctets(): number {
  const others = readdirSync('/proc').filter(name => /^\d+$/.test(name) && name !== String(process.pid));
  return others.reduce((octets, pid) => octets + proportionalOctets(pid), 0);
}

/** proc_pid_smaps(5); 0 of a process that has ended, or has no memory of its own. */
function proportionalOctets(pid: string): number {
  try {
    const [, kibioctets = '0'] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kibioctets) * 1024;
  } catch {
    return 0;
  }
}
