import { TcpFlag, type TcpSegment } from '../../../../../engine/wire/tcp.ts';
import type { Sequence } from './sequence.ts';

/** What a synchronized connection does with a segment before it looks at its acknowledgment. */
export type Arrival =
  | { readonly kind: 'take' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'reset' }
  /** Answer with an acknowledgment of what is expected; `hasText`: it came with data, a SYN or a FIN. */
  | { readonly kind: 'challenge'; readonly hasText: boolean };

/** The receive window: `nxt`, and how many octets from there. */
export interface Window {
  readonly nxt: Sequence;
  readonly window: number;
}

/** The checks of RFC 9293 §3.10.7.4 on sequence number, RST, SYN and ACK, with the stricter ones of RFC 5961. */
export function judgeArrival({ flags, payload }: TcpSegment, sequence: Sequence, window: Window): Arrival {
  const length = payload.length + (hasFlag(flags, TcpFlag.SYN) ? 1 : 0) + (hasFlag(flags, TcpFlag.FIN) ? 1 : 0);
  if (!isAcceptable(sequence, length, window)) {
    return hasFlag(flags, TcpFlag.RST) ? { kind: 'ignore' } : { kind: 'challenge', hasText: length > 0 };
  }
  if (hasFlag(flags, TcpFlag.RST)) {
    return sequence === window.nxt ? { kind: 'reset' } : { kind: 'challenge', hasText: false }; // RFC 5961 §3.2
  }
  if (hasFlag(flags, TcpFlag.SYN)) return { kind: 'challenge', hasText: false }; // RFC 5961 §4.2
  return { kind: hasFlag(flags, TcpFlag.ACK) ? 'take' : 'ignore' };
}

export function hasFlag(flags: number, flag: number): boolean {
  return (flags & flag) !== 0;
}

/** Whether some of it lies in the window; of an empty segment, its place. */
function isAcceptable(sequence: Sequence, length: number, { nxt, window }: Window): boolean {
  const isInside = (number: Sequence) => number >= nxt && number < nxt + window;
  if (length === 0) return sequence === nxt || isInside(sequence);
  return isInside(sequence) || isInside(sequence + length - 1);
}
