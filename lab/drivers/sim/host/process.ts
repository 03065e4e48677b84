import type { Instant } from '../../../../engine/wire/instant.ts';
import type { NodeCommand, NodeStatus } from '../../../../engine/node/node.ts';
import type { HostStack } from './stack.ts';
import type { StandardInput } from './standard-input.ts';

/**
 * A program as a coroutine on virtual time: each `yield` gives up the processor until something that it waits for has changed
 * (`Process.wake`), at the latest at the yielded instant (null: no latest). Woken for nothing is normal: look again. What it
 * returns is the exit status.
 */
export type Program = Generator<Instant | null, number, void>;

export type ProgramMain = (process: Process) => Program;

/** The host that a program runs on. */
export interface Host {
  readonly name: string;
  readonly stack: HostStack;
  /** On the node's own clock. */
  now(): Instant;
  status(): NodeStatus;
  command(command: NodeCommand): void;
}

export interface Streams {
  readonly stdin: StandardInput;
  readonly stdout: (octets: Uint8Array) => void;
  readonly stderr: (octets: Uint8Array) => void;
}

/** 128 + SIGINT, and 128 + SIGKILL. */
const STATUS_INTERRUPTED = 130;
const STATUS_KILLED = 137;
const encoder = new TextEncoder();

/** A running program: what it sees of its host, and what its host sees of it. */
export class Process {
  readonly argv: readonly string[];
  readonly host: Host;
  readonly stdin: StandardInput;
  /** What to call when something that the program waits for has changed. */
  readonly wake = (): void => {
    this.#isNotified = true;
  };
  /** Set by the program when it deals with `isInterrupted` itself; otherwise an interrupt ends it. */
  handlesInterrupt = false;
  readonly #streams: Streams;
  readonly #program: Program;
  readonly #owned: (() => void)[] = [];
  readonly #ended: (status: number) => void;
  #isNotified = true;
  #deadline: Instant | null = null;
  #isInterrupted = false;
  #isRunning = false;
  #killedWith: number | null = null;
  #status: number | null = null;

  constructor(
    argv: readonly string[],
    main: ProgramMain,
    host: Host,
    streams: Streams,
    ended: (status: number) => void,
  ) {
    this.argv = argv;
    this.host = host;
    this.stdin = streams.stdin;
    this.#streams = streams;
    this.#ended = ended;
    this.#program = main(this);
    streams.stdin.changed = this.wake;
  }

  // For the program

  get stack(): HostStack {
    return this.host.stack;
  }

  now(): Instant {
    return this.host.now();
  }

  /** The user wants the program to end. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  write(octets: Uint8Array): void {
    this.#streams.stdout(octets);
  }

  /** A line to standard output. */
  print(line: string): void {
    this.#streams.stdout(encoder.encode(`${line}\n`));
  }

  /** A line to standard error. */
  complain(line: string): void {
    this.#streams.stderr(encoder.encode(`${line}\n`));
  }

  /** Runs when the program ends, however it ends: sockets are closed like that. */
  atEnd(release: () => void): void {
    this.#owned.push(release);
  }

  // For the host

  get hasEnded(): boolean {
    return this.#status !== null;
  }

  /** Whether `run` would do something. */
  isReady(now: Instant): boolean {
    return this.#status === null && (this.#isNotified || (this.#deadline !== null && this.#deadline <= now));
  }

  /** When it wants to run although nothing changed; null: then not at all. */
  wakeAt(): Instant | null {
    return this.#status === null ? this.#deadline : null;
  }

  /** Runs it until it waits again. Throws what the program throws: a bug. */
  run(): void {
    if (this.#status !== null || this.#isRunning) return;
    this.#isNotified = false;
    this.#isRunning = true;
    const step = this.#program.next();
    this.#isRunning = false;
    if (step.done === true) this.#end(step.value);
    else if (this.#killedWith !== null) this.kill(this.#killedWith);
    else this.#deadline = step.value;
  }

  interrupt(): void {
    this.#isInterrupted = true;
    if (this.handlesInterrupt) this.wake();
    else this.kill(STATUS_INTERRUPTED);
  }

  kill(status = STATUS_KILLED): void {
    if (this.#status !== null) return;
    // It may be its own output that makes the user stop it: then it goes on to where it waits.
    this.#killedWith ??= status;
    if (this.#isRunning) return;
    this.#program.return(status);
    this.#end(status);
  }

  #end(status: number): void {
    this.#status = status;
    for (const release of this.#owned.splice(0)) release();
    this.#ended(status);
  }
}
