import type { NodeCommand } from '../../node/node.ts';
import type { SaConfig } from '../../node/config.ts';
import type { Station } from './network.ts';

/** The SAs that a daemon's commands have left in its node, the oldest first. Throws for commands that contradict each other. */
export function sasOf({ name, commands }: Pick<Station, 'name' | 'commands'>): SaConfig[] {
  const sas = new Map<string, SaConfig>();
  for (const command of commands) apply(name, sas, command);
  return [...sas.values()];
}

/** What would become of a packet of `from` now: the newest outbound SA, and whether the other end has its other half. */
export function carriesTraffic(from: Station, to: Station, policy = 'net'): boolean {
  const outbound = sasOf(from).findLast(sa => sa.direction === 'outbound' && sa.policy === policy);
  if (outbound === undefined) return false;
  return sasOf(to).some(sa => sa.direction === 'inbound' && isOtherHalf(sa, outbound));
}

function isOtherHalf(inbound: SaConfig, outbound: SaConfig): boolean {
  return (
    inbound.spi === outbound.spi &&
    inbound.suite === outbound.suite &&
    inbound.encryptionKey === outbound.encryptionKey &&
    inbound.integrityKey === outbound.integrityKey &&
    inbound.protocol === outbound.protocol &&
    inbound.mode === outbound.mode &&
    inbound.esn === outbound.esn
  );
}

function apply(name: string, sas: Map<string, SaConfig>, command: NodeCommand): void {
  if (command.kind === 'installSa') {
    const key = `${command.sa.direction} ${command.sa.spi}`;
    if (sas.has(key)) throw new Error(`${name}: ${key} is installed twice`);
    sas.set(key, command.sa);
  }
  if (command.kind !== 'deleteSa' && command.kind !== 'moveSa') return;
  const key = `${command.direction} ${command.spi}`;
  const sa = sas.get(key);
  if (sa === undefined) throw new Error(`${name}: ${key} is not there to be changed`);
  const { only } = command;
  if (only !== undefined && (only.source !== sa.source || only.destination !== sa.destination)) {
    throw new Error(`${name}: ${key} is between other places`);
  }
  if (command.kind === 'deleteSa') {
    sas.delete(key);
    return;
  }
  const { source, destination, encapsulation } = command;
  sas.set(key, { ...sa, source, destination, encapsulation: encapsulation ?? null });
}
