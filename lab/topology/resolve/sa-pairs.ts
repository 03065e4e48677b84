import { quoted } from '../../../engine/config/diagnostic.ts';
import type { ManualSa, ManualSaEnd, SaEnds, TopologyPolicy, TopologyTransform } from '../model.ts';
import { natAddress, type NatPaths, natBefore } from './nat-path.ts';
import type { Policy, ResolvedPolicies } from './policies.ts';
import type { Scope } from './scope.ts';
import { isUniqueFlow, mirrorFlows } from './unique-flows.ts';

type Protect = Extract<TopologyPolicy['action'], { kind: 'protect' }>;

/** One transform of a policy, and which way its packets go. */
interface Side {
  readonly policy: Policy;
  readonly action: Protect;
  readonly transform: TopologyTransform;
  readonly index: number;
}

/** Hands out SPIs: those of one run are never the same. */
export type NextSpi = () => number;

/**
 * Joins the PROTECT policies of the two ends into SAs, one each way for each transform. Both ends must say the same, mirrored:
 * with keys from the file nothing is negotiated. Policies without a key (level use) get none.
 */
export function pairSas(scope: Scope, policies: ResolvedPolicies, paths: NatPaths, nextSpi: NextSpi): ManualSa[] {
  const sas: ManualSa[] = [];
  const done = new Set<string>();
  for (const policy of [...policies.byNode.values()].flat().filter(isPaired)) {
    const { action } = policy.model;
    if (action.kind !== 'protect') continue;
    for (const [index, transform] of action.transforms.entries()) {
      const side = { policy, action, transform, index };
      for (const way of waysOf(policy)) sas.push(...join(scope, policies, paths, side, way, done, nextSpi));
    }
  }
  return sas;
}

/** Those of native files are paired by who they select, unless a tunnel says it: see stated-sas.ts. */
const isPaired = ({ origin, tunnel, negotiation }: Policy): boolean =>
  negotiation === null && (origin === 'topology' || tunnel !== null);

type Way = 'outbound' | 'inbound';

const waysOf = ({ model }: Policy): readonly Way[] =>
  model.direction === 'both' ? ['outbound', 'inbound'] : [model.direction];
const opposite = (way: Way): Way => (way === 'outbound' ? 'inbound' : 'outbound');
const slot = ({ policy, index }: Side, way: Way): string => `${policy.node}\n${policy.model.name}\n${index}\n${way}`;

function join(
  scope: Scope,
  policies: ResolvedPolicies,
  paths: NatPaths,
  side: Side,
  way: Way,
  done: Set<string>,
  nextSpi: NextSpi,
): ManualSa[] {
  if (done.has(slot(side, way))) return [];
  const { peer } = side.transform;
  if (peer === null) return [];
  const back = opposite(way);
  const theirs = (policies.byNode.get(peer) ?? []).filter(isPaired).flatMap(sidesOf);
  const isOpen = (other: Side) => waysOf(other.policy).includes(back) && !done.has(slot(other, back));
  const candidates = theirs.filter(candidate => isOpen(candidate) && isTowards(side, candidate));
  const other = candidates.find(candidate => isMirror(paths, side, candidate));
  if (other === undefined) {
    const near = candidates[0] ?? null;
    if (!policies.partial.has(peer)) reportAlone(scope, paths, side, near, theirs);
    for (const each of near === null ? [side] : [side, near])
      for (const any of ['outbound', 'inbound'] as const) done.add(slot(each, any));
    return [];
  }
  done.add(slot(side, way)).add(slot(other, back));
  if (way === 'outbound' || side.policy.model.direction !== 'both') reportDifferences(side, other);
  const { secret } = side.policy;
  if (secret === null) return [];
  return way === 'outbound'
    ? sasBetween(paths, side, other, secret, nextSpi)
    : sasBetween(paths, other, side, secret, nextSpi);
}

function sidesOf(policy: Policy): Side[] {
  const { action } = policy.model;
  if (action.kind !== 'protect') return [];
  return action.transforms.map((transform, index) => ({ policy, action, transform, index }));
}

