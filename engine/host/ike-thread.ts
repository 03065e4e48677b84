import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { IkeCommand, IkeEvent, IkeSecrets } from '../ike/daemon.ts';
import { NO_CONNECTIONS } from '../ike/config.ts';
import { type IkePorts, ikePorts, isForIke, packetsAround } from '../ike/datagram.ts';
import type { IkeStatus } from '../ike/status.ts';
import type { LocalPacket, Node, NodeCommand, NodeEvent } from '../node/node.ts';
import type { Instant } from '../wire/instant.ts';
import { finishPacket } from '../wire/offload.ts';
import { IkeInbox, refusalOf } from './ike-inbox.ts';
import type { FromIkeThread, IkeQuestion, IkeThreadOrder, ToIkeThread } from './ike-messages.ts';
import { NegotiatedSas } from './negotiated-sas.ts';
import { programFile } from './program.ts';

/** What a daemon may do to the node beside it, and who hears of it. */
export interface IkeOutside {
  /** By the node's clock. */
  readonly now: () => Instant;
  readonly command: (command: NodeCommand) => void;
  readonly send: (packets: readonly LocalPacket[]) => void;
  readonly onEvents: (events: readonly IkeEvent[]) => void;
  /** What the node was told, keys included, and keys of IKE SAs: only where secrets are to be revealed. */
  readonly onSecrets: (commands: readonly NodeCommand[], secrets: readonly IkeSecrets[]) => void;
}

/** Begins to load the thread of a daemon, which takes a moment: before anybody knows what it is to do. */
export function launchIkeThread(): Worker {
  return new Worker(programFile('engine/host/ike-worker'));
}

/**
 * The daemon of a live node, from the side of the node. One batch of inputs is under way at a time: what comes meanwhile waits in a
 * bounded inbox, however slow the daemon is and however many strangers call.
 */
export class IkeThread {
  readonly #worker: Worker;
  readonly #inbox: IkeInbox;
  readonly #ports: IkePorts;
  readonly #node: Node;
  readonly #outside: IkeOutside;
  readonly #answers: MessagePort;
  readonly #answered: Int32Array;
  readonly #reveals: boolean;
  readonly #waiting = new Map<number, (status: IkeStatus) => void>();
  #nextId = 0;
  #identification = 0;
  #isBusy = false;
  readonly #negotiated = new NegotiatedSas();
  /** What to do when it has nothing more to do: it is on its way out. */
  #retired: (() => void) | null = null;

  /** `worker`: from `launchIkeThread`. */
  constructor(worker: Worker, order: IkeThreadOrder, node: Node, outside: IkeOutside) {
    this.#node = node;
    this.#outside = outside;
    this.#reveals = order.config.revealsSecrets;
    this.#ports = ikePorts(order.config);
    this.#inbox = new IkeInbox(this.#ports, node);
    const answered = new SharedArrayBuffer(4);
    this.#answered = new Int32Array(answered);
    const { port1, port2 } = new MessageChannel();
    this.#answers = port1;
    this.#worker = worker;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage({ kind: 'start', order, answers: port2, answered } satisfies ToIkeThread, [port2]);
    this.#worker.on('message', (message: FromIkeThread) => this.#take(message));
    // A fault of ours: the process goes with it, and whoever started it says so.
    this.#worker.on('error', error => {
      throw error;
    });
    this.flush();
  }

  /** Whether a packet that the node hands up is the daemon's. */
  takes({ octets, offload }: LocalPacket): boolean {
    if (!isForIke(octets, this.#ports)) return false;
    return finishPacket(octets, offload).filter(packet => !this.#inbox.takes(packet)).length === 0;
  }

  note(events: readonly NodeEvent[]): void {
    for (const event of events) this.#inbox.note(event);
  }

  command(command: IkeCommand): void {
    this.#inbox.command(command);
    this.flush();
  }

  /** Passes on what has come since the last batch, unless that is still under way. */
  flush(): void {
    if (this.#isBusy || this.#inbox.isEmpty) return;
    this.#isBusy = true;
    this.#tell({ kind: 'inputs', inputs: this.#inbox.take() });
  }

  status(): Promise<IkeStatus> {
    const id = this.#nextId++;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.#tell({ kind: 'status', id });
    });
  }

  /** The UDP ports that it listens on. */
  get ports(): IkePorts {
    return this.#ports;
  }

  /** Takes its leave of its peers, and ends; what it has negotiated goes with it. Resolves when it has. */
  async retire(): Promise<void> {
    const config = { ...NO_CONNECTIONS, revealsSecrets: this.#reveals };
    await new Promise<void>(resolve => {
      this.#retired = resolve;
      this.command({ kind: 'configure', config });
    });
    this.close();
    for (const command of this.#negotiated.left(this.#node)) this.#outside.command(command);
  }

  skew(byNs: number): void {
    this.#tell({ kind: 'skew', byNs });
  }

  close(): void {
    void this.#worker.terminate();
  }

  #take(message: FromIkeThread): void {
    switch (message.kind) {
      case 'effects':
        this.#carryOut(message.effects);
        if (!message.isDone) break;
        this.#isBusy = false;
        this.flush();
        if (!this.#isBusy) this.#retired?.();
        break;
      case 'status':
        this.#waiting.get(message.id)?.(message.status);
        this.#waiting.delete(message.id);
        break;
      case 'question':
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        this.#answers.postMessage(this.#answer(message.question));
        Atomics.store(this.#answered, 0, 1);
        Atomics.notify(this.#answered, 0);
        break;
    }
  }

  #answer(question: IkeQuestion): string | number | null {
    switch (question.kind) {
      case 'source':
        return this.#node.outerSourceFor(question.destination);
      case 'silence': {
        const last = this.#node.lastHeard(question.inbound);
        return last === null ? null : this.#outside.now() - last;
      }
    }
  }

  /**
   * The peer waits for the datagrams: they leave first. Nothing is read from the wire before the SAs are there; and what has waited for
   * an SA leaves behind the message that tells the peer to expect it.
   */
  #carryOut({ commands, datagrams, events, secrets }: Extract<FromIkeThread, { kind: 'effects' }>['effects']): void {
    const packets = datagrams.flatMap(each => packetsAround(each, this.#ports, this.#identification++));
    if (packets.length > 0) this.#outside.send(packets.map(octets => ({ octets, offload: null })));
    const refused = this.#command(commands);
    if (this.#reveals && commands.length + secrets.length > 0) this.#outside.onSecrets(commands, secrets);
    if (events.length + refused.length > 0) this.#outside.onEvents([...events, ...refused]);
  }

  /** What the node will not do. */
  #command(commands: readonly NodeCommand[]): IkeEvent[] {
    const refused: IkeEvent[] = [];
    for (const command of commands) {
      const why = refusalOf(command, this.#node);
      if (why === null) {
        this.#negotiated.note(command);
        this.#outside.command(command);
      } else refused.push({ kind: 'commandRefused', connection: null, detail: why });
    }
    return refused;
  }

  #tell(message: ToIkeThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message);
  }
}
