import type { InboundSa } from '../ipsec/sa.ts';

/** How a packet was protected when it came: the SA that was taken off last, and what was around that. */
export interface Protection {
  readonly sa: InboundSa;
  /** null: nothing, a link brought it so. */
  readonly outer: Protection | null;
  /**
   * Whether a policy's outermost transform may be this one: nothing was around it, or what was around it was the policy of
   * the protected packet itself, as with a tunnel through another gateway's tunnel. false: it can only be the rest of a bundle.
   */
  readonly mayBeOutermost: boolean;
}

/** Of the same parts the same object, so that what was decided for it can be found by identity. */
export function protectedBy(sa: InboundSa, outer: Protection | null, mayBeOutermost: boolean): Protection {
  const known = KNOWN.get(sa) ?? [];
  const found = known.find(each => each.outer === outer && each.mayBeOutermost === mayBeOutermost);
  if (found !== undefined) return found;
  const made = { sa, outer, mayBeOutermost };
  // Each change of the SAs around it makes one more: the old ones are not kept for as long as this SA lives.
  KNOWN.set(sa, known.length < KNOWN_MAX ? [...known, made] : [made]);
  return made;
}

/** SPIs, outermost first. */
export function spisOf(protection: Protection): number[] {
  const spis: number[] = [];
  for (let at: Protection | null = protection; at !== null; at = at.outer) spis.unshift(at.sa.spi);
  return spis;
}

const KNOWN_MAX = 16;
const KNOWN = new WeakMap<InboundSa, readonly Protection[]>();
