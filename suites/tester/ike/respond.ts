import { AuthMethod, ExchangeType, TransformType } from '../../../engine/wire/ike/registry.ts';
import type { Payload, ProposalSubstructure } from '../../../engine/wire/ike/payload.ts';
import { Inconclusive, require } from '../judgement.ts';
import { fqdn, idBody } from './identity.ts';
import { CALL, type CallTraits, childOf, spiOctets, type TesterChild } from './initiate.ts';
import { ikeKeys, pskAuth, signedOctets } from './key-schedule.ts';
import { natDetections, payloadOf, selectors } from './payloads.ts';
import type { Alteration, Heard, TesterPeer } from './peer.ts';
import { espProposal, ikeProposal } from './suite.ts';

/** Alice calls: a packet from the host behind her asks for the SA. Gives her IKE_SA_INIT request. */
export async function letAliceCall(peer: TesterPeer): Promise<Heard> {
  const after = peer.heard().length;
  peer.isInitiator = false;
  await peer.bench.wake();
  return peer.expect('IKE_SA_INIT request', isInitRequest, after);
}

const isInitRequest = ({ ike }: Heard): boolean => ike?.exchangeType === ExchangeType.IKE_SA_INIT && !ike.isResponse;

/** The first exchange as the responder has it. */
export interface Answering {
  readonly request: Heard;
  /** Of the response. */
  readonly octets: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

/** `HDR, SAr1, KEr, Nr`; Inconclusive unless alice offers the peer's suite. The peer has the keys after it. */
export async function answerInit(peer: TesterPeer, request: Heard, alteration: Alteration = {}): Promise<Answering> {
  const { payloads, ike } = request;
  const ke = require(payloadOf(payloads, 'KE'), 'alice sent no KE');
  const nonce = require(payloadOf(payloads, 'NONCE'), 'alice sent no nonce');
  const offered = require(payloadOf(payloads, 'SA'), 'alice sent no SA');
  const { suite } = peer;
  if (ke.group !== suite.exchange.group) throw new Inconclusive(`alice sent KE of group ${ke.group}`);
  const proposal = require(offered.proposals.find(each =>
    suite.transforms.every(wanted => offers(each, wanted)),
  ), 'alice does not offer the suite');
  peer.initiatorSpi = require(ike, 'no message').initiatorSpi;
  peer.responderSpi = peer.newSpi();
  const [{ data, shared }, nonceR] = [suite.exchange.respond(ke.data, peer.draw(64)), peer.draw(32)];
  const right: Payload[] = [
    { type: 'SA', proposals: [{ ...ikeProposal(suite), number: proposal.number }] },
    { type: 'KE', group: suite.exchange.group, data },
    { type: 'NONCE', data: nonceR },
    ...natDetections(peer, [peer.traits.address, peer.port], [peer.aliceAddress, peer.port]),
  ];
  const [octets] = await peer.answer(request, right, alteration);
  const sources = { nonceI: nonce.data, nonceR, shared };
  peer.keys = ikeKeys(suite, { ...sources, initiatorSpi: peer.initiatorSpi, responderSpi: peer.responderSpi });
  return { request, octets: octets ?? new Uint8Array(0), nonceI: nonce.data, nonceR };
}

/** Whether a proposal has that transform among its choices. */
const offers = (proposal: ProposalSubstructure, wanted: ProposalSubstructure['transforms'][number]): boolean =>
  proposal.transforms.some(
    ({ type, id, keyBits }) => type === wanted.type && id === wanted.id && keyBits === wanted.keyBits,
  );

/** Alice's IKE_AUTH request, which answers the first exchange. */
export function authRequest(peer: TesterPeer): Promise<Heard> {
  return peer.expect('IKE_AUTH request', isAuthRequest);
}

const isAuthRequest = ({ ike, opened }: Heard): boolean =>
  ike?.exchangeType === ExchangeType.IKE_AUTH && !ike.isResponse && opened.kind === 'opened';

/** `IDr, AUTH, SAr2, TSi, TSr`, all of it right: her selectors are taken as they are. */
export function authAnswer(peer: TesterPeer, state: Answering, request: Heard, traits: CallTraits = CALL): Payload[] {
  const { keys, suite } = peer;
  if (keys === null) throw new Error('AUTH before there are keys');
  const id = fqdn('IDr', traits.identity);
  const parts = { message: state.octets, nonce: state.nonceI, skP: keys.pr, idBody: idBody(id) };
  const data = pskAuth(suite.prf, Buffer.from(traits.psk, 'latin1'), signedOctets(suite.prf, parts));
  const [tsi, tsr] = [payloadOf(request.payloads, 'TSi'), payloadOf(request.payloads, 'TSr')];
  const number = childProposal(request, traits.childSuite).number;
  return [
    id,
    { type: 'AUTH', method: AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE, data },
    { type: 'SA', proposals: [{ ...espProposal(traits.childSuite, spiOctets(traits.childSpi)), number }] },
    selectors('TSi', ...(tsi?.selectors ?? [])),
    selectors('TSr', ...(tsr?.selectors ?? [])),
  ];
}

function childProposal(request: Heard, suite: string): ProposalSubstructure {
  const offered = require(payloadOf(request.payloads, 'SA'), 'alice asks for no child');
  const wanted = espProposal(suite, new Uint8Array(4)).transforms.filter(({ type }) => type !== TransformType.ESN);
  return require(offered.proposals.find(each =>
    wanted.every(one => offers(each, one)),
  ), `alice does not offer ${suite}`);
}

/** Whether the AUTH of alice's request is that of who knows the shared key. */
export function callerIsAuthentic(peer: TesterPeer, state: Answering, request: Heard, psk: string): boolean {
  const { keys, suite } = peer;
  const [id, auth] = [payloadOf(request.payloads, 'IDi'), payloadOf(request.payloads, 'AUTH')];
  if (keys === null || id === null || auth === null) return false;
  const parts = { message: state.request.octets, nonce: state.nonceR, skP: keys.pi, idBody: idBody(id) };
  const expected = pskAuth(suite.prf, Buffer.from(psk, 'latin1'), signedOctets(suite.prf, parts));
  return Buffer.from(auth.data).equals(expected);
}

/** An IKE SA and a child that alice has called for. */
export interface Answered extends Answering {
  readonly authRequest: Heard;
  readonly child: TesterChild;
}

/** Both exchanges; Inconclusive where alice does not come so far. */
export async function answerCall(peer: TesterPeer, traits: Partial<CallTraits> = {}): Promise<Answered> {
  const all = { ...CALL, ...traits };
  const state = await answerInit(peer, await letAliceCall(peer));
  const request = await authRequest(peer);
  if (!callerIsAuthentic(peer, state, request, all.psk)) throw new Inconclusive('AUTH of alice is wrong');
  await peer.answer(request, authAnswer(peer, state, request, all));
  const aliceSpi = Buffer.from(childProposal(request, all.childSuite).spi).readUInt32BE(0);
  const order = { suite: all.childSuite, aliceSpi, peerSpi: all.childSpi, isByPeer: false };
  return { ...state, authRequest: request, child: childOf(peer, order, [state.nonceI, state.nonceR]) };
}
