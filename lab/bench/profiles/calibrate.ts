import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { RunningLab } from '../../drivers/driver.ts';
import { startGenerator } from '../generator/generator.ts';
import { type Effort, latencyFigures, packetFigures, QUICK, THOROUGH } from '../generator/packet-figures.ts';
import { IMIX } from '../generator/sizes.ts';
import type { Generator, GeneratorEnds } from '../generator/trial.ts';
import { bringUpSubject } from '../live/bring-up.ts';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB, type Families } from '../live/sites.ts';
import { USUAL } from '../live/subject.ts';
import type { MeasuredFigure } from '../record.ts';
import { plain } from '../subjects/plain.ts';
import type { PlannedSubject, Profile, TurnContext } from './profile.ts';

/**
 * What the instruments themselves can do, so that others know what their figures rest on: at which rates the generator loses nothing
 * where there is nothing to lose it, at which the capture misses nothing, and what latency is measured through a link whose delay is known.
 */
export const calibrate: Profile = {
  name: 'calibrate',
  summary: 'what generator and capture lose by themselves, and what latency they see where it is known',
  plan: ({ quick }) => ({
    subjects: [...WAYS.map(way => rateSubject(way, quick)), ...DELAYS_MS.map(delayMs => delaySubject(delayMs, quick))],
    rounds: quick ? 3 : 10,
  }),
};

/** Between which nothing is measured but the machine. */
interface Way {
  readonly name: string;
  readonly title: string;
  up(context: TurnContext): Promise<BenchGround>;
  readonly ends: GeneratorEnds;
  readonly source: Families;
  readonly destination: Families;
  /** Packets that another instrument has missed so far, which is measured with the generator. */
  readonly missed?: (lab: RunningLab) => number;
}

const A1: Families = { 4: '192.0.2.1', 6: '2001:db8::1' };
const B1: Families = { 4: '192.0.2.2', 6: '2001:db8::2' };
const LOOPBACK: Families = { 4: '127.0.0.1', 6: '::1' };
const WIRE = { ends: { sender: 'a1', receiver: 'b1' }, source: A1, destination: B1 };

const WAYS: readonly Way[] = [
  {
    name: 'loopback',
    title: 'loopback of one host',
    up: ({ up }) => up(wireText('')),
    ends: { sender: 'a1', receiver: 'a1' },
    source: LOOPBACK,
    destination: LOOPBACK,
  },
  { ...WIRE, name: 'wire', title: 'two hosts on one wire', up: ({ up }) => up(wireText('')) },
  {
    ...WIRE,
    name: 'captured-wire',
    title: 'two hosts on one wire, captured',
    up: ({ up }) => up(wireText(''), { capture: 'all' }),
    missed: lab => Object.values(lab.captureLosses()).reduce((sum, lost) => sum + lost, 0),
  },
  {
    name: 'plain',
    title: plain.title,
    up: ({ up }) => bringUpSubject(up, plain, { ...USUAL, cipher: 'none' }),
    ends: { sender: ALICE.host, receiver: BOB.host },
    source: ALICE.hostAddress,
    destination: BOB.hostAddress,
  },
];

const DELAYS_MS = [1, 20] as const;

/** `more`: of the link, in YAML. */
const wireText = (more: string): string =>
  [
    'name: calibrate',
    'title: Two hosts on one wire',
    'description: What the instruments do by themselves.',
    'nodes:',
    `  a1: { kind: host, interfaces: { eth0: { addresses: [${A1[4]}/24, "${A1[6]}/64"] } } }`,
    `  b1: { kind: host, interfaces: { eth0: { addresses: [${B1[4]}/24, "${B1[6]}/64"] } } }`,
    'links:',
    `  wire: { endpoints: ["a1:eth0", "b1:eth0"]${more} }`,
    '',
  ].join('\n');

interface Packets {
  readonly name: string;
  readonly family: 4 | 6;
  readonly packetOctets: readonly number[];
}

const SMALL: Packets = { name: '64', family: 4, packetOctets: [64] };
const KINDS: readonly Packets[] = [
  SMALL,
  { ...SMALL, family: 6 },
  { name: 'imix', family: 4, packetOctets: IMIX },
  { name: '1420', family: 4, packetOctets: [1420] },
];

