import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GUIDE_PRESHARED, GUIDE_PSK_CONFIG } from '../../engine/config/testing/seed-smartos.ts';
import { loadTopology } from './load.ts';
import { shippedTopologies } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';
import { guideTopology, racoonTopology } from './testing/key-files.ts';
import { mutateYaml, seededUniform } from './testing/mutate.ts';
import { outcomeOf } from './testing/mutation-outcome.ts';

/** `TOPOLOGY_MUTATIONS=100000 npx vitest run lab/topology/mutation.test.ts` for a long run; `TOPOLOGY_SEED` for another. */
const COUNT = Number(process.env['TOPOLOGY_MUTATIONS'] ?? 1000);
const SEED = Number(process.env['TOPOLOGY_SEED'] ?? 1);
/** One that repeats is enough: it takes as long to read as all that it stands for. */
const shipped = shippedTopologies().filter(({ name }) => name !== 'hub-and-spoke');
const keyFiles = [
  guideTopology(GUIDE_PSK_CONFIG, GUIDE_PRESHARED),
  racoonTopology('pre_shared_key', 'long enough for anybody'),
  racoonTopology('rsasig', null),
];
const texts = [EVERYTHING, ...keyFiles, ...shipped.map(({ file }) => readFileSync(file, 'utf8'))];

describe('mutated topologies', () => {
  test('start from good ones', () => {
    for (const text of texts) expect(loadTopology('good.yaml', text).diagnostics).toEqual([]);
  });

  test(`${COUNT} of them are accepted or diagnosed, and nothing throws`, { timeout: 10_000 + COUNT * 60 }, () => {
    let accepted = 0;
    for (let i = 0; i < COUNT; i += 1) {
      const seed = SEED * 1_000_003 + i;
      const text = mutateYaml(texts[i % texts.length] ?? '', texts, seededUniform(seed));
      const outcome = outcomeOf(text);
      if (outcome.problem !== null) throw new Error(`mutation ${seed}: ${outcome.problem}\n${text}`);
      if (outcome.accepted) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(0); // else the mutations are too wild to say anything about what is accepted
  });
});
