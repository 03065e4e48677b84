/** A section of what `swanctl --raw` prints: values, lists and sections by name. */
export interface RawTree {
  readonly [name: string]: string | readonly string[] | RawTree;
}

/**
 * Reads one line of `swanctl --raw`: `list-sa event {t {version=2 child-sas {c-1 {local-ts=[10.2.0.0/24]}}}}`. Values end at a
 * space or a brace; those with spaces in them (distinguished names, `C=XX, O=Lab`) where the next name begins: names are lower case. null: it is no such line.
 */
export function readRawLine(line: string): RawTree | null {
  const start = line.indexOf('{');
  if (start < 0) return null;
  const reader = { text: line, at: start + 1 };
  return readSection(reader);
}

interface Place {
  readonly text: string;
  at: number;
}

/** From behind its `{` to behind its `}`. */
function readSection(place: Place): RawTree {
  const section: Record<string, string | string[] | RawTree> = {};
  for (;;) {
    skipSpaces(place);
    const next = place.text[place.at];
    if (next === undefined || next === '}') {
      place.at++;
      return section;
    }
    const name = readWhile(place, /[^ ={}]/);
    if (place.text[place.at] === '=') {
      place.at++;
      section[name] = place.text[place.at] === '[' ? readList(place) : readValue(place);
    } else {
      skipSpaces(place);
      if (place.text[place.at] !== '{') return section; // cut short: what came before it stands
      place.at++;
      section[name] = readSection(place);
    }
  }
}

function readList(place: Place): string[] {
  const end = place.text.indexOf(']', place.at);
  const inner = place.text.slice(place.at + 1, end < 0 ? undefined : end);
  place.at = end < 0 ? place.text.length : end + 1;
  return inner.split(' ').filter(item => item !== '');
}

function readValue(place: Place): string {
  const rest = place.text.slice(place.at);
  const end = rest.search(/ (?:[a-z][a-z0-9-]*=|[^ ={}]+ \{)|\}/);
  const value = end < 0 ? rest : rest.slice(0, end);
  place.at += value.length;
  return value;
}

function readWhile(place: Place, pattern: RegExp): string {
  const from = place.at;
  while (place.at < place.text.length && pattern.test(place.text[place.at] ?? '')) place.at++;
  if (place.at === from) place.at++; // whatever it is, go on
  return place.text.slice(from, place.at);
}

function skipSpaces(place: Place): void {
  while (place.text[place.at] === ' ') place.at++;
}
