import { toolNamed } from '../../engine/config/tools/tools.ts';
import type { ToolPlan, ToolStep } from '../../engine/config/tools/tool.ts';
import { nodeAction, stepPlan } from './effect.ts';
import { absolutePath, readText } from './files.ts';
import type { System, SystemPlan, SystemStep } from './system.ts';

/**
 * One of the tools of engine/config/tools. What reads a file of the node, or nothing, is the system's; files of the machine that the
 * lab runs on, and standard input, are for the driver: null.
 */
export function toolCommand(argv: readonly string[], system: System): SystemPlan | null {
  const plan = toolNamed(argv[0] ?? '')?.plan(argv.slice(1));
  const steps = plan === undefined ? null : stepsOf(plan, system);
  return steps === null ? null : stepPlan(steps.reduceRight<SystemStep>((next, step) => toolStep(step, next), nothing));
}

function stepsOf(plan: ToolPlan, { files }: System): readonly ToolStep[] | null {
  if (plan.kind === 'steps') return plan.steps;
  if (plan.source.kind === 'stdin') return null;
  const text = readText(files, absolutePath(plan.source.path));
  return text === null ? null : plan.stepsFor(text);
}

/** Each step sees the node as the one before it has left it. */
function toolStep(step: ToolStep, next: SystemStep): SystemStep {
  return (system, { status, unixSeconds }) => {
    const { commands, ...output } = step({ status, unixSeconds });
    return { system, actions: commands.map(nodeAction), ...output, ...(next === nothing ? {} : { next }) };
  };
}

const nothing: SystemStep = system => ({ system, actions: [], stdout: '', stderr: '', exitStatus: 0 });
