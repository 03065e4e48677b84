import { constants } from 'node:os';

/**
 * A process of the lab was ended by a signal that the lab did not send: by somebody, or by a kernel that is out of memory. No
 * fault of ours, and the text says it all.
 */
export class ProcessKilled extends Error {
  constructor(what: string, signal: NodeJS.Signals) {
    super(`${what} was killed by ${signal}`);
    this.name = 'ProcessKilled';
  }
}

/** What a shell adds to the number of the signal that ended the program it ran. */
const SHELL_KILLED = 128;

/**
 * What to throw of a program that did not end well; `said` is what it wrote on its standard error. Where it is a shell, a program
 * that it ran may be the one that was killed.
 */
export function failedProgram(
  argv: readonly string[],
  { status, signal }: { readonly status: number | null; readonly signal: NodeJS.Signals | null },
  said: string,
): Error {
  const killedBy = signal ?? signalTold(status);
  if (killedBy !== null) return new ProcessKilled(argv.join(' '), killedBy);
  const words = said.trim();
  return new Error(`${argv.join(' ')}: status ${status}${words === '' ? '' : `: ${words}`}`);
}

function signalTold(status: number | null): NodeJS.Signals | null {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  return names.find(name => status === SHELL_KILLED + constants.signals[name]) ?? null;
}
