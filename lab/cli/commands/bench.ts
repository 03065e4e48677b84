import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { BenchRecord } from '../../../reports/bench-format.ts';
import { recordText } from '../../bench/live/bench-file.ts';
import type { BenchOrder, FromBench } from '../../bench/live/messages.ts';
import { PROFILES } from '../../bench/profiles/profiles.ts';
import { readBenchRecord } from '../../bench/read-record.ts';
import { badInput, errorCode, ExitCode, Failure } from '../../state/failure.ts';
import { runInPod } from '../bench-pod.ts';
import { benchSummary, disturbanceLines } from '../bench-summary.ts';
import { chooseDriver } from '../choose-driver.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { durationText } from '../duration-text.ts';
import { wholeNumber } from '../numbers.ts';
import { projectRoot } from '../project.ts';
import { printable, type Terminal } from '../terminal.ts';
import { version } from '../version.ts';

const DESCRIPTION = `Measure speed with live labs, one after the other in rounds, each time in another order, and leave every sample in DIR/bench.json.
It is written after each turn: Ctrl-C keeps what was measured, and --resume goes on from there.
A figure is the median of its rounds, with the interval in which the true one lies by a confidence of 95 %.`;

interface Options {
  readonly quick?: true;
  readonly legacy?: true;
  readonly rounds?: number;
  readonly subjects?: string;
  readonly seed: string;
  readonly out: string;
  readonly resume?: true;
  readonly json?: true;
}

export function define(command: Command, context: CommandContext): void {
  const names = PROFILES.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  command
    .description(DESCRIPTION)
    .argument('<profile>', 'what is measured')
    .option('--quick', 'less of it, in under two minutes: for a first look, and for every change')
    .option('--rounds <n>', 'how often each subject is measured; as the profile says without it', wholeNumber)
    .option('--subjects <names>', 'only these, with commas between; * stands for anything')
    .option('--legacy', 'with ciphers that nobody should use any more')
    .option('--seed <seed>', 'of the order of turns', '1')
    .option('--out <dir>', 'where bench.json goes', 'bench')
    .option('--resume', 'go on with the run that was stopped there')
    .option(...JSON_OPTION)
    .addHelpText('after', ['', 'Profiles:', ...names].join('\n'))
    .addHelpText(
      'after',
      examples([
        'lab bench compare --quick',
        'lab bench compare --out nightly',
        'lab bench compare --out nightly --resume',
      ]),
    )
    .action((profile: string, options: Options) => bench(profile, options, context));
}

async function bench(profile: string, options: Options, { terminal, exit }: CommandContext): Promise<void> {
  const names = PROFILES.map(({ name }) => name);
  if (!names.includes(profile))
    throw badInput(`there is no profile "${printable(profile)}"`, didYouMean(profile, names, 'there are none'));
  chooseDriver('netns'); // says why, where this machine cannot
  const folder = resolve(options.out);
  makeFolder(folder);
  const file = join(folder, 'bench.json');
  const story = new Story(terminal);
  let stopped = false;
  const release: (() => void)[] = [];
  try {
    await runInPod(
      orderOf(profile, options, file),
      message => story.hear(message),
      stop => {
        const onSignal = (): void => {
          terminal.note(stopped ? 'lab: ending at once' : 'lab: stopping; once more to end at once');
          stopped = true;
          stop();
        };
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
          process.on(signal, onSignal);
          release.push(() => process.off(signal, onSignal));
        }
      },
    );
  } finally {
    terminal.progress(null);
    for (const each of release) each();
  }
  if (story.failure !== null) throw story.failure;
  if (!story.begun) {
    terminal.note('lab: stopped before anything was measured');
    return exit(ExitCode.INTERRUPTED);
  }
  show(readBack(file), file, options, terminal);
  if (stopped) {
    terminal.note('lab: stopped; the same command with --resume goes on');
    exit(ExitCode.INTERRUPTED);
  } else if (story.turnsMissing > 0) {
    terminal.note(`lab: ${counted(story.turnsMissing, 'turn')} failed; the same command with --resume tries again`);
    exit(ExitCode.CHECK_FAILED);
  }
}

