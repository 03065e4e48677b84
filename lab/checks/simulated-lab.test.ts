import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writePcapng } from '../capture/pcapng-file.ts';
import { Recorder } from '../capture/recorder.ts';
import { createTripwire } from '../capture/tripwire.ts';
import { writeWiresharkFolder } from '../capture/wireshark.ts';
import { createSimDriver } from '../drivers/sim/sim-driver.ts';
import type { RunningLab } from '../drivers/driver.ts';
import { findSubject } from '../subjects/all-subjects.ts';
import { ENGINE, type NodeMaker } from '../subjects/subject.ts';
import { loadTopology } from '../topology/load.ts';
import type { Impairment, Topology } from '../topology/model.ts';
import type { CheckResult, Witnesses } from './result.ts';
import { judgeRun, type RunJudgement } from './run-judgement.ts';
import { runChecks } from './run.ts';

/** The judges on the simulator: real topologies, the engine's own packets. */
const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-checks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const hasTshark = spawnSync('tshark', ['--version']).status === 0;

interface Run {
  readonly lab: RunningLab;
  readonly witnesses: Witnesses;
  readonly results: readonly CheckResult[];
  readonly judgement: RunJudgement;
}

async function run(topology: Topology, { subject = 'engine', seed = '7' } = {}): Promise<Run> {
  const alice = findSubject(subject);
  if (alice === null) throw new Error(`no subject ${subject}`);
  const witnesses = { recorder: new Recorder(), tripwire: createTripwire(topology.protectedFlows) };
  const makeNode: NodeMaker = (config, context) => (config.name === 'alice' ? alice : ENGINE).make(config, context);
  const lab = await createSimDriver({ pace: 'virtual', makeNode }).up(topology, {
    runId: 'checks-on-the-simulator',
    seed,
    onPacket: packet => {
      witnesses.recorder.record(packet);
      witnesses.tripwire.see(packet);
    },
    onEvent: () => undefined,
  });
  const results = await runChecks(lab, witnesses, () => undefined);
  const judgement = judgeRun(lab, witnesses.tripwire);
  await lab.down();
  return { lab, witnesses, results, judgement };
}

function topologyNamed(name: string, alter: (text: string) => string = text => text): Topology {
  const file = join(import.meta.dirname, '..', '..', 'topologies', `${name}.yaml`);
  const { topology, diagnostics } = loadTopology(file, alter(readFileSync(file, 'utf8')));
  if (topology === null) throw new Error(JSON.stringify(diagnostics));
  return topology;
}

const notPassed = (results: readonly CheckResult[]) =>
  results.filter(result => result.kind !== 'passed').map(({ title, why }) => ({ title, why }));

describe.each(['site-to-site-manual', 'site-to-site-v6', 'transport-pair'])('%s', name => {
  test('passes all of its checks, and nothing protected is seen in the clear', async () => {
    const { results, judgement, witnesses } = await run(topologyNamed(name));
    expect(notPassed(results)).toEqual([]);
    expect(judgement.kind).toBe('clean');
    expect(witnesses.tripwire.report().links.find(({ link }) => link === 'wan')?.espPackets).toBeGreaterThan(10);
    expect(results.find(result => result.title.startsWith('encrypted'))?.evidence[0]?.says).toMatch(
      /^ESP spi 0x[0-9a-f]{8} .* holds .*echo request/,
    );
  });

  test.skipIf(!hasTshark)(
    'tshark opens all of its ESP with the key log (needs tshark: apt-get install tshark)',
    async () => {
      const { lab, witnesses } = await run(topologyNamed(name));
      const config = join(folder, `${name}-keys`);
      const file = join(folder, `${name}.pcapng`);
      writeWiresharkFolder(config, lab.keys());
      writeFileSync(file, writePcapng(witnesses.recorder.history('wan')));
      const env = { ...process.env, WIRESHARK_CONFIG_DIR: config };
      const args = ['-r', file, '-Y', 'esp', '-T', 'fields', '-e', 'esp.icv_good', '-e', '_ws.col.Protocol'];
      const { stdout } = spawnSync('tshark', args, { env, encoding: 'utf8' });
      const lines = stdout.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(10);
      expect(lines.filter(line => !line.startsWith('1\t') || line.endsWith('\tESP'))).toEqual([]);
    },
  );
});

