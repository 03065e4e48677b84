/** Options as getopt(3) reads them: letters that may stand together, `:` in `known` behind those that take a value. */
export interface GivenOptions {
  /** In order; a letter that takes no value has the value ''. */
  readonly options: readonly (readonly [string, string])[];
  readonly operands: readonly string[];
}

/** null: an option that is not known, or one without its value. */
export function getopt(argv: readonly string[], known: string): GivenOptions | null {
  const options: (readonly [string, string])[] = [];
  const rest = [...argv];
  for (let word = rest[0]; word !== undefined && /^-./.test(word); word = rest[0]) {
    rest.shift();
    if (word === '--') break;
    for (let at = 1; at < word.length; at += 1) {
      const letter = word.charAt(at);
      const place = letter === ':' ? -1 : known.indexOf(letter);
      if (place < 0) return null;
      if (known.charAt(place + 1) !== ':') {
        options.push([letter, '']);
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : rest.shift();
      if (value === undefined) return null;
      options.push([letter, value]);
      break;
    }
  }
  return { options, operands: rest };
}
