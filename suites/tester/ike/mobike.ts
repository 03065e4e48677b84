import type { NotifyPayload, Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../../engine/wire/ike/registry.ts';
import { addressOf } from '../ip.ts';
import { require } from '../judgement.ts';
import { letAlice } from './create-child.ts';
import { authPayloads, type Call, CALL, childOf, openCall } from './initiate.ts';
import { ikePacket } from './ike-on-bench.ts';
import { natDetections, notifies, notify, payloadOf } from './payloads.ts';
import { type Heard, TesterPeer } from './peer.ts';
import { answerInit, type Answered, authAnswer, authRequest, letAliceCall } from './respond.ts';

/** MOBIKE, RFC 4555, as the tester plays it. */

export const SUPPORTED = notify(NotifyType.MOBIKE_SUPPORTED);
export const UPDATE = notify(NotifyType.UPDATE_SA_ADDRESSES);

/** Where else the peer may be. */
export const ELSEWHERE = '5.6.7.77';

export const additional = (address: string): NotifyPayload =>
  notify(
    address.includes(':') ? NotifyType.ADDITIONAL_IP6_ADDRESS : NotifyType.ADDITIONAL_IP4_ADDRESS,
    addressOf(address),
  );

/** The peer calls, on port 4500 from IKE_AUTH on; with these payloads behind all else there. */
export async function mobileCall(peer: TesterPeer, ...more: readonly Payload[]): Promise<Call> {
  const opening = await openCall(peer);
  peer.float();
  const payloads = [...authPayloads(peer, opening), ...more];
  const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
  const authResponse = require(answer, 'alice did not answer IKE_AUTH');
  const sa = require(payloadOf(authResponse.payloads, 'SA'), 'alice refused IKE_AUTH');
  const spi = Buffer.from(sa.proposals[0]?.spi ?? new Uint8Array(4)).readUInt32BE(0);
  const order = { suite: CALL.childSuite, aliceSpi: spi, peerSpi: CALL.childSpi, isByPeer: true };
  const child = childOf(peer, order, [opening.nonceI, opening.nonceR]);
  return { ...opening, authResponse, child };
}

/** Alice calls; with these payloads behind all else in the answer to IKE_AUTH. */
export async function mobileAnswer(peer: TesterPeer, ...more: readonly Payload[]): Promise<Answered> {
  const state = await answerInit(peer, await letAliceCall(peer));
  const request = await authRequest(peer);
  peer.port = request.from;
  await peer.answer(request, [...authAnswer(peer, state, request), ...more]);
  const offered = payloadOf(request.payloads, 'SA')?.proposals[0]?.spi ?? new Uint8Array(4);
  const aliceSpi = Buffer.from(offered).readUInt32BE(0);
  const order = { suite: CALL.childSuite, aliceSpi, peerSpi: CALL.childSpi, isByPeer: false };
  return { ...state, authRequest: request, child: childOf(peer, order, [state.nonceI, state.nonceR]) };
}

/** The same peer, at another address: it hears what alice sends there. Of the two one asks at a time. */
export function movedTo(peer: TesterPeer, address: string): TesterPeer {
  const moved = new TesterPeer(peer.bench, { ...peer.traits, address, label: `${peer.traits.label} at ${address}` });
  moved.suite = peer.suite;
  moved.initiatorSpi = peer.initiatorSpi;
  moved.responderSpi = peer.responderSpi;
  moved.isInitiator = peer.isInitiator;
  moved.keys = peer.keys;
  moved.nextRequest = peer.nextRequest;
  moved.port = peer.port;
  moved.natPort = peer.natPort;
  return moved;
}

/** NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP of somebody behind no NAT. */
export const noNat = (peer: TesterPeer): NotifyPayload[] =>
  natDetections(peer, [peer.traits.address, peer.port], [peer.aliceAddress, peer.port]);

/** UPDATE_SA_ADDRESSES and these; alice's answer. */
export function update(peer: TesterPeer, ...more: readonly Payload[]): Promise<Heard | null> {
  return peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [UPDATE, ...noNat(peer), ...more] });
}

const isReturnCheck = ({ ike, payloads, opened }: Heard): boolean =>
  ike?.isResponse === false && opened.kind === 'opened' && notifies(payloads, NotifyType.COOKIE2).length > 0;

/** Alice's request to whoever says to be here, to show that it is, §3.7; null: she sends none. */
export async function returnCheck(peer: TesterPeer): Promise<Heard | null> {
  return peer.expect('COOKIE2', isReturnCheck).catch(() => null);
}

/** Alice is at another address; what she asks of that, and what the peer answers there. */
export async function moveAlice(peer: TesterPeer, address: string): Promise<Heard> {
  const move = {
    kind: 'move',
    node: 'alice',
    interface: 'net0',
    addresses: [`${address}/24`],
    gateway: '1.2.3.1',
  } as const;
  const told = () => peer.bench.lab.fault(move);
  return letAlice(peer, told, ExchangeType.INFORMATIONAL, 'UPDATE_SA_ADDRESSES');
}

/** Answers a request to where alice is now. */
export async function answerAt(
  peer: TesterPeer,
  address: string,
  request: Heard,
  payloads: readonly Payload[],
): Promise<void> {
  const { ike } = request;
  if (ike === null) throw new Error('an answer to what is no message');
  const octets = peer.encode({ ...peer.header(ike.exchangeType, ike.messageId, true), payloads });
  const path = { source: peer.traits.address, destination: address, from: peer.port, to: request.from };
  await peer.bench.fromOutside(octets.map(one => ikePacket(one, path)));
}
