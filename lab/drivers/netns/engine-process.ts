import type { FromNode, NodeAnswers, NodeOrder, NodeRequest, ToNode } from '../../../engine/host/messages.ts';
import type { IkeEvent, IkeSecrets } from '../../../engine/ike/daemon.ts';
import type { NodeCommand, NodeEvent } from '../../../engine/node/node.ts';
import { deprecatedUse, type DeprecatedUse } from '../deprecated-use.ts';
import { ProcessKilled } from '../process-killed.ts';
import type { NodeChild, NodeChildEnd, StartNodeChild } from './child-process.ts';

export interface EngineProcessOptions {
  readonly node: string;
  readonly netns: string;
  readonly runId: string;
  readonly startChild: StartNodeChild;
  /** Its order will have a daemon. */
  readonly negotiates: boolean;
  readonly onEvents: (events: readonly LiveEvent[]) => void;
  /** SAs that its daemon gave to the node or has moved, and keys of IKE SAs. */
  readonly onSecrets: (commands: readonly NodeCommand[], ike: readonly IkeSecrets[]) => void;
}

/** What happens to a node, and to the process that it is. */
export interface LiveEvent {
  readonly kind:
    | NodeEvent['kind']
    | IkeEvent['kind']
    | 'died'
    | 'eventsLost'
    | 'addressesNotAdopted'
    | 'notConfigured'
    | 'notConfined'
    | 'certificateExpires'
    | 'peerSaid';
  readonly detail: string;
  readonly deprecated?: DeprecatedUse;
}

/** Nobody waits for an answer of a process that stands still. */
const QUESTIONS: ReadonlySet<NodeRequest['kind']> = new Set(['status', 'explain', 'ports', 'sources', 'ike']);

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** The process of one engine node, from our side: requests with answers, and the end of it. */
export class EngineProcess {
  readonly #node: string;
  readonly #child: NodeChild;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #started: Pending | null = null;
  #ended: NodeChildEnd | null = null;
  #killed = false;
  #isReady = false;
  /** Stopped by a signal: it hears us when it goes on. */
  isPaused = false;

  /** Runs on its ports, and has not ended. */
  get isUp(): boolean {
    return this.alive && this.#isReady;
  }

  /** Starts the process, which waits for its order: give it while the links are being made. */
  constructor(options: EngineProcessOptions) {
    this.#node = options.node;
    this.#child = options.startChild({
      program: 'engine/host/main',
      argv: options.negotiates ? ['ike'] : [],
      netns: options.netns,
      runId: options.runId,
      node: options.node,
      onMessage: message => this.#onMessage(message as FromNode, options),
      onExit: end => {
        this.#ended = end;
        for (const waiting of [this.#started, ...this.#pending.values()]) waiting?.reject(this.#failure());
        this.#pending.clear();
        if (!this.#killed) options.onEvents([{ kind: 'died', detail: howItEnded(end) }]);
      },
    });
  }

  get alive(): boolean {
    return this.#ended === null && !this.#killed;
  }

  /** Resolves when the node runs on its ports. */
  start(order: NodeOrder): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#failure());
        return;
      }
      this.#started = { resolve, reject };
      this.#send({ kind: 'start', order });
    });
  }

  request<Kind extends NodeRequest['kind']>(request: Extract<NodeRequest, { kind: Kind }>): Promise<NodeAnswers[Kind]> {
    return new Promise((resolve, reject) => {
      if (!this.alive) {
        reject(this.#failure());
        return;
      }
      const id = this.#nextId++;
      if (!this.isPaused) this.#pending.set(id, { resolve, reject });
      else if (QUESTIONS.has(request.kind)) {
        reject(new Error(`${this.#node} is paused`));
        return;
      } else resolve(null as never); // what it is told it does when it goes on
      this.#send({ kind: 'request', id, request });
    });
  }

  /** At once, without its help. */
  kill(): Promise<void> {
    this.#killed = true;
    return this.#child.kill();
  }

  #send(message: ToNode): void {
    this.#child.send(message);
  }

  #onMessage(message: FromNode, { onEvents, onSecrets }: EngineProcessOptions): void {
    switch (message.kind) {
      case 'ready':
        if (message.kept.length > 0) onEvents(message.kept.map(detail => ({ kind: 'notConfined', detail })));
        this.#isReady = true;
        this.#started?.resolve(undefined as never);
        this.#started = null;
        return;
      case 'secrets':
        onSecrets(message.commands, message.ike);
        return;
      case 'ikeEvents':
      case 'events':
        onEvents(message.kind === 'events' ? message.events : message.events.map(liveEvent));
        if (message.lost > 0) onEvents([{ kind: 'eventsLost', detail: `${message.lost} more in the same moment` }]);
        return;
      case 'answer':
        this.#pending.get(message.id)?.resolve(message.answer as never);
        this.#pending.delete(message.id);
        return;
      case 'refused':
        this.#pending.get(message.id)?.reject(new Error(`${this.#node}: ${message.why}`));
        this.#pending.delete(message.id);
    }
  }

  #failure(): Error {
    const what = `the process of ${this.#node}`;
    if (this.#ended === null || this.#killed) return new Error(`${what} is gone: it was stopped`);
    const { signal } = this.#ended;
    return signal === null ? new Error(`${what} is gone: ${howItEnded(this.#ended)}`) : new ProcessKilled(what, signal);
  }
}

function liveEvent(event: IkeEvent): LiveEvent {
  const { kind, connection, detail } = event;
  return { kind, detail: connection === null ? detail : `${connection}: ${detail}`, ...deprecatedUse(event) };
}

const howItEnded = ({ lastWords, signal }: NodeChildEnd): string =>
  lastWords === '' ? `it ended${signal === null ? '' : ` by ${signal}`}` : lastWords;
