import { type Address, isLinkLocal, isUnspecified } from '../wire/address.ts';
import type { Core, Ingress } from './core.ts';
import { isPolicyBased } from './filter-gate.ts';

/**
 * Strict reverse path forwarding, RFC 3704 §2.2: whether a packet comes from where its source is not. Link-local addresses are on
 * every link, and who has no address yet asks for one. What an SA of no tunnel brought is where its policy says.
 */
export function isSpoofed(core: Core, source: Address, ingress: Ingress): boolean {
  const { interface: arrival } = ingress;
  if (!core.antiSpoofing || arrival === null || isPolicyBased(ingress)) return false;
  if (isUnspecified(source) || isLinkLocal(source)) return false;
  return core.routes.lookup(source)?.interface !== arrival;
}
