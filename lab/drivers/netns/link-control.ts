import { directionFrom, type LinkFault } from '../link/link-faults.ts';
import type { EngineFleet } from './engine-fleet.ts';
import type { Cable, CableEnd } from './layout.ts';
import type { MiddleProcess } from './middle-process.ts';
import { plainNodeScript } from './plain-node.ts';
import { runScript } from './run.ts';

/** Does to the cables what faults ask for. */
export class LinkControl {
  readonly #cables: ReadonlyMap<string, Cable>;
  readonly #fleet: EngineFleet;
  readonly #middle: MiddleProcess | null;

  constructor(cables: readonly Cable[], fleet: EngineFleet, middle: MiddleProcess | null) {
    this.#cables = new Map(cables.map(cable => [cable.link.name, cable]));
    this.#fleet = fleet;
    this.#middle = middle;
  }

  async apply(fault: LinkFault): Promise<void> {
    const cable = this.#cables.get(fault.link);
    if (cable === undefined) throw new Error(`there is no link ${fault.link}`);
    switch (fault.kind) {
      case 'linkDown':
      case 'linkUp':
        await this.#plug(cable, fault.kind === 'linkUp');
        break;
      case 'partition':
      case 'heal':
        if (cable.kind === 'straight') await this.#partition(cable, fault);
    }
    if (cable.kind === 'middle') this.#middle?.apply(fault);
  }

  /** Both nodes see the carrier come and go. */
  async #plug(cable: Cable, up: boolean): Promise<void> {
    const state = up ? 'up' : 'down';
    for (const { netns, device } of switchesOf(cable)) {
      await runScript(netns, `ip link set dev ${device} ${state}`);
    }
    for (const { node, end } of cable.ends) {
      // Routes go with a link that its own node took down.
      if (up && !node.engine) await runScript(node.name, plainNodeScript(node));
      await this.#fleet.find(node.name)?.request<'command'>({
        kind: 'command',
        command: { kind: 'link', port: end.interface, up },
      });
    }
  }

  /** On a straight cable nobody is between the nodes: an engine at one of its ends is made deaf or mute. */
  async #partition(cable: Cable, fault: Extract<LinkFault, { kind: 'partition' | 'heal' }>): Promise<void> {
    if (fault.kind === 'heal') {
      for (const { node, end } of cable.ends) {
        await this.#fleet.find(node.name)?.request<'unmute'>({ kind: 'unmute', port: end.interface });
      }
      return;
    }
    const direction = directionFrom(cable.link, fault.from);
    const [sender, receiver] = direction === 0 ? cable.ends : [cable.ends[1], cable.ends[0]];
    const [where, what] = receiver.node.engine ? [receiver, 'receive' as const] : [sender, 'send' as const];
    const engine = this.#fleet.find(where.node.name);
    if (engine === null) {
      throw new Error(
        `link ${fault.link} cannot be partitioned: no engine runs at its ends; name the partition under faults, and the lab puts itself between them`,
      );
    }
    await engine.request<'mute'>({ kind: 'mute', port: where.end.interface, direction: what });
  }
}

/** The devices to switch for a cable: never a plain node's own where there is another, for its routes would go with it. */
function switchesOf({ kind, ends }: Cable): { readonly netns: string; readonly device: string }[] {
  if (kind === 'middle') return ends.map(({ far }) => ({ netns: far.netns, device: far.interface }));
  const chosen: CableEnd = ends[0].node.engine || !ends[1].node.engine ? ends[0] : ends[1];
  return [{ netns: chosen.netns, device: chosen.end.interface }];
}
