import { quoted } from '../../../engine/config/diagnostic.ts';
import type { ManualSaPair, TopologyPolicy } from '../model.ts';
import type { Policy } from './policies.ts';
import type { Scope } from './scope.ts';

/** The first SPI; RFC 4303 §2.1 reserves 1 to 255. Even ones lead from the first node to the second. */
const SPI_FIRST = 0x1000;

type Protect = Extract<TopologyPolicy['action'], { kind: 'protect' }>;

/**
 * Joins the PROTECT policies of the two ends into SA pairs. Both ends must say the same, mirrored: with keys from the file
 * nothing is negotiated.
 */
export function pairSas(scope: Scope, policies: ReadonlyMap<string, readonly Policy[]>): ManualSaPair[] {
  const pairs: ManualSaPair[] = [];
  const done = new Set<Policy>();
  for (const policy of [...policies.values()].flat()) {
    const { action } = policy.model;
    if (action.kind !== 'protect' || done.has(policy)) continue;
    const candidates = (policies.get(action.peer) ?? []).filter(
      other => !done.has(other) && isTowards(policy, action, other),
    );
    const other = candidates.find(candidate => isMirror(policy.model, candidate.model));
    if (other === undefined) {
      reportAlone(scope, policy, action, candidates[0] ?? null);
      for (const candidate of candidates.slice(0, 1)) done.add(candidate);
      continue;
    }
    done.add(other);
    reportDifferences(scope, policy, other);
    if (policy.secret === null) continue;
    const spi = SPI_FIRST + 2 * pairs.length;
    pairs.push({
      nodes: [policy.node, other.node],
      policies: [policy.model.name, other.model.name],
      spis: [spi, spi + 1],
      secret: policy.secret,
    });
  }
  return pairs;
}

/** Whether `other` protects, in the same mode and tunnel, what goes back to the node of `policy`. */
function isTowards(policy: Policy, action: Protect, other: Policy): boolean {
  const back = other.model.action;
  const isBack = back.kind === 'protect' && back.peer === policy.node && back.mode === action.mode;
  return isBack && (other.tunnel?.name ?? null) === (policy.tunnel?.peerTunnel ?? null);
}

function isMirror(a: TopologyPolicy, b: TopologyPolicy): boolean {
  const arePrefixes = a.local === b.remote && a.remote === b.local;
  return arePrefixes && a.localPort === b.remotePort && a.remotePort === b.localPort && a.protocol === b.protocol;
}

function reportAlone(scope: Scope, policy: Policy, action: Protect, near: Policy | null): void {
  const peer = scope.nodes.get(action.peer);
  if (peer?.text?.complete !== true) return;
  const { model, tunnel } = policy;
  const own = `policy ${quoted(model.name)} of ${policy.node}`;
  const parts = [
    ...(tunnel === null ? [] : [`tunnel: ${tunnel.peerTunnel}`]),
    ...(model.remote === 'any' ? [] : [`local: ${yamlText(model.remote)}`]),
    ...(model.local === 'any' ? [] : [`remote: ${yamlText(model.local)}`]),
    ...(model.protocol === 'any' ? [] : [`proto: ${model.protocol}`]),
    ...(model.remotePort === 'any' ? [] : [`local-port: ${model.remotePort}`]),
    ...(model.localPort === 'any' ? [] : [`remote-port: ${model.localPort}`]),
  ];
  if (near !== null) {
    const message = `policy ${quoted(near.model.name)} of ${near.node} is not the mirror of ${own}`;
    scope.report.error(near.place, message, `select the same packets at both ends: { ${parts.join(', ')}, … }`);
    return;
  }
  const mode = tunnel === null ? `mode: ${action.mode}, peer: ${policy.node}, ` : '';
  const protect = `protect: { ${mode}esp: [${action.esp.join(', ')}], key: … }`;
  const fix = `add to the policy of ${action.peer}: { ${[...parts, protect].join(', ')} }`;
  scope.report.error(policy.place, `${own} has no counterpart on ${action.peer}`, fix);
}

function reportDifferences(scope: Scope, a: Policy, b: Policy): void {
  const one = a.model.action;
  const two = b.model.action;
  if (one.kind !== 'protect' || two.kind !== 'protect') return;
  const ends = `policy ${quoted(b.model.name)} of ${b.node}`;
  const other = `${quoted(a.model.name)} of ${a.node}`;
  if (one.esp[0] !== two.esp[0]) {
    const message = `${ends} begins with ESP suite ${two.esp[0]}, and ${other} with ${one.esp[0]}`;
    scope.report.error(
      b.place,
      message,
      'put the same suite first at both ends: nothing is negotiated with keys from the file',
    );
  }
  if (one.esn !== two.esn) {
    const message = `${ends} has esn: ${two.esn}, and ${other} has esn: ${one.esn}`;
    scope.report.error(b.place, message, 'say the same at both ends');
  }
  if (a.secret !== null && b.secret !== null && a.secret !== b.secret) {
    scope.report.error(b.place, `${ends} and ${other} have different keys`, 'use the same secret at both ends');
  }
}

function yamlText(prefix: string): string {
  return prefix.includes(':') ? `"${prefix}"` : prefix;
}
