import { ikeSpiOctets, ikeSpiOf } from '../../../engine/wire/ike/header.ts';
import type { Payload, ProposalSubstructure } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { Inconclusive, require } from '../judgement.ts';
import { letAlice } from './create-child.ts';
import { type KeySources, rekeyedKeys } from './key-schedule.ts';
import { errorsIn, payloadOf } from './payloads.ts';
import { type Alteration, type Heard, TesterPeer } from './peer.ts';
import { ikeProposal, type IkeSuite } from './suite.ts';

/** CREATE_CHILD_SA where the IKE SA is rekeyed, RFC 7296 §1.3.2. What comes of it is a peer of its own. */

export interface IkeRekeyTraits {
  /** Of the new one; that of the old one unless it is given. */
  readonly suite?: IkeSuite;
  /** Of the peer's. */
  readonly nonce?: Uint8Array;
}

/** What the peer has asked for, and what came of it. */
export interface IkeRekeyAsked {
  readonly suite: IkeSuite;
  readonly spi: string;
  readonly nonceI: Uint8Array;
  readonly secret: Uint8Array;
  readonly response: Heard | null;
}

/** `SA, Ni, KEi`, and alice's answer. */
export async function askIkeRekey(
  peer: TesterPeer,
  { suite = peer.suite, nonce }: IkeRekeyTraits = {},
  alteration: Alteration = {},
): Promise<IkeRekeyAsked> {
  const [nonceI, secret, spi] = [nonce ?? peer.draw(32), peer.draw(64), peer.newSpi()];
  const payloads: Payload[] = [
    { type: 'SA', proposals: [ikeProposal(suite, ikeSpiOctets(spi))] },
    { type: 'NONCE', data: nonceI },
    { type: 'KE', group: suite.exchange.group, data: suite.exchange.begin(secret).data },
  ];
  const response = await peer.ask({ exchange: ExchangeType.CREATE_CHILD_SA, payloads, ...alteration });
  return { suite, spi, nonceI, secret, response };
}

/** The new IKE SA; Inconclusive where alice has refused. */
export function ikeOfAnswer(peer: TesterPeer, asked: IkeRekeyAsked): TesterPeer {
  const { suite, spi, nonceI, secret } = asked;
  const { payloads, opened } = require(asked.response, 'alice did not answer CREATE_CHILD_SA');
  const [sa, nonce, ke] = [payloadOf(payloads, 'SA'), payloadOf(payloads, 'NONCE'), payloadOf(payloads, 'KE')];
  if (sa === null || nonce === null || ke === null) {
    const why = errorsIn(payloads).map(({ notifyType }) => notifyType);
    throw new Inconclusive(`alice refused to rekey the IKE SA: ${why.join() || opened.kind}`);
  }
  const shared = suite.exchange.begin(secret).finish(ke.data);
  const spis = { initiatorSpi: spi, responderSpi: spiIn(sa.proposals[0]) };
  return heir(peer, suite, { ...spis, nonceI, nonceR: nonce.data, shared }, true);
}

/** The same at once. */
export async function rekeyIke(peer: TesterPeer, traits: IkeRekeyTraits = {}): Promise<TesterPeer> {
  return ikeOfAnswer(peer, await askIkeRekey(peer, traits));
}

/** Alice is told to rekey the IKE SA. */
export function letAliceRekeyIke(peer: TesterPeer): Promise<Heard> {
  return letAlice(peer, { kind: 'rekey', ike: 'bob' }, ExchangeType.CREATE_CHILD_SA, 'request to rekey the IKE SA');
}

/** `SA, Nr, KEr` to a request of alice's, all of it right. The new IKE SA. */
export async function answerIkeRekey(
  peer: TesterPeer,
  { payloads, ...request }: Heard,
  { suite = peer.suite, nonce }: IkeRekeyTraits = {},
  alteration: Alteration = {},
): Promise<TesterPeer> {
  const offered = require(payloadOf(payloads, 'SA')?.proposals[0], 'alice sent no SA');
  const ke = require(payloadOf(payloads, 'KE'), 'alice sent no KE');
  const nonceI = require(payloadOf(payloads, 'NONCE'), 'alice sent no nonce').data;
  if (ke.group !== suite.exchange.group) throw new Inconclusive(`alice sent KE of group ${ke.group}`);
  const [{ data, shared }, nonceR] = [suite.exchange.respond(ke.data, peer.draw(64)), nonce ?? peer.draw(32)];
  const spis = { initiatorSpi: spiIn(offered), responderSpi: peer.newSpi() };
  const right: Payload[] = [
    { type: 'SA', proposals: [{ ...ikeProposal(suite, ikeSpiOctets(spis.responderSpi)), number: offered.number }] },
    { type: 'NONCE', data: nonceR },
    { type: 'KE', group: suite.exchange.group, data },
  ];
  await peer.answer({ payloads, ...request }, right, alteration);
  return heir(peer, suite, { ...spis, nonceI, nonceR, shared }, false);
}

/** A peer where the old one is, in the new IKE SA: both may be used side by side. */
function heir(old: TesterPeer, suite: IkeSuite, sources: KeySources, isInitiator: boolean): TesterPeer {
  if (old.keys === null) throw new Error('an IKE SA without keys is rekeyed');
  const peer = new TesterPeer(old.bench, { ...old.traits, label: `${old.traits.label} ${sources.initiatorSpi}` });
  peer.suite = suite;
  peer.initiatorSpi = sources.initiatorSpi;
  peer.responderSpi = sources.responderSpi;
  peer.isInitiator = isInitiator;
  peer.port = old.port;
  peer.natPort = old.natPort;
  peer.keys = rekeyedKeys(suite, old.suite.prf, old.keys.d, sources);
  return peer;
}

function spiIn(proposal: ProposalSubstructure | undefined): string {
  return ikeSpiOf(require(proposal, 'SA without a proposal').spi);
}
