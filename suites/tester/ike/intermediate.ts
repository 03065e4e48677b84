import { encodePayloads } from '../../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { IdPayload, Payload, TransformSubstructure } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, PayloadType, TransformType } from '../../../engine/wire/ike/registry.ts';
import { require } from '../judgement.ts';
import { idBody } from './identity.ts';
import { authPayloads, CALL, type Opening, openCall } from './initiate.ts';
import { keyExchange } from './key-exchange.ts';
import { prf, pskAuth, rekeyedKeys, signedOctets } from './key-schedule.ts';
import { notify, payloadOf } from './payloads.ts';
import type { Alteration, Heard, TesterPeer } from './peer.ts';
import type { IkePlan } from './plans.ts';
import { answerInit, type Answering, letAliceCall } from './respond.ts';
import { plain } from './suite.ts';

/** IKE_INTERMEDIATE, RFC 9242, and the key exchanges in it, RFC 9370, as the tester plays them. */

export const INTERMEDIATE = notify(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED);

/** Alice with additional key exchanges: of each in turn, the methods that she takes. */
export const hybrid = (...additional: readonly (readonly string[])[]): IkePlan => ({
  connection: {
    proposals: [
      {
        encryption: ['aes256gcm16'],
        integrity: [],
        prf: ['prfsha256'],
        keyExchange: ['x25519'],
        additionalKeyExchanges: additional,
      },
    ],
  },
});

/** Of each additional key exchange in turn, by token; `none` is Transform ID 0. */
export function additionalTransforms(additional: readonly (readonly string[])[]): TransformSubstructure[] {
  return additional.flatMap((methods, i) =>
    methods.map(method => plain(TransformType.ADDKE1 + i, method === 'none' ? 0 : keyExchange(method).group)),
  );
}

/** IKE_SA_INIT that offers, or chooses, these as well. */
export const withAdditional = (...additional: readonly (readonly string[])[]): Alteration => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: [
      ...message.payloads.map(it =>
        it.type === 'SA'
          ? {
              ...it,
              proposals: it.proposals.map(one => ({
                ...one,
                transforms: [...one.transforms, ...additionalTransforms(additional)],
              })),
            }
          : it,
      ),
      INTERMEDIATE,
    ],
  }),
});

