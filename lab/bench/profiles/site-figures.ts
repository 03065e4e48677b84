import { searchRate, startGenerator } from '../generator/generator.ts';
import type { Generator } from '../generator/trial.ts';
import { congestionControl } from '../live/environment.ts';
import type { BenchGround, ProcessTime } from '../live/ground.ts';
import { timesBetween } from '../live/process-times.ts';
import { ALICE, BOB, type Site } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';
import { measureStream } from '../live/tcp-stream.ts';
import { wireOctets } from '../live/wire-octets.ts';
import { PARTIAL_LOSS, type RateGoal } from '../rate-search.ts';
import type { MeasuredFigure } from '../record.ts';
import type { TurnContext } from './profile.ts';

/** Two sites that are up, and how figures about them are called. */
export interface MeasuredSites {
  readonly ground: BenchGround;
  readonly subject: BenchSubject;
  readonly parameters: SubjectParameters;
  /** What ids begin with: `compare/engine`. */
  readonly id: string;
  /** The same of the subject that this one cannot exceed; null for that one itself. */
  readonly ceiling: string | null;
}

type Told = Pick<MeasuredFigure, 'metric' | 'unit' | 'better'>;

const THROUGHPUT: Told = { metric: 'TCP throughput', unit: 'bit/s', better: 'more' };
const CPU: Told = { metric: 'CPU per packet', unit: 'ns', better: 'less' };
const OVERHEAD: Told = { metric: 'overhead measured', unit: 'octets', better: 'less' };
const PREDICTED: Told = { metric: 'overhead predicted', unit: 'octets', better: 'less' };

/** One value, read in one piece. */
export function figure(
  { id, ceiling, parameters }: Pick<MeasuredSites, 'id' | 'ceiling' | 'parameters'>,
  what: string,
  told: Told,
  value: number,
  more: Readonly<Record<string, string | number>> = {},
): MeasuredFigure {
  return {
    id: `${id}/${what}`,
    ...told,
    parameters: { ...parameters, ...more },
    ceiling: ceiling === null ? null : `${ceiling}/${what}`,
    sample: { value, readings: [], warmUpReadings: 0 },
  };
}

/** One TCP stream from a site to the other, and what the gateways' processes used for it. */
export async function streamFigures(
  sites: MeasuredSites,
  from: Site,
  { seconds, packetOctets }: { readonly seconds: number; readonly packetOctets: number },
): Promise<MeasuredFigure[]> {
  const { ground, parameters } = sites;
  const to = from === ALICE ? BOB : ALICE;
  const what = from === ALICE ? 'tcp' : 'tcp-back';
  const before = ground.processTimes();
  const stream = await measureStream(ground, {
    sender: from.host,
    receiver: to.host,
    address: to.hostAddress[parameters.inner],
    seconds,
    packetOctets,
    congestionControl: congestionControl(),
  });
  const used = timesBetween(before, ground.processTimes());
  const { bitsPerSecond, readings, warmUpReadings, octets } = stream;
  const segments = octets / (packetOctets - TCP_HEADERS_OCTETS[parameters.inner]);
  const more = { octets: packetOctets, from: from.host };
  const throughput = figure(sites, what, THROUGHPUT, bitsPerSecond, more);
  return [
    { ...throughput, sample: { ...throughput.sample, readings, warmUpReadings } },
    ...cpuFigures(sites, what, used, segments, { ...more, load: 'tcp' }),
  ];
}

/** What the processes of each gateway used for so many packets. A kernel that forwards has no process, and no figure. */
function cpuFigures(
  sites: MeasuredSites,
  what: string,
  used: readonly ProcessTime[],
  packets: number,
  more: Readonly<Record<string, string | number>>,
): readonly MeasuredFigure[] {
  return [ALICE, BOB].flatMap(({ gateway: node }) => {
    const seconds = used
      .filter(time => time.node === node)
      .reduce((sum, { userSeconds, systemSeconds }) => sum + userSeconds + systemSeconds, 0);
    if (seconds === 0 || packets === 0) return [];
    const cpu = figure(sites, `${what}/cpu-${node}`, CPU, (seconds / packets) * 1e9, { ...more, node });
    return [{ ...cpu, ceiling: null }];
  });
}

