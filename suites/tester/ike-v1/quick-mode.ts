import type { IsakmpPayload, IsakmpProposal, IsakmpSaPayload } from '../../../engine/wire/isakmp/payload.ts';
import { espTransform } from '../crypto/esp-transform.ts';
import { integrityTransform } from '../crypto/integrity-transform.ts';
import type { TesterChild } from '../ike/initiate.ts';
import { keyExchange } from '../ike/key-exchange.ts';
import { Inconclusive, require } from '../judgement.ts';
import { CALL, type CallTraits } from './call.ts';
import { keymat, u32 } from './key-schedule.ts';
import { saidBy } from './main-mode.ts';
import { behindFirst } from './messages.ts';
import { clientId, EXCHANGE, payloadOf, PROTOCOL, securityAssociation, transform } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';
import { type Attribute, espTransformOf, IPSEC } from './suite.ts';

/** Quick Mode as its initiator, RFC 2409 §5.5, a step at a time. */

/** Encapsulation, RFC 2407 §4.5 and RFC 3947 §5.1. */
export const MODE = { tunnel: 1, transport: 2, udpTunnel: 3, udpTransport: 4 } as const;

export interface QuickTraits extends Pick<CallTraits, 'childSuite' | 'childSpi' | 'own' | 'other'> {
  /** Perfect forward secrecy by this group; null: none. */
  readonly exchange: string | null;
  readonly mode: number;
  /** Behind the attributes that the suite has. */
  readonly more: readonly Attribute[];
  /** In the place of the one proposal that the rest makes. */
  readonly proposals: readonly IsakmpProposal[] | null;
  /** Drawn unless they are given. */
  readonly messageId: number | null;
  readonly nonce: Uint8Array | null;
  readonly isCommit: boolean;
}

export const QUICK: QuickTraits = {
  ...CALL,
  exchange: null,
  mode: MODE.tunnel,
  more: [],
  proposals: null,
  messageId: null,
  nonce: null,
  isCommit: false,
};

/** What the peer has asked for, and what came of it. */
export interface QuickAsked {
  readonly traits: QuickTraits;
  readonly messageId: number;
  readonly nonceI: Uint8Array;
  /** Of the key exchange. */
  readonly secret: Uint8Array;
  /** Message 1, to send it again. */
  readonly octets: Uint8Array;
  readonly response: HeardV1 | null;
}

/** A proposal of ESP with one transform. */
export function espProposal(traits: Pick<QuickTraits, 'childSuite' | 'childSpi' | 'exchange' | 'mode' | 'more'>) {
  const { childSuite, childSpi, exchange, mode, more } = traits;
  return {
    number: 1,
    protocolId: PROTOCOL.esp,
    spi: u32(childSpi),
    transforms: [transform(1, espTransformOf(childSuite).id, espAttributes({ childSuite, exchange, mode, more }))],
  };
}

export function espAttributes({
  childSuite,
  exchange,
  mode,
  more,
}: Pick<QuickTraits, 'childSuite' | 'exchange' | 'mode' | 'more'>): readonly Attribute[] {
  return [
    ...(exchange === null ? [] : [[IPSEC.group, keyExchange(exchange).group] as const]),
    [IPSEC.mode, mode],
    ...espTransformOf(childSuite).attributes,
    ...more,
  ];
}

/** `SA, Ni [, KE], IDci, IDcr`, behind the HASH. */
export function quickPayloads(traits: QuickTraits, nonce: Uint8Array, secret: Uint8Array): IsakmpPayload[] {
  const { exchange, proposals, own, other } = traits;
  return [
    securityAssociation(...(proposals ?? [espProposal(traits)])),
    { type: 'NONCE', data: nonce },
    ...(exchange === null ? [] : [{ type: 'KE', data: keyExchange(exchange).begin(secret).data } as const]),
    clientId(own),
    clientId(other),
  ];
}

/** Message 1, and what alice says to it. */
export async function askQuick(
  peer: TesterV1Peer,
  given: Partial<QuickTraits> = {},
  alteration: V1Alteration = {},
): Promise<QuickAsked> {
  const traits = { ...QUICK, mode: defaultMode(peer), ...given };
  const messageId = traits.messageId ?? peer.newMessageId();
  const [nonceI, secret] = [traits.nonce ?? peer.draw(32), peer.draw(64)];
  const { sa } = peer;
  const octets = peer.encode(
    {
      exchange: EXCHANGE.quick,
      messageId,
      payloads: quickPayloads(traits, nonceI, secret),
      isSealed: true,
      isCommit: traits.isCommit,
      hash: rest => sa.hash1(messageId, rest),
    },
    alteration,
  );
  const response = await peer.askAgain(octets, isQuick(messageId));
  return { traits, messageId, nonceI, secret, octets, response };
}

/** What is usual where both have gone to port 4500. */
export const defaultMode = ({ port }: TesterV1Peer): number => (port === 4500 ? MODE.udpTunnel : MODE.tunnel);

export const isQuick =
  (messageId: number) =>
  ({ message }: HeardV1): boolean =>
    message?.exchangeType === EXCHANGE.quick && message.messageId === messageId >>> 0;

