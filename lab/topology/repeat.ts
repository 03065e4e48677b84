import { type Place, quoted, type Report } from '../../engine/config/diagnostic.ts';
import type { Entry, MapValue, ScalarValue, Value } from './yaml-document.ts';

/** As many nodes as anybody wants to wait for. */
const COUNT_MAX = 200;
/** After everything is repeated. */
const VALUES_MAX = 200_000;

/**
 * What has `count: N` is there N times, in a list or in a map of names: with `$n` of 1 to N in its texts, and in its name.
 * `$(n+10)`, `$(n-1)` and `$(n*2)` count from elsewhere. Inside of what is repeated, `count` means the others: `$m` of 1 to N
 * but `$n`. Reports what cannot be repeated, and leaves it out.
 */
export function repeated(root: Value, report: Report): Value {
  return new Repeater(report).value(root, NOTHING);
}

/** null: not repeated so deep. */
interface Numbers {
  readonly n: number | null;
  readonly m: number | null;
}

const NOTHING: Numbers = { n: null, m: null };

class Repeater {
  readonly #report: Report;
  #values = 0;
  #isFull = false;

  constructor(report: Report) {
    this.#report = report;
  }

  value(value: Value, numbers: Numbers): Value {
    this.#values += 1;
    switch (value.kind) {
      case 'scalar':
        return numbers.n === null ? value : filled(value, numbers);
      case 'list':
        return {
          ...value,
          items: value.items.flatMap(item =>
            countOf(item) === null
              ? [this.value(item, numbers)]
              : this.#turns(item, numbers).map(turn => this.#copy(item, turn)),
          ),
        };
      case 'map':
        return this.#map(value, numbers);
    }
  }

  #map(value: MapValue, numbers: Numbers): MapValue {
    const seen = new Map<string, Place>();
    const entries: Entry[] = [];
    for (const entry of value.entries) {
      const isRepeated = countOf(entry.value) !== null;
      const turns = isRepeated ? this.#turns(entry.value, numbers) : [numbers];
      if (isRepeated && turns.length > 0 && this.#isSameName(entry, turns)) continue;
      for (const turn of turns) {
        const key = turn.n === null ? entry.key : substituted(entry.key, turn);
        const before = seen.get(key);
        if (before !== undefined) {
          const message = `${quoted(entry.key)} repeated is ${quoted(key)}, which stands in line ${before.line} already`;
          this.#report.error(entry.keyPlace, message, 'choose another name, or another number: $(n+10)');
          continue;
        }
        seen.set(key, entry.keyPlace);
        entries.push({
          ...entry,
          key,
          value: isRepeated ? this.#copy(entry.value, turn) : this.value(entry.value, turn),
        });
      }
    }
    return { ...value, entries };
  }

  #isSameName({ key, keyPlace }: Entry, turns: readonly Numbers[]): boolean {
    if (turns.length === 1 || new Set(turns.map(turn => substituted(key, turn))).size > 1) return false;
    const letter = turns[0]?.m === null ? 'n' : 'm';
    const message = `${quoted(key)} is there ${turns.length} times, and all have one name`;
    this.#report.error(keyPlace, message, `call it ${key.replace(/[0-9]+$/, '')}$${letter}`);
    return true;
  }

  /** What is repeated, once, without its `count`. */
  #copy(value: Value, numbers: Numbers): Value {
    if (value.kind !== 'map') return value;
    return this.value({ ...value, entries: value.entries.filter(({ key }) => key !== 'count') }, numbers);
  }

  #turns(value: Value, { n, m }: Numbers): Numbers[] {
    const count = countOf(value);
    if (count === null) return [];
    const many = count.value;
    const isGood = typeof many === 'number' && Number.isInteger(many) && many >= 1 && many <= COUNT_MAX;
    if (!isGood) {
      const message = `count: ${quoted(count.text)} is not how often something could be there`;
      this.#report.error(count.place, message, `give a whole number of 1 to ${COUNT_MAX}`);
      return [];
    }
    if (m !== null) {
      this.#report.error(count.place, 'count inside of count inside of count', 'write the innermost out');
      return [];
    }
    if (this.#values > VALUES_MAX) {
      if (!this.#isFull) this.#report.error(count.place, 'more is repeated than a lab can hold', 'lower the counts');
      this.#isFull = true;
      return [];
    }
    const all = Array.from({ length: many }, (_, index) => index + 1);
    return n === null
      ? all.map(each => ({ n: each, m: null }))
      : all.filter(each => each !== n).map(each => ({ n, m: each }));
  }
}

/** The `count` of a map; null: it is no map, or has none. */
function countOf(value: Value): ScalarValue | null {
  const found = value.kind === 'map' ? value.entries.find(({ key }) => key === 'count')?.value : undefined;
  return found?.kind === 'scalar' ? found : null;
}

function filled(scalar: ScalarValue, numbers: Numbers): ScalarValue {
  if (typeof scalar.value !== 'string' || !scalar.value.includes('$')) return scalar;
  const text = substituted(scalar.value, numbers);
  if (text === scalar.value) return scalar;
  // A number that stands alone is one, as it would be without the dollar.
  const isNumber = /^\$(\w|\([^()]*\))$/.test(scalar.value);
  return { ...scalar, text, value: isNumber ? Number(text) : text };
}

function substituted(text: string, numbers: Numbers): string {
  const pattern = /\$(?:([nm])(?![A-Za-z0-9_])|\(\s*([nm])\s*(?:([+*-])\s*([0-9]{1,5})\s*)?\))/g;
  return text.replace(pattern, (whole, plain?: 'n' | 'm', letter?: 'n' | 'm', sign?: string, by?: string) => {
    const number = numbers[plain ?? letter ?? 'n'];
    if (number === null) return whole;
    if (sign === undefined || by === undefined) return String(number);
    const amount = Number(by);
    return String(sign === '+' ? number + amount : sign === '-' ? number - amount : number * amount);
  });
}
