import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import type { RunRecord } from '../../../reports/format.ts';
import { readRun, renderRun } from '../../../reports/render.ts';
import { podCommand, withSystemPath } from '../../drivers/netns/pod.ts';
import { badInput, errorCode, ExitCode, machineCannot } from '../../state/failure.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { chooseDriver } from '../choose-driver.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { wholeNumber } from '../numbers.ts';
import { projectRoot } from '../project.ts';
import { type ShardArgument, shardArgument } from '../shard-argument.ts';
import { printable, type Terminal } from '../terminal.ts';

const DESCRIPTION = `Run conformance suites against an implementation, judged from captured packets.
Leaves results.json, junit.xml, index.html and a pcapng for each clause. Exit status 1 when a clause fails.`;

interface Options {
  readonly dut: string;
  readonly driver: 'sim' | 'netns';
  readonly seed: string;
  readonly report: string;
  readonly only?: string;
  readonly sample: number;
  readonly shard?: ShardArgument;
  readonly json?: true;
}

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('[suite...]', 'names of suites; all without any')
    .option(
      '--dut <name>',
      'device under test: engine, strongswan or libreswan (--driver netns), or a subject that is broken on purpose',
      'engine',
    )
    .addOption(new Option('--driver <driver>', 'where the lab is built').choices(['sim', 'netns']).default('sim'))
    .option('--seed <seed>', 'all chance of a simulated run', '1')
    .option('--report <dir>', 'where the results go', 'report')
    .option('--only <text>', 'only clauses whose id contains this')
    .option(
      '--sample <n>',
      'only one clause in N, chosen by the seed: a quick look where labs are slow',
      wholeNumber,
      1,
    )
    .option('--shard <i/n>', 'only the I-th of N parts, one for each machine of a farm: 1/4 to 4/4', shardArgument)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab test',
        'lab test rfc4303 rfc4302',
        'lab test --driver netns --sample 10',
        'lab test --shard 1/4 --report shard-1',
        'lab test --dut skips-icv-check',
        'lab test rfc7296 --dut strongswan --driver netns',
        'lab test rfc2409 --dut libreswan --driver netns',
      ]),
    )
    .action((suites: string[], options: Options) => test(suites, options, context));
}

async function test(suites: readonly string[], options: Options, { terminal, exit }: CommandContext): Promise<void> {
  const known = knownSuites();
  for (const suite of suites) {
    if (!known.includes(suite)) {
      throw badInput(`there is no suite "${printable(suite)}"`, didYouMean(suite, known, 'there are no suites here'));
    }
  }
  const { driver } = chooseDriver(options.driver);
  // All subjects are much to load: only here.
  const { requireSubject } = await import('../require-subject.ts');
  requireSubject(options.dut, driver);
  const report = resolve(options.report);
  makeFolder(report);
  rmSync(join(report, 'results.json'), { force: true }); // what is there afterwards is of this run
  await runVitest(suites, { ...options, report }, terminal);
  if (!existsSync(join(report, 'results.json'))) {
    throw machineCannot('the suites ended without a result', `see above; ${join(report, 'results.json')} is missing`);
  }
  const summary = renderRun(report);
  const run = readRun(report);
  if (run.clauses.length === 0) terminal.note(NOTHING_JUDGED);
  if (!isGood(run)) exit(ExitCode.CHECK_FAILED);
  if (options.json) return terminal.data(JSON.stringify(run));
  terminal.data(summary.trimEnd());
  terminal.data(`report: ${join(report, 'index.html')}`);
}

function makeFolder(report: string): void {
  try {
    mkdirSync(report, { recursive: true });
  } catch (error) {
    throw badInput(`cannot make ${report}: ${errorCode(error) ?? 'unknown error'}`, 'give a folder: --report DIR');
  }
}

const NOTHING_JUDGED = `lab: no clause is left by --only, --sample and --shard together, so nothing was judged
  fix: leave one of them out, or share the run among fewer shards`;

/** A run that judged nothing is no good run, nor is one in which the lab did not come up. */
const isGood = (run: RunRecord): boolean =>
  run.clauses.length > 0 &&
  run.clauses.every(clause => clause.outcome === 'passed' || clause.outcome === 'unsupported');

const suitesFolder = (): string => fileURLToPath(new URL('suites/', projectRoot()));

export function knownSuites(): string[] {
  if (!existsSync(suitesFolder())) return [];
  return readdirSync(suitesFolder(), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .filter(name => readdirSync(join(suitesFolder(), name)).some(file => file.endsWith('.test.ts')));
}

/** What suites/settings.ts reads. The suites stand above the lab and are not imported from here: they run as a program. */
const SETTINGS_VARIABLE = 'IPSEC_LAB_SUITE';

async function runVitest(suites: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const { dut, driver, seed, report, only, sample, shard } = options;
  const settings = JSON.stringify({ dut, driver, seed, report, only: only ?? null, sample, shard: shard ?? null });
  const config = join(suitesFolder(), 'vitest.config.ts');
  const filters = suites.map(suite => `suites/${suite}/`);
  const vitest = [process.execPath, vitestProgram(), 'run', '--config', config, ...filters];
  const [program = '', ...rest] = driver === 'netns' ? [...podCommand(process.getuid?.() === 0), ...vitest] : vitest;
  const child = spawn(program, rest, {
    cwd: fileURLToPath(projectRoot()),
    env: { ...withSystemPath(process.env), [SETTINGS_VARIABLE]: settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  terminal.progress(null);
  // Its status says less than its record does: whoever wrote no record has failed.
  await new Promise<void>((done, failed) => {
    child.on('error', error => failed(machineCannot(`cannot run ${program}: ${error.message}`, 'npm ci')));
    child.on('close', () => done());
  });
}

function vitestProgram(): string {
  try {
    return join(dirname(createRequire(projectRoot()).resolve('vitest/package.json')), 'vitest.mjs');
  } catch {
    throw machineCannot('vitest, which runs the suites, is not installed', 'npm ci');
  }
}
