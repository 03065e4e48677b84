import type { Node, NodeCommand } from '../node/node.ts';

/** Which SAs of a node are of its daemon's making, for the day when that ends before all of them are closed. */
export class NegotiatedSas {
  /** A policy has its SAs either from the daemon or from an administrator. */
  readonly #policies = new Set<string>();

  /** What the daemon tells the node. */
  note(command: NodeCommand): void {
    if (command.kind === 'installSa' && command.sa.policy !== null) this.#policies.add(command.sa.policy);
  }

  /** Commands that take away those that are left. */
  left(node: Pick<Node, 'status'>): NodeCommand[] {
    return node
      .status()
      .sas.filter(({ policy }) => policy !== null && this.#policies.has(policy))
      .map(({ spi, direction, protocol, source, destination }) => ({
        kind: 'deleteSa',
        spi,
        direction,
        only: { protocol, source, destination },
      }));
  }
}