function show(record: BenchRecord, file: string, { json }: Options, terminal: Terminal): void {
  if (json) return terminal.data(JSON.stringify(record));
  for (const line of benchSummary(record)) terminal.data(line);
  const reasons = disturbanceLines(record);
  if (reasons.length > 0) {
    terminal.data('');
    for (const reason of reasons) terminal.data(`disturbed: ${reason}`);
    terminal.data('Intervals are wider for it; measure again on a quiet machine for figures to quote.');
  }
  terminal.data('');
  terminal.data(`record: ${file}`);
}

/** What the pod tells, as it happens. */
class Story {
  /** There is a record of this run. */
  begun = false;
  turnsMissing = 0;
  failure: Failure | null = null;
  readonly #terminal: Terminal;
  #rounds = 0;
  #round = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  hear(message: FromBench): void {
    switch (message.kind) {
      case 'hello':
        return;
      case 'planned': {
        const { subjects, rounds, turns, turnsLeft, secondsLeft } = message;
        this.begun = true;
        this.#rounds = rounds;
        for (const { title, obstacle } of subjects) {
          if (obstacle !== null) this.#terminal.note(`left out: ${title}: ${obstacle}`);
        }
        const count = subjects.filter(({ obstacle }) => obstacle === null).length;
        const done = turns === turnsLeft ? '' : `, ${turns - turnsLeft} of them done`;
        this.#terminal.note(
          `${counted(count, 'subject')}, ${counted(rounds, 'round')}: ${counted(turns, 'turn')}${done}, about ${durationText(secondsLeft)}`,
        );
        return;
      }
      case 'doing': {
        const { turnsDone, turns, subject, round, what, secondsLeft } = message;
        // Also for whoever reads a log, where no line is written over another.
        if (round !== this.#round)
          this.#terminal.note(`round ${round + 1} of ${this.#rounds}, about ${durationText(secondsLeft)} left`);
        this.#round = round;
        const place = `${turnsDone + 1} of ${turns}, ${durationText(secondsLeft)} left`;
        return this.#terminal.progress(`${place}: ${subject}, round ${round + 1}: ${what} …`);
      }
      case 'turnDone':
        return;
      case 'turnFailed':
        return this.#terminal.note(
          `${message.subject}, round ${message.round + 1}: failed: ${message.why.split('\n').map(printable).join('\n  ')}`,
        );
      case 'failed': {
        const code = Object.values(ExitCode).find(known => known === message.exitCode) ?? ExitCode.BUG;
        this.failure = new Failure(code, message.message, message.fix);
        return;
      }
      case 'ended':
        this.turnsMissing = message.turnsMissing;
    }
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function orderOf(profile: string, options: Options, file: string): BenchOrder {
  const { quick = false, legacy = false, rounds = null, subjects, seed, resume } = options;
  const flags = [
    ...(quick ? ['--quick'] : []),
    ...(legacy ? ['--legacy'] : []),
    ...(rounds === null ? [] : ['--rounds', String(rounds)]),
    ...(subjects === undefined ? [] : ['--subjects', subjects]),
    '--seed',
    seed,
  ];
  return {
    profile,
    quick,
    legacy,
    rounds,
    subjects: subjects === undefined ? null : subjects.split(',').map(name => name.trim()),
    seed,
    file,
    resumed: resume === undefined ? null : stoppedRun(file),
    command: ['lab', 'bench', profile, ...flags].join(' '),
    version: version(),
    commit: commitOf(),
  };
}

function stoppedRun(file: string): BenchRecord {
  const text = recordText(file);
  if (text === null) throw badInput(`there is no run to resume in ${file}`, 'leave out --resume');
  const read = readBenchRecord(text);
  if (read.kind === 'unreadable') throw badInput(`${file}: ${read.reason}`, 'leave out --resume');
  return read.record;
}

function readBack(file: string): BenchRecord {
  const read = readBenchRecord(recordText(file) ?? '');
  if (read.kind === 'unreadable') throw new Error(`${file} was written wrong: ${read.reason}`);
  return read.record;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw badInput(`cannot make ${folder}: ${errorCode(error) ?? 'unknown error'}`, 'give a folder: --out DIR');
  }
}

/** Of the checkout; empty where this is none. */
function commitOf(): string {
  try {
    const cwd = fileURLToPath(projectRoot());
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
