import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readLabCapture } from '../capture/pcapng-file.ts';
import { Failure } from '../state/failure.ts';
import { openTopology } from '../topology/shipped.ts';
import type { CommandContext } from './command.ts';
import { runScript } from './script-run.ts';
import { createTerminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-script-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A stream that is read by a test. */
const sink = (take: (text: string) => void) => ({
  stream: () => ({ write: (text: string) => take(text) }) as unknown as NodeJS.WriteStream,
  isTTY: false,
});

/** Plays a script and gives what it left: exit status, the JSON that it printed, its notes, and the capture. */
async function play(
  name: string,
  seed: string,
  lines: readonly string[],
  topologyName = 'site-to-site-manual',
  protectedFlow = false,
) {
  const { topology } = openTopology(topologyName);
  if (topology === null) throw new Error(`no topology ${topologyName}`);
  const flows = [{ a: '10.0.0.0/24', b: '10.0.1.0/24', links: ['wan'], because: 'this test' }];
  const scriptFile = join(folder, `${name}.lab`);
  const captureFile = join(folder, `${name}.pcapng`);
  writeFileSync(scriptFile, `${lines.join('\n')}\n`);
  let [status, printed, noted] = [0, '', ''];
  const terminal = createTerminal(
    sink(text => (printed += text)),
    sink(text => (noted += text)),
    {},
  );
  const context: CommandContext = {
    terminal,
    exit: code => (status = code),
    loadProgram: () => Promise.reject(new Error('not here')),
  };
  const keyLogFolder = join(folder, `${name}-keys`);
  const shown = protectedFlow ? { ...topology, protectedFlows: flows } : topology;
  const thrown = await runScript(
    { topology: shown, scriptFile, seed, captureFile, keyLogFolder, json: true },
    context,
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { status, printed, noted, thrown, captureFile, keyLogFolder };
}

const TRAFFIC = [
  'b1 sink 5001 &',
  'a1 ping -c 2 10.0.1.2',
  'a1 send 10.0.1.2 5001 200000',
  'a1 ping -c 2 -i 0.2 2001:470:24:c67::2',
  'sleep 1s',
];

test('the same topology, seed and script make the same capture, octet for octet; another seed another one', async () => {
  const [first, second, other] = [
    await play('first', '7', TRAFFIC),
    await play('second', '7', TRAFFIC),
    await play('other', '8', TRAFFIC),
  ];
  expect([first.status, first.thrown, first.noted]).toEqual([0, undefined, '']);
  const octets = readFileSync(first.captureFile);
  expect(octets.equals(readFileSync(second.captureFile))).toBe(true);
  expect(octets.equals(readFileSync(other.captureFile))).toBe(false);
  const { packets, problems } = readLabCapture(octets);
  expect(problems).toEqual([]);
  expect(JSON.parse(first.printed)).toMatchObject({ seed: '7', packets: packets.length, tripwire: { kind: 'clean' } });
  expect(new Set(packets.map(({ link }) => link))).toEqual(new Set(['lan-a', 'wan', 'wan-bob', 'lan-b']));
});

test('a key log is written for its owner alone', async () => {
  const { keyLogFolder } = await play('keys', '1', ['a1 ping -c 1 10.0.1.2']);
  expect(statSync(keyLogFolder).mode & 0o777).toBe(0o700);
  expect(statSync(join(keyLogFolder, 'esp_sa')).mode & 0o777).toBe(0o600);
});

test('a command that fails, and a protected flow in the clear, give status 1', async () => {
  const failed = await play('failed', '1', ['a1 ping -c 1 -W 1 10.0.1.77']);
  expect(failed.status).toBe(1);
  expect(JSON.parse(failed.printed)).toMatchObject({ steps: [{ line: 1, status: 1 }] });
  const leaked = await play('leaked', '1', ['a1 ping -c 1 10.0.1.2'], 'clear', true);
  expect(leaked.status).toBe(1);
  expect(JSON.parse(leaked.printed)).toMatchObject({ tripwire: { kind: 'tripped' } });
});

test('an error in the script starts nothing and names its place', async () => {
  const { thrown, noted } = await play('wrong', '1', ['a9 ping -c 1 10.0.1.2']);
  expect(thrown).toBeInstanceOf(Failure);
  expect(noted).toMatch(/wrong\.lab:1:1: there is no node "a9"/);
});
