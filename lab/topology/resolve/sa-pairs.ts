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
    const other = otherEnd(policy, action, policies.get(action.peer) ?? []);
    if (other === null) {
      reportAlone(scope, policy, action);
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

function otherEnd(policy: Policy, action: Protect, candidates: readonly Policy[]): Policy | null {
  const mine = policy.model;
  const found = candidates.find(({ model, tunnel }) => {
    if (model.action.kind !== 'protect' || model.action.peer !== policy.node || model.action.mode !== action.mode)
      return false;
    const isSameTunnel = (tunnel?.name ?? null) === (policy.tunnel?.peerTunnel ?? null);
    const isMirrored = model.local === mine.remote && model.remote === mine.local;
    const arePorts = model.localPort === mine.remotePort && model.remotePort === mine.localPort;
    return isSameTunnel && isMirrored && arePorts && model.protocol === mine.protocol;
  });
  return found ?? null;
}

function reportAlone(scope: Scope, policy: Policy, action: Protect): void {
  const peer = scope.nodes.get(action.peer);
  if (peer?.text?.complete !== true) return;
  const { model, tunnel } = policy;
  const parts = [
    ...(tunnel === null ? [] : [`tunnel: ${tunnel.peerTunnel}`]),
    ...(model.remote === 'any' ? [] : [`local: ${yamlText(model.remote)}`]),
    ...(model.local === 'any' ? [] : [`remote: ${yamlText(model.local)}`]),
    ...(model.protocol === 'any' ? [] : [`proto: ${model.protocol}`]),
    ...(model.remotePort === 'any' ? [] : [`local-port: ${model.remotePort}`]),
    ...(model.localPort === 'any' ? [] : [`remote-port: ${model.localPort}`]),
  ];
  const mode = tunnel === null ? `mode: ${action.mode}, peer: ${policy.node}, ` : '';
  const fix = `add to the policy of ${action.peer}: { ${parts.join(', ')}, protect: { ${mode}esp: [${action.esp.join(', ')}], key: … } }`;
  scope.report.error(policy.place, `policy ${model.name} of ${policy.node} has no counterpart on ${action.peer}`, fix);
}

function reportDifferences(scope: Scope, a: Policy, b: Policy): void {
  const one = a.model.action;
  const two = b.model.action;
  if (one.kind !== 'protect' || two.kind !== 'protect') return;
  const ends = `policy ${b.model.name} of ${b.node}`;
  const other = `${a.model.name} of ${a.node}`;
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
