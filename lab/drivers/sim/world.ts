import type { SaConfig } from '../../../engine/node/config.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { NodeEvent, NodeStatus } from '../../../engine/node/node.ts';
import { NS_PER_S } from '../../../engine/wire/instant.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { deriveSas } from '../../topology/keys.ts';
import type { Change } from '../../reconcile/changes.ts';
import type { FaultAction, LinkEnd, Topology, TopologyLink, TopologyNode } from '../../topology/model.ts';
import { nodeConfig } from '../../topology/node-config.ts';
import { FaultBook } from '../fault-book.ts';
import { directionFrom } from '../link/link-faults.ts';
import { Cable, linkMtu } from './cable.ts';
import type { LabEvent, NodeIke } from '../driver.ts';
import { deprecatedUse } from '../deprecated-use.ts';
import type { HttpRequest } from '../http-service.ts';
import { KnownKeys } from '../known-keys.ts';
import { firstSystem } from '../system-origin.ts';
import { SIMULATION_EPOCH_NS } from './clock.ts';
import { httpService } from './host/http-program.ts';
import { silent } from './host/standard-input.ts';
import { Machine } from './machine.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SimLabParts } from './sim-lab.ts';
import { negotiationOn, SimDaemons } from './sim-daemons.ts';
import { SimSystems } from './sim-systems.ts';

const EPOCH_SECONDS = Number(SIMULATION_EPOCH_NS / 1_000_000_000n);

/** The machines and cables of a simulated lab, its keys, and what faults do to them. */
export class World {
  readonly #parts: SimLabParts;
  readonly #machines = new Map<string, Machine>();
  readonly #cables = new Map<string, Cable>();
  /** Where each port was found to lead, by `node:interface`. */
  readonly #plugs = new Map<string, Cable>();
  /** Restarts of each node so far: no key outlives one. */
  readonly #generations: Record<string, number> = {};
  readonly #daemons: SimDaemons;
  #sas: ReadonlyMap<string, readonly SaConfig[]>;
  readonly systems: SimSystems;
  readonly faults: FaultBook;
  /** Of all SAs that there have been. */
  readonly keys = new KnownKeys();

