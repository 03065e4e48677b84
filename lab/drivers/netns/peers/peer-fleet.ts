import type { IkeConfig } from '../../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../../engine/ike/status.ts';
import type { Topology, TopologyNode } from '../../../topology/model.ts';
import { Pluto } from '../libreswan/pluto.ts';
import { kernelNamespace } from '../names.ts';
import { Charon } from '../strongswan/charon.ts';
import type { PeerDaemon, PeerOrder } from './peer-daemon.ts';

type Implementation = NonNullable<TopologyNode['implementation']>;

const DAEMONS: Readonly<Record<Implementation, (order: PeerOrder) => PeerDaemon>> = {
  strongswan: order => new Charon(order),
  libreswan: order => new Pluto(order),
};

export interface PeerFleetOptions {
  readonly topology: Topology;
  readonly runId: string;
  /** null: it has none, which is an error. */
  readonly ikeFor: (node: string) => IkeConfig | null;
  readonly settingsOf: (node: string) => string;
  readonly onDeath: (node: string, lastWords: string) => void;
  readonly onMissing: (node: string, what: string) => void;
  /** What its tool has said of a command that was carried out. */
  readonly onSaid: (node: string, implementation: string, lines: readonly string[]) => void;
  readonly onRefused: (node: string, why: string) => void;
}

interface Peer {
  readonly implementation: Implementation;
  readonly daemon: PeerDaemon;
}

/** The nodes of a live lab that run another implementation: a daemon each. */
export class PeerFleet {
  readonly #peers: Map<string, Peer>;
  readonly #told: PeerFleetOptions;

  constructor(options: PeerFleetOptions) {
    this.#told = options;
    this.#peers = new Map(
      options.topology.nodes.flatMap(({ name, implementation }) =>
        implementation === null ? [] : [[name, { implementation, daemon: daemonOf(name, implementation, options) }]],
      ),
    );
  }

  /** The topology says something else of this node now, or for the first time: a daemon by that. It has to be started. */
  async renew({ name, implementation }: TopologyNode): Promise<void> {
    await this.remove(name);
    if (implementation === null) return;
    this.#peers.set(name, { implementation, daemon: daemonOf(name, implementation, this.#told) });
  }

  async remove(name: string): Promise<void> {
    await this.#peers.get(name)?.daemon.kill();
    this.#peers.delete(name);
  }

  has(name: string): boolean {
    return this.#peers.has(name);
  }

  /** For what is run on the node; empty where no other implementation runs. */
  environmentOf(name: string): Readonly<Record<string, string>> {
    return this.#peers.get(name)?.daemon.environment ?? {};
  }

  /** Their namespaces have addresses and routes by now. Resolves when each has read its files. */
  async start(): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ daemon }) => daemon.start()));
  }

  /** null: no such node, or it does not run. */
  async status(name: string): Promise<IkeStatus | null> {
    const daemon = this.#peers.get(name)?.daemon;
    return daemon === undefined || !daemon.alive ? null : daemon.status();
  }

  /** What comes of it is told. Throws where no other implementation runs, or it knows no such command. */
  async ikeCommand(name: string, command: IkeCommand): Promise<void> {
    const { implementation, daemon } = this.#peer(name);
    const answer = await daemon.command(command);
    switch (answer.kind) {
      case 'done':
        return this.#told.onSaid(name, implementation, answer.said);
      case 'refused':
        return this.#told.onRefused(name, answer.why);
      case 'unknown':
        throw new Error(`${implementation} on ${name} has no command for ${command.kind}`);
    }
  }

  async crash(name: string): Promise<void> {
    await this.#peer(name).daemon.kill();
  }

  async restart(name: string): Promise<void> {
    const { daemon } = this.#peer(name);
    await daemon.kill();
    await daemon.start();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ daemon }) => daemon.kill()));
  }

  #peer(name: string): Peer {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Error(`no other implementation runs on ${name}`);
    return peer;
  }
}

function daemonOf(name: string, implementation: Implementation, options: PeerFleetOptions): PeerDaemon {
  const { runId, ikeFor, settingsOf, onDeath, onMissing } = options;
  const config = ikeFor(name);
  if (config === null) throw new Error(`${name} runs ${implementation} and has no ike:`);
  return DAEMONS[implementation]({
    node: name,
    netns: kernelNamespace(name),
    runId,
    config,
    settings: settingsOf(name),
    onDeath: lastWords => onDeath(name, lastWords),
    onMissing: what => onMissing(name, what),
  });
}
