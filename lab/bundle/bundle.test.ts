import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Bundle, type Damage, isBundleName, OCTETS_MAX, readBundle, writeBundle } from './bundle.ts';
import { decodeTar, encodeTar, type TarFile } from './tar.ts';

const topology = { name: 'topology/x.yaml', octets: Buffer.from('name: x\n') };
const script = { name: 'script.lab', octets: Buffer.from('a1 ping -c 1 b1\n') };
const about = {
  madeAt: '2026-01-01T00:00:00.000Z',
  by: { version: '0.1.0', node: 'v20', platform: 'linux x64' },
  run: { kind: 'script', topology: topology.name, script: script.name, seed: '7', protected: [] },
  verdicts: [{ what: 'line 1', outcome: 'status 0' }],
} as const;
const good = writeBundle(about, [topology, script]);

const why = (read: Bundle | Damage): string => ('message' in read ? read.message : 'it was read');

test('what was bundled is there again', () => {
  const read = readBundle(good);
  expect(why(read)).toBe('it was read');
  if ('message' in read) return;
  expect(read.manifest).toMatchObject({ ...about, format: 'ipsec-lab bundle', version: 1 });
  expect([...read.files.keys()]).toEqual([topology.name, script.name]);
  expect(Buffer.from(read.files.get(script.name) ?? []).toString()).toBe(script.octets.toString());
});

test.each([
  '../x',
  'a/../b',
  '/etc/passwd',
  'a//b',
  'a/',
  './a',
  '.bashrc',
  '-rf',
  'a\\b',
  'a\nb',
  'ü',
  'manifest.json',
  '',
])('no file of a bundle is called %j', name => {
  expect(isBundleName(name)).toBe(false);
  expect(() => writeBundle(about, [{ name, octets: Buffer.alloc(0) }])).toThrow('cannot be called');
});

/** The good one with its members, or its manifest, changed by somebody who means ill. */
function forged(
  change: (files: TarFile[]) => TarFile[],
  manifest: (text: string) => string = text => text,
): Uint8Array {
  const members = decodeTar(gunzipSync(good), { files: 10, nameOctets: 100 });
  if (typeof members === 'string') throw new Error(members);
  const files = change(members).map(file =>
    file.name === 'manifest.json'
      ? { ...file, octets: Buffer.from(manifest(Buffer.from(file.octets).toString())) }
      : file,
  );
  return gzipSync(encodeTar(files));
}
const same = (files: TarFile[]): TarFile[] => files;
const renamed = (to: string) => (files: TarFile[]) =>
  files.map(file => (file.name === script.name ? { ...file, name: to } : file));

describe('a hostile bundle is refused', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'that leads out of its folder',
      forged(renamed('../../.profile')),
      /"..\/..\/.profile", which could lead anywhere/,
    ],
    ['with an absolute path', forged(renamed('/etc/cron.d/x')), /could lead anywhere/],
    [
      'with a file that nobody named',
      forged(files => [...files, { name: 'more', octets: Buffer.alloc(1) }]),
      /other files/,
    ],
    ['with two files of one name', forged(files => [...files, script]), /two files of one name/],
    ['with another file in its place', forged(renamed('other.lab')), /is missing/],
    [
      'whose file was changed',
      forged(files =>
        files.map(f => (f.name === script.name ? { ...f, octets: Buffer.from('a1 ping -c 9 b1\n') } : f)),
      ),
      /was changed/,
    ],
    ['that does not begin with its manifest', forged(files => files.toReversed()), /does not begin with/],
    [
      'of another version',
      forged(same, text => text.replace('"version": 1', '"version": 2')),
      /of version 2, and this lab reads version 1/,
    ],
    ['of something else', forged(same, text => text.replace('ipsec-lab bundle', 'x')), /something else/],
    ['with a run that there is not', forged(same, text => text.replace('"script",', '"shell",')), /does not say/],
    [
      'with verdicts that are none',
      forged(same, text => text.replace('"what": "line 1"', '"what": 1')),
      /does not say/,
    ],
    [
      'whose run names a file that is not there',
      forged(same, text => text.replace('"script": "script.lab"', '"script": "/etc/passwd"')),
      /what it is to run is not in it/,
    ],
    ['whose manifest is no JSON', forged(same, () => '{'), /not JSON/],
    ['that is nothing of the kind', Buffer.from('hello'), /not gzipped/],
    ['that is cut short', good.subarray(0, good.length - 20), /not gzipped, or damaged/],
    ['that is gzip and no archive', gzipSync(Buffer.alloc(2048, 1)), /no tar archive/],
  ])('%s', (_, octets, message) => {
    expect(why(readBundle(octets))).toMatch(message);
  });

  test('that would fill a disk', () => {
    expect(why(readBundle(gzipSync(Buffer.alloc(OCTETS_MAX + 1))))).toBe('it would be more than 256 MiB');
  });
});