/** What IKE_AUTH is computed over besides, RFC 9242 §3.3.2. */
export interface IntAuth {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

export const NO_INT_AUTH: IntAuth = { initiator: new Uint8Array(0), responder: new Uint8Array(0) };

/** The first exchange with additional key exchanges; the peer called. */
export async function openHybrid(peer: TesterPeer, ...additional: readonly (readonly string[])[]): Promise<Opening> {
  return openCall(peer, withAdditional(...additional));
}

type Nonces = Pick<Opening, 'nonceR' | 'nonceI'>;

export interface Intermediate {
  readonly answer: Heard | null;
  readonly intAuth: IntAuth;
}

/** One IKE_INTERMEDIATE of the peer's; `method`: with a key exchange, after which the keys are others. */
export async function askIntermediate(
  peer: TesterPeer,
  nonces: Nonces,
  before: IntAuth,
  method: string | null,
  alteration: Alteration = {},
): Promise<Intermediate> {
  const begun = method === null ? null : keyExchange(method).begin(peer.draw(64));
  const group = method === null ? 0 : keyExchange(method).group;
  const right: Payload[] = begun === null ? [] : [{ type: 'KE', group, data: begun.data }];
  const header = peer.header(ExchangeType.IKE_INTERMEDIATE, peer.nextRequest, false);
  peer.nextRequest += 1;
  const message = alteration.message?.({ ...header, payloads: right }) ?? { ...header, payloads: right };
  const octets = peer.encode(message, { ...alteration, message: it => it });
  const answer = await peer.askAgain(octets);
  if (answer?.opened.kind !== 'opened') return { answer, intAuth: before };
  const intAuth = followed(peer, before, [octets[0] ?? NONE, message.payloads], [answer.octets, answer.payloads]);
  const ke = payloadOf(answer.payloads, 'KE');
  if (begun !== null && ke !== null) freshen(peer, nonces, begun.finish(ke.data));
  return { answer, intAuth };
}

/** The keys after an additional key exchange, RFC 9370 §2.2.2. */
function freshen(peer: TesterPeer, { nonceI, nonceR }: Nonces, shared: Uint8Array): void {
  const { keys, suite, initiatorSpi, responderSpi } = peer;
  if (keys === null) throw new Error('an additional key exchange before the first');
  peer.keys = rekeyedKeys(suite, suite.prf, keys.d, { nonceI, nonceR, shared, initiatorSpi, responderSpi });
}

type Side = readonly [octets: Uint8Array, payloads: readonly Payload[]];

function followed(peer: TesterPeer, before: IntAuth, request: Side, response: Side): IntAuth {
  const { keys, suite } = peer;
  if (keys === null) throw new Error('IKE_INTERMEDIATE before there are keys');
  const mac = (skP: Uint8Array, last: Uint8Array, side: Side) =>
    prf(suite.prf, skP, Buffer.concat([last, authenticated(...side)]));
  return {
    initiator: mac(keys.pi, before.initiator, request),
    responder: mac(keys.pr, before.responder, response),
  };
}

/** IntAuth_A and IntAuth_P: the message as if it were whole, and had no IV, padding and ICV. */
function authenticated(octets: Uint8Array, payloads: readonly Payload[]): Uint8Array {
  const inner = encodePayloads(payloads);
  const a = Buffer.alloc(32);
  a.set(octets.subarray(0, 28));
  a[16] = PayloadType.SK;
  a.writeUInt32BE(32 + inner.octets.length, 24);
  a[28] = inner.first;
  a.writeUInt16BE(4 + inner.octets.length, 30);
  return Buffer.concat([a, inner.octets]);
}

/** IntAuth_iN | IntAuth_rN | IKE_AUTH_MID; nothing where there was no such exchange. */
export function intAuthOctets({ initiator, responder }: IntAuth, authMessageId: number): Uint8Array {
  if (initiator.length === 0) return NONE;
  const messageId = Buffer.alloc(4);
  messageId.writeUInt32BE(authMessageId);
  return Buffer.concat([initiator, responder, messageId]);
}

/** IKE_AUTH of the peer's; `tail`: what AUTH is over behind all else. */
export function hybridAuthPayloads(peer: TesterPeer, opening: Opening, tail: Uint8Array): Payload[] {
  const payloads = authPayloads(peer, opening);
  const id = payloadOf(payloads, 'IDi');
  const data = macOver(peer, id, { message: opening.octets, nonce: opening.nonceR, skP: skOf(peer).pi }, tail);
  return payloads.map(it => (it.type === 'AUTH' ? { ...it, data } : it));
}

/** Whether AUTH in alice's answer is over all of it. */
export function responderIsAuthentic(peer: TesterPeer, opening: Opening, answer: Heard, tail: Uint8Array): boolean {
  const id = payloadOf(answer.payloads, 'IDr');
  const parts = { message: opening.response.octets, nonce: opening.nonceI, skP: skOf(peer).pr };
  return isSame(payloadOf(answer.payloads, 'AUTH')?.data, macOver(peer, id, parts, tail));
}

/** The same of her request. */
export function initiatorIsAuthentic(peer: TesterPeer, state: Answering, request: Heard, tail: Uint8Array): boolean {
  const id = payloadOf(request.payloads, 'IDi');
  const parts = { message: state.request.octets, nonce: state.nonceR, skP: skOf(peer).pi };
  return isSame(payloadOf(request.payloads, 'AUTH')?.data, macOver(peer, id, parts, tail));
}

function macOver(
  peer: TesterPeer,
  id: IdPayload | null,
  parts: { readonly message: Uint8Array; readonly nonce: Uint8Array; readonly skP: Uint8Array },
  tail: Uint8Array,
): Uint8Array {
  const body = id === null ? NONE : idBody(id);
  const octets = Buffer.concat([signedOctets(peer.suite.prf, { ...parts, idBody: body }), tail]);
  return pskAuth(peer.suite.prf, Buffer.from(CALL.psk, 'latin1'), octets);
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.from(a).equals(b);

function skOf({ keys }: TesterPeer) {
  if (keys === null) throw new Error('AUTH before there are keys');
  return keys;
}

/** Alice calls, and the peer chooses these. */
export async function answerHybrid(peer: TesterPeer, ...chosen: readonly string[]): Promise<Answering> {
  return answerInit(peer, await letAliceCall(peer), withAdditional(...chosen.map(method => [method])));
}

/** Alice's next request of that exchange that can be read. */
export function requestOf(peer: TesterPeer, exchange: number, after = 0): Promise<Heard> {
  const isIt = ({ ike, opened }: Heard) =>
    ike?.exchangeType === exchange && !ike.isResponse && opened.kind === 'opened';
  return peer.expect(`request of exchange ${exchange}`, isIt, after);
}

/** Answers IKE_INTERMEDIATE of alice's with that method; the keys are others after it. */
export async function answerIntermediate(
  peer: TesterPeer,
  state: Answering,
  request: Heard,
  before: IntAuth,
  method: string,
): Promise<IntAuth> {
  const ke = require(payloadOf(request.payloads, 'KE'), 'alice sends no KE');
  const { data, shared } = keyExchange(method).respond(ke.data, peer.draw(64));
  const payloads: Payload[] = [{ type: 'KE', group: keyExchange(method).group, data }];
  const [octets] = await peer.answer(request, payloads);
  const intAuth = followed(peer, before, [request.octets, request.payloads], [octets ?? NONE, payloads]);
  freshen(peer, state, shared);
  return intAuth;
}

const NONE = new Uint8Array(0);
