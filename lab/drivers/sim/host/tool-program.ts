import type { Tool, ToolStep } from '../../../../engine/config/tools/tool.ts';
import { readToolFile, TOO_LARGE, TOOL_INPUT_OCTETS_MAX, type ToolFile } from '../../tool-input.ts';
import { NS_PER_S } from '../../../../engine/wire/instant.ts';
import { SIMULATION_EPOCH_NS } from '../clock.ts';
import type { Process, Program, ProgramMain } from './process.ts';

const EPOCH_SECONDS = Number(SIMULATION_EPOCH_NS / 1_000_000_000n);
const encoder = new TextEncoder();

/** One of the tools that look at the node itself, as a program of its host; `done`: what is to hear of it afterwards. */
export function toolProgram(tool: Tool, done: () => void): ProgramMain {
  return function* main(process: Process): Program {
    const plan = tool.plan(process.argv.slice(1));
    if (plan.kind === 'steps') return carryOut(plan.steps, process);
    const [file, from] =
      plan.source.kind === 'stdin'
        ? [yield* wholeInput(process), 'stdin']
        : [readToolFile(plan.source.path), plan.source.path];
    if (file.kind === 'text') {
      const status = carryOut(plan.stepsFor(file.text), process);
      done();
      return status;
    }
    process.complain(`${process.argv[0] ?? ''}: ${from}: ${file.why}`);
    return 1;
  };
}

function* wholeInput(process: Process): Generator<null, ToolFile, void> {
  const decoder = new TextDecoder();
  let text = '';
  while (text.length <= TOOL_INPUT_OCTETS_MAX) {
    const octets = process.stdin.read();
    if (octets !== null) text += decoder.decode(octets, { stream: true });
    else if (process.stdin.isAtEnd) return { kind: 'text', text: text + decoder.decode() };
    else yield null;
  }
  return { kind: 'unreadable', why: TOO_LARGE };
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
