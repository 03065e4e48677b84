import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { Change } from '../../reconcile/changes.ts';
import { nodeCommands } from '../../reconcile/node-commands.ts';
import { settingsOf } from '../../system/origin-settings.ts';
import type { Topology } from '../../topology/model.ts';
import { nodeConfig } from '../../topology/node-config.ts';
import type { World } from './world.ts';

/**
 * Carries out what follows of a topology that is another one now (`world` has followed it): links that are impaired otherwise, nodes
 * that come, start again, or are told. `ikeFor`: as the topology after it says.
 */
export function applyChanges(
  world: World,
  before: Topology,
  after: Topology,
  changes: readonly Change[],
  ikeFor: (node: string) => IkeConfig | null,
): void {
  const isEngine = (name: string): boolean => after.nodes.some(node => node.name === name && node.engine);
  for (const change of changes) {
    switch (change.kind) {
      case 'linkImpaired': {
        const link = after.links.find(({ name }) => name === change.link);
        if (link !== undefined) world.apply({ kind: 'impair', link: link.name, impairments: link.impairments });
        break;
      }
      case 'nodeAdded':
        if (isEngine(change.node)) world.seatSystem(change.node);
        world.startAgain(change.node);
        break;
      case 'nodeChanged':
        if (change.because.length === 0) tell(world, before, after, change, ikeFor);
        else {
          if (isEngine(change.node)) world.seatSystem(change.node);
          world.startAgain(change.node);
        }
        break;
      case 'nodeRemoved':
      case 'linkAdded':
      case 'linkRemoved':
      case 'judgement':
    }
  }
}

/** A node that goes on; one that does not run will be so when it starts again. */
function tell(
  world: World,
  before: Topology,
  after: Topology,
  { node: name, aspects }: Extract<Change, { kind: 'nodeChanged' }>,
  ikeFor: (node: string) => IkeConfig | null,
): void {
  const machine = world.machine(name);
  const system = world.systems.find(name);
  const settings = system?.settings ?? settingsOf(nodeConfig(before, name, []));
  if (machine.isUp) {
    for (const command of nodeCommands(settings, before, after, name)) machine.command(command);
    if (aspects.some(aspect => OF_IKE.has(aspect))) world.configureIke(name, ikeFor(name));
  }
  if (system !== null) world.seatSystem(name);
}

/** What a daemon's configuration is made of, or follows. */
const OF_IKE: ReadonlySet<string> = new Set(['connections', 'policies', 'tunnels', 'addresses']);
