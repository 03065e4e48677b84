import { parseGroups } from '../../../engine/config/ike-proposal.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import type { ProtectText } from '../policy-description.ts';
import type { Negotiation } from './policies.ts';
import type { NodeScope, Scope } from './scope.ts';

/** What a policy says of how its SAs are negotiated; null: they are not, and it says nothing of it. */
export function judgeNegotiation(
  { report }: Scope,
  node: NodeScope,
  protect: ProtectText,
  isNegotiated: boolean,
): Negotiation | null {
  const said = (['start', 'on-close', 'on-death', 'pfs'] as const).find(key => protect[key] !== null);
  if (!isNegotiated) {
    if (said !== undefined && protect.complete) {
      const message = `${quoted(said)} is about negotiated SAs, and these have keys of the file's`;
      const fix = protect.key === null ? `add ike: to ${node.name}` : `remove key, or remove ${said}`;
      report.error(protect[said]?.place ?? protect.place, message, fix);
    }
    return null;
  }
  const legacy = protect.legacy?.value ?? false;
  if (protect.pfs !== null) {
    const { place, value } = protect.pfs;
    for (const { message, fix } of parseGroups(value, { legacy }).problems) report.error(place, message, fix);
  }
  return {
    start: protect.start?.value ?? null,
    onClose: protect['on-close']?.value ?? null,
    onDeath: protect['on-death']?.value ?? null,
    pfs: protect.pfs?.value ?? null,
    legacy,
  };
}