describe.each([
  'dual-stack',
  'v6-over-v4',
  'v4-over-v6',
  'nested',
  'transport-mesh',
  'ah-pair',
  'filter-gateway',
  'nat-t',
  'nat-t-symmetric',
])('%s', name => {
  test('passes all of its checks, and nothing protected is seen in the clear', async () => {
    const { results, judgement } = await run(topologyNamed(name));
    expect(notPassed(results)).toEqual([]);
    expect(judgement.kind).toBe('clean');
  });
});

const asked = (text: string) => `${text}  - { authenticated: { link: wan, flow: "10.0.0.0/24 <-> 10.0.1.0/24" } }\n`;

test('authenticated: shows the AH that it has verified, and fails without', async () => {
  const { results } = await run(topologyNamed('ah-pair'));
  const [first] = results.filter(result => result.title.startsWith('authenticated'));
  expect(first?.evidence[0]?.says).toMatch(/^AH spi 0x[0-9a-f]{8} \(sha256\) around .*echo request/);
  const clear = await run(topologyNamed('clear', asked));
  expect(notPassed(clear.results)).toMatchObject([
    { why: expect.stringMatching(/^\d+ packets of the flow without AH/) as string },
  ]);
});

const told = (text: string) =>
  `${text}  - { encrypted: { link: wan, flow: "10.0.0.0/24 <-> 10.0.1.0/24" } }\nprotected: ["10.0.0.0/24 <-> 10.0.1.0/24"]\n`;

describe('clear', () => {
  test('passes without a word about protection', async () => {
    const { results, judgement } = await run(topologyNamed('clear'));
    expect(notPassed(results)).toEqual([]);
    expect(judgement).toMatchObject({ kind: 'clean', lines: ['no flow is protected here'] });
  });

  test('trips the wire, and fails the check, once it is told what should be protected', async () => {
    const { results, judgement } = await run(topologyNamed('clear', told));
    expect(notPassed(results)).toMatchObject([
      {
        title: 'encrypted wan 10.0.0.0/24 <-> 10.0.1.0/24',
        why: expect.stringMatching(/in the clear on wan, the first one tunnelled$/) as string,
      },
    ]);
    expect(judgement.kind).toBe('tripped');
    expect(judgement.evidence.length).toBeGreaterThan(0);
  });
});

describe('a gateway that encrypts nothing', () => {
  test.each(['site-to-site-manual', 'site-to-site-v6'])('trips the wire: %s', async name => {
    const { results, judgement } = await run(topologyNamed(name), { subject: 'skips-encryption' });
    expect(judgement).toMatchObject({
      kind: 'tripped',
      lines: expect.arrayContaining([expect.stringContaining('inside ESP, not encrypted')]) as string[],
    });
    expect(results.filter(result => result.title.startsWith('encrypted')).map(result => result.kind)).toEqual([
      'failed',
      'failed',
    ]);
  });

  test('fails the check in transport mode, where nobody sees it without keys', async () => {
    const { results } = await run(topologyNamed('transport-pair'), { subject: 'skips-encryption' });
    expect(results.filter(result => result.title.startsWith('encrypted')).map(result => result.kind)).toEqual([
      'failed',
      'failed',
    ]);
  });
});

test.each(['1', '2', '3'])('a link that flips bits makes no false alarm, seed %s', async seed => {
  const clean = topologyNamed('transport-pair');
  const checks = clean.checks.filter(check => check.spec.kind === 'reach').map(check => ({ ...check, tries: 50 }));
  const links = clean.links.map(link => ({
    ...link,
    impairments: [noisy(link.impairments[0]), noisy(link.impairments[1])] as const,
  }));
  const { judgement, results } = await run({ ...clean, checks, links }, { seed });
  expect(judgement.lines).toEqual(['none of 2 protected flows in the clear on 1 link']);
  expect(notPassed(results)).toEqual([]);
});

const noisy = (impairment: Impairment): Impairment => ({ ...impairment, corrupt: 0.2 });
