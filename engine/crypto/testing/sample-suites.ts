import { allEspSuiteNames, espSuite } from '../esp-suite.ts';

/** For tests that are too slow for all: suites in which each algorithm that this machine has occurs at least once. */
export function sampleSuiteNames(): string[] {
  const seen = new Set<string>();
  return allEspSuiteNames().filter(name => {
    const suite = espSuite(name);
    if (suite === null) return false;
    const tokens = [suite.encryption.token, ...(suite.integrity === null ? [] : [`-${suite.integrity.token}`])];
    const isNew = tokens.some(token => !seen.has(token));
    for (const token of tokens) seen.add(token);
    return isNew;
  });
}
