import type { FramePort } from '../../../engine/host/port.ts';
import type { Random } from '../../../engine/crypto/random.ts';
import type { Frame } from '../../../engine/node/node.ts';
import type { Instant } from '../../../engine/wire/instant.ts';
import { finishFrame } from '../../../engine/wire/offload.ts';
import { LinkFaults, type LinkFault } from '../link/link-faults.ts';
import { type Direction, LinkModel, reverse } from '../link/link-model.ts';
import type { TopologyLink } from '../../topology/model.ts';

/** A frame on its way to the port at the far end. */
export interface Departure {
  readonly at: Instant;
  readonly port: FramePort;
  readonly octets: Uint8Array;
  /** Still wanted? What was under way when the link went down is lost. */
  readonly link: MiddleLink;
  readonly plugging: number;
}

/** A link that this process carries, between two ports: the same model as in the simulator, on real time. */
export class MiddleLink {
  readonly #link: TopologyLink;
  #model: LinkModel;
  readonly #random: Random;
  readonly #faults = new LinkFaults();
  readonly #ports: readonly [FramePort, FramePort];
  /** How often it was unplugged. */
  #plugging = 0;

  constructor(link: TopologyLink, ports: readonly [FramePort, FramePort], random: Random) {
    this.#link = link;
    this.#ports = ports;
    this.#model = new LinkModel(link.impairments, random);
    this.#random = random;
  }

  get name(): string {
    return this.#link.name;
  }

  /** Nothing passes any more, what is under way neither. */
  close(): void {
    this.#plugging++;
    for (const port of this.#ports) port.close();
  }

  get plugging(): number {
    return this.#plugging;
  }

  /** What has arrived at one end, as a wire would carry it, and when each frame leaves at the other. */
  carry(direction: Direction, now: Instant): Departure[] {
    const port = this.#ports[reverse(direction)];
    const departures: Departure[] = [];
    for (const frame of this.#ports[direction].receive()) {
      if (!this.#faults.passes(direction)) continue;
      for (const packet of packetsOf(frame)) {
        for (const { at, octets } of this.#model.push(direction, packet, now)) {
          departures.push({ at, port, octets, link: this, plugging: this.#plugging });
        }
      }
    }
    return departures;
  }

  /** Calls back when frames of a direction have arrived. */
  watch(onArrival: (direction: Direction) => void): void {
    for (const direction of [0, 1] as const) this.#ports[direction].watch(() => onArrival(direction));
  }

  /** True when the fault is about this link. */
  apply(fault: LinkFault): boolean {
    if (fault.link !== this.#link.name) return false;
    this.#faults.apply(fault, this.#link);
    if (this.#faults.down) this.#plugging++;
    if (fault.kind === 'impair') this.#model = new LinkModel(fault.impairments, this.#random);
    return true;
  }
}

/** Copies: the arena is used again before a delayed frame leaves. */
function packetsOf(frame: Frame): Uint8Array[] {
  const pieces = finishFrame(frame.octets, frame.offload);
  return pieces[0] === frame.octets ? [frame.octets.slice()] : pieces;
}
