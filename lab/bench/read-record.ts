import type {
  BenchEnvironment,
  BenchRecord,
  FigureRecord,
  LatencyStepRecord,
  LoadRecord,
  ProcessorRecord,
  SampleRecord,
  SubjectRecord,
  TurnRecord,
} from '../../reports/bench-format.ts';

export type ReadRecord =
  | { readonly kind: 'record'; readonly record: BenchRecord }
  /** `reason` is for the user who gave the file, and names the field. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads the text of a `bench.json`, which may come from anywhere. Fields that it does not know are kept. */
export function readBenchRecord(text: string): ReadRecord {
  const value = parsed(text);
  if (value === undefined) return { kind: 'unreadable', reason: 'it is no JSON' };
  const format = isRecordOfFields(value) ? value['format'] : null;
  if (typeof format === 'number' && format !== 1)
    return { kind: 'unreadable', reason: `it has format ${format}, and this version reads format 1` };
  const reason = record(value, '');
  if (reason !== null) return { kind: 'unreadable', reason };
  const checked = value as BenchRecord;
  const contradiction = contradictionIn(checked);
  return contradiction === null ? { kind: 'record', record: checked } : { kind: 'unreadable', reason: contradiction };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function contradictionIn({ figures, turns }: BenchRecord): string | null {
  const done = new Set(turns.map(({ round, subject }) => `${round} ${subject}`));
  if (done.size < turns.length) return 'a turn is there twice';
  if (new Set(figures.map(({ id }) => id)).size < figures.length) return 'a figure is there twice';
  for (const { id, subject, samples } of figures) {
    const rounds = new Set(samples.map(({ round }) => round));
    if (rounds.size < samples.length) return `${id} has two samples of one round`;
    if (samples.some(({ readings, warmUpReadings }) => warmUpReadings > readings.length))
      return `${id} has a sample with more warm-up than readings`;
    const stray = [...rounds].find(round => !done.has(`${round} ${subject}`));
    if (stray !== undefined) return `${id} has a sample of round ${stray}, in which ${subject} was not measured`;
  }
  return null;
}

/** Says what is wrong with a value, or null. `at` is its place: `.figures[3].id`. */
type Check = (value: unknown, at: string) => string | null;

const isRecordOfFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const must =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, at) =>
    holds(value) ? null : `${at === '' ? 'it' : at} is not ${what}`;

const text = must('a text', value => typeof value === 'string');
const number = must('a number', Number.isFinite);
const count = must('a count', value => Number.isSafeInteger(value) && Number(value) >= 0);
const share = must('a share from 0 to 1', value => typeof value === 'number' && value >= 0 && value <= 1);
const yesOrNo = must('true or false', value => typeof value === 'boolean');
const oneOf = (...words: readonly unknown[]): Check => must(words.join(' or '), value => words.includes(value));

const orNull =
  (check: Check): Check =>
  (value, at) =>
    value === null ? null : check(value, at);

const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined ? null : check(value, at);

const listOf =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    for (const [i, item] of value.entries()) {
      const reason = check(item, `${at}[${i}]`);
      if (reason !== null) return reason;
    }
    return null;
  };

/** A check for each field of a type, no more and no fewer: one that is added there does not compile until it is read here. */
type ChecksOf<T> = { readonly [Field in keyof T]-?: Check };

const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (!isRecordOfFields(value)) return `${at === '' ? 'it' : at} is not an object`;
    for (const [field, check] of Object.entries(checks)) {
      const reason = check(value[field], `${at}.${field}`);
      if (reason !== null) return reason;
    }
    return null;
  };

const parameters: Check = (value, at) =>
  isRecordOfFields(value)
    ? listOf(must('a text or a number', one => typeof one === 'string' || Number.isFinite(one)))(
        Object.values(value),
        at,
      )
    : `${at} is not an object`;

const load = fields({ processorSeconds: number, others: share, stolen: share } satisfies ChecksOf<LoadRecord>);

const processor = fields({
  model: text,
  processors: count,
  cryptoInstructions: listOf(text),
  virtual: yesOrNo,
} satisfies ChecksOf<ProcessorRecord>);

const environment = fields({
  version: text,
  commit: text,
  processor,
  memoryOctets: count,
  kernel: text,
  node: text,
  openssl: text,
  congestionControl: orNull(text),
  offloads: listOf(text),
  loadBefore: load,
} satisfies ChecksOf<BenchEnvironment>);

const step = fields({ ns: number, packets: count } satisfies ChecksOf<LatencyStepRecord>);

const sample = fields({
  round: count,
  value: number,
  readings: listOf(number),
  warmUpReadings: count,
  distribution: optional(listOf(step)),
} satisfies ChecksOf<SampleRecord>);

const figure = fields({
  id: text,
  subject: text,
  metric: text,
  unit: text,
  better: oneOf('more', 'less'),
  parameters,
  ceiling: orNull(text),
  samples: listOf(sample),
} satisfies ChecksOf<FigureRecord>);

const turn = fields({ round: count, subject: text, load } satisfies ChecksOf<TurnRecord>);

const subject = fields({ name: text, title: text, obstacle: orNull(text) } satisfies ChecksOf<SubjectRecord>);

const record = fields({
  format: oneOf(1),
  profile: text,
  world: oneOf('live', 'simulated'),
  seed: text,
  rounds: count,
  startedAt: text,
  command: text,
  environment,
  subjects: optional(listOf(subject)),
  turns: listOf(turn),
  figures: listOf(figure),
} satisfies ChecksOf<BenchRecord>);
