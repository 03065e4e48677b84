import { createSeeded, type Seeded } from '../../../engine/ipsec/testing/seeded.ts';
import { drawFaults, type Fault } from './faults.ts';

/** What one run of the swarm is: gateways, what is between each two of them, and what goes wrong and when. */
export interface Scenario {
  readonly seed: string;
  readonly gateways: readonly GatewayPlan[];
  readonly pairs: readonly PairPlan[];
  readonly faults: readonly Fault[];
  /** How long the weather is bad. */
  readonly faultsMs: number;
}

export interface GatewayPlan {
  readonly name: string;
  /** null: its address is its own. */
  readonly nat: 'port-restricted' | 'symmetric' | null;
  /** How far ahead its clock is at the beginning. */
  readonly skewMs: number;
  /** 0: cookies from the first caller on. */
  readonly cookiesFrom: number;
}

/** Two gateways that talk to each other: `ends[0]` is the one behind the NAT, where there is one. */
export interface PairPlan {
  /** What IKEv1 has besides; null: they speak IKEv2. */
  readonly v1: V1Plan | null;
  readonly ends: readonly [EndPlan, EndPlan];
  readonly authentication: Authentication;
  /** Texts of proposals, the preferred one first; the other end has the same, perhaps the other way round. */
  readonly ike: readonly string[];
  readonly esp: readonly string[];
  readonly fragmentation: 'no' | 'yes' | 'force';
  readonly fragmentOctets: number | null;
  readonly childless: 'no' | 'allow' | 'prefer' | 'force';
  readonly forceEncapsulation: boolean;
  readonly mobike: boolean;
  readonly resumption: boolean;
  readonly quickCrashDetection: boolean;
  readonly makeBeforeBreak: boolean;
  /** 0: never. */
  readonly ikeRekeySeconds: number;
  readonly reauthenticateSeconds: number;
  readonly childRekeySeconds: number;
  readonly lifetimeJitter: number;
  readonly livenessSeconds: number;
  readonly retransmission: {
    readonly firstMs: number;
    readonly factor: number;
    readonly longestMs: number;
    readonly sends: number;
  };
  readonly children: readonly ChildPlan[];
}

export interface V1Plan {
  readonly mode: 'main' | 'aggressive';
  readonly commitBit: boolean;
}

export interface EndPlan {
  /** Of the gateway, in `Scenario.gateways`. */
  readonly gateway: number;
  readonly windowSize: number;
  readonly isReversed: boolean;
}

export interface ChildPlan {
  readonly name: string;
  /** Its place among all: its port, and the third octet of its networks. */
  readonly index: number;
  readonly mode: 'tunnel' | 'transport';
  /** Who begins, by the order of the ends. */
  readonly start: readonly [Start, Start];
}

export type Start = 'none' | 'trap' | 'start';
export type Authentication = 'psk' | 'certificate' | 'self-signed' | 'raw';

const IKE_PROPOSALS: readonly string[] = [
  'aes256gcm16-prfsha384-x25519',
  'aes128gcm16-prfsha256-x25519',
  'chacha20poly1305-prfsha256-x25519',
  'aes128-sha256-x25519',
  'aes256-sha384-ecp256',
  'aes128ctr-sha256-x25519',
  'aes256gcm16-prfsha384-ecp256-x25519',
  'aes256gcm16-prfsha384-x25519-ke1_mlkem768',
];
const ESP_PROPOSALS: readonly string[] = [
  'aes256gcm16',
  'aes128gcm16-x25519',
  'chacha20poly1305',
  'aes128-sha256',
  'aes256gcm16-ecp256',
  'aes256gcm16-esn',
  'aes128ctr-sha256-x25519',
  'aes256gcm16-x25519-ke1_mlkem512',
];

