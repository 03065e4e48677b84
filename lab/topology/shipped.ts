import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '../../engine/config/diagnostic.ts';
import { quoted } from '../../engine/config/diagnostic.ts';
import { type LoadResult, loadTopology } from './load.ts';
import type { ReadBeside } from './resolve/native-files.ts';
import { nearest, oneOf } from '../../engine/config/suggest.ts';

export interface ShippedTopology {
  readonly name: string;
  readonly title: string;
  /** Absolute. */
  readonly file: string;
}

export type ResolvedArgument =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'unknown'; readonly diagnostic: Diagnostic };

/** The topologies that come with the lab, by name in alphabetical order. */
export function shippedTopologies(): ShippedTopology[] {
  return shippedFiles().map(file => {
    const { topology } = loadTopology(file, readFileSync(file, 'utf8'), readerBeside(file));
    return { name: basename(file, '.yaml'), title: topology?.title ?? '', file };
  });
}

/** What the user means with `site-to-site`, `./my.yaml` or `labs/my.yaml`: a shipped name goes before a file of that name. */
export function resolveTopologyArgument(nameOrFile: string): ResolvedArgument {
  const shipped = shippedFiles().find(file => basename(file, '.yaml') === nameOrFile);
  if (shipped !== undefined) return { kind: 'file', file: shipped };
  if (!nameOrFile.includes('\0') && existsSync(nameOrFile)) return { kind: 'file', file: nameOrFile };
  const names = shippedFiles().map(file => basename(file, '.yaml'));
  const near = nearest(nameOrFile, names);
  const looksLikeFile = /[/.]/.test(nameOrFile);
  const message = looksLikeFile ? 'there is no such file' : 'is neither a shipped topology nor a file';
  const fix = near === null ? `use ${oneOf(names)}, or the path of a YAML file` : `did you mean ${quoted(near)}?`;
  return { kind: 'unknown', diagnostic: wholeFile(nameOrFile, message, fix) };
}

/** Loads a shipped topology or a file; whatever is wrong with either is a diagnostic. */
export function openTopology(nameOrFile: string): LoadResult {
  const argument = resolveTopologyArgument(nameOrFile);
  if (argument.kind === 'unknown') return { topology: null, diagnostics: [argument.diagnostic] };
  const { file } = argument;
  const failed = (message: string, fix: string): LoadResult => ({
    topology: null,
    diagnostics: [wholeFile(file, message, fix)],
  });
  let octets: Buffer;
  try {
    if (!statSync(file).isFile()) return failed('is not a file', 'name a YAML file');
    octets = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return failed(`cannot be read (${code})`, 'check the permissions of the file');
  }
  try {
    return loadTopology(file, new TextDecoder('utf-8', { fatal: true }).decode(octets), readerBeside(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return failed('is not UTF-8 text', 'save it as UTF-8');
  }
}

/** The text of a topology's file, and how to read what it names beside it; null: not a readable file. */
export function topologyText(file: string): { readonly text: string; readonly read: ReadBeside } | null {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)), read: readerBeside(file) };
  } catch {
    return null;
  }
}

/** Enough for 10,000 policies or rules with a comment each. */
const NATIVE_OCTETS_MAX = 1 << 22;

/** Reads the native files that a topology names, which are in its folder or below it: also those that links lead to. */
function readerBeside(file: string): ReadBeside {
  return path => {
    try {
      const folder = realpathSync(dirname(file));
      const full = realpathSync(join(folder, path));
      if (!full.startsWith(join(folder, sep))) return { kind: 'failed', why: 'is a link that leads out of the folder' };
      const found = statSync(full);
      if (!found.isFile()) return { kind: 'failed', why: 'is not a file' };
      if (found.size > NATIVE_OCTETS_MAX)
        return { kind: 'failed', why: `has ${found.size} octets, more than ${NATIVE_OCTETS_MAX}` };
      return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(full)) };
    } catch (error) {
      if (error instanceof TypeError) return { kind: 'failed', why: 'is not UTF-8 text' };
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      return { kind: 'failed', why: code === 'ENOENT' ? 'is not there' : `cannot be read (${code})` };
    }
  };
}

/** Where the shipped files are, from the sources and from the compiled tree alike. */
export function topologiesDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'topologies', 'site-to-site.yaml'))) {
    const parent = resolve(directory, '..');
    if (parent === directory) throw new Error('the topologies directory is missing from this installation');
    directory = parent;
  }
  return join(directory, 'topologies');
}

function shippedFiles(): string[] {
  const directory = topologiesDirectory();
  const names = readdirSync(directory).filter(name => name.endsWith('.yaml'));
  return names
    .map(name => basename(name, '.yaml'))
    .sort()
    .map(name => join(directory, `${name}.yaml`));
}

function wholeFile(file: string, message: string, fix: string): Diagnostic {
  return { file, line: 0, column: 0, message, fix };
}
