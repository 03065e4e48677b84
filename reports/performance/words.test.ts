import { expect, test } from 'vitest';
import { studyOf } from '../../lab/bench/study.ts';
import { sampleLab } from '../../lab/bench/testing/sample-bench.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import type { Study } from './study.ts';
import { topicOf } from './topics.ts';
import { seriesNames } from './words.ts';

/** What `lab bench lab` writes: a subject for each size. */
function sizedStudy(): Study {
  const study = studyOf('lab', sampleLab(), createSeededRandom);
  return { ...study, figures: study.figures.filter(({ figure }) => figure.metric === 'up') };
}

test('subjects that differ in their size alone are points of one line', () => {
  const study = sizedStudy();
  expect(study.figures.length).toBeGreaterThan(2);
  expect([...new Set(seriesNames(study.figures, study, ['nodes']).values())]).toEqual(['nodes, IKEv2']);
  expect(seriesNames(study.figures, study, []).values().next().value).toMatch(/^nodes, IKEv2: \d+/);
});

function topicFor(parameters: Record<string, number>): string {
  const [judged] = sizedStudy().figures;
  if (judged === undefined) throw new Error('no figure');
  return topicOf({ ...judged.figure, metric: 'memory', parameters }).id;
}

test('memory belongs to labs where nodes are counted, and to growth where anything else is', () => {
  expect(topicFor({ nodes: 6 })).toBe('lab');
  const others = ['sas', 'policies', 'rules', 'gateways'].map(name => topicFor({ [name]: 10 }));
  expect(new Set(others)).toEqual(new Set(['scale']));
});
