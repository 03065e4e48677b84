import type { IsakmpAttribute, IsakmpAttributePayload } from '../../../engine/wire/isakmp/payload.ts';
import { EXCHANGE, payloadOf } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration, V1Order } from './peer.ts';

/** The Transaction exchange as either end, draft-dukes-ike-mode-cfg-02 §3, and what XAuth has in it. */

/** §3.3. */
export const CFG = { request: 1, reply: 2, set: 3, ack: 4 } as const;

/** §3.4. */
export const CONFIG = { address: 1, netmask: 2, dns: 3, version: 7, subnet: 13 } as const;

/** draft-beaulieu-ike-xauth-02 §6.2. */
export const XAUTH = { type: 16_520, user: 16_521, password: 16_522, message: 16_524, status: 16_527 } as const;
export const STATUS = { fail: 0, ok: 1 } as const;

const NOTHING = new Uint8Array(0);

/** A number is of the short form; a text is octets. */
export function attribute(type: number, value: number | string | Uint8Array = NOTHING): IsakmpAttribute {
  return { type, value: typeof value === 'string' ? Uint8Array.from(Buffer.from(value, 'utf8')) : value };
}

export const attributePayload = (
  cfgType: number,
  identifier: number,
  ...attributes: readonly IsakmpAttribute[]
): IsakmpAttributePayload => ({ type: 'ATTR', cfgType, identifier, attributes });

/** What the payload says of it, as octets; null: it does not name it. */
export function octetsOf(payload: IsakmpAttributePayload, type: number): Uint8Array | null {
  const found = payload.attributes.find(it => it.type === type);
  if (found === undefined) return null;
  return typeof found.value === 'number' ? Uint8Array.of(found.value >> 8, found.value) : found.value;
}

/** The same as a number; null: it is not there, or empty. */
export function numberOf(payload: IsakmpAttributePayload, type: number): number | null {
  const octets = octetsOf(payload, type);
  return octets === null || octets.length === 0 ? null : Number.parseInt(Buffer.from(octets).toString('hex'), 16);
}

/** Its one payload, if it is of that type. */
export function contentOf(heard: HeardV1 | null, cfgType: number): IsakmpAttributePayload | null {
  const found = heard?.message?.exchangeType === EXCHANGE.transaction ? payloadOf(heard.payloads, 'ATTR') : null;
  return found?.cfgType === cfgType ? found : null;
}

/** `HDR*, HASH, ATTR`. */
function order(peer: TesterV1Peer, payload: IsakmpAttributePayload, messageId: number): V1Order {
  const { sa } = peer;
  const hash = (rest: Uint8Array) => sa.hash1(messageId, rest);
  return { exchange: EXCHANGE.transaction, messageId, payloads: [payload], isSealed: true, hash };
}

/** What alice says to it by the same exchange, or by Informational. */
export interface TransactionAsked {
  readonly octets: Uint8Array;
  readonly response: HeardV1 | null;
}

/** The peer begins a Transaction. */
export async function askTransaction(
  peer: TesterV1Peer,
  payload: IsakmpAttributePayload,
  alteration: V1Alteration = {},
): Promise<TransactionAsked> {
  const messageId = peer.newMessageId();
  const octets = peer.encode(order(peer, payload, messageId), alteration);
  const isAnswer = ({ message }: HeardV1) =>
    message?.exchangeType === EXCHANGE.transaction && message.messageId === messageId >>> 0;
  return { octets, response: await peer.askAgain(octets, isAnswer) };
}

/** The peer answers one of alice's; what she says next in whatever exchange is no answer to it. */
export function answerTransaction(
  peer: TesterV1Peer,
  request: HeardV1,
  payload: IsakmpAttributePayload,
  alteration: V1Alteration = {},
): Promise<Uint8Array> {
  return peer.send(order(peer, payload, request.message?.messageId ?? 0), alteration);
}

/** Alice's next Transaction of that type that is not among `seen`; Inconclusive when it does not come. */
export function expectTransaction(
  peer: TesterV1Peer,
  what: string,
  cfgType: number,
  seen: readonly HeardV1[] = [],
): Promise<HeardV1> {
  const known = new Set(seen.map(({ message }) => message?.messageId));
  const isNew = (heard: HeardV1) => !known.has(heard.message?.messageId);
  return peer.expect(what, heard => isNew(heard) && contentOf(heard, cfgType) !== null);
}

/** All of alice's Transactions of that type that could be read. */
export const transactions = (peer: TesterV1Peer, cfgType: number): readonly HeardV1[] =>
  peer.said(EXCHANGE.transaction).filter(heard => contentOf(heard, cfgType) !== null);
