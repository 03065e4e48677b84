import { expect, test } from 'vitest';
import { V1_STEPS } from '../../engine/ike/v1/steps.ts';
import { type Mutation, SOUND } from './swarm/mutation.ts';
import { MUTATIONS } from './swarm/mutations.ts';
import { runScenario } from './swarm/run-scenario.ts';
import type { Scenario } from './swarm/scenario.ts';
import { drawV1Scenario } from './swarm/scenario-v1.ts';
import { soakSwarm } from './swarm.ts';

const SMALL_MS = 30_000;
/** Whoever is sound is at rest by then, with these seeds. */
const PATIENCE_MS = 60_000;

/** The quick version of `npm run soak -- swarm-v1`; other seeds each time, and a finding names its own. */
test('gateways of IKEv1 come to rest whatever goes wrong, and do nothing that must not be', () => {
  expect(soakSwarm(5, String(Date.now()), () => undefined, 1).findings).toEqual([]);
}, 300_000);

test('the same seed is the same run', () => {
  const [one, other] = [0, 1].map(() => runScenario(drawV1Scenario('again')));
  expect(one?.digest).toBe(other?.digest);
});

test('a child that a responder has lost is back, also where its peer has a NAT and goes on as if nothing were', () => {
  const drawn = Array.from({ length: 40 }, (_, seed) => drawV1Scenario(`lost child ${seed}`));
  const natted = drawn.find(({ gateways }) => gateways.length === 2 && gateways.some(({ nat }) => nat !== null));
  if (natted === undefined) throw new Error('nobody is behind a NAT');
  const faults = [
    { atMs: 10_000, action: { kind: 'crash', gateway: 0, forMs: 1 } },
    { atMs: 10_500, action: { kind: 'order', pair: 0, ends: [0], order: { kind: 'rekeyIke' } } },
  ] as const;
  const pairs = natted.pairs.map(pair => ({ ...pair, childRekeySeconds: 3600 }));
  expect(runScenario({ ...natted, pairs, faults, faultsMs: 12_000 }, SOUND, PATIENCE_MS).findings).toEqual([]);
});

/** A message that is sent again is other than before in its last octet. */
const restless: Mutation = {
  ...SOUND,
  v1Steps: () => {
    const sent = new Set<string>();
    return {
      ...V1_STEPS,
      outgoingOctets: octets => {
        const text = Buffer.from(octets).toString('latin1');
        const other = Uint8Array.from(octets);
        if (sent.has(text)) other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
        sent.add(text);
        return other;
      },
    };
  },
};

const OF_BOTH_VERSIONS = MUTATIONS.filter(([name]) =>
  ['leaves SAs in its node', 'gives an SPI out again', 'uses a key again', 'lets plaintext out'].includes(name),
);

test.each([
  ...OF_BOTH_VERSIONS,
  ['sends other octets when it sends again', restless, /is sent again in other octets/],
] as const)('it is found out that a gateway of IKEv1 %s', (_what, mutation, finding) => {
  for (const scenario of SMALL_ONES) {
    const { findings } = runScenario(scenario, mutation, PATIENCE_MS);
    if (findings.some(text => finding.test(text))) return;
  }
  expect.fail('nobody has noticed');
});

/** Two gateways and half a minute of faults: what does not happen in one of them happens in another. */
const SMALL_ONES = Array.from({ length: 24 }, (_, seed) => drawV1Scenario(`mutation ${seed}`))
  .filter(({ gateways }) => gateways.length === 2)
  .map((scenario): Scenario => {
    const faults = scenario.faults.filter(({ atMs }) => atMs < SMALL_MS);
    return { ...scenario, faults, faultsMs: SMALL_MS };
  });
