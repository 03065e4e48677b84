/**
 * Takes the pictures of README.md, by `npm run screenshots`: runs what they show, makes the reports, and looks at them in Chromium.
 * `-- BENCH-RUN` takes a run of `lab bench` that is there already, rather than a quick one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, CHROMIUM_NEEDED, hasChromium } from '../dist/reports/testing/chromium.js';

const root = join(import.meta.dirname, '..');
const pictures = join(root, 'reports/screenshots');
const [benchRun] = process.argv.slice(2);

if (!hasChromium()) {
  console.error(CHROMIUM_NEEDED);
  process.exit(3);
}
const work = mkdtempSync(join(tmpdir(), 'lab-screenshots-'));
try {
  const [engine, other, bench] = ['engine-run', 'other-run', 'bench-run'].map(name => join(work, name));
  lab([0], 'test', 'rfc4303', '--driver', 'sim', '--report', engine);
  lab([1], 'test', 'rfc4303', '--driver', 'sim', '--dut', 'skips-icv-check', '--report', other);
  lab([0], 'report', 'conformance', engine, other, '-o', join(work, 'conformance'));
  if (benchRun === undefined) lab([0], 'bench', 'compare', '--quick', '--out', bench);
  const measured = benchRun === undefined ? bench : resolve(benchRun);
  lab([0], 'report', 'performance', measured, '-o', join(work, 'performance'));
  await takePictures();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function takePictures() {
  mkdirSync(pictures, { recursive: true });
  const browser = await Chromium.open();
  for (const { report, from, height } of [
    { report: 'conformance', from: 'body', height: 900 },
    { report: 'performance', from: 'body', height: 1000 },
  ]) {
    await browser.visit(pathToFileURL(join(work, report, 'index.html')).href, 1080);
    const png = await browser.picture(from, height);
    writeFileSync(join(pictures, `${report}.png`), png);
    console.log(`reports/screenshots/${report}.png: ${Math.ceil(png.length / 1000)} kB`);
  }
  await browser.close();
}

/** Runs a command of the lab, which has to end with one of these. */
function lab(expected, ...words) {
  console.log(`lab ${words.join(' ')}`);
  const { status } = spawnSync(process.execPath, [join(root, 'bin/lab.js'), ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (!expected.includes(status)) throw new Error(`lab ${words.join(' ')} ended with ${status}`);
}
