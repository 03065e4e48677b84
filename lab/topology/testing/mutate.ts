import { parse, stringify } from 'yaml';

/** Numbers in [0, 1). */
export type Uniform = () => number;

/** The same numbers for the same seed, for tests only (mulberry32). */
export function seededUniform(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A YAML text with one to four random changes, of its characters and lines or of the document that it means. `text` must
 * be good YAML: what it means is parsed once and kept.
 */
export function mutateYaml(text: string, others: readonly string[], uniform: Uniform): string {
  const changes = uniform() < 0.5 ? 1 : 1 + below(4, uniform);
  if (uniform() < 0.5) {
    let mutated = text;
    for (let i = 0; i < changes; i += 1) mutated = mutateCharacters(mutated, others, uniform);
    return mutated;
  }
  let document = parsed.get(text);
  if (document === undefined) {
    document = parse(text);
    parsed.set(text, document);
  }
  for (let i = 0; i < changes; i += 1) document = mutateValue(document, document, uniform);
  return stringify(document);
}

const parsed = new Map<string, unknown>();

const FRAGMENTS = [
  ...'[ ] { } , " \' # % @ ` \\ ~ 0 \t \0 \r \u2028 \ufeff \ud800 é'.split(' '),
  ...': |- |? |\n|\n\n|  ||\n|>\n|&a |*a|<<: *a|!!str |!x |---\n|...\n|null|true|.nan|-.inf|1e999|0x1F|-1'.split('|'),
  ...'\u001b[31m|\u202e|😀|\r\n|__proto__|constructor|toString|alice|bob:net0|10.0.0.1|::|/33|v6_'.split('|'),
  ...'${secrets.|}|<->|%|99999999999999999999|5s|1gbit'.split('|'),
];

const SCALARS = [null, true, false, 0, -1, 1.5, 1e300, Number.NaN, '', ' ', 'alice', 'any', 'x'.repeat(5000), '\0'];
const TEXTS = '10.0.0.1|10.0.0.0/8|::/0|0.0.0.0/0|2001:db8::1/64|fe80::1/64|${secrets.x}|5s|100%|999999999999'.split(
  '|',
);
const COLLECTIONS = [
  [],
  {},
  [[]],
  [{}],
  [null],
  { a: null },
  { '': '' },
  ['alice:net0', 'alice:net0'],
  { forward: {} },
];
const VALUES: readonly unknown[] = [...SCALARS, ...TEXTS, ...COLLECTIONS];

function below(limit: number, uniform: Uniform): number {
  return Math.floor(uniform() * limit);
}

function pick<T>(items: readonly T[], uniform: Uniform): T | undefined {
  return items[below(items.length, uniform)];
}

function mutateCharacters(text: string, others: readonly string[], uniform: Uniform): string {
  const at = below(text.length + 1, uniform);
  const end = Math.min(text.length, at + 1 + below(12, uniform));
  const lines = text.split('\n');
  const line = below(lines.length, uniform);
  switch (below(9, uniform)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + (pick(FRAGMENTS, uniform) ?? '') + text.slice(at);
    case 2:
      return text.slice(0, at) + (pick(FRAGMENTS, uniform) ?? '') + text.slice(end);
    case 3:
      return text.slice(0, at) + String.fromCodePoint(below(0x250, uniform)) + text.slice(at + 1);
    case 4:
      return text.slice(0, at);
    case 5:
      return lines.toSpliced(line, 1).join('\n');
    case 6:
      return lines.toSpliced(below(lines.length, uniform), 0, lines[line] ?? '').join('\n');
    case 7: {
      const otherLines = (pick(others, uniform) ?? '').split('\n');
      return lines.toSpliced(line, 1, pick(otherLines, uniform) ?? '').join('\n');
    }
    default:
      return text.slice(0, at) + text.slice(at, end).repeat(1 + below(40, uniform)) + text.slice(end);
  }
}

/** A copy with one value or key changed somewhere below. */
function mutateValue(value: unknown, root: unknown, uniform: Uniform): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || uniform() < 0.1) return uniform() < 0.3 ? anyWithin(root, uniform) : pick(VALUES, uniform);
  const key = pick(keys, uniform) ?? '';
  if (Array.isArray(value)) return mutateList(value, Number(key), root, uniform);
  const entries = Object.entries(value as Record<string, unknown>);
  const action = below(10, uniform);
  const changed = entries.flatMap(([name, item]): [string, unknown][] => {
    if (name !== key) return [[name, item]];
    if (action === 0) return [];
    if (action === 1) return [[mutateCharacters(name, [], uniform), item]];
    return [[name, mutateValue(item, root, uniform)]];
  });
  if (action === 2) changed.push([pick(FRAGMENTS, uniform) ?? '', anyWithin(root, uniform)]);
  return Object.fromEntries(changed);
}

function mutateList(list: readonly unknown[], index: number, root: unknown, uniform: Uniform): unknown[] {
  const action = below(8, uniform);
  if (action === 0) return list.toSpliced(index, 1);
  if (action === 1) return [...list, list[index]];
  if (action === 2) return list.toReversed();
  return list.with(index, mutateValue(list[index], root, uniform));
}

function anyWithin(value: unknown, uniform: Uniform): unknown {
  let found = value;
  while (typeof found === 'object' && found !== null && uniform() < 0.8) {
    const next = pick(Object.values(found), uniform);
    if (next === undefined) return found;
    found = next;
  }
  return found;
}
