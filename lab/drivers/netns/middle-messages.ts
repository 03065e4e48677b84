import type { TopologyLink } from '../../topology/model.ts';
import type { LinkFault } from '../link/link-faults.ts';

/** What the process of the user-space links is told. */
export type ToMiddle =
  | { readonly kind: 'start'; readonly links: readonly MiddleLinkOrder[] }
  | { readonly kind: 'fault'; readonly fault: LinkFault }
  /** The link is not there any more. */
  | { readonly kind: 'forget'; readonly link: string };

/** A link, and the interfaces of the middle namespace that its two ends are plugged into. */
export interface MiddleLinkOrder {
  readonly link: TopologyLink;
  readonly interfaces: readonly [string, string];
}

export type FromMiddle = { readonly kind: 'ready' };
