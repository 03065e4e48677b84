import type { ChildProcess } from 'node:child_process';
import type { RunningLab } from '../../drivers/driver.ts';

/** What a program that has ended left behind. */
export interface ProgramResult {
  /** Its exit status; 128 and the number of the signal that ended it, 127 for a program that there is not. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What all processes of one node that run the same program have used of the processors since they began, seconds. */
export interface ProcessTime {
  readonly node: string;
  /** By the kernel's name, at most 15 octets: `node`, `charon`, `openvpn`, `wireguard-go`, `iperf3`. */
  readonly program: string;
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

/** A topology that is up, for one turn, in the pod that this process is in. Nobody captures its packets. */
export interface BenchGround {
  readonly lab: RunningLab;
  /** For whatever files the turn needs, readable by its user alone; it goes with the turn. Absolute. */
  readonly folder: string;
  /** Aborted when the run is stopped, or the turn's time is over: whatever waits ends then. */
  readonly signal: AbortSignal;
  /** Runs a program of this machine in the namespace of a node until it ends. Killed, and rejected, at the end of the turn. */
  run(node: string, argv: readonly string[]): Promise<ProgramResult>;
  /**
   * Starts one that stays: its processor time is among `processTimes`, and it is killed when the turn ends. Its standard output and
   * error are pipes that somebody has to read, or to `resume()`; messages and descriptors as `stdio` says.
   */
  spawn(node: string, argv: readonly string[], stdio?: readonly ('ignore' | 'pipe' | 'ipc')[]): ChildProcess;
  /** The same of a program of ours, by its path in the package without suffix: `lab/bench/generator/sender-main`. Has a message channel. */
  spawnOwn(node: string, program: string, argv?: readonly string[]): ChildProcess;
  /** By node and program; a node without processes is not among them. What the kernel does in soft interrupts is nobody's, or anybody's. */
  processTimes(): readonly ProcessTime[];
  /** Looks every few milliseconds. Rejects with `what` when it is not so by `patienceMs`, or the turn ends. */
  until(what: string, isIt: () => boolean | Promise<boolean>, patienceMs?: number): Promise<void>;
  /** Takes it down, all programs with it. Safe to repeat; done at the end of the turn in any case. */
  down(): Promise<void>;
}
