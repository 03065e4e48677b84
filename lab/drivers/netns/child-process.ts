import { type ChildProcess, spawn } from 'node:child_process';
import { programFile } from '../../../engine/host/program.ts';
import { withSystemPath } from './pod.ts';

/** How much of a dead child's last words is kept. */
const STDERR_OCTETS_MAX = 4096;

export interface NodeChildOptions {
  /** Below the package, without suffix: `engine/host/main`. */
  readonly program: string;
  readonly argv?: readonly string[];
  readonly netns: string;
  readonly runId: string;
  /** The node that it is: by that name whoever looks at the machine's processes finds it (`IPSEC_LAB_NODE`). */
  readonly node?: string;
  readonly onMessage: (message: unknown) => void;
  /** It ended, on its own or because we ended it. */
  readonly onExit: (end: NodeChildEnd) => void;
}

export interface NodeChildEnd {
  readonly lastWords: string;
  /** null: it ended by itself. */
  readonly signal: NodeJS.Signals | null;
}

export interface NodeChild {
  send(message: object): void;
  /** SIGKILL: it does not get to clean anything up. Resolves when it is gone. */
  kill(): Promise<void>;
}

export type StartNodeChild = (options: NodeChildOptions) => NodeChild;

/** Starts one of our own programs in a network namespace of the pod, with a message channel. It ends with us. */
export function startNodeChild(options: NodeChildOptions): NodeChild {
  const child = spawn(
    'nsenter',
    [`--net=/run/netns/${options.netns}`, process.execPath, programFile(options.program), ...(options.argv ?? [])],
    {
      env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: options.runId, ...environmentOfNode(options) },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    },
  );
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-STDERR_OCTETS_MAX);
  });
  child.on('message', options.onMessage);
  const gone = new Promise<void>(resolve => {
    child.on('error', error => {
      lastWords += String(error);
    });
    child.on('close', (_, signal) => {
      options.onExit({ lastWords: lastWords.trim(), signal });
      resolve();
    });
  });
  return {
    send: message => send(child, message),
    kill: () => {
      child.kill('SIGKILL');
      return gone;
    },
  };
}

export const environmentOfNode = ({ node }: Pick<NodeChildOptions, 'node'>): Record<string, string> =>
  node === undefined ? {} : { IPSEC_LAB_NODE: node };

function send(child: ChildProcess, message: object): void {
  // A child that died is reported by its exit, not by the message that it missed.
  if (child.connected) child.send(message, () => undefined);
}
