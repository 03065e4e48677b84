import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, which is not to be seen by their size: a last one of these would run while other cores have nothing to do. */
const LONG = [
  'run.test.ts',
  'live.test.ts',
  'lifecycle-docker.test.ts',
  'lifecycle-netns.test.ts',
  'lifecycle-sim.test.ts',
  'netns-driver.test.ts',
  'swarm.test.ts',
  'action.test.ts',
];

/** Begins with the longest test files; the others follow in vitest's own order. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.indexOf(basename(moduleId));
  return place === -1 ? LONG.length : place;
}
