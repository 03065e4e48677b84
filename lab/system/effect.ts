import type { NodeCommand } from '../../engine/node/node.ts';
import type { Output, System, SystemAction, SystemEffect, SystemPlan, SystemStep } from './system.ts';

/** Nothing happens. */
export const done = (system: System): SystemEffect => ({ system, actions: [], stdout: '', stderr: '', exitStatus: 0 });

/** `text` ends with a newline, or is empty. */
export const say = (system: System, text: string): SystemEffect => ({ ...done(system), stdout: text });

/** Lines of an error, with what to do about it. */
export function complain(system: System, lines: string | readonly string[], exitStatus = 1): SystemEffect {
  const text = typeof lines === 'string' ? lines : lines.join('\n');
  return { ...done(system), stderr: `${text}\n`, exitStatus };
}

export const act = (system: System, ...actions: readonly SystemAction[]): SystemEffect => ({
  ...done(system),
  actions,
});

export const nodeAction = (command: NodeCommand): SystemAction => ({ kind: 'node', command });

export const stepPlan = (step: SystemStep): SystemPlan => ({ kind: 'step', step });

/** A plan that only says what is wrong. */
export const wrong = (lines: string | readonly string[], exitStatus = 1): SystemPlan =>
  stepPlan(system => complain(system, lines, exitStatus));

/** Of two steps of one command: its exit status is the larger one. */
export const joinedOutput = (first: Output, second: Output): Output => ({
  stdout: first.stdout + second.stdout,
  stderr: first.stderr + second.stderr,
  exitStatus: Math.max(first.exitStatus, second.exitStatus),
});

/** One after the other: the next sees the system that the one before it left, and the first that fails ends it. */
export function inTurn(first: SystemEffect, next: (system: System) => SystemEffect): SystemEffect {
  if (first.exitStatus !== 0) return first;
  const second = next(first.system);
  return {
    system: second.system,
    actions: [...first.actions, ...second.actions],
    stdout: first.stdout + second.stdout,
    stderr: first.stderr + second.stderr,
    exitStatus: second.exitStatus,
  };
}
