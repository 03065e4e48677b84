import type { DriverName } from '../../lab/drivers/driver.ts';
import { createSeededRandom, type SeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { Arena, type Ended, kill } from './arena.ts';
import { settle } from './machine.ts';
import type { Person } from './person.ts';
import { isSame } from './processes.ts';
import type { Table } from './report.ts';
import { complaints, leftBehind, pause, pick, SETTLE_MS, stackTraces, upTo } from './round.ts';

export interface LabsOptions {
  readonly labs: number;
  /** What is done to them once all are up, one after the other and at the same time. */
  readonly deeds: number;
  /** One lab gets one of these after the other. */
  readonly drivers: readonly DriverName[];
  readonly person: Person;
  readonly seed: string;
  readonly onDeed: (text: string) => void;
}

/** Small, so that many fit on a machine. */
const TOPOLOGIES = ['transport-pair', 'clear', 'site-to-site-manual'] as const;
const BESIDE = 'beside';
/** Commands at the same time. More would only wait for a processor. */
const HANDS = 4;
const LATEST_KILL_MS = 1_500;

/**
 * Many labs at once, that come and go in random order and are killed at random moments, beside one that nobody touches: it has to
 * be there in the end as it was, and nothing of all others.
 */
export async function soakLabs(options: LabsOptions): Promise<Table> {
  const began = performance.now();
  const random = createSeededRandom(options.seed);
  const arena = new Arena(options.person);
  const crowd = new Crowd(arena, options, random);
  try {
    await crowd.up(BESIDE);
    const before = await crowd.runOf(BESIDE);
    const names = Array.from({ length: options.labs }, (_, index) => `lab-${index + 1}`);
    await together(shuffled(names, random), name => crowd.up(name));
    await crowd.expectUp(options.labs + 1);
    const deeds = Array.from({ length: options.deeds }, () => pick(names, random) ?? BESIDE);
    await together(deeds, name => crowd.deed(name));
    crowd.findings.push(...stackTraces('a supervisor', arena.logs()));
    await together(shuffled(names, random), name => crowd.down(name));
    await crowd.expectUntouched(before);
    await crowd.down(BESIDE);
    crowd.findings.push(...complaints('lab down --all', await arena.run(['down', '--all'], 'end'), [0]));
    const { left, ms } = await settle(() => arena.leftovers(), SETTLE_MS);
    crowd.findings.push(...left.map(leftBehind));
    const seconds = (performance.now() - began) / 1000;
    return {
      title: 'many labs at once',
      headings: ['labs', ...Object.keys(crowd.counts), 'with a finding', 'until nothing was left', 'took'],
      rows: [
        [
          `${options.labs} (${options.drivers.join(', ')})`,
          ...Object.values(crowd.counts).map(String),
          String(crowd.findings.length),
          `${ms.toFixed(0)} ms`,
          `${seconds.toFixed(0)} s`,
        ],
      ],
      findings: crowd.findings,
    };
  } finally {
    arena.dispose();
  }
}

class Crowd {
  readonly findings: string[] = [];
  readonly counts = { up: 0, down: 0, killed: 0, 'down while coming up': 0 };
  readonly #arena: Arena;
  readonly #options: LabsOptions;
  readonly #random: SeededRandom;
  /** Nobody does two things to one lab at a time, but where that is what is tried. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What brings it up ends well only where nothing has killed the lab. */
  #made = 0;

  constructor(arena: Arena, options: LabsOptions, random: SeededRandom) {
    this.#arena = arena;
    this.#options = options;
    this.#random = random;
  }

  async up(name: string): Promise<void> {
    this.counts.up += 1;
    this.#complain(`lab up of ${name}`, await this.#coming(name).ended, [0]);
  }

  async down(name: string): Promise<void> {
    this.counts.down += 1;
    this.#complain(`lab down ${name}`, await this.#arena.run(['down', name], `${name}-down`), [0]);
  }

  /** Something random; the lab may be up, killed or gone before it, and so after it. */
  deed(name: string): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#deedNow(name));
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #deedNow(name: string): Promise<void> {
    const chance = this.#random.uniform();
    this.#options.onDeed(name);
    if (chance < 0.4) return this.#killOne(name);
    if (chance < 0.6) return this.#downWhileComingUp(name);
    await this.down(name);
    if (chance < 0.9) await this.up(name);
  }

  /** Of a lab that comes up anew, at a moment that may be before or after it has. */
  async #killOne(name: string): Promise<void> {
    await this.down(name);
    const coming = this.#coming(name);
    await pause(upTo(LATEST_KILL_MS, this.#random));
    const victim = pick(this.#arena.processes(name), this.#random);
    if (victim !== undefined && isSame(victim) && kill(victim.pid, 'SIGKILL')) this.counts.killed += 1;
    this.#complain(`lab up of ${name}, of which a process was killed`, await coming.ended, null);
  }

  async #downWhileComingUp(name: string): Promise<void> {
    await this.down(name);
    this.counts['down while coming up'] += 1;
    const coming = this.#coming(name);
    await pause(upTo(LATEST_KILL_MS, this.#random));
    await this.down(name);
    this.#complain(`lab up of ${name}, which was brought down`, await coming.ended, null);
  }

  async runOf(name: string): Promise<string> {
    const { output } = await this.#arena.run(['status', name, '--json'], 'look');
    return /"runId":"([0-9a-f]+)"/.exec(output)?.[1] ?? output;
  }

  async expectUp(count: number): Promise<void> {
    const { output } = await this.#arena.run(['status', '--json'], 'look');
    const up = output.split('"state":"up"').length - 1;
    if (up !== count) this.findings.push(`of ${count} labs ${up} are up: ${output.trim()}`);
  }

  /** The one that nobody meant. */
  async expectUntouched(run: string): Promise<void> {
    const now = await this.runOf(BESIDE);
    if (now !== run) this.findings.push(`the lab beside was run ${run}, and is ${now}`);
    const reached = await this.#arena.run(['check', BESIDE], 'look');
    this.#complain('lab check of the lab beside', reached, [0]);
  }

  #coming(name: string) {
    const drivers = name === BESIDE ? this.#options.drivers.slice(-1) : this.#options.drivers;
    const [driver, topology] = [
      drivers[this.#made % drivers.length] ?? 'sim',
      pick(TOPOLOGIES, this.#random) ?? 'clear',
    ];
    this.#made += 1;
    const words = ['up', topology, '--name', name, '--driver', driver, '--no-checks'];
    const coming = this.#arena.start(words, name);
    void coming.ended.then(() => this.#arena.processes(name));
    return coming;
  }

  #complain(command: string, ended: Ended, statuses: readonly number[] | null): void {
    this.findings.push(...complaints(command, ended, statuses).map(text => `${text} (seed ${this.#options.seed})`));
  }
}

/** All of it, so many at a time. */
async function together(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const left = [...names];
  const hand = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await act(name);
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map(item => ({ item, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
