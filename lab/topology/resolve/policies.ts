import { quoted } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { PolicyText } from '../policy-description.ts';
import type { TopologyPolicy } from '../model.ts';
import type { NatPaths } from './nat-path.ts';
import type { NodeScope, Scope } from './scope.ts';
import { resolveSelectors } from './selectors.ts';
import { reportShadowed } from './shadowed.ts';
import { resolveProtect } from './transforms.ts';
import type { Tunnel, Tunnels } from './tunnels.ts';

/** One entry of a node's SPD with what the pairing of the two ends needs to know. */
export interface Policy {
  readonly node: string;
  /** Reports something at the entry, in whichever file it stands. */
  readonly complain: Complaint;
  readonly model: TopologyPolicy;
  /** null: not a PROTECT policy, or a tunnel is not named. */
  readonly tunnel: Tunnel | null;
  /** null: not a PROTECT policy, or it gives no key, or its key was not readable. */
  readonly secret: string | null;
  /** null: its keys are not negotiated. */
  readonly negotiation: Negotiation | null;
  /** Where it was written: entries of native files leave keys to `keying`. */
  readonly origin: 'topology' | 'native file' | 'implied by a native file';
}

/** What a policy says of the negotiation of its SAs; null: as `ike` says. */
export interface Negotiation {
  readonly start: 'start' | 'trap' | 'none' | null;
  readonly onClose: 'start' | 'trap' | 'none' | null;
  readonly onDeath: 'clear' | 'trap' | 'restart' | null;
  /** Groups of perfect forward secrecy, as `parseGroups` reads them. */
  readonly pfs: string | null;
  readonly legacy: boolean;
}

export const PLAIN_NEGOTIATION: Negotiation = { start: null, onClose: null, onDeath: null, pfs: null, legacy: false };

export type Complaint = (message: string, fix: string) => void;

export interface ResolvedPolicies {
  readonly byNode: ReadonlyMap<string, readonly Policy[]>;
  /** Nodes of which an entry was left out, after a diagnostic: what seems to be missing there may only be wrong. */
  readonly partial: ReadonlySet<string>;
}

export function resolvePolicies(
  scope: Scope,
  tunnels: Tunnels,
  paths: NatPaths,
  stated: (node: NodeScope, names: ReadonlySet<string>) => readonly Policy[],
): ResolvedPolicies {
  const byNode = new Map<string, readonly Policy[]>();
  const partial = new Set<string>();
  for (const node of scope.nodes.values()) {
    const policies: Policy[] = [];
    const errorsBefore = scope.report.count;
    const names = new Set<string>();
    const texts = node.text?.policy?.items ?? [];
    const [first] = texts;
    const kind = node.text?.kind.value;
    if (first !== undefined && (kind === 'router' || kind === 'nat')) {
      scope.report.error(
        first.place,
        `${node.name} is a ${kind}, and ${kind === 'nat' ? 'NATs' : 'routers'} have no policies`,
        `make ${node.name} kind: gateway`,
      );
    }
    for (const [index, text] of texts.entries()) {
      const name = policyName(scope, node, text, index, names);
      const before = scope.report.count;
      const policy = resolvePolicy(scope, node, text, name, tunnels, paths);
      if (policy !== null && scope.report.count === before) policies.push(policy);
    }
    policies.push(...stated(node, names));
    if (scope.report.count > errorsBefore) partial.add(node.name);
    reportShadowed(policies);
    byNode.set(node.name, policies);
  }
  return { byNode, partial };
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

function resolvePolicy(
  scope: Scope,
  node: NodeScope,
  text: PolicyText,
  name: string,
  tunnels: Tunnels,
  paths: NatPaths,
): Policy | null {
  const { report } = scope;
  reportWhere(scope, node, text);
  const tunnel = text.tunnel === null ? null : (tunnels.get(node.name)?.get(text.tunnel.value) ?? null);
  const selectors = resolveSelectors(scope, text);
  const around = { scope, node, policy: text, tunnel, paths };
  const protect = text.protect === null ? null : resolveProtect(around, text.protect);
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
    complain: (message, fix) => report.error(text.place, message, fix),
    model: { name, tunnel: tunnel?.name ?? text.interface?.value ?? null, ...selectors, action },
    tunnel,
    secret: protect?.secret ?? null,
    negotiation: protect?.negotiation ?? null,
    origin: 'topology',
  };
}

/** In which SPD the entry stands. */
function reportWhere(scope: Scope, node: NodeScope, { tunnel, interface: iface }: PolicyText): void {
  const { report } = scope;
  if (tunnel !== null && !node.tunnels.has(tunnel.value)) {
    const message = `${node.name} has no tunnel ${quoted(tunnel.value)}`;
    const fix = didYouMean(tunnel.value, [...node.tunnels.keys()], `declare it under the tunnels of ${node.name}`);
    report.error(tunnel.place, message, fix);
  }
  if (iface === null) return;
  if (tunnel !== null) {
    const message = 'a policy stands in the SPD of a tunnel or in that of an interface';
    report.error(iface.place, message, 'keep tunnel or interface, and write another policy for the other');
  } else if (node.tunnels.has(iface.value)) {
    report.error(iface.place, `${iface.value} is a tunnel`, `write tunnel: ${iface.value}`);
  } else if (!node.interfaces.has(iface.value)) {
    const message = `${node.name} has no interface ${quoted(iface.value)}`;
    const names = [...node.interfaces.keys()];
    report.error(
      iface.place,
      message,
      didYouMean(iface.value, names, `declare it under the interfaces of ${node.name}`),
    );
  }
}
