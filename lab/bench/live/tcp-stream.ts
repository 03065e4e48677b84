import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { findWarmUp } from '../warm-up.ts';
import type { BenchGround } from './ground.ts';

export interface StreamOrder {
  readonly sender: string;
  readonly receiver: string;
  /** Of the receiver. */
  readonly address: string;
  /** Whole: iperf3 knows no others, and takes a fraction for "for ever". */
  readonly seconds: number;
  /** Of the IP packets, none of which is longer: what a whole segment makes. */
  readonly packetOctets: number;
  /** `cubic`; null: the kernel's own choice. */
  readonly congestionControl: string | null;
}

export interface StreamResult {
  /** What arrived, bit/s of TCP payload, in the steady state. */
  readonly bitsPerSecond: number;
  /** The same in each tenth of a second, warm-up included. */
  readonly readings: readonly number[];
  readonly warmUpReadings: number;
  /** All that arrived, of TCP payload. */
  readonly octets: number;
}

const INTERVAL_SECONDS = 0.1;
const PORT = 5201;

/** One TCP stream by iperf3, told by its receiver. Throws where nothing arrives. */
export async function measureStream(ground: BenchGround, order: StreamOrder): Promise<StreamResult> {
  const { sender, receiver, address, seconds, packetOctets, congestionControl } = order;
  if (!Number.isInteger(seconds)) throw new Error(`a stream of ${seconds} s would not end`);
  const listener = ground.spawn(receiver, [
    'iperf3',
    '--server',
    '--one-off',
    '--json',
    '--interval',
    String(INTERVAL_SECONDS),
  ]);
  const said = whatItSays(listener);
  await ground.until('iperf3 listens', () => listensOn(listener, PORT));
  const control = congestionControl === null ? [] : ['--congestion', congestionControl];
  const segment = ['--set-mss', String(packetOctets - (address.includes(':') ? 60 : 40))];
  const argv = ['iperf3', '--client', address, '--time', String(seconds), '--json', ...segment, ...control];
  const { status, stdout, stderr } = await ground.run(sender, argv);
  if (status !== 0) throw new Error(`iperf3 on ${sender}: ${errorIn(stdout) ?? stderr.trim()}`);
  return readStream(await said);
}

/** Reads what iperf3 says as receiver. */
export function readStream(json: string): StreamResult {
  const said = JSON.parse(json) as ReceiverReport;
  if (said.error !== undefined) throw new Error(`iperf3: ${said.error}`);
  // The last interval is what was left when the sender had done.
  const whole = said.intervals.filter(({ sum }) => sum.seconds > INTERVAL_SECONDS / 2);
  const readings = whole.map(({ sum }) => sum.bits_per_second);
  if (readings.length === 0) throw new Error('iperf3 saw nothing of the stream');
  const { dropped } = findWarmUp(readings);
  return {
    bitsPerSecond: mean(readings.slice(dropped)),
    readings,
    warmUpReadings: dropped,
    octets: said.intervals.reduce((octets, { sum }) => octets + sum.bytes, 0),
  };
}

/** What of iperf3's JSON is read here. */
interface ReceiverReport {
  readonly error?: string;
  readonly intervals: readonly {
    readonly sum: { readonly seconds: number; readonly bytes: number; readonly bits_per_second: number };
  }[];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function errorIn(json: string): string | null {
  try {
    return (JSON.parse(json) as { readonly error?: string }).error ?? null;
  } catch {
    return null;
  }
}

async function whatItSays(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.resume();
  await new Promise(resolve => child.once('close', resolve));
  return text;
}

/** Whether somebody in the network namespace of this process listens on a TCP port, of either family. */
function listensOn({ pid }: ChildProcess, port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return ['tcp', 'tcp6'].some(table => {
    const file = `/proc/${pid ?? 'self'}/net/${table}`;
    if (!existsSync(file)) return false;
    return readFileSync(file, 'utf8')
      .split('\n')
      .some(line => line.includes(local) && / 0A /.test(line));
  });
}
