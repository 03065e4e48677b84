import { expect, test } from 'vitest';
import { MUTATIONS } from './swarm/mutations.ts';
import { runScenario } from './swarm/run-scenario.ts';
import { drawScenario, type Scenario } from './swarm/scenario.ts';
import { soakSwarm } from './swarm.ts';

const SMALL_MS = 30_000;
/** Whoever is sound is at rest by then, with these seeds. */
const PATIENCE_MS = 40_000;

/** The quick version of `npm run soak -- swarm`; other seeds each time, and a finding names its own. */
test('gateways that negotiate while all goes wrong come to rest, and do nothing that must not be', () => {
  expect(soakSwarm(10, String(Date.now()), () => undefined).findings).toEqual([]);
}, 300_000);

test('the same seed is the same run', () => {
  const [one, other] = [0, 1].map(() => runScenario(drawScenario('again')));
  expect(one?.digest).toBe(other?.digest);
});

test.each(MUTATIONS)('it is found out that a gateway %s', (_what, mutation, finding) => {
  for (const scenario of SMALL_ONES) {
    const { findings } = runScenario(scenario, mutation, PATIENCE_MS);
    if (!findings.some(text => finding.test(text))) continue;
    expect(soundFindings(scenario)).toEqual([]);
    return;
  }
  expect.fail('nobody has noticed');
});

function soundFindings(scenario: Scenario): readonly string[] {
  const known = SOUND_FINDINGS.get(scenario) ?? runScenario(scenario, undefined, PATIENCE_MS).findings;
  SOUND_FINDINGS.set(scenario, known);
  return known;
}

/** Two gateways and half a minute of faults: what does not happen in one of them happens in another. */
const SMALL_ONES = Array.from({ length: 24 }, (_, seed) => drawScenario(`mutation ${seed}`))
  .filter(({ gateways }) => gateways.length === 2)
  .map((scenario): Scenario => {
    const faults = scenario.faults.filter(({ atMs }) => atMs < SMALL_MS);
    return { ...scenario, faults, faultsMs: SMALL_MS };
  });
const SOUND_FINDINGS = new Map<Scenario, readonly string[]>();
