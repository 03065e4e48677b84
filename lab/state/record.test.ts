import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLabFolder, type LabRecord, listLabFolders, readLabFolder, writeRecord } from './record.ts';
import { sweepLab } from './sweep.ts';

const creator = { pid: 4_194_303, startTicks: '1', boot: 'none' };
const record: LabRecord = {
  version: 1,
  name: 'one',
  runId: '0123456789abcdef0123456789abcdef',
  driver: 'sim',
  topology: 'site-to-site',
  file: '/x.yaml',
  nodes: ['alice'],
  links: ['wan'],
  createdAtMs: 0,
  creator,
  supervisor: null,
  pod: null,
};

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lab-record-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a folder is made once, with a record that only its owner reads', () => {
  expect(createLabFolder(root, record)).toBe(true);
  expect(createLabFolder(root, record)).toBe(false);
  expect(statSync(join(root, 'one')).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, 'one', 'lab.json')).mode & 0o777).toBe(0o600);
  const again = { ...record, supervisor: { pid: 7, startTicks: '9', boot: 'b' } };
  writeRecord(join(root, 'one'), again);
  expect(readLabFolder(join(root, 'one')).record).toEqual(again);
});

test('no root, no labs; otherwise they come by name', () => {
  expect(listLabFolders(join(root, 'missing'))).toEqual([]);
  createLabFolder(root, { ...record, name: 'two' });
  createLabFolder(root, record);
  expect(listLabFolders(root).map(folder => folder.name)).toEqual(['one', 'two']);
});

test.each([
  '',
  '{',
  '[]',
  'null',
  '{"version":1}',
  JSON.stringify({ ...record, version: 2 }),
  JSON.stringify({ ...record, runId: '../..' }),
  JSON.stringify({ ...record, creator: { pid: -1, startTicks: '1', boot: '' } }),
  JSON.stringify({ ...record, supervisor: { pid: 1, startTicks: '1', boot: '' } }),
  JSON.stringify({ ...record, nodes: [1] }),
])('a record that is damaged is no record, and its folder can be swept: %s', async text => {
  mkdirSync(join(root, 'bad'));
  writeFileSync(join(root, 'bad', 'lab.json'), text);
  const folder = readLabFolder(join(root, 'bad'));
  expect(folder.record).toBeNull();
  expect(await sweepLab(folder)).toEqual([]);
  expect(existsSync(folder.directory)).toBe(false);
  expect(await sweepLab(folder)).toEqual([]);
});
