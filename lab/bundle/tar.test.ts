import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeTar, encodeTar } from './tar.ts';

const LIMITS = { files: 10, nameOctets: 100 };
const files = [
  { name: 'a.txt', octets: Buffer.from('one') },
  { name: 'folder/empty', octets: Buffer.alloc(0) },
  { name: 'folder/block', octets: Buffer.alloc(512, 7) },
];

test('what was written is read again, and the same files make the same octets', () => {
  const archive = encodeTar(files);
  expect(archive.length % 512).toBe(0);
  expect(encodeTar(files)).toEqual(archive);
  const read = decodeTar(archive, LIMITS);
  expect(typeof read === 'string' ? read : read.map(each => ({ ...each, octets: Buffer.from(each.octets) }))).toEqual(
    files,
  );
});

test('what is cut short anywhere, or damaged, is told apart', () => {
  const archive = encodeTar(files);
  for (let length = 0; length < archive.length - 1024; length += 100)
    expect(decodeTar(archive.subarray(0, length), LIMITS)).toEqual(expect.stringMatching(/ends/));
  const damaged = Buffer.from(archive);
  damaged[0] = 0x62;
  expect(decodeTar(damaged, LIMITS)).toBe('a header in it is damaged');
  expect(decodeTar(Buffer.alloc(1024, 1), LIMITS)).toBe('it is no tar archive');
  expect(decodeTar(archive, { ...LIMITS, files: 2 })).toMatch(/more than 2 files/);
});

const hasTar = spawnSync('tar', ['--version']).status === 0;

describe.skipIf(!hasTar)('GNU tar (apt-get install tar)', () => {
  let folder: string;
  const tar = (...words: string[]) => {
    const { status, stderr } = spawnSync('tar', words, { cwd: folder });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lab-tar-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('reads ours', () => {
    writeFileSync(join(folder, 'ours.tar'), encodeTar(files));
    tar('-xf', 'ours.tar');
    for (const { name, octets } of files) expect(readFileSync(join(folder, name))).toEqual(octets);
  });

  test('writes what we read, and its folders and links are refused', () => {
    mkdirSync(join(folder, 'folder'));
    for (const { name, octets } of files) writeFileSync(join(folder, name), octets);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    const read = (name: string) => decodeTar(readFileSync(join(folder, name)), LIMITS);
    tar('--format=ustar', '-cf', 'theirs.tar', ...files.map(({ name }) => name));
    const found = read('theirs.tar');
    expect(typeof found === 'string' ? found : found.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    tar('--format=ustar', '-cf', 'folder.tar', 'folder');
    expect(read('folder.tar')).toBe('"folder/" in it is no regular file');
    tar('--format=ustar', '-cf', 'link.tar', 'link');
    expect(read('link.tar')).toBe('"link" in it is no regular file');
  });
});
