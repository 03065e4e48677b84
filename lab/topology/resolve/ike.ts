import { DEFAULT_LIMITS, type IkeLimits, type SharedSecretConfig } from '../../../engine/ike/config.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { SaEnds, TopologyConnection, TopologyIke, TopologyTransform } from '../model.ts';
import type { PeerOptionsText } from '../ike-description.ts';
import { formatAddress } from '../../../engine/wire/address.ts';
import { childOf, type ChildOrder } from './ike-children.ts';
import { type Found, foundCredentials } from './ike-credentials.ts';
import { connectionOptions, remoteAuthentication, type Towards } from './ike-options.ts';
import { judgePeerVersion, judgeV1Child, judgeVersions } from './ike-v1-options.ts';
import { groupsOf, isWildcard, localAuthentication, optionsFor, peerText } from './ike-peers.ts';
import { poolsOf } from './ike-pools.ts';
import { type NatPaths, natBefore } from './nat-path.ts';
import type { Policy, ResolvedPolicies } from './policies.ts';
import { negotiates, type NodeScope, type Scope } from './scope.ts';
import { interpolate } from './secrets.ts';

/** What the IKE daemon of a node is to do: a connection for each peer and pair of outer addresses, a child for each policy. */
export function resolveIke(
  scope: Scope,
  node: NodeScope,
  policies: ResolvedPolicies,
  paths: NatPaths,
): TopologyIke | null {
  const text = node.text?.ike ?? null;
  if (text === null) return null;
  const kind = node.text?.kind.value;
  if (kind === 'router' || kind === 'nat') {
    scope.report.error(text.place, `${node.name} is a ${kind}, and has no IKE`, `make ${node.name} kind: gateway`);
    return null;
  }
  reportPeers(scope, node);
  judgeVersions(scope, node);
  judgeOptions(scope, node);
  const pools = poolsOf(scope, node);
  const drafts = draftsOf(scope, node, policies.byNode.get(node.name) ?? [], paths);
  const found: Found = { secrets: [], ppks: [], names: foundCredentials() };
  const connections = drafts.flatMap(draft => connectionOf(scope, node, draft, found) ?? []);
  reportUnused(scope, node, drafts, policies.partial.has(node.name));
  const { secrets, ppks, names } = found;
  return {
    connections,
    secrets: unique(secrets),
    ppks,
    pools,
    limits: limitsOf(text.limits),
    credentials: names.all(),
  };
}

/** A connection before its options are known. */
interface Draft {
  readonly name: string;
  readonly peer: NodeScope | null;
  readonly options: PeerOptionsText;
  readonly ends: SaEnds | null;
  /** Behind a NAT, or anywhere: it has to begin. */
  readonly isUnreachable: boolean;
  readonly orders: readonly Omit<ChildOrder, 'virtual'>[];
}

function draftsOf(scope: Scope, node: NodeScope, policies: readonly Policy[], paths: NatPaths): Draft[] {
  const drafts = new Map<string, Draft>();
  for (const policy of policies) {
    const { action } = policy.model;
    if (action.kind !== 'protect' || policy.negotiation === null || isAnswer(policy, policies)) continue;
    for (const [index, transform] of action.transforms.entries()) {
      const who = transform.group ?? transform.peer;
      const options = who === null ? null : optionsFor(node, who);
      if (who === null || options === null) continue;
      judgeV1Child(policy, transform, options);
      const peer = transform.peer === null ? null : (scope.nodes.get(transform.peer) ?? null);
      for (const ends of endsOf(transform)) {
        const key = JSON.stringify([who, ends]);
        const isUnreachable = peer === null || natBefore(paths, peer.name, node.name) !== null;
        const draft = drafts.get(key) ?? {
          name: freshName(drafts, who),
          peer,
          options,
          ends,
          isUnreachable,
          orders: [],
        };
        const wished = policy.negotiation.start ?? options.start?.value ?? 'trap';
        // Of flows that have one each none is known before its first packet.
        const begins = wished === 'start' && action.sharing === 'unique' ? 'trap' : wished;
        const start = isUnreachable ? 'none' : begins;
        const isRouted = policy.tunnel !== null;
        const order = {
          policy: policy.model,
          negotiation: policy.negotiation,
          index,
          transform,
          ends,
          isRouted,
          start,
        };
        drafts.set(key, { ...draft, orders: [...draft.orders, order] });
        if (isUnreachable) reportStart(policy, who);
      }
    }
  }
  return [...drafts.values(), ...childlessDrafts(scope, node, [...drafts.values()])];
}

