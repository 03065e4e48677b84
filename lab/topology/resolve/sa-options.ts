import type { LifetimeLimits } from '../../../engine/ipsec/lifetime.ts';
import type { Place } from '../../../engine/config/diagnostic.ts';
import type { TransformText } from '../policy-description.ts';
import type { TopologyTransform } from '../model.ts';
import { type NatPaths, natBefore } from './nat-path.ts';
import type { NodeScope, Scope } from './scope.ts';

/** What a file says of an SA, and where it begins to. */
export type SaText = TransformText & { readonly place: Place };

export type SaOptions = Pick<
  TopologyTransform,
  'level' | 'esn' | 'windowPackets' | 'lifetime' | 'trafficFlow' | 'encapsulation' | 'outer'
>;

const WINDOW_PACKETS = 64;
/** Of IKE and ESP in UDP, RFC 3948 §2. */
const NAT_T_PORT = 4500;

/** The parameters of an SA that do not say what it is for; `mode` null: not known, and not judged. */
export function resolveSaOptions(
  scope: Scope,
  text: SaText,
  protocol: 'esp' | 'ah',
  mode: 'tunnel' | 'transport' | null,
): SaOptions {
  reportWindow(scope, text);
  return {
    level: text.level?.value ?? 'require',
    esn: text.esn?.value ?? false,
    windowPackets: text.window?.value ?? WINDOW_PACKETS,
    lifetime: lifetimeOf(scope, text),
    trafficFlow: trafficFlowOf(scope, text, protocol, mode),
    encapsulation: encapsulationOf(scope, text, protocol),
    outer: outerOf(scope, text, mode),
  };
}

/** AH cannot pass a NAT, and ESP alone has no ports by which one could tell its senders apart. */
export function reportNat(
  scope: Scope,
  paths: NatPaths,
  node: NodeScope,
  peer: string,
  { text, protocol }: { readonly text: SaText; readonly protocol: 'esp' | 'ah' },
): void {
  const nat = natBefore(paths, node.name, peer) ?? natBefore(paths, peer, node.name);
  if (nat === null) return;
  const between = `between ${node.name} and ${peer} is the NAT ${nat}`;
  if (protocol === 'ah') {
    const message = `${between}, which changes the addresses that AH protects (RFC 3715 §2.1)`;
    scope.report.error(text.place, message, 'use ESP with encapsulation: udp');
  } else if (text.encapsulation === null) {
    scope.report.error(
      text.place,
      `${between}, and ESP has no ports to translate`,
      'add encapsulation: udp (RFC 3948)',
    );
  }
}

function reportWindow(scope: Scope, { window }: SaText): void {
  if (window === null || window.value === 0 || window.value >= 32) return;
  scope.report.error(
    window.place,
    `an anti-replay window of ${window.value} packets is too small`,
    'use 32 or more (RFC 4303 §3.4.3), or 0 to turn the check off',
  );
}

type LimitsText = NonNullable<NonNullable<TransformText['lifetime']>['soft']>;

function lifetimeOf(scope: Scope, { lifetime }: SaText): SaOptions['lifetime'] {
  const soft = limitsOf(scope, lifetime?.soft ?? null);
  const hard = limitsOf(scope, lifetime?.hard ?? null);
  if (lifetime !== null && lifetime.soft === null && lifetime.hard === null && lifetime.complete) {
    scope.report.error(lifetime.place, 'the lifetime says nothing', 'add soft: or hard:, such as hard: { time: 1h }');
  }
  for (const unit of ['seconds', 'octets', 'packets'] as const) {
    const [early, late] = [soft[unit], hard[unit]];
    if (early === undefined || late === undefined || early === null || late === null || early < late) continue;
    const place = lifetime?.soft?.place ?? lifetime?.place;
    const message = `the soft lifetime of ${early} ${unit} does not end before the hard one of ${late}`;
    if (place !== undefined) scope.report.error(place, message, 'let soft end first: it asks for a successor');
  }
  return { soft, hard };
}

function limitsOf(scope: Scope, text: LimitsText | null): Partial<LifetimeLimits> {
  if (text === null) return {};
  const { time, octets, packets } = text;
  if (time?.value === 0) scope.report.error(time.place, 'the lifetime ends before it begins', 'use 1s or more');
  if (time === null && octets === null && packets === null && text.complete) {
    scope.report.error(text.place, 'the lifetime says nothing', 'add time, octets or packets');
  }
  return {
    ...(time === null ? {} : { seconds: time.value / 1e9 }),
    ...(octets === null ? {} : { octets: octets.value }),
    ...(packets === null ? {} : { packets: packets.value }),
  };
}

function trafficFlowOf(
  scope: Scope,
  { tfc }: SaText,
  protocol: 'esp' | 'ah',
  mode: 'tunnel' | 'transport' | null,
): SaOptions['trafficFlow'] {
  if (tfc === null) return null;
  if (protocol === 'ah') scope.report.error(tfc.place, 'AH hides nothing', 'use ESP, or remove tfc');
  const padTo = tfc['pad-to'];
  const dummyEvery = tfc['dummy-every'];
  if (padTo === null && dummyEvery === null && tfc.complete) {
    scope.report.error(tfc.place, 'tfc hides nothing', 'add pad-to or dummy-every');
  }
  if (padTo !== null && mode === 'transport') {
    const message = 'only tunnel mode can pad packets: the length of the inner packet says where the padding begins';
    scope.report.error(padTo.place, message, 'use mode: tunnel, or remove pad-to (RFC 4303 §2.7)');
  }
  if (dummyEvery?.value === 0) {
    scope.report.error(
      dummyEvery.place,
      'dummy packets without a pause leave room for nothing else',
      'use 10ms or more',
    );
  }
  return {
    padToOctets: padTo?.value ?? null,
    dummyEveryMs: dummyEvery === null ? null : Math.max(1, dummyEvery.value / 1e6),
  };
}

function encapsulationOf(scope: Scope, { encapsulation }: SaText, protocol: 'esp' | 'ah'): SaOptions['encapsulation'] {
  if (encapsulation === null) return null;
  if (protocol === 'ah') {
    const message = 'AH does not go in UDP: it protects the addresses that a NAT changes (RFC 3948 §1)';
    scope.report.error(encapsulation.place, message, 'use ESP alone, or remove encapsulation');
    return null;
  }
  if (!('local-port' in encapsulation)) return { localPort: NAT_T_PORT, remotePort: NAT_T_PORT };
  return {
    localPort: encapsulation['local-port']?.value ?? NAT_T_PORT,
    remotePort: encapsulation['remote-port']?.value ?? NAT_T_PORT,
  };
}

function outerOf(scope: Scope, { outer }: SaText, mode: 'tunnel' | 'transport' | null): SaOptions['outer'] {
  if (outer === null) return {};
  const { df, dscp, ecn } = outer;
  if (df === null && dscp === null && ecn === null && outer.complete) {
    scope.report.error(outer.place, 'outer says nothing', 'add df, dscp or ecn');
  }
  if (mode === 'transport') {
    scope.report.error(outer.place, 'transport mode makes no outer header', 'use mode: tunnel, or remove outer');
    return {};
  }
  return {
    ...(df === null ? {} : { dontFragment: df.value }),
    ...(dscp === null ? {} : { dscp: dscp.value }),
    ...(ecn === null ? {} : { ecn: ecn.value }),
  };
}
