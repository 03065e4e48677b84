import {
  addressVersion,
  type Address,
  formatAddress,
  isLinkLocal,
  parseAddress,
} from '../../../engine/wire/address.ts';
import type { Prefix } from '../../../engine/wire/prefix.ts';
import type { InterfaceText, LinkText, NodeText, TopologyText, TunnelText } from '../description.ts';
import { type Place, quoted, type Report } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';

/**
 * The parts of a file by name, for the steps that resolve references. A part that could not be read keeps its name and has
 * no text: references to it are right, and nothing more can be said about it.
 */
export interface Scope {
  readonly report: Report;
  readonly text: TopologyText;
  readonly nodes: ReadonlyMap<string, NodeScope>;
  readonly links: ReadonlyMap<string, LinkText | null>;
}

export interface NodeScope {
  readonly name: string;
  readonly place: Place;
  readonly text: NodeText | null;
  readonly interfaces: ReadonlyMap<string, InterfaceScope>;
  readonly tunnels: ReadonlyMap<string, TunnelScope>;
}

export interface InterfaceScope {
  readonly node: string;
  readonly name: string;
  readonly place: Place;
  readonly text: InterfaceText | null;
  readonly addresses: readonly Located<Prefix>[];
}

export interface TunnelScope {
  readonly node: string;
  readonly name: string;
  readonly place: Place;
  readonly text: TunnelText | null;
  /** Of the outer header. */
  readonly family: 4 | 6;
}

export function scopeOf(text: TopologyText, report: Report): Scope {
  const nodes = new Map<string, NodeScope>();
  for (const { name, place, value } of text.nodes.entries) {
    nodes.set(name, nodeScope(name, place, value ?? null));
  }
  const links = new Map<string, LinkText | null>();
  for (const { name, value } of text.links?.entries ?? []) links.set(name, value ?? null);
  return { report, text, nodes, links };
}

/** The node of that name, or null after a diagnostic. */
export function findNode(scope: Scope, reference: Located<string>, asker: string): NodeScope | null {
  const node = scope.nodes.get(reference.value);
  if (node !== undefined) return node;
  const names = [...scope.nodes.keys()];
  const fix = didYouMean(reference.value, names, 'declare it under nodes');
  scope.report.error(reference.place, `${asker} names ${quoted(reference.value)}, which is not a node`, fix);
  return null;
}

/** Whether a link of that name exists; a diagnostic if not. */
export function hasLink(scope: Scope, reference: Located<string>, asker: string): boolean {
  if (scope.links.has(reference.value)) return true;
  const fix = didYouMean(reference.value, [...scope.links.keys()], 'declare it under links');
  scope.report.error(reference.place, `${asker} names ${quoted(reference.value)}, which is not a link`, fix);
  return false;
}

/** All global addresses of a family on a node, in the file's order. */
export function addressesOf(node: NodeScope, family: 4 | 6): Address[] {
  const all = [...node.interfaces.values()].flatMap(iface => iface.addresses.map(({ value }) => value.address));
  return all.filter(address => addressVersion(address) === family && !isLinkLocal(address));
}

/** Whether everything that the file says about the node's interfaces was readable: only then is something missing. */
export function isFullyRead(node: NodeScope): boolean {
  return node.text !== null && [...node.interfaces.values()].every(iface => iface.text?.complete === true);
}

/** Whether it has an IKE daemon, by `ike` or by a file of another system. */
export function negotiates({ text }: NodeScope): boolean {
  const files = text?.files ?? null;
  return [text?.ike, files?.['swanctl.conf'], files?.['ike/config'], files?.['racoon.conf']].some(
    each => (each ?? null) !== null,
  );
}

export function endName(end: { readonly node: string; readonly interface: string }): string {
  return `${end.node}:${end.interface}`;
}

export function familyName(family: 4 | 6): string {
  return family === 4 ? 'IPv4' : 'IPv6';
}

/** Where a check says "a node, or an address". */
export function asAddress(reference: Located<string>): Address | null {
  return parseAddress(reference.value);
}

export function shownAddresses(node: NodeScope): string {
  const all = [...addressesOf(node, 4), ...addressesOf(node, 6)].map(formatAddress);
  return all.slice(0, 4).join(', ');
}

function nodeScope(name: string, place: Place, text: NodeText | null): NodeScope {
  const interfaces = new Map<string, InterfaceScope>();
  for (const entry of text?.interfaces.entries ?? []) {
    const iface = entry.value ?? null;
    const addresses = iface?.addresses?.items ?? [];
    interfaces.set(entry.name, { node: name, name: entry.name, place: entry.place, text: iface, addresses });
  }
  const tunnels = new Map<string, TunnelScope>();
  for (const entry of text?.tunnels?.entries ?? []) {
    const family = entry.name.startsWith('v6') ? 6 : 4;
    tunnels.set(entry.name, { node: name, name: entry.name, place: entry.place, text: entry.value ?? null, family });
  }
  return { name, place, text, interfaces, tunnels };
}
