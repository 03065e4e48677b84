/**
 * TCP sequence numbers are 32 bits and wrap (RFC 9293 §3.4). Inside, this stack counts on: a sequence number is a safe integer
 * that never wraps, equal to the one on the wire modulo 2^32, so that `<` means what it says.
 */
export type Sequence = number;

/** The sequence number nearest to `near` that is `wire` modulo 2^32. */
export function unwrap(wire: number, near: Sequence): Sequence {
  return near + ((wire - near) | 0);
}

/** What goes on the wire. */
export function wrap(sequence: Sequence): number {
  return sequence % 0x1_0000_0000;
}
