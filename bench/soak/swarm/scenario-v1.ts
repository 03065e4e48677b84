import { createSeeded, type Seeded } from '../../../engine/ipsec/testing/seeded.ts';
import { drawScenario, type PairPlan, type Scenario } from './scenario.ts';

const IKE_PROPOSALS: readonly string[] = [
  'aes256-sha256-ecp256',
  'aes128-sha256-ecp256',
  'aes192-sha512-ecp256',
  'aes256-sha384-ecp384',
  'aes128-sha256-modp2048',
];
/** One Quick Mode has one group in all that it offers, RFC 2409 §5.5. */
const ESP_PROPOSALS: readonly (readonly string[])[] = [
  ['aes256gcm16', 'aes128-sha256'],
  ['aes128gcm16', 'aes128ctr-sha256'],
  ['aes256-sha384-ecp256', 'aes128gcm16-ecp256'],
  ['aes128-sha256-ecp256', 'aes256gcm16-ecp256'],
];

/** The same gateways and faults, and all of them speak IKEv1. The same seed, the same scenario. */
export function drawV1Scenario(seed: string): Scenario {
  const dice = createSeeded(`swarm of IKEv1 ${seed}`);
  const scenario = drawScenario(seed);
  return { ...scenario, pairs: scenario.pairs.map(pair => asVersion1(pair, dice)) };
}

function asVersion1(pair: PairPlan, dice: Seeded): PairPlan {
  const esp = dice.pick(ESP_PROPOSALS);
  const count = 1 + dice.below(2);
  return {
    ...pair,
    v1: { mode: dice.pick(['main', 'main', 'aggressive']), commitBit: dice.below(4) === 0 },
    ends: pair.ends.map(end => ({ ...end, windowSize: 1 })) as unknown as PairPlan['ends'],
    authentication: dice.pick(['psk', 'psk', 'certificate', 'self-signed']),
    ike: [...new Set(Array.from({ length: count }, () => dice.pick(IKE_PROPOSALS)))],
    esp: esp.slice(0, count),
    childless: 'allow',
    mobike: false,
    resumption: false,
    quickCrashDetection: false,
    makeBeforeBreak: true,
  };
}
