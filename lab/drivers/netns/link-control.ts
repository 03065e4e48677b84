import type { TopologyLink, TopologyNode } from '../../topology/model.ts';
import { directionFrom, type LinkFault } from '../link/link-faults.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import type { EngineFleet } from './engine-fleet.ts';
import type { Cable, CableEnd } from './layout.ts';
import type { LiveCapture } from './live-capture.ts';
import type { MiddleProcess } from './middle-process.ts';
import { plainNodeScript } from './plain-node.ts';
import { runScript, type Shell } from './run.ts';
import { spliced, spliceIn } from './splice.ts';

export interface LinkControlParts {
  readonly cables: readonly Cable[];
  readonly fleet: EngineFleet;
  readonly capture: LiveCapture;
  /** null: no link goes through the middle yet. */
  readonly middle: MiddleProcess | null;
  readonly startMiddle: () => MiddleProcess;
  readonly shell: Shell;
}

/** The cables of a live lab, and what faults do to them. */
export class LinkControl {
  readonly #cables: Map<string, Cable>;
  readonly #fleet: EngineFleet;
  readonly #capture: LiveCapture;
  readonly #startMiddle: () => MiddleProcess;
  readonly #shell: Shell;
  /** Who carries each link through the middle: a process opens its ports when it starts, and gives up the right to open others. */
  readonly #carriers: Map<string, MiddleProcess>;
  /** Links that are cut, and ends whose frames are lost: by the link's name. */
  readonly #cut = new Set<string>();
  readonly #partitions = new Map<string, Set<string>>();
  #spliceCount = 0;

  constructor({ cables, fleet, capture, middle, startMiddle, shell }: LinkControlParts) {
    this.#cables = new Map(cables.map(cable => [cable.link.name, cable]));
    this.#fleet = fleet;
    this.#capture = capture;
    const carried = cables.filter(({ kind }) => kind === 'middle').map(({ link }) => link.name);
    this.#carriers = new Map(middle === null ? [] : carried.map(name => [name, middle]));
    this.#startMiddle = startMiddle;
    this.#shell = shell;
  }

  /** Throws for a link that there is not. */
  cable(name: string): Cable {
    const cable = this.#cables.get(name);
    if (cable === undefined) throw new Error(`there is no link ${name}`);
    return cable;
  }

  /** A link more, whose devices are there. */
  async add(cable: Cable): Promise<void> {
    this.#cables.set(cable.link.name, cable);
    this.#capture.listen(cable);
    if (cable.kind === 'middle') await this.#carry(cable);
  }

