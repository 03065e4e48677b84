import { createSeeded, type Seeded } from '../../../engine/ipsec/testing/seeded.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import { Machine } from '../../../lab/drivers/sim/machine.ts';
import { createSeededRandom } from '../../../lab/drivers/sim/seeded-random.ts';
import { Simulation } from '../../../lab/drivers/sim/simulation.ts';
import { Air, type Antenna } from './air.ts';
import { natName, natNode, OUTER_PORT } from './configs.ts';
import { type EndState, unrestOf } from './convergence.ts';
import type { FaultAction, Order } from './faults.ts';
import { Gateway, type Surroundings } from './gateway.ts';
import { Journal } from './journal.ts';
import { type Kept, mostOf, NOTHING_KEPT } from './memory.ts';
import { type Mutation, SOUND } from './mutation.ts';
import type { PairPlan, Scenario } from './scenario.ts';
import { Flow } from './traffic.ts';

/** What came of one run. */
export interface Outcome {
  readonly findings: readonly string[];
  /** What led to the first finding. */
  readonly trace: readonly string[];
  /** Of all that happened. */
  readonly digest: string;
  readonly virtualMs: number;
  /** How long after the last fault each pair was at rest, in their order. */
  readonly restMs: readonly number[];
  readonly espPackets: number;
  readonly most: Kept;
}

/** What is bounded: the longest pause between two calls is 300 s, and a peer that is gone has to be found so first. */
const REST_MAX_MS = 900_000;
const LOOK_EVERY_MS = 500;
/** How long nothing is lost, once all is at rest. */
const CALM_MS = 30_000;
const REST_AGAIN_MAX_MS = 180_000;
/** Somebody who has closed something, and wants it back, says so again and again. */
const INSIST_EVERY_MS = 60_000;

/** Runs a scenario to its end, or to its first finding. */
export function runScenario(scenario: Scenario, mutation: Mutation = SOUND, restMaxMs = REST_MAX_MS): Outcome {
  return new Run(scenario, mutation, restMaxMs).run();
}

class Run {
  readonly #scenario: Scenario;
  readonly #simulation = new Simulation();
  readonly #journal: Journal;
  readonly #dice: Seeded;
  readonly #air: Air;
  readonly #nats = new Map<number, Machine>();
  readonly #gateways: readonly Gateway[];
  readonly #flows: readonly (readonly [Flow, Flow])[];
  readonly #restMaxMs: number;
  readonly #restMs: number[] = [];

