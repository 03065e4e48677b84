import type { Core } from './core.ts';
import type { WantedSa } from './node.ts';
import type { Refusal } from './refusal.ts';

/** Somebody may be there who negotiates, RFC 4301 §5.1 step 3b. Each policy asks at its own pace: others must not go unheard. */
export function wantSa(core: Core, { policy, detail }: Refusal, wanted: WantedSa): void {
  if (policy?.wants.take(core.now) === true) core.audit.note('saWanted', detail, { wanted });
}
