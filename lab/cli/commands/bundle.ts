import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { RunRecord } from '../../../reports/format.ts';
import { readRun } from '../../../reports/render.ts';
import { type BundledRun, isBundleName, type Verdict } from '../../bundle/bundle.ts';
import type { TarFile } from '../../bundle/tar.ts';
import { collectTopology } from '../../bundle/topology-files.ts';
import { planChanges } from '../../reconcile/changes.ts';
import { keepMacs } from '../../reconcile/keep-macs.ts';
import { badInput } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import type { LabStatus } from '../../supervisor/api.ts';
import { saveBundle } from '../bundle-file.ts';
import { runLabChecks } from '../check-text.ts';
import { connectLab, type LabClient } from '../client.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { findLab } from '../find-lab.ts';
import { writeKeyLog } from '../key-log-argument.ts';
import { verdictsOf } from '../verdicts.ts';
import type { Terminal } from '../terminal.ts';

const DESCRIPTION = `Put all that reproduces a run elsewhere into one file: topology, seed, captures and verdicts.
Of a running lab (its checks are run for it), or of the report of lab test: the clauses that failed there, or all of them.
A topology has its secrets in it, so the file is for you alone (mode 0600); keys of SAs are in it only with --keys.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('[lab|report]', 'the name of a lab, or a folder that lab test has left; the lab that runs by default')
    .requiredOption('-o, --output <file>', 'the bundle')
    .option('--keys', 'of a lab: with the keys that decrypt its captures')
    .option('--no-captures', 'without what was seen on the links')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab bundle -o failure.lab.tgz',
        'lab bundle site-to-site --keys -o with-keys.lab.tgz',
        'lab test rfc4303 --dut skips-icv-check; lab bundle report -o failure.lab.tgz',
        'lab up site-to-site --seed 7 --script traffic.lab --bundle failure.lab.tgz',
        'lab open failure.lab.tgz --run',
      ]),
    )
    .action((what: string | undefined, options: Options) => bundle(what, options, context.terminal));
}

interface Options {
  readonly output: string;
  readonly keys?: true;
  readonly captures: boolean;
  readonly json?: true;
}

interface Collected {
  readonly run: BundledRun;
  readonly verdicts: readonly Verdict[];
  readonly files: readonly TarFile[];
}

async function bundle(what: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const isReport = what !== undefined && existsSync(join(what, 'results.json'));
  const { run, verdicts, files } = isReport ? ofReport(what, options) : await ofLab(what, options, terminal);
  saveBundle(options.output, run, verdicts, files);
  const names = files.map(({ name }) => name);
  if (options.json)
    return terminal.data(JSON.stringify({ file: resolve(options.output), run, verdicts, files: names }));
  terminal.data(
    `${options.output}: ${files.length} files, ${verdicts.length} verdicts; lab open ${options.output} --run does it again`,
  );
}

async function ofLab(name: string | undefined, options: Options, terminal: Terminal): Promise<Collected> {
  const lab = findLab(name);
  const client = connectLab(socketPath(lab.directory));
  const source = collectTopology(lab.record.file);
  if (typeof source === 'string')
    throw badInput(`lab "${lab.name}" cannot be bundled: ${source}`, 'bring the file back');
  const asked = await client.asked();
  const flows = asked.protectedFlows.flatMap(({ because }) => /^--protected (.*)$/s.exec(because)?.[1] ?? []);
  const { changes } = planChanges(asked, keepMacs(asked, source.topology));
  if (changes.some(change => change.kind !== 'judgement' || change.what !== 'protected flows' || flows.length === 0)) {
    throw badInput(
      `${lab.record.file} is not what lab "${lab.name}" came up by`,
      'lab up FILE --reconcile, then bundle it',
    );
  }
  const checks = await runLabChecks(client, terminal, () => undefined);
  const status = await client.status();
  const files = [
    ...source.files,
    { name: 'status.json', octets: Buffer.from(`${JSON.stringify(status, null, 2)}\n`) },
    ...(options.captures ? [{ name: 'captures/all.pcapng', octets: await captureOf(client) }] : []),
    ...(options.keys ? await keysOf(client) : []),
  ];
  return { run: runOf(status, source.name, flows), verdicts: verdictsOf(checks), files };
}

const runOf = ({ driver, seed }: LabStatus, topology: string, flows: readonly string[]): BundledRun => ({
  kind: 'lab',
  topology,
  driver,
  seed,
  protected: flows,
});

async function captureOf(client: LabClient): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const stream = await client.capture({ link: null, history: true, follow: false });
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The tables by which Wireshark decrypts, as `--key-log` writes them. */
async function keysOf(client: LabClient): Promise<TarFile[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-keys-'));
  try {
    await writeKeyLog(folder, client);
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ name }) => ({ name: `keys/${name}`, octets: readFileSync(join(folder, name)) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ofReport(folder: string, options: Options): Collected {
  if (options.keys)
    throw badInput('--keys is for a running lab', 'the captures of suites have their keys in the clause');
  const { clauses, dut, driver, seed }: RunRecord = readRun(folder);
  const failed = clauses.filter(({ outcome }) => outcome === 'failed' || outcome === 'inconclusive');
  const chosen = failed.length === 0 ? clauses : failed;
  const captures = chosen.flatMap(({ pcapng }) =>
    options.captures && pcapng !== null && isBundleName(`report/${pcapng}`) && existsSync(join(folder, pcapng))
      ? [{ name: `report/${pcapng}`, octets: readFileSync(join(folder, pcapng)) }]
      : [],
  );
  return {
    run: { kind: 'test', dut, driver, seed, clauses: chosen.map(({ id, suite }) => ({ id, suite })) },
    verdicts: chosen.map(({ id, outcome }) => ({ what: id, outcome })),
    files: [{ name: 'report/results.json', octets: readFileSync(join(folder, 'results.json')) }, ...captures],
  };
}
