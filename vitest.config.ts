import { defineConfig } from 'vitest/config';
import LongFirst from './long-first.ts';

export default defineConfig({
  test: {
    include: [
      'engine/**/*.test.ts',
      'lab/**/*.test.ts',
      'reports/**/*.test.ts',
      'bench/**/*.test.ts',
      'suites/*.test.ts',
      'suites/tester/**/*.test.ts',
      'suites/guides/**/*.test.ts',
      '*.test.ts',
    ],
    reporters: ['default', './skipped-tests.ts'],
    // By default one core is left idle: of two, half. Live tests wait more than they work.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    // Nothing is measured by these: they end what hangs, also on a machine that does much else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
