import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openTopology } from '../lab/topology/shipped.ts';

/**
 * Frames a second through alice in a live lab: a1 sends one UDP frame as fast as it can, and alice's own counters say what
 * left on her WAN. To 10.0.1.2 it is tunnelled and sealed, to 1.2.3.1 forwarded in the clear. The lab's capture of all links runs meanwhile.
 */
const LAB = join(import.meta.dirname, '..', '..', 'bin', 'lab.js');
const NAME = `bench-rate-${process.pid}`;
const SECONDS = 2;
const HEADERS_OCTETS = 42;
/** Offered, in thousands of frames a second; the highest rate that came out is the figure. */
const OFFERED = [10, 20, 40, 80, 160];

interface Status {
  readonly nodes: readonly {
    name: string;
    interfaces: readonly { name: string; counters: { sentPackets: number; sentOctets: number } }[];
  }[];
}

async function main(): Promise<void> {
  lab(['up', 'site-to-site-manual', '--driver', 'netns', '--name', NAME, '--no-checks']);
  try {
    process.stdout.write(
      'frames/s through one gateway, live (netns; generator, gateway and capture share the machine)\n',
    );
    for (const [name, destination] of [
      ['clear', '1.2.3.1'],
      ['esp aes256gcm16', '10.0.1.2'],
    ] as const) {
      for (const octets of [64, 1372]) await measure(name, destination, octets);
    }
  } finally {
    lab(['down', NAME]);
  }
}

/** The highest rate at which frames left, over all offered rates. */
async function measure(name: string, destination: string, octets: number): Promise<void> {
  let best = { perSecond: 0, gigabits: 0, offered: 0 };
  for (const offered of OFFERED) {
    const sample = await measureOffered(destination, octets, offered * 1000);
    if (sample.perSecond > best.perSecond) best = { ...sample, offered };
    if (sample.perSecond < offered * 1000 * 0.5) break; // more would only take time from the gateway
  }
  const figures = `${(best.perSecond / 1000).toFixed(1).padStart(9)} k/s ${best.gigabits.toFixed(2).padStart(7)} Gbit/s`;
  const size = String(octets + HEADERS_OCTETS).padStart(6);
  process.stdout.write(`  ${name.padEnd(20)}${size} octets ${figures}  (of ${best.offered} k/s offered)\n`);
}

async function measureOffered(
  destination: string,
  octets: number,
  rate: number,
): Promise<{ readonly perSecond: number; readonly gigabits: number }> {
  const lan = [macOf('a1', 'eth0'), '10.0.0.2', macOf('alice', 'net1')];
  const program = [
    process.execPath,
    join(import.meta.dirname, 'blast.js'),
    ...lan,
    destination,
    octets,
    rate,
    SECONDS + 1,
  ].map(String);
  const blast = spawn(process.execPath, [LAB, 'exec', '--lab', NAME, 'a1', '--', ...program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(blast, 'close');
  await wait(700);
  const before = wan();
  const began = process.hrtime.bigint();
  await wait(SECONDS * 1000 - 500);
  const after = wan();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  await ended;
  await drained();
  const perSecond = (after.sentPackets - before.sentPackets) / seconds;
  return { perSecond, gigabits: ((after.sentOctets - before.sentOctets) * 8) / seconds / 1e9 };
}

/** Until alice has worked off what waits in her sockets. */
async function drained(): Promise<void> {
  for (let last = -1, now = wan().sentPackets; now > last + 100; [last, now] = [now, wan().sentPackets])
    await wait(300);
}

function macOf(node: string, name: string): string {
  const found = openTopology('site-to-site-manual')
    .topology?.nodes.find(it => it.name === node)
    ?.interfaces.find(it => it.name === name);
  if (found === undefined) throw new Error(`site-to-site-manual has no ${node}:${name}`);
  return found.mac;
}

function wan(): { readonly sentPackets: number; readonly sentOctets: number } {
  const alice = (JSON.parse(lab(['status', NAME, '--json'])) as Status).nodes.find(node => node.name === 'alice');
  const port = alice?.interfaces.find(it => it.name === 'net0');
  if (port === undefined) throw new Error('the lab reports no alice:net0');
  return port.counters;
}

const lab = (args: readonly string[]): string => execFileSync(process.execPath, [LAB, ...args], { encoding: 'utf8' });

await main();
