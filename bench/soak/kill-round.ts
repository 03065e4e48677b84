import type { SeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { Arena, kill, type Running } from './arena.ts';
import { settle } from './machine.ts';
import { isSame, type SeenProcess } from './processes.ts';
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
  stackTraces,
  type Subject,
  upArguments,
  upTo,
} from './round.ts';

/** When the kill comes. */
export const PHASES = ['up', 'checks', 'traffic', 'down'] as const;
export type Phase = (typeof PHASES)[number];

export interface KillPlan {
  readonly subject: Subject;
  readonly phase: Phase;
  /** A second lab runs beside the first, and must not notice. */
  readonly isBesideAnother: boolean;
  readonly pace: Pace;
  readonly random: SeededRandom;
}

/** `kill -9` of one random process of a lab at a random moment, then `lab down --all`, then a look at what is left. */
export async function killRound(plan: KillPlan): Promise<RoundResult> {
  const arena = new Arena(plan.subject.person);
  try {
    const { driver } = plan.subject;
    const findings: string[] = [];
    if (plan.isBesideAnother) {
      const beside = await arena.run(upArguments(LAB, driver, '--name', 'beside', '--no-checks'), 'beside');
      findings.push(...complaints('lab up of another', beside, [0]));
      arena.processes('beside');
    }
    const commands = await begin(arena, plan);
    const victim = await killOne(arena, plan.random);
    await Promise.race([
      Promise.all(commands.map(command => command.ended)),
      pause(upTo(NEXT_COMMAND_MS, plan.random)),
    ]);
    if (plan.isBesideAnother) {
      const reached = await arena.run(['exec', '--lab', 'beside', 'a1', '--', 'ping', '-c', '3', '10.0.1.2'], 'look');
      findings.push(...complaints('lab exec in the other lab', reached, [0]));
    }
    findings.push(...stackTraces('a supervisor', arena.logs()));
    findings.push(...complaints('lab down --all', await arena.run(['down', '--all'], 'end'), [0]));
    const { left, ms } = await settle(() => arena.leftovers(), SETTLE_MS);
    findings.push(...left.map(leftBehind));
    // One that was killed, or whose lab was, may end with any status; but not late, and not with a stack trace.
    for (const command of commands) findings.push(...complaints('a command', await command.ended, null));
    const what = `${plan.phase}: ${victim ?? 'nothing was left to kill'}`;
    return { what, isHit: victim !== null, findings, settledMs: ms };
  } finally {
    arena.dispose();
  }
}

/** How long a user waits before the next command: what is still at work then must give way to it. */
const NEXT_COMMAND_MS = 3_000;

/** Brings the lab to the phase in which the kill is due, and waits for the moment. Returns what runs then. */
async function begin(arena: Arena, { subject, phase, pace, random }: KillPlan): Promise<Running[]> {
  const topology = random.uniform() < 0.5 ? LAB : arena.carriedTopology;
  const coming = arena.start(upArguments(topology, subject.driver), 'lab');
  if (phase === 'up') {
    await pause(upTo(pace.up, random));
    return [coming];
  }
  const end = coming.ended.then(() => true);
  while (!hasComeUp(coming.output()) && (await Promise.race([end, pause(5)])) === undefined);
  if (phase === 'checks') {
    await pause(upTo(pace.checks, random));
    return [coming];
  }
  await end;
  const commands = phase === 'traffic' ? startTraffic(arena, subject) : [arena.start(['down', LAB], 'lab')];
  await pause(upTo(phase === 'traffic' ? TRAFFIC_MS : pace.down, random));
  return [coming, ...commands];
}

const TRAFFIC_MS = 1_000;

/** More than will get through before the kill, in both families, and a capture that watches. */
function startTraffic(arena: Arena, { driver }: Subject): Running[] {
  const on = (node: string, ...argv: string[]): Running =>
    arena.start(['exec', '--lab', LAB, node, '--', ...argv], 'lab');
  const bulk =
    driver === 'sim'
      ? [on('b1', 'sink', '5001'), on('a1', 'send', '10.0.1.2', '5001', '100000000')]
      : [on('a1', 'ping', '-q', '-i', '0.005', '-s', '1400', '10.0.1.2')];
  return [
    ...bulk,
    on('b1', 'ping', '-i', '0.2', '2001:470:24:c66::2'),
    arena.start(['capture', '--lab', LAB, 'wan', '--live'], 'lab'),
  ];
}

/** Every kind of process is as likely as any other, however many there are of it. The kind, for the table; null: all had ended. */
async function killOne(arena: Arena, random: SeededRandom): Promise<string | null> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const processes = arena.processes('lab');
    const roles = [...new Set(processes.map(({ role }) => role))].sort();
    const role = pick(roles, random);
    const victim: SeenProcess | undefined = pick(
      processes.filter(process => process.role === role),
      random,
    );
    if (victim === undefined) return null;
    if (isSame(victim) && kill(victim.pid, 'SIGKILL')) return victim.role;
    await pause(1);
  }
  return null;
}
