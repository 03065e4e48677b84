import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { BenchRecord } from '../../../reports/bench-format.ts';

/** Whoever is killed in between leaves the file before or the file after. */
export function writeRecord(file: string, record: BenchRecord): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(record)}\n`);
  renameSync(fresh, file);
}

/** Puts a record that is there out of the way of a new run: it may have taken hours. The one that was there before it goes. */
export function putAside(file: string): void {
  if (existsSync(file)) renameSync(file, `${file}.before`);
}

/** null: there is none. */
export function recordText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
