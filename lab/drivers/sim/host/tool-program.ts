import type { Tool, ToolStep } from '../../../../engine/config/tools/tool.ts';
import { readToolFile } from '../../tool-input.ts';
import { NS_PER_S } from '../../../../engine/wire/instant.ts';
import { SIMULATION_EPOCH_NS } from '../clock.ts';
import type { Process, Program, ProgramMain } from './process.ts';

const EPOCH_SECONDS = Number(SIMULATION_EPOCH_NS / 1_000_000_000n);
const encoder = new TextEncoder();

/** One of the tools that look at the node itself, as a program of its host. */
export function toolProgram(tool: Tool): ProgramMain {
  return function* main(process: Process): Program {
    const plan = tool.plan(process.argv.slice(1));
    if (plan.kind === 'steps') return carryOut(plan.steps, process);
    if (plan.source.kind === 'stdin') return carryOut(plan.stepsFor(yield* wholeInput(process)), process);
    const file = readToolFile(plan.source.path);
    if (file.kind === 'text') return carryOut(plan.stepsFor(file.text), process);
    process.complain(`${process.argv[0] ?? ''}: ${plan.source.path}: ${file.why}`);
    return 1;
  };
}

function* wholeInput(process: Process): Generator<null, string, void> {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const octets = process.stdin.read();
    if (octets !== null) text += decoder.decode(octets, { stream: true });
    else if (process.stdin.isAtEnd) return text + decoder.decode();
    else yield null;
  }
}

/** The exit status. */
function carryOut(steps: readonly ToolStep[], process: Process): number {
  const { host } = process;
  let worst = 0;
  for (const step of steps) {
    const unixSeconds = EPOCH_SECONDS + host.now() / NS_PER_S;
    const { commands, stdout, stderr, exitStatus } = step({ status: host.status(), unixSeconds });
    for (const command of commands) host.command(command);
    if (stdout !== '') process.write(encoder.encode(stdout));
    if (stderr !== '') process.complain(stderr.replace(/\n$/, ''));
    worst = Math.max(worst, exitStatus);
  }
  return worst;
}
