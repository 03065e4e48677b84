import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { packageFile } from '../../../engine/host/program.ts';
import { ProcessKilled } from '../process-killed.ts';
import { withSystemPath } from '../netns/pod.ts';
import type { MininetPython } from './python.ts';

/** One end of a link, as helper.py takes it. `mac` null: any. */
export interface MininetEnd {
  readonly node: string;
  readonly interface: string;
  readonly mac: string | null;
  readonly mtu: number;
}

export interface MininetLink {
  /** A TCLink is one that can be shaped. */
  readonly kind: 'Link' | 'TCLink';
  readonly ends: readonly MininetEnd[];
}

/** What helper.py does, and what it answers. */
interface Operations {
  readonly hosts: { readonly asked: { readonly names: readonly string[] }; readonly answer: Record<string, number> };
  readonly links: { readonly asked: { readonly links: readonly MininetLink[] }; readonly answer: null };
  readonly shape: {
    readonly asked: {
      readonly node: string;
      readonly interface: string;
      readonly delayUs: number;
      readonly lossPercent: number;
    };
    readonly answer: null;
  };
  readonly stop: { readonly asked: object; readonly answer: null };
}

type Message =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly event: 'died'; readonly node: string };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How much of what Mininet prints is kept. */
const STDERR_OCTETS_MAX = 4096;
/** Of many hosts Mininet takes leave one by one, which the end of their processes makes short. */
const STOP_MS = 2000;

/** Enters a mount namespace whose /sys tells of the network namespace that it is in, as bridges need it. */
const ENTER = ['unshare', '--mount', 'sh', '-c', 'mount -t sysfs sysfs /sys; exec "$@"', 'sh'] as const;

/** The process with the network of a lab, helper.py. It ends with us. */
export class MininetHelper {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #lastId = 0;
  #isGoing = false;
  #lastWords = '';

  /** `onDeath` hears of what ends unasked, the shell of a host or the helper itself. The hosts' namespaces, once named, stay. */
  constructor(python: MininetPython, runId: string, onDeath: (how: string) => void) {
    const [program, ...rest] = [...ENTER, ...python, packageFile('lab/drivers/mininet/helper.py')];
    this.#child = spawn(program, rest, {
      env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: runId },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // Whoever asks hears of it by the end of the process.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-STDERR_OCTETS_MAX);
    });
    createInterface(this.#child.stdout).on('line', line => {
      const message = JSON.parse(line) as Message;
      if (!('event' in message)) this.#settle(message);
      else if (!this.#isGoing) onDeath(`Mininet's shell of ${message.node} ended`);
    });
    this.#gone = new Promise(resolve => {
      this.#child.on('error', error => {
        this.#lastWords += String(error);
      });
      this.#child.on('close', (_, signal) => {
        const words = this.#lastWords.trim();
        const what = 'the process of Mininet';
        for (const { reject } of this.#waiting.values()) {
          reject(signal === null ? new Error(`${what} is gone: ${words}`) : new ProcessKilled(what, signal));
        }
        this.#waiting.clear();
        if (!this.#isGoing) onDeath(`${what} ended: ${words}`);
        resolve();
      });
    });
  }

  ask<K extends keyof Operations>(operation: K, asked: Operations[K]['asked']): Promise<Operations[K]['answer']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new Error('the process of Mininet is gone'));
        return;
      }
      this.#waiting.set(id, { resolve: result => resolve(result as Operations[K]['answer']), reject });
      this.#child.stdin.write(`${JSON.stringify({ ...asked, id, op: operation })}\n`);
    });
  }

  /** Takes the network down, and the process with it. Safe to repeat. */
  async stop(): Promise<void> {
    this.#isGoing = true;
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    // What Mininet does not get done by itself the end of its process does.
    await this.ask('stop', {}).catch(() => undefined);
    this.#child.stdin.end();
    await this.#gone;
    clearTimeout(late);
  }

  #settle(message: Exclude<Message, { event: string }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) {
      const said = this.#lastWords.trim();
      waiting?.reject(new Error(`Mininet: ${message.error}${said === '' ? '' : `\n${said}`}`));
    } else waiting?.resolve(message.result);
  }
}
