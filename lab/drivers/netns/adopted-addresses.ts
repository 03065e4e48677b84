import type { NodeAnswers, NodeRequest } from '../../../engine/host/messages.ts';
import type { NodeStatus } from '../../../engine/node/node.ts';
import { formatPrefix, parsePrefix, type Prefix } from '../../../engine/wire/prefix.ts';
import type { Topology } from '../../topology/model.ts';
import {
  addressGoneLine,
  addressLine,
  representativeOf,
  routeLine,
  upAddresses,
  upRoutes,
} from './engine-namespace.ts';
import { kernelNamespace } from './names.ts';
import { runScript, type Shell } from './run.ts';
import { script } from './script.ts';

type Ask = <Kind extends 'status' | 'sources'>(
  node: string,
  question: Extract<NodeRequest, { kind: Kind }>,
) => Promise<NodeAnswers[Kind] | null>;

/** Where a peer protects everything, these are everything. */
const EVERYTHING = ['0.0.0.0/0', '::/0'];

/**
 * What the kernels above engine nodes know of the addresses that those have at the moment, which is not what they were configured with
 * where routers advertise, where a peer gives addresses, or where a node has moved: addresses, and routes with the source that the
 * engine itself would choose.
 */
export class AdoptedAddresses {
  readonly #topology: Topology;
  readonly #ask: Ask;
  readonly #shell: Shell;
  /** Of each kernel; absent: those of the configuration. */
  readonly #known = new Map<string, readonly string[]>();
  /** Changes of one node come one after the other. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(topology: Topology, ask: Ask, shell: Shell = runScript) {
    this.#topology = topology;
    this.#ask = ask;
    this.#shell = shell;
  }

  adopt(name: string): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#adoptNow(name));
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** The topology is about to say something else of the node: what its kernel has now is of the one before. */
  remember(name: string): void {
    const node = this.#topology.nodes.find(candidate => candidate.name === name);
    if (node !== undefined && !this.#known.has(name)) this.#known.set(name, upAddresses(node));
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /** After a restart: the node has the addresses of its configuration again. */
  async readopt(name: string): Promise<void> {
    if (this.#known.has(name)) await this.adopt(name);
  }

  async #adoptNow(name: string): Promise<void> {
    const node = this.#topology.nodes.find(candidate => candidate.name === name);
    const status = await this.#ask<'status'>(name, { kind: 'status' });
    if (node === undefined || status === null) return;
    const known = this.#known.get(name) ?? upAddresses(node);
    const own = [...new Set(status.interfaces.flatMap(({ addresses }) => addresses.map(bare)))].filter(isNoLinkLocal);
    const destinations = distinct([...upRoutes(node), ...learntRoutes(status), ...protectedPlaces(status)]);
    const question = { kind: 'sources', destinations: destinations.map(representativeOf) } as const;
    const sources = (await this.#ask<'sources'>(name, question)) ?? [];
    const lines = [
      ...own.filter(address => !known.includes(address)).map(addressLine),
      ...known.filter(address => !own.includes(address)).map(addressGoneLine),
      ...destinations.map((destination, i) => routeLine(destination, own, sources[i] ?? null)),
    ];
    await this.#shell(kernelNamespace(name), script([], lines));
    this.#known.set(name, own);
  }
}

/** Of routes that came later than the configuration, those of IPv6 from advertisements among them. */
function learntRoutes({ routes }: NodeStatus): Prefix[] {
  return prefixes(routes.map(({ destination }) => destination));
}

/** Where an address that a peer has given is to be the source: what the policies protect. */
function protectedPlaces({ policies }: NodeStatus): Prefix[] {
  const remotes = policies
    .filter(({ config }) => config.action.kind === 'protect')
    .flatMap(({ config: { remote } }) => (remote === 'any' ? EVERYTHING : remote));
  return prefixes(remotes);
}

/** Ranges are left out: a kernel has no routes to them. */
function prefixes(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).filter(prefix => prefix !== null);
}

function distinct(all: readonly Prefix[]): Prefix[] {
  return [...new Map(all.map(prefix => [formatPrefix(prefix), prefix])).values()];
}

const bare = (address: string): string => address.split('/')[0] ?? '';
const isNoLinkLocal = (address: string): boolean => !address.startsWith('fe80:');
