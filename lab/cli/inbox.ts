import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ExitCode, Failure, failureFrom, machineCannot } from '../state/failure.ts';
import type { FromSupervisor } from '../supervisor/messages.ts';

type Message<K extends FromSupervisor['kind']> = Extract<FromSupervisor, { kind: K }>;

/** What the supervisor says, in order. Its end, and the user's Ctrl-C, reject whoever waits. */
export class Inbox {
  readonly #messages: FromSupervisor[] = [];
  readonly #onProgress: (text: string) => void;
  #wake: () => void = () => undefined;
  #broken: Error | null = null;

  constructor(child: ChildProcess, log: string, stop: AbortSignal, onProgress: (text: string) => void) {
    this.#onProgress = onProgress;
    child.on('message', (message: FromSupervisor) => {
      this.#messages.push(message);
      this.#wake();
    });
    child.on('error', error => this.#break(machineCannot(`cannot start the lab: ${error.message}`, 'lab doctor')));
    child.on('exit', () => this.#break(diedEarly(log)));
    const interrupt = (): void => this.#break(new Failure(ExitCode.INTERRUPTED, 'interrupted', null));
    if (stop.aborted) interrupt();
    stop.addEventListener('abort', interrupt);
  }

  async wait<K extends FromSupervisor['kind']>(kind: K): Promise<Message<K>> {
    for (;;) {
      if (this.#broken?.message === 'interrupted') throw this.#broken;
      const message = this.#messages.shift();
      if (message === undefined) await this.#more();
      else if (message.kind === 'progress') this.#onProgress(message.text);
      else if (message.kind === 'failed') throw failureFrom(message.error);
      else if (message.kind === kind) return message as Message<K>;
      else throw new Error(`the supervisor said ${message.kind} where ${kind} was due`);
    }
  }

  async #more(): Promise<void> {
    if (this.#broken !== null) throw this.#broken;
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#wake();
  }
}

const LOG_LINES_SHOWN = 15;

/** Its last words stand in the log, which goes with the folder: they are shown now or never. */
function diedEarly(log: string): Failure {
  let words = '';
  try {
    words = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n  ');
  } catch {
    // The folder is gone: somebody brought the lab down.
  }
  const why = words === '' ? 'was brought down while it came up' : `ended while it came up:\n  ${words}`;
  return machineCannot(`the lab ${why}`, words === '' ? null : 'lab doctor');
}
