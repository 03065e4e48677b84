import type { Walk } from '../walk.ts';
import { ADDRESS, PAIRS } from './mesh.ts';
import type { Streams } from './streams.ts';

const PORT = 2389;
const RATE = 4000;
/** For as many programs to start. */
const START_MS = 2000;

/** By `send` and `sink` of simulated hosts, for so many seconds of lab time. */
export async function simulatedStreams(walk: Walk, seconds: number): Promise<Streams> {
  const octets = RATE * seconds;
  const sinks = PAIRS.map(([, to], i) => walk.exec(to, ['sink', String(PORT + i)]));
  await walk.lab.sleep(START_MS);
  const sends = PAIRS.map(([from, to], i) =>
    walk.exec(from, ['send', '-r', String(RATE), ADDRESS[to], String(PORT + i), String(octets)]),
  );
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
          if (a !== undefined && a === b) return null;
          return `${from} -> ${to}: ${sent?.stderr} ${sent?.stdout} ${read?.stdout}`;
        }),
      ),
  };
}
