import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import {
  type Bundle,
  type BundledRun,
  FILES_MAX,
  OCTETS_MAX,
  readBundle,
  type Verdict,
  writeBundle,
} from '../bundle/bundle.ts';
import type { TarFile } from '../bundle/tar.ts';
import { badInput, errorCode } from '../state/failure.ts';
import { version } from './version.ts';

/** Whole or not at all, and for its owner alone: a topology has its secrets in it. Throws a Failure where it cannot be written. */
export function saveBundle(
  file: string,
  run: BundledRun,
  verdicts: readonly Verdict[],
  files: readonly TarFile[],
): void {
  const octets = files.reduce((sum, each) => sum + each.octets.length, 0);
  if (octets > OCTETS_MAX - RESERVE_OCTETS || files.length >= FILES_MAX) {
    const what = `${files.length} files of ${Math.ceil(octets / MIB)} MiB are too much for a bundle`;
    throw badInput(what, 'leave the captures out: --no-captures');
  }
  const by = { version: version(), node: process.version, platform: `${process.platform} ${process.arch}` };
  const bundle = writeBundle({ madeAt: new Date().toISOString(), by, run, verdicts }, files);
  const temporary = `${file}.new`;
  try {
    const descriptor = openSync(temporary, 'w', 0o600);
    fchmodSync(descriptor, 0o600);
    for (let at = 0; at < bundle.length; ) at += writeSync(descriptor, bundle, at);
    closeSync(descriptor);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw badInput(
      `cannot write ${file}: ${errorCode(error) ?? String(error)}`,
      'name a file in a folder of your own: -o FILE',
    );
  }
}

/** Throws a Failure for what is no bundle, with what is wrong with it. */
export function openBundle(file: string): Bundle {
  const bundle = readBundle(octetsOf(file));
  if ('manifest' in bundle) return bundle;
  throw badInput(`${file} cannot be opened: ${bundle.message}`, bundle.fix);
}

function octetsOf(file: string): Uint8Array {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) throw badInput(`${file} is not a file`, 'name a bundle');
      if (found.size > OCTETS_MAX)
        throw badInput(`${file} is larger than a bundle can be`, 'use one that lab bundle has written');
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`cannot read ${file}: ${code}`, 'name a file that lab bundle has written');
  }
}

const MIB = 1 << 20;
/** For the manifest and the archive's own. */
const RESERVE_OCTETS = 1 << 23;
