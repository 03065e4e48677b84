import type { FaultText } from '../description.ts';
import type { Located } from '../shape.ts';
import type { FaultAction, ScheduledFault } from '../model.ts';
import { resolveImpairments } from './links.ts';
import { hasEngine } from './node-options.ts';
import { findNode, hasLink, type Scope } from './scope.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean, oneOf } from '../../../engine/config/suggest.ts';
import { formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, prefixContains } from '../../../engine/wire/prefix.ts';

/** In order of time; of two at the same instant the one that the file names first. */
export function resolveFaults(scope: Scope): ScheduledFault[] {
  const faults: ScheduledFault[] = [];
  for (const text of scope.text.faults?.items ?? []) {
    const action = resolveAction(scope, text);
    if (action !== null) faults.push({ atNs: text.at.value, action });
  }
  return faults.sort((a, b) => a.atNs - b.atNs);
}

function resolveAction(scope: Scope, text: FaultText): FaultAction | null {
  const link = text.down ?? text.up ?? text.heal;
  if (link !== null) {
    if (!hasLink(scope, link, 'a fault')) return null;
    return { kind: text.down !== null ? 'linkDown' : text.up !== null ? 'linkUp' : 'heal', link: link.value };
  }
  const node = text.crash ?? text.restart;
  if (node !== null) {
    if (findNode(scope, node, 'a fault') === null) return null;
    return { kind: text.crash !== null ? 'crash' : 'restart', node: node.value };
  }
  const still = text.pause ?? text.resume;
  if (still !== null) return resolvePause(scope, still, text.pause !== null ? 'pause' : 'resume');
  if (text.impair !== null) {
    const { link: which, to } = text.impair;
    if (!hasLink(scope, which, 'impair')) return null;
    return { kind: 'impair', link: which.value, impairments: resolveImpairments(to, scope.report) };
  }
  if (text.rebind !== null) return resolveRebind(scope, text.rebind);
  if (text.partition !== null) return resolvePartition(scope, text.partition);
  if (text.move !== null) return resolveMove(scope, text.move);
  if (text.skew === null || findNode(scope, text.skew.node, 'skew') === null) return null;
  return { kind: 'clockSkew', node: text.skew.node.value, byNs: text.skew.by.value };
}

/** A plain stack is the machine's kernel where there is one: it cannot stand still. */
function resolvePause(scope: Scope, reference: Located<string>, kind: 'pause' | 'resume'): FaultAction | null {
  const node = findNode(scope, reference, kind);
  if (node === null) return null;
  if (!hasEngine(node) && node.text?.kind.value !== 'peer') {
    const message = `${node.name} runs no gateway that could ${kind}`;
    scope.report.error(reference.place, message, 'cut its links, or name a node that runs the engine');
    return null;
  }
  return { kind, node: node.name };
}

function resolveRebind(scope: Scope, reference: Located<string>): FaultAction | null {
  const node = findNode(scope, reference, 'rebind');
  if (node === null) return null;
  const kind = node.text?.kind.value;
  if (kind !== undefined && kind !== 'nat') {
    const nats = [...scope.nodes.values()].filter(other => other.text?.kind.value === 'nat').map(({ name }) => name);
    const fix = nats.length === 0 ? 'add a node of kind nat' : `name ${oneOf(nats)}`;
    scope.report.error(reference.place, `${node.name} is a ${kind}, and has no mappings to forget`, fix);
    return null;
  }
  return { kind: 'rebind', node: node.name };
}

function resolveMove(scope: Scope, text: NonNullable<FaultText['move']>): FaultAction | null {
  const node = findNode(scope, text.node, 'move');
  if (node === null) return null;
  const iface = node.interfaces.get(text.interface.value);
  if (iface === undefined) {
    const message = `${node.name} has no interface ${quoted(text.interface.value)}`;
    const fix = didYouMean(text.interface.value, [...node.interfaces.keys()], `declare it under ${node.name}`);
    scope.report.error(text.interface.place, message, fix);
    return null;
  }
  if (text.addresses === null && text.complete) {
    scope.report.error(text.place, 'move needs "addresses"', 'add addresses: those that the interface has from now on');
    return null;
  }
  const prefixes = (text.addresses?.items ?? []).map(({ value }) => value);
  if (
    text.gateway !== null &&
    !prefixes.some(prefix => prefixContains(networkOf(prefix), text.gateway?.value ?? NOWHERE))
  ) {
    const message = `${formatAddress(text.gateway.value)} is on no network of the new addresses`;
    scope.report.error(text.gateway.place, message, 'name a router on the same network');
    return null;
  }
  return {
    kind: 'move',
    node: node.name,
    interface: iface.name,
    addresses: prefixes.map(formatPrefix),
    gateway: text.gateway === null ? null : formatAddress(text.gateway.value),
  };
}

const NOWHERE = new Uint8Array(4);

function resolvePartition(scope: Scope, text: NonNullable<FaultText['partition']>): FaultAction | null {
  const node = findNode(scope, text.from, 'partition');
  if (!hasLink(scope, text.link, 'partition') || node === null) return null;
  const link = scope.links.get(text.link.value);
  if (link?.complete !== true) return null;
  const ends = link.endpoints.items.map(({ value }) => value.node);
  if (!ends.includes(node.name)) {
    const message = `link "${text.link.value}" has no end at ${node.name}`;
    scope.report.error(text.from.place, message, `frames come from ${oneOf(ends)}`);
    return null;
  }
  return { kind: 'partition', link: text.link.value, from: node.name };
}