/** The same seed, the same scenario. */
export function drawScenario(seed: string): Scenario {
  const dice = createSeeded(`swarm ${seed}`);
  const count = dice.pick([2, 2, 2, 3, 4]);
  const natted = dice.below(3) === 0 ? count - 1 : null;
  const gateways = Array.from(
    { length: count },
    (_, index): GatewayPlan => ({
      name: `g${index}`,
      nat: index === natted ? dice.pick(['port-restricted', 'symmetric']) : null,
      skewMs: dice.below(1_000_000),
      cookiesFrom: dice.pick([30, 30, 0]),
    }),
  );
  let children = 0;
  const pairs = pairsOf(count, dice).map(ends => {
    const pair = drawPair(ends, gateways, children, dice);
    children += pair.children.length;
    return pair;
  });
  const faultsMs = 30_000 + dice.below(120_000);
  return { seed, gateways, pairs, faults: drawFaults({ gateways, pairs, faultsMs }, dice), faultsMs };
}

/** A hub, or a ring. The last one stands first: it may be behind a NAT, and then it is the one that calls. */
function pairsOf(count: number, dice: Seeded): (readonly [number, number])[] {
  const others = Array.from({ length: count - 1 }, (_, index) => index + 1);
  const hub = others.map(other => [other, 0] as const);
  if (count < 3 || dice.below(2) === 0) return hub;
  const last = count - 1;
  return [...others.slice(0, -1).map(other => [other, other - 1] as const), [last, last - 1], [last, 0]];
}

function drawPair(
  [a, b]: readonly [number, number],
  gateways: readonly GatewayPlan[],
  firstIndex: number,
  dice: Seeded,
): PairPlan {
  const isNatted = gateways[a]?.nat !== null;
  const isPqc = dice.below(8) === 0;
  const end = (gateway: number): EndPlan => ({
    gateway,
    windowSize: dice.pick([1, 1, 1, 2, 3, 4]),
    isReversed: dice.below(3) === 0,
  });
  const ike = distinct(IKE_PROPOSALS.slice(0, isPqc ? 8 : 7), dice);
  const isEqualStart = dice.below(2) === 0;
  const starts: readonly [Start, Start] = [dice.pick(['start', 'trap']), isNatted ? 'none' : dice.pick(STARTS)];
  const childCount = dice.pick([1, 1, 2, 3]);
  return {
    v1: null,
    ends: [end(a), end(b)],
    authentication: dice.pick(['psk', 'psk', 'certificate', 'self-signed', 'raw']),
    ike,
    esp: distinct(ESP_PROPOSALS.slice(0, isPqc ? 8 : 7), dice),
    fragmentation: dice.pick(['no', 'yes', 'yes', 'force']),
    fragmentOctets: dice.pick([null, null, 600, 1280]),
    childless: dice.pick(['no', 'allow', 'allow', 'prefer', 'force']),
    forceEncapsulation: dice.below(6) === 0,
    mobike: dice.below(3) === 0,
    resumption: dice.below(4) === 0,
    quickCrashDetection: dice.below(4) === 0,
    makeBeforeBreak: dice.below(3) > 0,
    ikeRekeySeconds: dice.pick([0, 0, 25 + dice.below(100)]),
    reauthenticateSeconds: dice.pick([0, 0, 0, 40 + dice.below(100)]),
    childRekeySeconds: dice.pick([3600, 25 + dice.below(60), 25 + dice.below(60)]),
    // Without it both ends rekey at the same time.
    lifetimeJitter: dice.pick([0, 0, 0.05, 0.4]),
    livenessSeconds: dice.pick([5, 10, 20]),
    retransmission: {
      firstMs: 300 + dice.below(700),
      factor: 1.5 + dice.below(5) / 10,
      longestMs: 4000 + dice.below(6000),
      sends: 4 + dice.below(4),
    },
    children: Array.from(
      { length: childCount },
      (_, at): ChildPlan => ({
        name: `g${a}-g${b}-${at}`,
        index: firstIndex + at,
        // One of transport mode is enough between two addresses.
        mode: !isNatted && at === 0 && dice.below(5) === 0 ? 'transport' : 'tunnel',
        start: isEqualStart ? starts : [dice.pick(['start', 'trap']), isNatted ? 'none' : dice.pick(STARTS)],
      }),
    ),
  };
}

const STARTS: readonly Start[] = ['none', 'trap', 'start', 'start'];

/** One or two that are not the same. */
function distinct(choices: readonly string[], dice: Seeded): string[] {
  return [...new Set([dice.pick(choices), ...(dice.below(3) === 0 ? [dice.pick(choices)] : [])])];
}
