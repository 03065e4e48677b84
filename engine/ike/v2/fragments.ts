import type { EncryptedFragmentPayload } from '../../wire/ike/payload.ts';

/**
 * Fragments of one message that have come so far, RFC 7383 §2.6. Each was authentic by itself before it got here, so nobody
 * but the peer can fill this; and the peer can only so far.
 */
export interface FragmentSet {
  readonly messageId: number;
  readonly isResponse: boolean;
  readonly total: number;
  readonly firstPayload: number;
  /** By fragment number - 1. */
  readonly pieces: readonly (Uint8Array | null)[];
  readonly missing: number;
  readonly octets: number;
}

/** More fragments than this are of no honest message: 65,000 octets in pieces for the smallest IPv4 packets are 140. */
export const FRAGMENTS_MAX = 256;

export type Collected =
  | { readonly kind: 'whole'; readonly firstPayload: number; readonly inner: Uint8Array }
  | { readonly kind: 'more'; readonly set: FragmentSet }
  /** A duplicate, or of a cut that a smaller one has replaced. */
  | { readonly kind: 'old' }
  | { readonly kind: 'tooBig' };

/** Whether the numbers of a fragment can be, before anything is spent on opening it. */
export function isPossibleFragment({
  fragmentNumber,
  totalFragments,
  firstPayload,
}: EncryptedFragmentPayload): boolean {
  if (fragmentNumber === 0 || fragmentNumber > totalFragments || totalFragments > FRAGMENTS_MAX) return false;
  return fragmentNumber === 1 || firstPayload === 0;
}

/**
 * Adds a fragment that was opened. `set` is what there is of the same message; null: nothing. A larger total is a new cut, by
 * a sender that believes in a smaller path MTU: it replaces the others; fragments of a smaller total are late ones of the old cut.
 */
export function collect(
  set: FragmentSet | null,
  from: { readonly messageId: number; readonly isResponse: boolean },
  fragment: EncryptedFragmentPayload,
  inner: Uint8Array,
  octetsMax: number,
): Collected {
  const { totalFragments: total, fragmentNumber } = fragment;
  if (set !== null && total < set.total) return { kind: 'old' };
  const current = set !== null && set.total === total ? set : emptySet(from, total);
  if (current.pieces[fragmentNumber - 1] !== null) return { kind: 'old' };
  const octets = current.octets + inner.length;
  if (octets > octetsMax) return { kind: 'tooBig' };
  const firstPayload = fragmentNumber === 1 ? fragment.firstPayload : current.firstPayload;
  const pieces = current.pieces.map((piece, i) => (i === fragmentNumber - 1 ? Uint8Array.from(inner) : piece));
  const missing = current.missing - 1;
  if (missing > 0) return { kind: 'more', set: { ...current, firstPayload, pieces, missing, octets } };
  return { kind: 'whole', firstPayload, inner: Buffer.concat(pieces.filter(piece => piece !== null)) };
}

function emptySet(
  { messageId, isResponse }: Pick<FragmentSet, 'messageId' | 'isResponse'>,
  total: number,
): FragmentSet {
  const pieces = Array.from({ length: total }, () => null);
  return { messageId, isResponse, total, firstPayload: 0, pieces, missing: total, octets: 0 };
}
