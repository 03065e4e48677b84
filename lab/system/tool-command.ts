import { toolNamed } from '../../engine/config/tools/tools.ts';
import type { ToolPlan, ToolStep } from '../../engine/config/tools/tool.ts';
import { nodeAction, stepPlan } from './effect.ts';
import { absolutePath, readText } from './files.ts';
import { followKernel } from './racoon-service.ts';
import type { System, SystemPlan, SystemStep } from './system.ts';

/**
 * One of the tools of engine/config/tools. What reads a file of the node, standard input or nothing is the system's; files of the
 * machine that the lab runs on are for the driver: null.
 */
export function toolCommand(argv: readonly string[], system: System): SystemPlan | null {
  const plan = toolNamed(argv[0] ?? '')?.plan(argv.slice(1));
  if (plan === undefined) return null;
  if (plan.kind === 'reads' && plan.source.kind === 'stdin') {
    return { kind: 'reads', stepFor: input => inOrder(plan.stepsFor(Buffer.from(input).toString('utf8'))) };
  }
  const steps = stepsOf(plan, system);
  if (steps === null) return null;
  const [only] = steps;
  const changesNothing = plan.kind === 'steps' && !argv.some(word => /^-[A-Za-z]*F/.test(word));
  return stepPlan(only !== undefined && changesNothing ? toolStep(only, null) : inOrder(steps));
}

/** Whoever negotiates hears in the end of what has become of the policies. */
const inOrder = (steps: readonly ToolStep[]): SystemStep =>
  steps.reduceRight<SystemStep>((next, step) => toolStep(step, next), followKernel);

function stepsOf(plan: ToolPlan, { files }: System): readonly ToolStep[] | null {
  if (plan.kind === 'steps') return plan.steps;
  if (plan.source.kind === 'stdin') return null;
  const text = readText(files, absolutePath(plan.source.path));
  return text === null ? null : plan.stepsFor(text);
}

/** Each step sees the node as the one before it has left it. */
function toolStep(step: ToolStep, next: SystemStep | null): SystemStep {
  return (system, { status, unixSeconds }) => {
    const { commands, ...output } = step({ status, unixSeconds });
    const isOver = next === null || (next === followKernel && system.loaded.racoon === null);
    return { system, actions: commands.map(nodeAction), ...output, ...(isOver ? {} : { next }) };
  };
}
