import type { SeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { Arena, kill } from './arena.ts';
import { settle } from './machine.ts';
import {
  complaints,
  hasComeUp,
  LAB,
  leftBehind,
  type Pace,
  pause,
  pick,
  type RoundResult,
  SETTLE_MS,
  type Subject,
  upArguments,
  upTo,
} from './round.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
const AGAIN_MS = 30;

/**
 * Ctrl-C and its relatives at a random moment of `lab up`, now and then twice: everything goes without a `lab down`. A terminal
 * sends SIGINT and SIGHUP to the whole group, `kill` to one process.
 */
export async function interruptRound(subject: Subject, pace: Pace, random: SeededRandom): Promise<RoundResult> {
  const arena = new Arena(subject.person);
  try {
    const signal = pick(SIGNALS, random) ?? 'SIGINT';
    const isTwice = random.uniform() < 0.25;
    const topology = random.uniform() < 0.5 ? LAB : arena.carriedTopology;
    const coming = arena.start(upArguments(topology, subject.driver), 'lab');
    await Promise.race([coming.ended, pause(upTo(pace.up + pace.checks, random))]);
    const processes = arena.processes('lab').length;
    const target = signal === 'SIGTERM' ? coming.pid : -coming.pid;
    const moment = momentOf(processes, hasComeUp(coming.output()));
    kill(target, signal);
    if (isTwice) {
      await pause(AGAIN_MS);
      kill(target, signal);
    }
    const ended = await coming.ended;
    const findings = complaints('lab up', ended, [INTERRUPTED, 0, null]);
    // It had come up, and said so, in the moment of the signal: then it stays, as it should, and only `down` removes it.
    const stays = ended.status === 0 || (ended.signal !== null && / is up; /.test(ended.output));
    if (stays) findings.push(...complaints('lab down --all', await arena.run(['down', '--all'], 'end'), [0]));
    const { left, ms } = await settle(() => arena.leftovers(), SETTLE_MS);
    findings.push(...left.map(leftBehind));
    if (left.length > 0) findings.push(`what lab up said, ended with ${ended.status ?? ended.signal}: ${ended.output}`);
    const what = stays ? 'it was up already' : `${signal}${isTwice ? ' twice' : ''}: ${moment}`;
    return { what, isHit: !stays, findings, settledMs: ms };
  } finally {
    arena.dispose();
  }
}

function momentOf(processes: number, isUp: boolean): string {
  if (isUp) return 'during checks';
  return processes <= 1 ? 'before its first process' : 'coming up';
}
