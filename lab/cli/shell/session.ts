import type { Pipeline, ShellCommand } from '../../system/shell-line.ts';
import { readsInput } from '../../system/commands.ts';
import type { LabClient } from '../client.ts';
import { runCommand, type RunningCommand } from './run-command.ts';

/** What a shell on a node needs of whoever sits before it. */
export interface Console {
  /** Whether it asks for what commands read. */
  readonly isInteractive: boolean;
  stdout(octets: Uint8Array): void;
  stderr(text: string): void;
  /** The next line of a command's input, with its newline; null: it is over. */
  inputLine(): Promise<string | null>;
  /** Nobody waits for it any more. */
  endInput(): void;
  /** Edits a text; null: nothing has changed. */
  edit(name: string, text: string): Promise<string | null>;
}

/** `exit`: the shell ends with that status. */
export type Outcome = { readonly status: number; readonly exit: boolean };

type Builtin = (argv: readonly string[], session: Session) => Promise<Outcome> | Outcome;

const good: Outcome = { status: 0, exit: false };
const STATUS_INTERRUPTED = 130;
/** Whose input ends with the certificate that it is about: nobody has to say that it is over. */
const PEM_END = /^-----END [A-Z0-9 ]+-----\s*$/;

const BUILTINS: Readonly<Record<string, Builtin>> = {
  exit: ([, status = ''], session) => ({
    status: /^\d+$/.test(status) ? Number(status) & 255 : session.status,
    exit: true,
  }),
  logout: (_argv, session) => ({ status: session.status, exit: true }),
  vi: ([, path], session) => session.edit(path),
  true: () => good,
  false: () => ({ status: 1, exit: false }),
};
export const BUILTIN_NAMES = [...Object.keys(BUILTINS), 'help', 'history', 'echo'];

/** A shell on a node: runs what has been read of a line. */
export class Session {
  readonly node: string;
  /** Of the last command. */
  status = 0;
  readonly #client: LabClient;
  readonly #console: Console;
  #running: RunningCommand | null = null;
  #isInterrupted = false;

  constructor(node: string, client: LabClient, console: Console) {
    this.node = node;
    this.#client = client;
    this.#console = console;
  }

  async run(pipelines: readonly Pipeline[]): Promise<Outcome> {
    this.#isInterrupted = false;
    for (const { when, commands } of pipelines) {
      if (when === 'afterSuccess' && this.status !== 0) continue;
      if (when === 'afterFailure' && this.status === 0) continue;
      const outcome = await this.#pipeline(commands);
      this.status = outcome.status;
      if (outcome.exit || this.#isInterrupted) return outcome;
    }
    return { status: this.status, exit: false };
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#running?.interrupt();
  }

  /** What a command prints, for whoever asks on the side; nothing where it fails. */
  async ask(argv: readonly string[]): Promise<string> {
    const { status, stdout } = await this.#kept(argv, new Uint8Array());
    return status === 0 ? stdout.toString('utf8') : '';
  }

  async edit(path: string | undefined): Promise<Outcome> {
    if (path === undefined || path.startsWith('-')) return this.#wrong('usage: vi FILE');
    const before = await this.#kept(['cat', path], new Uint8Array());
    const text = before.status === 0 ? before.stdout.toString('utf8') : '';
    const edited = await this.#console.edit(path, text);
    if (edited === null) return good;
    const written = await this.#kept(['tee', path], Buffer.from(edited));
    if (written.status !== 0) this.#console.stderr(written.stderr.toString('utf8'));
    return { status: written.status, exit: false };
  }

  async #pipeline(commands: readonly ShellCommand[]): Promise<Outcome> {
    let piped: Uint8Array | null = null;
    let outcome = good;
    for (const [i, command] of commands.entries()) {
      const input = await this.#inputOf(command, piped);
      if (input === 'unreadable') return { status: 1, exit: false };
      const isKept = i < commands.length - 1 || command.output !== null;
      const result = await this.#command(command.argv, input, isKept);
      outcome = result.outcome;
      piped = result.stdout;
      if (command.output !== null) {
        const { path, appends } = command.output;
        piped = new Uint8Array();
        if (path === '/dev/null') continue;
        const written = await this.#kept(['tee', ...(appends ? ['-a'] : []), path], result.stdout);
        if (written.status !== 0) {
          this.#console.stderr(written.stderr.toString('utf8'));
          return { status: written.status, exit: false };
        }
      }
      if (outcome.exit) return outcome;
    }
    return outcome;
  }

  async #inputOf({ input }: ShellCommand, piped: Uint8Array | null): Promise<Uint8Array | null | 'unreadable'> {
    if (input === null) return piped;
    if (input.kind === 'text') return Buffer.from(input.value);
    const { status, stdout, stderr } = await this.#kept(['cat', input.value], new Uint8Array());
    if (status === 0) return stdout;
    this.#console.stderr(stderr.toString('utf8'));
    return 'unreadable';
  }

  async #command(
    argv: readonly string[],
    input: Uint8Array | null,
    isKept: boolean,
  ): Promise<{ readonly outcome: Outcome; readonly stdout: Buffer }> {
    const [name = ''] = argv;
    const builtin = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
    if (builtin !== undefined) return { outcome: await builtin(argv, this), stdout: Buffer.alloc(0) };
    if (name === 'echo') {
      const text = Buffer.from(`${argv.slice(1).join(' ')}\n`);
      if (!isKept) this.#console.stdout(text);
      return { outcome: good, stdout: text };
    }
    const chunks: Buffer[] = [];
    const take = isKept
      ? (octets: Buffer) => void chunks.push(octets)
      : (octets: Buffer) => this.#console.stdout(octets);
    const reads = readsInput(argv);
    // Of a file, the lines that come next are commands; on a terminal any program may want some of them.
    const waits = input === null && (reads === 'yes' || (reads === 'unknown' && this.#console.isInteractive));
    const running = await runCommand(this.#client, this.node, argv, {
      stdin: waits ? null : (input ?? new Uint8Array()),
      stdout: take,
      stderr: octets => this.#console.stderr(octets.toString('utf8')),
    });
    this.#running = running;
    if (waits) void this.#feed(running, argv);
    const status = await running.ended.finally(() => {
      this.#running = null;
      if (waits) this.#console.endInput();
    });
    return {
      outcome: { status: this.#isInterrupted ? STATUS_INTERRUPTED : status, exit: false },
      stdout: Buffer.concat(chunks),
    };
  }

  /** What is typed, line after line, until it is over. */
  async #feed(running: RunningCommand, argv: readonly string[]): Promise<void> {
    const endsWithPem = argv[0]?.endsWith('ikecert') === true;
    while (this.#running === running) {
      const line = await this.#console.inputLine();
      if (line !== null) running.feed(Buffer.from(line));
      if (line === null || (endsWithPem && PEM_END.test(line))) break;
    }
    running.feed(null);
  }

  async #kept(argv: readonly string[], stdin: Uint8Array) {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    const running = await runCommand(this.#client, this.node, argv, {
      stdin,
      stdout: octets => void out.push(octets),
      stderr: octets => void err.push(octets),
    });
    const status = await running.ended;
    return { status, stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
  }

  #wrong(text: string): Outcome {
    this.#console.stderr(`${text}\n`);
    return { status: 2, exit: false };
  }
}
