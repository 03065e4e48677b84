import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import type { TesterChild } from '../ike/initiate.ts';
import { keyExchange } from '../ike/key-exchange.ts';
import { require } from '../judgement.ts';
import { CALL } from './call.ts';
import { u32 } from './key-schedule.ts';
import { choosing } from './main-mode.ts';
import { behindFirst } from './messages.ts';
import { attributeOf, EXCHANGE, payloadOf, payloadsOf } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';
import { childOf, isQuick, spiOf } from './quick-mode.ts';
import { espTransformOf, IPSEC } from './suite.ts';

/** Quick Mode that alice begins, a step at a time. */

/** Her message 1, readable. `after`: messages that do not count. */
export function quickRequest(peer: TesterV1Peer, after = 0): Promise<HeardV1> {
  return peer.expect('message 1 of Quick Mode', isQuickRequest, after);
}

const isQuickRequest = ({ message, opened, payloads }: HeardV1): boolean =>
  message?.exchangeType === EXCHANGE.quick && opened.kind === 'opened' && payloadOf(payloads, 'SA') !== null;

/** Whether HASH(1) in front of a message of alice's is right. */
export function isHash1(peer: TesterV1Peer, { message, opened, payloads }: HeardV1): boolean {
  const hash = payloadOf(payloads, 'HASH');
  if (message === null || hash === null || opened.kind !== 'opened') return false;
  return Buffer.from(hash.data).equals(peer.sa.hash1(message.messageId, behindFirst(opened.text)));
}

export interface QuickAnswered {
  readonly request: HeardV1;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** Message 2, to send it again. */
  readonly octets: Uint8Array;
  readonly child: TesterChild;
  /** Alice's message 3; null: none has come. */
  readonly third: HeardV1 | null;
}

export interface QuickAnswerTraits {
  readonly childSuite: string;
  readonly childSpi: number;
  /** The group that alice asks for; null: none. */
  readonly exchange: string | null;
  /** In front of the client identities. */
  readonly more: readonly IsakmpPayload[];
  readonly isCommit: boolean;
}

/** Message 2 that takes what alice offers of that suite, as it is, and what she says to it. */
export async function answerQuick(
  peer: TesterV1Peer,
  request: HeardV1,
  given: Partial<QuickAnswerTraits> = {},
  alteration: V1Alteration = {},
): Promise<QuickAnswered> {
  const traits = { childSuite: CALL.childSuite, childSpi: CALL.childSpi, exchange: null, more: [], ...given };
  const { childSuite, childSpi, exchange, more, isCommit = false } = traits;
  const offered = require(payloadOf(request.payloads, 'SA'), 'alice asks for no SA');
  const nonceI = require(payloadOf(request.payloads, 'NONCE'), 'alice sent no nonce').data;
  const { id, attributes } = espTransformOf(childSuite);
  const fitting = {
    ...offered,
    proposals: offered.proposals.map(proposal => ({
      ...proposal,
      transforms: proposal.transforms.filter(it => it.id === id),
    })),
  };
  const chosen = require(choosing(fitting, attributes), `alice does not offer ${childSuite}`);
  const [first] = chosen.proposals;
  const [nonceR, secret] = [peer.draw(32), peer.draw(64)];
  const ke = payloadOf(request.payloads, 'KE');
  const half = exchange === null || ke === null ? null : keyExchange(exchange).respond(ke.data, secret);
  const payloads: IsakmpPayload[] = [
    { ...chosen, proposals: first === undefined ? [] : [{ ...first, spi: u32(childSpi) }] },
    { type: 'NONCE', data: nonceR },
    ...(half === null ? [] : [{ type: 'KE', data: half.data } as const]),
    ...more,
    ...payloadsOf(request.payloads, 'ID'),
  ];
  const messageId = require(request.message, 'no message').messageId;
  const { sa } = peer;
  const octets = peer.encode(
    {
      exchange: EXCHANGE.quick,
      messageId,
      payloads,
      isSealed: true,
      isCommit,
      hash: rest => sa.hash2(messageId, nonceI, rest),
    },
    alteration,
  );
  const [chosenTransform] = first?.transforms ?? [];
  const mode = chosenTransform === undefined ? 1 : (attributeOf(chosenTransform, IPSEC.mode) ?? 1);
  const order = { suite: childSuite, mode, aliceSpi: spiOf(chosen), peerSpi: u32(childSpi) };
  const child = childOf(peer, order, { nonceI, nonceR, shared: half?.shared ?? null });
  const third = await peer.askAgain(octets, isQuick(messageId));
  return { request, nonceI, nonceR, octets, child, third };
}

/** Whether that is a message 3 whose HASH(3) is right. */
export function isHash3(peer: TesterV1Peer, { nonceI, nonceR, third }: QuickAnswered): boolean {
  const hash = payloadOf(third?.payloads ?? [], 'HASH');
  const messageId = third?.message?.messageId;
  if (hash === null || messageId === undefined) return false;
  return Buffer.from(hash.data).equals(peer.sa.hash3(messageId, nonceI, nonceR));
}
