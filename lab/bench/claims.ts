import type { FigureRecord } from '../../reports/bench-format.ts';
import type { Claim, ClaimEvidence, Estimate, Study } from '../../reports/performance/study.ts';
import { bootstrapInterval, widened } from './bootstrap.ts';
import { SAMPLES_MIN } from './comparison.ts';
import { implementationOf } from './study.ts';
import { median } from './summary.ts';
import type { Uniform } from './uniform.ts';

/** Of algorithms without packets around them. */
const ALONE = 'cipher alone, seal';
/** The first of these that was measured decides: the author of the claims watched throughput. The others are told besides. */
const METRICS = ['TCP throughput', 'PDR', 'NDR', 'CPU per packet', ALONE];

/** From this share on a cost is more than `barely` detectable, and may surprise; below the next it is `little`. */
const [BARELY, LITTLE] = [0.05, 0.1];

/** Two kinds of figures that are the same but for one thing. */
interface Contrast {
  readonly what: string;
  readonly isFirst: (figure: FigureRecord) => boolean;
  readonly isSecond: (figure: FigureRecord) => boolean;
  /** Figures with the same one are a pair. */
  readonly pairedBy: (figure: FigureRecord) => string;
  /** Worth knowing, and not what was claimed. */
  readonly isAside?: true;
  /** The metric that cannot tell the two apart: how much it differs is how much chance does. */
  readonly control?: string;
}

interface Question {
  readonly statement: string;
  readonly test: string;
  readonly contrasts: (figures: readonly FigureRecord[]) => readonly Contrast[];
  readonly agrees: (cost: Estimate) => boolean | null;
}

/** That the first costs so much more that one would notice. */
const costsMore = ({ low, middle, high }: Estimate): boolean | null =>
  low > 0 && middle >= BARELY ? true : high < BARELY ? false : null;

/** That which of the two it is makes no difference beyond `limit`. */
const makesLittleOf =
  (limit: number) =>
  ({ low, middle, high }: Estimate): boolean | null => {
    if (low > -limit && high < limit) return true;
    return Math.abs(middle) >= limit && (low > 0 || high < 0) ? false : null;
  };

/** What a guide to IPsec tunnels on SmartOS ends with, one sentence each; its author had no environment to find out in. */
const QUESTIONS: readonly Question[] = [
  {
    statement: 'There was a surprising performance penalty when using IPv4 over IPv4.',
    test: 'Figures of IPv4 in IPv4 against those of other families, all else the same; besides, what the tunnel alone costs. The algorithms alone know of no family: what they differ by, chance does.',
    contrasts: () => [
      families(6, 4),
      families(4, 6),
      families(6, 6),
      {
        what: 'IPv4 in IPv4 without ESP against no tunnel',
        isFirst: ({ subject }) => subject === 'ipip-4in4',
        isSecond: ({ subject }) => subject === 'clear-4',
        pairedBy: parametersBut(),
        isAside: true,
      },
    ],
    agrees: costsMore,
  },
  {
    statement: 'There was one as well when using AES or Blowfish as compared to DES or 3DES.',
    test: 'Figures of AES in CBC mode and of Blowfish against those of DES and 3DES with the same integrity, mode, families and size.',
    contrasts: () =>
      [
        { name: 'AES-CBC', pattern: /^aes\d+$/ },
        { name: 'Blowfish', pattern: /^blowfish/ },
      ].flatMap(({ name, pattern }) =>
        ['des', '3des'].map(old => ({
          what: `${name} against ${old.toUpperCase()}`,
          isFirst: (figure: FigureRecord) => pattern.test(encryptionOf(figure)),
          isSecond: (figure: FigureRecord) => encryptionOf(figure) === old,
          pairedBy: (figure: FigureRecord) => `${integrityOf(figure)} ${without('cipher')(figure)}`,
        })),
      ),
    agrees: costsMore,
  },
  {
    statement: 'Adjusting the AH algorithm appeared to have little impact.',
    test: `Figures of each integrity algorithm, of AH where it was measured and else of ESP, against the first of them: little is less than ${LITTLE * 100} %.`,
    contrasts: figures => {
      const [first, ...others] = [...new Set(hashed(figures).map(integrityOf))].sort((a, b) => rankOf(a) - rankOf(b));
      return first === undefined ? [] : others.map(other => integrities(other, first, figures));
    },
    agrees: makesLittleOf(LITTLE),
  },
  {
    statement: 'Larger SHA-2 hash fields had a barely detectable effect.',
    test: `Figures of SHA-384 and SHA-512 against those of SHA-256, all else the same: barely is less than ${BARELY * 100} %.`,
    contrasts: figures => ['sha384', 'sha512'].map(larger => integrities(larger, 'sha256', figures)),
    agrees: makesLittleOf(BARELY),
  },
];

