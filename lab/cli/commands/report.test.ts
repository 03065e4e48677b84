import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BenchRecord } from '../../../reports/bench-format.ts';
import type { ClauseRecord, RunRecord } from '../../../reports/format.ts';
import { replayed, sampleRun } from '../../../reports/testing/sample-run.ts';
import { writePcapng } from '../../capture/pcapng-file.ts';
import { recordOf } from '../../bench/testing/bench-record.ts';
import { sampleCompare, USUAL_SAMPLE } from '../../bench/testing/sample-bench.ts';
import { main } from '../main.ts';
import { createTerminal } from '../terminal.ts';

let work: string;
const summaryOfCi = process.env['GITHUB_STEP_SUMMARY'];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lab-report-'));
  delete process.env['GITHUB_STEP_SUMMARY'];
});
afterEach(() => {
  rmSync(work, { recursive: true });
  if (summaryOfCi !== undefined) process.env['GITHUB_STEP_SUMMARY'] = summaryOfCi;
});

/** An ESP packet, Ethernet and IPv4 before it. */
const ESP = new Uint8Array(
  Buffer.from(
    `0200000000020200000000010800450000300001000040326a8801020304050607080000100100000007${'ab'.repeat(20)}`,
    'hex',
  ),
);

/** What `lab test` leaves. */
function leave(name: string, clauses: readonly ClauseRecord[], of: Partial<RunRecord> = {}): string {
  const folder = join(work, name);
  mkdirSync(join(folder, 'pcap'), { recursive: true });
  const packet = { link: 'wan', at: 5_000n, octets: ESP };
  const packets = ['alice:net0', 'outside:eth0', 'alice:net0'].map(from => ({ ...packet, from }));
  writeFileSync(join(folder, 'pcap', 'replay.pcapng'), writePcapng(packets));
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ ...sampleRun, ...of, clauses }));
  return folder;
}

async function lab(...args: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const silent = { stream: () => process.stderr, isTTY: false };
  const terminal = {
    ...createTerminal(silent, silent, {}),
    data: (line: string) => void (out += `${line}\n`),
    note: (line: string) => void (err += `${line}\n`),
  };
  const status = await main(args, terminal);
  return { status, out, err };
}

test('the pages of a run are written beside it, with the frames of its captures decoded and the captures to download', async () => {
  const folder = leave('run', [replayed]);
  const { status, out } = await lab('report', 'conformance', folder);
  expect({ status, out }).toEqual({
    status: 0,
    out: `engine (sim): all 1 clauses hold\nreport: ${join(folder, 'conformance', 'index.html')} (2 pages)\n`,
  });
  const page = join(folder, 'conformance', 'clauses', 'engine_sim', 'rfc4303-3.4.3-replay_aes256gcm16_.html');
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('aria-label="outside to alice on wan"');
  expect(html).toContain('1.2.3.4 &gt; 5.6.7.8: ESP spi 0x00001001 seq 7, 28 octets');
  expect(html).toContain('marked: <b>Sequence Number</b> 7, octets 38–41 of the frame');
  const capture = join(folder, 'conformance', 'pcap', 'engine_sim', 'rfc4303-3.4.3-replay_aes256gcm16_.pcapng');
  expect(readFileSync(capture)).toEqual(readFileSync(join(folder, 'pcap', 'replay.pcapng')));
});

