import { type Address, addressesEqual, formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix } from '../../../engine/wire/prefix.ts';
import { quoted, type Place } from '../../../engine/config/diagnostic.ts';
import type { RangeText } from '../address-scalars.ts';
import type { PolicyText } from '../policy-description.ts';
import type { SaEnds } from '../model.ts';
import type { Items, Located } from '../shape.ts';
import { type NatPaths, seenFrom } from './nat-path.ts';
import { peerText } from './ike-peers.ts';
import { facingAddress, isFacing } from './outer-end.ts';
import { addressesOf, familyName, findNode, isFullyRead, type NodeScope, type Scope, shownAddresses } from './scope.ts';
import type { Tunnel } from './tunnels.ts';

/** Between whom the SAs of a transform are. */
export interface TransformEnds {
  readonly mode: 'tunnel' | 'transport';
  /** null: whoever proves to be of `group`. */
  readonly peer: string | null;
  readonly group?: string;
  readonly ends: readonly SaEnds[];
}

/** What the ends of an SA depend on. */
export interface EndsText {
  readonly mode: Located<'tunnel' | 'transport'> | null;
  readonly peer: Located<string> | null;
  readonly place: Place;
}

/** In transport mode there is an SA for each two addresses, and nobody wants to count more of them. */
const PAIRS_MAX = 64;

/** Of a policy on a tunnel: the tunnel's own. */
export function tunnelEnds(
  scope: Scope,
  node: NodeScope,
  name: Located<string>,
  text: EndsText,
  tunnel: Tunnel | null,
): TransformEnds | null {
  const { report } = scope;
  if (text.mode?.value === 'transport') {
    report.error(
      text.mode.place,
      `what passes the tunnel ${name.value} is protected in tunnel mode`,
      'remove mode, or remove tunnel and give local and remote',
    );
  }
  const remote = node.tunnels.get(name.value)?.text?.remote.value;
  if (text.peer !== null && remote !== undefined && remote !== text.peer.value) {
    report.error(
      text.peer.place,
      `the tunnel ${name.value} leads to ${remote}, not to ${quoted(text.peer.value)}`,
      'remove peer: the tunnel says it',
    );
  }
  if (tunnel === null) return null;
  const ends = { local: formatAddress(tunnel.local), remote: formatAddress(tunnel.remote) };
  return { mode: 'tunnel', peer: tunnel.peer, ends: [ends] };
}

/** Of a policy without a tunnel: between two nodes. */
export function nodeEnds(
  scope: Scope,
  node: NodeScope,
  policy: PolicyText,
  text: EndsText,
  paths: NatPaths,
): TransformEnds | null {
  const { report } = scope;
  if (text.mode === null) {
    report.error(
      text.place,
      'a policy without a tunnel must say its mode',
      'add mode: transport (between the two addresses) or mode: tunnel',
    );
  }
  if (text.peer === null) {
    report.error(
      text.place,
      'a policy without a tunnel must say who is at the other end',
      'add peer: with the name of the node',
    );
    return null;
  }
  if (!scope.nodes.has(text.peer.value) && peerText(node, text.peer.value) !== null) {
    return groupEnds(scope, text.peer, text.mode);
  }
  const peer = findNode(scope, text.peer, 'a policy');
  if (peer?.name === node.name) {
    report.error(text.peer.place, `${node.name} is its own peer`, 'name the node at the other end');
    return null;
  }
  if (peer === null || text.mode === null) return null;
  return text.mode.value === 'transport'
    ? transportEnds(scope, node, peer, policy, paths)
    : outerEnds(scope, node, peer, text.mode.place, paths);
}

/** With peers that are known by their identity alone. */
function groupEnds({ report }: Scope, { value }: Located<string>, mode: EndsText['mode']): TransformEnds | null {
  if (mode?.value === 'transport') {
    const message = `transport mode is between two addresses, and nobody knows where ${value} is`;
    report.error(mode.place, message, 'use mode: tunnel');
    return null;
  }
  return { mode: 'tunnel', peer: null, group: value, ends: [] };
}

