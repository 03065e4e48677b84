/** The first process of the pod in which `lab bench` measures: see ../live/messages.ts. It ends when whoever started it does. */
import type { BenchRecord, SubjectRecord } from '../../../reports/bench-format.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { putAside, writeRecord } from '../live/bench-file.ts';
import { readEnvironment } from '../live/environment.ts';
import { loadWhileIdle } from '../live/machine-load.ts';
import type { BenchOrder, FromBench, ToBench } from '../live/messages.ts';
import { runPlan } from '../live/run-plan.ts';
import { whyNotResumable } from '../record.ts';
import type { PlannedSubject, ProfilePlan } from './profile.ts';
import { PROFILES } from './profiles.ts';

/** Long enough for a share of a few percent, by ticks of 10 ms. */
const LOAD_SECONDS = 1;
/** What a lab cannot take down in this time goes with its pod all the same. */
const END_MS = 5_000;
const BAD_INPUT = 2;
const MACHINE_CANNOT = 3;

const stop = new AbortController();
let said = Promise.resolve();
process.on('message', (message: ToBench) => {
  if (message.kind === 'start') void start(message.order);
  else end();
});
process.on('disconnect', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
tell({ kind: 'hello' });

function end(): void {
  stop.abort(new Error('stopped'));
  setTimeout(() => process.exit(0), END_MS).unref();
}

function tell(message: FromBench): void {
  if (!process.connected) return;
  said = new Promise(resolve => process.send?.(message, undefined, {}, () => resolve()));
}

async function start(order: BenchOrder): Promise<void> {
  try {
    await measure(order);
  } catch (error) {
    if (!stop.signal.aborted) {
      console.error(error);
      process.exit(70);
    }
  }
  await said; // else its last words would be lost
  process.exit(0);
}

async function measure(order: BenchOrder): Promise<void> {
  const profile = PROFILES.find(({ name }) => name === order.profile);
  if (profile === undefined) throw new Error(`no profile ${order.profile}`);
  const plan = profile.plan({ quick: order.quick, legacy: order.legacy });
  const chosen = chooseSubjects(plan, order);
  if (chosen === null) return;
  const environment = await readEnvironment(
    order.version,
    order.commit,
    await loadWhileIdle(LOAD_SECONDS, stop.signal),
  );
  const empty: BenchRecord = {
    format: 1,
    profile: order.profile,
    world: 'live',
    seed: order.seed,
    rounds: order.rounds ?? plan.rounds,
    startedAt: new Date().toISOString(),
    command: order.command,
    environment,
    subjects: chosen.told,
    turns: [],
    figures: [],
  };
  const obstacles = order.resumed === null ? [] : whyNotResumable(order.resumed, empty);
  if (obstacles.length > 0) {
    const fix = 'leave out --resume, or give the new run a folder of its own: --out DIR';
    return fail(`the run in ${order.file} cannot be gone on with: ${obstacles.join('; ')}`, fix, BAD_INPUT);
  }
  const outside = { tell, write: (record: BenchRecord) => writeRecord(order.file, record), signal: stop.signal };
  const record = order.resumed ?? empty;
  if (order.resumed === null) putAside(order.file);
  writeRecord(order.file, record);
  await runPlan(chosen.planned, record, outside);
}

interface Chosen {
  readonly planned: readonly PlannedSubject[];
  /** Those that are left out too. */
  readonly told: readonly SubjectRecord[];
}

/** null: it has told why nothing can be measured. */
function chooseSubjects({ subjects }: ProfilePlan, { subjects: asked }: BenchOrder): Chosen | null {
  const names = subjects.map(({ name }) => name);
  const unknown = asked?.find(pattern => !names.some(name => matches(name, pattern)));
  if (unknown !== undefined) {
    fail(`there is no subject "${unknown}" in this profile`, didYouMean(unknown, names, 'it has none'), BAD_INPUT);
    return null;
  }
  const wanted = subjects.filter(({ name }) => asked === null || asked.some(pattern => matches(name, pattern)));
  const told = wanted.map(subject => ({ name: subject.name, title: subject.title, obstacle: subject.obstacle() }));
  const planned = wanted.filter(({ name }) => told.some(one => one.name === name && one.obstacle === null));
  if (planned.length > 0) return { planned, told };
  const why = told.map(({ name, obstacle }) => `${name}: ${obstacle ?? ''}`).join('; ');
  fail(`nothing can be measured on this machine: ${why}`, null, MACHINE_CANNOT);
  return null;
}

/** `*` in a pattern stands for anything. */
const matches = (name: string, pattern: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);

function fail(message: string, fix: string | null, exitCode: number): void {
  tell({ kind: 'failed', message, fix, exitCode });
}