/** One trial decides on a rate: there is nothing here that loses packets now and then. */
const FULL: Effort = { ...THOROUGH, trialsPerRate: 1 };

function rateSubject(way: Way, quick: boolean): PlannedSubject {
  const kinds = quick ? [SMALL] : KINDS;
  return {
    name: way.name,
    title: way.title,
    obstacle: () => null,
    secondsPerTurn: kinds.length * (quick ? 7 : 25),
    async measure(context) {
      const ground = await way.up(context);
      const started = await startGenerator(ground, way.ends);
      const generator = way.missed === undefined ? started : withMissed(started, ground.lab, way.missed);
      const figures: MeasuredFigure[] = [];
      for (const kind of kinds) {
        context.say(`packets of ${kind.name} octets, IPv${kind.family}`);
        figures.push(...(await rateFigures(way, kind, generator, quick ? QUICK : FULL)));
      }
      return figures;
    },
  };
}

/** The rate that is found, latencies below it, and what is lost when the same is sent once more, for longer. */
async function rateFigures(
  way: Way,
  { name, family, packetOctets }: Packets,
  generator: Generator,
  effort: Effort,
): Promise<readonly MeasuredFigure[]> {
  const id = `calibrate/${way.name}/ipv${family}-${name}`;
  const parameters = { octets: name === 'imix' ? name : Number(name), inner: family };
  const order = { source: way.source[family], destination: way.destination[family], packetOctets };
  const figures = await packetFigures(generator, order, effort, { id, ceiling: null, parameters });
  const ndr = figures.find(({ metric }) => metric === 'NDR');
  if (ndr === undefined) return figures;
  const { counts } = await generator.trial({
    ...order,
    ...effort,
    rate: ndr.sample.value,
    seconds: effort.seconds * 3,
  });
  return [...figures, oneFigure(`${id}/lost-at-ndr`, 'loss at NDR', 'packets', counts.lost, parameters)];
}

/** Packets that another instrument did not see count as lost. */
const withMissed = (generator: Generator, lab: RunningLab, missedBy: (lab: RunningLab) => number): Generator => ({
  close: () => generator.close(),
  async trial(order) {
    const before = missedBy(lab);
    const result = await generator.trial(order);
    await lab.sleep(0); // which has it read what the kernel still holds
    const { counts } = result;
    const missed = Math.min(counts.received, missedBy(lab) - before);
    return { ...result, counts: { ...counts, received: counts.received - missed, lost: counts.lost + missed } };
  },
});

/** Slow enough that no packet waits for another. */
const DELAYED_RATE = 500;

function delaySubject(delayMs: number, quick: boolean): PlannedSubject {
  const name = `delay-${delayMs}ms`;
  const parameters = { octets: 64, inner: 4, delayMs };
  return {
    name,
    title: `a link that takes ${delayMs} ms`,
    obstacle: () => null,
    secondsPerTurn: quick ? 3 : 8,
    async measure({ up }) {
      const ground = await up(wireText(`, impair: { delay: ${delayMs}ms }`));
      const generator = await startGenerator(ground, WIRE.ends);
      const order = { source: A1[4], destination: B1[4], packetOctets: [64], rate: DELAYED_RATE };
      const { latency } = await generator.trial({ ...order, seconds: quick ? 1 : 5, warmUpSeconds: 0.5 });
      if (latency === null) throw new Error(`nothing came through a link of ${delayMs} ms`);
      const id = `calibrate/${name}`;
      const beyond = latency.p50 - delayMs * NS_PER_MS;
      return [
        ...latencyFigures({ id, ceiling: null, parameters }, latency, null),
        oneFigure(`${id}/beyond`, 'latency beyond the known delay', 'ns', beyond, parameters),
      ];
    },
  };
}

const oneFigure = (
  id: string,
  metric: string,
  unit: string,
  value: number,
  parameters: MeasuredFigure['parameters'],
): MeasuredFigure => ({
  id,
  metric,
  unit,
  better: 'less',
  parameters,
  ceiling: null,
  sample: { value, readings: [], warmUpReadings: 0 },
});
