import { expect, test } from 'vitest';
import type { ClauseRecord, RunRecord } from '../format.ts';
import { STYLE } from '../style.ts';
import { forged, frames, judgedRuns, replayed, sampleRun, sequenceNumber, unjudged } from '../testing/sample-run.ts';
import { clausePage } from './clause-page.ts';
import { decisiveField } from './decisive-field.ts';
import { differenceOf, differenceWords } from './difference.ts';
import { hexDump } from './hex-dump.ts';
import { indexPage } from './index-page.ts';
import { escapeMarkdown, jobSummary } from './job-summary.ts';
import type { JudgedRun } from './judged-run.ts';
import { ladder } from './ladder.ts';
import { cellOf, cellWords, sectionsOf } from './matrix.ts';
import { clausePaths, conformancePages } from './report.ts';

const only = (run: RunRecord = sampleRun): JudgedRun => {
  const [first] = judgedRuns(run);
  if (first === undefined) throw new Error('no run');
  return first;
};
const pageOf = (clause: ClauseRecord): string => clausePage(clause, only(), null);

test('the matrix has a row a section, in order of their numbers, and a column a run', () => {
  const other: RunRecord = { ...sampleRun, dut: 'strongswan', clauses: [{ ...forged, outcome: 'passed' }] };
  expect(sectionsOf([sampleRun, other]).map(({ section }) => section)).toEqual(['2.8', '2.10', '3.4.3']);
  const section = { rfc: 'rfc4303', section: '2.8' };
  expect([sampleRun, other].map(run => cellWords(cellOf(run, section)))).toEqual(['✗ 1 of 1 failed', '✓ 1']);
  const html = indexPage({ runs: judgedRuns(sampleRun, other), difference: null });
  expect(html).toContain('<th scope="col">engine (sim)</th><th scope="col">strongswan (sim)</th>');
  expect(html).toContain('>§2.8</a></th><td class="failed">✗ 1 of 1 failed</td><td class="passed">✓ 1</td>');
  expect(cellWords(cellOf(other, { rfc: 'rfc4303', section: '2.10' }))).toBe('not run');
});

test('every link of every page leads to a page, a capture or a place that is there', () => {
  const runs = judgedRuns(sampleRun, sampleRun);
  const pages = new Map([...conformancePages({ runs, difference: null })].map(({ path, text }) => [path, text]));
  const captures = runs.flatMap(({ captureOf }) => [...captureOf.values()]);
  const there = new Set([...pages.keys(), ...captures]);
  expect(pages.size).toBe(1 + 2 * 3);
  for (const [path, text] of pages) {
    expect(text).not.toMatch(/<script|https?:\/\//);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size, path).toBe(ids.length);
    for (const [, href = ''] of text.matchAll(/<a [^>]*href="([^"]+)"/g)) {
      const { pathname } = new URL(href, `lab://report/${path}`);
      const isHere = ids.includes(href.slice(1));
      expect(href.startsWith('#') ? isHere : there.has(decodeURI(pathname.slice(1))), `${path}: ${href}`).toBe(true);
    }
  }
});

test('the page of a clause has its ladder, the decisive field marked in the octets, its capture and its replay', () => {
  const html = pageOf(replayed);
  expect(html).toContain('aria-label="outside to alice on wan"');
  expect(html).toContain('aria-label="alice to inside on lan"');
  expect(html).toContain('marked: <b>Sequence Number</b> 1, octets 14–17 of the frame');
  expect(html).toContain('<mark>0e 0f</mark>\n0010  <mark>10 11</mark> 12');
  expect(html).toContain('href="../../pcap/engine_sim/rfc4303-3.4.3-replay_aes256gcm16_.pcapng" download');
  expect(html).toContain('lab test rfc4303 --only &#39;rfc4303-3.4.3-replay[aes256gcm16]&#39; --seed 7');
  expect(html.match(/▶ decisive/g)).toHaveLength(1);
});

test('a clause without a capture shows what it rests on all the same, and nothing of a peer becomes markup', () => {
  expect(pageOf(unjudged)).toContain('<h3>refused</h3>\n<p>a window of 1</p>');
  expect(pageOf(unjudged)).not.toContain('id="ladder"');
  expect(pageOf(forged)).toContain('the ICV of &lt;frame 3&gt; &amp; &quot;others&quot;');
  expect(escapeMarkdown('a|b <b>\n@x [y](z) `q`')).toBe('a\\|b &lt;b&gt; &#64;x \\[y\\](z) \\`q\\`');
});

test('the field that is marked is the one that the sentence of the evidence speaks of, then the clause', () => {
  const [evidence] = replayed.evidence;
  if (evidence === undefined) throw new Error('no evidence');
  const octets = new Uint8Array(40);
  const spi = { ...sequenceNumber, name: 'SPI', words: ['spi'] };
  const named = (says: string, clause: ClauseRecord = forged): string | undefined =>
    decisiveField({ octets, fields: [spi, sequenceNumber] }, { ...evidence, says }, clause)?.name;
  expect(named('under another SPI')).toBe('SPI');
  expect(named('of all SPIs')).toBe('SPI');
  expect(named('inspired', { ...forged, text: 'its SPI is new' })).toBe('SPI');
  expect(named('what she sent'), 'the last one where none is spoken of').toBe('Sequence Number');
  expect(decisiveField({ octets, fields: [] }, evidence, forged)).toBeNull();
});

