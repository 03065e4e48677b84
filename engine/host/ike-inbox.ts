import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects } from '../ike/daemon.ts';
import { datagramFrom, type IkePorts } from '../ike/datagram.ts';
import type { Node, NodeCommand, NodeEvent } from '../node/node.ts';
import type { Instant } from '../wire/instant.ts';

/** What a daemon hears, in order. Plain values: they cross into the daemon's thread on a live node. */
export type IkeInput =
  | { readonly kind: 'datagrams'; readonly datagrams: readonly IkeDatagram[] }
  | { readonly kind: 'command'; readonly command: IkeCommand };

/** More is not worth waiting for: a flood is not to fill the memory of its host. */
const DATAGRAMS_MAX = 4096;
const OCTETS_MAX = 8 * 1024 * 1024;

const HEARD: ReadonlySet<NodeEvent['kind']> = new Set([
  'saWanted',
  'saDeleted',
  'saSoftExpired',
  'saHardExpired',
  'peerMoved',
  'unknownSpi',
  'interfaceUp',
  'interfaceDown',
  'addressConfigured',
  'addressesChanged',
]);
const CHANGES_ADDRESSES: ReadonlySet<NodeEvent['kind']> = new Set([
  'interfaceUp',
  'interfaceDown',
  'addressConfigured',
  'addressesChanged',
]);

/** What of a node's doings is for its daemon, until whoever runs the daemon takes it. */
export class IkeInbox {
  readonly #ports: IkePorts;
  readonly #node: Pick<Node, 'outerAddresses'>;
  #inputs: IkeInput[] = [];
  #datagrams: IkeDatagram[] = [];
  #datagramCount = 0;
  #octets = 0;
  #addresses: string | null = null;

  /** Begins with the addresses of the node. */
  constructor(ports: IkePorts, node: Pick<Node, 'outerAddresses'>) {
    this.#ports = ports;
    this.#node = node;
    this.#noteAddresses();
  }

  get isEmpty(): boolean {
    return this.#inputs.length === 0 && this.#datagrams.length === 0;
  }

  /** Whether an IP packet that the node has handed up was the daemon's. Copies what it keeps. */
  takes(packet: Uint8Array): boolean {
    const datagram = datagramFrom(packet, this.#ports);
    if (datagram === null) return false;
    if (datagram !== 'ignored' && this.#datagramCount < DATAGRAMS_MAX && this.#octets < OCTETS_MAX) {
      this.#datagrams.push(datagram);
      this.#datagramCount++;
      this.#octets += datagram.octets.length;
    }
    return true;
  }

  note(event: NodeEvent): void {
    if (!HEARD.has(event.kind)) return;
    if (CHANGES_ADDRESSES.has(event.kind)) this.#noteAddresses();
    this.command({ kind: 'noted', event });
  }

  command(command: IkeCommand): void {
    this.#closeBatch();
    this.#inputs.push({ kind: 'command', command });
  }

  /** Everything since the last call. */
  take(): readonly IkeInput[] {
    this.#closeBatch();
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#datagramCount = 0;
    this.#octets = 0;
    return inputs;
  }

  #closeBatch(): void {
    if (this.#datagrams.length === 0) return;
    this.#inputs.push({ kind: 'datagrams', datagrams: this.#datagrams });
    this.#datagrams = [];
  }

  #noteAddresses(): void {
    const addresses = this.#node.outerAddresses();
    const text = addresses.join(' ');
    if (text === this.#addresses) return;
    this.#addresses = text;
    this.command({ kind: 'addresses', addresses });
  }
}

export function hear(daemon: IkeDaemon, input: IkeInput, now: Instant): IkeEffects {
  return input.kind === 'datagrams' ? daemon.receive(input.datagrams, now) : daemon.command(input.command, now);
}

/**
 * Why a node will not do what its daemon wants; null: it will. An administrator may have taken away what the daemon still
 * knows of.
 */
export function refusalOf(command: NodeCommand, node: Pick<Node, 'hasPolicy'>): string | null {
  const needed = neededPolicy(command);
  return needed === null || node.hasPolicy(needed) ? null : `${command.kind}: there is no policy ${needed}`;
}

function neededPolicy(command: NodeCommand): string | null {
  if (command.kind === 'installSa') return command.sa.policy;
  return command.kind === 'putPolicy' ? command.before : null;
}