/** The four claims, held against all runs together; figures of one run are compared with no other's. */
export function judgeClaims(studies: readonly Study[], randomFor: (id: string) => Uniform): readonly Claim[] {
  return QUESTIONS.map(question => {
    const found = studies.flatMap(study =>
      METRICS.flatMap(metric => {
        const ofMetric = study.record.figures.filter(figure => figure.metric === metric);
        return question.contrasts(ofMetric).flatMap(contrast => {
          const cost = costOf(contrast, ofMetric, study, randomFor(`${study.label} ${metric} ${contrast.what}`));
          if (cost === null) return [];
          const { what, isAside, control } = contrast;
          const role = metric === control ? 'control' : isAside ? 'aside' : 'decides';
          return [{ ...cost, metric, what, role, agrees: question.agrees(cost.cost) } as const];
        });
      }),
    );
    const deciding = METRICS.find(metric => found.some(one => one.role === 'decides' && one.metric === metric)) ?? '';
    const evidence = found.map(
      (one): ClaimEvidence => (one.role === 'decides' && one.metric !== deciding ? { ...one, role: 'aside' } : one),
    );
    return { statement: question.statement, test: question.test, evidence, ...verdictOf(evidence, deciding) };
  });
}

function verdictOf(evidence: readonly ClaimEvidence[], metric: string): Pick<Claim, 'verdict' | 'because'> {
  const deciding = evidence.filter(({ role }) => role === 'decides');
  const [yes, no] = [true, false].map(answer => deciding.filter(({ agrees }) => agrees === answer).length);

  if (deciding.length === 0) return { verdict: 'not measured', because: 'no two figures differ in this alone' };
  if (yes === deciding.length)
    return {
      verdict: 'holds',
      because:
        deciding.length === 1
          ? `the one comparison, by ${metric}, bears it out`
          : `all comparisons, ${deciding.length} by ${metric}, bear it out`,
    };
  if (no === deciding.length)
    return {
      verdict: 'does not hold',
      because:
        deciding.length === 1
          ? `the one comparison, by ${metric}, does not bear it out`
          : `no comparison of ${deciding.length} by ${metric} bears it out`,
    };
  const because = `of ${deciding.length} comparisons by ${metric} ${yes} ${yes === 1 ? 'bears' : 'bear'} it out and ${no} ${no === 1 ? 'does' : 'do'} not`;
  if (yes !== 0 && no !== 0) return { verdict: 'holds in part', because };
  return { verdict: 'undecided', because: `${because}, and the intervals of the others leave it open` };
}

/**
 * What the first of a contrast costs more than the second, as a share: in each round the geometric mean over all pairs, so that no size
 * or cipher counts more than another, then the median of the rounds. null with too few rounds in which all pairs were measured.
 */
