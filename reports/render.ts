import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from './format.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderText } from './text.ts';

/** Makes the pages of a run from the `results.json` in `directory`, beside it, and returns the summary for a terminal. */
export function renderRun(directory: string): string {
  const run = readRun(directory);
  writeFileSync(join(directory, 'junit.xml'), renderJunit(run));
  writeFileSync(join(directory, 'index.html'), renderHtml(run));
  return renderText(run);
}

/** Throws when the file is of a format that this version does not know. */
export function readRun(directory: string): RunRecord {
  const run = JSON.parse(readFileSync(join(directory, 'results.json'), 'utf8')) as RunRecord;
  if (run.format !== 1)
    throw new Error(`${join(directory, 'results.json')} has format ${String(run.format)}; this version reads format 1`);
  return run;
}
