import type { CapturedPacket } from '../../../capture/packet.ts';
import type { CapturedFrame, Output, SystemPlan, SystemStep } from '../../../system/system.ts';
import { TOO_LARGE, TOOL_INPUT_OCTETS_MAX } from '../../tool-input.ts';
import type { Process, Program, ProgramMain, Streams } from './process.ts';
import { StandardInput } from './standard-input.ts';

/** What a command of a node's system needs of the node. */
export interface SystemHost {
  run(step: SystemStep): Output;
  spawn(argv: readonly string[], streams: Streams, ended: (status: number) => void): Process;
  tap(listener: (packet: CapturedPacket) => void): () => void;
  framesOf(netInterface: string | null): (packet: CapturedPacket) => CapturedFrame | null;
}

type PlanOf<Kind extends SystemPlan['kind']> = Extract<SystemPlan, { kind: Kind }>;

/** Captured lines that wait for their reader; what comes beyond is lost, as on a busy machine. */
const LINES_MAX = 4096;
const encoder = new TextEncoder();

/** A command of the node's system, as a program of its host. */
export function systemProgram(plan: SystemPlan, host: SystemHost): ProgramMain {
  return function* main(process: Process): Program {
    switch (plan.kind) {
      case 'step':
        return write(process, host.run(plan.step));
      case 'reads': {
        const input = yield* wholeInput(process);
        if (input !== null) return write(process, host.run(plan.stepFor(input)));
        process.complain(`${process.argv[0] ?? ''}: stdin: ${TOO_LARGE}`);
        return 1;
      }
      case 'program':
        return yield* runProgram(plan, process, host);
      case 'captures':
        return yield* capture(plan, process, host);
    }
  };
}

function write(process: Process, { stdout, stderr, exitStatus }: Output): number {
  if (stdout !== '') process.write(encoder.encode(stdout));
  if (stderr !== '') process.complain(stderr.replace(/\n$/, ''));
  return exitStatus;
}

/** null: it is too much. */
function* wholeInput(process: Process): Generator<null, Uint8Array | null, void> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= TOOL_INPUT_OCTETS_MAX) {
    const octets = process.stdin.read();
    if (octets !== null) {
      chunks.push(new Uint8Array(octets));
      length += octets.length;
    } else if (process.stdin.isAtEnd) return new Uint8Array(Buffer.concat(chunks));
    else yield null;
  }
  return null;
}

function* runProgram(plan: PlanOf<'program'>, process: Process, host: SystemHost): Program {
  const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
  const end: { status: number | null } = { status: null };
  const streams = {
    stdin: new StandardInput('none'),
    stdout: (octets: Uint8Array) => void stdout.push(octets),
    stderr: (octets: Uint8Array) => void stderr.push(octets),
  };
  const inner = host.spawn(plan.argv, streams, status => {
    end.status = status;
    process.wake();
  });
  process.handlesInterrupt = true;
  process.atEnd(() => inner.kill());
  while (end.status === null) {
    if (process.isInterrupted) inner.interrupt();
    yield null;
  }
  return write(process, plan.show({ stdout: textOf(stdout), stderr: textOf(stderr), exitStatus: end.status }));
}

function* capture(plan: PlanOf<'captures'>, process: Process, host: SystemHost): Program {
  const status = write(process, host.run(plan.before));
  if (status !== 0) return status;
  const frameOf = host.framesOf(plan.interface);
  const waiting: string[] = [];
  const release = host.tap(packet => {
    const frame = frameOf(packet);
    const line = frame === null || waiting.length >= LINES_MAX ? null : plan.line(frame);
    if (line === null) return;
    waiting.push(line);
    process.wake();
  });
  process.atEnd(release);
  process.handlesInterrupt = true;
  for (let written = 0; ; ) {
    for (const line of waiting.splice(0)) {
      if (plan.count !== null && written >= plan.count) return 0;
      process.write(encoder.encode(line.endsWith('\n') ? line : `${line}\n`));
      written++;
    }
    if (process.isInterrupted || (plan.count !== null && written >= plan.count)) return 0;
    yield null;
  }
}

const textOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('utf8');
