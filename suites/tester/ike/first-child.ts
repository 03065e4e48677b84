import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import type { Payload, TrafficSelector } from '../../../engine/wire/ike/payload.ts';
import { judge, require } from '../judgement.ts';
import {
  aliceIsAuthentic,
  authPayloads,
  CALL,
  type CallTraits,
  childOf,
  type Opening,
  openCall,
  type TesterChild,
} from './initiate.ts';
import { errorsIn, payloadOf } from './payloads.ts';
import type { Heard, TesterPeer } from './peer.ts';
import { INSIDE } from '../citations.ts';

/** IKE_AUTH where it is the child that matters: what is asked for may be refused, and the IKE SA stands nevertheless. */

export interface FirstChildAsked {
  readonly traits: CallTraits;
  readonly opening: Opening;
  readonly response: Heard;
}

/** The peer calls; Inconclusive where alice does not answer, or is not who she should be. `more`: in front of SA. */
export async function askFirstChild(
  peer: TesterPeer,
  given: Partial<CallTraits> = {},
  more: readonly Payload[] = [],
): Promise<FirstChildAsked> {
  const traits = { ...CALL, ...given };
  const opening = await openCall(peer);
  const all = authPayloads(peer, opening, traits);
  const at = all.findIndex(({ type }) => type === 'SA');
  const payloads = [...all.slice(0, at), ...more, ...all.slice(at)];
  const response = require(await peer.ask({
    exchange: ExchangeType.IKE_AUTH,
    payloads,
  }), 'alice did not answer IKE_AUTH');
  require(aliceIsAuthentic(peer, opening, response, traits.psk) ? true : null, 'AUTH of alice is wrong');
  peer.bench.cite(response, 'her IKE_AUTH', ...INSIDE);
  return { traits, opening, response };
}

/** The selectors of her answer; fails where she has refused the child. */
export function judgeSelectors({ response }: Pick<FirstChildAsked, 'response'>): {
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
} {
  const [tsi, tsr] = [payloadOf(response.payloads, 'TSi'), payloadOf(response.payloads, 'TSr')];
  const why = errorsIn(response.payloads).map(({ notifyType }) => notifyType);
  judge(tsi !== null && tsr !== null, `alice refuses the child: ${why.join() || 'no selectors'}`);
  return { tsi: tsi.selectors, tsr: tsr.selectors };
}

/** The child of her answer; fails where she has refused it. */
export function firstChild(
  peer: TesterPeer,
  { traits, opening, response }: FirstChildAsked,
  mode: 'tunnel' | 'transport' = 'tunnel',
): TesterChild {
  const sa = payloadOf(response.payloads, 'SA');
  const why = errorsIn(response.payloads).map(({ notifyType }) => notifyType);
  judge(sa !== null, `alice refuses the child: ${why.join() || 'no SA'}`);
  const aliceSpi = Buffer.from(sa.proposals[0]?.spi ?? new Uint8Array(4)).readUInt32BE(0);
  const order = { suite: traits.childSuite, aliceSpi, peerSpi: traits.childSpi, isByPeer: true, mode };
  return childOf(peer, order, [opening.nonceI, opening.nonceR]);
}

/** Addresses as people write them, with protocol and ports where they are not all. */
export function textOf({ tsType, protocol, startPort, endPort, start, end }: TrafficSelector): string {
  const ports = startPort === 0 && endPort === 0xffff ? '' : ` ports ${startPort}-${endPort}`;
  return `${tsType}:${Buffer.from(start).toString('hex')}-${Buffer.from(end).toString('hex')}${protocol === 0 ? '' : ` protocol ${protocol}`}${ports}`;
}
