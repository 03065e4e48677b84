import { type Diagnostic, quoted } from '../../../engine/config/diagnostic.ts';
import { readIpsecinit } from '../../../engine/config/ipsecinit.ts';
import { readSetkey } from '../../../engine/config/setkey.ts';
import { readIkePreshared } from '../../../engine/config/ike-preshared.ts';
import type { KeyRules } from '../../../engine/config/key-rules.ts';
import { readPskFile } from '../../../engine/config/psk-file.ts';
import { readRacoon } from '../../../engine/config/racoon.ts';
import { readSolarisIke } from '../../../engine/config/solaris-ike.ts';
import type { SharedSecretConfig } from '../../../engine/ike/config.ts';
import type { StatedIke } from '../../../engine/config/stated-ike.ts';
import { readSwanctl } from '../../../engine/config/swanctl.ts';
import type { PolicyReading, StatedPolicies } from '../../../engine/config/policy.ts';
import { parseFilter } from '../../../engine/filter/parse.ts';
import type { FilterConfig } from '../../../engine/filter/rule.ts';
import type { FileText } from '../scalars.ts';
import type { Located } from '../shape.ts';
import type { NodeScope, Scope } from './scope.ts';

/** Reads a file beside the topology: its text, or why it cannot be read. */
export type ReadBeside = (
  path: string,
) => { readonly kind: 'text'; readonly text: string } | { readonly kind: 'failed'; readonly why: string };

/** A native file of a node, with its own diagnostics brought to where its lines stand. */
export interface NativeFile {
  /** `ipsecinit.conf`. */
  readonly name: string;
  readonly text: string;
  /** Reports something at a place in its text. */
  complain(place: { readonly line: number; readonly column: number }, message: string, fix: string | null): void;
}

/** The text of a file and the way back from its lines; null after a diagnostic. */
function openNative(scope: Scope, name: string, given: Located<FileText>, read: ReadBeside): NativeFile | null {
  const { report } = scope;
  const { value, place } = given;
  if (value.kind === 'inline') {
    const { text, lines } = value;
    return {
      name,
      text,
      complain: (where, message, fix) => {
        const start = lines?.[Math.max(0, Math.min(where.line, lines.length) - 1)];
        if (start === undefined) report.error(place, `${name}, line ${where.line}: ${message}`, fix);
        else report.error({ line: start.line, column: start.column + Math.max(0, where.column - 1) }, message, fix);
      },
    };
  }
  const found = read(value.path);
  if (found.kind === 'failed') {
    report.error(
      place,
      `${quoted(value.path)} ${found.why}`,
      'name a file beside the topology, or write the text itself',
    );
    return null;
  }
  return {
    name,
    text: found.text,
    complain: ({ line, column }, message, fix) => report.foreign({ file: value.path, line, column, message, fix }),
  };
}

/** What one file says. */
export interface StatedFile extends StatedPolicies {
  readonly file: NativeFile;
  /** null: its dialect has no IKE. */
  readonly ike: StatedIke | null;
}

/** What the files of a node say of its policy, in the order in which they are tried; null: it has none, or a bad one. */
export function statedPolicies(scope: Scope, node: NodeScope, read: ReadBeside): StatedFile[] {
  const files = node.text?.files ?? null;
  if (files === null) return [];
  const legacy = files.legacy?.value ?? false;
  const all: StatedFile[] = [];
  for (const [name, parse] of Object.entries(POLICY_FILES)) {
    const given = files[name as keyof typeof POLICY_FILES];
    const file = given === null ? null : openNative(scope, name, given, read);
    if (file === null) continue;
    const parsed: ReturnType<PolicyParser> = parse(file.name, file.text, { legacy });
    pass(file, parsed.diagnostics);
    if (parsed.stated !== null) all.push({ ...parsed.stated, file, ike: parsed.ike ?? null });
  }
  return all;
}

const POLICY_FILES = {
  'ipsecinit.conf': readIpsecinit,
  'setkey.conf': readSetkey,
  'swanctl.conf': readSwanctl,
} as const satisfies Record<string, PolicyParser>;

type PolicyParser = (
  file: string,
  text: string,
  rules: { legacy: boolean },
) => PolicyReading & { readonly ike?: StatedIke | null };

