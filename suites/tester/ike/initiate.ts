import { encodeIkeMessage } from '../../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { IdPayload, Payload, TrafficSelector } from '../../../engine/wire/ike/payload.ts';
import { AuthMethod, ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { Inconclusive, require } from '../judgement.ts';
import type { TesterSa } from '../sa.ts';
import { espTransform } from '../crypto/esp-transform.ts';
import { fqdn, idBody } from './identity.ts';
import { childKeys, ikeKeys, pskAuth, signedOctets } from './key-schedule.ts';
import { errorsIn, natDetections, payloadOf, selector, selectors } from './payloads.ts';
import type { Alteration, Heard, TesterPeer } from './peer.ts';
import { espProposal, ikeProposal } from './suite.ts';

/** The peer calls: what it says of itself and asks for. */
export interface CallTraits {
  readonly identity: string;
  readonly psk: string;
  readonly childSuite: string;
  /** Of the child's inbound SA at the peer. */
  readonly childSpi: number;
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
}

export const CALL: CallTraits = {
  identity: 'bob.lab',
  psk: 'a secret of the bench',
  childSuite: 'aes256gcm16',
  childSpi: 0xc0ff_ee01,
  tsi: [selector('10.0.1.0-10.0.1.255')],
  tsr: [selector('10.0.0.0-10.0.0.255')],
};

/** IKE_SA_INIT as it was sent, and what came of it. */
export interface Attempt {
  readonly request: IkeMessage;
  /** As it was sent: AUTH is over it. */
  readonly octets: Uint8Array;
  /** Of the key exchange. */
  readonly secret: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly response: Heard | null;
}

/** The first exchange when alice has accepted. */
export interface Opening extends Attempt {
  readonly response: Heard;
  readonly nonceR: Uint8Array;
}

/** A pair of SAs that was negotiated: `inbound` is alice's. */
export interface TesterChild {
  readonly inbound: TesterSa;
  readonly outbound: TesterSa;
}

/** `HDR, SAi1, KEi, Ni, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)`. */
export function initRequest(peer: TesterPeer, secret: Uint8Array, nonceI: Uint8Array): IkeMessage {
  const { traits, suite, aliceAddress } = peer;
  return {
    ...peer.header(ExchangeType.IKE_SA_INIT, 0, false),
    payloads: [
      { type: 'SA', proposals: [ikeProposal(suite)] },
      { type: 'KE', group: suite.exchange.group, data: suite.exchange.begin(secret).data },
      { type: 'NONCE', data: nonceI },
      ...natDetections(peer, [traits.address, peer.port], [aliceAddress, peer.port]),
    ],
  };
}

/** Sends IKE_SA_INIT. The peer is as before until `accepted`. */
export async function attempt(peer: TesterPeer, alteration: Alteration = {}): Promise<Attempt> {
  const [secret, nonce] = [peer.draw(64), peer.draw(32)];
  const right = initRequest(peer, secret, nonce);
  return again(peer, { request: right, octets: NONE, secret, nonceI: nonce, response: null }, alteration);
}

/** The same once more, altered: with a cookie, or another group. */
export async function again(peer: TesterPeer, before: Attempt, alteration: Alteration = {}): Promise<Attempt> {
  const request = alteration.message?.(before.request) ?? before.request;
  const octets = alteration.octets?.(encodeIkeMessage(request)) ?? encodeIkeMessage(request);
  const response = await peer.askAgain([octets]);
  const nonceI = payloadOf(request.payloads, 'NONCE')?.data ?? before.nonceI;
  return { request, octets, secret: before.secret, nonceI, response };
}

/** Whether alice goes on with it. */
export function isAccepted(response: Heard | null): response is Heard {
  return (
    response !== null && payloadOf(response.payloads, 'SA') !== null && payloadOf(response.payloads, 'KE') !== null
  );
}

/** The peer has the keys after it. Inconclusive where alice has not accepted. */
export function accepted(peer: TesterPeer, { response, ...sent }: Attempt): Opening {
  const heard = require(response, 'alice did not answer IKE_SA_INIT');
  const [ke, nonce] = [payloadOf(heard.payloads, 'KE'), payloadOf(heard.payloads, 'NONCE')];
  if (heard.ike === null || ke === null || nonce === null) {
    const why = errorsIn(heard.payloads).map(({ notifyType }) => notifyType);
    throw new Inconclusive(`alice refused IKE_SA_INIT: ${why.join() || 'no KE and nonce'}`);
  }
  peer.responderSpi = heard.ike.responderSpi;
  peer.nextRequest = 1;
  const shared = peer.suite.exchange.begin(sent.secret).finish(ke.data);
  const { initiatorSpi, responderSpi } = peer;
  peer.keys = ikeKeys(peer.suite, { nonceI: sent.nonceI, nonceR: nonce.data, shared, initiatorSpi, responderSpi });
  return { ...sent, response: heard, nonceR: nonce.data };
}

/** IKE_SA_INIT as the initiator; Inconclusive unless alice accepts. */
export async function openCall(peer: TesterPeer, alteration: Alteration = {}): Promise<Opening> {
  return accepted(peer, await attempt(peer, alteration));
}

/** What IKE_AUTH says, all of it right: `IDi, AUTH, SAi2, TSi, TSr`. */
export function authPayloads(peer: TesterPeer, opening: Opening, call: CallTraits = CALL): Payload[] {
  const id = fqdn('IDi', call.identity);
  return [
    id,
    { type: 'AUTH', method: AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE, data: authData(peer, opening, id, call.psk) },
    { type: 'SA', proposals: [espProposal(call.childSuite, spiOctets(call.childSpi))] },
    selectors('TSi', ...call.tsi),
    selectors('TSr', ...call.tsr),
  ];
}

/** AUTH of the initiator with a shared key, RFC 7296 §2.15. */
export function authData(peer: TesterPeer, opening: Opening, id: IdPayload, psk: string): Uint8Array {
  const { keys, suite } = peer;
  if (keys === null) throw new Error('AUTH before there are keys');
  const parts = { message: opening.octets, nonce: opening.nonceR, skP: keys.pi, idBody: idBody(id) };
  return pskAuth(suite.prf, Buffer.from(psk, 'latin1'), signedOctets(suite.prf, parts));
}

/** Whether alice's AUTH is that of who knows the shared key. */
export function aliceIsAuthentic(peer: TesterPeer, opening: Opening, response: Heard, psk: string): boolean {
  const { keys, suite } = peer;
  const [id, auth] = [payloadOf(response.payloads, 'IDr'), payloadOf(response.payloads, 'AUTH')];
  if (keys === null || id === null || auth === null) return false;
  const message = opening.response.octets;
  const parts = { message, nonce: opening.nonceI, skP: keys.pr, idBody: idBody(id) };
  const expected = pskAuth(suite.prf, Buffer.from(psk, 'latin1'), signedOctets(suite.prf, parts));
  return Buffer.from(auth.data).equals(expected);
}

/** An IKE SA and a child that stand. */
export interface Call extends Opening {
  readonly authResponse: Heard;
  readonly child: TesterChild;
}

/** Both exchanges; Inconclusive unless alice accepts all of it. */
export async function call(peer: TesterPeer, traits: Partial<CallTraits> = {}): Promise<Call> {
  const all = { ...CALL, ...traits };
  const opening = await openCall(peer);
  const order = { exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening, all) };
  const authResponse = require(await peer.ask(order), 'alice did not answer IKE_AUTH');
  const sa = payloadOf(authResponse.payloads, 'SA');
  if (sa === null) {
    const why = errorsIn(authResponse.payloads).map(({ notifyType }) => notifyType);
    throw new Inconclusive(`alice refused IKE_AUTH: ${why.join() || authResponse.opened.kind}`);
  }
  if (!aliceIsAuthentic(peer, opening, authResponse, all.psk)) throw new Inconclusive('AUTH of alice is wrong');
  const spi = Buffer.from(sa.proposals[0]?.spi ?? new Uint8Array(4)).readUInt32BE(0);
  const child = childOf(peer, { suite: all.childSuite, aliceSpi: spi, peerSpi: all.childSpi, isByPeer: true }, [
    opening.nonceI,
    opening.nonceR,
  ]);
  return { ...opening, authResponse, child };
}