/** Of the rate without loss, percent: a load that everybody carries without hurry, and that shows what a packet costs. */
const CPU_LOAD = 50;
const CPU_SECONDS = 1;

/** What the gateways' processes use for packets of these sizes at half of the rate that `ndr` found. */
export async function packetCpuFigures(
  sites: MeasuredSites,
  generator: Generator,
  packetOctets: readonly number[],
  ndr: number,
): Promise<readonly MeasuredFigure[]> {
  const order = { ...ends(sites), packetOctets, rate: (ndr * CPU_LOAD) / 100 };
  const before = sites.ground.processTimes();
  const { counts } = await generator.trial({ ...order, seconds: CPU_SECONDS, warmUpSeconds: 0 });
  const used = timesBetween(before, sites.ground.processTimes());
  const octets = sizeText(packetOctets);
  return cpuFigures(sites, `udp-${octets}`, used, counts.received, { octets, load: CPU_LOAD });
}

/** From a1 to b1, in the inner family. */
export const ends = ({ parameters: { inner } }: Pick<MeasuredSites, 'parameters'>) => ({
  source: ALICE.hostAddress[inner],
  destination: BOB.hostAddress[inner],
});

/** In ids and parameters: the size, or that they are a mix. */
const sizeText = ([octets = 0, ...others]: readonly number[]): number | 'imix' =>
  others.length === 0 ? octets : 'imix';

/** IP and TCP, with the timestamps that every kernel sends. */
const TCP_HEADERS_OCTETS = { 4: 52, 6: 72 } as const;

/** What is on the WAN beyond an IP packet of each size: as the book has it, and as the wire does. */
export async function overheadFigures(sites: MeasuredSites, sizes: readonly number[]): Promise<MeasuredFigure[]> {
  const { ground, subject, parameters } = sites;
  const figures: MeasuredFigure[] = [];
  const add = (what: string, told: Told, octets: number, outer: number | null): void => {
    if (outer === null) return;
    figures.push({ ...figure(sites, `${octets}/${what}`, told, outer - octets, { octets }), ceiling: null });
  };
  for (const octets of sizes) {
    add('overhead', OVERHEAD, octets, await wireOctets(ground, parameters.inner, octets));
    add('overhead-predicted', PREDICTED, octets, subject.outerOctets?.(parameters, octets) ?? null);
  }
  return figures;
}

/** Trials of a tenth of a second, in each of which a gateway carries thousands of packets; three or four of them. */
const HASTE = { seconds: 0.1, warmUpSeconds: 0.05, silenceSeconds: 0.08 };
const HASTY_GOAL: RateGoal = {
  lossRatioMax: PARTIAL_LOSS,
  rateMin: 1000,
  rateMax: 200_000,
  precision: 0.2,
  trialsPerRate: 1,
};

/**
 * The rates of packets at which no more is lost than PDR allows, from a1 to b1, of each of several lists of sizes, which are sent in turn: a
 * first look. What is found for one is the guess for the next, so those that cost about as much stand side by side.
 */
export async function lossyRateFigures(
  sites: MeasuredSites,
  { say }: Pick<TurnContext, 'say'>,
  ...lists: readonly (readonly number[])[]
): Promise<readonly MeasuredFigure[]> {
  const generator = await startGenerator(sites.ground, { sender: ALICE.host, receiver: BOB.host });
  const figures: MeasuredFigure[] = [];
  let goal = HASTY_GOAL;
  for (const packetOctets of lists) {
    const octets = sizeText(packetOctets);
    say(octets === 'imix' ? 'a mix of packets' : `packets of ${octets} octets`);
    const { end } = await searchRate(generator, goal, { ...ends(sites), packetOctets, ...HASTE });
    if (end.kind !== 'found') continue;
    figures.push(
      figure(sites, `udp-${octets}/pdr`, { metric: 'PDR', unit: 'packets/s', better: 'more' }, end.rate, { octets }),
    );
    goal = { ...HASTY_GOAL, guess: Math.max(end.rate, HASTY_GOAL.rateMin) };
  }
  await generator.close();
  return figures;
}
