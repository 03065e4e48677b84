import { NS_PER_S } from '../wire/instant.ts';
import type { Core } from './core.ts';
import type { WantedSa } from './node.ts';
import type { Refusal } from './refusal.ts';

/** How often one flow may ask: whoever negotiates has heard it, and may be at it. */
const SAME_FLOW_NS = NS_PER_S;

/** Somebody may be there who negotiates, RFC 4301 §5.1 step 3b. Each policy asks at its own pace: others must not go unheard. */
export function wantSa(core: Core, { policy, detail }: Refusal, wanted: WantedSa): void {
  if (policy === null) return;
  const { lastWant } = policy;
  const flow = JSON.stringify([wanted.transform, wanted.flow]);
  if (lastWant !== null && lastWant.flow === flow && core.now - lastWant.at < SAME_FLOW_NS) return;
  if (!policy.wants.take(core.now)) return;
  policy.lastWant = { flow, at: core.now };
  core.audit.note('saWanted', detail, { wanted });
}