/** Whether a policy of inbound packets has its counterpart: SAs are negotiated in pairs, for what leaves. */
function isAnswer({ model }: Policy, policies: readonly Policy[]): boolean {
  return (
    model.direction === 'inbound' &&
    policies.some(other => other.model.direction === 'outbound' && selects(other.model) === selects(model))
  );
}

const selects = ({ tunnel, local, remote, protocol, localPort, remotePort, icmp }: Policy['model']): string =>
  JSON.stringify([tunnel, local, remote, protocol, localPort, remotePort, icmp]);

const endsOf = ({ ends, group }: TopologyTransform): readonly (SaEnds | null)[] =>
  group === undefined ? ends : [null];

function freshName(drafts: ReadonlyMap<string, Draft>, who: string): string {
  const taken = new Set([...drafts.values()].map(({ name }) => name));
  let name = who;
  for (let copy = 2; taken.has(name); copy += 1) name = `${who}-${copy}`;
  return name;
}

/** Peers without a policy, where somebody wants the IKE SA alone. */
function childlessDrafts(scope: Scope, node: NodeScope, drafts: readonly Draft[]): Draft[] {
  return (node.text?.ike?.peers?.entries ?? []).flatMap(({ name }) => {
    const options = optionsFor(node, name);
    const peer = scope.nodes.get(name) ?? null;
    const isForced = options?.childless?.value === 'force' || options?.childless?.value === 'prefer';
    if (options === null || !isForced || drafts.some(draft => draft.name === name)) return [];
    return [{ name, peer, options, ends: null, isUnreachable: peer === null, orders: [] }];
  });
}

function reportStart(policy: Policy, who: string): void {
  const start = policy.negotiation?.start ?? null;
  if (start === null || start === 'none') return;
  policy.complain(`${who} is where nobody can call it, behind a NAT or anywhere: it has to begin`, 'write start: none');
}

function connectionOf(scope: Scope, node: NodeScope, draft: Draft, found: Found): TopologyConnection | null {
  const { name, peer, options, ends, isUnreachable, orders } = draft;
  const local = localAuthentication(scope, node, options);
  const towards: Towards = { scope, node, peer, name, options };
  const remote = remoteAuthentication(towards);
  judgePeerVersion(towards);
  if (local === null || remote === null) return null;
  found.names.own(local);
  found.names.trust(towards, remote);
  found.secrets.push(...secretsOf(towards, local.identity, remote.identity));
  found.ppks.push(...ppksOf(scope, options, found.ppks));
  const ranges = peerText(node, name)?.addresses?.items.map(({ value }) => value.text) ?? [];
  const virtual = options.request !== null ? 'local' : options.pools !== null ? 'remote' : null;
  const names = new Set<string>();
  return {
    name,
    peer: peer?.name ?? null,
    local: options.local?.items.map(({ value }) => formatAddress(value)) ?? (ends === null ? [] : [ends.local]),
    remote: isUnreachable || ends === null ? ranges : [ends.remote],
    ...connectionOptions(towards),
    authentication: { local, remote },
    children: orders.map(order => childOf(childName(names, order, name), { ...order, virtual })),
  };
}

function childName(names: Set<string>, { policy, index }: Omit<ChildOrder, 'virtual'>, connection: string): string {
  const base = index === 0 ? policy.name : `${policy.name}-${index + 1}`;
  const name = names.has(base) ? `${base}-${connection}` : base;
  names.add(name);
  return name;
}

/** The pre-shared keys of a connection: ours, and the peer's own where only that one has one. */
function secretsOf({ scope, node, peer, options }: Towards, own: string, expected: string): SharedSecretConfig[] {
  const theirs = peer === null ? null : optionsFor(peer, node.name);
  const text = options.auth?.psk ?? (theirs === null ? null : (theirs.auth?.psk ?? null));
  const secret = text === null ? null : interpolate(scope, text);
  if (secret === null) return [];
  const identities = isWildcard(expected) ? [own] : [own, expected];
  return [{ identities, secret: Buffer.from(secret, 'utf8').toString('hex') }];
}

