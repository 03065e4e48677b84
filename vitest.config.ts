import { defineConfig } from 'vitest/config';

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