function transportEnds(
  scope: Scope,
  node: NodeScope,
  peer: NodeScope,
  text: PolicyText,
  paths: NatPaths,
): TransformEnds | null {
  if (text.local === null || text.remote === null) {
    if (!text.complete) return null;
    const missing = text.local === null ? 'local' : 'remote';
    const owner = text.local === null ? node : peer;
    const fix = `add ${missing}: with an address of ${owner.name}: ${shownAddresses(owner)}`;
    scope.report.error(text.place, `transport mode is between two addresses, and "${missing}" is not there`, fix);
    return null;
  }
  const locals = ownAddresses(scope, node, text.local, address => address);
  const remotes = ownAddresses(scope, peer, text.remote, address => seenFrom(paths, peer, address, node.name));
  if (locals === null || remotes === null) return null;
  const ends = locals.flatMap(local =>
    remotes.map(remote => ({ local: formatAddress(local), remote: formatAddress(remote) })),
  );
  if (ends.length > PAIRS_MAX) {
    const message = `between the addresses of the policy there are ${ends.length} pairs, each with SAs of its own`;
    scope.report.error(text.place, message, `select at most ${PAIRS_MAX} pairs`);
  }
  return { mode: 'transport', peer: peer.name, ends };
}

/** The addresses that the list names, which must be the node's own, as others see them. */
function ownAddresses(
  scope: Scope,
  node: NodeScope,
  ranges: Items<Located<RangeText>>,
  seen: (address: Address) => Address,
): Address[] | null {
  const own = [...node.interfaces.values()].flatMap(iface => iface.addresses.map(({ value }) => value.address));
  const found = ranges.items.map(range => ownAddress(scope, node, range, own.map(seen)));
  const addresses = found.filter(address => address !== null);
  return addresses.length === found.length && ranges.complete ? addresses : null;
}

function ownAddress(
  scope: Scope,
  node: NodeScope,
  { value, place }: Located<RangeText>,
  own: readonly Address[],
): Address | null {
  const isOne = addressesEqual(value.low, value.high);
  if (isOne && own.some(address => addressesEqual(address, value.low))) return value.low;
  if (!isFullyRead(node)) return null;
  const what = value.prefix === null ? 'a range' : 'a network';
  const message = isOne
    ? `${formatAddress(value.low)} is not an address of ${node.name}`
    : `${value.prefix === null ? value.text : formatPrefix(value.prefix)} is ${what}, and transport mode is between two addresses`;
  const shown = own.slice(0, 4).map(formatAddress).join(', ');
  scope.report.error(
    place,
    message,
    shown === '' ? `give ${node.name} an address` : `use one of ${node.name}'s own: ${shown}`,
  );
  return null;
}

/** Tunnel mode without a tunnel interface: between the addresses of the two nodes that face the world. */
function outerEnds(
  scope: Scope,
  node: NodeScope,
  peer: NodeScope,
  place: Place,
  paths: NatPaths,
): TransformEnds | null {
  const possible = ([4, 6] as const).flatMap(family => {
    const local = facingAddress(node, family, peer.name, scope);
    const remote = facingAddress(peer, family, node.name, scope);
    return local === null || remote === null ? [] : [{ local, remote }];
  });
  // IPv4 may be what they have behind them alone.
  const chosen =
    possible.find(
      ({ local, remote }) => isFacing(scope, node, local, peer.name) && isFacing(scope, peer, remote, node.name),
    ) ?? possible[0];
  if (chosen !== undefined) {
    const seen = formatAddress(seenFrom(paths, peer, chosen.remote.address, node.name));
    return { mode: 'tunnel', peer: peer.name, ends: [{ local: formatAddress(chosen.local.address), remote: seen }] };
  }
  if (isFullyRead(node) && isFullyRead(peer)) {
    const mine = ([4, 6] as const).filter(family => addressesOf(node, family).length > 0).map(familyName);
    const fix = `give ${peer.name} an ${mine[0] ?? 'IPv4'} address`;
    scope.report.error(
      place,
      `${node.name} and ${peer.name} have no address family in common for the outer header`,
      fix,
    );
  }
  return null;
}
