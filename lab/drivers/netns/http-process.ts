import type { HttpService } from '../http-service.ts';
import { ProcessKilled } from '../process-killed.ts';
import type { NodeChild, StartNodeChild } from './child-process.ts';
import type { FromHttp, ToHttp } from './http-messages.ts';
import { liveNow } from './live-now.ts';
import { kernelNamespace } from './names.ts';

/** The process of an HTTP service, from our side: it listens in the namespace of its node, and the answers are made here. */
export class HttpProcess {
  readonly #service: HttpService;
  readonly #child: NodeChild;
  readonly #ready: Promise<void>;
  #isKilled = false;

  /** Starts it; the namespace must be there. */
  constructor(service: HttpService, runId: string, startChild: StartNodeChild, onDeath: (lastWords: string) => void) {
    this.#service = service;
    let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;
    this.#ready = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#ready.catch(() => undefined);
    this.#child = startChild({
      program: 'lab/drivers/netns/http-main',
      netns: kernelNamespace(service.node),
      runId,
      onMessage: message => {
        const said = message as FromHttp;
        if (said.kind === 'ready') settle?.resolve();
        else this.#respond(said);
      },
      onExit: ({ lastWords, signal }) => {
        const what = `the HTTP service of ${service.node}`;
        settle?.reject(signal === null ? new Error(`${what} is gone: ${lastWords}`) : new ProcessKilled(what, signal));
        if (!this.#isKilled) onDeath(lastWords);
      },
    });
    this.#tell({ kind: 'listen', port: service.port });
  }

  /** Resolves when it listens. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  kill(): Promise<void> {
    this.#isKilled = true;
    return this.#child.kill();
  }

  #respond({ id, request }: Extract<FromHttp, { kind: 'request' }>): void {
    const body = new Uint8Array(Buffer.from(request.body, 'base64'));
    const epochSeconds = Number(liveNow() / 1_000_000n) / 1000;
    const response = this.#service.respond({ ...request, body }, epochSeconds);
    const { status, contentType } = response;
    this.#tell({
      kind: 'respond',
      id,
      response: { status, contentType, body: Buffer.from(response.body).toString('base64') },
    });
  }

  #tell(message: ToHttp): void {
    this.#child.send(message);
  }
}
