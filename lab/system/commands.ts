import type { System, SystemPlan } from './system.ts';

/** What is left to the node's own host: any other program. */
export interface Elsewhere {
  /** Whether files outside of those of the system are there as well: then `cat /proc/cpuinfo` is not the system's. */
  readonly hasPrograms: boolean;
}

/** What a command comes to on a node; null: it is none of the system's. `argv` begins with the command's own name or path. */
export function planCommand(_argv: readonly string[], _system: System, _elsewhere: Elsewhere): SystemPlan | null {
  return null;
}

/** The commands of a system, in alphabetical order, for completion. */
export const commandNames = (): readonly string[] => [];