  async #carry(cable: Cable): Promise<MiddleProcess> {
    const carrier = this.#startMiddle();
    this.#carriers.set(cable.link.name, carrier);
    await carrier.start([cable]);
    return carrier;
  }

  /** Its devices go too. */
  async remove(name: string): Promise<void> {
    const { kind, ends } = this.cable(name);
    this.#capture.forget(name);
    this.#cables.delete(name);
    this.#cut.delete(name);
    this.#partitions.delete(name);
    await this.#drop(name);
    const own = kind === 'middle' ? ends : ends.slice(0, 1);
    for (const { netns, end } of own) await runScript(netns, `ip link del dev ${end.interface}`);
  }

  async #drop(name: string): Promise<void> {
    const carrier = this.#carriers.get(name);
    this.#carriers.delete(name);
    if ([...this.#carriers.values()].some(other => other === carrier)) carrier?.forget(name);
    else await carrier?.kill();
  }

  /** A node that was set up anew has its devices up: what is cut stays so. */
  async cutAgain(): Promise<void> {
    for (const name of this.#cut) await this.#plug(this.cable(name), false);
  }

  /** The nodes at the ends of a link are others now, or are told otherwise. */
  follow(nodes: readonly TopologyNode[]): void {
    const known = new Map(nodes.map(node => [node.name, node]));
    for (const [name, cable] of this.#cables) {
      const [one, other] = cable.ends.map(end => ({ ...end, node: known.get(end.node.name) ?? end.node }));
      if (one !== undefined && other !== undefined) this.#cables.set(name, { ...cable, ends: [one, other] });
    }
  }

  /** Throws where a link cannot be impaired as long as it stays what it is. */
  assertImpairable(name: string): void {
    const cable = this.cable(name);
    if (cable.kind === 'straight' && spliced(cable, '') === null) throw cannotImpair(name);
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(this.#carriers.values())].map(carrier => carrier.kill()));
  }

  async apply(fault: LinkFault): Promise<void> {
    let cable = this.cable(fault.link);
    if (cable.kind === 'straight' && needsMiddle(fault, cable)) cable = await this.#splice(cable);
    switch (fault.kind) {
      case 'linkDown':
      case 'linkUp':
        await this.#plug(cable, fault.kind === 'linkUp');
        break;
      case 'partition':
      case 'heal':
        if (cable.kind === 'straight') await this.#partition(cable, fault);
        this.#remember(fault);
        break;
      case 'impair':
    }
    this.#carriers.get(fault.link)?.apply(fault);
  }

  #remember(fault: Extract<LinkFault, { kind: 'partition' | 'heal' }>): void {
    if (fault.kind === 'heal') this.#partitions.delete(fault.link);
    else this.#partitions.set(fault.link, new Set([...(this.#partitions.get(fault.link) ?? []), fault.from]));
  }

  /** Puts the lab's own link between the ends of a straight cable, which is cut for a moment. */
  async #splice(cable: Cable): Promise<Cable> {
    const { link } = cable;
    const through = spliced(cable, `p${this.#spliceCount++}`);
    if (through === null) throw cannotImpair(link.name);
    const wasCut = this.#cut.has(link.name);
    const lostFrom = [...(this.#partitions.get(link.name) ?? [])];
    if (wasCut) await this.#plug(cable, true);
    if (lostFrom.length > 0) await this.#partition(cable, { kind: 'heal', link: link.name });
    this.#capture.forget(link.name);
    await spliceIn(through);
    this.#capture.listen(through.cable);
    this.#cables.set(link.name, through.cable);
    const carrier = await this.#carry(through.cable);
    for (const from of lostFrom) carrier.apply({ kind: 'partition', link: link.name, from });
    if (wasCut) {
      await this.#plug(through.cable, false);
      carrier.apply({ kind: 'linkDown', link: link.name });
    }
    return through.cable;
  }

  /** Both nodes see the carrier come and go. */
  async #plug(cable: Cable, up: boolean): Promise<void> {
    const state = up ? 'up' : 'down';
    if (up) this.#cut.delete(cable.link.name);
    else this.#cut.add(cable.link.name);
    for (const { netns, device } of switchesOf(cable)) {
      await runScript(netns, `ip link set dev ${device} ${state}`);
    }
    for (const { node, end } of cable.ends) {
      // Routes go with a link that its own node took down.
      if (up && !node.engine) await this.#shell(node.name, plainNodeScript(node));
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
    if (engine === null)
      throw new MachineObstacle(`${where.node.name} does not run, so it cannot be cut off`, 'restart it first');
    await engine.request<'mute'>({ kind: 'mute', port: where.end.interface, direction: what });
  }
}

const cannotImpair = (link: string): MachineObstacle =>
  new MachineObstacle(
    `link ${link} cannot be impaired while its lab runs: gateways that hold their ports are at both of its ends`,
    'give it an impairment in the file ("impair:", or a fault that impairs it): then the lab stands between them from the beginning',
  );

/** Where no engine is at an end that could be made deaf, and for what a veth does not do, the lab has to stand in between. */
function needsMiddle(fault: LinkFault, { ends, link }: Cable): boolean {
  if (fault.kind === 'partition') return !ends.some(({ node }) => node.engine);
  return fault.kind === 'impair' && JSON.stringify(fault.impairments) !== impairmentsOf(link);
}

const impairmentsOf = ({ impairments }: TopologyLink): string => JSON.stringify(impairments);

/** The devices to switch for a cable: never a plain node's own where there is another, for its routes would go with it. */
function switchesOf({ kind, ends }: Cable): { readonly netns: string; readonly device: string }[] {
  if (kind === 'middle') return ends.map(({ far }) => ({ netns: far.netns, device: far.interface }));
  const chosen: CableEnd = ends[0].node.engine || !ends[1].node.engine ? ends[0] : ends[1];
  return [{ netns: chosen.netns, device: chosen.end.interface }];
}
