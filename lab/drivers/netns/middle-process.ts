import type { LinkFault } from '../link/link-faults.ts';
import { ProcessKilled } from '../process-killed.ts';
import { type NodeChild, startNodeChild } from './child-process.ts';
import type { Cable } from './layout.ts';
import type { FromMiddle, ToMiddle } from './middle-messages.ts';
import { MIDDLE_NAMESPACE } from './names.ts';

/** The process that carries the links through the middle, from our side. */
export class MiddleProcess {
  readonly #child: NodeChild;
  readonly #ready: Promise<void>;
  #killed = false;

  /** Starts it; the middle namespace must be there, its interfaces not yet. */
  constructor(runId: string, onDeath: (lastWords: string) => void) {
    let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;
    this.#ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#ready.catch(() => undefined);
    this.#child = startNodeChild({
      program: 'lab/drivers/netns/middle-main',
      netns: MIDDLE_NAMESPACE,
      runId,
      onMessage: message => {
        if ((message as FromMiddle).kind === 'ready') settle?.resolve();
      },
      onExit: ({ lastWords, signal }) => {
        const what = 'the process of the impaired links';
        settle?.reject(signal === null ? new Error(`${what} is gone: ${lastWords}`) : new ProcessKilled(what, signal));
        if (!this.#killed) onDeath(lastWords);
      },
    });
  }

  /** Resolves when it carries these cables. */
  start(cables: readonly Cable[]): Promise<void> {
    const links = cables.map(({ link, ends }) => ({
      link,
      interfaces: [ends[0].far.interface, ends[1].far.interface] as const,
    }));
    this.#send({ kind: 'start', links });
    return this.#ready;
  }

  apply(fault: LinkFault): void {
    this.#send({ kind: 'fault', fault });
  }

  kill(): Promise<void> {
    this.#killed = true;
    return this.#child.kill();
  }

  #send(message: ToMiddle): void {
    this.#child.send(message);
  }
}
