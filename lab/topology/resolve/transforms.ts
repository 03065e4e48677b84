import type { Place } from '../../../engine/config/diagnostic.ts';
import type { PolicyText, ProtectText, TransformText } from '../policy-description.ts';
import type { TopologyPolicy, TopologyTransform } from '../model.ts';
import type { Items, Located } from '../shape.ts';
import type { NatPaths } from './nat-path.ts';
import { judgeNegotiation } from './negotiation.ts';
import type { Negotiation } from './policies.ts';
import { reportNat, resolveSaOptions, type SaText } from './sa-options.ts';
import { nodeEnds, type TransformEnds, tunnelEnds } from './sa-ends.ts';
import type { NodeScope, Scope } from './scope.ts';
import { interpolate } from './secrets.ts';
import { resolveSelectors } from './selectors.ts';
import { resolveSuites } from './suites.ts';
import type { Tunnel } from './tunnels.ts';
import { countFlows, FLOWS_MAX } from './unique-flows.ts';

type ProtectAction = Extract<TopologyPolicy['action'], { kind: 'protect' }>;

export interface ResolvedProtect {
  readonly action: ProtectAction;
  /** null: the file gives none, or it was not readable. */
  readonly secret: string | null;
  /** null: its keys are not negotiated. */
  readonly negotiation: Negotiation | null;
}

/** What the steps below know of the policy around a transform. */
interface Around {
  readonly scope: Scope;
  readonly node: NodeScope;
  readonly policy: PolicyText;
  readonly tunnel: Tunnel | null;
  readonly paths: NatPaths;
}

/** More than two are rare, and each makes every packet longer. */
const TRANSFORMS_MAX = 4;

/** null: it cannot be said what protects, after a diagnostic. */
export function resolveProtect(around: Around, protect: ProtectText): ResolvedProtect | null {
  const { scope } = around;
  const secret = protect.key === null ? null : interpolate(scope, protect.key);
  const before = scope.report.count;
  const steps = stepsOf(scope, protect);
  const isNegotiated = protect.key === null && (around.node.text?.ike ?? null) !== null;
  const negotiation = judgeNegotiation(around.scope, around.node, protect, isNegotiated);
  if (protect.key === null && !isNegotiated && scope.report.count === before) reportKey(scope, protect, steps);
  const transforms: TopologyTransform[] = [];
  let isWhole = steps.length > 0;
  for (const step of steps) {
    const transform = resolveStep(around, step, transforms, isNegotiated);
    if (transform === null) isWhole = false;
    else transforms.push(transform);
  }
  if (!isWhole) return null;
  const sharing = protect.sa?.value ?? 'shared';
  if (sharing === 'unique' && protect.sa !== null && !isNegotiated) reportUnique(around, protect.sa.place);
  return { action: { kind: 'protect', transforms, sharing }, secret, negotiation };
}

/** One SA of the file, with what stands above it filled in. */
interface Step {
  readonly text: SaText;
  readonly protocol: 'esp' | 'ah';
  readonly names: Items<Located<string>>;
}

/** ESP first: AH goes around it. */
function stepsOf(scope: Scope, protect: ProtectText): Step[] {
  if (protect.transforms === null) {
    if (protect.esp === null && protect.ah === null && protect.complete) {
      const fix = 'add "esp": the name of an ESP suite, or a list of ESP suites';
      scope.report.error(protect.place, 'protect needs "esp"', fix);
    }
    return stepsOfItem(protect, protect.place);
  }
  const extra = protect.esp ?? protect.ah ?? protect.tfc ?? protect.encapsulation ?? protect.outer;
  if (extra !== null) {
    const message = 'with transforms, each of them says what it is and how it looks';
    scope.report.error(extra.place, message, 'move esp, ah, tfc, encapsulation and outer into the list of transforms');
  }
  const { items, place, complete } = protect.transforms;
  if (items.length === 0 && complete) {
    scope.report.error(place, 'the list of transforms is empty', 'give one or more: - { esp: [aes256gcm16] }');
  }
  if (items.length > TRANSFORMS_MAX) {
    scope.report.error(place, `a policy has at most ${TRANSFORMS_MAX} transforms`, 'remove some');
  }
  return items.flatMap(item => {
    if ((item.esp === null) === (item.ah === null) && item.complete) {
      scope.report.error(
        item.place,
        'a transform is one SA',
        'give either esp or ah, and the other an item of its own',
      );
    }
    return stepsOfItem(withDefaults(item, protect), item.place);
  });
}

