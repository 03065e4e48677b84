import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** A command before it is loaded: enough for `lab --help` and for a did-you-mean. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Not among those that `lab --help` lists. */
  readonly hidden?: boolean;
  load(): Promise<CommandModule>;
}

/** What a file in commands/ exports. */
export interface CommandModule {
  /** Adds arguments, options, an example and the action to a command that has its name and summary already. */
  define(command: Command, context: CommandContext): void;
}

export interface CommandContext {
  readonly terminal: Terminal;
  /** The exit status that the process will have; 0 unless set. */
  readonly exit: (code: number) => void;
  /** The whole program, with the command that these words ask for loaded. */
  readonly loadProgram: (words: readonly string[]) => Promise<Command>;
}

/** The text below a command's options: every command shows how it is used. */
export function examples(lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map(line => `  $ ${line}`)].join('\n');
}

export const JSON_OPTION = ['--json', 'print JSON, for programs'] as const;
export const LAB_OPTION = ['--lab <name>', 'which lab, when several run'] as const;
