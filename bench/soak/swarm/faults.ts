import type { Seeded } from '../../../engine/ipsec/testing/seeded.ts';
import type { Scenario } from './scenario.ts';

/** Something that goes wrong, so long after the beginning. Gateways are numbers in `Scenario.gateways`. */
export interface Fault {
  readonly atMs: number;
  readonly action: FaultAction;
}

export type FaultAction =
  | { readonly kind: 'weather'; readonly weather: Weather }
  /** `both` ways, or what `from` sends. */
  | {
      readonly kind: 'cut';
      readonly from: number;
      readonly to: number;
      readonly isOneWay: boolean;
      readonly forMs: number;
    }
  | { readonly kind: 'crash'; readonly gateway: number; readonly forMs: number }
  /** By so much from what it was. */
  | { readonly kind: 'skew'; readonly gateway: number; readonly byMs: number }
  | { readonly kind: 'rebind'; readonly gateway: number }
  /** Somebody at one end, or at both at the same time, says so. */
  | { readonly kind: 'order'; readonly pair: number; readonly ends: readonly (0 | 1)[]; readonly order: Order };

export type Order =
  | { readonly kind: 'rekeyIke' | 'reauthenticate' | 'terminateIke' }
  | { readonly kind: 'rekeyChild' | 'terminateChild' | 'initiate'; readonly child: number };

/** What the network does to frames, each a probability. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly delayMs: number;
  /** Extra delay up to this, so that they overtake each other. */
  readonly jitterMs: number;
}

export const FAIR: Weather = { loss: 0, duplication: 0, delayMs: 5, jitterMs: 0 };

/** In the order of their times. */
export function drawFaults(
  { gateways, pairs, faultsMs }: Pick<Scenario, 'gateways' | 'pairs' | 'faultsMs'>,
  dice: Seeded,
): Fault[] {
  const faults: Fault[] = [];
  const natted = gateways.findIndex(({ nat }) => nat !== null);
  const isCalm = dice.below(5) === 0;
  for (let atMs = 0; atMs < faultsMs; atMs += 1000 + dice.below(10_000)) {
    faults.push({ atMs, action: { kind: 'weather', weather: drawWeather(isCalm, dice) } });
  }
  const pauseMs = dice.pick([1500, 4000, 10_000]);
  for (let atMs = 2000; atMs < faultsMs; atMs += 1 + dice.below(2 * pauseMs)) {
    const pair = dice.below(pairs.length);
    const forMs = 1000 + dice.below(30_000);
    const gateway = dice.below(gateways.length);
    switch (dice.below(14)) {
      case 0:
      case 1: {
        const [from = 0, to = 0] = (pairs[pair]?.ends ?? []).map(end => end.gateway);
        const [one, other] = dice.below(2) === 0 ? [from, to] : [to, from];
        faults.push({ atMs, action: { kind: 'cut', from: one, to: other, isOneWay: dice.below(2) === 0, forMs } });
        break;
      }
      case 2:
        faults.push({ atMs, action: { kind: 'crash', gateway, forMs: dice.pick([1, forMs]) } });
        break;
      case 3:
        faults.push({ atMs, action: { kind: 'skew', gateway, byMs: dice.below(20_000) - 10_000 } });
        break;
      case 4:
        if (natted >= 0) faults.push({ atMs, action: { kind: 'rebind', gateway: natted } });
        break;
      default:
        faults.push({
          atMs,
          action: { kind: 'order', pair, ends: drawEnds(dice), order: drawOrder(pairs[pair], dice) },
        });
    }
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}

function drawWeather(isCalm: boolean, dice: Seeded): Weather {
  if (isCalm || dice.below(4) === 0) return { ...FAIR, delayMs: 1 + dice.below(50) };
  return {
    loss: dice.below(31) / 100,
    duplication: dice.below(31) / 100,
    delayMs: 1 + dice.below(50),
    jitterMs: dice.below(400),
  };
}

const drawEnds = (dice: Seeded): readonly (0 | 1)[] => dice.pick<readonly (0 | 1)[]>([[0], [1], [0, 1], [1, 0]]);

function drawOrder(pair: Scenario['pairs'][number] | undefined, dice: Seeded): Order {
  const child = dice.below(pair?.children.length ?? 1);
  return dice.pick<Order>([
    { kind: 'rekeyIke' },
    { kind: 'rekeyIke' },
    { kind: 'rekeyChild', child },
    { kind: 'rekeyChild', child },
    { kind: 'rekeyChild', child },
    { kind: 'reauthenticate' },
    { kind: 'terminateIke' },
    { kind: 'terminateChild', child },
    { kind: 'terminateChild', child },
    { kind: 'initiate', child },
  ]);
}
