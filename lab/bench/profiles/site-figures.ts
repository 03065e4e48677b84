import { searchRate } from '../generator/generator.ts';
import type { Generator } from '../generator/trial.ts';
import { congestionControl } from '../live/environment.ts';
import type { BenchGround } from '../live/ground.ts';
import { timesBetween } from '../live/process-times.ts';
import { ALICE, BOB, type Site } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';
import { measureStream } from '../live/tcp-stream.ts';
import { wireOctets } from '../live/wire-octets.ts';
import { PARTIAL_LOSS, type RateGoal } from '../rate-search.ts';
import type { MeasuredFigure } from '../record.ts';

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
    ...[from.gateway, to.gateway].flatMap(node => {
      const seconds = used
        .filter(time => time.node === node)
        .reduce((sum, { userSeconds, systemSeconds }) => sum + userSeconds + systemSeconds, 0);
      if (seconds === 0 || segments === 0) return []; // a kernel that forwards has no process
      const cpu = figure(sites, `${what}/cpu-${node}`, CPU, (seconds / segments) * 1e9, { ...more, node, load: 'tcp' });
      return [{ ...cpu, ceiling: null }];
    }),
  ];
}

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

/** So much of what a search for a rate takes is spent on it where there is little time. */
const HASTE = { seconds: 0.15, warmUpSeconds: 0.05 };
const HASTY_GOAL: RateGoal = {
  lossRatioMax: PARTIAL_LOSS,
  rateMin: 1000,
  rateMax: 300_000,
  precision: 0.15,
  trialsPerRate: 1,
};

/** The rate of packets of these sizes, in turn, at which no more is lost than PDR allows, from a1 to b1: a first look. */
export async function lossyRateFigures(
  sites: MeasuredSites,
  generator: Generator,
  packetOctets: readonly number[],
): Promise<readonly MeasuredFigure[]> {
  const { inner } = sites.parameters;
  const order = { source: ALICE.hostAddress[inner], destination: BOB.hostAddress[inner], packetOctets };
  const [octets = 0, ...others] = packetOctets;
  const kind = others.length === 0 ? octets : 'imix';
  const { end } = await searchRate(generator, HASTY_GOAL, { ...order, ...HASTE });
  if (end.kind !== 'found') return [];
  return [
    figure(sites, `udp-${kind}/pdr`, { metric: 'PDR', unit: 'packets/s', better: 'more' }, end.rate, { octets: kind }),
  ];
}
