import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { implementationOf } from './study.ts';

/** Nobody's work here: what they do in a run tells how the machine was. */
const OTHERS = new Set(['strongswan', 'openvpn-static', 'openvpn-tls', 'wireguard-go', 'kernel-esp']);

/** Forwarding without any of this project's code, which is no measure of those who encrypt: the kernel does it by itself. */
const BARE = 'plain';
/** Of the lab's own instruments, for which forwarding is what they are tried on. */
const OF_INSTRUMENTS = 'calibrate';

/** One alone would bring more of its own chance than it takes away of the machine's. */
const REFERENCES_MIN = 2;

export function isOfOthers({ subject }: Pick<FigureRecord, 'subject'>): boolean {
  return OTHERS.has(implementationOf(subject) ?? '');
}

/** Whether a figure of such a run tells of this project's work: nobody is stopped for what others, or the machine alone, do. */
export function isJudged(figure: Pick<FigureRecord, 'subject'>, { profile }: Pick<BenchRecord, 'profile'>): boolean {
  return !isOfOthers(figure) && (figure.subject !== BARE || profile === OF_INSTRUMENTS);
}

/**
 * The values of a figure in two runs, so that they can be compared: as shares of what the others had in the same rounds, by their
 * geometric mean, where at least two others were measured in both. A machine is some percent slower one hour than another, and all who
 * were measured on it with it. `others`: how many; 0 where the values are as they were measured.
 */
export function comparableValues(
  figure: { readonly before: FigureRecord; readonly after: FigureRecord },
  runs: { readonly before: BenchRecord; readonly after: BenchRecord },
): { readonly before: readonly number[]; readonly after: readonly number[]; readonly others: number } {
  const [then, now] = [sameOfOthers(figure.before, runs.before), sameOfOthers(figure.after, runs.after)];
  const names = [...then.keys()].filter(name => now.has(name));
  const isHeld = !isOfOthers(figure.before) && names.length >= REFERENCES_MIN;
  const held = isHeld ? names : [];
  const valuesFor = (own: FigureRecord, all: ReadonlyMap<string, FigureRecord>): readonly number[] =>
    shares(
      own,
      held.flatMap(name => all.get(name) ?? []),
    );
  return { before: valuesFor(figure.before, then), after: valuesFor(figure.after, now), others: held.length };
}

/** The same figure of each other subject, by the subject. */
function sameOfOthers(
  { id, subject }: FigureRecord,
  { profile, figures }: BenchRecord,
): ReadonlyMap<string, FigureRecord> {
  const name = id.slice(`${profile}/${subject}/`.length);
  return new Map(
    figures
      .filter(other => isOfOthers(other) && other.id === `${profile}/${other.subject}/${name}`)
      .map(other => [other.subject, other]),
  );
}

/** In the order of rounds; those in which one of the others was not measured are left out. */
function shares({ samples }: FigureRecord, others: readonly FigureRecord[]): readonly number[] {
  const byRound = others.map(other => new Map(other.samples.map(({ round, value }) => [round, value])));
  return samples
    .toSorted((a, b) => a.round - b.round)
    .flatMap(({ round, value }) => {
      const theirs = byRound.map(values => values.get(round) ?? 0);
      if (theirs.some(other => other <= 0)) return [];
      const logarithms = theirs.reduce((sum, other) => sum + Math.log(other), 0);
      return [theirs.length === 0 ? value : value / Math.exp(logarithms / theirs.length)];
    });
}
