import type { SequenceVerdict } from '../../engine/ipsec/replay.ts';
import type { InboundSa } from '../../engine/ipsec/sa.ts';

/** The two steps of a kernel that keep replays out, for ESP and AH alike. */
export interface ReplaySteps {
  readonly checkReplay: (sa: InboundSa, low: number) => SequenceVerdict;
  readonly advanceReplay: (sa: InboundSa, sequence: bigint) => void;
}

/** Remembers half as many numbers as its SA asks for. */
export function halfWindow(): ReplaySteps {
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      const isFar = sa.window.top - verdict.sequence >= BigInt(sa.window.sizePackets / 2);
      return isFar ? { ...verdict, fresh: false } : verdict;
    },
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** Twice as wide as its SA asks for: it forgets what it has let in behind its right half. */
export function doubleWindow(): ReplaySteps {
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      const behind = sa.window.top - verdict.sequence;
      const size = BigInt(sa.window.sizePackets);
      return behind >= size && behind < 2n * size ? { ...verdict, fresh: true } : verdict;
    },
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** Begins an empty window whenever the right edge moves. */
export function forgetfulWindow(): ReplaySteps {
  const seen = new WeakMap<InboundSa, Set<bigint>>();
  const of = (sa: InboundSa): Set<bigint> => seen.get(sa) ?? seen.set(sa, new Set()).get(sa) ?? new Set();
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      const isInside = sa.window.top - verdict.sequence < BigInt(sa.window.sizePackets);
      return { ...verdict, fresh: isInside && !of(sa).has(verdict.sequence) };
    },
    advanceReplay: (sa, sequence) => {
      if (sequence > sa.window.top) of(sa).clear();
      of(sa).add(sequence);
      sa.window.advance(sequence);
    },
  };
}

/** A ring of bits that is not emptied where the right edge jumps over all of it. */
export function staleWindow(): ReplaySteps {
  const rings = new WeakMap<InboundSa, Set<bigint>>();
  const of = (sa: InboundSa): Set<bigint> => rings.get(sa) ?? rings.set(sa, new Set()).get(sa) ?? new Set();
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      const size = BigInt(sa.window.sizePackets);
      if (verdict.sequence > sa.window.top) return verdict;
      const isInside = sa.window.top - verdict.sequence < size;
      return { ...verdict, fresh: isInside && !of(sa).has(verdict.sequence % size) };
    },
    advanceReplay: (sa, sequence) => {
      const size = BigInt(sa.window.sizePackets);
      const jump = sequence - sa.window.top;
      const entered = jump > 0n && jump < size ? Number(jump) : 0;
      for (let index = 0; index < entered; index++) of(sa).delete((sequence - BigInt(index)) % size);
      of(sa).add(sequence % size);
      sa.window.advance(sequence);
    },
  };
}

/** Moves before the ICV was looked at. */
export function hastyWindow(): ReplaySteps {
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      if (verdict.fresh) sa.window.advance(verdict.sequence);
      return verdict;
    },
    advanceReplay: () => undefined,
  };
}

/** Accepts every number. */
export function noWindow(): ReplaySteps {
  return {
    checkReplay: (sa, low) => ({ ...sa.window.check(low), fresh: true }),
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** Accepts only numbers higher than the last. */
export function strictOrder(): ReplaySteps {
  return {
    checkReplay: (sa, low) => {
      const verdict = sa.window.check(low);
      return { ...verdict, fresh: verdict.sequence > sa.window.top };
    },
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** With extended sequence numbers: believes that the half which is not sent is 0 for ever. */
export function zeroHighHalf(): ReplaySteps {
  return {
    checkReplay: (_sa, low) => ({ sequence: BigInt(low), fresh: true }),
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** With extended sequence numbers: counts the half that is not sent up for every number that is lower than the last. */
export function eagerHighHalf(): ReplaySteps {
  return {
    checkReplay: (sa, low) => {
      const high = sa.window.top >> 32n;
      const isLower = BigInt(low) < (sa.window.top & 0xffff_ffffn);
      const sequence = ((isLower ? high + 1n : high) << 32n) | BigInt(low);
      return { sequence, fresh: sequence > sa.window.top };
    },
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}
