import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Arena } from './arena.ts';
import type { Person } from './person.ts';
import type { Table } from './report.ts';
import { complaints, leftBehind } from './round.ts';
import { impairedSiteToSite } from './topology-file.ts';

/** A ping a second in both families, and each quarter of an hour a transfer, which loss delays and must not harm. */
const TRANSFERS = 4;
const SCRIPT = `
a1 ping -q -i 1 10.0.1.2 &
b1 ping -q -i 1 2001:470:24:c66::2 &
${'sleep 14m\nb1 sink 5001 &\na1 send 10.0.1.2 5001 1000000\nsleep 1m\n'.repeat(TRANSFERS)}
`;
const HOUR_S = 3600;
/** 5 % on the way there and on the way back: 9.75 % of 3600; six standard deviations (18) around it. */
const LOST_PERCENT = { least: 6.7, most: 12.8 };

/** One hour of virtual time at 5 % loss, with the capture of all links written. */
export async function soakHour(person: Person, seed: string): Promise<Table> {
  const arena = new Arena(person);
  try {
    const [topology, script] = [arena.file('hour.yaml'), arena.file('hour.lab')];
    writeFileSync(topology, impairedSiteToSite('loss: 5%'), { mode: 0o644 });
    writeFileSync(script, SCRIPT, { mode: 0o644 });
    const capture = join(arena.temporary, 'hour.pcapng');
    const began = performance.now();
    const ended = await arena.run(['up', topology, '--seed', seed, '--script', script, '-w', capture], 'hour');
    const seconds = (performance.now() - began) / 1000;
    const octets = statSync(capture, { throwIfNoEntry: false })?.size ?? 0;
    rmSync(capture, { force: true });
    const findings = complaints('lab up --script', ended, [0]);
    findings.push(...arena.leftovers().map(leftBehind));
    const virtual = Number(/([0-9.]+) s of lab time/.exec(ended.output)?.[1] ?? 0);
    if (virtual < HOUR_S) findings.push(`${virtual} s of lab time are no hour`);
    const lost = [...ended.output.matchAll(/([0-9.]+)% packet loss/g)].map(match => Number(match[1]));
    const isStrange = (percent: number): boolean => percent < LOST_PERCENT.least || percent > LOST_PERCENT.most;
    if (lost.length !== 2 || lost.some(isStrange)) findings.push(`pings lost: ${lost.join(' % and ')} %`);
    const hashes = [...ended.output.matchAll(/^(?:sent|received) 1000000 octets .*sha256 ([0-9a-f]{64})$/gm)].map(
      ([, hash]) => hash,
    );
    const intact = hashes.filter((hash, index) => index % 2 === 1 && hash === hashes[index - 1]).length;
    if (intact !== TRANSFERS) findings.push(`${intact} of ${TRANSFERS} transfers came through`);
    return {
      title: 'an hour of virtual time at 5 % loss',
      headings: ['lab time', 'wall time', 'pings lost', 'transfers of 1 MB intact', 'capture'],
      rows: [
        [
          `${virtual} s`,
          `${seconds.toFixed(1)} s`,
          lost.map(percent => `${percent} %`).join(', '),
          `${intact} of ${TRANSFERS}`,
          mebi(octets),
        ],
      ],
      findings,
    };
  } finally {
    arena.dispose();
  }
}

const mebi = (octets: number): string => `${(octets / 2 ** 20).toFixed(1)} MiB`;