  constructor(scenario: Scenario, mutation: Mutation, restMaxMs: number) {
    this.#scenario = scenario;
    this.#restMaxMs = restMaxMs;
    this.#journal = new Journal(() => this.#simulation.now);
    this.#dice = createSeeded(`swarm ${scenario.seed} run`);
    this.#air = new Air(this.#simulation, createSeeded(`swarm ${scenario.seed} air`));
    const around: Surroundings = {
      scenario,
      simulation: this.#simulation,
      journal: this.#journal,
      mutation,
      keys: new Set(),
    };
    this.#gateways = scenario.gateways.map(({ nat }, index) => {
      return new Gateway(index, around, nat === null ? this.#air : this.#behindNat(index));
    });
    this.#flows = scenario.pairs.flatMap(({ ends: [one, other], children }) =>
      children.map(child => {
        const forth = new Flow(scenario, child, one.gateway, other.gateway, this.#journal);
        return [forth, new Flow(scenario, child, other.gateway, one.gateway, this.#journal)] as const;
      }),
    );
  }

  run(): Outcome {
    try {
      this.#start();
      this.#advance(this.#scenario.faultsMs);
      this.#heal();
      this.#rest();
      this.#calm();
    } catch (error) {
      this.#journal.find(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    if (this.#journal.hasFound) this.#describeAll();
    return {
      findings: this.#journal.findings,
      trace: this.#journal.lines(),
      digest: this.#journal.digest(),
      virtualMs: this.#nowMs(),
      restMs: Object.values(this.#restMs), // without those that never were
      espPackets: this.#gateways.reduce((total, { esp }) => total + esp.packets, 0),
      most: this.#gateways.reduce((most, gateway) => mostOf(most, gateway.most), NOTHING_KEPT),
    };
  }

  #behindNat(index: number): Air {
    const inside = new Air(this.#simulation, createSeeded(`swarm ${this.#scenario.seed} inside`));
    const config = natNode(this.#scenario, index);
    const antennaOf = (port: string): Antenna => ({
      gateway: index,
      mac: config.interfaces.find(({ name }) => name === port)?.mac ?? '',
      receive: octets => machine.receive(port, octets),
    });
    const ends = { [OUTER_PORT]: antennaOf(OUTER_PORT), inside: antennaOf('inside') } as const;
    const machine = new Machine(natName(index), {
      simulation: this.#simulation,
      transmit: (port, octets) =>
        port === 'inside' ? inside.send(ends.inside, octets) : this.#air.send(ends[OUTER_PORT] ?? ends.inside, octets),
      noted: () => undefined,
      commanded: () => undefined,
      ikeNoted: () => undefined,
      revealed: () => undefined,
      fetch: () => undefined,
    });
    inside.attach(ends.inside);
    this.#air.attach(ends[OUTER_PORT] ?? ends.inside);
    this.#nats.set(index, machine);
    return inside;
  }

  #start(): void {
    for (const [index, machine] of this.#nats) {
      const stream = `swarm ${this.#scenario.seed} ${natName(index)}`;
      const kernel = createTypescriptKernel(createSeededRandom(`${stream} kernel`));
      const node = createNode(natNode(this.#scenario, index), { random: createSeededRandom(`${stream} node`), kernel });
      machine.boot(node, createSeededRandom(`${stream} host`), []);
    }
    for (const gateway of this.#gateways) this.#boot(gateway);
    for (const { atMs, action } of this.#scenario.faults) this.#at(atMs, () => this.#apply(action));
    for (const [forth, back] of this.#flows) {
      for (const flow of [forth, back]) this.#at(this.#dice.below(3000), () => this.#sendOn(flow));
    }
    this.#at(0, () => this.#weigh());
  }

  #apply(action: FaultAction): void {
    const isOver = this.#nowMs() >= this.#scenario.faultsMs;
    if (isOver) return;
    this.#journal.note(`--- ${JSON.stringify(action)}`);
    switch (action.kind) {
      case 'weather':
        this.#air.weather = action.weather;
        return;
      case 'cut': {
        const { from, to, isOneWay, forMs } = action;
        const change = (more: 1 | -1) => {
          this.#air.cut(from, to, more);
          if (!isOneWay) this.#air.cut(to, from, more);
        };
        change(1);
        const until = this.#nowMs() + forMs;
        if (until < this.#scenario.faultsMs) this.#at(until, () => change(-1));
        return;
      }
      case 'crash': {
        const gateway = this.#gateway(action.gateway);
        if (!gateway.machine.isUp) return;
        gateway.crash();
        for (const flow of this.#flows.flat()) if (flow.from === action.gateway) flow.close();
        this.#at(this.#nowMs() + action.forMs, () => this.#boot(gateway));
        return;
      }
      case 'skew':
        return this.#gateway(action.gateway).skew(action.byMs);
      case 'rebind':
        return this.#nats.get(action.gateway)?.command({ kind: 'rebindNat' });
      case 'order':
        for (const end of action.ends) this.#order(action.pair, end, action.order);
    }
  }

  #order(index: number, end: 0 | 1, order: Order): void {
    const pair = this.#scenario.pairs[index];
    if (pair === undefined) throw new Error(`there is no pair ${index}`);
    const gateway = this.#gateway(pair.ends[end].gateway);
    const ike = `g${pair.ends[end === 0 ? 1 : 0].gateway}`;
    const child = 'child' in order ? (pair.children[order.child]?.name ?? '') : '';
    switch (order.kind) {
      case 'rekeyIke':
        return gateway.order({ kind: 'rekey', ike });
      case 'reauthenticate':
        return gateway.order({ kind: 'reauthenticate', ike });
      case 'terminateIke':
        return gateway.order({ kind: 'terminate', ike });
      case 'rekeyChild':
        return gateway.order({ kind: 'rekey', ike, child });
      case 'terminateChild':
        return gateway.order({ kind: 'terminate', ike, child });
      case 'initiate':
        return gateway.order({ kind: 'initiate', child });
    }
  }

  #heal(): void {
    this.#journal.note('--- the faults are over');
    this.#air.mend();
    for (const gateway of this.#gateways) this.#boot(gateway);
    for (const [index, pair] of this.#scenario.pairs.entries()) {
      const isClosed = this.#scenario.faults.some(
        ({ action }) => action.kind === 'order' && action.pair === index && /terminate/.test(action.order.kind),
      );
      if (isClosed) this.#insist(index, pair);
    }
  }

  /** What somebody has closed does not come back by itself. */
  #insist(index: number, pair: PairPlan): void {
    for (const [at, { start }] of pair.children.entries()) {
      for (const end of [0, 1] as const) {
        if (start[end] === 'start') this.#order(index, end, { kind: 'initiate', child: at });
      }
    }
    this.#at(this.#nowMs() + INSIST_EVERY_MS, () => this.#insist(index, pair));
  }

  /** Until each pair was at rest once. */
  #rest(): void {
    const from = this.#nowMs();
    this.#awaitRest(this.#restMaxMs, index => {
      this.#restMs[index] = this.#nowMs() - from;
    });
  }

  /** From now on nothing is lost, whatever is rekeyed; and afterwards all are at rest again. */
  #calm(): void {
    if (this.#journal.hasFound) return;
    this.#journal.note('--- all were at rest');
    const flows = this.#flows.flat().filter(flow => !this.#mayLose(flow));
    const first = new Map(flows.map(flow => [flow, flow.sent]));
    this.#advance(this.#nowMs() + CALM_MS);
    const end = new Map(flows.map(flow => [flow, flow.sent]));
    this.#advance(this.#nowMs() + 1000);
    for (const flow of flows) {
      const [from = 0, to = 0] = [first.get(flow), end.get(flow)];
      const missing = flow.missing(from, to);
      if (missing.length > 0) this.#journal.find(`${flow.name}: ${missing.length} of ${to - from} packets are lost`);
      if (to === from) throw new Error(`${flow.name}: nothing was sent`);
    }
    this.#awaitRest(Math.min(REST_AGAIN_MAX_MS, this.#restMaxMs), () => undefined);
  }

  /** Who reauthenticates by closing first has none for a while. */
  #mayLose({ child }: Flow): boolean {
    const pair = this.#scenario.pairs.find(({ children }) => children.includes(child));
    return pair === undefined || (pair.reauthenticateSeconds > 0 && !pair.makeBeforeBreak);
  }

  #awaitRest(forMs: number, rested: (pair: number) => void): void {
    const until = this.#nowMs() + forMs;
    const left = new Map(this.#scenario.pairs.entries());
    while (left.size > 0 && !this.#journal.hasFound) {
      const states = this.#gateways.map(gateway => this.#stateOf(gateway));
      for (const [index, pair] of left) {
        const [one, other] = pair.ends.map(({ gateway }) => states[gateway]);
        if (one === undefined || other === undefined) throw new Error('a pair without ends');
        const unrest = unrestOf(pair, [one, other]) ?? this.#silenceOf(pair);
        if (unrest === null) {
          left.delete(index);
          rested(index);
        } else if (this.#nowMs() >= until) {
          this.#journal.find(`${one.name} and ${other.name} find no rest: ${unrest}`);
        }
      }
      if (left.size > 0) this.#advance(this.#nowMs() + LOOK_EVERY_MS);
    }
  }

  #silenceOf({ children }: PairPlan): string | null {
    const flows = this.#flows.flat().filter(({ child }) => children.includes(child));
    const since = this.#scenario.faultsMs * NS_PER_MS;
    const silent = flows.find(flow => !flow.isPassing(this.#simulation.now, since));
    return silent === undefined ? null : `nothing arrives of ${silent.name}`;
  }

  /** For whoever reads the trace. */
  #describeAll(): void {
    for (const gateway of this.#gateways) {
      for (const line of gateway.describe()) this.#journal.tell(`${gateway.name}: ${line}`);
    }
  }

  #stateOf(gateway: Gateway): EndState {
    const [ike, node] = [gateway.ike(), gateway.node()];
    if (ike === null || node === null) throw new Error(`${gateway.name} is down`);
    return { name: gateway.name, ike, node, isAsking: peer => gateway.isAsking(peer) };
  }

