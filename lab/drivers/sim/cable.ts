import type { Random } from '../../../engine/crypto/random.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import type { LinkEnd, Topology, TopologyLink } from '../../topology/model.ts';
import { type LinkFault, LinkFaults } from '../link/link-faults.ts';
import { type Direction, LinkModel } from '../link/link-model.ts';
import type { Simulation } from './simulation.ts';

/** Where frames come out. */
export interface CableEnds {
  deliver(end: LinkEnd, octets: Uint8Array): void;
  captured(packet: CapturedPacket): void;
}

/**
 * What even a perfect cable takes: 200 m of it. Time always passes between cause and effect, so two hosts that answer each
 * other for ever cannot stop the clock.
 */
const CABLE_NS = 1000;

/** One simulated link: the shared link model, the capture before it, and the event queue behind it. */
export class Cable {
  readonly link: TopologyLink;
  #model: LinkModel;
  readonly #random: Random;
  readonly #mtu: number;
  readonly #faults = new LinkFaults();
  readonly #simulation: Simulation;
  readonly #ends: CableEnds;
  /** Counts the times that the cable was cut: what was under way then does not arrive. */
  #cuts = 0;

  constructor(link: TopologyLink, mtu: number, random: Random, simulation: Simulation, ends: CableEnds) {
    this.link = link;
    this.#model = new LinkModel(link.impairments, random, mtu);
    this.#random = random;
    this.#mtu = mtu;
    this.#simulation = simulation;
    this.#ends = ends;
  }

  get isDown(): boolean {
    return this.#faults.down;
  }

  /** Captures the frame as its sender put it on the link, and lets the link do with it what it does. `octets` is copied. */
  transmit(direction: Direction, octets: Uint8Array): void {
    if (this.#faults.down) return;
    const sender = this.link.endpoints[direction];
    this.#ends.captured({
      link: this.link.name,
      from: `${sender.node}:${sender.interface}`,
      at: this.#simulation.clock.unixNs,
      octets: new Uint8Array(octets),
    });
    if (!this.#faults.passes(direction)) return;
    const { now } = this.#simulation;
    const receiver = this.link.endpoints[direction === 0 ? 1 : 0];
    const cuts = this.#cuts;
    for (const delivery of this.#model.push(direction, new Uint8Array(octets), now)) {
      this.#simulation.schedule(Math.max(delivery.at, now + CABLE_NS), () => {
        if (cuts === this.#cuts) this.#ends.deliver(receiver, delivery.octets);
      });
    }
  }

  apply(fault: LinkFault): void {
    const wasDown = this.#faults.down;
    this.#faults.apply(fault, this.link);
    if (this.#faults.down && !wasDown) this.#cuts++;
    // What is under way arrives as it would have.
    if (fault.kind === 'impair') this.#model = new LinkModel(fault.impairments, this.#random, this.#mtu);
  }
}

/** What passes both ports of a link, in octets of IP packet. */
export function linkMtu(topology: Topology, link: TopologyLink): number {
  const mtus = link.endpoints.map(({ node, interface: name }) => {
    const entry = topology.nodes.find(n => n.name === node)?.interfaces.find(i => i.name === name);
    if (entry === undefined) throw new Error(`link ${link.name} ends at ${node}:${name}, which does not exist`);
    return entry.mtu;
  });
  return Math.min(...mtus);
}
