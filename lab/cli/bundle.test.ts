import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeTar, encodeTar } from '../bundle/tar.ts';
import { differences } from './verdicts.ts';
import { isBuilt, LabProgram } from './testing/lab-process.ts';

let lab: LabProgram;
let file: string;
beforeEach(() => {
  lab = new LabProgram();
  mkdirSync(join(lab.state, 'work'));
  file = join(lab.state, 'work', 'run.lab.tgz');
});
afterEach(() => lab.dispose());

test('two runs differ in what came out otherwise, and in what only one of them has', () => {
  const a = { what: 'a', outcome: 'passed' };
  const b = { what: 'b', outcome: 'passed' };
  expect(differences([a, b], [a, b])).toEqual([]);
  expect(differences([a, b, b], [{ ...a, outcome: 'failed' }, b])).toEqual([
    { what: 'a', before: 'passed', now: 'failed' },
    { what: 'b', before: 'passed, passed', now: 'passed' },
  ]);
  expect(differences([a], [b])).toHaveLength(2);
});

test.skipIf(!isBuilt)(
  'a script that fails fails again from its bundle alone, packet by packet (needs dist)',
  async () => {
    const script = join(lab.state, 'work', 'traffic.lab');
    writeFileSync(script, 'a1 ping -c 2 10.0.1.2\na1 ping -c 1 -W 1 10.0.9.9\n');
    const played = await lab.run(['up', 'site-to-site', '--seed', '7', '--script', script, '--bundle', file]);
    expect(played.status).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(script, ''); // nothing of what it was made of is needed
    const again = await lab.run(['open', file, '--run']);
    expect(again.stdout).toMatch(/^the same again: all 4 verdicts/);
    expect(again.status).toBe(0);

    const [first, ...rest] = membersOf(file);
    if (first === undefined) throw new Error('an empty bundle');
    const changed = Buffer.from(first.octets).toString().replace('"status 1"', '"status 0"');
    writeFileSync(file, gzipSync(encodeTar([{ ...first, octets: Buffer.from(changed) }, ...rest])));
    const other = await lab.run(['open', file, '--run']);
    expect(other.stdout).toMatch(/^line 2 +status 0 +status 1$/m);
    expect(other.status).toBe(1);
  },
);

test.skipIf(!isBuilt)(
  'a lab that runs: bundled with keys only where they are asked for, unpacked, run again (needs dist)',
  async () => {
    expect((await lab.run(['up', 'site-to-site', '--driver', 'sim', '--seed', '5', '--name', 'one'])).status).toBe(0);
    expect((await lab.run(['bundle', 'one', '-o', file])).status).toBe(0);
    expect(membersOf(file).map(({ name }) => name)).toEqual([
      'manifest.json',
      'topology/site-to-site.yaml',
      'status.json',
      'captures/all.pcapng',
    ]);
    expect((await lab.run(['bundle', 'one', '--keys', '--no-captures', '-o', `${file}.keys`])).status).toBe(0);
    expect(membersOf(`${file}.keys`).map(({ name }) => name)).toContain('keys/esp_sa');
    expect((await lab.run(['down', 'one'])).status).toBe(0);
    const again = await lab.run(['open', file, '--run', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ same: true });
    expect(again.status).toBe(0);

    const folder = join(lab.state, 'work', 'opened');
    expect((await lab.run(['open', file, '-d', folder])).status).toBe(0);
    expect(readFileSync(join(folder, 'topology', 'site-to-site.yaml'), 'utf8')).toContain('name: site-to-site');
    const twice = await lab.run(['open', file, '-d', folder]);
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining('is there already')]);
  },
);

test.skipIf(!isBuilt)('what is no bundle is refused with what is wrong with it (needs dist)', async () => {
  writeFileSync(file, gzipSync(encodeTar([{ name: '../evil', octets: Buffer.from('x') }])));
  const refused = await lab.run(['open', file, '-d', join(lab.state, 'work', 'opened')]);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('cannot be opened')]);
  expect(existsSync(join(lab.state, 'work', 'evil'))).toBe(false);
  expect((await lab.run(['open', join(lab.state, 'nothing')])).status).toBe(2);
});

function membersOf(path: string) {
  const members = decodeTar(gunzipSync(readFileSync(path)), { files: 100, nameOctets: 100 });
  if (typeof members === 'string') throw new Error(members);
  return members;
}
