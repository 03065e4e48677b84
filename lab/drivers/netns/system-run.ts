import type { CapturedPacket } from '../../capture/packet.ts';
import type { CapturedFrame, Output, SystemPlan, SystemStep } from '../../system/system.ts';
import type { ExecIo } from '../driver.ts';
import { wholeInput } from './tool-run.ts';
import type { StepResult } from './netns-systems.ts';

/** What a command of a node's system needs of the node. */
export interface SystemHost {
  readonly name: string;
  run(step: SystemStep): Promise<StepResult>;
  /** Another program of the node, without input; its exit status. */
  exec(argv: readonly string[], io: ExecIo): Promise<number>;
  restart(): Promise<void>;
  tap(listener: (packet: CapturedPacket) => void): () => void;
  framesOf(netInterface: string | null): (packet: CapturedPacket) => CapturedFrame | null;
}

type PlanOf<Kind extends SystemPlan['kind']> = Extract<SystemPlan, { kind: Kind }>;

/** ssh's, for a host that it cannot reach. */
const STATUS_NODE_DOWN = 255;
const STATUS_INTERRUPTED = 130;

/** Runs a command of the node's system; its exit status. */
export async function runSystem(
  plan: SystemPlan,
  argv: readonly string[],
  host: SystemHost,
  io: ExecIo,
): Promise<number> {
  switch (plan.kind) {
    case 'step':
      return runStep(plan.step, host, io);
    case 'reads': {
      const input = await wholeInput(io);
      if (input === null) return STATUS_INTERRUPTED;
      if (input.kind === 'octets') return runStep(plan.stepFor(input.octets), host, io);
      io.stderr(Buffer.from(`${argv[0] ?? ''}: stdin: ${input.why}\n`));
      return 1;
    }
    case 'program':
      return runProgram(plan, host, io);
    case 'captures':
      return capture(plan, host, io);
  }
}

async function runStep(step: SystemStep, host: SystemHost, io: ExecIo): Promise<number> {
  const result = await host.run(step);
  if (result === 'nodeIsDown') {
    io.stderr(Buffer.from(`${host.name} is down\n`));
    return STATUS_NODE_DOWN;
  }
  write(io, result);
  if (result.restarts) await host.restart();
  return result.exitStatus;
}

async function runProgram(plan: PlanOf<'program'>, host: SystemHost, io: ExecIo): Promise<number> {
  const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
  const exitStatus = await host.exec(plan.argv, {
    stdin: null,
    stdout: octets => void stdout.push(octets),
    stderr: octets => void stderr.push(octets),
    signal: io.signal,
  });
  const shown = plan.show({ stdout: textOf(stdout), stderr: textOf(stderr), exitStatus });
  write(io, shown);
  return shown.exitStatus;
}

async function capture(plan: PlanOf<'captures'>, host: SystemHost, io: ExecIo): Promise<number> {
  const status = await runStep(plan.before, host, io);
  if (status !== 0) return status;
  const frameOf = host.framesOf(plan.interface);
  const { count } = plan;
  await new Promise<void>(resolve => {
    let written = 0;
    const release = host.tap(packet => {
      const frame = frameOf(packet);
      const line = frame === null || (count !== null && written >= count) ? null : plan.line(frame);
      if (line === null) return;
      written++;
      io.stdout(Buffer.from(line.endsWith('\n') ? line : `${line}\n`));
      if (count !== null && written >= count) end();
    });
    const end = () => {
      release();
      io.signal?.removeEventListener('abort', end);
      resolve();
    };
    io.signal?.addEventListener('abort', end, { once: true });
    if (io.signal?.aborted === true || count === 0) end();
  });
  return 0;
}

function write(io: ExecIo, { stdout, stderr }: Output): void {
  if (stdout !== '') io.stdout(Buffer.from(stdout));
  if (stderr !== '') io.stderr(Buffer.from(stderr));
}

const textOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('utf8');
