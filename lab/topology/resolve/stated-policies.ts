import { addressKey, addressVersion, formatAddress, parseAddress } from '../../../engine/wire/address.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { StatedPolicy, StatedTransform } from '../../../engine/config/policy.ts';
import { rangeContains } from '../../../engine/ipsec/selector.ts';
import { createSelector } from '../../../engine/ipsec/spd.ts';
import type { SaEnds, TopologyPolicy, TopologyTransform } from '../model.ts';
import type { Owners } from './addresses.ts';
import type { Keyings } from './keying.ts';
import type { NativeFile } from './native-files.ts';
import { type Policy, PLAIN_NEGOTIATION } from './policies.ts';
import { addressesOf, negotiates, type NodeScope, type Scope } from './scope.ts';
import type { Tunnel, Tunnels } from './tunnels.ts';

/** What ties the entries of native files to the topology. */
export interface Ties {
  readonly scope: Scope;
  readonly tunnels: Tunnels;
  readonly owners: Owners;
  readonly keyings: Keyings;
  /** The file has SAs with their keys. */
  readonly manual: boolean;
}

const WINDOW_PACKETS = 64;
/** A policy of a file may select whole networks; this many SAs of it are enough for a lab. */
const ENDS_MAX = 64;

/** The entries of one file as policies of the node; those that cannot be are reported. */
export function policiesOf(
  ties: Ties,
  node: NodeScope,
  stated: readonly StatedPolicy[],
  file: NativeFile,
  taken: ReadonlySet<string>,
): Policy[] {
  const names = new Set(taken);
  return stated.flatMap(entry => {
    let { name } = entry;
    for (let copy = 2; names.has(name); copy += 1) name = `${entry.name}-${copy}`;
    names.add(name);
    return policyOf(ties, node, { ...entry, name }, file) ?? [];
  });
}

function policyOf(ties: Ties, node: NodeScope, stated: StatedPolicy, file: NativeFile): Policy | null {
  const { name, direction, place, local, remote, protocol, localPort, remotePort, icmp = 'any' } = stated;
  const where = whereOf(ties, node, stated, file);
  if (where === undefined) return null;
  const model: TopologyPolicy = {
    name,
    tunnel: where.name,
    direction,
    local: list(local),
    remote: list(remote),
    protocol,
    localPort: range(localPort),
    remotePort: range(remotePort),
    icmp: range(icmp),
    action: actionOf(ties, node, stated, where.tunnel),
  };
  const secret = where.tunnel === null ? null : (ties.keyings.find(node.name, where.tunnel.peer)?.secret ?? null);
  return {
    node: node.name,
    complain: (message, fix) => file.complain(place, message, fix),
    model,
    tunnel: where.tunnel,
    secret,
    negotiation: isNegotiated(ties, node, model, stated) ? PLAIN_NEGOTIATION : null,
    origin: stated.isImplied ? 'implied by a native file' : 'native file',
  };
}

/** On a node with IKE: what neither a `keying` nor SAs of the file have keys for. */
function isNegotiated(
  { keyings, manual }: Ties,
  node: NodeScope,
  { action }: TopologyPolicy,
  stated: StatedPolicy,
): boolean {
  if (!negotiates(node) || stated.isImplied || manual || action.kind !== 'protect') return false;
  return !action.transforms.some(({ peer }) => peer !== null && keyings.find(node.name, peer) !== null);
}

const range = (value: number | TopologyPolicy['localPort']): TopologyPolicy['localPort'] =>
  typeof value === 'number' ? [[value, value]] : value;

function list(value: string | readonly string[]): TopologyPolicy['local'] {
  if (value === 'any') return 'any';
  return typeof value === 'string' ? [value] : value;
}

