import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { u32 } from './key-schedule.ts';
import { cookiePair, EXCHANGE, NOTIFY, notifies, notify } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration, V1Order } from './peer.ts';

/** Informational, RFC 2409 §5.7: one message, which nobody answers; and what is made of it by RFC 3706. */

/** `HDR*, HASH(1), N/D`. */
export function informationalOrder(
  peer: TesterV1Peer,
  payloads: readonly IsakmpPayload[],
  messageId = peer.newMessageId(),
): V1Order {
  const { sa } = peer;
  const hash = (rest: Uint8Array) => sa.hash1(messageId, rest);
  return { exchange: EXCHANGE.informational, messageId, payloads, isSealed: true, hash };
}

/** Sends one; gives its octets, to send them again. */
export function inform(
  peer: TesterV1Peer,
  payloads: readonly IsakmpPayload[],
  alteration: V1Alteration = {},
): Promise<Uint8Array> {
  return peer.send(informationalOrder(peer, payloads), alteration);
}

/** Sends one, and gives what alice says after it by Informational, or null. */
export async function informAsking(
  peer: TesterV1Peer,
  payloads: readonly IsakmpPayload[],
  alteration: V1Alteration = {},
): Promise<HeardV1 | null> {
  const octets = peer.encode(informationalOrder(peer, payloads), alteration);
  return peer.askAgain(octets, ({ message }) => message?.exchangeType === EXCHANGE.informational);
}

/** R-U-THERE of that number. */
export const areYouThere = (peer: TesterV1Peer, sequence: number) =>
  notify(NOTIFY.areYouThere, u32(sequence), { spi: cookiePair(peer.sa) });

/** The acknowledgement of that number. */
export const iAmThere = (peer: TesterV1Peer, sequence: number) =>
  notify(NOTIFY.areYouThereAck, u32(sequence), { spi: cookiePair(peer.sa) });

/** The number that alice's acknowledgement has; null: it is none. */
export function acknowledged(heard: HeardV1 | null): number | null {
  const [found] = notifies(heard?.payloads ?? [], NOTIFY.areYouThereAck);
  return found === undefined || found.data.length !== 4 ? null : Buffer.from(found.data).readUInt32BE(0);
}
