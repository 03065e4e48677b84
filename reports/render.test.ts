import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClauseRecord, RunRecord } from './format.ts';
import { renderHtml } from './html.ts';
import { escapeXml, renderJunit } from './junit.ts';
import { readRun, renderRun } from './render.ts';
import { renderText } from './text.ts';

const held: ClauseRecord = {
  id: 'rfc4303-3.4.3-replay',
  suite: 'encryption',
  rfc: 'rfc4303',
  section: '3.4.3',
  level: 'MUST',
  text: 'A packet received twice is delivered once',
  scenario: 'The tester sends a captured packet again.',
  outcome: 'passed',
  reason: '',
  durationMs: 12,
  evidence: [{ frame: 3, link: 'wan', line: 'ESP spi 0x1001 seq 1', says: 'sent twice' }],
  pcapng: 'pcap/rfc4303-3.4.3-replay.pcapng',
  controls: [{ subject: 'ignores-replays', caught: true, how: 'delivered twice' }],
  replay: 'lab test encryption --seed 7',
};
const broken: ClauseRecord = {
  ...held,
  id: 'rfc4303-2.8-icv',
  outcome: 'failed',
  reason: 'the ICV of <frame 3> & "others" does not verify\u0000',
  controls: [{ subject: 'skips-icv', caught: false, how: 'passed' }],
};
const unjudged: ClauseRecord = {
  ...held,
  id: 'rfc4301-5.2-clear',
  outcome: 'unsupported',
  reason: 'needs inject',
  controls: [],
  evidence: [],
};
const run: RunRecord = {
  format: 1,
  startedAt: '2026-01-01T00:00:00Z',
  durationMs: 1500,
  dut: 'engine',
  driver: 'sim',
  seed: '7',
  environment: { version: '0.1.0', commit: '', node: '20.19.0', openssl: '3.0.15', platform: 'linux x64' },
  clauses: [held, broken, unjudged],
};

test('JUnit counts every clause once and escapes what a peer can put into a reason', () => {
  const xml = renderJunit(run);
  expect(xml).toContain('<testsuites name="ipsec-lab" tests="3" failures="1" errors="0" skipped="1" time="1.500">');
  expect(xml).toContain('message="the ICV of &lt;frame 3&gt; &amp; &quot;others&quot; does not verify\ufffd"');
  expect(xml).toContain('<skipped message="unsupported: needs inject"/>');
  const parse =
    'import sys, xml.dom.minidom as m; d = m.parse(sys.stdin); print(len(d.getElementsByTagName("testcase")))';
  expect(execFileSync('python3', ['-c', parse], { input: xml, encoding: 'utf8' }).trim()).toBe('3');
});

test('the page is self-contained, opens what failed, and links each capture', () => {
  const html = renderHtml(run);
  expect(html).toContain('<h1>engine: 1 of 3 clauses failed</h1>');
  expect(html).toContain('<details id="rfc4303-2.8-icv" open>');
  expect(html).toContain('href="pcap/rfc4303-3.4.3-replay.pcapng"');
  expect(html).toContain('1/2</b> broken subjects caught');
  expect(html).not.toMatch(/<script|https?:\/\/|<frame 3>/);
});

test('a part of a run is named wherever it is shown, and a whole run is not', () => {
  const part: RunRecord = { ...run, shard: { index: 2, count: 4 } };
  expect(renderJunit(part)).toContain('<testsuites name="ipsec-lab, shard 2/4"');
  expect(renderJunit(part)).toContain('<property name="shard" value="2/4"/>');
  expect(renderHtml(part)).toContain('shard 2/4');
  expect(renderText(part)).toContain('encryption (engine, sim, seed 7, shard 2/4)');
  expect(renderJunit(run) + renderHtml(run) + renderText(run)).not.toContain('shard');
});

test('the terminal summary names the failed clause, its reason, the control that missed and the replay', () => {
  const text = renderText(run);
  expect(text).toContain('FAIL rfc4303-2.8-icv');
  expect(text).toContain('does not catch skips-icv');
  expect(text).toContain('replay: lab test encryption --seed 7');
  expect(text).toContain('1 passed, 1 failed, 1 unsupported in 1.5 s; 1 of 2 broken subjects caught');
});

test('a folder with results.json gets its pages; an unknown format is refused by name', () => {
  const directory = mkdtempSync(join(tmpdir(), 'report-'));
  writeFileSync(join(directory, 'results.json'), JSON.stringify(run));
  expect(renderRun(directory)).toBe(renderText(run));
  expect(readFileSync(join(directory, 'junit.xml'), 'utf8')).toBe(renderJunit(run));
  expect(readFileSync(join(directory, 'index.html'), 'utf8')).toBe(renderHtml(run));
  writeFileSync(join(directory, 'results.json'), JSON.stringify({ ...run, format: 2 }));
  expect(() => readRun(directory)).toThrow(/format 2; this version reads format 1/);
  rmSync(directory, { recursive: true });
});

test('escaping keeps what XML can hold and replaces the rest', () => {
  expect(escapeXml('a\tb\u0001\ud83d\ude00')).toBe('a\tb\ufffd\ud83d\ude00');
});

test('algorithms that nobody should use any more are flagged on every page', () => {
  const legacy = ['3des-sha1: ENCR_3DES SHOULD NOT be used (RFC 8221 §5)'];
  const old: RunRecord = { ...run, clauses: [{ ...held, legacy }, held] };
  expect(renderText(old)).toContain('legacy: 3des-sha1: ENCR_3DES SHOULD NOT be used (RFC 8221 §5)');
  const all: RunRecord = {
    ...run,
    clauses: [
      { ...held, legacy },
      { ...held, legacy },
    ],
  };
  expect(renderText(all).match(/legacy: 3des-sha1/g), 'what all clauses of a suite rest on is said once').toHaveLength(
    1,
  );
  expect(renderHtml(old).match(/ENCR_3DES/g)).toHaveLength(1);
  expect(renderJunit(old)).toContain('<property name="legacy" value="3des-sha1: ENCR_3DES');
});
