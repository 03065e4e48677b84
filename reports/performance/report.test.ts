import { expect, test } from 'vitest';
import { sampleStudies } from '../testing/sample-studies.ts';
import { indexPage } from './index-page.ts';
import { performanceFiles } from './report.ts';
import type { PerformanceReport, Study } from './study.ts';
import { markdownReport, samplesCsv } from './tables.ts';

const full: PerformanceReport = sampleStudies();
const html = indexPage(full);

const sectionsIn = (page: string): string[] => [...page.matchAll(/<h2 id="(\w+)">/g)].map(([, id = '']) => id);

test('the page has a part for all that was measured, and each chart its table', () => {
  expect(sectionsIn(html)).toEqual([
    'gate',
    'versus',
    'throughput',
    'rates',
    'latency',
    'cpu',
    'overhead',
    'setup',
    'scale',
    'lab',
    'claims',
    'missing',
    'method',
    'limits',
    'environment',
  ]);
  const drawn = html.split('<section').filter(section => section.includes('role="img"'));
  expect(drawn.length).toBeGreaterThan(7);
  expect(drawn.filter(section => !section.includes('<table>'))).toEqual([]);
  expect(html).toContain('<code>lab bench compare --seed 7</code>');
});

test('nothing runs, nothing is fetched, every link leads somewhere, and no id is there twice', () => {
  expect(/<script|https?:\/\/(?!www\.w3\.org\/(?:1999|2000)\/)|url\(/.exec(html)).toBeNull();
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test('every chart is an image with a name, and its series differ by dash and by symbol', () => {
  const charts = [...html.matchAll(/<svg [^>]*?role="img"[^>]*>/g)].map(([tag]) => tag);
  expect(charts.length).toBeGreaterThan(20);
  for (const tag of charts) expect(tag).toMatch(/aria-label="[^"]{10,}"/);
  const [legend = ''] = html.match(/<ul class="legend"[\s\S]*?<\/ul>/) ?? [];
  const samples = legend.split('<li>').slice(1);
  expect(samples).toHaveLength(7);
  const dashes = samples.map(sample => /stroke-dasharray="([^"]*)"/.exec(sample)?.[1] ?? '');
  expect(new Set(dashes).size).toBe(7);
  const symbols = samples.map(sample => [...sample.matchAll(/<path [^>]*d="([^"]*)"/g)].at(-1)?.[1]);
  expect(new Set(symbols).size).toBe(7);
});

test('a run that lacks something lacks that part, and the page says which command measures it', () => {
  const setup = full.studies.filter(({ label }) => label === 'setup');
  const page = indexPage({ studies: setup, claims: [], gate: null });
  expect(sectionsIn(page)).toEqual(['versus', 'setup', 'claims', 'missing', 'method', 'limits', 'environment']);
  expect(page).toContain('<li>Growth: <code>lab bench scale</code> measures it.</li>');
  const nothing = indexPage({
    studies: setup.map(study => ({ ...study, figures: [], versus: [] })),
    claims: [],
    gate: null,
  });
  expect(sectionsIn(nothing)).toEqual(['claims', 'missing', 'method', 'limits', 'environment']);
});

test('intervals that say nothing still leave a chart of how far ahead', () => {
  const [study] = full.studies;
  if (study === undefined) throw new Error('no run');
  const versus = study.versus.map(one => ({
    ...one,
    ratio: { ...one.ratio, low: 0.001, high: 1000 },
    effect: 'none' as const,
  }));
  const page = indexPage({ studies: [{ ...study, versus }], claims: [], gate: null });
  const [chart = ''] = page.match(/<svg [^>]*aria-label="TCP throughput, how many times[\s\S]*?<\/svg>/) ?? [];
  expect(chart).toContain('>1×<');
  expect([...chart.matchAll(/translate\(([-\d.]+),/g)].every(([, x]) => Number(x) >= 0 && Number(x) <= 460)).toBe(true);
  expect(page).toContain(
    'this engine: no significant difference from strongSwan, kernel-libipsec / OpenVPN, static key /',
  );
});

test('what no topic knows is shown all the same', () => {
  const [first] = full.studies;
  const [known] = first?.figures ?? [];
  if (first === undefined || known === undefined) throw new Error('no figure');
  const figure = { ...known.figure, metric: 'temperature', unit: 'K', parameters: {} };
  const page = indexPage({
    studies: [{ ...first, figures: [{ ...known, figure }], versus: [] }],
    claims: [],
    gate: null,
  });
  expect(sectionsIn(page)).toContain('other');
  expect(page).toContain('temperature');
});

test('zero, one value, and values far apart are drawn', () => {
  const [first] = full.studies;
  const [known] = first?.figures ?? [];
  if (first === undefined || known === undefined) throw new Error('no figure');
  const flat = (value: number) => ({
    minimum: value,
    lowerQuartile: value,
    median: value,
    upperQuartile: value,
    maximum: value,
    interval: { low: value, high: value },
    share: null,
    figure: { ...known.figure, samples: [{ round: 0, value, readings: [], warmUpReadings: 0 }] },
  });
  for (const values of [[0], [5], [-1], [1e-9, 1e9], [0, 1e9]]) {
    const figures = values.map((value, i) => ({ ...known, ...flat(value), implementation: `x${i}` }));
    const page = indexPage({ studies: [{ ...first, figures, versus: [] }], claims: [], gate: null });
    expect(page).toContain('<svg');
    expect(/NaN|Infinity|undefined/.exec(page)).toBeNull();
  }
});

test('a disturbed run, a stopped one and a simulated one say so before anything else', () => {
  const [study] = full.studies;
  if (study === undefined) throw new Error('no run');
  const said = (other: Partial<Study>): string =>
    indexPage({ studies: [{ ...study, ...other }], claims: [], gate: null }).split('<main')[0] ?? '';
  expect(said({ disturbances: ['others used 40 % of the machine'], widening: 2.6 })).toContain(
    'The machine was disturbed',
  );
  const { record } = study;
  expect(said({ record: { ...record, turns: record.turns.slice(0, 14) } })).toMatch(
    /of 10 \(stopped\)[\s\S]*Fewer than ten rounds/,
  );
  expect(said({ record: { ...record, world: 'simulated' } })).toContain('(simulated)');
});

test('what a record says stays text', () => {
  const evil = '<img src=x onerror=alert(1)> "|`&\u0000';
  const studies = full.studies.map(
    (study): Study => ({
      ...study,
      label: evil,
      record: {
        ...study.record,
        command: evil,
        subjects: (study.record.subjects ?? []).map(subject => ({
          ...subject,
          title: evil,
          obstacle: subject.obstacle && evil,
        })),
      },
      disturbances: [evil],
    }),
  );
  const report = { ...full, studies };
  expect(indexPage(report)).not.toContain('<img');
  expect(/<img|[^\\]`&/.exec(markdownReport(report))).toBeNull();
});

test('predictions of overhead that fail stand first and are counted', () => {
  expect(html.includes('3 of 21 predictions are not what was measured.')).toBe(true);
  const [table = ''] = html.match(/<caption>Overhead, compare<\/caption>[\s\S]*?<\/table>/) ?? [];
  const rows = table.split('<tr>').slice(2);
  expect(rows).toHaveLength(21);
  expect(rows.slice(0, 3).every(row => row.includes('OpenVPN, TLS') && row.includes('✗ differs'))).toBe(true);
  expect(rows.slice(3).some(row => row.includes('✗'))).toBe(false);
});

test('Markdown, CSV and JSON have all of it, samples included', () => {
  const files = new Map(performanceFiles(full).map(({ path, text }) => [path, text]));
  expect([...files.keys()]).toEqual(['index.html', 'report.md', 'samples.csv', 'report.json']);
  const markdown = files.get('report.md') ?? '';
  expect(markdown).toContain('## Packet rates against size, compare');
  expect(/\| this engine, NDR, 64 octets \| [\d.]+ kpackets\/s \|/.exec(markdown)).not.toBeNull();
  const samples = full.studies.flatMap(({ record }) => record.figures.flatMap(figure => figure.samples));
  const lines = (files.get('samples.csv') ?? '').split('\r\n');
  expect(lines).toHaveLength(1 + samples.length + 1);
  expect(lines[0]).toMatch(/^run,id,subject,metric,unit,better,authentication,cipher,.*,round,value$/);
  const json = JSON.parse(files.get('report.json') ?? '') as { runs: { record: unknown; figures: { id: string }[] }[] };
  expect(json.runs.map(({ record }) => record)).toEqual(
    full.studies.map(({ record }) => JSON.parse(JSON.stringify(record)) as unknown),
  );
  expect(json.runs[0]?.figures[0]).toMatchObject({ id: 'compare/engine/tcp', samples: 10 });
});

test('a cell of CSV is quoted where it must be, and no formula to a spreadsheet', () => {
  const [study] = full.studies;
  if (study === undefined) throw new Error('no run');
  const [figure] = study.record.figures;
  if (figure === undefined) throw new Error('no figure');
  const record = {
    ...study.record,
    figures: [{ ...figure, metric: '=1+1', subject: 'a,"b"', samples: figure.samples.slice(0, 1) }],
  };
  expect([...samplesCsv([{ ...study, record }])][1]).toContain(`,"a,""b""",'=1+1,`);
});