test('the field that the judge names is marked before any that a sentence speaks of, unless the frame has no such place', () => {
  const [evidence] = replayed.evidence;
  if (evidence === undefined) throw new Error('no evidence');
  const content = { octets: new Uint8Array(40), fields: [sequenceNumber] };
  const marked = (name: string, offset: number, end: number) =>
    decisiveField(content, { ...evidence, field: { name, offset, end } }, replayed);
  expect(marked('ICV', 28, 40)).toMatchObject({ name: 'ICV', value: '', offset: 28, end: 40 });
  expect(marked('Low order', 14, 18)).toMatchObject({ name: 'Low order', value: '1' });
  for (const [offset, end] of [
    [28, 41],
    [-1, 4],
    [8, 8],
    [1.5, 4],
    [Number.NaN, 4],
  ] as const)
    expect(marked('ICV', offset, end)?.name).toBe('Sequence Number');
});

test('a long capture is drawn around what is decisive, and says what it leaves out', () => {
  const [, frame] = frames;
  if (frame === undefined) throw new Error('no frame');
  const many = Array.from({ length: 400 }, (_, i) => ({ ...frame, number: i + 1 }));
  const drawn = ladder(many, new Set([200, 201]), new Set([200]));
  expect(drawn).toContain('60 of 400 frames');
  expect(drawn.match(/⋮ 170 frames not drawn/g)).toHaveLength(2);
  expect(drawn).toContain('href="#frame-200"');
  expect(drawn, 'a frame whose octets are not shown').not.toContain('href="#frame-201"');
});

test('octets are shown sixteen a row, and a mark is closed in the row where it began', () => {
  expect(hexDump(new Uint8Array(17), null)).toBe(`0000  ${'00 '.repeat(16).trim()}\n0010  00`);
  expect(hexDump(Uint8Array.of(1, 2, 3), { offset: 1, end: 2 })).toBe('0000  01 <mark>02</mark> 03');
});

test('two runs differ by what came out otherwise; a new failure is worse, another seed or time is no difference', () => {
  expect(differenceOf(sampleRun, { ...sampleRun, seed: '8' }).changes).toEqual([]);
  const before: RunRecord = {
    ...sampleRun,
    clauses: [
      { ...replayed, outcome: 'failed' },
      { ...unjudged, id: 'gone' },
    ],
  };
  const difference = differenceOf(before, sampleRun);
  expect(difference.changes.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
    `${replayed.id} better`,
    `${forged.id} worse`,
    `${unjudged.id} other`,
    'gone other',
  ]);
  const stopped: RunRecord = { ...sampleRun, clauses: [{ ...forged, outcome: 'inconclusive' }] };
  expect(differenceOf({ ...sampleRun, clauses: [forged] }, stopped).changes[0]?.kind).toBe('other');
  expect(differenceOf(stopped, { ...sampleRun, clauses: [forged] }).changes[0]?.kind).toBe('worse');
  expect(differenceWords(difference)).toMatch(/^1 worse, 1 better, 2 judged/);
  const runs = [only()];
  expect(indexPage({ runs, difference })).toContain('<span class="failed">worse</span>');
  expect(jobSummary({ runs, difference })).toContain('- worse: rfc4303-2.8-icv: the ICV of &lt;frame 3&gt;');
});

test('no two clauses share a page, however alike their ids are', () => {
  const clauses = ['a[b]', 'a_b_', '../../x', '...'].map(id => ({ ...replayed, id }));
  const paths = [...clausePaths({ ...sampleRun, clauses }, { folder: 'c', label: 'l', ending: '.html' }).values()];
  expect(new Set(paths).size).toBe(4);
  for (const path of paths) expect(path).toMatch(/^c\/l\/_?\w[\w.]*\.html$|^c\/l\/_\.html$|^c\/l\/_[\w.]+\.html$/);
});

test('all colours of words stand out from the paper, light and dark (WCAG 2.2 AA, 4.5 to 1)', () => {
  const schemes = [...STYLE.matchAll(/:root \{([^}]*--paper[^}]*)\}/g)].map(([, body = '']) =>
    Object.fromEntries([...body.matchAll(/--(\w+): #(\w+)/g)].map(([, name, value]) => [name, value])),
  );
  expect(schemes).toHaveLength(2);
  for (const scheme of schemes)
    for (const name of ['ink', 'quiet', 'good', 'bad'])
      expect(contrast(scheme[name] ?? '', scheme['paper'] ?? ''), name).toBeGreaterThan(4.5);
});

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Of `rrggbb` or `rgb`, as WCAG defines it. */
function luminance(hex: string): number {
  const long = hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex;
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map(at => {
    const channel = Number.parseInt(long.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
