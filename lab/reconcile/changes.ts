import type { Topology, TopologyLink, TopologyNode } from '../topology/model.ts';

/** What of a node can change while it runs. */
export type Aspect =
  | 'addresses'
  | 'routes'
  | 'tunnels'
  | 'policies'
  | 'connections'
  | 'filter'
  | 'host model'
  | 'files';

/** One step from a topology to another, by names. Those of a link that ends elsewhere are that it goes, and comes. */
export type Change =
  | { readonly kind: 'nodeAdded' | 'nodeRemoved'; readonly node: string }
  | { readonly kind: 'linkAdded' | 'linkRemoved' | 'linkImpaired'; readonly link: string }
  /** `because`: what cannot change while it runs, so that it starts again; empty: all of it can. */
  | {
      readonly kind: 'nodeChanged';
      readonly node: string;
      readonly aspects: readonly Aspect[];
      readonly because: readonly string[];
    }
  /** Of the file as a whole: what is checked, watched for and scheduled. */
  | { readonly kind: 'judgement'; readonly what: 'checks' | 'protected flows' | 'faults' };

/** Why a lab cannot get from one topology to the other while it runs. */
export interface Obstacle {
  readonly message: string;
  readonly fix: string;
}

export interface Plan {
  /** What goes comes before what comes; in the order of the topologies otherwise. */
  readonly changes: readonly Change[];
  /** Null: it can be done. */
  readonly obstacle: Obstacle | null;
}

/** What a lab that is up by `before` has to do to be as `after`. Both have to name their MAC addresses alike (keep-macs.ts). */
export function planChanges(before: Topology, after: Topology): Plan {
  const nodes = matched(before.nodes, after.nodes, (old, young) => isOther(standOf(old), standOf(young)));
  const away = new Set([...nodes.gone, ...nodes.come].map(({ name }) => name));
  const links = matched(
    before.links,
    after.links,
    (old, young) => isOther(old.endpoints, young.endpoints) || young.endpoints.some(({ node }) => away.has(node)),
  );
  const changes: Change[] = [
    ...links.gone.map(({ name }) => ({ kind: 'linkRemoved', link: name }) as const),
    ...nodes.gone.map(({ name }) => ({ kind: 'nodeRemoved', node: name }) as const),
    ...nodes.come.map(({ name }) => ({ kind: 'nodeAdded', node: name }) as const),
    ...links.come.map(({ name }) => ({ kind: 'linkAdded', link: name }) as const),
    ...links.both
      .filter(([old, young]) => isOther(old.impairments, young.impairments))
      .map(([, { name }]) => ({ kind: 'linkImpaired', link: name }) as const),
    ...nodes.both.flatMap(([old, young]) => nodeChange(old, young, before, after)),
    ...judgements(before, after),
  ];
  return { changes, obstacle: obstacleOf(before, after) };
}

/** Whether a change needs more than what is there already is told. */
export const isStructural = (change: Change): boolean =>
  ['nodeAdded', 'nodeRemoved', 'linkAdded', 'linkRemoved'].includes(change.kind);

function nodeChange(old: TopologyNode, young: TopologyNode, before: Topology, after: Topology): Change[] {
  const aspects = ASPECTS.filter(([, pick]) => isOther(pick(old), pick(young))).map(([aspect]) => aspect);
  const reasons = REASONS.filter(([, pick]) => isOther(pick(old), pick(young))).map(([reason]) => reason);
  const keys = isOther(manualSas(old.name, before), manualSas(young.name, after)) ? ['keys by hand'] : [];
  // A daemon that is not ours reads its files when it starts.
  const foreign = young.implementation === null ? [] : aspects;
  const because = [...new Set([...reasons, ...keys, ...foreign])];
  if (aspects.length + because.length === 0) return [];
  return [{ kind: 'nodeChanged', node: young.name, aspects, because }];
}

type Pick = (node: TopologyNode) => unknown;