function ppksOf(scope: Scope, { ppk }: PeerOptionsText, known: readonly { readonly id: string }[]): Found['ppks'] {
  if (ppk === null || known.some(({ id }) => id === ppk.id.value)) return [];
  const key = interpolate(scope, ppk.key);
  return key === null ? [] : [{ id: ppk.id.value, key: Buffer.from(key, 'utf8').toString('hex') }];
}

/** What is wrong with what the file says, also of peers with whom nothing can be negotiated because their policy is wrong. */
function judgeOptions(scope: Scope, node: NodeScope): void {
  for (const name of [null, ...(node.text?.ike?.peers?.entries ?? []).map(entry => entry.name)]) {
    const options = optionsFor(node, name);
    if (options === null) continue;
    const towards: Towards = { scope, node, peer: null, name: name ?? node.name, options };
    if (options.auth !== null) localAuthentication(scope, node, options);
    connectionOptions(towards);
    remoteAuthentication(towards);
  }
}

/** Whom `peers` names: nodes, or peers with an identity of their own. */
function reportPeers(scope: Scope, node: NodeScope): void {
  for (const { name, place } of node.text?.ike?.peers?.entries ?? []) {
    if (name !== node.name) continue;
    scope.report.error(place, `${node.name} is its own peer`, 'name another node');
  }
  for (const { name, text } of groupsOf(scope, node)) {
    const remote = text.remote ?? node.text?.ike?.remote ?? null;
    if (remote?.id || !text.complete) continue;
    const fix = didYouMean(name, [...scope.nodes.keys()], 'add remote: { id: "*.lab" }');
    const near = fix.startsWith('did you mean') ? fix : 'add remote: { id: … }, or name a node';
    scope.report.error(text.place, `${quoted(name)} is not a node, and nothing says who it has to be`, near);
  }
}

/** A daemon with nobody to talk to, and peers who have no daemon. */
function reportUnused(scope: Scope, node: NodeScope, drafts: readonly Draft[], isPartial: boolean): void {
  const ike = node.text?.ike;
  if (ike === null || ike === undefined) return;
  for (const { peer, name } of drafts) {
    if (peer === null || peer.text === null || negotiates(peer) || !peer.text.complete) continue;
    const message = `${node.name} negotiates with ${name}, which has no "ike"`;
    scope.report.error(ike.place, message, `add ike: { auth: … } to ${peer.name}, or a key: to the policy`);
  }
  if (isPartial || node.text?.complete !== true) return;
  for (const { name, place } of ike.peers?.entries ?? []) {
    if (drafts.some(draft => draft.name === name || draft.peer?.name === name)) continue;
    const isNode = scope.nodes.has(name);
    const fix = isNode
      ? `add a policy with protect: { …, peer: ${name} }, or childless: force`
      : `add a policy with protect: { mode: tunnel, peer: ${name}, … }`;
    scope.report.error(place, `nothing is negotiated with ${quoted(name)}`, fix);
  }
}

function limitsOf(text: NonNullable<NonNullable<NodeScope['text']>['ike']>['limits']): IkeLimits {
  if (text === null) return DEFAULT_LIMITS;
  const or = (key: Exclude<keyof typeof text, 'place' | 'complete'>, otherwise: number) =>
    text[key]?.value ?? otherwise;
  return {
    ...DEFAULT_LIMITS,
    halfOpenPerSource: or('half-open-per-source', DEFAULT_LIMITS.halfOpenPerSource),
    halfOpen: or('half-open', DEFAULT_LIMITS.halfOpen),
    cookiesFrom: or('cookies-from', DEFAULT_LIMITS.cookiesFrom),
    puzzlesFrom: or('puzzles-from', DEFAULT_LIMITS.puzzlesFrom),
    puzzleBits: or('puzzle-bits', DEFAULT_LIMITS.puzzleBits),
    ikeSas: or('ike-sas', DEFAULT_LIMITS.ikeSas),
  };
}

function unique(secrets: readonly SharedSecretConfig[]): SharedSecretConfig[] {
  return [...new Map(secrets.map(secret => [JSON.stringify(secret), secret])).values()];
}
