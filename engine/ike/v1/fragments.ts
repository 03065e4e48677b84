import type { IsakmpHeader } from '../../wire/isakmp/message.ts';
import { encodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import type { IsakmpFragmentPayload } from '../../wire/isakmp/payload.ts';

/**
 * Pieces of one message of the peer, payload 132 ([MS-IKEE] §2.2.3.1): nothing in them is authentic before the message is whole. So
 * there is one such message at a time, of no more octets than a message may have.
 */
export interface FragmentSet {
  /** All pieces of a message have the same. */
  readonly fragmentId: number;
  /** By number, from 1 on. */
  readonly pieces: ReadonlyMap<number, Uint8Array>;
  /** The number of the last; null: it has not come. */
  readonly last: number | null;
  readonly octets: number;
}

export type Collected =
  | { readonly kind: 'whole'; readonly message: Uint8Array }
  | { readonly kind: 'more'; readonly set: FragmentSet }
  /** A duplicate, or one that cannot be. */
  | { readonly kind: 'old' }
  | { readonly kind: 'tooBig' };

/** Octets of header, generic header and fragment header before a piece. */
const OVERHEAD_OCTETS = 28 + 4 + 4;
const PIECES_MAX = 255;

/** Adds a piece. One of another message begins anew: the peer has given the other up, or sent it again cut differently. */
export function collect(set: FragmentSet | null, piece: IsakmpFragmentPayload, octetsMax: number): Collected {
  const { fragmentId, number, isLast, data } = piece;
  const current = set?.fragmentId === fragmentId ? set : { fragmentId, pieces: new Map(), last: null, octets: 0 };
  const isBehindLast = current.last !== null && number > current.last;
  if (current.pieces.has(number) || isBehindLast || (isLast && current.last !== null)) return { kind: 'old' };
  const octets = current.octets + data.length;
  if (octets > octetsMax) return { kind: 'tooBig' };
  const pieces = new Map(current.pieces).set(number, Uint8Array.from(data));
  const last = isLast ? number : current.last;
  if (last === null || pieces.size < last) return { kind: 'more', set: { fragmentId, pieces, last, octets } };
  const inOrder = [...pieces].sort(([a], [b]) => a - b).map(([, one]) => one);
  return { kind: 'whole', message: Buffer.concat(inOrder) };
}

/** A message cut into datagrams of no more than `octetsMax`: each has the same header, in the clear. Whole where it fits. */
export function cut(message: Uint8Array, header: IsakmpHeader, fragmentId: number, octetsMax: number): Uint8Array[] {
  if (message.length <= octetsMax) return [message];
  const room = Math.max(octetsMax - OVERHEAD_OCTETS, Math.ceil(message.length / PIECES_MAX));
  const count = Math.ceil(message.length / room);
  return Array.from({ length: count }, (_, i) => {
    const data = message.subarray(i * room, (i + 1) * room);
    const piece: IsakmpFragmentPayload = { type: 'FRAG', fragmentId, number: i + 1, isLast: i === count - 1, data };
    return encodeIsakmpMessage({ ...header, isEncrypted: false, isCommit: false, payloads: [piece], body: null });
  });
}
