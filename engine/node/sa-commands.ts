import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import { createInboundSa, createOutboundSa } from '../ipsec/sa-input.ts';
import { formatAddress } from '../wire/address.ts';
import type { PolicyConfig, SaConfig } from './config.ts';
import type { Core } from './core.ts';
import type { NodeCommand } from './node.ts';
import { PolicySet } from './policy-set.ts';

/** SAs and policies that come and go while the node runs. What was decided by them is forgotten. */

/** Throws for an SA that cannot be, and for one of a policy that is not there. */
export function installSa(core: Core, config: SaConfig): InboundSa | OutboundSa {
  if (config.policy !== null && core.policies.named(config.policy) === null) {
    throw new Error(`SA ${config.spi}: no policy ${config.policy}`);
  }
  const sa = config.direction === 'inbound' ? createInboundSa(config, core.now) : createOutboundSa(config, core.now);
  core.sad.install(sa);
  core.upkeep.add(sa, core.now);
  core.flows.clear();
  return sa;
}

/** Nothing happens when it is gone already. */
export function removeSa(core: Core, sa: InboundSa | OutboundSa): void {
  core.sad.remove(sa);
  core.upkeep.remove(sa);
  core.flows.clear();
  core.fragments?.clear();
}

/** Removes these, and says so. */
export function deleteSas(core: Core, sas: readonly (InboundSa | OutboundSa)[]): void {
  for (const sa of sas) {
    removeSa(core, sa);
    core.audit.note('saDeleted', describeSa(sa));
  }
}

/** Whether the command is about this SA. */
export function isMeant(sa: InboundSa | OutboundSa, { spi, direction, only }: DeleteSa): boolean {
  if (sa.spi !== spi || sa.direction !== direction) return false;
  if (only === undefined) return true;
  const [source, destination] = [formatAddress(sa.source), formatAddress(sa.destination)];
  return sa.protocol === only.protocol && source === only.source && destination === only.destination;
}

type DeleteSa = Extract<NodeCommand, { kind: 'deleteSa' }>;

/**
 * Other policies, all at once: no packet meets half of them. SAs of policies that are gone go with them. Throws, and changes
 * nothing, when they contradict themselves or the node.
 */
export function replacePolicies(core: Core, configs: readonly PolicyConfig[]): void {
  core.policies = new PolicySet(configs, core.interfaces, core.now, core.policies);
  core.flows.restart(core.policies.usePorts);
  core.fragments?.clear();
  const isGone = ({ policy }: InboundSa | OutboundSa) => policy !== null && core.policies.named(policy) === null;
  deleteSas(core, core.sad.all().filter(isGone));
  core.audit.note('policyChanged', `${configs.length} policies`);
}

/** Who it is, and never its key. */
export function describeSa(sa: InboundSa | OutboundSa): string {
  const ends = `from ${formatAddress(sa.source)} to ${formatAddress(sa.destination)}`;
  return `${sa.direction} ${sa.protocol} SPI ${sa.spi} ${ends} for ${sa.policy ?? 'any policy'}`;
}
