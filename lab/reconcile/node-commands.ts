import type { NodeCommand } from '../../engine/node/node.ts';
import { changesBetween } from '../system/apply.ts';
import { settingsOf } from '../system/origin-settings.ts';
import type { Settings } from '../system/settings.ts';
import type { Topology } from '../topology/model.ts';
import { nodeConfig } from '../topology/node-config.ts';

/**
 * What brings a running engine node to what a topology says of it, as far as it can change while it runs. `settings`: as its
 * administrator has them now.
 */
export function nodeCommands(settings: Settings, before: Topology, after: Topology, name: string): NodeCommand[] {
  const [old, young] = [before, after].map(topology => nodeConfig(topology, name, []));
  if (old === undefined || young === undefined) throw new Error(`${name} is not in both topologies`);
  const commands = changesBetween(settings, settingsOf(young)).flatMap(action =>
    action.kind === 'node' ? [action.command] : [],
  );
  return [
    ...commands,
    ...(isOther(old.policies, young.policies) ? [{ kind: 'setPolicies', policies: young.policies } as const] : []),
    ...(isOther(old.filter, young.filter) ? [{ kind: 'setFilter', filter: young.filter ?? null } as const] : []),
  ];
}

const isOther = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);
