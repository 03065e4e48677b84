import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderHtml } from '../html.ts';
import { Chromium, CHROMIUM_NEEDED, hasChromium } from '../testing/chromium.ts';
import { forged, judgedRuns, sampleRun } from '../testing/sample-run.ts';
import { differenceOf } from './difference.ts';
import { conformancePages } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'report-pages-'));
const before = { ...sampleRun, clauses: [{ ...forged, outcome: 'passed' as const, reason: '' }] };
const runs = judgedRuns(sampleRun, { ...sampleRun, dut: 'strongswan', driver: 'netns' });
const written = conformancePages({ runs, difference: differenceOf(before, sampleRun) });
const pages = [...written, { path: 'run.html', text: renderHtml(sampleRun) }];
const CLAUSE = 'clauses/engine_sim/rfc4303-3.4.3-replay_aes256gcm16_.html';
const urlOf = (path: string): string => pathToFileURL(join(folder, path)).href;

const PATIENCE = { timeout: 10_000 };

describe.skipIf(!hasChromium())(`the pages in a browser (${CHROMIUM_NEEDED})`, () => {
  let browser: Chromium;
  beforeAll(async () => {
    for (const { path, text } of pages) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    browser = await Chromium.open();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test.each(['index.html', CLAUSE, 'run.html'])(
    '%s: no complaint, no request but itself, and 360 px are enough',
    async path => {
      browser.requests.length = 0;
      await browser.visit(urlOf(path), 360);
      expect(browser.complaints).toEqual([]);
      expect(browser.requests.filter(url => !url.startsWith('data:'))).toEqual([urlOf(path)]);
      expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      const { data } = await browser.ask('Page.printToPDF');
      expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
    },
  );

  test('a screen reader is told of landmarks, headings, tables and who sends to whom', async () => {
    await browser.visit(urlOf('index.html'), 1000);
    const index = await browser.spoken();
    expect(index).toEqual(
      expect.arrayContaining([
        'banner: ',
        'main: ',
        'contentinfo: ',
        'navigation: On this page',
        'heading: 2 runs compared',
        'region: Matrix',
        'columnheader: strongswan (netns)',
        'rowheader: §3.4.3',
      ]),
    );
    await browser.visit(urlOf(CLAUSE), 1000);
    const clause = await browser.spoken();
    expect(clause).toEqual(
      expect.arrayContaining(['list: Ladder diagram', 'image: outside to alice on wan', 'region: octets of frame 3']),
    );
  });

  test('by keyboard one skips to the results, opens a section and scrolls what is wide', async () => {
    await browser.visit(urlOf('index.html'), 360);
    const focused = 'document.activeElement.textContent.trim()';
    await browser.press('Tab');
    expect(await browser.evaluate(focused)).toBe('Skip to the results');
    await browser.press('Enter');
    expect(await browser.evaluate('location.hash')).toBe('#main');
    const closed = 'document.querySelector("details:not([open]) > summary")';
    await browser.evaluate(`void (window.section = ${closed}, window.section.focus())`);
    await browser.press('Enter');
    expect(await browser.evaluate('window.section.parentElement.open')).toBe(true);
    expect(
      await browser.evaluate('[...document.querySelectorAll(".scroll")].every(({ tabIndex }) => tabIndex === 0)'),
    ).toBe(true);
  });

  test('in print sections are open and what one clicks is not there', async () => {
    await browser.visit(urlOf('index.html'), 1000);
    await browser.ask('Emulation.setEmulatedMedia', { media: 'print' });
    const shown = (selector: string): Promise<unknown> =>
      browser.evaluate(
        `document.querySelector(${JSON.stringify(selector)}).checkVisibility({ contentVisibilityAuto: true })`,
      );
    // A busy browser takes the medium into account with its next frame.
    await expect.poll(() => shown('nav'), PATIENCE).toBe(false);
    await expect.poll(() => shown('details:not([open]) li'), PATIENCE).toBe(true);
    await browser.ask('Emulation.setEmulatedMedia', { media: '' });
  });
});
