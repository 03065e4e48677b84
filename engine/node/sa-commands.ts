import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import { createInboundSa, createOutboundSa } from '../ipsec/sa-input.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import type { PolicyConfig, SaConfig } from './config.ts';
import type { Core } from './core.ts';
import type { NodeCommand, SaName } from './node.ts';
import { PolicySet } from './policy-set.ts';
import { hearAgain } from './want.ts';

/** SAs and policies that come and go while the node runs. What was decided by them is forgotten. */

/** Throws for an SA that cannot be, and for one of a policy that is not there. */
export function installSa(core: Core, config: SaConfig): InboundSa | OutboundSa {
  if (config.policy !== null && core.policies.named(config.policy) === null) {
    throw new Error(`SA ${config.spi}: no policy ${config.policy}`);
  }
  const sa = config.direction === 'inbound' ? createInboundSa(config, core.now) : createOutboundSa(config, core.now);
  core.sad.install(sa);
  core.upkeep.add(sa, core.now);
  forgetDecisions(core);
  return sa;
}

/** Nothing happens when it is gone already. */
export function removeSa(core: Core, sa: InboundSa | OutboundSa): void {
  core.sad.remove(sa);
  core.upkeep.remove(sa);
  if (sa.direction === 'outbound') hearAgain(core, sa);
  forgetDecisions(core);
  core.fragments?.clear();
}

/** Policies and SAs are others now, and so may be what a flow is told by. */
export function forgetDecisions({ flows, policies, upkeep }: Core): void {
  flows.restart(policies.usePorts || upkeep.usePorts);
}

/** Removes these, and says so. */
export function deleteSas(core: Core, sas: readonly (InboundSa | OutboundSa)[]): void {
  for (const sa of sas) {
    removeSa(core, sa);
    core.audit.note('saDeleted', describeSa(sa), { sa: nameOf(sa) });
  }
}

/** Those that go on elsewhere, with their keys and numbers, RFC 4555 §3.5; nothing happens when there are none. */
export function moveSas(core: Core, command: MoveSa): void {
  const source = parseAddress(command.source);
  const destination = parseAddress(command.destination);
  if (source === null || destination === null || source.length !== destination.length) {
    throw new Error(`SA ${command.spi}: from ${command.source} to ${command.destination}`);
  }
  for (const sa of core.sad.all().filter(each => isMeant(each, command))) {
    const remoteAddress = sa.direction === 'inbound' ? source : destination;
    const { encapsulation: ports = null } = command;
    const encapsulation = ports === null ? null : { ...ports, remoteAddress };
    core.upkeep.move(sa, () => core.sad.move(sa, { source, destination, encapsulation }), core.now);
    core.audit.note('saMoved', describeSa(sa), { sa: nameOf(sa) });
  }
  core.flows.clear();
  core.fragments?.clear();
}

/** Whether the command is about this SA. */
export function isMeant(sa: InboundSa | OutboundSa, { spi, direction, only }: DeleteSa | MoveSa): boolean {
  if (sa.spi !== spi || sa.direction !== direction) return false;
  if (only === undefined) return true;
  const [source, destination] = [formatAddress(sa.source), formatAddress(sa.destination)];
  return sa.protocol === only.protocol && source === only.source && destination === only.destination;
}

type DeleteSa = Extract<NodeCommand, { kind: 'deleteSa' }>;
type MoveSa = Extract<NodeCommand, { kind: 'moveSa' }>;

/**
 * Other policies, all at once: no packet meets half of them. SAs of policies that are gone go with them. Throws, and changes
 * nothing, when they contradict themselves or the node.
 */
export function replacePolicies(core: Core, configs: readonly PolicyConfig[]): void {
  core.policies = new PolicySet(configs, core.interfaces, core.now, core.policies);
  forgetDecisions(core);
  core.fragments?.clear();
  const isGone = ({ policy }: InboundSa | OutboundSa) => policy !== null && core.policies.named(policy) === null;
  deleteSas(core, core.sad.all().filter(isGone));
  core.audit.note('policyChanged', `${configs.length} policies`);
}

/** One policy more, or another one of the same name. Throws as `replacePolicies`, and for a `before` that is not there. */
export function putPolicy(core: Core, config: PolicyConfig, before: string | null): void {
  const configs = core.policies.entries.map(entry => entry.config);
  const place = configs.findIndex(({ name }) => name === config.name);
  const others = configs.filter(({ name }) => name !== config.name);
  const at = before === null ? place : others.findIndex(({ name }) => name === before);
  if (before !== null && at < 0) throw new Error(`policy ${config.name}: no policy ${before}`);
  replacePolicies(core, at < 0 ? [...others, config] : others.toSpliced(at, 0, config));
}

/** With its SAs; nothing happens when it is gone already. */
export function removePolicy(core: Core, name: string): void {
  if (core.policies.named(name) === null) return;
  replacePolicies(
    core,
    core.policies.entries.map(entry => entry.config).filter(config => config.name !== name),
  );
}

export function nameOf({ spi, direction, protocol, source, destination, policy }: InboundSa | OutboundSa): SaName {
  return { spi, direction, protocol, source: formatAddress(source), destination: formatAddress(destination), policy };
}

/** Who it is, and never its key. */
export function describeSa(sa: InboundSa | OutboundSa): string {
  const ends = `from ${formatAddress(sa.source)} to ${formatAddress(sa.destination)}`;
  return `${sa.direction} ${sa.protocol} SPI ${sa.spi} ${ends} for ${sa.policy ?? 'any policy'}`;
}