/** One for each pair of ends; and of a `unique` policy, for each flow. */
function sasBetween(paths: NatPaths, from: Side, to: Side, secret: string, nextSpi: NextSpi): ManualSa[] {
  const { protocol, mode, suites, esn } = from.transform;
  const [suite] = suites;
  if (suite === undefined) return [];
  const flows = from.action.sharing === 'unique' ? mirrorFlows(from.policy.model) : [null];
  return from.transform.ends.flatMap((ends, index) => {
    const theirs = to.transform.ends.length === from.transform.ends.length ? mirroredEnds(from, to, ends, index) : null;
    if (theirs === null) return [];
    return flows
      .filter(flow => flow === null || mode === 'tunnel' || isUniqueFlow(flow.here, ends))
      .map(flow => ({
        protocol,
        mode,
        suite,
        esn,
        from: saEnd(paths, from, ends.local, ends.remote, to.policy.node, flow?.here ?? null),
        to: saEnd(paths, to, theirs.remote, theirs.local, from.policy.node, flow?.there ?? null),
        spi: nextSpi(),
        secret,
      }));
  });
}

/** The other side's own view of these ends: by its place in the lists where both name single addresses in another order. */
function mirroredEnds(from: Side, to: Side, ends: SaEnds, index: number): SaEnds | null {
  const exact = to.transform.ends.find(({ local, remote }) => local === ends.remote && remote === ends.local);
  if (exact !== undefined) return exact;
  return from.transform.ends.length === 1 ? (to.transform.ends[index] ?? null) : null;
}

function saEnd(
  paths: NatPaths,
  { policy, transform, index }: Side,
  source: string,
  destination: string,
  peer: string,
  selector: ManualSaEnd['selector'],
): ManualSaEnd {
  const { requestId, windowPackets, lifetime, trafficFlow, encapsulation, outer } = transform;
  return {
    node: policy.node,
    policy: policy.model.name,
    transform: index,
    requestId,
    source,
    destination,
    selector,
    windowPackets,
    lifetime,
    trafficFlow,
    encapsulation:
      encapsulation === null ? null : { ...encapsulation, followsPeer: natBefore(paths, peer, policy.node) !== null },
    outer,
  };
}

/** Whether `other` asks for the same kind of SA back to the node of `side`. */
function isTowards(side: Side, other: Side): boolean {
  const { transform, policy } = side;
  const isBack = other.transform.peer === policy.node && other.transform.mode === transform.mode;
  const isSameTunnel = (other.policy.tunnel?.name ?? null) === (policy.tunnel?.peerTunnel ?? null);
  return isBack && isSameTunnel && other.transform.protocol === transform.protocol;
}

/** Whether both select the same packets, each from its own side. In transport mode a NAT changes what one of them sees. */
function isMirror(paths: NatPaths, { policy: a, transform }: Side, { policy: b }: Side): boolean {
  const seen = (side: TopologyPolicy['local'], node: string, viewer: string) => {
    const address = transform.mode === 'transport' ? natAddress(paths, node, viewer) : null;
    return address === null || side === 'any' ? side : side.map(() => `${address}/32`);
  };
  return (
    same(seen(a.model.local, a.node, b.node), b.model.remote) &&
    same(a.model.remote, seen(b.model.local, b.node, a.node)) &&
    same(a.model.localPort, b.model.remotePort) &&
    same(a.model.remotePort, b.model.localPort) &&
    same(a.model.icmp, b.model.icmp) &&
    a.model.protocol === b.model.protocol
  );
}

const same = (one: unknown, two: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(two));
const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(item => JSON.stringify(item)).toSorted() : value;