  /** Nothing runs before `start`. */
  constructor(parts: SimLabParts) {
    this.#parts = parts;
    const { topology, simulation } = parts;
    this.faults = new FaultBook(topology);
    this.#daemons = new SimDaemons(
      parts,
      name => this.machine(name),
      (name, detail) => this.#note(name, 'certificateExpires', detail),
    );
    this.systems = new SimSystems({
      machine: name => this.machine(name),
      unixSeconds: name => EPOCH_SECONDS + this.machine(name).now() / NS_PER_S,
      configureIke: (name, config) => this.#daemons.configure(name, config),
      restartSoon: node => simulation.schedule(simulation.now, () => this.apply({ kind: 'restart', node })),
    });
    for (const link of topology.links) this.#addCable(link);
    for (const node of topology.nodes) this.#machines.set(node.name, this.#machineOf(node));
    this.#sas = this.#deriveSas();
  }

  #addCable(link: TopologyLink): void {
    const { topology, run, simulation } = this.#parts;
    const random = createSeededRandom(`${run.seed}/link/${link.name}`);
    const ends = {
      deliver: (end: LinkEnd, octets: Uint8Array) => this.#deliver(end, octets),
      captured: (packet: CapturedPacket) => {
        run.onPacket(packet);
        this.systems.captured(packet);
      },
    };
    this.#cables.set(link.name, new Cable(link, linkMtu(topology, link), random, simulation, ends));
  }

  /** The topology is another one now, and so is what there is of nodes and links. Nodes that come do not run yet. */
  follow(topology: Topology, changes: readonly Change[]): void {
    const isOf = (kind: Change['kind']) => changes.filter(change => change.kind === kind);
    for (const change of isOf('linkRemoved')) if ('link' in change) this.#removeCable(change.link);
    for (const change of isOf('nodeRemoved')) {
      if (!('node' in change)) continue;
      this.machine(change.node).crash();
      this.#machines.delete(change.node);
      this.systems.remove(change.node);
    }
    this.faults.follow(topology);
    for (const change of isOf('linkAdded')) {
      const link = topology.links.find(({ name }) => 'link' in change && name === change.link);
      if (link !== undefined) this.#addCable(link);
    }
    for (const change of isOf('nodeAdded')) {
      const node = topology.nodes.find(({ name }) => 'node' in change && name === change.node);
      if (node !== undefined) this.#machines.set(node.name, this.#machineOf(node));
    }
  }

  /** With its sequence numbers gone, and whatever its topology says now. */
  startAgain(name: string): void {
    this.#restart(name);
    this.faults.set(name, 'up');
  }

  /** Gives an engine node the system that its topology makes of it. */
  seatSystem(name: string): void {
    const { simulation, run } = this.#parts;
    const random = createSeededRandom(`${run.seed}/system/${name}`);
    const unixSeconds = EPOCH_SECONDS + simulation.now / NS_PER_S;
    const credentials = this.#parts.ikeFor(name)?.credentials ?? null;
    this.systems.add(name, firstSystem(this.#parts.topology, name, unixSeconds, credentials), random);
  }

  /** What was under way does not arrive. */
  #removeCable(name: string): void {
    const cable = this.cable(name);
    cable.apply({ kind: 'linkDown', link: name });
    this.#cables.delete(name);
    for (const end of cable.link.endpoints) {
      this.#machines.get(end.node)?.command({ kind: 'link', port: end.interface, up: false });
    }
  }

  /** Throws for a name that the topology does not have. */
  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`there is no node ${name}`);
    return machine;
  }

  /** Throws for a name that the topology does not have. */
  cable(name: string): Cable {
    const cable = this.#cables.get(name);
    if (cable === undefined) throw new Error(`there is no link ${name}`);
    return cable;
  }

  /** Boots every node, and schedules the faults of the topology. */
  start(): void {
    const { topology, simulation } = this.#parts;
    for (const { name, engine } of topology.nodes) {
      if (engine) this.seatSystem(name);
      this.#boot(name);
    }
    for (const { atNs, action } of topology.faults)
      simulation.schedule(simulation.now + atNs, () => this.apply(action));
  }

  stop(): void {
    for (const machine of this.#machines.values()) machine.crash();
  }

  apply(action: FaultAction): void {
    const node = 'node' in action ? action.node : null;
    switch (action.kind) {
      case 'crash':
        this.#crash(action.node);
        break;
      case 'restart':
        this.#restart(action.node);
        break;
      case 'pause':
        this.machine(action.node).pause();
        break;
      case 'resume':
        this.machine(action.node).unpause();
        break;
      case 'rebind':
        this.machine(action.node).command({ kind: 'rebindNat' });
        break;
      case 'move': {
        const { interface: port, addresses, gateway } = action;
        this.machine(action.node).command({ kind: 'renumber', interface: port, addresses, gateway });
        break;
      }
      case 'clockSkew':
        this.machine(action.node).skew(action.byNs);
        break;
      case 'linkDown':
      case 'linkUp':
      case 'partition':
      case 'heal':
      case 'impair':
        this.#applyToLink(action);
        break;
    }
    this.faults.note(action);
    this.#note(node, action.kind, detailOf(action));
  }

  /** A daemon is made where none runs; null: none is wanted any more. */
  configureIke(name: string, config: IkeConfig | null): void {
    if (config !== null || this.machine(name).ikePorts !== null) this.#daemons.configure(name, config);
  }

  /** Of a node that has crashed or stands still: its name, and interfaces that are down. */
  status(): NodeStatus[] {
    return this.#parts.topology.nodes.map(node => {
      const machine = this.machine(node.name);
      return machine.isUp && !machine.isPaused ? machine.status() : crashedStatus(node);
    });
  }

  /** Of those that negotiate and are up. */
  ike(): NodeIke[] {
    return this.#parts.topology.nodes.flatMap(({ name }) => {
      const machine = this.machine(name);
      const status = machine.isUp && !machine.isPaused ? machine.ikeStatus() : null;
      return status === null ? [] : [{ node: name, status }];
    });
  }

  #machineOf({ name }: TopologyNode): Machine {
    const { simulation } = this.#parts;
    return new Machine(name, {
      simulation,
      transmit: (port, octets) => {
        const cable = this.#pluggedInto(name, port);
        if (cable !== null) cable.transmit(directionFrom(cable.link, `${name}:${port}`), octets);
      },
      noted: event => this.#noted(name, event),
      commanded: command => this.keys.learnFrom(command),
      ikeNoted: event => {
        const { kind, connection, detail } = event;
        this.#note(name, kind, connection === null ? detail : `${connection}: ${detail}`, deprecatedUse(event));
      },
      revealed: secrets => this.keys.learnIke(secrets),
      fetch: (fetch, fetched) => this.#daemons.fetch(name, fetch, fetched),
    });
  }

  #pluggedInto(node: string, port: string): Cable | null {
    const key = `${node}:${port}`;
    const known = this.#plugs.get(key);
    if (known !== undefined && this.#cables.get(known.link.name) === known) return known;
    const interfaces = this.#parts.topology.nodes.find(({ name }) => name === node)?.interfaces ?? [];
    const link = interfaces.find(({ name }) => name === port)?.link ?? null;
    const cable = link === null ? null : (this.#cables.get(link) ?? null);
    if (cable !== null) this.#plugs.set(key, cable);
    return cable;
  }

  #boot(name: string): void {
    const { topology, run, kernelFor, makeNode } = this.#parts;
    const stream = `${run.seed}/node/${name}/${this.#generations[name] ?? 0}`;
    const random = createSeededRandom(stream);
    const kernel = kernelFor(name, createSeededRandom(`${stream}/kernel`));
    const config = nodeConfig(topology, name, this.#sas.get(name) ?? []);
    const seat = this.#daemons.firstSeat(name, stream);
    const negotiation = seat === null ? null : negotiationOn(seat.ports);
    const node = makeNode(negotiation === null ? config : { ...config, negotiation }, { random, kernel });
    const unplugged = topology.nodes
      .filter(entry => entry.name === name)
      .flatMap(entry => entry.interfaces)
      .filter(({ link }) => link === null || this.cable(link).isDown);
    this.machine(name).boot(
      node,
      createSeededRandom(`${stream}/host`),
      unplugged.map(entry => entry.name),
      seat,
    );
    this.#serve(name);
  }

  #serve(name: string): void {
    const machine = this.machine(name);
    for (const service of this.#parts.services) {
      if (service.node !== name) continue;
      const respond = (request: HttpRequest) => service.respond(request, EPOCH_SECONDS + machine.now() / NS_PER_S);
      machine.spawn(['http-service'], httpService(service.port, respond), silent(), () => undefined);
    }
  }

  #deliver({ node, interface: port }: LinkEnd, octets: Uint8Array): void {
    this.#machines.get(node)?.receive(port, octets);
  }

  #applyToLink(action: Extract<FaultAction, { readonly link: string }>): void {
    const cable = this.cable(action.link);
    const wasDown = cable.isDown;
    cable.apply(action);
    if (cable.isDown === wasDown) return;
    for (const end of cable.link.endpoints) {
      this.machine(end.node).command({ kind: 'link', port: end.interface, up: wasDown });
    }
  }

  /** A machine that is up is cut off first. Its sequence numbers are lost, so both ends of its SAs get new keys. */
  #restart(name: string): void {
    this.#crash(name);
    this.#generations[name] = (this.#generations[name] ?? 0) + 1;
    const before = this.#sas;
    this.#sas = this.#deriveSas();
    for (const { name: peer } of this.#parts.topology.nodes) {
      if (peer !== name) this.#rekey(this.machine(peer), before.get(peer) ?? [], this.#sas.get(peer) ?? []);
    }
    this.#boot(name);
    this.systems.booted(name);
  }

  #crash(name: string): void {
    if (this.machine(name).isUp) this.systems.crashed(name);
    this.machine(name).crash();
  }

  #rekey(machine: Machine, before: readonly SaConfig[], after: readonly SaConfig[]): void {
    if (!machine.isUp) return;
    // An administrator may have taken policies away, and their SAs with them.
    const policies = new Set<string | null>([null, ...machine.status().policies.map(({ name }) => name)]);
    for (const sa of after) {
      if (!hasSa(before, sa) && policies.has(sa.policy)) machine.command({ kind: 'installSa', sa });
    }
    for (const sa of before) {
      if (!hasSa(after, sa)) machine.command({ kind: 'deleteSa', spi: sa.spi, direction: sa.direction });
    }
  }

  #deriveSas(): ReadonlyMap<string, readonly SaConfig[]> {
    const { topology, run } = this.#parts;
    const { nodes, keys } = deriveSas(topology, run.seed, this.#generations);
    this.keys.learn(keys);
    return nodes;
  }

  #noted(name: string, { kind, detail }: NodeEvent): void {
    this.#note(name, kind, detail);
    if (kind !== 'policyChanged') return;
    const { simulation } = this.#parts;
    // When whoever changes them is done.
    simulation.schedule(simulation.now, () => this.#daemons.followPolicies(name));
  }

  #note(node: string | null, kind: string, detail: string, more: Pick<LabEvent, 'deprecated'> = {}): void {
    const { run, simulation } = this.#parts;
    run.onEvent({ at: simulation.clock.unixNs, node, kind, detail, ...more });
  }
}

function detailOf(action: FaultAction): string {
  if ('link' in action) return action.link;
  if (action.kind === 'move') return `${action.interface}: ${action.addresses.join(' ')}`;
  return action.kind === 'clockSkew' ? `${action.byNs} ns` : '';
}

function hasSa(list: readonly SaConfig[], { spi, direction, destination }: SaConfig): boolean {
  return list.some(sa => sa.spi === spi && sa.direction === direction && sa.destination === destination);
}

function crashedStatus({ name, interfaces }: TopologyNode): NodeStatus {
  const counters = { receivedPackets: 0, receivedOctets: 0, sentPackets: 0, sentOctets: 0 };
  return {
    name,
    interfaces: interfaces.map(entry => ({
      name: entry.name,
      kind: 'ethernet',
      up: false,
      mtu: entry.mtu,
      addresses: [],
      counters,
    })),
    routes: [],
    policies: [],
    filter: null,
    sas: [],
    drops: {},
  };
}
