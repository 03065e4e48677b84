import type { ChildSaStatus, IkeSaStatus, IkeStatus } from '../../../engine/ike/status.ts';
import type { NodeStatus } from '../../../engine/node/node.ts';
import type { PairPlan } from './scenario.ts';

/** What one end of a pair is like. */
export interface EndState {
  readonly name: string;
  readonly ike: IkeStatus;
  readonly node: NodeStatus;
  isAsking(peer: string): boolean;
}

/**
 * What is wrong with a pair that is to be at rest; null: nothing. Both ends have one IKE SA with the other, the same one, and in
 * it each child once, of the same SPIs, and the nodes have the SAs of those and no others. Where they speak IKEv1, in which nobody
 * is asked to delete what was replaced, that may be there besides for its while.
 */
export function unrestOf({ children, v1 }: PairPlan, ends: readonly [EndState, EndState]): string | null {
  const [one, other] = ends;
  if (one.isAsking(other.name)) return `${one.name} waits for an answer`;
  if (other.isAsking(one.name)) return `${other.name} waits for an answer`;
  const isLeft = ({ state }: { readonly state: string }) => v1 !== null && state === 'rekeyed';
  const sas = [sasWith(one, other.name), sasWith(other, one.name)].map(list =>
    list.filter(sa => !isLeft(sa)).map(sa => ({ ...sa, children: sa.children.filter(child => !isLeft(child)) })),
  );
  for (const [at, list] of sas.entries()) {
    const states = list.map(({ state }) => state);
    if (states.join(' ') !== 'established') return `${ends[at]?.name} has IKE SAs: ${states.join(', ') || 'none'}`;
  }
  const [a, b] = sas.map(list => list[0]);
  if (a === undefined || b === undefined) return 'no IKE SA';
  if (a.initiatorSpi !== b.initiatorSpi || a.responderSpi !== b.responderSpi) return 'each has another IKE SA';
  if (a.role === b.role) return `both are ${a.role}`;
  const names = children.map(({ name }) => name);
  for (const [end, sa] of [
    [one, a],
    [other, b],
  ] as const) {
    const left = sasWith(end, end === one ? other.name : one.name).flatMap(each => each.children.filter(isLeft));
    const unrest = childUnrest(sa, names) ?? nodeUnrest(end.node, sa.children, left, names);
    if (unrest !== null) return `${end.name}: ${unrest}`;
  }
  for (const child of a.children) {
    const twin = b.children.find(({ name }) => name === child.name);
    if (twin?.spiIn !== child.spiOut || twin.spiOut !== child.spiIn) return `${child.name} has other SPIs at each end`;
    if (twin.suite !== child.suite || twin.encapsulated !== child.encapsulated) return `${child.name} differs`;
  }
  return null;
}

function childUnrest(sa: IkeSaStatus, names: readonly string[]): string | null {
  const found = sa.children.map(({ name, state }) => `${name} ${state}`).sort();
  const meant = names.map(name => `${name} installed`).sort();
  return found.join() === meant.join() ? null : `children: ${found.join(', ') || 'none'}`;
}

/** `left`: replaced ones that may be there besides; of those that are gone packets may still come for a while. */
function nodeUnrest(
  { sas }: NodeStatus,
  children: readonly ChildSaStatus[],
  left: readonly ChildSaStatus[],
  names: readonly string[],
): string | null {
  const found = sas
    .filter(({ policy }) => policy !== null && names.includes(policy))
    .map(({ policy, direction, spi }) => `${policy} ${direction} ${spi}`)
    .sort();
  const meant = children.flatMap(halves).sort();
  const besides = left.flatMap(halves);
  const isMore = (half: string) => !meant.includes(half) && !besides.includes(half);
  const more = found.filter(half => isMore(half) && (left.length === 0 || half.includes(' outbound ')));
  const isAll = meant.every(half => found.includes(half));
  return isAll && more.length === 0 ? null : `${found.length} SAs in the node, ${meant.length} of children`;
}

const halves = ({ name, spiIn, spiOut }: ChildSaStatus): string[] => [
  `${name} inbound ${spiIn}`,
  `${name} outbound ${spiOut}`,
];

/** Of one that answers many, and does not know who calls yet: whose it will be is not known. */
function sasWith({ ike }: EndState, peer: string): IkeSaStatus[] {
  return ike.sas.filter(({ connection }) => connection === peer);
}
