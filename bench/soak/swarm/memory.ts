import type { Core as V1Core } from '../../../engine/ike/v1/core.ts';
import type { Core } from '../../../engine/ike/v2/core.ts';
import { isAuthenticated, isKeyed } from '../../../engine/ike/v2/ike-sa.ts';

/** How much a daemon keeps, by what it is. */
export type Kept = Readonly<Record<KeptKind, number>>;
export type KeptKind = (typeof KINDS)[number];

const KINDS = ['IKE SAs', 'children', 'table entries', 'tasks', 'messages', 'SAs in the node'] as const;

/**
 * What is too much for one peer of a gateway that has `children` with it. A replaced IKE SA is kept for a minute for the Delete
 * that may not have come, a closed one for as long as its answer may be asked for again.
 */
export function mayKeep(peers: number, children: number): Kept {
  const ikeSas = 40 * peers;
  return {
    'IKE SAs': ikeSas,
    children: 12 * children,
    'table entries': 8 * ikeSas,
    tasks: 60 * peers,
    messages: 5 * ikeSas,
    'SAs in the node': 40 * children,
  };
}

export function keptBy(core: Core, nodeSas: number): Kept {
  let [children, tasks, messages] = [0, 0, 0];
  for (const sa of core.sas.values()) {
    tasks += sa.tasks.length;
    messages += sa.windows.requests.outstanding.length + sa.windows.responses.answered.length;
    if (isKeyed(sa)) messages += sa.fragments.length;
    if (!isAuthenticated(sa)) continue;
    children += sa.children.length;
    tasks += sa.delayed.length;
  }
  const tables = [core.bySpis, core.byRequest, core.requestOf, core.ownSpis, core.childSpis, core.parked];
  const callers = [...core.callers.values()].map(({ wanted }) => wanted.size);
  return {
    'IKE SAs': core.sas.size,
    children,
    'table entries': sum([...tables.map(({ size }) => size), core.halfOpen.bySource.size, ...callers]),
    tasks,
    messages,
    'SAs in the node': nodeSas,
  };
}

/** The same of a daemon of IKEv1. */
export function keptByV1(core: V1Core, nodeSas: number): Kept {
  let [children, tasks, messages] = [0, 0, 0];
  for (const sa of core.sas.values()) {
    tasks += sa.tasks.length;
    messages += sa.conversation.sent.length + (sa.fragments?.pieces.size ?? 0);
    if (sa.kind !== 'established') continue;
    children += sa.children.length;
    tasks += sa.delayed.length + sa.exchanges.length;
    messages += sum(sa.exchanges.map(({ conversation }) => conversation.sent.length));
  }
  const tables = [core.byCookies, core.byRequest, core.requestOf, core.ownCookies, core.names.childSpis];
  const callers = [...core.callers.values()].map(({ wanted }) => wanted.size);
  return {
    'IKE SAs': core.sas.size,
    children,
    'table entries': sum([...tables.map(({ size }) => size), core.halfOpen.bySource.size, ...callers]),
    tasks,
    messages,
    'SAs in the node': nodeSas,
  };
}

/** The larger of each. */
export function mostOf(one: Kept, other: Kept): Kept {
  return Object.fromEntries(KINDS.map(kind => [kind, Math.max(one[kind], other[kind])])) as unknown as Kept;
}

export const NOTHING_KEPT: Kept = Object.fromEntries(KINDS.map(kind => [kind, 0])) as unknown as Kept;

/** `42 tasks, 30 may be`, of each that is too many. */
export function excessOf(kept: Kept, limits: Kept): string[] {
  return KINDS.filter(kind => kept[kind] > limits[kind]).map(kind => `${kept[kind]} ${kind}, ${limits[kind]} may be`);
}

export const keptKinds: readonly KeptKind[] = KINDS;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
