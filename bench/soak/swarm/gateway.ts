import { joined } from '../../../engine/ike/both.ts';
import { daemonOf } from '../../../engine/ike/create.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import { ikePorts } from '../../../engine/ike/datagram.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import type { IkeSteps } from '../../../engine/ike/steps.ts';
import { type Core as V1Core, createCore as createV1Core } from '../../../engine/ike/v1/core.ts';
import { v1DaemonOf } from '../../../engine/ike/v1/create.ts';
import { type Core, createCore } from '../../../engine/ike/v2/core.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { InboundName, Node, NodeStatus } from '../../../engine/node/node.ts';
import { NS_PER_MS, NS_PER_S } from '../../../engine/wire/instant.ts';
import { type IkeSeat, Machine } from '../../../lab/drivers/sim/machine.ts';
import { createSeededRandom } from '../../../lab/drivers/sim/seeded-random.ts';
import type { Simulation } from '../../../lab/drivers/sim/simulation.ts';
import type { Air, Antenna } from './air.ts';
import { gatewayNode, ikeConfigOf, OUTER_PORT } from './configs.ts';
import { EPOCH_SECONDS } from './credentials.ts';
import { EspWitness } from './esp-witness.ts';
import { describe, describePayloads } from './ike-line.ts';
import { witnessed } from './ike-witness.ts';
import { witnessedV1 } from './isakmp-witness.ts';
import type { Journal } from './journal.ts';
import { excessOf, keptBy, keptByV1, type Kept, mayKeep, mostOf, NOTHING_KEPT } from './memory.ts';
import type { Mutation } from './mutation.ts';
import type { Scenario } from './scenario.ts';

/** What surrounds the gateways of a run. */
export interface Surroundings {
  readonly scenario: Scenario;
  readonly simulation: Simulation;
  readonly journal: Journal;
  readonly mutation: Mutation;
  /** Keys of all gateways. */
  readonly keys: Set<string>;
}

const NOTHING_TO_WAIT_FOR = () => undefined;

/** One gateway: a machine of the simulator with a daemon, and those who watch both. */
export class Gateway {
  readonly index: number;
  readonly name: string;
  readonly machine: Machine;
  readonly esp: EspWitness;
  most: Kept = NOTHING_KEPT;
  readonly #around: Surroundings;
  readonly #limits: Kept;
  #core: Core | null = null;
  #v1: V1Core | null = null;
  #boots = 0;
  #skewMs: number;