/** In which SPD the entry stands; undefined after a diagnostic. */
function whereOf(
  { tunnels }: Ties,
  node: NodeScope,
  { tunnel }: StatedPolicy,
  file: NativeFile,
): { readonly name: string | null; readonly tunnel: Tunnel | null } | undefined {
  if (tunnel === null) return { name: null, tunnel: null };
  const found = tunnels.get(node.name)?.get(tunnel.name) ?? null;
  if (found !== null) return { name: found.name, tunnel: found };
  if (node.interfaces.has(tunnel.name)) return { name: tunnel.name, tunnel: null };
  if (node.tunnels.has(tunnel.name)) return undefined; // what is wrong with the tunnel is reported where it stands
  const names = [...node.tunnels.keys()];
  const message = `${node.name} has no tunnel ${quoted(tunnel.name)}`;
  file.complain(tunnel.place, message, didYouMean(tunnel.name, names, `declare it under the tunnels of ${node.name}`));
  return undefined;
}

function actionOf(ties: Ties, node: NodeScope, stated: StatedPolicy, tunnel: Tunnel | null): TopologyPolicy['action'] {
  const { action } = stated;
  if (action.kind !== 'protect') return action;
  const transforms: TopologyTransform[] = [];
  for (const transform of action.transforms)
    transforms.push(transformOf(ties, node, stated, transform, tunnel, transforms));
  return { kind: 'protect', transforms, sharing: action.sharing };
}

function transformOf(
  ties: Ties,
  node: NodeScope,
  stated: StatedPolicy,
  transform: StatedTransform,
  tunnel: Tunnel | null,
  before: readonly TopologyTransform[],
): TopologyTransform {
  const { protocol, mode, level, requestId, suites } = transform;
  const ends = endsOf(ties, node, stated, transform, tunnel, before);
  const peers = new Set(ends.map(({ remote }) => ownerOf(ties, remote)));
  const [peer = null] = peers;
  return {
    protocol,
    mode,
    level,
    requestId,
    suites: suites ?? [],
    peer: tunnel?.peer ?? (peers.size === 1 ? peer : null),
    ends,
    esn: false,
    windowPackets: WINDOW_PACKETS,
    lifetime: { soft: {}, hard: {} },
    trafficFlow: null,
    encapsulation: null,
    outer: {},
  };
}

function endsOf(
  ties: Ties,
  node: NodeScope,
  stated: StatedPolicy,
  { mode, ends }: StatedTransform,
  tunnel: Tunnel | null,
  before: readonly TopologyTransform[],
): readonly SaEnds[] {
  if (mode === 'tunnel' && ends !== null) return [ends];
  const within = before.findLast(found => found.mode === 'tunnel');
  if (mode === 'transport' && within !== undefined) return within.ends;
  if (tunnel !== null) return [{ local: formatAddress(tunnel.local), remote: formatAddress(tunnel.remote) }];
  return mode === 'transport' ? selectedEnds(ties, node, stated) : [];
}

/** In transport mode SAs are between the addresses that the policy selects: own ones, and those of nodes with keys. */
function selectedEnds(ties: Ties, node: NodeScope, stated: StatedPolicy): SaEnds[] {
  const { local, remote } = createSelector(stated, stated.name);
  const isIn = (ranges: typeof local, address: Uint8Array) =>
    ranges === 'any' || ranges.some(range => rangeContains(range, address));
  const own = [...addressesOf(node, 4), ...addressesOf(node, 6)].filter(address => isIn(local, address));
  const negotiating = negotiates(node) ? [...ties.scope.nodes.values()].filter(negotiates) : [];
  const peers = [...ties.keyings.peersOf(node.name), ...negotiating.map(({ name }) => name)];
  const theirs = [...new Set(peers)].flatMap(name => {
    if (name === node.name) return [];
    const peer = ties.scope.nodes.get(name);
    return peer === undefined ? [] : [...addressesOf(peer, 4), ...addressesOf(peer, 6)];
  });
  return own
    .flatMap(from =>
      theirs
        .filter(to => isIn(remote, to) && addressVersion(to) === addressVersion(from))
        .map(to => ({ local: formatAddress(from), remote: formatAddress(to) })),
    )
    .slice(0, ENDS_MAX);
}

function ownerOf({ owners }: Ties, text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : (owners.get(addressKey(address))?.node ?? null);
}
