/** An SA as far as its extended sequence numbers are known from a capture. */
export interface SequenceState {
  readonly esn: boolean;
  /** The highest number that an ICV has proven. */
  highest: bigint;
}

/**
 * The whole number of a packet: with ESN, the upper half that makes the ICV right, in order of likelihood (RFC 4303 App. A2),
 * and the likeliest where none does. `proves` is asked with null without ESN.
 */
export function fullSequence(
  state: SequenceState,
  low: number,
  proves: (high: number | null) => boolean,
): { readonly sequence: bigint; readonly high: number | null; readonly isProven: boolean } {
  if (!state.esn) return { sequence: BigInt(low), high: null, isProven: proves(null) };
  const last = Number(state.highest >> 32n);
  const guesses = [...new Set([last, last + 1, last - 1, 0, 1])].filter(guess => guess >= 0 && guess <= 0xffff_ffff);
  const proven = guesses.find(proves);
  const high = proven ?? last;
  return { sequence: (BigInt(high) << 32n) | BigInt(low), high, isProven: proven !== undefined };
}
