import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { suiteSettings } from './settings.ts';

const isLive = suiteSettings().driver !== 'sim';

export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    include: ['suites/*/**/*.test.ts'],
    // Tests of the tester, not of a subject; and guides that are walked, which judge no standard.
    exclude: ['suites/tester/**', 'suites/guides/**'],
    reporters: [join(import.meta.dirname, 'reporter.ts')],
    // Live labs share one machine: one at a time.
    fileParallelism: !isLive,
    maxConcurrency: 1,
    // A clause leaves nothing behind, and to load the engine for each of a hundred files takes longer than to judge most of them.
    isolate: false,
  },
});
