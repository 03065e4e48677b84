import { createHash } from 'node:crypto';
import { ikeSpiOctets } from '../../../engine/wire/ike/header.ts';
import type {
  DeletePayload,
  NotifyPayload,
  Payload,
  TrafficSelector,
  TsPayload,
} from '../../../engine/wire/ike/payload.ts';
import { NotifyType, TsType } from '../../../engine/wire/ike/registry.ts';
import { addressOf } from '../ip.ts';

const NONE = new Uint8Array(0);

/** About no SA unless it is told. */
export function notify(notifyType: number, data: Uint8Array = NONE, about: Partial<NotifyPayload> = {}): NotifyPayload {
  return { type: 'N', protocolId: 0, spi: NONE, notifyType, data, ...about };
}

/** Of that type, in order. */
export function notifies(payloads: readonly Payload[], notifyType: number): NotifyPayload[] {
  return payloads.filter((it): it is NotifyPayload => it.type === 'N' && it.notifyType === notifyType);
}

/** The errors among them, RFC 7296 §3.10.1. */
export function errorsIn(payloads: readonly Payload[]): NotifyPayload[] {
  return payloads.filter((it): it is NotifyPayload => it.type === 'N' && it.notifyType < 16384);
}

/** The payloads that may be of that type: those whose `type` is one of several are meant by each. */
type PayloadOf<T, P = Payload> = P extends { readonly type: infer U } ? (T extends U ? P : never) : never;

/** The first payload of that type. */
export function payloadOf<T extends Payload['type']>(payloads: readonly Payload[], type: T): PayloadOf<T> | null {
  return payloads.find((it): it is PayloadOf<T> & Payload => it.type === type) ?? null;
}

/** All flows between the first and the last address of a range, or of a prefix of whole octets: `10.0.1.0-10.0.1.255`. */
export function selector(range: string, over: Partial<TrafficSelector> = {}): TrafficSelector {
  const [first = range, last = range] = range.split('-');
  const [start, end] = [addressOf(first), addressOf(last)];
  const tsType = start.length === 4 ? TsType.TS_IPV4_ADDR_RANGE : TsType.TS_IPV6_ADDR_RANGE;
  return { tsType, protocol: 0, startPort: 0, endPort: 0xffff, start, end, ...over };
}

export const selectors = (type: TsPayload['type'], ...list: readonly TrafficSelector[]): TsPayload => ({
  type,
  selectors: list,
});

export const deleteIke = (): DeletePayload => ({ type: 'D', protocolId: 1, spis: [] });
export const deleteEsp = (...spis: readonly number[]): DeletePayload => ({ type: 'D', protocolId: 3, spis });

/** An address and a port as NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP have it, §2.23. */
export function natDetection(
  spis: { readonly initiatorSpi: string; readonly responderSpi: string },
  address: string,
  port: number,
): Uint8Array {
  const hash = createHash('sha1').update(ikeSpiOctets(spis.initiatorSpi)).update(ikeSpiOctets(spis.responderSpi));
  return hash
    .update(addressOf(address))
    .update(Uint8Array.of(port >> 8, port))
    .digest();
}

/** No NAT between these two. */
export function natDetections(
  spis: { readonly initiatorSpi: string; readonly responderSpi: string },
  from: readonly [address: string, port: number],
  to: readonly [address: string, port: number],
): NotifyPayload[] {
  return [
    notify(NotifyType.NAT_DETECTION_SOURCE_IP, natDetection(spis, ...from)),
    notify(NotifyType.NAT_DETECTION_DESTINATION_IP, natDetection(spis, ...to)),
  ];
}
