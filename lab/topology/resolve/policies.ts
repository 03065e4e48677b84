import { type Address, addressesEqual, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { formatPrefix, type Prefix } from '../../../engine/wire/prefix.ts';
import type { PolicyText, ProtectText } from '../description.ts';
import { quoted, type Place } from '../../../engine/config/diagnostic.ts';
import type { TopologyPolicy } from '../model.ts';
import type { Located } from '../shape.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { facingAddress } from './outer-end.ts';
import { addressesOf, familyName, findNode, isFullyRead, type NodeScope, type Scope, shownAddresses } from './scope.ts';
import { reportShadowed } from './shadowed.ts';
import { interpolate } from './secrets.ts';
import { resolveSuites } from './suites.ts';
import type { Tunnel, Tunnels } from './tunnels.ts';

/** One entry of a node's SPD with what the pairing of the two ends needs to know. */
export interface Policy {
  readonly node: string;
  readonly place: Place;
  readonly model: TopologyPolicy;
  /** null: not a PROTECT policy, or a tunnel is not named. */
  readonly tunnel: Tunnel | null;
  readonly localSelector: Prefix | null;
  readonly remoteSelector: Prefix | null;
  /** null: not a PROTECT policy, or its key was not readable. */
  readonly secret: string | null;
}

const WINDOW_PACKETS = 64;

/** By node. A policy with an error is not among them. */
export function resolvePolicies(scope: Scope, tunnels: Tunnels): ReadonlyMap<string, readonly Policy[]> {
  const all = new Map<string, readonly Policy[]>();
  for (const node of scope.nodes.values()) {
    const policies: Policy[] = [];
    const names = new Set<string>();
    const texts = node.text?.policy?.items ?? [];
    const [first] = texts;
    if (first !== undefined && node.text?.kind.value === 'router') {
      scope.report.error(
        first.place,
        `${node.name} is a router, and routers have no policies`,
        `make ${node.name} kind: gateway`,
      );
    }
    for (const [index, text] of texts.entries()) {
      const name = policyName(scope, node, text, index, names);
      const before = scope.report.count;
      const policy = resolvePolicy(scope, node, text, name, tunnels);
      if (policy !== null && scope.report.count === before) policies.push(policy);
    }
    reportShadowed(policies, scope);
    all.set(node.name, policies);
  }
  return all;
}

function policyName(scope: Scope, node: NodeScope, text: PolicyText, index: number, names: Set<string>): string {
  const base = text.name?.value ?? text.tunnel?.value ?? `policy${index + 1}`;
  let name = base;
  for (let copy = 2; names.has(name); copy += 1) name = `${base}-${copy}`;
  if (text.name !== null && name !== base) {
    scope.report.error(text.name.place, `${node.name} has a policy ${quoted(base)} already`, `call it ${name}`);
  }
  names.add(name);
  return name;
}

function resolvePolicy(scope: Scope, node: NodeScope, text: PolicyText, name: string, tunnels: Tunnels): Policy | null {
  const { report } = scope;
  if (text.tunnel !== null && !node.tunnels.has(text.tunnel.value)) {
    const message = `${node.name} has no tunnel ${quoted(text.tunnel.value)}`;
    const fix = didYouMean(text.tunnel.value, [...node.tunnels.keys()], `declare it under the tunnels of ${node.name}`);
    report.error(text.tunnel.place, message, fix);
  }
  const tunnel = text.tunnel === null ? null : (tunnels.get(node.name)?.get(text.tunnel.value) ?? null);
  const selectors = resolveSelectors(scope, text);
  const protect = text.protect === null ? null : resolveProtect(scope, node, text, text.protect, tunnel);
  if (!text.complete || (text.tunnel !== null && tunnel === null)) return null;
  const action =
    text.bypass !== null
      ? ({ kind: 'bypass' } as const)
      : text.discard !== null
        ? ({ kind: 'discard' } as const)
        : protect?.action;
  if (action === undefined) return null;
  return {
    node: node.name,
    place: text.place,
    model: { name, tunnel: tunnel?.name ?? null, ...selectors, action },
    tunnel,
    localSelector: text.local?.value ?? null,
    remoteSelector: text.remote?.value ?? null,
    secret: protect?.secret ?? null,
  };
}

type Selectors = Pick<TopologyPolicy, 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort'>;

function resolveSelectors(scope: Scope, text: PolicyText): Selectors {
  const { local, remote, proto } = text;
  if (local !== null && remote !== null && local.value.address.length !== remote.value.address.length) {
    scope.report.error(remote.place, 'local and remote are of different families', 'write one policy for each family');
  }
  const port = text['local-port'] ?? text['remote-port'];
  if (port !== null && proto?.value !== IpProtocol.TCP && proto?.value !== IpProtocol.UDP) {
    scope.report.error(port.place, 'ports belong to TCP and UDP', 'add proto: tcp or proto: udp');
  }
  return {
    local: local === null ? 'any' : formatPrefix(local.value),
    remote: remote === null ? 'any' : formatPrefix(remote.value),
    protocol: protocolNumber(proto?.value ?? 'any', (local ?? remote)?.value.address ?? null),
    localPort: text['local-port']?.value ?? 'any',
    remotePort: text['remote-port']?.value ?? 'any',
  };
}

/** ICMP is another protocol in each family. */
export function protocolNumber(protocol: number | 'any' | 'icmp', like: Address | null): number | 'any' {
  if (protocol !== 'icmp') return protocol;
  return like !== null && addressVersion(like) === 6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP;
}

type ProtectAction = Extract<TopologyPolicy['action'], { kind: 'protect' }>;

function resolveProtect(
  scope: Scope,
  node: NodeScope,
  text: PolicyText,
  protect: ProtectText,
  tunnel: Tunnel | null,
): { action: ProtectAction; secret: string | null } | null {
  const esp = resolveSuites(protect.esp, scope.report);
  const secret = interpolate(scope, protect.key);
  const ends =
    text.tunnel === null ? nodeEnds(scope, node, text, protect) : tunnelEnds(scope, node, text.tunnel, protect, tunnel);
  if (ends === null || esp.length === 0) return null;
  const esn = protect.esn?.value ?? false;
  const windowPackets = protect.window?.value ?? WINDOW_PACKETS;
  if (windowPackets > 0 && windowPackets < 32 && protect.window !== null) {
    scope.report.error(
      protect.window.place,
      `an anti-replay window of ${windowPackets} packets is too small`,
      'use 32 or more (RFC 4303 §3.4.3), or 0 to turn the check off',
    );
  }
  return { action: { kind: 'protect', ...ends, esp, esn, windowPackets }, secret };
}

type Ends = Pick<ProtectAction, 'mode' | 'peer' | 'local' | 'remote'>;

function tunnelEnds(
  scope: Scope,
  node: NodeScope,
  name: Located<string>,
  protect: ProtectText,
  tunnel: Tunnel | null,
): Ends | null {
  const { report } = scope;
  if (protect.mode?.value === 'transport') {
    report.error(
      protect.mode.place,
      `what passes the tunnel ${name.value} is protected in tunnel mode`,
      'remove mode, or remove tunnel and give local and remote',
    );
  }
  const remote = node.tunnels.get(name.value)?.text?.remote.value;
  if (protect.peer !== null && remote !== undefined && remote !== protect.peer.value) {
    report.error(
      protect.peer.place,
      `the tunnel ${name.value} leads to ${remote}, not to ${quoted(protect.peer.value)}`,
      'remove peer: the tunnel says it',
    );
  }
  if (tunnel === null) return null;
  return {
    mode: 'tunnel',
    peer: tunnel.peer,
    local: formatAddress(tunnel.local),
    remote: formatAddress(tunnel.remote),
  };
}

function nodeEnds(scope: Scope, node: NodeScope, text: PolicyText, protect: ProtectText): Ends | null {
  const { report } = scope;
  if (protect.mode === null) {
    report.error(
      protect.place,
      'a policy without a tunnel must say its mode',
      'add mode: transport (between the two addresses) or mode: tunnel',
    );
  }
  if (protect.peer === null) {
    report.error(
      protect.place,
      'a policy without a tunnel must say who is at the other end',
      'add peer: with the name of the node',
    );
    return null;
  }
  const peer = findNode(scope, protect.peer, 'a policy');
  if (peer?.name === node.name) {
    report.error(protect.peer.place, `${node.name} is its own peer`, 'name the node at the other end');
    return null;
  }
  if (peer === null || protect.mode === null) return null;
  return protect.mode.value === 'transport'
    ? transportEnds(scope, node, peer, text)
    : outerEnds(scope, node, peer, protect.mode.place);
}

function transportEnds(scope: Scope, node: NodeScope, peer: NodeScope, text: PolicyText): Ends | null {
  if (text.local === null || text.remote === null) {
    if (!text.complete) return null;
    const missing = text.local === null ? 'local' : 'remote';
    const owner = text.local === null ? node : peer;
    const fix = `add ${missing}: with an address of ${owner.name}: ${shownAddresses(owner)}`;
    scope.report.error(text.place, `transport mode is between two addresses, and "${missing}" is not there`, fix);
    return null;
  }
  const local = ownAddress(scope, node, text.local);
  const remote = ownAddress(scope, peer, text.remote);
  if (local === null || remote === null) return null;
  return { mode: 'transport', peer: peer.name, local: formatAddress(local), remote: formatAddress(remote) };
}

function ownAddress(scope: Scope, node: NodeScope, prefix: Located<Prefix>): Address | null {
  const { address, length } = prefix.value;
  const isOne = length === address.length * 8;
  const isOwn = [...node.interfaces.values()].some(iface =>
    iface.addresses.some(({ value }) => addressesEqual(value.address, address)),
  );
  if (isOne && isOwn) return address;
  if (!isFullyRead(node)) return null;
  const message = isOne
    ? `${formatAddress(address)} is not an address of ${node.name}`
    : `${formatPrefix(prefix.value)} is a network, and transport mode is between two addresses`;
  const own = shownAddresses(node);
  scope.report.error(
    prefix.place,
    message,
    own === '' ? `give ${node.name} an address` : `use one of ${node.name}'s own: ${own}`,
  );
  return null;
}

/** Tunnel mode without a tunnel interface: between the addresses of the two nodes that face the world. */
function outerEnds(scope: Scope, node: NodeScope, peer: NodeScope, place: Place): Ends | null {
  for (const family of [4, 6] as const) {
    const local = facingAddress(node, family, peer.name, scope);
    const remote = facingAddress(peer, family, node.name, scope);
    if (local === null || remote === null) continue;
    return {
      mode: 'tunnel',
      peer: peer.name,
      local: formatAddress(local.address),
      remote: formatAddress(remote.address),
    };
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
