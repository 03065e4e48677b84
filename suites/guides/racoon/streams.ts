import type { Walk } from '../walk.ts';
import { ADDRESS, type Machine, PAIRS } from './mesh.ts';

/** Connections that are open while something is done to the mesh, one between each two machines. */
export interface Streams {
  readonly count: number;
  /** What each has come to, when all have ended: null: everything arrived. */
  ended(): Promise<readonly (string | null)[]>;
}

const PORT = 2389;
const RATE = 4000;

/** They last for about that long. What is sent and what is read must have the same hash. */
export async function openStreams(walk: Walk, seconds: number): Promise<Streams> {
  const octets = RATE * seconds;
  const sinks = PAIRS.map(([, to], i) => walk.type(to, `sink ${PORT + i}`));
  await walk.lab.sleep(100);
  const sends = PAIRS.map(([from, to], i) => walk.type(from, `send -r ${RATE} ${ADDRESS[to]} ${PORT + i} ${octets}`));
  // Each of them has begun before anything else does.
  await walk.lab.sleep(500);
  return {
    count: PAIRS.length,
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

const named = (from: Machine, to: Machine): string => `${from} -> ${to}`;
