/** One thing that a driver or a command needs of the machine. */
export interface MachineCapability {
  readonly name: string;
  /** What does not work without it. */
  readonly neededFor: 'everything' | 'netns' | 'docker' | 'mininet' | 'swarm' | 'comfort';
  readonly ok: boolean;
  /** A version, or why it is missing, or what it is for. */
  readonly detail: string;
  /** The command that brings it; null when it is there, or when no command can. */
  readonly fix: string | null;
}

export const there = (name: string, neededFor: MachineCapability['neededFor'], detail: string): MachineCapability => ({
  name,
  neededFor,
  ok: true,
  detail,
  fix: null,
});

export const missing = (
  name: string,
  neededFor: MachineCapability['neededFor'],
  detail: string,
  fix: string | null,
): MachineCapability => ({ name, neededFor, ok: false, detail, fix });