  #boot(gateway: Gateway): void {
    if (gateway.machine.isUp) return;
    gateway.boot();
    for (const [forth, back] of this.#flows) {
      if (forth.from === gateway.index) forth.open(gateway.machine, back);
      if (back.from === gateway.index) back.open(gateway.machine, forth);
    }
  }

  #sendOn(flow: Flow): void {
    flow.send(this.#gateway(flow.from).machine, this.#simulation.now);
    this.#at(this.#nowMs() + 300 + this.#dice.below(1500), () => this.#sendOn(flow));
  }

  #weigh(): void {
    for (const gateway of this.#gateways) gateway.weigh();
    this.#at(this.#nowMs() + LOOK_EVERY_MS, () => this.#weigh());
  }

  #gateway(index: number): Gateway {
    const gateway = this.#gateways[index];
    if (gateway === undefined) throw new Error(`there is no gateway ${index}`);
    return gateway;
  }

  #advance(toMs: number): void {
    const to = toMs * NS_PER_MS;
    this.#simulation.schedule(to, () => undefined);
    while (this.#simulation.now < to && !this.#journal.hasFound) this.#simulation.step();
  }

  #at(atMs: number, run: () => void): void {
    this.#simulation.schedule(atMs * NS_PER_MS, run);
  }

  #nowMs(): number {
    return this.#simulation.now / NS_PER_MS;
  }
}