test('several runs make one matrix; a failure that is new is status 1, and stands in the summary of the job', async () => {
  const before = leave('before', [replayed]);
  const now = leave('now', [{ ...replayed, outcome: 'failed', reason: 'delivered again' }]);
  const other = leave('other', [replayed], { dut: 'strongswan', driver: 'netns' });
  const pages = join(work, 'pages');
  const summary = join(work, 'summary.md');
  writeFileSync(summary, '# Of the job\n');
  process.env['GITHUB_STEP_SUMMARY'] = summary;
  const { status, out } = await lab('report', 'conformance', now, other, '-o', pages, '--compare', before);
  expect(status).toBe(1);
  expect(out).toContain('1 worse, 0 better, 0 alike');
  expect(out).toContain(`  worse: ${replayed.id}  delivered again`);
  expect(readdirSync(join(pages, 'clauses')).sort()).toEqual(['engine_sim', 'strongswan_netns']);
  const text = readFileSync(summary, 'utf8');
  expect(text).toMatch(/^# Of the job\n## Conformance\n/);
  expect(text).toContain('| RFC 4303 | §3.4.3 | ✗ 1 of 1 failed | ✓ 1 |');
  expect((await lab('report', 'conformance', now, '--compare', now, '--summary', join(work, 'own.md'))).status).toBe(0);
  const json = await lab('report', 'conformance', now, '--compare', before, '--json');
  expect(JSON.parse(json.out)).toMatchObject({ pages: 2, changes: [{ id: replayed.id, kind: 'worse' }] });
  expect(readFileSync(join(work, 'own.md'), 'utf8')).toContain('0 worse, 0 better, 1 alike');
});

test('a record that leads out of its folder takes no file along', async () => {
  writeFileSync(join(work, 'secret.pcapng'), writePcapng([]));
  const paths = ['../secret.pcapng', 'pcap/../../secret.pcapng', '/etc/passwd', 'pcap/gone.pcapng'];
  const folder = leave(
    'run',
    paths.map((pcapng, i) => ({ ...replayed, id: `rfc4303-${i}-x`, pcapng })),
  );
  expect((await lab('report', 'conformance', folder)).status).toBe(0);
  expect(existsSync(join(folder, 'conformance', 'pcap'))).toBe(false);
});

test('what cannot be reported is refused with status 2 and how to put it right', async () => {
  const none = await lab('report', 'conformance', join(work, 'none'));
  expect(none).toMatchObject({ status: 2, out: '' });
  const folder = leave('run', [replayed]);
  writeFileSync(join(folder, 'results.json'), '{"format": 9}');
  expect((await lab('report', 'conformance', folder)).status).toBe(2);
  writeFileSync(join(folder, 'results.json'), '{"format": 1}');
  expect((await lab('report', 'conformance', folder)).status).toBe(2);
  writeFileSync(join(folder, 'results.json'), '{');
  expect((await lab('report', 'conformance', folder)).status).toBe(2);
  const [one, two] = [leave('one', [replayed]), leave('two', [replayed], { dut: 'strongswan' })];
  expect((await lab('report', 'conformance', one, '-o', join(one, 'results.json'))).status).toBe(2);
  const third = leave('third', [replayed], { dut: 'libreswan' });
  expect((await lab('report', 'conformance', one, two, '--compare', third)).status).toBe(2);
});

/** What `lab bench` leaves, with few figures, which are judged sooner. */
function measured(name: string, record: BenchRecord): string {
  const folder = join(work, name);
  mkdirSync(folder);
  const figures = record.figures.filter(({ id }) => /\/(?:tcp|pdr-64|cpu-alice)$/.test(id));
  writeFileSync(join(folder, 'bench.json'), JSON.stringify({ ...record, figures }));
  return folder;
}

const ofSeed = (seed: string, speed = 1): BenchRecord => sampleCompare({ ...USUAL_SAMPLE, seed, speed });

test('what lab bench has left becomes a page, Markdown, CSV and JSON', async () => {
  const folder = measured('run', ofSeed('7'));
  const summary = join(work, 'summary.md');
  const { status, out } = await lab('report', 'performance', folder, '--summary', summary);
  expect({ status, err: '' }).toEqual({ status: 0, err: '' });
  expect(out).toMatch(/^compare: 21 figures of 70 turns\n {2}TCP throughput, this engine: 1\.\d+ × strongSwan/);
  expect(out).not.toContain('claim:');
  expect(readdirSync(join(folder, 'performance')).sort()).toEqual([
    'index.html',
    'report.json',
    'report.md',
    'samples.csv',
  ]);
  expect(readFileSync(summary, 'utf8')).toContain('# Performance: compare\n');
});

test('two runs of the same: no significant difference; a tenth slower is status 1, and why', async () => {
  const base = join(measured('base', ofSeed('7')), 'bench.json');
  const same = await lab('report', 'performance', measured('same', ofSeed('8')), '--compare', base);
  expect(same.status).toBe(0);
  expect(same.out).toContain(`against ${base}: ✓ no significant difference\n`);
  const slow = measured('slow', ofSeed('9', 0.9));
  const { status, out } = await lab('report', 'performance', slow, '--compare', base);
  expect(status).toBe(1);
  expect(out).toMatch(/against [^\n]*: ✗ \d+ reasons not to pass\n {2}compare\/engine\/tcp is slower: -\d/);
  const { out: text } = await lab('report', 'performance', slow, '--compare', base, '--json');
  expect(JSON.parse(text)).toMatchObject({ gate: { passed: false } });
});

/** What is said of input that is wrong. */
async function refused(...args: readonly string[]): Promise<string> {
  const { status, err } = await lab('report', 'performance', ...args);
  expect(status).toBe(2);
  return err;
}

test('runs that say nothing of each other are refused', async () => {
  const base = measured('base', recordOf({ rate: [1, 2, 3, 4, 5] }));
  const other = measured('other', { ...recordOf({ rate: [1, 2, 3, 4, 5] }), profile: 'setup' });
  const simulated = measured('simulated', { ...recordOf({ rate: [1, 2, 3, 4, 5] }), world: 'simulated' });
  expect(await refused(other, '--compare', base)).toContain('0 runs here are of the profile compare');
  expect(await refused(base, simulated)).toContain('simulated and live figures are not told in one report');
  expect(await refused(join(work, 'none'))).toContain('there is no ');
  writeFileSync(join(work, 'broken.json'), '{"format":1}');
  expect(await refused(join(work, 'broken.json'))).toContain('cannot be read: .profile is not a text');
  expect(await refused(base, '-o', join(base, 'bench.json'))).toContain('cannot write to');
});
