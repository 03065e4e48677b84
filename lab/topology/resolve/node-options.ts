import { addressVersion } from '../../../engine/wire/address.ts';
import type { NatConfig } from '../../../engine/node/config.ts';
import { quoted, type Place } from '../../../engine/config/diagnostic.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { TopologyNode } from '../model.ts';
import type { NodeScope, Scope } from './scope.ts';

const IDLE_SECONDS = 120;

/** How a node treats packets apart from its policies. */
export function resolveOptions(
  scope: Scope,
  node: NodeScope,
): Pick<TopologyNode, 'hostModel' | 'antiSpoofing' | 'reportDiscards' | 'fragments' | 'nat' | 'restart' | 'placement'> {
  reportPlain(scope, node);
  reportRestart(scope, node);
  return {
    ...(node.text?.restart?.value === 'always' ? { restart: 'always' as const } : {}),
    ...placementOf(node),
    hostModel: node.text?.hostmodel?.value ?? 'weak',
    antiSpoofing: node.text?.antispoofing?.value ?? false,
    reportDiscards: node.text?.['report-discards']?.value ?? false,
    fragments: node.text?.fragments?.value ?? 'reassemble',
    nat: resolveNat(scope, node),
  };
}

function placementOf({ text }: NodeScope): Pick<TopologyNode, 'placement'> {
  const constraints = text?.placement?.items.map(({ value }) => value) ?? [];
  return constraints.length === 0 ? {} : { placement: constraints };
}

/** Whether the node runs the engine in every driver: gateways and NATs do, and hosts with something that only it has. */
export function hasEngine({ text }: NodeScope): boolean {
  const kind = text?.kind.value;
  if (kind === 'gateway' || kind === 'nat') return true;
  return kind === 'host' && text !== null && ((text.policy?.items.length ?? 0) > 0 || enginePlace(text) !== null);
}

/** Where the file asks for something beyond policies that a plain stack has not; null: nowhere. */
function enginePlace(text: NonNullable<NodeScope['text']>): { readonly key: string; readonly place: Place } | null {
  for (const key of ['filter', 'files', 'hostmodel', 'antispoofing', 'report-discards', 'fragments'] as const) {
    const found = text[key];
    if (found !== null) return { key, place: found.place };
  }
  return null;
}

function reportPlain(scope: Scope, { name, text }: NodeScope): void {
  if (
    text?.kind.value === 'nat' &&
    text.files !== null &&
    (text.files['ipsecinit.conf'] ?? text.files['setkey.conf']) !== null
  ) {
    scope.report.error(text.files.place, `${name} is a nat, and NATs have no policies`, `make ${name} kind: gateway`);
  }
  if (text?.kind.value !== 'router') return;
  const asked = enginePlace(text);
  if (asked === null) return;
  const message = `${name} is a router, a plain stack, and has no ${quoted(asked.key)}`;
  scope.report.error(asked.place, message, `make ${name} kind: gateway`);
}

/** What has no process of its own cannot lose it. */
function reportRestart(scope: Scope, node: NodeScope): void {
  const asked = node.text?.restart ?? null;
  if (asked === null || asked.value === 'no' || hasEngine(node) || node.text?.kind.value === 'peer') return;
  const message = `${node.name} is a plain stack, which has no process that could end`;
  scope.report.error(asked.place, message, 'remove restart');
}

function resolveNat(scope: Scope, node: NodeScope): NatConfig | null {
  const { report } = scope;
  const { text } = node;
  if (text === null) return null;
  const isNat = text.kind.value === 'nat';
  if (text.nat === null) {
    const fix = `add nat: { outside: ${[...node.interfaces.keys()].at(0) ?? 'net0'} }`;
    if (isNat && text.complete)
      report.error(text.place, `${node.name} is a nat and does not say what it translates`, fix);
    return null;
  }
  if (!isNat) {
    report.error(text.nat.place, `${node.name} is a ${text.kind.value}, and does not translate`, 'make it kind: nat');
    return null;
  }
  const { outside, behaviour, idle } = text.nat;
  const iface = node.interfaces.get(outside.value);
  if (iface === undefined) {
    const message = `${node.name} has no interface ${quoted(outside.value)}`;
    const names = [...node.interfaces.keys()];
    report.error(outside.place, message, didYouMean(outside.value, names, `declare it under ${node.name}`));
    return null;
  }
  if (iface.text?.complete === true && !iface.addresses.some(({ value }) => addressVersion(value.address) === 4)) {
    report.error(outside.place, `${outside.value} has no IPv4 address to share`, 'give it one');
  }
  if (node.interfaces.size < 2 && text.complete) {
    report.error(outside.place, `nobody can be behind ${node.name}`, 'give it a second interface, for the inside');
  }
  const idleSeconds = idle === null ? IDLE_SECONDS : idle.value / 1e9;
  if (idle !== null && idleSeconds < 1) {
    report.error(idle.place, 'a mapping that is forgotten at once lets no answer in', 'use 1s or more');
  }
  return { outside: outside.value, behaviour: behaviour?.value ?? 'port-restricted', idleSeconds };
}
