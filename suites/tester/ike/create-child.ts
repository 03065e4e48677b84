import type { RunningLab } from '../../../lab/drivers/driver.ts';
import type { Payload, ProposalSubstructure, TrafficSelector } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, ProtocolId, TransformType } from '../../../engine/wire/ike/registry.ts';
import { Inconclusive, require } from '../judgement.ts';
import { CALL, childOf, spiOctets, type TesterChild } from './initiate.ts';
import { keyExchange } from './key-exchange.ts';
import { deleteEsp, errorsIn, notify, payloadOf, selectors } from './payloads.ts';
import type { Alteration, Heard, TesterPeer } from './peer.ts';
import { espProposal } from './suite.ts';

/** CREATE_CHILD_SA where a Child SA is made, RFC 7296 §1.3.1 and §1.3.3: the peer asks, or alice does. */

export interface ChildOrderTraits {
  readonly suite: string;
  /** Of what the peer receives by. */
  readonly spi: number;
  /** A key exchange of its own, by token; null: none. */
  readonly exchange: string | null;
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
  /** The child that it takes the place of. */
  readonly replaces: TesterChild | null;
  /** In front of SA, besides REKEY_SA. */
  readonly notifies: readonly Payload[];
  readonly mode: 'tunnel' | 'transport';
  /** Of the peer's; drawn unless it is given. */
  readonly nonce: Uint8Array | null;
}

export const CHILD: ChildOrderTraits = {
  suite: CALL.childSuite,
  spi: 0xc0ff_ee02,
  exchange: null,
  tsi: CALL.tsi,
  tsr: CALL.tsr,
  replaces: null,
  notifies: [],
  mode: 'tunnel',
  nonce: null,
};

/** What the peer has asked for, and what came of it. */
export interface ChildAsked {
  readonly order: ChildOrderTraits;
  readonly nonceI: Uint8Array;
  /** Of the key exchange. */
  readonly secret: Uint8Array;
  readonly response: Heard | null;
}

/** `[N(REKEY_SA),] [N...,] SA, Ni, [KEi,] TSi, TSr`, and alice's answer. */
export async function askChild(
  peer: TesterPeer,
  traits: Partial<ChildOrderTraits> = {},
  alteration: Alteration = {},
): Promise<ChildAsked> {
  const order = { ...CHILD, ...traits };
  const [nonceI, secret] = [order.nonce ?? peer.draw(32), peer.draw(64)];
  const method = order.exchange === null ? null : keyExchange(order.exchange);
  const payloads: Payload[] = [
    ...(order.replaces === null ? [] : [rekeyNotify(order.replaces.outbound.spi)]),
    ...order.notifies,
    { type: 'SA', proposals: [espProposal(order.suite, spiOctets(order.spi), method?.group ?? null)] },
    { type: 'NONCE', data: nonceI },
    ...(method === null ? [] : [{ type: 'KE', group: method.group, data: method.begin(secret).data } as const]),
    selectors('TSi', ...order.tsi),
    selectors('TSr', ...order.tsr),
  ];
  const response = await peer.ask({ exchange: ExchangeType.CREATE_CHILD_SA, payloads, ...alteration });
  return { order, nonceI, secret, response };
}

/** REKEY_SA names the SPI that its sender receives by, §1.3.3. */
export const rekeyNotify = (spi: number): Payload =>
  notify(NotifyType.REKEY_SA, undefined, { protocolId: ProtocolId.ESP, spi: spiOctets(spi) });

export interface ChildMade {
  readonly child: TesterChild;
  readonly response: Heard;
}

/** The child of an answer; Inconclusive where alice has refused. */
export function childOfAnswer(peer: TesterPeer, { order, nonceI, secret, response }: ChildAsked): ChildMade {
  const heard = require(response, 'alice did not answer CREATE_CHILD_SA');
  const [sa, nonce] = [payloadOf(heard.payloads, 'SA'), payloadOf(heard.payloads, 'NONCE')];
  if (sa === null || nonce === null) {
    const why = errorsIn(heard.payloads).map(({ notifyType }) => notifyType);
    throw new Inconclusive(`alice refused CREATE_CHILD_SA: ${why.join() || heard.opened.kind}`);
  }
  const ke = payloadOf(heard.payloads, 'KE');
  const shared =
    order.exchange === null || ke === null ? undefined : keyExchange(order.exchange).begin(secret).finish(ke.data);
  const about = { suite: order.suite, aliceSpi: spiIn(sa.proposals[0]), peerSpi: order.spi, isByPeer: true };
  const child = childOf(peer, { ...about, mode: order.mode }, [nonceI, nonce.data], shared);
  return { child, response: heard };
}

/** The same at once. */
export async function makeChild(peer: TesterPeer, traits: Partial<ChildOrderTraits> = {}): Promise<ChildMade> {
  return childOfAnswer(peer, await askChild(peer, traits));
}

