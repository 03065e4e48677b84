import { type Address, isLinkLocal } from '../wire/address.ts';
import type { InterfaceAddress, NodeInterface } from './interfaces.ts';

/**
 * The source address towards `destination` over `exit`, RFC 6724 §5 in spirit: the destination's scope first, then an
 * address of the outgoing interface, then the longest common prefix, then configuration order. null without a candidate.
 */
export function selectSource(
  destination: Address,
  exit: NodeInterface,
  interfaces: readonly NodeInterface[],
): Address | null {
  const isLinkScope = destination.length === 16 && isLinkLocal(destination);
  if (isLinkScope) return exit.linkLocal;
  let best: { address: Address; score: number } | null = null;
  for (const netInterface of interfaces) {
    for (const { address, origin } of netInterface.addresses) {
      if (address.length !== destination.length || !isForAll(origin) || !netInterface.up) continue;
      const score = (netInterface === exit ? 1000 : 0) + commonPrefixLength(address, destination);
      if (best === null || score > best.score) best = { address, score };
    }
  }
  return best?.address ?? null;
}

/** What a peer has given is for what goes to that peer. */
function isForAll(origin: InterfaceAddress['origin']): boolean {
  return origin !== 'linkLocal' && origin !== 'assigned';
}

function commonPrefixLength(a: Address, b: Address): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) ^ (b[i] as number);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return a.length * 8;
}
