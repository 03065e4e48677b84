import type { FaultAction, Topology, TopologyNode } from '../../topology/model.ts';
import type { ExecIo } from '../driver.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { type NodeChild, type NodeChildOptions, startNodeChild } from '../netns/child-process.ts';
import { execInNamespace } from '../netns/exec.ts';
import type { Ground } from '../netns/ground.ts';
import { namespaceLine } from '../netns/layout.ts';
import { MIDDLE_NAMESPACE } from '../netns/names.ts';
import { runScript } from '../netns/run.ts';
import { takeOverScript, undoScript } from './take-over.ts';

/** Hosts that run already, and what a lab does in their network. */
export interface Attachment {
  /** A process of each node's host, by the node's name, as seen from the pod. */
  readonly pids: Readonly<Record<string, number>>;
  /** Is told, before anything is changed, how each changed host becomes again what it was. */
  readonly keepUndo: (scripts: readonly { readonly node: string; readonly script: string }[]) => void;
}

/**
 * The hosts of a network of Mininet's that runs without us. Engines take the NICs of those that are to be gateways; nothing is done to
 * other hosts, nor to links, and nobody's programs are ended but our own. What was changed is undone by whoever keeps the undo.
 */
export class AttachedGround implements Ground {
  readonly driver = 'mininet';
  readonly wayUp = 'tun';
  readonly nics = 'together';
  readonly #attachment: Attachment;
  readonly #runId: string;

  constructor(attachment: Attachment, runId: string) {
    this.#attachment = attachment;
    this.#runId = runId;
  }

  // oxlint-disable-next-line typescript/require-await -- others have to wait
  async nodeLines({ nodes }: Topology): Promise<readonly string[]> {
    const attach = nodes.map(({ name }) => `netns attach ${name} ${this.#attachment.pids[name] ?? 'missing'}`);
    return [...attach, namespaceLine(MIDDLE_NAMESPACE)];
  }

  /** They are there; from now on they are the engines'. */
  async makeLinks({ nodes }: Topology): Promise<void> {
    const taken = nodes.filter(node => !this.leaves(node));
    const scripts = await Promise.all(
      taken.map(async node => ({ node: node.name, script: await undoScript(node, node.name) })),
    );
    this.#attachment.keepUndo(scripts);
    await Promise.all(taken.map(node => runScript(node.name, takeOverScript(node))));
  }

  readonly leaves = ({ engine }: TopologyNode): boolean => !engine;

  /** Only what can be done to a gateway without a word to the rest of its network. */
  refuse(action: FaultAction, { nodes }: Topology): void {
    const mayBe = ['crash', 'restart', 'rebind', 'move', 'clockSkew'].includes(action.kind) && 'node' in action;
    if (mayBe && nodes.some(({ name, engine }) => engine && name === action.node)) return;
    throw new MachineObstacle(
      'only the gateways are of this lab: the links and other hosts are of a network that runs without it',
      'do it in Mininet',
    );
  }

  readonly startChild = (options: NodeChildOptions): NodeChild => startNodeChild(options);

  exec(
    node: string,
    argv: readonly string[],
    io: ExecIo,
    environment: Readonly<Record<string, string>>,
  ): Promise<number> {
    return execInNamespace(node, argv, io, this.#runId, environment);
  }

  endPrograms(): void {
    throw new Error('the programs of hosts that run without a lab are not ours to end');
  }

  /** The names of the hosts go with the pod. */
  async remove(): Promise<void> {}
}
