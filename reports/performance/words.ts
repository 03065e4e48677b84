import type { FigureRecord } from '../bench-format.ts';
import type { JudgedFigure, Study } from './study.ts';

/** What a lab grows by: figures that have one of these are drawn against it. */
export const GROWTH: Readonly<Record<string, string>> = {
  sas: 'SAs',
  policies: 'policies',
  rules: 'filter rules',
  gateways: 'gateways',
  nodes: 'nodes',
};

/** The name of what a figure grows with; null for one that does not. */
export const growthOf = ({ parameters }: FigureRecord): string | null =>
  Object.keys(GROWTH).find(name => typeof parameters[name] === 'number') ?? null;

export const titleOf = ({ record }: Study, subject: string): string =>
  record.subjects?.find(({ name }) => name === subject)?.title ?? subject;

/** One parameter for people: `IMIX`, `at 50 % of its rate`. */
export function parameterWords(name: string, value: string | number): string {
  if (name === 'octets') return value === 'imix' ? 'IMIX' : `${value} octets`;
  if (name === 'load') return value === 'tcp' ? 'with one TCP stream' : `at ${value} % of its rate`;
  if (name === 'from') return `from ${value}`;
  if (name === 'delayMs') return `${value} ms of delay`;
  if (name === 'encapsulation') return value === 'always' ? 'in UDP' : 'not in UDP';
  if (name === 'inner' || name === 'outer') return `IPv${value} ${name === 'inner' ? 'inside' : 'outside'}`;
  const growth = GROWTH[name];
  if (growth !== undefined) return `${value} ${growth}`;
  return typeof value === 'number' ? `${name} ${value}` : value;
}

/** Those of a figure that `names` has, in its order; families as one: `IPv4 in IPv6`. */
export function parametersWords({ parameters }: FigureRecord, names: readonly string[]): string {
  const { inner, outer } = parameters;
  const asOne = names.includes('inner') && names.includes('outer') && inner !== undefined && outer !== undefined;
  const parts = names.flatMap(name => {
    const value = parameters[name];
    if (value === undefined) return [];
    if (asOne && name === 'outer') return [];
    return [asOne && name === 'inner' ? `IPv${inner} in IPv${outer}` : parameterWords(name, value)];
  });
  return parts.join(', ');
}

/** The parameters in which figures differ, or that some of them do not have. */
export function varying(figures: readonly FigureRecord[]): string[] {
  const names = [...new Set(figures.flatMap(({ parameters }) => Object.keys(parameters)))];
  return names.filter(name => new Set(figures.map(({ parameters }) => parameters[name])).size > 1);
}

/**
 * Names for the figures of one chart: the subject's title, or its cipher where subjects differ in that, and whatever else differs between
 * figures of the same subject but `drawn`, which the chart shows in another way.
 */
export function seriesNames(
  figures: readonly JudgedFigure[],
  study: Study,
  drawn: readonly string[],
): ReadonlyMap<JudgedFigure, string> {
  const ciphers = new Map(
    figures.flatMap(judged => (hasCipher(judged) ? [[judged.figure.subject, cipherOf(judged)]] : [])),
  );
  const byCipher = figures.every(isOfMatrix) && new Set(ciphers.values()).size === ciphers.size;
  return new Map(
    figures.map(judged => {
      const { figure } = judged;
      const own = figures.filter(other => other.figure.subject === figure.subject).map(other => other.figure);
      const names = varying(own).filter(name => !drawn.includes(name));
      const cipher = byCipher ? ciphers.get(figure.subject) : undefined;
      const sizes = drawn.map(name => figure.parameters[name]);
      const title = cipher ?? withoutSize(titleOf(study, figure.subject), sizes);
      return [judged, [title, parametersWords(figure, names)].filter(part => part !== '').join(', ')];
    }),
  );
}

/** A subject a size is one series: `nodes, IKEv2: 100` is a point of `nodes, IKEv2`. */
function withoutSize(title: string, sizes: readonly (string | number | undefined)[]): string {
  const ending = sizes.map(size => `: ${size}`).find(text => title.endsWith(text));
  return ending === undefined ? title : title.slice(0, -ending.length);
}

const cipherOf = ({ figure: { parameters } }: JudgedFigure): string =>
  'ah' in parameters ? `AH ${parameters['ah']}` : String(parameters['cipher'] ?? 'none');
const hasCipher = (judged: JudgedFigure): boolean => cipherOf(judged) !== 'none';
/** One of many ways to do the same, and not somebody who does it. */
const isOfMatrix = ({ implementation }: JudgedFigure): boolean => implementation === null;

/** What a chart shows one of: panels of a matrix. Implementations stand beside each other whatever they carry packets with. */
export function panelsOf(figures: readonly JudgedFigure[]): readonly Panel[] {
  const isMatrix = figures.every(isOfMatrix);
  const candidates = isMatrix ? ['mode', 'inner', 'outer', 'encapsulation'] : ['inner', 'outer'];
  const everywhere = candidates.filter(name => figures.every(({ figure }) => name in figure.parameters));
  const differing = varying(figures.map(({ figure }) => figure));
  const split = everywhere.filter(name => differing.includes(name));
  const names = split.some(name => name === 'inner' || name === 'outer')
    ? everywhere.filter(name => split.includes(name) || name === 'inner' || name === 'outer')
    : split;
  const panels = new Map<string, JudgedFigure[]>();
  for (const judged of figures) {
    const title = parametersWords(judged.figure, names);
    panels.set(title, [...(panels.get(title) ?? []), judged]);
  }
  return [...panels].map(([title, own]) => ({ title, figures: own }));
}

export interface Panel {
  /** Empty where there is only one. */
  readonly title: string;
  readonly figures: readonly JudgedFigure[];
}

/** In the order in which they first come. */
export function grouped<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
}

/** What is said beside a chart; what is empty is left out. */
export const notes = (...parts: readonly string[]): string => parts.filter(part => part !== '').join(' · ');