/** Whether alice goes on with it: message 2, by what it has inside. */
export function isAgreed(asked: QuickAsked): asked is QuickAsked & { readonly response: HeardV1 } {
  return asked.response !== null && payloadOf(asked.response.payloads, 'SA') !== null;
}

/** Whether HASH(2) of message 2 is right. */
export function isHash2(peer: TesterV1Peer, { messageId, nonceI, response }: QuickAsked): boolean {
  const hash = response === null ? null : payloadOf(response.payloads, 'HASH');
  if (hash === null || response?.opened.kind !== 'opened') return false;
  return Buffer.from(hash.data).equals(peer.sa.hash2(messageId, nonceI, behindFirst(response.opened.text)));
}

/** Message 3. */
export function concludeQuick(
  peer: TesterV1Peer,
  { messageId, nonceI, response }: QuickAsked,
  alteration: V1Alteration = {},
): Promise<Uint8Array> {
  const nonce = payloadOf(response?.payloads ?? [], 'NONCE')?.data ?? new Uint8Array(0);
  const hash = () => peer.sa.hash3(messageId, nonceI, nonce);
  return peer.send({ exchange: EXCHANGE.quick, messageId, payloads: [], isSealed: true, hash }, alteration);
}

/** The child of message 2, with its keys; Inconclusive where alice has refused it. */
export function quickChild(peer: TesterV1Peer, asked: QuickAsked): TesterChild {
  const { traits, nonceI, secret, response } = asked;
  if (!isAgreed(asked) || response === null) throw new Inconclusive(`alice refused Quick Mode: ${saidBy(response)}`);
  const nonceR = require(payloadOf(response.payloads, 'NONCE'), 'alice sent no nonce').data;
  const ke = payloadOf(response.payloads, 'KE');
  const { exchange } = traits;
  const shared = exchange === null || ke === null ? null : keyExchange(exchange).begin(secret).finish(ke.data);
  const aliceSpi = spiOf(require(payloadOf(response.payloads, 'SA'), 'no SA'));
  return childOf(
    peer,
    { suite: traits.childSuite, mode: traits.mode, aliceSpi, peerSpi: u32(traits.childSpi) },
    {
      nonceI,
      nonceR,
      shared,
    },
  );
}

export const spiOf = (sa: IsakmpSaPayload): Uint8Array => sa.proposals[0]?.spi ?? new Uint8Array(4);

export interface ChildOrder {
  readonly suite: string;
  readonly mode: number;
  readonly aliceSpi: Uint8Array;
  readonly peerSpi: Uint8Array;
  /** ESP where it is absent; the suite of AH is its integrity. */
  readonly protocol?: 'esp' | 'ah';
}

/** Both SAs, each with the keys that its own SPI makes, §5.5. */
export function childOf(
  peer: TesterV1Peer,
  { suite, mode, aliceSpi, peerSpi, protocol = 'esp' }: ChildOrder,
  sources: { readonly nonceI: Uint8Array; readonly nonceR: Uint8Array; readonly shared: Uint8Array | null },
): TesterChild {
  const { keys, suite: isakmp } = peer.sa;
  const [forEncryption, forIntegrity] = keyOctetsOf(suite, protocol);
  if (keys === null) throw new Error('a child before there are keys');
  const keysOf = (spi: Uint8Array) => {
    const of = { ...sources, protocolId: PROTOCOL[protocol], spi };
    const material = Buffer.from(keymat(isakmp.hash, keys.d, of, forEncryption + forIntegrity));
    return {
      encryptionKey: material.subarray(0, forEncryption).toString('hex'),
      integrityKey: material.subarray(forEncryption).toString('hex'),
      spi: Buffer.from(spi).readUInt32BE(0),
    };
  };
  const isTransport = mode === MODE.transport || mode === MODE.udpTransport;
  const common = { protocol, mode: isTransport ? 'transport' : 'tunnel', suite, esn: false } as const;
  const ends = { source: peer.traits.address, destination: peer.aliceAddress };
  return {
    inbound: { ...common, ...ends, ...keysOf(aliceSpi) },
    outbound: { ...common, source: ends.destination, destination: ends.source, ...keysOf(peerSpi) },
  };
}

/** Of encryption, its salt included, and of integrity. */
function keyOctetsOf(suite: string, protocol: 'esp' | 'ah'): readonly [encryption: number, integrity: number] {
  const integrity = protocol === 'ah' ? integrityTransform(suite) : null;
  if (integrity !== null) return [0, integrity.keyOctets];
  const inside = espTransform(suite);
  if (inside === null || protocol === 'ah') throw new Error(`no child of ${protocol} with ${suite}`);
  return [inside.cipher.keyOctets + inside.cipher.saltOctets, inside.integrity?.keyOctets ?? 0];
}

/** All of Quick Mode; Inconclusive unless alice goes along with it. */
export async function quick(
  peer: TesterV1Peer,
  traits: Partial<QuickTraits> = {},
): Promise<QuickAsked & { readonly child: TesterChild; readonly third: Uint8Array }> {
  const asked = await askQuick(peer, traits);
  const child = quickChild(peer, asked);
  if (!isHash2(peer, asked)) throw new Inconclusive('HASH(2) of alice is wrong');
  const third = await concludeQuick(peer, asked);
  return { ...asked, child, third };
}
