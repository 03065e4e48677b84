import { judgeClaims } from '../../lab/bench/claims.ts';
import { gateVerdict } from '../../lab/bench/gate-verdict.ts';
import { studyOf } from '../../lab/bench/study.ts';
import {
  sampleCiphers,
  sampleCompare,
  sampleLab,
  sampleScale,
  sampleSetup,
  USUAL_SAMPLE,
} from '../../lab/bench/testing/sample-bench.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import type { PerformanceReport } from '../performance/study.ts';

/** For tests of pages: a report with everything that a report can have, of runs that nobody measured. */
export function sampleStudies(): PerformanceReport {
  const compare = sampleCompare();
  const studies = [compare, sampleCiphers(), sampleSetup(), sampleScale(), sampleLab()].map(record =>
    studyOf(record.profile, record, createSeededRandom),
  );
  const faster = sampleCompare({ ...USUAL_SAMPLE, seed: '9', speed: 1 / 0.85 });
  const base = { ...faster, figures: faster.figures.filter(({ id }) => /\/(?:tcp|pdr-64)$/.test(id)) };
  return {
    studies,
    claims: judgeClaims(studies, createSeededRandom),
    gate: gateVerdict('compare', base, compare),
  };
}
