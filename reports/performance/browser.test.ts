import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Chromium, CHROMIUM_NEEDED, hasChromium } from '../testing/chromium.ts';
import { sampleStudies } from '../testing/sample-studies.ts';
import { indexPage } from './index-page.ts';

const PATIENCE = { timeout: 10_000 };

describe.skipIf(!hasChromium())(`the performance page in a browser (${CHROMIUM_NEEDED})`, () => {
  let browser: Chromium;
  const folder = mkdtempSync(join(tmpdir(), 'performance-page-'));
  const page = pathToFileURL(join(folder, 'index.html')).href;
  beforeAll(async () => {
    writeFileSync(join(folder, 'index.html'), indexPage(sampleStudies()));
    browser = await Chromium.open();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test('no complaint, no request but itself, and 360 px are enough, also with every table open', async () => {
    await browser.visit(page, 360);
    expect(browser.complaints).toEqual([]);
    expect(browser.requests.filter(url => !url.startsWith('data:'))).toEqual([page]);
    await browser.evaluate('document.querySelectorAll("details").forEach(one => { one.open = true; })');
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    const { data } = await browser.ask('Page.printToPDF');
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('every chart has its place, and no words are cut off or below 9 px', async () => {
    for (const width of [360, 1280]) {
      await browser.visit(page, width);
      const charts = await browser.evaluate(`[...document.querySelectorAll('svg[role=img]')].map(svg => {
        const box = svg.getBoundingClientRect();
        const scale = box.width / svg.viewBox.baseVal.width;
        return {
          width: box.width,
          letters: parseFloat(getComputedStyle(svg).fontSize) * scale,
          cut: [...svg.querySelectorAll('text')].filter(text => {
            const { left, right } = text.getBoundingClientRect();
            return left < box.left - 1 || right > Math.max(box.right, document.documentElement.clientWidth) + 1;
          }).map(text => text.textContent),
        };
      })`);
      for (const chart of charts as { width: number; letters: number; cut: string[] }[]) {
        expect(chart.width).toBeGreaterThan(300);
        expect(chart.letters).toBeGreaterThan(9);
        expect(chart.cut).toEqual([]);
      }
    }
  });

  test('a screen reader is told of landmarks, headings, charts and the tables behind them', async () => {
    await browser.visit(page, 1000);
    await browser.evaluate('document.querySelectorAll("details").forEach(one => { one.open = true; })');
    const spoken = await browser.spoken();
    expect(spoken).toEqual(
      expect.arrayContaining([
        'banner: ',
        'main: ',
        'contentinfo: ',
        'navigation: On this page',
        'heading: Packet rates against size',
        'region: Throughput',
        'image: Box plot of TCP throughput; its figures are in the table',
        'table: Throughput, compare',
        'columnheader: share of its ceiling',
        'list: Legend',
      ]),
    );
    expect(spoken.filter(node => node === 'image: ')).toEqual([]);
  });

  test('by keyboard one skips to the results, opens a table and scrolls it', async () => {
    await browser.visit(page, 360);
    await browser.press('Tab');
    expect(await browser.evaluate('document.activeElement.textContent.trim()')).toBe('Skip to the results');
    await browser.press('Enter');
    expect(await browser.evaluate('location.hash')).toBe('#main');
    await browser.evaluate('document.querySelector("#throughput ~ details > summary").focus()');
    await browser.press('Enter');
    expect(await browser.evaluate('document.activeElement.parentElement.open')).toBe(true);
    expect(
      await browser.evaluate('[...document.querySelectorAll(".scroll")].every(({ tabIndex }) => tabIndex === 0)'),
    ).toBe(true);
  });

  test('in print every table is there, and charts stand two in a row', async () => {
    await browser.visit(page, 1000);
    await browser.ask('Emulation.setEmulatedMedia', { media: 'print' });
    const shown = 'document.querySelector("details:not([open]) td").checkVisibility({ contentVisibilityAuto: true })';
    // A busy browser takes the medium into account with its next frame.
    await expect.poll(() => browser.evaluate(shown), PATIENCE).toBe(true);
    const columns = 'getComputedStyle(document.querySelector(".panels")).gridTemplateColumns.split(" ").length';
    await expect.poll(() => browser.evaluate(columns), PATIENCE).toBe(2);
    await browser.ask('Emulation.setEmulatedMedia', { media: '' });
  });

  test('colours of series stand out from the paper, light and dark (WCAG 2.2 AA, 3 to 1)', async () => {
    for (const value of ['light', 'dark']) {
      await browser.ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
      await browser.visit(page, 1000);
      const contrasts = await browser.evaluate(`(() => {
        const luminance = hex => {
          const [r, g, b] = hex.match(/../g).map(part => parseInt(part, 16) / 255)
            .map(channel => channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = getComputedStyle(document.documentElement);
        const of = name => luminance(style.getPropertyValue(name).trim().slice(1).replace(/^(.)(.)(.)$/, '$1$1$2$2$3$3'));
        return [0, 1, 2, 3, 4, 5, 6, 7].map(place => {
          const [dark, light] = [of('--series-' + place), of('--paper')].sort((a, b) => a - b);
          return (light + 0.05) / (dark + 0.05);
        });
      })()`);
      expect(Math.min(...(contrasts as number[])), value).toBeGreaterThan(3);
    }
  });
});