const spiIn = (proposal: ProposalSubstructure | undefined): number =>
  Buffer.from(proposal?.spi ?? new Uint8Array(4)).readUInt32BE(0);

/** The peer deletes one or more of the SAs that it receives by; alice's answer. */
export function deleteChildren(peer: TesterPeer, ...children: readonly TesterChild[]): Promise<Heard | null> {
  const payloads = [deleteEsp(...children.map(({ outbound }) => outbound.spi))];
  return peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads });
}

/** The SPIs of ESP that Delete payloads name. */
export function deletedIn({ payloads }: Heard): number[] {
  return payloads.flatMap(it => (it.type === 'D' && it.protocolId === ProtocolId.ESP ? it.spis : []));
}

/** Whether a message is a request of alice's in the peer's IKE SA, and can be read. */
export const isRequestTo =
  ({ initiatorSpi, responderSpi }: Pick<TesterPeer, 'initiatorSpi' | 'responderSpi'>, exchange: number) =>
  ({ ike, opened }: Heard): boolean =>
    ike?.isResponse === false &&
    ike.exchangeType === exchange &&
    ike.initiatorSpi === initiatorSpi &&
    ike.responderSpi === responderSpi &&
    opened.kind === 'opened';

/** Alice is told to do something, or is sent a packet that makes her do it; the next request of hers that comes of it. */
export async function letAlice(
  peer: TesterPeer,
  told: Parameters<RunningLab['ikeCommand']>[1] | (() => Promise<unknown>),
  exchange: number,
  what: string,
): Promise<Heard> {
  const after = peer.heard().length;
  await (typeof told === 'function' ? told() : peer.bench.command(told));
  return peer.expect(what, isRequestTo(peer, exchange), after);
}

/** Alice is told to rekey her child. */
export function letAliceRekeyChild(peer: TesterPeer): Promise<Heard> {
  return letAlice(peer, { kind: 'rekey', child: 'net' }, ExchangeType.CREATE_CHILD_SA, 'request to rekey the Child SA');
}

/** `SA, Nr, [KEr,] TSi, TSr` to a request of alice's, all of it right. The child of it. */
export async function answerChild(
  peer: TesterPeer,
  request: Heard,
  traits: Partial<Pick<ChildOrderTraits, 'suite' | 'spi' | 'exchange' | 'mode' | 'nonce'>> = {},
  alteration: Alteration = {},
): Promise<TesterChild> {
  const { suite, spi, exchange, mode, nonce } = { ...CHILD, ...traits };
  const method = exchange === null ? null : keyExchange(exchange);
  const { payloads } = request;
  const offered = require(payloadOf(payloads, 'SA'), 'alice asks for no child');
  const own = espProposal(suite, spiOctets(spi), method?.group ?? null);
  const proposal = require(offered.proposals.find(each => takes(each, own)), `alice does not offer ${suite}`);
  const nonceI = require(payloadOf(payloads, 'NONCE'), 'alice sent no nonce').data;
  const [nonceR, secret] = [nonce ?? peer.draw(32), peer.draw(64)];
  const ke = method === null ? null : require(payloadOf(payloads, 'KE'), 'alice sent no KE');
  if (method !== null && ke?.group !== method.group) throw new Inconclusive(`alice sent KE of group ${ke?.group}`);
  const half = method === null || ke === null ? null : method.respond(ke.data, secret);
  const right: Payload[] = [
    { type: 'SA', proposals: [{ ...own, number: proposal.number }] },
    { type: 'NONCE', data: nonceR },
    ...(half === null || method === null ? [] : [{ type: 'KE', group: method.group, data: half.data } as const]),
    selectors('TSi', ...(payloadOf(payloads, 'TSi')?.selectors ?? [])),
    selectors('TSr', ...(payloadOf(payloads, 'TSr')?.selectors ?? [])),
  ];
  await peer.answer(request, right, alteration);
  const about = { suite, aliceSpi: spiIn(proposal), peerSpi: spi, isByPeer: false, mode };
  return childOf(peer, about, [nonceI, nonceR], half?.shared);
}

/** Whether a proposal has all transforms of the other among its choices. */
function takes(offered: ProposalSubstructure, wanted: ProposalSubstructure): boolean {
  return wanted.transforms
    .filter(({ type }) => type !== TransformType.ESN)
    .every(one =>
      offered.transforms.some(({ type, id, keyBits }) => type === one.type && id === one.id && keyBits === one.keyBits),
    );
}

/** Alice's Delete is answered with the SPIs of the other halves. */
export async function answerDelete(
  peer: TesterPeer,
  request: Heard,
  ...children: readonly TesterChild[]
): Promise<void> {
  const spis = children.map(({ outbound }) => outbound.spi);
  await peer.answer(request, spis.length === 0 ? [] : [deleteEsp(...spis)]);
}