function stepsOfItem(text: TransformText, place: Place): Step[] {
  const esp: Step[] = text.esp === null ? [] : [{ text: { ...text, place }, protocol: 'esp', names: text.esp }];
  if (text.ah === null) return esp;
  // Around ESP, AH authenticates what ESP has made of the packet, and adds no header of its own but that.
  const around = { ...text, place, mode: { value: 'transport', place } as const, tfc: null, outer: null };
  return [...esp, { text: esp.length === 0 ? { ...text, place } : around, protocol: 'ah', names: text.ah }];
}

function withDefaults(item: TransformText, above: ProtectText): TransformText {
  return {
    ...item,
    mode: item.mode ?? above.mode,
    level: item.level ?? above.level,
    peer: item.peer ?? above.peer,
    esn: item.esn ?? above.esn,
    window: item.window ?? above.window,
    lifetime: item.lifetime ?? above.lifetime,
    legacy: item.legacy ?? above.legacy,
  };
}

function reportKey(scope: Scope, protect: ProtectText, steps: readonly Step[]): void {
  if (!protect.complete || steps.every(({ text }) => text.level?.value === 'use')) return;
  scope.report.error(
    protect.place,
    'protect needs "key"',
    'add "key": a text, or "ike" to the node, or level: use to go without SAs',
  );
}

function resolveStep(
  around: Around,
  step: Step,
  before: readonly TopologyTransform[],
  isNegotiated: boolean,
): TopologyTransform | null {
  const { scope } = around;
  const suites = resolveSuites(step.names, step.protocol, step.text.legacy?.value ?? false, scope.report);
  const ends = endsOf(around, step, before);
  if (ends === null) {
    resolveSaOptions(scope, step.text, step.protocol, null);
    return null;
  }
  const options = resolveSaOptions(scope, step.text, step.protocol, ends.mode);
  if (before.length === 0 && !isNegotiated && ends.peer !== null)
    reportNat(scope, around.paths, around.node, ends.peer, step);
  if (suites.length === 0) return null;
  return { protocol: step.protocol, ...ends, requestId: null, suites, ...options };
}

/** AH around a tunnel is between the ends of the tunnel; everything else is between the two nodes that the file names. */
function endsOf(around: Around, { text }: Step, before: readonly TopologyTransform[]): TransformEnds | null {
  const { scope, node, policy, tunnel, paths } = around;
  const within = before.findLast(({ mode }) => mode === 'tunnel');
  if (within !== undefined && within.peer !== null && text.mode?.value !== 'tunnel') {
    if (text.peer !== null && text.peer.value !== within.peer && policy.tunnel === null) {
      const message = `around a tunnel to ${within.peer}, transport mode ends at ${within.peer} too`;
      scope.report.error(text.peer.place, message, 'remove peer, or write mode: tunnel');
    }
    return { mode: 'transport', peer: within.peer, ends: within.ends };
  }
  if (policy.tunnel !== null && before.length === 0) return tunnelEnds(scope, node, policy.tunnel, text, tunnel);
  return nodeEnds(scope, node, policy, text, paths);
}

/** SAs of single flows are made when the flows are seen; keys from the file are there before. */
function reportUnique({ scope, policy }: Around, place: Place): void {
  if (!policy.complete) return;
  const before = scope.report.count;
  const count = countFlows(resolveSelectors(scope, policy));
  if (count <= FLOWS_MAX || scope.report.count > before) return;
  const many = count === Infinity ? 'any number of flows' : `${count} flows`;
  const message = `an SA for each flow: the policy selects ${many}, and keys from the file are made before any is seen`;
  scope.report.error(place, message, 'give proto, and single addresses and ports, or write sa: shared');
}
