/** What `lab` answers with, beside 0: DESIGN's table of exit codes, and one of its own for "we erred". */
export const ExitCode = {
  GOOD: 0,
  /** A check or a test failed. */
  CHECK_FAILED: 1,
  /** The user's input is wrong. */
  BAD_INPUT: 2,
  /** The machine cannot do it. */
  MACHINE_CANNOT: 3,
  /** A fault in this program (EX_SOFTWARE of sysexits.h). */
  BUG: 70,
  /** Ended by Ctrl-C: 128 + SIGINT. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Something that the user can put right: one sentence, how to fix it, and the exit status that it deserves. Only the top
 * level of the command line (lab/cli/main.ts) and of the supervisor catch it.
 */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly fix: string | null;

  constructor(exitCode: ExitCode, message: string, fix: string | null) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.fix = fix;
  }
}

export const badInput = (message: string, fix: string | null): Failure => new Failure(ExitCode.BAD_INPUT, message, fix);

export const machineCannot = (message: string, fix: string | null): Failure =>
  new Failure(ExitCode.MACHINE_CANNOT, message, fix);

/** A failure as it crosses from one process to another. */
export interface FailureValue {
  readonly message: string;
  readonly fix: string | null;
  readonly exitCode: number;
}

/** A Failure again where it was one; a plain Error where the other side erred. */
export function failureFrom({ message, fix, exitCode }: FailureValue): Error {
  const code = Object.values(ExitCode).find(known => known === exitCode);
  return code === undefined || code === ExitCode.BUG ? new Error(message) : new Failure(code, message, fix);
}

/** `code` of a Node.js system error (`ENOENT`), or null for anything else. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
