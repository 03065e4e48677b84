/**
 * Descriptions of what may stand in a file. One description serves twice: it reads a document, with diagnostics, and it
 * gives the JSON Schema for editors. lab/topology/description.ts is the whole of a topology in these terms.
 */
import { type Place, quoted, type Report } from '../../engine/config/diagnostic.ts';
import type { Parsed } from './quantity.ts';
import { didYouMean, nearest, oneOf } from '../../engine/config/suggest.ts';
import type { ListValue, MapValue, ScalarValue, Value } from './yaml-document.ts';

/** Of every list and every map of names. */
const ENTRIES_MAX = 2500;

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Shape<T> {
  /** What belongs here, for messages: `a duration such as 20ms`, `a node`. */
  readonly expected: string;
  /** How to write it, where that says more: `a map with kind, interfaces, …`. */
  readonly form: string;
  readonly schema: JsonSchema;
  /** undefined: not readable at all, and reported. Parts that are bad are reported and left out of their list or map. */
  read(value: Value, report: Report): T | undefined;
}

/** What a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

/** A scalar and where it stands. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}

export interface Items<T> {
  readonly items: readonly T[];
  readonly place: Place;
  /** false: something in it was reported and left out. */
  readonly complete: boolean;
}

export interface Dictionary<T> {
  /** In the file's order. A name whose value was not readable is there without one, so that references to it resolve. */
  readonly entries: readonly { readonly name: string; readonly place: Place; readonly value: T | undefined }[];
  readonly place: Place;
}

export interface Field<T> {
  readonly shape: Shape<T>;
  readonly required: boolean;
  readonly about: string;
  /** To go on with after the diagnostic, so that the rest of the file is judged as well. */
  readonly fallback?: T;
}

export interface RequiredField<T> extends Field<T> {
  readonly required: true;
}

/** One property for each field: null where it is absent. */
export type Fields<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends RequiredField<infer T>
    ? T
    : Table[Key] extends Field<infer T>
      ? T | null
      : never;
} & {
  readonly place: Place;
  /** false: something in it was reported and is null, or missing from a list. */
  readonly complete: boolean;
};

/** A scalar that `parse` understands. `expected` names it with an example. */
export function scalar<T>(
  expected: string,
  schema: JsonSchema,
  parse: (value: ScalarValue) => Parsed<T>,
): Shape<Located<T>> {
  return {
    expected,
    form: expected,
    schema,
    read(value, report) {
      if (value.kind !== 'scalar' || value.value === null) return mismatch(value, this, report);
      const parsed = parse(value);
      if (parsed.kind === 'good') return { value: parsed.value, place: value.place };
      report.error(value.place, `${quoted(value.text)} ${parsed.message}`, parsed.fix);
      return undefined;
    },
  };
}

/** One of these words. */
export function word<const Word extends string>(words: readonly Word[]): Shape<Located<Word>> {
  const expected = oneOf(words);
  return scalar(expected, { enum: words }, value => {
    const found = words.find(known => known === value.value);
    if (found !== undefined) return { kind: 'good', value: found };
    return { kind: 'bad', message: `is not ${expected}`, fix: didYouMean(value.text, words, '') };
  });
}

export function list<T>(of: Shape<T>, what: string): Shape<Items<T>> {
  return {
    expected: `a list of ${what}`,
    form: `a list of ${what}, each on a line with "- "`,
    schema: { type: 'array', items: of.schema, maxItems: ENTRIES_MAX },
    read(value, report) {
      return value.kind === 'list' ? readItems(value, of, report) : mismatch(value, this, report);
    },
  };
}

/** `x` is read as `[x]`. */
export function oneOrMore<T>(of: Shape<T>, what: string): Shape<Items<T>> {
  const expected = `${of.expected}, or a list of ${what}`;
  return {
    expected,
    form: expected,
    schema: { anyOf: [of.schema, { type: 'array', items: of.schema, minItems: 1, maxItems: ENTRIES_MAX }] },
    read(value, report) {
      const asList: ListValue = value.kind === 'list' ? value : { kind: 'list', place: value.place, items: [value] };
      if (asList.items.length > 0) return readItems(asList, of, report);
      report.error(value.place, 'the list is empty', `give ${of.expected}`);
      return undefined;
    },
  };
}

/** A map from names that the user chooses. */
export function dictionary<T>(name: Shape<Located<string>>, of: Shape<T>, what: string): Shape<Dictionary<T>> {
  return {
    expected: `a map of ${what}`,
    form: `a map of ${what} by name`,
    schema: { type: 'object', propertyNames: name.schema, additionalProperties: of.schema, maxProperties: ENTRIES_MAX },
    read(value, report) {
      if (value.kind !== 'map') return mismatch(value, this, report);
      const entries = bounded(value.entries, value.place, report).map(entry => {
        const key: ScalarValue = {
          kind: 'scalar',
          place: entry.keyPlace,
          value: entry.key,
          text: entry.key,
          lines: null,
        };
        name.read(key, report);
        return { name: entry.key, place: entry.keyPlace, value: of.read(entry.value, report) };
      });
      return { entries, place: value.place };
    },
  };
}

export function required<T>(shape: Shape<T>, about: string): RequiredField<T> {
  return { shape, required: true, about };
}

export function requiredOr<T>(shape: Shape<T>, fallback: T, about: string): RequiredField<T> {
  return { shape, required: true, about, fallback };
}

export function optional<T>(shape: Shape<T>, about: string): Field<T> {
  return { shape, required: false, about };
}