export interface ChildOrder {
  readonly suite: string;
  readonly aliceSpi: number;
  readonly peerSpi: number;
  /** Whether the peer began the exchange that made it. */
  readonly isByPeer: boolean;
  readonly mode?: 'tunnel' | 'transport';
  readonly esn?: boolean;
}

/** Both SAs of a child, with keys by §2.17. */
export function childOf(
  peer: TesterPeer,
  { suite, aliceSpi, peerSpi, isByPeer, mode = 'tunnel', esn = false }: ChildOrder,
  nonces: readonly [Uint8Array, Uint8Array],
  shared?: Uint8Array,
): TesterChild {
  const transform = espTransform(suite);
  if (transform === null || peer.keys === null) throw new Error(`no child with ${suite}`);
  const { cipher, integrity } = transform;
  const lengths = { encryption: cipher.keyOctets + cipher.saltOctets, integrity: integrity?.keyOctets ?? 0 };
  const keys = childKeys(peer.suite, peer.keys.d, lengths, nonces, shared);
  const byInitiator = { encryptionKey: keys.encryptionI, integrityKey: keys.integrityI };
  const byResponder = { encryptionKey: keys.encryptionR, integrityKey: keys.integrityR };
  const common = { protocol: 'esp', mode, suite, esn } as const;
  const [peerKeys, aliceKeys] = isByPeer ? [byInitiator, byResponder] : [byResponder, byInitiator];
  const ends = { source: peer.traits.address, destination: peer.aliceAddress };
  return {
    inbound: { ...common, ...ends, spi: aliceSpi, ...peerKeys },
    outbound: { ...common, source: ends.destination, destination: ends.source, spi: peerSpi, ...aliceKeys },
  };
}

/** Big-endian. */
export function spiOctets(spi: number): Uint8Array {
  return Uint8Array.of(spi >>> 24, spi >>> 16, spi >>> 8, spi);
}

const NONE = new Uint8Array(0);
