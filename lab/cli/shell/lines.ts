import { createInterface, type Interface } from 'node:readline';

/** Where what somebody types comes from: a terminal with a prompt, history and completion, or a file. */
export interface LineOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  readonly history: readonly string[];
  readonly complete: (line: string) => Promise<[string[], string]>;
  /** Ctrl-C, wherever. */
  readonly interrupted: () => void;
}

/** Lines, one when it is asked for. At the end of input a terminal can go on (Ctrl-D ends what a command reads), a file cannot. */
export class Lines {
  readonly #options: LineOptions;
  readonly #waiting: string[] = [];
  #interface: Interface | null = null;
  #history: string[];
  #wanted: ((line: string | null) => void) | null = null;
  #isOver = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#history = [...options.history];
  }

  /** The last ones first, as readline keeps them. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** With its newline; null: Ctrl-D, or the end of the file. Only one at a time. */
  next(prompt: string): Promise<string | null> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    if (this.#isOver) return Promise.resolve(null);
    const reader = this.#open();
    return new Promise(resolve => {
      this.#wanted = resolve;
      if (!this.#options.isTerminal) return;
      reader.setPrompt(prompt);
      reader.prompt();
    });
  }

  /** Whoever waits for a line is given this instead: an empty one begins anew (Ctrl-C at a prompt), null ends it. */
  release(line: '\n' | null): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.(line);
  }

  /** Lets go of the terminal, for another program; the next line opens it again. */
  close(): void {
    const reader = this.#interface;
    this.#interface = null;
    reader?.close();
  }

  #open(): Interface {
    if (this.#interface !== null) return this.#interface;
    const { input, output, isTerminal, interrupted } = this.#options;
    const reader = createInterface({
      input,
      ...(isTerminal ? { output } : {}),
      terminal: isTerminal,
      history: [...this.#history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) =>
        void this.#complete(line, done),
    });
    this.#interface = reader;
    reader.on('history', history => {
      this.#history = [...history];
    });
    reader.on('line', line => this.#give(`${line}\n`));
    reader.on('SIGINT', interrupted);
    reader.on('close', () => {
      if (this.#interface !== reader) return;
      this.#interface = null;
      if (!isTerminal) this.#isOver = true;
      const wanted = this.#wanted;
      this.#wanted = null;
      wanted?.(null);
    });
    return reader;
  }

  async #complete(line: string, done: (error: Error | null, result: [string[], string]) => void): Promise<void> {
    done(null, await this.#options.complete(line).catch((): [string[], string] => [[], line]));
  }

  #give(line: string): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted === null) this.#waiting.push(line);
    else wanted(line);
  }
}
