export type Options =
  | {
      readonly kind: 'options';
      /** The last value of each option that was given; '' for one without a value. */
      readonly values: ReadonlyMap<string, string>;
      readonly operands: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly option: string }
  | { readonly kind: 'missingValue'; readonly option: string };

/**
 * Options as getopt(3) reads them: `-qc 3`, `-c3`, operands in between, `--` ends them. In `known`, a letter with a colon
 * behind it takes a value.
 */
export function getopt(args: readonly string[], known: string): Options {
  const values = new Map<string, string>();
  const operands: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      operands.push(...rest);
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const option = arg.charAt(at);
      const place = known.indexOf(option);
      if (place === -1 || option === ':') return { kind: 'invalid', option };
      if (known.charAt(place + 1) !== ':') {
        values.set(option, '');
        continue;
      }
      const value = at + 1 < arg.length ? arg.slice(at + 1) : rest.shift();
      if (value === undefined) return { kind: 'missingValue', option };
      values.set(option, value);
      break;
    }
  }
  return { kind: 'options', values, operands };
}
