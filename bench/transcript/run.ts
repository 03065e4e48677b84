import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTranscript } from './make.ts';
import { TRANSCRIPT_PLANS } from './plans.ts';
import { formatTranscript, TRANSCRIPT_SEED, transcriptPath } from './published.ts';

/** Writes suites/vectors anew: `npm run vectors`, or by another seed `npm run vectors -- SEED`. */
const ROOT = join(import.meta.dirname, '..', '..', '..');

const seed = process.argv[2] ?? TRANSCRIPT_SEED;
for (const plan of TRANSCRIPT_PLANS) {
  const path = join(ROOT, transcriptPath(plan));
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, formatTranscript(makeTranscript(plan, seed)));
  process.stdout.write(`${transcriptPath(plan)}\n`);
}