function costOf(
  { isFirst, isSecond, pairedBy }: Contrast,
  figures: readonly FigureRecord[],
  settings: Study,
  random: Uniform,
): Pick<ClaimEvidence, 'pairs' | 'cost'> | null {
  const seconds = figures.filter(isSecond);
  const pairs = figures.filter(isFirst).flatMap(first => {
    const key = pairedBy(first);
    return seconds.filter(second => pairedBy(second) === key).map(second => costByRound(first, second));
  });
  const [one] = pairs;
  if (one === undefined) return null;
  const rounds = [...one.keys()].filter(round => pairs.every(pair => pair.has(round)));
  if (rounds.length < SAMPLES_MIN) return null;
  const costs = rounds.map(round => {
    const logarithms = pairs.map(pair => Math.log(pair.get(round) ?? Number.NaN));
    return Math.exp(logarithms.reduce((sum, one) => sum + one, 0) / logarithms.length) - 1;
  });
  const middle = median(costs);
  const { low, high } = widened(bootstrapInterval(costs, median, settings, random), middle, settings.widening);
  return { pairs: pairs.length, cost: { middle, low, high } };
}

/** How many times the first costs what the second does, in each round that has both; a round that measured nothing says nothing. */
function costByRound(first: FigureRecord, second: FigureRecord): ReadonlyMap<number, number> {
  const others = new Map(second.samples.map(({ round, value }) => [round, value]));
  return new Map(
    first.samples.flatMap(({ round, value }) => {
      const other = others.get(round) ?? 0;
      if (value <= 0 || other <= 0) return [];
      return [[round, first.better === 'more' ? other / value : value / other] as const];
    }),
  );
}

const families = (inner: number, outer: number): Contrast => ({
  what: `IPv4 in IPv4 against IPv${inner} in IPv${outer}`,
  isFirst: figure => isTunnelled(figure, 4, 4),
  isSecond: figure => isTunnelled(figure, inner, outer),
  pairedBy: without('inner', 'outer'),
  control: ALONE,
});

/** What is forwarded without a tunnel is in nothing, whatever its record says of families. */
const isTunnelled = ({ subject, parameters }: FigureRecord, inner: number, outer: number): boolean =>
  parameters['inner'] === inner && parameters['outer'] === outer && !/^(?:clear|plain)(?:-|$)/.test(subject);

const integrities = (first: string, second: string, figures: readonly FigureRecord[]): Contrast => {
  const judged = new Set(hashed(figures));
  return {
    what: `${hashName(first)} against ${hashName(second)}`,
    isFirst: figure => judged.has(figure) && integrityOf(figure) === first,
    isSecond: figure => judged.has(figure) && integrityOf(figure) === second,
    pairedBy: figure => `${encryptionOf(figure)} ${without('cipher', 'ah')(figure)}`,
  };
};

/** Of AH if any is, else those of ESP that have an integrity algorithm of their own. */
function hashed(figures: readonly FigureRecord[]): readonly FigureRecord[] {
  const ofAh = figures.filter(({ parameters }) => 'ah' in parameters);
  return ofAh.length > 0 ? ofAh : figures.filter(figure => integrityOf(figure) !== '');
}

const cipherOf = ({ parameters }: FigureRecord): string => String(parameters['cipher'] ?? '');
/** `aes256` of `aes256-sha256`. */
const encryptionOf = (figure: FigureRecord): string => cipherOf(figure).split('-')[0] ?? '';
/** `sha256` of `aes256-sha256`, or what AH has; empty where encryption is its own. */
const integrityOf = (figure: FigureRecord): string =>
  String(figure.parameters['ah'] ?? cipherOf(figure).split('-')[1] ?? '');

/** The first that was measured is what the others are held against: what everybody has, then the rest in its order. */
const HASHES = ['sha1', 'sha256', 'md5', 'sha384', 'sha512'];
const rankOf = (hash: string): number => (HASHES.includes(hash) ? HASHES.indexOf(hash) : HASHES.length);
const hashName = (token: string): string => token.toUpperCase().replace(/^SHA/, 'SHA-');

/** Whose a figure is and whatever it was measured with, but for these. */
const without =
  (...names: readonly string[]) =>
  (figure: FigureRecord): string =>
    `${implementationOf(figure.subject) ?? ''} ${parametersBut(...names)(figure)}`;

const parametersBut =
  (...names: readonly string[]) =>
  ({ parameters }: FigureRecord): string =>
    JSON.stringify(
      Object.entries(parameters)
        .filter(([name]) => !names.includes(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
