import type { FaultAction, TopologyLink } from '../../topology/model.ts';
import { type Direction, reverse } from './link-model.ts';

/** The faults that concern one link. */
export type LinkFault = Extract<FaultAction, { readonly link: string }>;

/** What faults have done to a link: unplugged, or deaf one way. Impairments (link-model.ts) are apart from it. */
export class LinkFaults {
  #down = false;
  readonly #blocked: [boolean, boolean] = [false, false];

  /** Unplugged: both ports have no carrier, and what was under way is lost. */
  get down(): boolean {
    return this.#down;
  }

  /** Whether a frame gets through. A frame that a partition swallows was still sent; on a link that is down nothing is. */
  passes(direction: Direction): boolean {
    return !this.#down && !this.#blocked[direction];
  }

  /** Repeating a fault changes nothing. Throws when a partition names a node that the link does not touch. */
  apply(fault: LinkFault, link: TopologyLink): void {
    switch (fault.kind) {
      case 'linkDown':
        this.#down = true;
        break;
      case 'linkUp':
        this.#down = false;
        break;
      case 'partition':
        this.#blocked[directionFrom(link, fault.from)] = true;
        break;
      case 'heal':
        this.#blocked.fill(false);
        break;
      case 'impair':
        break;
    }
  }
}

/** The direction of frames that `end` sends: a node's name, or `node:interface` where a node is at both ends. Throws for another's. */
export function directionFrom(link: TopologyLink, end: string): Direction {
  const index = link.endpoints.findIndex(e => e.node === end || `${e.node}:${e.interface}` === end);
  if (index === -1) throw new Error(`link ${link.name} does not end at ${end}`);
  return index === 0 ? 0 : 1;
}

/** The direction of frames that reach `end`. */
export const directionTowards = (link: TopologyLink, end: string): Direction => reverse(directionFrom(link, end));
