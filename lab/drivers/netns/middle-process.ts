import type { LinkFault } from '../link/link-faults.ts';
import { ProcessKilled } from '../process-killed.ts';
import { type NodeChild, startNodeChild } from './child-process.ts';
import type { Cable } from './layout.ts';
import type { FromMiddle, ToMiddle } from './middle-messages.ts';
import { MIDDLE_NAMESPACE } from './names.ts';

/** The process that carries the links through the middle, from our side. */
export class MiddleProcess {
  readonly #child: NodeChild;
  /** Those who wait for links to be carried, in the order in which they asked. */
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #ended: Error | null = null;
  #killed = false;

  /** Starts it; the middle namespace must be there. */
  constructor(runId: string, onDeath: (lastWords: string) => void) {
    this.#child = startNodeChild({
      program: 'lab/drivers/netns/middle-main',
      netns: MIDDLE_NAMESPACE,
      runId,
      onMessage: message => {
        if ((message as FromMiddle).kind === 'ready') this.#waiting.shift()?.resolve();
      },
      onExit: ({ lastWords, signal }) => {
        const what = 'the process of the impaired links';
        this.#ended = signal === null ? new Error(`${what} is gone: ${lastWords}`) : new ProcessKilled(what, signal);
        for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
        if (!this.#killed) onDeath(lastWords);
      },
    });
  }

  /** Resolves when it carries these cables too; their interfaces must be there. */
  start(cables: readonly Cable[]): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const links = cables.map(({ link, ends }) => ({
      link,
      interfaces: [ends[0].far.interface, ends[1].far.interface] as const,
    }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#send({ kind: 'start', links });
    });
  }

  apply(fault: LinkFault): void {
    this.#send({ kind: 'fault', fault });
  }

  forget(link: string): void {
    this.#send({ kind: 'forget', link });
  }

  kill(): Promise<void> {
    this.#killed = true;
    return this.#child.kill();
  }

  #send(message: ToMiddle): void {
    this.#child.send(message);
  }
}
