import type { ChildProcess } from 'node:child_process';

/** How much of what it last said on its standard error is kept. */
const LAST_WORDS_OCTETS = 4096;

/** A program of the generator's, as seen from whoever has started it: messages there and back, in order. */
export class Program<To extends object, From extends { readonly kind: string }> {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #lastWords = '';
  #waiting: { readonly kind: string; resolve(message: From): void; reject(error: Error): void } | null = null;
  /** Why nothing more is to be heard of it. */
  #end: Error | null = null;

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.stdout?.resume();
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS_OCTETS);
    });
    child.on('message', (message: From) => this.#hear(message));
    this.#ended = new Promise(resolve => {
      child.on('error', error => (this.#lastWords += String(error)));
      child.on('close', () => {
        this.#end = new Error(`the generator's ${this.#name} has ended: ${this.#lastWords.trim()}`);
        this.#waiting?.reject(this.#end);
        resolve();
      });
    });
  }

  /** The next message, which has to be of this kind. Rejects when the program ends. */
  hear<Kind extends From['kind']>(kind: Kind): Promise<Extract<From, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) return reject(this.#end);
      this.#waiting = { kind, resolve: message => resolve(message as Extract<From, { kind: Kind }>), reject };
    });
  }

  /** Tells it something, and waits for the message that answers. */
  ask<Kind extends From['kind']>(message: To, kind: Kind): Promise<Extract<From, { kind: Kind }>> {
    const answer = this.hear(kind);
    if (this.#child.connected) this.#child.send(message, () => undefined); // one that has ended tells so by its end
    return answer;
  }

  /** Ends it; resolves when it is gone. Safe to repeat. */
  end(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.#ended;
  }

  #hear(message: From): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting?.kind === message.kind) waiting.resolve(message);
    else waiting?.reject(new Error(`the generator's ${this.#name} says ${message.kind} and not ${waiting.kind}`));
  }
}
