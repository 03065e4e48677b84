/** Options as the commands of illumos read them: getopt_long(3C), letters that may stand together, long names by their letter. */
export interface Options {
  /** In order; a letter that takes no value has the value ''. */
  readonly given: readonly (readonly [letter: string, value: string])[];
  readonly operands: readonly string[];
}

export type OptionsReading =
  | { readonly kind: 'read'; readonly options: Options }
  | { readonly kind: 'wrong'; readonly why: string };

/** `known`: letters, with `:` behind those that take a value. `long`: names without `--`, each with its letter. */
export function readOptions(
  argv: readonly string[],
  known: string,
  long: Readonly<Record<string, string>> = {},
): OptionsReading {
  const given: (readonly [string, string])[] = [];
  const rest = [...argv];
  for (let word = rest[0]; word !== undefined && /^-./.test(word); word = rest[0]) {
    rest.shift();
    if (word === '--') break;
    if (word.startsWith('--')) {
      const [name, attached] = splitOnce(word.slice(2), '=');
      const letter = Object.hasOwn(long, name) ? long[name] : undefined;
      if (letter === undefined) return wrong(`unrecognized option '--${name}'`);
      const takesValue = known.includes(`${letter}:`);
      if (!takesValue && attached !== undefined) return wrong(`option '--${name}' takes no value`);
      const value = takesValue ? (attached ?? rest.shift()) : '';
      if (value === undefined) return wrong(`option '--${name}' requires a value`);
      given.push([letter, value]);
      continue;
    }
    for (let at = 1; at < word.length; at += 1) {
      const letter = word.charAt(at);
      const place = letter === ':' ? -1 : known.indexOf(letter);
      if (place < 0) return wrong(`unrecognized option '-${letter}'`);
      if (known.charAt(place + 1) !== ':') {
        given.push([letter, '']);
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : rest.shift();
      if (value === undefined) return wrong(`option '-${letter}' requires a value`);
      given.push([letter, value]);
      break;
    }
  }
  return { kind: 'read', options: { given, operands: rest } };
}

const wrong = (why: string): OptionsReading => ({ kind: 'wrong', why });

export const hasOption = ({ given }: Options, letter: string): boolean => given.some(([own]) => own === letter);

/** Of the last one; null: it is not there. */
export const optionValue = ({ given }: Options, letter: string): string | null =>
  given.findLast(([own]) => own === letter)?.[1] ?? null;

/** The values of all of them, in order. */
export const optionValues = ({ given }: Options, letter: string): readonly string[] =>
  given.filter(([own]) => own === letter).map(([, value]) => value);

/** `local=1.2.3.4,remote=5.6.7.8`, of one option or several; null: a part is none such. */
export function assignments(texts: readonly string[]): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  for (const part of texts.flatMap(text => text.split(','))) {
    const [name, value] = splitOnce(part, '=');
    if (name === '' || value === undefined || value === '') return null;
    found.set(name, value);
  }
  return found;
}

export function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
