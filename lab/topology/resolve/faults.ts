import type { FaultText } from '../description.ts';
import type { Located } from '../shape.ts';
import type { FaultAction, ScheduledFault } from '../model.ts';
import { findNode, hasLink, type Scope } from './scope.ts';
import { oneOf } from '../../../engine/config/suggest.ts';

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
  if (text.rebind !== null) return resolveRebind(scope, text.rebind);
  if (text.partition !== null) return resolvePartition(scope, text.partition);
  if (text.skew === null || findNode(scope, text.skew.node, 'skew') === null) return null;
  return { kind: 'clockSkew', node: text.skew.node.value, byNs: text.skew.by.value };
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
