import type { Tool, ToolStep } from '../../../engine/config/tools/tool.ts';
import type { NodeCommand, NodeStatus } from '../../../engine/node/node.ts';
import type { ExecIo } from '../driver.ts';
import { readToolFile, TOO_LARGE, TOOL_INPUT_OCTETS_MAX, type ToolFile } from '../tool-input.ts';

/** The node that a tool looks at. */
export interface ToolNode {
  readonly name: string;
  /** null: it does not run. */
  status(): Promise<NodeStatus | null>;
  command(command: NodeCommand): Promise<unknown>;
  unixSeconds(): number;
}

/** Exit status of a command on a node that is down: ssh's, for a host that it cannot reach. */
const STATUS_NODE_DOWN = 255;
const STATUS_INTERRUPTED = 130;

/** Runs one of the tools that look at the node itself; its exit status. */
export async function runTool(tool: Tool, argv: readonly string[], node: ToolNode, io: ExecIo): Promise<number> {
  const plan = tool.plan(argv.slice(1));
  if (plan.kind === 'steps') return carryOut(plan.steps, node, io);
  const take = (file: ToolFile, from: string) => {
    if (file.kind === 'text') return carryOut(plan.stepsFor(file.text), node, io);
    complain(io, `${argv[0] ?? ''}: ${from}: ${file.why}\n`);
    return 1;
  };
  if (plan.source.kind === 'stdin') {
    const input = await wholeInput(io);
    if (input === null) return STATUS_INTERRUPTED;
    return take(input.kind === 'octets' ? { kind: 'text', text: input.octets.toString('utf8') } : input, 'stdin');
  }
  return take(readToolFile(plan.source.path), plan.source.path);
}

export type Input =
  | { readonly kind: 'octets'; readonly octets: Buffer }
  | Extract<ToolFile, { readonly kind: 'unreadable' }>;

/** All that a command is given to read; null: whoever runs it wants it to end. */
export async function wholeInput({ stdin, signal }: ExecIo): Promise<Input | null> {
  if (stdin === null) return { kind: 'octets', octets: Buffer.alloc(0) };
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stopped = new Promise<null>(resolve => {
    if (signal?.aborted === true) resolve(null);
    else signal?.addEventListener('abort', () => resolve(null), { once: true });
  });
  const read = (async (): Promise<Input> => {
    for await (const chunk of stdin) {
      length += chunk.length;
      if (length > TOOL_INPUT_OCTETS_MAX) return { kind: 'unreadable', why: TOO_LARGE };
      chunks.push(chunk);
    }
    return { kind: 'octets', octets: Buffer.concat(chunks) };
  })();
  return Promise.race([read, stopped]);
}

async function carryOut(steps: readonly ToolStep[], node: ToolNode, io: ExecIo): Promise<number> {
  let worst = 0;
  for (const step of steps) {
    const status = await node.status();
    if (status === null) {
      complain(io, `${node.name} is down\n`);
      return STATUS_NODE_DOWN;
    }
    const { commands, stdout, stderr, exitStatus } = step({ status, unixSeconds: node.unixSeconds() });
    for (const command of commands) await node.command(command);
    if (stdout !== '') io.stdout(Buffer.from(stdout));
    if (stderr !== '') complain(io, stderr);
    worst = Math.max(worst, exitStatus);
  }
  return worst;
}

function complain(io: ExecIo, text: string): void {
  io.stderr(Buffer.from(text));
}
