import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { errorCode } from '../state/failure.ts';
import { decodeTar, encodeTar, type TarFile } from './tar.ts';

/**
 * One file that reproduces a run elsewhere: a gzipped tar archive (tar.ts) whose first member, manifest.json, says what the others are.
 * It comes from strangers as often as not: nothing in it is believed before it is looked at.
 */
export interface Manifest {
  readonly format: 'ipsec-lab bundle';
  /** Counts up when a reader of the old form would misread the new one. */
  readonly version: 1;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly by: { readonly version: string; readonly node: string; readonly platform: string };
  readonly run: BundledRun;
  /** In the order in which they were judged. */
  readonly verdicts: readonly Verdict[];
  /** What there is beside this, in order. */
  readonly files: readonly { readonly name: string; readonly octets: number; readonly sha256: string }[];
}

/** What is done again. Names of files are those of the bundle; `protected`: flows that `lab up` was given beside the file's. */
export type BundledRun =
  /** A lab whose checks are judged. */
  | {
      readonly kind: 'lab';
      readonly topology: string;
      readonly driver: string;
      readonly seed: string | null;
      readonly protected: readonly string[];
    }
  /** A script, played in virtual time. */
  | {
      readonly kind: 'script';
      readonly topology: string;
      readonly script: string;
      readonly seed: string;
      readonly protected: readonly string[];
    }
  /** Clauses of conformance suites. */
  | {
      readonly kind: 'test';
      readonly dut: string;
      readonly driver: string;
      readonly seed: string;
      readonly clauses: readonly { readonly id: string; readonly suite: string }[];
    };

export interface Verdict {
  readonly what: string;
  readonly outcome: string;
}

export interface Bundle {
  readonly manifest: Manifest;
  /** By name, without the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What is wrong with a file that should be a bundle. */
export interface Damage {
  readonly message: string;
  readonly fix: string;
}

/** More is no bundle but somebody's attack on a disk: octets of all files together, and how many there are. */
export const OCTETS_MAX = 1 << 28;
export const FILES_MAX = 4096;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const NAME_OCTETS_MAX = 100;
const MANIFEST = 'manifest.json';
const FIX_ELSE = 'use a file that lab bundle has written';

/** Whether a file may be called so, in a bundle and in the folder that it is opened in: nothing leads out of that. */
export const isBundleName = (name: string): boolean =>
  name.length <= NAME_OCTETS_MAX && NAME.test(name) && name !== MANIFEST;

/** Throws for what `readBundle` would refuse. */
export function writeBundle(
  manifest: Omit<Manifest, 'format' | 'version' | 'files'>,
  files: readonly TarFile[],
): Buffer {
  const odd = files.find(({ name }) => !isBundleName(name));
  if (odd !== undefined) throw new Error(`a file of a bundle cannot be called ${odd.name}`);
  const whole: Manifest = {
    format: 'ipsec-lab bundle',
    version: 1,
    ...manifest,
    files: files.map(({ name, octets }) => ({ name, octets: octets.length, sha256: sha256(octets) })),
  };
  const first = { name: MANIFEST, octets: Buffer.from(`${JSON.stringify(whole, null, 2)}\n`) };
  return gzipSync(encodeTar([first, ...files]));
}

export function readBundle(octets: Uint8Array): Bundle | Damage {
  const archive = unpacked(octets);
  if (!(archive instanceof Uint8Array)) return archive;
  const members = decodeTar(archive, { files: FILES_MAX, nameOctets: NAME_OCTETS_MAX });
  if (typeof members === 'string') return damage(members);
  const [first, ...files] = members;
  if (first?.name !== MANIFEST) return damage(`it does not begin with ${MANIFEST}`);
  const manifest = readManifest(first.octets);
  if ('message' in manifest) return manifest;
  const wrong = files.find(({ name }) => !isBundleName(name));
  if (wrong !== undefined)
    return damage(`it has a file called ${JSON.stringify(wrong.name)}, which could lead anywhere`);
  const found = new Map(files.map(({ name, octets: content }) => [name, content]));
  if (found.size !== files.length) return damage('it has two files of one name');
  return mismatch(manifest, found) ?? { manifest, files: found };
}

function unpacked(octets: Uint8Array): Uint8Array | Damage {
  try {
    return gunzipSync(octets, { maxOutputLength: OCTETS_MAX });
  } catch (error) {
    const isBomb = errorCode(error) === 'ERR_BUFFER_TOO_LARGE';
    return damage(isBomb ? `it would be more than ${OCTETS_MAX >> 20} MiB` : 'it is not gzipped, or damaged');
  }
}

function readManifest(octets: Uint8Array): Manifest | Damage {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch {
    return damage(`its ${MANIFEST} is not JSON`);
  }
  if (!isObject(value) || value['format'] !== 'ipsec-lab bundle') return damage('it is an archive of something else');
  if (value['version'] !== 1) {
    const message = `it is of version ${JSON.stringify(value['version'])?.slice(0, 20) ?? 'none'}, and this lab reads version 1`;
    return { message, fix: 'use the version of ipsec-lab that has written it' };
  }
  return isManifest(value) ? value : damage(`its ${MANIFEST} does not say what it should`);
}

/** What the manifest says of the files has to be what they are. */
function mismatch({ files, run }: Manifest, found: ReadonlyMap<string, Uint8Array>): Damage | null {
  if (files.length !== found.size) return damage('its manifest names other files than it has');
  for (const { name, octets, sha256: hash } of files) {
    const content = found.get(name);
    if (content === undefined) return damage(`${JSON.stringify(name.slice(0, NAME_OCTETS_MAX))} is missing`);
    if (content.length !== octets || sha256(content) !== hash)
      return damage(`${name} was changed after it was bundled`);
  }
  const needed = run.kind === 'test' ? [] : [run.topology, ...(run.kind === 'script' ? [run.script] : [])];
  const missing = needed.find(name => !found.has(name));
  return missing === undefined ? null : damage('what it is to run is not in it');
}

function isManifest(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & Manifest {
  const { madeAt, by, run, verdicts, files } = value;
  return (
    typeof madeAt === 'string' &&
    isObject(by) &&
    hasTexts(by, ['version', 'node', 'platform']) &&
    isObject(run) &&
    isRun(run) &&
    isListOf(verdicts, each => hasTexts(each, ['what', 'outcome'])) &&
    isListOf(files, each => hasTexts(each, ['name', 'sha256']) && Number.isSafeInteger(each['octets']))
  );
}

function isRun(run: Readonly<Record<string, unknown>>): boolean {
  switch (run['kind']) {
    case 'lab':
      return (
        hasTexts(run, ['topology', 'driver']) &&
        (run['seed'] === null || typeof run['seed'] === 'string') &&
        isTexts(run['protected'])
      );
    case 'script':
      return hasTexts(run, ['topology', 'script', 'seed']) && isTexts(run['protected']);
    case 'test':
      return (
        hasTexts(run, ['dut', 'driver', 'seed']) && isListOf(run['clauses'], each => hasTexts(each, ['id', 'suite']))
      );
    default:
      return false;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isListOf = (value: unknown, isGood: (each: Readonly<Record<string, unknown>>) => boolean): boolean =>
  Array.isArray(value) && value.length <= 100_000 && value.every(each => isObject(each) && isGood(each));

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(each => typeof each === 'string');

const hasTexts = (value: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean =>
  keys.every(key => typeof value[key] === 'string');

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');
const damage = (message: string): Damage => ({ message, fix: FIX_ELSE });
