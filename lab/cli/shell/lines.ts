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

/** What came of waiting for a line. */
export type Line =
  /** With its newline. */
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl-D, or the end of the file; or nobody wants it any more. */
  | { readonly kind: 'end' }
  /** Ctrl-C: what has been typed of it is gone. */
  | { readonly kind: 'interrupted' };

/** Lines, one when it is asked for. At the end of input a terminal can go on (Ctrl-D ends what a command reads), a file cannot. */
export class Lines {
  readonly #options: LineOptions;
  readonly #waiting: Line[] = [];
  #interface: Interface | null = null;
  #history: string[];
  #wanted: ((line: Line) => void) | null = null;
  #isOver = false;
  #isInput = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#history = [...options.history];
  }

  /** The last ones first, as readline keeps them. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** Only one at a time. Without a prompt it is what a command reads. */
  next(prompt: string): Promise<Line> {
    this.#isInput = prompt === '';
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    if (this.#isOver) return Promise.resolve({ kind: 'end' });
    const reader = this.#open();
    return new Promise(resolve => {
      this.#wanted = resolve;
      if (!this.#options.isTerminal) return;
      reader.setPrompt(prompt);
      reader.prompt();
    });
  }

  /** Whoever waits for a line is given this instead. */
  release(line: Exclude<Line, { readonly kind: 'line' }>): void {
    if (line.kind === 'interrupted') {
      // To the end of the line, and back over all of it.
      this.#interface?.write(null, { ctrl: true, name: 'e' });
      this.#interface?.write(null, { ctrl: true, name: 'u' });
    }
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
      // What a command reads is no command, and may be a key.
      if (this.#isInput) history.shift();
      this.#history = [...history];
    });
    reader.on('line', text => this.#give({ kind: 'line', text: `${text}\n` }));
    reader.on('SIGINT', interrupted);
    reader.on('close', () => {
      if (this.#interface !== reader) return;
      this.#interface = null;
      if (!isTerminal) this.#isOver = true;
      const wanted = this.#wanted;
      this.#wanted = null;
      wanted?.({ kind: 'end' });
    });
    return reader;
  }

  async #complete(line: string, done: (error: Error | null, result: [string[], string]) => void): Promise<void> {
    done(null, await this.#options.complete(line).catch((): [string[], string] => [[], line]));
  }

  #give(line: Line): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted === null) this.#waiting.push(line);
    else wanted(line);
  }
}
