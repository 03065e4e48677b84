import { openPacketPort } from '../engine/host/packet-port.ts';
import type { Frame } from '../engine/node/node.ts';
import { lanFrame } from '../lab/bench/scale/lan-frame.ts';

/**
 * Runs on a host of a live lab: `blast.js MAC ADDRESS GATEWAY_MAC DESTINATION UDP_OCTETS FRAMES_PER_SECOND SECONDS`. Sends one frame
 * over and over through eth0's packet socket, in bursts that keep the rate, and prints how many the kernel took.
 */
const [from = '', source = '', gateway = '', destination = '', octets = '', rate = '', seconds = ''] =
  process.argv.slice(2);
const BURST_FRAMES = 32;
const frame = lanFrame({
  from: { mac: from, address: source },
  toMac: gateway,
  toAddress: destination,
  udpOctets: Number(octets),
});
const port = openPacketPort({ name: 'eth0', offload: true });
const burst: Frame[] = Array.from({ length: BURST_FRAMES }, () => ({ port: 'eth0', octets: frame, offload: null }));
const began = process.hrtime.bigint();
let offered = 0;

function blast(): void {
  const elapsed = Number(process.hrtime.bigint() - began) / 1e9;
  if (elapsed >= Number(seconds)) {
    process.stdout.write(`${JSON.stringify({ sent: port.statistics().sent })}\n`);
    port.close();
    return;
  }
  const due = elapsed * Number(rate);
  // Late bursts are not made up for beyond a few: a generator that catches up measures a queue.
  offered = Math.max(offered, due - 8 * BURST_FRAMES);
  for (; offered < due; offered += BURST_FRAMES) port.send(burst);
  setTimeout(blast, 0);
}
blast();
