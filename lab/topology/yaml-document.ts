import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, Lexer, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLError, YAMLMap } from 'yaml';
import { type Place, quoted, type Report, shortened } from '../../engine/config/diagnostic.ts';

/** A YAML document as plain values that know their place. Aliases are followed; keys are text and unique. */
export type Value = MapValue | ListValue | ScalarValue;

export interface MapValue {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: Value;
}

export interface ListValue {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Value[];
}

export interface ScalarValue {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes. */
  readonly text: string;
  /** Of a literal block ("|"): where each line of the text begins in the document. null: of any other scalar. */
  readonly lines: readonly Place[] | null;
}

const CHARACTERS_MAX = 1 << 19;
/** After aliases are followed, so that a few lines of them cannot stand for millions of values. */
const VALUES_MAX = 50_000;
const FLOW_DEPTH_MAX = 32;
const INDENT_MAX = 64;
/** `- - - a` opens a level with each hyphen. */
const INDICATORS_PER_LINE_MAX = 8;
const SYNTAX_ERRORS_MAX = 10;
const START: Place = { line: 1, column: 1 };

/** The document's root, or null when it has errors of syntax; then the report has them. */
export function readYaml(text: string, report: Report): Value | null {
  if (text.length > CHARACTERS_MAX) {
    report.error(START, `the file has ${text.length} characters`, `keep a topology under ${CHARACTERS_MAX}`);
    return null;
  }
  if (isTooDeep(text, report)) return null;
  const lines = new LineCounter();
  // Duplicate keys are found below: the library compares each key with each other one.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return line === 0 ? START : { line, column: col };
  };
  const errors = syntaxErrors(document);
  for (const error of errors) reportSyntax(error, placeOf(error.pos[0]), report);
  if (errors.length > 0) return null;
  if (document.contents === null) {
    report.error(
      START,
      'the file is empty',
      'start with "name:", "nodes:" and "links:", as topologies/site-to-site.yaml does',
    );
    return null;
  }
  const before = report.count;
  const root = new Reading(placeOf, text.split('\n'), report).value(document.contents, START);
  return report.count === before ? root : null;
}

/**
 * Bounds the nesting before anything recursive sees the text: deep nesting exhausts the stack inside the parser, which
 * not even a catch survives when it happens in the regular expression engine.
 */
function isTooDeep(text: string, report: Report): boolean {
  let flowDepth = 0;
  let indicators = 0;
  let offset = 0;
  let lineStart = 0;
  let isScalar = false;
  let indent = 0;
  for (const token of new Lexer().lex(text)) {
    const isMark = token === '\u0002' || token === '\u0018' || token === '\u001f';
    if (!isScalar && isMark) {
      isScalar = token === '\u001f';
      continue;
    }
    if (!isScalar) {
      if (token === '[' || token === '{') flowDepth += 1;
      else if (token === ']' || token === '}') flowDepth = Math.max(0, flowDepth - 1);
      else if (token === '-' || token === '?') indicators += 1;
    }
    const isIgnored = !isScalar && /^[#\r\n]/.test(token); // the indentation of comments and empty lines means nothing
    if (flowDepth > FLOW_DEPTH_MAX || indicators > INDICATORS_PER_LINE_MAX || (indent > INDENT_MAX && !isIgnored)) {
      report.error(
        placeIn(text, offset),
        'the document is nested too deeply',
        'a topology needs no more than 8 levels',
      );
      return true;
    }
    const isIndent = !isScalar && offset === lineStart && flowDepth === 0 && /^[ \t]+$/.test(token);
    indent = isIndent ? token.length : 0;
    offset += token.length;
    const newline = token.lastIndexOf('\n');
    if (newline >= 0) {
      lineStart = offset - token.length + newline + 1;
      if (flowDepth === 0) indicators = 0;
    }
    isScalar = false;
  }
  return false;
}

/** After one of these the parser no longer knows where it is, and what it says next would only confuse. */
const LOST: ReadonlySet<YAMLError['code']> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'TAB_AS_INDENT',
  'UNEXPECTED_TOKEN',
]);

function syntaxErrors(document: Document.Parsed): YAMLError[] {
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const lost = errors.findIndex(({ code }) => LOST.has(code));
  return errors.slice(0, Math.min(lost < 0 ? errors.length : lost + 1, SYNTAX_ERRORS_MAX));
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

const SYNTAX_FIXES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'align the line with its neighbours',
  MISSING_CHAR: 'add the missing character, or quote the text',
  BLOCK_AS_IMPLICIT_KEY: 'quote a text with ": " in it, or put the nested map on its own line',
  BAD_SCALAR_START: 'quote the text',
  BAD_DQ_ESCAPE: 'write \\\\ for a backslash, or use single quotes',
  UNEXPECTED_TOKEN: 'quote the text, or correct the indentation',
  MULTIPLE_DOCS: 'keep one document a file: remove the "---" line',
  TAG_RESOLVE_FAILED: 'remove the tag',
  MULTILINE_IMPLICIT_KEY: 'put key, colon and the start of the value on one line',
};