  constructor(index: number, around: Surroundings, air: Air) {
    const { scenario, simulation, journal, mutation, keys } = around;
    this.index = index;
    this.name = `g${index}`;
    this.#around = around;
    this.#skewMs = scenario.gateways[index]?.skewMs ?? 0;
    this.esp = new EspWitness(this.name, keys, journal);
    const config = gatewayNode(scenario, index);
    const own = scenario.pairs.filter(({ ends }) => ends.some(({ gateway }) => gateway === index));
    this.#limits = mayKeep(own.length, config.policies.length);
    const mac = config.interfaces[0]?.mac ?? '';
    const antenna: Antenna = { gateway: index, mac, receive: octets => this.machine.receive(OUTER_PORT, octets) };
    air.attach(antenna);
    this.machine = new Machine(this.name, {
      simulation,
      transmit: (port, octets) => {
        if (port !== OUTER_PORT) return;
        for (const frame of mutation.frame(octets, index)) {
          this.esp.sent(frame);
          air.send(antenna, frame);
        }
      },
      noted: ({ kind, detail }) => {
        if (kind !== 'neighbourUnreachable') journal.note(`${this.name} node ${kind}: ${detail}`);
      },
      commanded: command => this.esp.commanded(command),
      ikeNoted: ({ kind, detail }) => {
        journal.note(`${this.name} ${kind}: ${detail}`);
        if (kind === 'commandRefused') journal.find(`${this.name}: ${detail}`);
      },
      revealed: NOTHING_TO_WAIT_FOR,
      fetch: (_, fetched) => fetched(null),
    });
    this.machine.skew(this.#skewMs * NS_PER_MS);
  }

  boot(): void {
    const { scenario } = this.#around;
    const stream = `swarm ${scenario.seed} ${this.name} ${this.#boots++}`;
    const kernel = createTypescriptKernel(createSeededRandom(`${stream} kernel`));
    const node = createNode(gatewayNode(scenario, this.index), {
      random: createSeededRandom(`${stream} node`),
      kernel,
    });
    this.machine.boot(node, createSeededRandom(`${stream} host`), [], this.#seat(stream));
  }

  crash(): void {
    this.machine.crash();
    this.esp.forget();
    this.#core = null;
    this.#v1 = null;
  }

  skew(byMs: number): void {
    this.#skewMs += byMs;
    this.machine.skew(this.#skewMs * NS_PER_MS);
  }

  order(command: IkeCommand): void {
    if (this.machine.isUp) this.machine.ikeCommand(command);
  }

  ike(): IkeStatus | null {
    return this.machine.isUp ? this.machine.ikeStatus() : null;
  }

  node(): NodeStatus | null {
    return this.machine.isUp ? this.machine.status() : null;
  }

  /** Whether it waits for an answer of that peer, or is about to ask: what it says of itself may be old. */
  isAsking(peer: string): boolean {
    const sas = [...(this.#core?.sas.values() ?? [])].filter(({ connection }) => connection.name === peer);
    if (sas.some(({ tasks, windows }) => tasks.length > 0 || windows.requests.outstanding.length > 0)) return true;
    const older = [...(this.#v1?.sas.values() ?? [])].filter(({ connection }) => connection.name === peer);
    return older.some(sa => {
      const conversations =
        sa.kind === 'established' ? sa.exchanges.map(({ conversation }) => conversation) : [sa.conversation];
      return sa.tasks.length > 0 || conversations.some(({ resendAt }) => resendAt !== null);
    });
  }

  /** All its SAs, a line each. */
  describe(): string[] {
    const sas = this.ike()?.sas ?? [];
    return [
      ...sas.flatMap(({ connection, state, role, local, remote, initiatorSpi, responderSpi, children }) => [
        `IKE SA with ${connection}: ${state} ${role} ${initiatorSpi}_i ${responderSpi}_r ${local} > ${remote}`,
        ...children.map(child => `  ${child.name} ${child.state} in ${child.spiIn} out ${child.spiOut}`),
      ]),
      ...(this.node()?.sas ?? []).map(
        sa => `SA ${sa.policy} ${sa.direction} ${sa.spi} ${sa.source} > ${sa.destination} ${sa.encapsulation ?? ''}`,
      ),
    ];
  }

  /** Looks whether it keeps too much. */
  weigh(): void {
    const node = this.node();
    if (node === null || this.#core === null) return;
    const kept = this.#v1 === null ? keptBy(this.#core, node.sas.length) : keptByV1(this.#v1, node.sas.length);
    this.most = mostOf(this.most, kept);
    for (const excess of excessOf(kept, this.#limits)) this.#around.journal.find(`${this.name} keeps ${excess}`);
  }

  #seat(stream: string): IkeSeat {
    const { scenario, journal, mutation } = this.#around;
    const config = ikeConfigOf(scenario, this.index);
    const windowMax = Math.max(...scenario.pairs.flatMap(({ ends }) => ends.map(({ windowSize }) => windowSize)));
    return {
      ports: ikePorts(config),
      random: createSeededRandom(`${stream} packets`),
      make: (node: Node) => {
        const context = {
          random: createSeededRandom(`${stream} ike`),
          epochSeconds: (now: number) => EPOCH_SECONDS + now / NS_PER_S,
          sourceFor: (destination: string) => node.outerSourceFor(destination),
          lastHeard: (inbound: readonly InboundName[]) => node.lastHeard(inbound),
        };
        this.#core = createCore(config, context, this.#noting(mutation.steps(this.index)));
        const { names } = this.#core;
        const v2 = witnessed(mutation.daemon(daemonOf(this.#core), this.index), this.name, windowMax, journal);
        return joined(v2, config, first => {
          this.#v1 = createV1Core(first, context, mutation.v1Steps(this.index), names);
          return witnessedV1(mutation.daemon(v1DaemonOf(this.#v1), this.index), this.name, journal);
        });
      },
    };
  }

  #noting(steps: IkeSteps): IkeSteps {
    const { journal } = this.#around;
    return {
      ...steps,
      outgoing: message => {
        const out = steps.outgoing(message);
        if (out !== null) journal.note(`${this.name} makes ${describe(out)} ${describePayloads(out.payloads)}`);
        return out;
      },
    };
  }
}
