import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from './main.ts';
import { isBuilt, LabProgram } from './testing/lab-process.ts';

const lab = new LabProgram();
const scratch = mkdtempSync(join(tmpdir(), 'lab-files-'));
afterAll(async () => {
  if (isBuilt) await lab.dispose();
  rmSync(scratch, { recursive: true });
});

const VISIBLE = COMMANDS.filter(command => command.hidden !== true).map(command => command.name);
const complete = async (...words: string[]): Promise<string[]> =>
  (await lab.run(['__complete', '--', ...words])).stdout.split('\n').filter(word => word !== '');

const json = (text: string): unknown => JSON.parse(text);

describe.skipIf(!isBuilt)('lab as a process (needs dist: npm run build)', () => {
  test('help names every command, on stdout, with or without --help', async () => {
    const bare = await lab.run([]);
    expect(bare).toMatchObject({ status: 0, stderr: '' });
    for (const name of VISIBLE) expect(bare.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(bare.stdout).not.toContain('__complete');
    expect(await lab.run(['--help'])).toEqual(bare);
    expect(await lab.run(['help'])).toEqual(bare);
  });

  test.each(VISIBLE)('lab %s --help shows --json and an example', async name => {
    const help = await lab.run([name, '--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('--json');
    expect(help.stdout).toMatch(new RegExp(`Examples:\n  \\$ .*lab ${name}`));
    expect(await lab.run(['help', name])).toEqual(help);
  });

  test('the version is that of the package', async () => {
    expect((await lab.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [['staus'], /unknown command 'staus'\n {2}fix: did you mean status\?/],
    [['help', 'stat'], /unknown command 'stat'\n {2}fix: did you mean .*status/],
    [['up', '--sede', '7', 'clear'], /unknown option '--sede'\n {2}fix: did you mean --seed\?/],
    [['up'], /missing required argument 'topology'\n {2}fix: see --help/],
    [['up', 'clear', '--driver', 'snim'], /Allowed choices are auto, sim, netns/],
    [['up', 'site-to-sit'], /did you mean "site-to-site"\?/],
    [['up', 'clear', '--name', '../x'], /cannot be the name of a lab/],
    [['up', 'clear', '--protected', 'x'], /prefixes of one family/],
    [['exec', 'a1', 'ls'], /no lab is running\n {2}fix: lab up site-to-site/],
    [['status', 'nope'], /there is no lab "nope"/],
    [['capture', 'wan', '--count', '0'], /"0" is not a count/],
    [['capture', '--live', '--seconds', '0'], /leaves out everything/],
    [['graph', 'clear', '--format', 'png'], /Allowed choices/],
    [['down', 'x', '--all'], /both names and --all/],
  ])('%j is refused with status 2, on stderr only', async (args, message) => {
    const refused = await lab.run(args);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
  });

  test('a refused command makes nothing', () => {
    expect(readdirSync(lab.state)).toEqual([]);
  });

  test('every error of a broken file comes at once, with its place and the fix', async () => {
    const file = join(scratch, 'broken.yaml');
    writeFileSync(file, 'name: x\nnodes:\n  a: { kind: hots, interfaces: {} }\nlinkss: {}\n');
    const up = await lab.run(['up', file]);
    expect(up).toMatchObject({ status: 2, stdout: '' });
    expect(up.stderr).toMatch(new RegExp(`^${file}:3:\\d+: .*\\n  fix: .*host`, 'm'));
    expect(up.stderr).toMatch(new RegExp(`^${file}:4:\\d+: .*linkss.*`, 'm'));
    const validate = await lab.run(['validate', file, 'site-to-site']);
    expect(validate.status).toBe(2);
    expect(validate.stdout).toMatch(/^site-to-site: good/m);
    const asJson = await lab.run(['validate', file, '--json']);
    expect(asJson).toMatchObject({ status: 2, stderr: '' });
    expect(json(asJson.stdout)).toMatchObject({
      ok: false,
      diagnostics: [
        { file, line: 3 },
        { file, line: 4 },
      ],
    });
  });

  test('nothing to see and nothing to remove is no error', async () => {
    expect(await lab.run(['down'])).toEqual({ status: 0, stdout: 'nothing to remove\n', stderr: '' });
    expect(await lab.run(['down', 'gone', '--json'])).toMatchObject({
      status: 0,
      stdout: '{"removed":[],"strays":0}\n',
    });
    expect(await lab.run(['status'])).toMatchObject({ status: 0, stdout: '' });
    expect(await lab.run(['status', '--json'])).toEqual({ status: 0, stdout: '{"labs":[]}\n', stderr: '' });
  });

  test('topologies and doctor speak JSON', async () => {
    const shipped = json((await lab.run(['topologies', '--json'])).stdout);
    expect(shipped).toContainEqual(expect.objectContaining({ name: 'site-to-site', title: expect.any(String) }));
    const doctor = json((await lab.run(['doctor', '--json'])).stdout);
    expect(doctor).toMatchObject({ version: 1, drivers: { sim: true }, capabilities: expect.any(Array) });
  });

  test('colour only where it is wanted', async () => {
    const forced = await lab.run(['staus'], { env: { FORCE_COLOR: '1' } });
    expect(forced.stderr).toContain('\u001b[31m');
    const both = await lab.run(['staus'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expect(both.stderr).not.toContain('\u001b[');
  });

  test('completion: a script for each shell, and what it asks for', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await lab.run(['completion', shell])).stdout).toContain('__complete');
    expect(await complete('sta')).toEqual(['status']);
    expect(await complete('up', 'site-to-site-v')).toEqual(['site-to-site-v6']);
    expect(await complete('up', 'clear', '--driver', '')).toEqual([
      'auto',
      'sim',
      'netns',
      'docker',
      'mininet',
      'swarm',
    ]);
    expect(await complete('up', 'clear', '--se')).toEqual(['--seed']);
    expect(await complete('exec', 'a1', '--', 'pi')).toEqual(['ping']);
    expect(await complete('exec', 'alice', 'ipsec')).toEqual(['ipsecalgs', 'ipsecconf', 'ipseckey']);
    expect(await complete('exec', 'a1', '--', 'ping', 'se')).toEqual([]);
    expect(await complete('test', 'rfc43')).toEqual(['rfc4301', 'rfc4302', 'rfc4303']);
  });

  test('a state directory that belongs to nobody we know is refused with status 3', async () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    const refused = await lab.run(['up', 'clear', '--driver', 'sim'], { env: { IPSEC_LAB_STATE: file } });
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toContain('IPSEC_LAB_STATE');
  });
});
