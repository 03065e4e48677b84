import { type Place, quoted, type Report } from './diagnostic.ts';

/** A section of a file in the language of strongswan.conf, in the order of the file. */
export interface SettingsSection {
  readonly name: string;
  readonly place: Place;
  readonly settings: readonly Setting[];
  readonly sections: readonly SettingsSection[];
}

export interface Setting {
  readonly key: string;
  readonly value: string;
  /** Of the key, and of the first character of the value. */
  readonly place: Place;
  readonly valuePlace: Place;
}

const DEPTH_MAX = 16;
const ENTRIES_MAX = 20_000;

/**
 * Sections in braces, `key = value` to the end of the line, `#` comments, quoted values with backslashes. Sections of one name
 * are one; of a key that is there twice the last counts for strongSwan, which is reported: nobody means that.
 */
export function readSettings(text: string, report: Report): SettingsSection {
  const reader = new SettingsReader(text, report);
  return reader.section('', { line: 1, column: 1 }, 0);
}

class SettingsReader {
  readonly #text: string;
  readonly #report: Report;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #entries = 0;

  constructor(text: string, report: Report) {
    this.#text = text;
    this.#report = report;
  }

  /** Up to the brace that ends it, or to the end of the file at depth 0. */
  section(name: string, place: Place, depth: number): SettingsSection {
    const settings = new Map<string, Setting>();
    const sections = new Map<string, SettingsSection>();
    for (;;) {
      this.#skipSpace();
      const here = this.#place();
      const next = this.#text[this.#at];
      if (next === undefined) {
        if (depth > 0) this.#report.error(place, `the section ${quoted(name)} is not closed`, 'add "}" at its end');
        break;
      }
      if (next === '}') {
        this.#at += 1;
        if (depth > 0) break;
        this.#report.error(here, 'there is no section that "}" could close', 'remove it');
        continue;
      }
      this.#entries += 1;
      if (this.#entries > ENTRIES_MAX) {
        this.#report.error(here, `more than ${ENTRIES_MAX} settings and sections`, 'make the file shorter');
        this.#at = this.#text.length;
        break;
      }
      this.#entry(here, depth, settings, sections);
    }
    return { name, place, settings: [...settings.values()], sections: [...sections.values()] };
  }

  #entry(here: Place, depth: number, settings: Map<string, Setting>, sections: Map<string, SettingsSection>): void {
    const word = this.#word();
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (word === 'include' && next !== '=' && next !== '{') {
      const path = this.#value();
      const fix = 'write what is in it here';
      return this.#report.error(here, `include ${quoted(path)}: only this file is read`, fix);
    }
    if (word === '') {
      // Not quoted: what stands there may be a secret whose key is missing.
      this.#report.error(here, 'this is neither a setting nor a section', 'write key = value, or name { … }');
      return this.#skipLine();
    }
    if (next === ':') {
      const references = this.#text.slice(this.#at).split(/[{\n]/, 1)[0] ?? '';
      this.#report.error(here, `${word} takes over the settings of another section`, 'write them out in this one');
      this.#at += references.length;
      this.#skipSpace();
    }
    if (this.#text[this.#at] === '{') {
      this.#at += 1;
      if (depth >= DEPTH_MAX) {
        this.#report.error(here, `sections more than ${DEPTH_MAX} deep`, 'close some of them');
        this.#at = this.#text.length;
        return;
      }
      const found = this.section(word, here, depth + 1);
      const known = sections.get(word);
      sections.set(word, known === undefined ? found : merged(known, found));
      return;
    }
    if (this.#text[this.#at] !== '=') {
      this.#report.error(here, `${quoted(word)} has no value`, `write ${word} = …, or ${word} { … }`);
      return this.#skipLine();
    }
    this.#at += 1;
    this.#skipBlanks();
    const valuePlace = this.#place();
    const setting = { key: word, value: this.#value(), place: here, valuePlace };
    const before = settings.get(word);
    if (before !== undefined) {
      const message = `${quoted(word)} is set in line ${before.place.line} already`;
      this.#report.error(here, message, 'keep one of the two: the last one counts');
    }
    settings.set(word, setting);
  }

  /** To the end of the line, a comment or a brace; a part in quotes may hold any of these. */
  #value(): string {
    let value = '';
    let kept = 0;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === '\n' || next === '#' || next === '}') break;
      if (next === '"') {
        value += this.#string();
        kept = value.length;
        continue;
      }
      value += next;
      this.#at += 1;
      if (!/\s/.test(next)) kept = value.length;
    }
    return value.slice(0, kept);
  }

  #string(): string {
    const start = this.#place();
    this.#at += 1;
    let value = '';
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) {
        this.#report.error(start, 'the quote is not closed', 'add a quote at its end');
        return '';
      }
      this.#advance();
      if (next === '"') return value;
      if (next !== '\\') {
        value += next;
        continue;
      }
      const escaped = this.#text[this.#at] ?? '';
      this.#advance();
      if (escaped !== '\n') value += ESCAPES.get(escaped) ?? escaped;
    }
  }

  #word(): string {
    const found = /[^\s{}=#":,]+/y;
    found.lastIndex = this.#at;
    const word = found.exec(this.#text)?.[0] ?? '';
    this.#at += word.length;
    return word;
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #skipBlanks(): void {
    while (/[ \t\r]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #skipSpace(): void {
    for (;;) {
      const next = this.#text[this.#at] ?? '';
      if (next === '#') this.#skipLine();
      else if (/\s/.test(next)) this.#advance();
      else return;
    }
  }

  #advance(): void {
    if (this.#text[this.#at] === '\n') {
      this.#line += 1;
      this.#lineStart = this.#at + 1;
    }
    this.#at += 1;
  }

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function merged(one: SettingsSection, two: SettingsSection): SettingsSection {
  const settings = new Map([...one.settings, ...two.settings].map(setting => [setting.key, setting]));
  const sections = new Map(one.sections.map(section => [section.name, section]));
  for (const section of two.sections) {
    const known = sections.get(section.name);
    sections.set(section.name, known === undefined ? section : merged(known, section));
  }
  return { ...one, settings: [...settings.values()], sections: [...sections.values()] };
}