/** What a key daemon of another system is told on a node. */
export interface StatedKeyRules {
  readonly file: NativeFile;
  readonly rules: KeyRules;
  readonly secrets: readonly SharedSecretConfig[];
}

/** null: the node has no such file, or a bad one. */
export function statedKeyRules(scope: Scope, node: NodeScope, read: ReadBeside): StatedKeyRules | null {
  const files = node.text?.files ?? null;
  if (files === null) return null;
  const legacy = files.legacy?.value ?? false;
  const [first, second] = KEY_FILES.filter(({ name }) => files[name] !== null);
  for (const { name, keys } of KEY_FILES) {
    const lonely = files[keys];
    if (lonely !== null && files[name] === null)
      scope.report.error(lonely.place, `${node.name} has ${keys} and no ${name}`, `add ${name}, or take ${keys} away`);
  }
  if (first === undefined) return null;
  const given = files[first.name];
  if (second !== undefined && given !== null)
    scope.report.error(given.place, `${node.name} has ${second.name} as well`, 'keep one of the two');
  const keys = files[first.keys];
  const keyFile = keys === null ? null : openNative(scope, first.keys, keys, read);
  const found = keyFile === null ? null : first.readKeys(keyFile.name, keyFile.text);
  if (keyFile !== null && found !== null) pass(keyFile, found.diagnostics);
  const file = given === null ? null : openNative(scope, first.name, given, read);
  if (file === null) return null;
  const { stated, diagnostics } = first.read(file.name, file.text, { legacy, secrets: found?.secrets ?? [] });
  pass(file, diagnostics);
  return stated === null ? null : { file, rules: stated, secrets: found?.secrets ?? [] };
}

const KEY_FILES = [
  { name: 'ike/config', keys: 'ike.preshared', read: readSolarisIke, readKeys: readIkePreshared },
  { name: 'racoon.conf', keys: 'psk.txt', read: readRacoon, readKeys: readPskFile },
] as const;

/** The texts of all of them, as they are. */
export function nativeTexts(
  scope: Scope,
  node: NodeScope,
  read: ReadBeside,
): { readonly nativeFiles?: Readonly<Record<string, string>> } {
  const texts = Object.entries(node.text?.files ?? {}).flatMap(([name, given]) => {
    if (given === null || typeof given !== 'object' || !('value' in given) || typeof given.value === 'boolean')
      return [];
    const file = openNative(scope, name, given, read);
    return file === null ? [] : [[name, file.text] as const];
  });
  return texts.length === 0 ? {} : { nativeFiles: Object.fromEntries(texts) };
}

/** The filter of a node; null: it has none. As on Solaris, ipf.conf is for IPv4 alone where there is an ipf6.conf. */
export function resolveFilter(scope: Scope, node: NodeScope, read: ReadBeside): FilterConfig | null {
  const own = node.text?.filter ?? null;
  const four = node.text?.files?.['ipf.conf'] ?? null;
  const six = node.text?.files?.['ipf6.conf'] ?? null;
  if (own !== null && (four ?? six) !== null) {
    const message = `${node.name} has filter rules under "files" as well`;
    scope.report.error(own.place, message, 'keep all of them in one place');
  }
  const interfaces = [...node.interfaces.keys(), ...node.tunnels.keys()];
  const parts = [
    { name: own === null ? 'ipf.conf' : 'filter', given: own ?? four, family: six === null ? null : (4 as const) },
    { name: 'ipf6.conf', given: six, family: 6 as const },
  ];
  const rules: FilterConfig['rules'][number][] = [];
  for (const { name, given, family } of parts) {
    const file = given === null ? null : openNative(scope, name, given, read);
    if (file === null) continue;
    const options = { interfaces, ...(family === null ? {} : { family }) };
    const { config, diagnostics } = parseFilter(file.name, file.text, options);
    pass(file, diagnostics);
    for (const rule of config.rules) rules.push(rule);
  }
  return parts.every(({ given }) => given === null) ? null : { rules, otherwise: 'pass' };
}

function pass(file: NativeFile, diagnostics: readonly Diagnostic[]): void {
  for (const { line, column, message, fix } of diagnostics) file.complain({ line, column }, message, fix);
}
