import { once } from 'node:events';
import type { Walk } from '../walk.ts';
import { simulatedStreams } from './simulated-streams.ts';
import { ADDRESS, MACHINES, type Machine, PAIRS } from './mesh.ts';

/** Connections that are open while something is done to the mesh, one between each two machines. */
export interface Streams {
  readonly count: number;
  /** How many are still at it. */
  open(): number;
  /** Ends them; what each has come to: null: everything arrived, and what was sent and what was read have the same hash. */
  ended(): Promise<readonly (string | null)[]>;
}

/** When it resolves, all are open. Simulated ones last for about that long, live ones until somebody ends them. */
export async function openStreams(walk: Walk, seconds: number): Promise<Streams> {
  return walk.lab.driver === 'sim' ? simulatedStreams(walk, seconds) : liveStreams(walk);
}

const PORT = 2389;

/** Two programs on each machine: one listens, one sends to all machines behind it in the list, until its input ends. */
async function liveStreams(walk: Walk): Promise<Streams> {
  const end = new AbortController();
  const none = AbortSignal.abort();
  const sinks = new Map(
    MACHINES.map(machine => {
      const count = PAIRS.filter(([, to]) => to === machine).length;
      return [machine, run(walk, machine, [LIVE_SINK, String(PORT), String(count)], none)];
    }),
  );
  await walk.until(() => [...sinks.values()].every(({ said }) => said('ready').length > 0));
  const sends = new Map(
    MACHINES.map(machine => {
      const targets = PAIRS.filter(([from]) => from === machine).map(([, to]) => ADDRESS[to]);
      return [machine, run(walk, machine, [LIVE_SEND, String(PORT), ...targets], end.signal)];
    }),
  );
  const opened = () => [...sends.values()].flatMap(({ said }) => said('open')).length;
  await walk.until(() => opened() === PAIRS.length, 60_000);
  return {
    count: PAIRS.length,
    open: () => opened() - [...sends.values()].flatMap(({ said }) => said('closed')).length,
    ended: async () => {
      end.abort();
      await Promise.all([...sinks.values(), ...sends.values()].map(({ done }) => done));
      return PAIRS.map(([from, to]) => {
        const sent = sends.get(from)?.said(`closed ${ADDRESS[to]}`)[0];
        const read = sinks.get(to)?.said(`read ${ADDRESS[from]}`)[0];
        return sent !== undefined && sent === read ? null : `${from} -> ${to}: ${sent} sent, ${read} read`;
      });
    },
  };
}

interface Running {
  /** What stands behind those words in its lines. */
  readonly said: (words: string) => readonly string[];
  readonly done: Promise<unknown>;
}

/** A program of Node.js, which this machine has; its input ends when `end` says so. */
function run(walk: Walk, machine: Machine, [text = '', ...more]: readonly string[], end: AbortSignal): Running {
  let output = '';
  const take = (octets: Uint8Array) => {
    output += Buffer.from(octets).toString();
  };
  const io = { stdin: nothingUntil(end), stdout: take, stderr: take, signal: null };
  const done = walk.lab.exec(machine, [process.execPath, '-e', text, ...more], io);
  const said = (words: string) =>
    output.split('\n').flatMap(line => (line.startsWith(`${words} `) ? [line.slice(words.length + 1)] : []));
  return { said, done };
}

// oxlint-disable-next-line require-yield -- there is nothing to read
async function* nothingUntil(end: AbortSignal): AsyncGenerator<Uint8Array> {
  if (!end.aborted) await once(end, 'abort');
}

/** `process.argv`: the port, and how many come. */
const LIVE_SINK = `
const { createHash } = require('crypto');
let left = Number(process.argv[2]);
if (left === 0) console.log('ready now');
const server = require('net').createServer({ allowHalfOpen: true }, socket => {
  const [hash, from] = [createHash('sha256'), socket.remoteAddress.replace('::ffff:', '')];
  socket.on('data', octets => hash.update(octets));
  socket.on('error', error => console.log('failed', from, error));
  socket.on('end', () => { console.log('read', from, hash.digest('hex')); socket.end(); });
  socket.on('close', () => { if (--left === 0) server.close(); });
});
if (left > 0) server.listen(Number(process.argv[1]), () => console.log('ready now'));`;

/** `process.argv`: the port, and whom to send to. */
const LIVE_SEND = `
const { createHash, randomBytes } = require('crypto');
const [port, ...targets] = process.argv.slice(1);
const sockets = targets.map(address => {
  const [socket, hash] = [require('net').connect(Number(port), address), createHash('sha256')];
  let timer;
  const send = octets => { const chunk = randomBytes(octets); hash.update(chunk); socket.write(chunk); };
  socket.on('connect', () => { console.log('open', address); send(400); timer = setInterval(() => send(400), 100); });
  socket.on('error', error => console.log('failed', address, error));
  socket.on('close', () => { clearInterval(timer); console.log('closed', address, hash.digest('hex')); });
  socket.resume();
  return () => { clearInterval(timer); socket.end(); };
});
process.stdin.on('end', () => sockets.forEach(end => end()));
process.stdin.resume();`;
