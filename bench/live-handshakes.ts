import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { programFile } from '../engine/host/program.ts';
import { podCommand, withSystemPath } from '../lab/drivers/netns/pod.ts';
import type { LiveHandshake, LivePlan } from './handshake/plan.ts';

/**
 * Handshakes of live gateways, one after the other: how long each takes on the wire between two processes, this engine and
 * strongSwan in every combination. `npm run bench -- handshakes`.
 */
const ROUNDS = 21;

async function main(): Promise<void> {
  process.stdout.write(
    `handshakes of IKEv2 between live gateways: milliseconds from the first datagram to the last (median of ${ROUNDS}, and extremes), 1/s\n`,
  );
  const argv = [
    ...podCommand(process.getuid?.() === 0),
    process.execPath,
    programFile('bench/handshake/main'),
    String(ROUNDS),
  ];
  const child = spawn('env', argv, {
    env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: randomBytes(16).toString('hex') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${lineOf(JSON.parse(line) as { plan: LivePlan; result: LiveHandshake })}\n`);
  }
  process.exitCode = (await ended) === 0 ? 0 : 1;
}

function lineOf({ plan, result }: { readonly plan: LivePlan; readonly result: LiveHandshake }): string {
  const what = `${plan.group}, ${plan.authentication}`.padEnd(20);
  const way = `${plan.initiator} -> ${plan.responder}`.padEnd(28);
  const extremes = `(${result.leastMs.toFixed(1)} to ${result.mostMs.toFixed(1)})`.padStart(16);
  return `  ${what}${way}${result.ms.toFixed(2).padStart(9)} ${extremes}${(1000 / result.ms).toFixed(0).padStart(8)}`;
}

await main();