/** A map with these keys and no others. `exactlyOne`: of these keys one must be there, and one only. */
export function fields<Table extends Readonly<Record<string, Field<unknown>>>>(
  what: string,
  table: Table,
  exactlyOne: readonly (keyof Table & string)[] = [],
): Shape<Fields<Table>> {
  const keys = Object.keys(table);
  const form = `a map with ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''}`;
  return {
    expected: what,
    form,
    schema: fieldsSchema(table, exactlyOne),
    read(value, report) {
      if (value.kind !== 'map') return mismatch(value, this, report);
      const before = report.count;
      const misspelt = reportUnknownKeys(value, keys, what, report);
      const isChosen = exactlyOne.length === 0 || reportChoice(value, exactlyOne, misspelt, what, report);
      let isWhole = isChosen;
      const result: Record<string, unknown> = { place: value.place };
      for (const [key, field] of Object.entries(table)) {
        const read = readField(value, key, field, misspelt, what, report);
        if (read === undefined) isWhole = false;
        result[key] = read ?? null;
      }
      result['complete'] = report.count === before;
      return isWhole ? (result as Fields<Table>) : undefined;
    },
  };
}

/** `a` unless the map has one of the keys that only `b` knows. */
export function whenKeys<A, B>(a: Shape<A>, keys: readonly string[], b: Shape<B>): Shape<A | B> {
  return {
    expected: a.expected,
    form: a.form,
    schema: { anyOf: [a.schema, b.schema] },
    read(value, report) {
      const isB = value.kind === 'map' && value.entries.some(entry => keys.includes(entry.key));
      return isB ? b.read(value, report) : a.read(value, report);
    },
  };
}

/** A scalar as `a`, a map as `b`. */
export function byKind<A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> {
  const expected = `${a.expected}, or ${b.form}`;
  return {
    expected,
    form: expected,
    schema: { anyOf: [a.schema, b.schema] },
    read(value, report) {
      if (value.kind === 'list') return mismatch(value, this, report);
      return value.kind === 'map' ? b.read(value, report) : a.read(value, report);
    },
  };
}

function readItems<T>(value: ListValue, of: Shape<T>, report: Report): Items<T> {
  const before = report.count;
  const items: T[] = [];
  for (const item of bounded(value.items, value.place, report)) {
    const read = of.read(item, report);
    if (read !== undefined) items.push(read);
  }
  return { items, place: value.place, complete: report.count === before };
}

/** null: absent. undefined: missing though required, or required and unreadable, and nothing to go on with. */
function readField(
  map: MapValue,
  key: string,
  field: Field<unknown>,
  misspelt: ReadonlySet<string>,
  what: string,
  report: Report,
): unknown {
  const entry = map.entries.find(candidate => candidate.key === key);
  if (entry !== undefined) {
    const read = field.shape.read(entry.value, report);
    return read === undefined && !field.required ? null : (read ?? field.fallback);
  }
  if (!field.required) return null;
  if (!misspelt.has(key)) report.error(map.place, `${what} needs "${key}"`, `add "${key}": ${field.shape.form}`);
  return field.fallback;
}

/** As many as a lab can hold: what is beyond is reported and left out. */
function bounded<T>(entries: readonly T[], place: Place, report: Report): readonly T[] {
  if (entries.length <= ENTRIES_MAX) return entries;
  report.error(place, `${entries.length} entries are more than the ${ENTRIES_MAX} that a lab can hold`, 'remove some');
  return entries.slice(0, ENTRIES_MAX);
}

/** Returns the keys that the unknown ones were meant to be: those are not missing as well. */
function reportUnknownKeys(map: MapValue, keys: readonly string[], what: string, report: Report): ReadonlySet<string> {
  const misspelt = new Set<string>();
  for (const { key, keyPlace } of map.entries) {
    if (keys.includes(key)) continue;
    report.error(keyPlace, `unknown key ${quoted(key)} in ${what}`, didYouMean(key, keys, 'remove it'));
    const meant = nearest(key, keys);
    if (meant !== null) misspelt.add(meant);
  }
  return misspelt;
}

function reportChoice(
  map: MapValue,
  choice: readonly string[],
  misspelt: ReadonlySet<string>,
  what: string,
  report: Report,
): boolean {
  const present = map.entries.filter(entry => choice.includes(entry.key));
  if (present.length === 1) return true;
  const second = present[1];
  if (second !== undefined) {
    const message = `${what} cannot have both "${present[0]?.key}" and "${second.key}"`;
    report.error(second.keyPlace, message, 'keep one of them; write the other as an item of its own');
  } else if (!choice.some(key => misspelt.has(key))) {
    report.error(map.place, `${what} must say what it is`, `add ${oneOf(choice)}`);
  }
  return false;
}

function mismatch(value: Value, shape: Shape<unknown>, report: Report): undefined {
  const found = value.kind !== 'scalar' ? `a ${value.kind}` : value.value === null ? 'nothing' : quoted(value.text);
  report.error(value.place, `expected ${shape.expected}, found ${found}`, `give ${shape.form}`);
  return undefined;
}

function fieldsSchema(table: Readonly<Record<string, Field<unknown>>>, exactlyOne: readonly string[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const requiredKeys: string[] = [];
  for (const [key, field] of Object.entries(table)) {
    properties[key] = { description: field.about, ...field.shape.schema };
    if (field.required) requiredKeys.push(key);
  }
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(requiredKeys.length === 0 ? {} : { required: requiredKeys }),
    ...(exactlyOne.length === 0 ? {} : { oneOf: exactlyOne.map(key => ({ required: [key] })) }),
  };
}
