import type { OutboundSa } from '../ipsec/sa.ts';
import { NS_PER_S } from '../wire/instant.ts';
import type { Core } from './core.ts';
import type { Hope } from './decision.ts';
import type { WantedSa } from './node.ts';
import type { PolicyEntry } from './policy-set.ts';
import type { Refusal } from './refusal.ts';

/** How often one flow may ask: whoever negotiates has heard it, and may be at it. */
const SAME_FLOW_NS = NS_PER_S;

/** The same for an SA of level `use`, without which packets go in the clear: told once in a while, not by each of them. */
export function hopeFor(core: Core, policy: PolicyEntry | null, hope: Hope): void {
  if (hope.toldAt !== null && core.now - hope.toldAt < SAME_FLOW_NS) return;
  hope.toldAt = core.now;
  wantSa(core, { policy, detail: hope.detail }, hope.sa);
}

/** An outbound SA of the policy is gone: who asked for it a moment ago has had it, and whoever asks now is heard at once. */
export function hearAgain({ policies }: Core, { policy }: OutboundSa): void {
  const entry = policies.named(policy);
  if (entry !== null) entry.lastWant = null;
}

/** Somebody may be there who negotiates, RFC 4301 §5.1 step 3b. Each policy asks at its own pace: others must not go unheard. */
export function wantSa(core: Core, { policy, detail }: Pick<Refusal, 'policy' | 'detail'>, wanted: WantedSa): void {
  if (policy === null) return;
  const { lastWant } = policy;
  const flow = JSON.stringify([wanted.transform, wanted.flow]);
  if (lastWant !== null && lastWant.flow === flow && core.now - lastWant.at < SAME_FLOW_NS) return;
  if (!policy.wants.take(core.now)) return;
  policy.lastWant = { flow, at: core.now };
  core.audit.note('saWanted', detail, { wanted });
}
