import { parsePrefix, prefixContains } from '../../../engine/wire/prefix.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import type { TopologyPolicy } from '../model.ts';
import type { Policy } from './policies.ts';
import type { Scope } from './scope.ts';

/** The first match decides (RFC 4301 §4.4.1): a policy behind one that matches all of its packets is a mistake. */
export function reportShadowed(policies: readonly Policy[], scope: Scope): void {
  for (const [index, { model, place }] of policies.entries()) {
    const before = policies.slice(0, index).find(other => covers(other.model, model));
    if (before === undefined) continue;
    const message = `policy ${quoted(model.name)} is never reached: ${quoted(before.model.name)} matches the same packets first`;
    scope.report.error(place, message, 'move it up, remove it, or change its selectors');
  }
}

function covers(a: TopologyPolicy, b: TopologyPolicy): boolean {
  const arePorts = isPart(a.localPort, b.localPort) && isPart(a.remotePort, b.remotePort);
  const arePrefixes = coversPrefix(a.local, b.local) && coversPrefix(a.remote, b.remote);
  return a.tunnel === b.tunnel && arePrefixes && arePorts && isPart(a.protocol, b.protocol);
}

function isPart(wide: number | 'any', narrow: number | 'any'): boolean {
  return wide === 'any' || wide === narrow;
}

function coversPrefix(a: string, b: string): boolean {
  const wide = parsePrefix(a);
  const narrow = parsePrefix(b);
  if (wide === null || narrow === null) return wide === null; // null: any
  return wide.length <= narrow.length && prefixContains(wide, narrow.address);
}
