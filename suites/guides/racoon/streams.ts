import type { Walk } from '../walk.ts';
import { ADDRESS, type Machine, PAIRS } from './mesh.ts';

/** Connections that are open while something is done to the mesh, one between each two machines. */
export interface Streams {
  readonly count: number;
  /** How many are still at it. */
  open(): number;
  /** What each has come to, when all have ended: null: everything arrived. */
  ended(): Promise<readonly (string | null)[]>;
}

const PORT = 2389;
const RATE = 4000;
/** For as many programs to start. */
const START_MS = 2000;

/** They last for about that long. What is sent and what is read must have the same hash. */
export async function openStreams(walk: Walk, seconds: number): Promise<Streams> {
  const octets = RATE * seconds;
  const [sink, send] = programsOf(walk);
  const sinks = PAIRS.map(([, to], i) => walk.exec(to, sink(PORT + i)));
  await walk.lab.sleep(START_MS);
  const sends = PAIRS.map(([from, to], i) => walk.exec(from, send(ADDRESS[to], PORT + i, octets)));
  let open = sends.length;
  for (const sending of sends) void sending.finally(() => open--);
  // Each of them has begun before anything else does.
  await walk.lab.sleep(START_MS);
  return {
    count: PAIRS.length,
    open: () => open,
    ended: () =>
      Promise.all(
        PAIRS.map(async ([from, to], i) => {
          const [sent, read] = await Promise.all([sends[i], sinks[i]]);
          const [a, b] = [sent?.stdout ?? '', read?.stdout ?? ''].map(text => /sha256 (\w{64})/.exec(text)?.[1]);
          return a !== undefined && a === b
            ? null
            : `${named(from, to)}: ${sent?.stderr} ${sent?.stdout} ${read?.stdout}`;
        }),
      ),
  };
}

type Programs = readonly [
  sink: (port: number) => readonly string[],
  send: (address: string, port: number, octets: number) => readonly string[],
];

/** Those of simulated hosts; live ones have Node.js, as this machine has. */
function programsOf({ lab }: Walk): Programs {
  if (lab.driver === 'sim') {
    return [
      port => ['sink', String(port)],
      (address, port, octets) => ['send', '-r', String(RATE), address, String(port), String(octets)],
    ];
  }
  return [port => script(LIVE_SINK, port), (address, port, octets) => script(LIVE_SEND, address, port, octets, RATE)];
}

const script = (text: string, ...more: readonly unknown[]): readonly string[] => [
  process.execPath,
  '-e',
  text,
  ...more.map(String),
];

const LIVE_SINK = `
const hash = require('crypto').createHash('sha256');
const server = require('net').createServer({ allowHalfOpen: true }, socket => {
  socket.on('data', octets => hash.update(octets));
  socket.on('end', () => { console.log('sha256', hash.digest('hex')); socket.end(); server.close(); });
});
server.listen(Number(process.argv[1]));`;

const LIVE_SEND = `
const [address, port, octets, rate] = [process.argv[1], ...process.argv.slice(2).map(Number)];
const { createHash, randomBytes } = require('crypto');
const hash = createHash('sha256');
const socket = require('net').connect(port, address);
socket.on('error', error => console.error(String(error)));
let left = octets;
const timer = setInterval(() => {
  const chunk = randomBytes(Math.min(left, rate / 10));
  hash.update(chunk);
  socket.write(chunk);
  left -= chunk.length;
  if (left > 0) return;
  clearInterval(timer);
  socket.end();
}, 100);
socket.on('close', () => { clearInterval(timer); console.log('sha256', hash.digest('hex')); });
socket.resume();`;

const named = (from: Machine, to: Machine): string => `${from} -> ${to}`;
