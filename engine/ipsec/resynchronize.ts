import type { ReplayWindow } from './replay.ts';

export interface Authentic<Content> {
  readonly sequence: bigint;
  readonly content: Content;
}

/**
 * Tries a packet with the number that the window guessed and, where so many packets have failed that the high half may be
 * wrong, with later ones: RFC 4303 appendix A3, RFC 4302 appendix B3. `open` answers null when the ICV is wrong. null: with
 * all of them.
 */
export function openWithAny<Content>(
  window: ReplayWindow,
  sequence: bigint,
  open: (sequence: bigint) => Content | null,
): Authentic<Content> | null {
  const content = open(sequence);
  if (content !== null) return { sequence, content };
  for (const later of window.fail(sequence)) {
    const found = open(later);
    if (found !== null) return { sequence: later, content: found };
  }
  return null;
}