function reportAlone(scope: Scope, paths: NatPaths, side: Side, near: Side | null, theirs: readonly Side[]): void {
  const { policy, transform } = side;
  const peer = transform.peer === null ? undefined : scope.nodes.get(transform.peer);
  if (peer?.text?.complete !== true) return;
  const { model, tunnel } = policy;
  const own = `policy ${quoted(model.name)} of ${policy.node}`;
  const parts = [
    ...(tunnel === null ? [] : [`tunnel: ${tunnel.peerTunnel}`]),
    ...(model.direction === 'both' ? [] : [`direction: ${model.direction === 'inbound' ? 'out' : 'in'}`]),
    ...shownAddresses('local', model.remote),
    ...shownAddresses('remote', model.local),
    ...(model.protocol === 'any' ? [] : [`proto: ${model.protocol}`]),
    ...shownNumbers('local-port', model.remotePort),
    ...shownNumbers('remote-port', model.localPort),
  ];
  if (near !== null) {
    const message = `policy ${quoted(near.policy.model.name)} of ${near.policy.node} is not the mirror of ${own}`;
    near.policy.complain(message, `select the same packets at both ends: { ${parts.join(', ')}, … }`);
    return;
  }
  const twin = theirs.find(other => other.transform.peer === policy.node && isMirror(paths, side, other));
  if (twin !== undefined) {
    const message = `policy ${quoted(twin.policy.model.name)} of ${peer.name} protects by ${shape(twin)}, and ${own} by ${shape(side)}`;
    twin.policy.complain(message, 'ask for the same SAs at both ends');
    return;
  }
  const mode = tunnel === null ? `mode: ${transform.mode}, peer: ${policy.node}, ` : '';
  const protect = `protect: { ${mode}${transform.protocol}: [${transform.suites.join(', ')}], key: … }`;
  const fix = `add to the policy of ${peer.name}: { ${[...parts, protect].join(', ')} }`;
  policy.complain(`${own} has no counterpart on ${peer.name}`, fix);
}

/** `AH in transport mode around ESP in tunnel mode`. */
const shape = ({ action }: Side): string =>
  action.transforms
    .map(({ protocol, mode }) => `${protocol.toUpperCase()} in ${mode} mode`)
    .toReversed()
    .join(' around ');

function reportDifferences(
  { policy: a, action, transform: one }: Side,
  { policy: b, action: other, transform: two }: Side,
): void {
  const ends = `policy ${quoted(b.model.name)} of ${b.node}`;
  const first = `${quoted(a.model.name)} of ${a.node}`;
  const what = one.protocol === 'esp' ? 'ESP suite' : 'AH algorithm';
  if (one.suites[0] !== two.suites[0]) {
    const message = `${ends} begins with ${what} ${two.suites[0]}, and ${first} with ${one.suites[0]}`;
    b.complain(message, 'put the same suite first at both ends: nothing is negotiated with keys from the file');
  }
  if (one.esn !== two.esn) {
    b.complain(`${ends} has esn: ${two.esn}, and ${first} has esn: ${one.esn}`, 'say the same at both ends');
  }
  if (action.sharing !== other.sharing) {
    b.complain(`${ends} has sa: ${other.sharing}, and ${first} has sa: ${action.sharing}`, 'say the same at both ends');
  }
  if (a.secret !== null && b.secret !== null && a.secret !== b.secret) {
    b.complain(`${ends} and ${first} have different keys`, 'use the same secret at both ends');
  } else if ((a.secret === null) !== (b.secret === null) && a.origin === 'topology' && b.origin === 'topology') {
    b.complain(`of ${ends} and ${first} one has a key and the other has none`, 'give both the same, or neither');
  }
  reportPorts(a, b, one, two);
}

function reportPorts(a: Policy, b: Policy, one: TopologyTransform, two: TopologyTransform): void {
  const [there, back] = [one.encapsulation, two.encapsulation];
  const ends = `policy ${quoted(b.model.name)} of ${b.node}`;
  const first = `${quoted(a.model.name)} of ${a.node}`;
  if ((there === null) !== (back === null)) {
    const [says, not] = there === null ? [ends, first] : [first, ends];
    b.complain(`${says} puts ESP in UDP, and ${not} does not`, 'say encapsulation: udp at both ends');
  } else if (there !== null && back !== null) {
    if (there.localPort === back.remotePort && there.remotePort === back.localPort) return;
    const message = `${ends} has UDP ports ${back.localPort} and ${back.remotePort}, ${first} has ${there.localPort} and ${there.remotePort}`;
    b.complain(message, 'the local port of each end is the remote port of the other');
  }
}

function shownAddresses(key: string, ranges: readonly string[] | 'any'): string[] {
  if (ranges === 'any') return [];
  const texts = ranges.map(yamlText);
  return [`${key}: ${texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`}`];
}

function shownNumbers(key: string, set: TopologyPolicy['localPort']): string[] {
  if (set === 'any') return [];
  if (set === 'opaque') return [`${key}: opaque`];
  const texts = set.map(([low, high]) => (low === high ? String(low) : `"${low}-${high}"`));
  return [`${key}: ${texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`}`];
}

function yamlText(prefix: string): string {
  return prefix.includes(':') ? `"${prefix}"` : prefix;
}
