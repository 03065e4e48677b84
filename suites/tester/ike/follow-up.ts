import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, TransformType } from '../../../engine/wire/ike/registry.ts';
import { espTransform } from '../crypto/esp-transform.ts';
import { Inconclusive } from '../judgement.ts';
import { CALL, spiOctets, type TesterChild } from './initiate.ts';
import { keyExchange } from './key-exchange.ts';
import { prfPlus } from './key-schedule.ts';
import { notifies, notify, payloadOf, selectors } from './payloads.ts';
import type { Heard, TesterPeer } from './peer.ts';
import { espProposal, plain } from './suite.ts';

/** CREATE_CHILD_SA with additional key exchanges, and IKE_FOLLOWUP_KE, RFC 9370 §2.2.4, as the tester plays them. */

/** ADDITIONAL_KEY_EXCHANGE: the responder’s own name for what is under way. */
export const linkNotify = (link: Uint8Array) => notify(NotifyType.ADDITIONAL_KEY_EXCHANGE, link);

/** The link in a message; null: it has none. */
export function linkIn(heard: Heard): Uint8Array | null {
  return notifies(heard.payloads, NotifyType.ADDITIONAL_KEY_EXCHANGE)[0]?.data ?? null;
}

export interface HybridChildAsked {
  readonly answer: Heard | null;
  readonly nonceI: Uint8Array;
  /** Of the key exchange in CREATE_CHILD_SA. */
  readonly secret: Uint8Array;
  readonly spi: number;
}

/** `SA, Ni, KEi, TSi, TSr` with x25519 and these; alice’s answer. */
export async function askHybridChild(
  peer: TesterPeer,
  spi: number,
  ...additional: readonly string[]
): Promise<HybridChildAsked> {
  const [nonceI, secret] = [peer.draw(32), peer.draw(64)];
  const proposal = espProposal(CALL.childSuite, spiOctets(spi), 31);
  const more = additional.map((method, i) => plain(TransformType.ADDKE1 + i, keyExchange(method).group));
  const payloads: Payload[] = [
    { type: 'SA', proposals: [{ ...proposal, transforms: [...proposal.transforms, ...more] }] },
    { type: 'NONCE', data: nonceI },
    { type: 'KE', group: 31, data: keyExchange('x25519').begin(secret).data },
    selectors('TSi', ...CALL.tsi),
    selectors('TSr', ...CALL.tsr),
  ];
  const answer = await peer.ask({ exchange: ExchangeType.CREATE_CHILD_SA, payloads });
  return { answer, nonceI, secret, spi };
}

export interface FollowUp {
  readonly answer: Heard | null;
  /** null: alice has not answered with KE. */
  readonly shared: Uint8Array | null;
}

/** `KEi(n), N(ADDITIONAL_KEY_EXCHANGE)(link)`. */
export async function askFollowUp(peer: TesterPeer, method: string, link: Uint8Array): Promise<FollowUp> {
  const { group, begin } = methodOf(method);
  const begun = begin(peer.draw(64));
  const payloads: Payload[] = [{ type: 'KE', group, data: begun.data }, linkNotify(link)];
  const answer = await peer.ask({ exchange: ExchangeType.IKE_FOLLOWUP_KE, payloads });
  const ke = payloadOf(answer?.payloads ?? [], 'KE');
  return { answer, shared: ke === null ? null : begun.finish(ke.data) };
}

function methodOf(token: string) {
  const method = keyExchange(token);
  return { group: method.group, begin: (secret: Uint8Array) => method.begin(secret) };
}

/** The child, by KEYMAT = prf+(SK_d, SK(0) | Ni | Nr | SK(1) | … | SK(n)). */
export function hybridChild(peer: TesterPeer, asked: HybridChildAsked, secrets: readonly Uint8Array[]): TesterChild {
  const payloads = asked.answer?.payloads ?? [];
  const [sa, nonce, ke] = [payloadOf(payloads, 'SA'), payloadOf(payloads, 'NONCE'), payloadOf(payloads, 'KE')];
  const transform = espTransform(CALL.childSuite);
  if (sa === null || nonce === null || ke === null || transform === null || peer.keys === null) {
    throw new Inconclusive('alice refused CREATE_CHILD_SA');
  }
  const first = keyExchange('x25519').begin(asked.secret).finish(ke.data);
  const octets = transform.cipher.keyOctets + transform.cipher.saltOctets;
  const seed = Buffer.concat([first, asked.nonceI, nonce.data, ...secrets]);
  const material = Buffer.from(prfPlus(peer.suite.prf, peer.keys.d, seed, 2 * octets)).toString('hex');
  const common = { protocol: 'esp', mode: 'tunnel', suite: CALL.childSuite, esn: false, integrityKey: '' } as const;
  const [source, destination] = [peer.traits.address, peer.aliceAddress];
  const spi = Buffer.from(sa.proposals[0]?.spi ?? new Uint8Array(4)).readUInt32BE(0);
  return {
    inbound: { ...common, source, destination, spi, encryptionKey: material.slice(0, 2 * octets) },
    outbound: {
      ...common,
      source: destination,
      destination: source,
      spi: asked.spi,
      encryptionKey: material.slice(2 * octets),
    },
  };
}
