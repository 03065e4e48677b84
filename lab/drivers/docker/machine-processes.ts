import { readFileSync } from 'node:fs';
import { killProcessesIn, signalProcessesIn } from '../netns/stray-processes.ts';

/** The processes of the machine that containers are on, by their numbers there. */
export interface MachineProcesses {
  /** Whether it is one of the run: where a daemon counts processes otherwise than we do, it is not. */
  isOfRun(pid: number): boolean;
  /** Its /proc/PID/status. */
  statusOf(pid: number): Promise<string>;
  /** One that has ended by itself is none the worse. */
  signal(pid: number, name: NodeJS.Signals): Promise<void>;
  /** Signals what runs in the network namespace of a node. */
  signalAll(node: string, name: NodeJS.Signals): Promise<void>;
  /** Kills it, but for a first process, what that one waits for, and those that are spared. */
  endAll(node: string, first: number, spared: readonly number[]): Promise<void>;
}

/** Those of this machine, whose daemon it is. */
export function processesHere(runId: string): MachineProcesses {
  return {
    isOfRun: pid => isOfRun(pid, runId),
    // oxlint-disable-next-line typescript/require-await -- others have to wait
    statusOf: async pid => readFileSync(`/proc/${pid}/status`, 'latin1'),
    // oxlint-disable-next-line typescript/require-await -- others have to wait
    signal: async (pid, name) => {
      try {
        process.kill(pid, name);
      } catch {
        // It ended by itself in the meantime.
      }
    },
    // oxlint-disable-next-line typescript/require-await -- others have to wait
    signalAll: async (node, name) => signalProcessesIn([node], name),
    // oxlint-disable-next-line typescript/require-await -- others have to wait
    endAll: async (node, first, spared) => killProcessesIn([node], [first, ...eldestChildOf(first), ...spared]),
  };
}

function isOfRun(pid: number, runId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`IPSEC_LAB_RUN=${runId}`);
  } catch {
    return false;
  }
}

/** What a first process waits for, and ends with; later children are orphans that it was given. */
function eldestChildOf(pid: number): number[] {
  try {
    const [eldest] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
    return eldest === undefined ? [] : [Number(eldest)];
  } catch {
    return [];
  }
}