/** What commands to a running node can do. */
const ASPECTS: readonly (readonly [Aspect, Pick])[] = [
  ['addresses', node => node.interfaces.map(({ name, addresses }) => [name, addresses])],
  ['routes', node => node.routes],
  ['tunnels', node => node.tunnels.map(tunnel => ({ ...tunnel, advertise: undefined, autoconfigure: undefined }))],
  ['policies', node => node.policies],
  ['connections', node => node.ike],
  ['filter', node => node.filter],
  ['host model', node => node.hostModel],
  ['files', node => node.nativeFiles ?? null],
];

/** What stands as the node, and in which namespaces: with another one it is another node. */
const standOf = ({ engine, implementation, interfaces, placement = [] }: TopologyNode): unknown => [
  engine || interfaces.some(({ advertise }) => advertise),
  implementation,
  placement,
];

/** What a node is made with. */
const REASONS: readonly (readonly [string, Pick])[] = [
  ['interfaces', node => node.interfaces.map(port => ({ ...port, addresses: undefined }))],
  ['kind', ({ kind, forwarding }) => [kind, forwarding]],
  ['advertising through tunnels', node => node.tunnels.map(each => [each.name, each.advertise, each.autoconfigure])],
  ['nat', node => node.nat],
  ['fragments', node => node.fragments],
  ['antispoofing', node => node.antiSpoofing],
  ['report-discards', node => node.reportDiscards],
  ['SAs of its files', node => node.sas],
];

/** Whatever their SPIs: those are counted through the file. */
const manualSas = (node: string, { sas }: Topology): unknown =>
  sas.filter(({ from, to }) => from.node === node || to.node === node).map(sa => ({ ...sa, spi: undefined }));

function judgements(before: Topology, after: Topology): Change[] {
  return [
    ...(isOther(checksOf(before), checksOf(after)) ? [{ kind: 'judgement', what: 'checks' } as const] : []),
    ...(isOther(flowsOf(before), flowsOf(after)) ? [{ kind: 'judgement', what: 'protected flows' } as const] : []),
    ...(isOther(before.faults, after.faults) ? [{ kind: 'judgement', what: 'faults' } as const] : []),
  ];
}

const checksOf = ({ checks }: Topology): unknown => checks.map(check => ({ ...check, line: undefined }));
const flowsOf = ({ protectedFlows }: Topology): unknown =>
  protectedFlows.map(flow => ({ ...flow, because: undefined }));

/** Keys and certificates are made for a run before anything else is, and handed out then. */
function obstacleOf(before: Topology, after: Topology): Obstacle | null {
  const fix = 'lab down, then lab up';
  if (isOther(before.pki, after.pki)) return { message: 'what "pki:" says is made when a lab comes up', fix };
  const old = new Map(before.nodes.map(node => [node.name, node]));
  const other = after.nodes.find(({ name, ike }) =>
    isOther(credentialsOf(old.get(name)?.ike ?? null), credentialsOf(ike)),
  );
  if (other === undefined) return null;
  return { message: `${other.name} would need keys or certificates that are made when a lab comes up`, fix };
}

function credentialsOf(ike: TopologyNode['ike']): unknown {
  if (ike === null) return null;
  const { keys, anchors, peers, rawKeys } = ike.credentials;
  return keys.length + anchors.length + peers.length + rawKeys.length === 0 ? null : ike.credentials;
}

interface Matched<T> {
  readonly gone: readonly T[];
  readonly come: readonly T[];
  readonly both: readonly (readonly [T, T])[];
}

/** By name; those of both lists that are not the same any more have gone, and come. */
function matched<T extends TopologyNode | TopologyLink>(
  before: readonly T[],
  after: readonly T[],
  isAnother: (old: T, young: T) => boolean,
): Matched<T> {
  const old = new Map(before.map(each => [each.name, each]));
  const both = after.flatMap(young => {
    const first = old.get(young.name);
    return first === undefined || isAnother(first, young) ? [] : [[first, young] as const];
  });
  const kept = new Set(both.map(([{ name }]) => name));
  return {
    gone: before.filter(({ name }) => !kept.has(name)),
    come: after.filter(({ name }) => !kept.has(name)),
    both,
  };
}

/** Plain JSON throughout, written by one program: what is the same has the same text. What is undefined is left out. */
const isOther = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);
