import type { NodeCommand, NodeStatus } from '../../node/node.ts';

/**
 * The administrators' tools of the systems that the dialects come from, as functions of the node that they look at. Whoever
 * runs one does all input and output: it gives each step the node as it is then, and does what comes back, in order.
 */
export interface Tool {
  /** `argv` without the tool's own name. */
  plan(argv: readonly string[]): ToolPlan;
}

export type ToolPlan =
  | { readonly kind: 'steps'; readonly steps: readonly ToolStep[] }
  /** It reads all of its standard input, or a file, before it does anything. */
  | {
      readonly kind: 'reads';
      readonly source: { readonly kind: 'stdin' } | { readonly kind: 'file'; readonly path: string };
      readonly stepsFor: (text: string) => readonly ToolStep[];
    };

export type ToolStep = (view: ToolView) => ToolEffect;

export interface ToolView {
  readonly status: NodeStatus;
  /** Now, on the lab's clock: seconds since the Unix epoch. */
  readonly unixSeconds: number;
}

export interface ToolEffect {
  readonly commands: readonly NodeCommand[];
  readonly stdout: string;
  readonly stderr: string;
  /** The tool's is the largest of its steps'. */
  readonly exitStatus: number;
}

const NOTHING: ToolEffect = { commands: [], stdout: '', stderr: '', exitStatus: 0 };

export const say = (stdout: string): ToolEffect => ({ ...NOTHING, stdout });
export const complain = (stderr: string, exitStatus = 1): ToolEffect => ({ ...NOTHING, stderr, exitStatus });
export const command = (...commands: readonly NodeCommand[]): ToolEffect => ({ ...NOTHING, commands });

export const oneStep = (step: ToolStep): ToolPlan => ({ kind: 'steps', steps: [step] });
export const usage = (text: string, exitStatus = 1): ToolPlan => oneStep(() => complain(text, exitStatus));