function reportSyntax(error: YAMLError, place: Place, report: Report): void {
  const text = shortened(error.message.split('\n')[0] ?? error.code);
  const unclosed = /end with a ([\]}])$/.exec(text)?.[1];
  if (unclosed !== undefined) {
    const fix = `close it with ${unclosed}, and keep all of it further right than its key`;
    report.error(place, `not YAML: a ${unclosed} is missing before this`, fix);
    return;
  }
  const message = error.code === 'MULTIPLE_DOCS' ? 'the file holds more than one document' : lowerFirst(text);
  report.error(place, `not YAML: ${message.replace('"quote', '"')}`, SYNTAX_FIXES[error.code] ?? null);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** One walk over the parser's tree. */
class Reading {
  readonly #placeOf: (offset: number) => Place;
  /** The lines of the document. */
  readonly #source: readonly string[];
  readonly #report: Report;
  readonly #anchors = new Map<string, Node>();
  /** Nodes that are being read: an alias of one of them would never end. */
  readonly #open = new Set<Node>();
  #values = 0;

  constructor(placeOf: (offset: number) => Place, source: readonly string[], report: Report) {
    this.#placeOf = placeOf;
    this.#source = source;
    this.#report = report;
  }

  value(node: unknown, fallback: Place): Value {
    const nothing: ScalarValue = { kind: 'scalar', place: fallback, value: null, text: '', lines: null };
    if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return nothing;
    const place = node.range ? this.#placeOf(node.range[0]) : fallback;
    this.#values += 1;
    if (this.#values === VALUES_MAX) {
      this.#report.error(
        place,
        `the document has more than ${VALUES_MAX} values once aliases are followed`,
        'split the topology',
      );
    }
    if (this.#values >= VALUES_MAX) return nothing;
    if (node.tag !== undefined)
      this.#report.error(place, `the tag ${quoted(node.tag)} means nothing here`, 'remove it');
    if (isAlias(node)) return this.#alias(node.source, place);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) {
      const isBlock = node.type === 'BLOCK_LITERAL' && typeof node.value === 'string';
      const lines = isBlock ? this.#linesOf(String(node.value), place) : null;
      return this.#scalar(node.value, node.source, place, lines);
    }
    this.#open.add(node);
    const value: Value = isMap(node)
      ? { kind: 'map', place, entries: this.#entries(node, place) }
      : { kind: 'list', place, items: node.items.map(item => this.value(isPair(item) ? null : item, place)) };
    this.#open.delete(node);
    return value;
  }

  #scalar(value: unknown, source: string | undefined, place: Place, lines: readonly Place[] | null): ScalarValue {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { kind: 'scalar', place, value, text: source ?? String(value ?? ''), lines };
    }
    return { kind: 'scalar', place, value: null, text: source ?? '', lines: null }; // of a tag, which is an error by now
  }

  /** A literal block begins on the line below its "|", each line behind the same indentation. */
  #linesOf(text: string, place: Place): Place[] {
    return text.split('\n').map((content, index) => {
      const line = Math.min(place.line + 1 + index, this.#source.length);
      const written = (this.#source[line - 1] ?? '').replace(/\r$/, '');
      return { line, column: 1 + Math.max(0, written.length - content.length) };
    });
  }

  #alias(name: string, place: Place): Value {
    const target = this.#anchors.get(name);
    if (target !== undefined && !this.#open.has(target)) return this.value(target, place);
    if (target === undefined)
      this.#report.error(
        place,
        `no anchor ${quoted(name)} comes before this alias`,
        `mark the value with &${name.slice(0, 40)}`,
      );
    else
      this.#report.error(
        place,
        `the alias ${quoted(name)} stands inside the value that it repeats`,
        'write the value out',
      );
    return { kind: 'scalar', place, value: null, text: '', lines: null };
  }

  #entries(map: YAMLMap, fallback: Place): Entry[] {
    const entries: Entry[] = [];
    const seen = new Map<string, Place>();
    for (const pair of map.items) {
      const entry = this.#entry(pair, fallback);
      if (entry === null) continue;
      const first = seen.get(entry.key);
      if (first !== undefined) {
        const fix = `the first is in line ${first.line}: merge the two, or rename one`;
        this.#report.error(entry.keyPlace, `the key ${quoted(entry.key)} is there twice`, fix);
        continue;
      }
      seen.set(entry.key, entry.keyPlace);
      entries.push(entry);
    }
    return entries;
  }

  #entry(pair: Pair, fallback: Place): Entry | null {
    const key = this.value(pair.key, fallback);
    if (this.#values >= VALUES_MAX) return null; // one diagnostic says it all
    if (key.kind !== 'scalar' || typeof key.value !== 'string') {
      const what = key.kind === 'scalar' ? (key.text === '' ? 'nothing' : quoted(key.text)) : `a ${key.kind}`;
      this.#report.error(
        key.place,
        `a key must be text, and this is ${what}`,
        'write name: value, with the name in quotes if it looks like a number',
      );
      return null;
    }
    if (key.value === '<<') {
      this.#report.error(
        key.place,
        'merge keys ("<<") are not supported',
        'repeat the keys, or use an alias for the whole value',
      );
      return null;
    }
    return { key: key.value, keyPlace: key.place, value: this.value(pair.value, key.place) };
  }
}
