import { cookieOctets } from '../../wire/isakmp/header.ts';
import type { IsakmpDeletePayload, IsakmpNotifyPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';

export type NotifyName = keyof typeof IsakmpNotify;

/** About an SA of ESP or AH, or one that was to be: its SPI, 4 octets. */
export function childNotify(
  name: NotifyName,
  protocolId: number,
  spi: Uint8Array,
  data: Uint8Array = NOTHING,
): IsakmpNotifyPayload {
  return { type: 'N', doi: Doi.IPSEC, protocolId, spi, notifyType: IsakmpNotify[name], data };
}

/** About the ISAKMP SA: its SPI are both cookies, RFC 2408 §3.14. */
export function isakmpNotify(
  name: NotifyName,
  { initiatorCookie, responderCookie }: Pick<EstablishedIsakmpSa, 'initiatorCookie' | 'responderCookie'>,
  data: Uint8Array = NOTHING,
): IsakmpNotifyPayload {
  const spi = cookiesOctets({ initiatorCookie, responderCookie });
  return { type: 'N', doi: Doi.IPSEC, protocolId: IsakmpProtocol.ISAKMP, spi, notifyType: IsakmpNotify[name], data };
}

/** CKY-I and CKY-R. */
export function cookiesOctets(sa: Pick<EstablishedIsakmpSa, 'initiatorCookie' | 'responderCookie'>): Uint8Array {
  return Buffer.concat([cookieOctets(sa.initiatorCookie), cookieOctets(sa.responderCookie)]);
}

/** RFC 2408 §3.15: of ESP and AH the SPIs that this end receives by, of an ISAKMP SA both cookies. */
export function deletePayload(protocolId: number, spis: readonly Uint8Array[]): IsakmpDeletePayload {
  return { type: 'D', doi: Doi.IPSEC, protocolId, spis };
}

/** `NO-PROPOSAL-CHOSEN`, or its number. */
export function notifyText(notifyType: number): string {
  for (const [name, number] of Object.entries(IsakmpNotify)) if (number === notifyType) return name;
  return `notify ${notifyType}`;
}

/** Below 16384 the peer tells of an error, RFC 2408 §3.14.1. */
export const isError = ({ notifyType }: Pick<IsakmpNotifyPayload, 'notifyType'>): boolean => notifyType < 16_384;

export function notifyNamed(
  payloads: readonly { readonly type: string }[],
  name: NotifyName,
): IsakmpNotifyPayload | null {
  const isIt = (payload: { readonly type: string }): payload is IsakmpNotifyPayload =>
    payload.type === 'N' && 'notifyType' in payload && payload.notifyType === IsakmpNotify[name];
  return payloads.find(isIt) ?? null;
}

const NOTHING = new Uint8Array(0);
