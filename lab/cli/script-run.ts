import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { PcapngStream } from '../capture/pcapng-file.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import { createTripwire } from '../capture/tripwire.ts';
import { writeWiresharkFolder } from '../capture/wireshark.ts';
import { judgeRun } from '../checks/run-judgement.ts';
import type { Verdict } from '../bundle/bundle.ts';
import { awaitStart } from '../drivers/await-start.ts';
import { createSimDriver } from '../drivers/sim/sim-driver.ts';
import { parseScript, type Script } from '../script/parse.ts';
import { playScript, type StepResult } from '../script/play.ts';
import { badInput, ExitCode, errorCode } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import type { CommandContext } from './command.ts';
import type { Terminal } from './terminal.ts';
import { diagnosticText } from './topology-argument.ts';

export interface ScriptRun {
  readonly topology: Topology;
  readonly scriptFile: string;
  readonly seed: string;
  /** Where all packets of all links go, as pcapng; null: nowhere. */
  readonly captureFile: string | null;
  /** A folder with which Wireshark decrypts that capture; null: none. */
  readonly keyLogFolder: string | null;
  readonly json: boolean;
}

/**
 * `lab up --script`: the lab comes up in virtual time, the script's commands run, and the lab is gone again. The same topology,
 * seed and script make the same capture, octet for octet. Exit status 1 when a command failed or the tripwire fired. What each step
 * came to, and a hash of all packets.
 */
export async function runScript(run: ScriptRun, { terminal, exit }: CommandContext): Promise<readonly Verdict[]> {
  const script = readScript(run, terminal);
  const capture = run.captureFile === null ? null : openCapture(run.captureFile);
  const tripwire = createTripwire(run.topology.protectedFlows);
  const packets = createHash('sha256');
  try {
    const lab = await createSimDriver({ pace: 'virtual' }).up(run.topology, {
      runId: 'script',
      seed: run.seed,
      onPacket: packet => {
        tripwire.see(packet);
        packets.update(`${packet.link} ${packet.from} ${packet.at} ${packet.octets.length} `).update(packet.octets);
        capture?.write(packet);
      },
      onEvent: () => undefined,
    });
    await awaitStart(lab, START_MS_MAX);
    const began = lab.now();
    const steps = await playScript(lab, script, outputOf(run.json));
    if (run.keyLogFolder !== null) writeWiresharkFolder(run.keyLogFolder, lab.keys(), lab.ikeSecrets());
    const judgement = judgeRun(lab, tripwire);
    const virtualMs = Number(lab.now() - began) / 1e6;
    await lab.down();
    if (judgement.kind === 'tripped' || steps.some(({ status }) => status !== 0)) exit(ExitCode.CHECK_FAILED);
    report({ run, steps, judgement, virtualMs, packets: capture?.packets() ?? null }, terminal);
    return [
      ...steps.map(({ step, status }) => ({ what: `line ${step.line}`, outcome: `status ${status}` })),
      { what: 'tripwire', outcome: judgement.kind },
      { what: 'packets', outcome: packets.digest('hex') },
    ];
  } finally {
    capture?.close();
  }
}

function readScript({ scriptFile, topology }: ScriptRun, terminal: Terminal): Script {
  const { script, diagnostics } = parseScript(
    scriptFile,
    readText(scriptFile),
    topology.nodes.map(node => node.name),
  );
  if (script !== null) return script;
  for (const diagnostic of diagnostics) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
  throw badInput('errors in the script: nothing was started', null);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw badInput(`cannot read ${file}: ${errorCode(error) ?? String(error)}`, 'name a file with a step a line');
  }
}

/** How long the nodes may take for what they negotiate by themselves before the first step. */
const START_MS_MAX = 10_000;

interface CaptureSink {
  write(packet: CapturedPacket): void;
  packets(): number;
  close(): void;
}

const FLUSH_OCTETS = 1 << 20;

/** Written in large pieces, and complete at `close`. */
function openCapture(file: string): CaptureSink {
  const descriptor = openFile(file);
  const stream = new PcapngStream();
  let pieces: Uint8Array[] = [stream.start()];
  let octets = 0;
  let packets = 0;
  const flush = (): void => {
    const whole = Buffer.concat(pieces);
    for (let at = 0; at < whole.length; ) at += writeSync(descriptor, whole, at);
    pieces = [];
    octets = 0;
  };
  return {
    write: packet => {
      const block = stream.packet(packet);
      pieces.push(block);
      packets += 1;
      octets += block.length;
      if (octets >= FLUSH_OCTETS) flush();
    },
    packets: () => packets,
    close: () => {
      flush();
      closeSync(descriptor);
    },
  };
}

function openFile(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw badInput(
      `cannot write ${file}: ${errorCode(error) ?? String(error)}`,
      'name a file in a folder that you can write to',
    );
  }
}

function outputOf(isQuiet: boolean) {
  const pass = (_node: string, octets: Uint8Array): void => {
    if (!isQuiet) process.stdout.write(octets);
  };
  return { stdout: pass, stderr: pass };
}

interface Outcome {
  readonly run: ScriptRun;
  readonly steps: readonly StepResult[];
  readonly judgement: ReturnType<typeof judgeRun>;
  readonly virtualMs: number;
  readonly packets: number | null;
}

function report({ run, steps, judgement, virtualMs, packets }: Outcome, terminal: Terminal): void {
  const failed = steps.filter(({ status }) => status !== 0);
  if (run.json) {
    const { kind, lines } = judgement;
    const statuses = steps.map(({ step, status }) => ({ line: step.line, status }));
    return terminal.data(
      JSON.stringify({ version: 1, seed: run.seed, virtualMs, packets, steps: statuses, tripwire: { kind, lines } }),
    );
  }
  for (const { step, status } of failed) terminal.note(`${run.scriptFile}:${step.line}: ended with status ${status}`);
  for (const line of judgement.lines) terminal.data(`tripwire: ${line}`);
  const written = packets === null ? '' : `; ${packets} packets in ${run.captureFile}`;
  terminal.data(`${(virtualMs / 1000).toFixed(3)} s of lab time, seed ${run.seed}${written}`);
}
