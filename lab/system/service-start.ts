import { readIpsecinit } from '../../engine/config/ipsecinit.ts';
import { policyConfigOf } from '../../engine/config/policy.ts';
import type { FilterConfig } from '../../engine/filter/rule.ts';
import { parseFilter } from '../../engine/filter/parse.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { act, nodeAction } from './effect.ts';
import { readText } from './files.ts';
import { carryOutAll, flushed } from './ipseckey.ts';
import { ikeActions, startIke } from './ike-service.ts';
import type { ServiceName, ServiceStatus } from './service.ts';
import { IKE_CONFIG, IPF6_CONF, IPF_CONF, IPSECINIT, IPSECKEYS, RACOON_CONF } from './service-files.ts';
import { startRacoon } from './racoon-service.ts';
import type { System, SystemAction, SystemView } from './system.ts';

/** What became of a service's method. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly system: System;
      readonly actions: readonly SystemAction[];
      readonly notes: string;
    }
  /** It has no file: what the topology has set up stays. */
  | { readonly kind: 'given'; readonly file: string }
  /** It goes to maintenance; nothing of what runs has changed. */
  | { readonly kind: 'failed'; readonly trouble: string };

/** Runs the start method of a service: it reads its files, and the node does as they say. */
export function start(system: System, view: SystemView, name: ServiceName): Outcome {
  const file = FILES[name];
  if (system.services[name].isGiven && hasGiven(system, name) && file !== null && !system.files.has(file)) {
    return { kind: 'given', file };
  }
  switch (name) {
    case 'ipsec/policy':
      return startPolicy(system);
    case 'ipsec/ike':
      return system.loaded.racoon === null
        ? startIke(system)
        : { kind: 'failed', trouble: portTaken('in.iked', 'racoon') };
    case 'racoon':
      return system.services['ipsec/ike'].state === 'online'
        ? { kind: 'failed', trouble: portTaken('racoon', 'ipsec/ike') }
        : startRacoon(system, view);
    case 'network/ipfilter':
      return startFilter(system);
    case 'ipsec/manual-key':
      return startManualKey(system, view);
    case 'ipsec/ipsecalgs':
      return { kind: 'done', system, actions: [], notes: '' };
  }
}

const portTaken = (who: string, service: string): string =>
  `${who}: failed to bind to port 500: Address already in use, by ${service}\n  fix: svcadm disable ${service}\n`;

/** Which file a service cannot do without. */
export const FILES: Readonly<Record<ServiceName, string | null>> = {
  'ipsec/policy': IPSECINIT,
  'ipsec/ike': IKE_CONFIG,
  racoon: RACOON_CONF,
  'network/ipfilter': IPF_CONF,
  'ipsec/manual-key': IPSECKEYS,
  'ipsec/ipsecalgs': null,
};

/** Whether the topology has anything that the service would be about. */
function hasGiven({ origin, services }: System, name: ServiceName): boolean {
  if (name === 'ipsec/policy') return origin.policies.length > 0;
  if (name === 'network/ipfilter') return (origin.filter ?? null) !== null;
  return name === 'ipsec/manual-key' ? origin.sas.length > 0 : services[name].state === 'online';
}

/** What it has set up goes with it. */
export function stop(
  system: System,
  name: ServiceName,
): { readonly system: System; readonly actions: readonly SystemAction[] } {
  switch (name) {
    case 'ipsec/policy': {
      const next = { ...system, loaded: { ...system.loaded, policies: [] } };
      return act(next, nodeAction({ kind: 'setPolicies', policies: [] }), ...ikeActions(next));
    }
    case 'ipsec/ike':
      return act({ ...system, loaded: { ...system.loaded, ike: null } }, { kind: 'ike', config: null });
    case 'racoon':
      return act({ ...system, loaded: { ...system.loaded, racoon: null } }, { kind: 'ike', config: null });
    case 'network/ipfilter':
      return act(system, nodeAction({ kind: 'setFilter', filter: null }));
    case 'ipsec/manual-key':
      return act(system, nodeAction({ kind: 'flushSas' }));
    case 'ipsec/ipsecalgs':
      return act(system);
  }
}

/** Marks what became of it. */
export function marked(system: System, name: ServiceName, change: Partial<ServiceStatus>): System {
  return { ...system, services: { ...system.services, [name]: { ...system.services[name], ...change } } };
}

/** Without a file there is no policy, and everything passes. */
function startPolicy(system: System): Outcome {
  const text = readText(system.files, IPSECINIT);
  const { stated, diagnostics } = text === null ? NO_POLICIES : readIpsecinit(IPSECINIT, text, { legacy: true });
  if (stated === null) return { kind: 'failed', trouble: diagnosticLines(diagnostics) };
  const next = { ...system, loaded: { ...system.loaded, policies: stated.policies } };
  const command = nodeAction({ kind: 'setPolicies', policies: stated.policies.map(policyConfigOf) });
  return { kind: 'done', system: next, actions: [command, ...ikeActions(next)], notes: '' };
}

const NO_POLICIES = { stated: { policies: [] }, diagnostics: [] } as const;

/** ipf.conf, and behind it ipf6.conf, whose rules are about IPv6 alone. */
function startFilter(system: System): Outcome {
  const read = filterOf(system);
  if (read.kind === 'failed') return read;
  const actions = [nodeAction({ kind: 'setFilter', filter: read.filter })];
  return { kind: 'done', system, actions, notes: '' };
}

/** null: there is no rule. */
export function filterOf({
  files,
}: System):
  | { readonly kind: 'read'; readonly filter: FilterConfig | null }
  | { readonly kind: 'failed'; readonly trouble: string } {
  const both = [
    { path: IPF_CONF, options: {} },
    { path: IPF6_CONF, options: { family: 6 as const } },
  ];
  const found = both.flatMap(({ path, options }) => {
    const text = readText(files, path);
    return text === null ? [] : [parseFilter(path, text, options)];
  });
  const diagnostics = found.flatMap(each => each.diagnostics);
  if (diagnostics.length > 0) return { kind: 'failed', trouble: diagnosticLines(diagnostics) };
  const [first, ...more] = found.map(({ config }) => config);
  if (first === undefined) return { kind: 'read', filter: null };
  return { kind: 'read', filter: { ...first, rules: [...first.rules, ...more.flatMap(({ rules }) => rules)] } };
}

/** ipseckeys, in the language of ipseckey. Without it there is nothing to do. */
function startManualKey(system: System, view: SystemView): Outcome {
  const text = readText(system.files, IPSECKEYS);
  if (text === null) return { kind: 'done', system, actions: [], notes: '' };
  const emptied = flushed(view, null);
  const { actions, stderr, exitStatus } = carryOutAll(system, emptied, text, IPSECKEYS, { isCheck: false });
  const all = [nodeAction({ kind: 'flushSas' }), ...actions];
  return exitStatus === 0 ? { kind: 'done', system, actions: all, notes: stderr } : { kind: 'failed', trouble: stderr };
}
