import { type CaptureSink, jsonSink, lineSink, pcapngSink } from './capture-sinks.ts';
import type { LabClient } from './client.ts';
import { freshKeys } from './fresh-keys.ts';
import { writeKeyLog } from './key-log-argument.ts';
import { isLinkChatter } from './link-chatter.ts';
import { packetsOf } from './packet-stream.ts';
import type { Terminal } from './terminal.ts';

export interface CaptureOrder {
  /** null: all. */
  readonly link: string | null;
  /** A file for pcapng, `-` for standard output; null: decoded lines. */
  readonly write: string | null;
  readonly count: number | null;
  readonly seconds: number | null;
  readonly history: boolean;
  readonly decrypt: boolean;
  /** A folder for Wireshark; null: none. */
  readonly keyLog: string | null;
  readonly json: boolean;
  /** Show neighbours finding each other as well. A file gets everything in any case. */
  readonly chatter: boolean;
}

/** Packets from the lab to where they were asked for, until one of the ends of `order` is reached, Ctrl-C, or the lab's end. */
export async function capturePackets(client: LabClient, terminal: Terminal, order: CaptureOrder): Promise<void> {
  const logKeys = async (): Promise<void> => {
    if (order.keyLog !== null) await writeKeyLog(order.keyLog, client);
  };
  await logKeys();
  const sink = await openSink(client, terminal, order);
  const stream = await client.capture({ ...order, follow: order.seconds !== 0 });
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    stream.destroy();
  };
  const timer = order.seconds === null || order.seconds === 0 ? null : setTimeout(stop, order.seconds * 1_000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  let seen = 0;
  let leftOut = 0;
  try {
    for await (const packet of packetsOf(stream)) {
      if (order.write === null && !order.chatter && isLinkChatter(packet.octets)) {
        leftOut += 1;
        continue;
      }
      await sink.packet(packet);
      seen += 1;
      if (seen === order.count) break;
    }
  } catch (error) {
    if (!stopped && !stream.destroyed) throw error;
    if (!stopped) terminal.note('the lab has ended');
  } finally {
    if (timer !== null) clearTimeout(timer);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    stream.destroy();
    sink.close();
  }
  await logKeys().catch(() => undefined); // keys made meanwhile; a lab that has ended made none
  if (leftOut > 0)
    terminal.note(`${leftOut} frame${leftOut === 1 ? '' : 's'} of ARP and the like left out (--all shows them)`);
  if (order.write !== null) terminal.note(`${seen} packet${seen === 1 ? '' : 's'} written`);
}

async function openSink(client: LabClient, terminal: Terminal, order: CaptureOrder): Promise<CaptureSink> {
  const opener = order.decrypt ? await freshKeys(client) : null;
  if (order.write !== null) return pcapngSink(order.write, opener);
  return order.json ? jsonSink(terminal, opener) : lineSink(terminal, opener);
}
