import { createHash } from 'node:crypto';
import { ikeSpiOctets } from '../../../engine/wire/ike/header.ts';
import type {
  IsakmpAttribute,
  IsakmpDeletePayload,
  IsakmpIdPayload,
  IsakmpNotifyPayload,
  IsakmpPayload,
  IsakmpPayloadOf,
  IsakmpProposal,
  IsakmpSaPayload,
  IsakmpTransform,
  IsakmpVendorIdPayload,
  NatDetectionPayload,
} from '../../../engine/wire/isakmp/payload.ts';
import { addressOf } from '../ip.ts';
import type { Attribute } from './suite.ts';

/** Payloads of ISAKMP as the tester writes them, with numbers of its own: RFC 2408 §3, RFC 2407 §4.6. */

const NONE = new Uint8Array(0);

export const EXCHANGE = { main: 2, aggressive: 4, informational: 5, transaction: 6, quick: 32, newGroup: 33 } as const;
export const PROTOCOL = { isakmp: 1, ah: 2, esp: 3 } as const;
export const ID = { ipv4: 1, fqdn: 2, userFqdn: 3, ipv4Subnet: 4, ipv6: 5, ipv4Range: 7, keyId: 11 } as const;
export const NOTIFY = {
  invalidPayloadType: 1,
  doiNotSupported: 2,
  invalidCookie: 4,
  invalidExchangeType: 7,
  noProposalChosen: 14,
  payloadMalformed: 16,
  invalidIdInformation: 18,
  invalidHashInformation: 23,
  authenticationFailed: 24,
  connected: 16_384,
  responderLifetime: 24_576,
  replayStatus: 24_577,
  initialContact: 24_578,
  areYouThere: 36_136,
  areYouThereAck: 36_137,
} as const;

/** What each says that it can. */
export const VENDOR = {
  /** RFC 3947 §3.1. */
  natTraversal: '4a131c81070358455c5728f20e95452f',
  /** RFC 3706 §5.1, 1.0. */
  deadPeers: 'afcad71368a1f1c96b8696fc77570100',
  fragmentation: '4048b7d56ebce88525e7de7f00d6c2d3',
  xauth: '09002689dfd6b712',
} as const;

export const vendor = (hex: string): IsakmpVendorIdPayload => ({ type: 'VID', data: Buffer.from(hex, 'hex') });

/** SA of IPsec's DOI, SIT_IDENTITY_ONLY. */
export const securityAssociation = (...proposals: readonly IsakmpProposal[]): IsakmpSaPayload => ({
  type: 'SA',
  doi: 1,
  situation: 1,
  proposals,
});

/** One proposal of phase 1 with these transforms: there is never a second, RFC 2409 §5. */
export const phase1Proposal = (...transforms: readonly (readonly Attribute[])[]): IsakmpProposal => ({
  number: 1,
  protocolId: PROTOCOL.isakmp,
  spi: NONE,
  transforms: transforms.map((attributes, index) => transform(index + 1, 1, attributes)),
});

export function transform(number: number, id: number, attributes: readonly Attribute[]): IsakmpTransform {
  return { number, id, attributes: attributes.map(([type, value]): IsakmpAttribute => ({ type, value })) };
}

/** The value of an attribute, as a number however it was written; null: it is not there. */
export function attributeOf(of: IsakmpTransform, type: number): number | null {
  const found = of.attributes.find(it => it.type === type);
  if (found === undefined) return null;
  return typeof found.value === 'number' ? found.value : Number.parseInt(Buffer.from(found.value).toString('hex'), 16);
}

/** The first payload of that type. */
export function payloadOf<T extends IsakmpPayload['type']>(
  payloads: readonly IsakmpPayload[],
  type: T,
): IsakmpPayloadOf<T> | null {
  return payloads.find((it): it is IsakmpPayloadOf<T> => it.type === type) ?? null;
}

export function payloadsOf<T extends IsakmpPayload['type']>(
  payloads: readonly IsakmpPayload[],
  type: T,
): readonly IsakmpPayloadOf<T>[] {
  return payloads.filter((it): it is IsakmpPayloadOf<T> => it.type === type);
}

export function notify(
  notifyType: number,
  data: Uint8Array = NONE,
  about: Partial<IsakmpNotifyPayload> = {},
): IsakmpNotifyPayload {
  return { type: 'N', doi: 1, protocolId: PROTOCOL.isakmp, spi: NONE, notifyType, data, ...about };
}

/** Of that type, in order. */
export function notifies(payloads: readonly IsakmpPayload[], notifyType: number): readonly IsakmpNotifyPayload[] {
  return payloadsOf(payloads, 'N').filter(it => it.notifyType === notifyType);
}

/** The errors among them, RFC 2408 §3.14.1. */
export function errorsIn(payloads: readonly IsakmpPayload[]): readonly IsakmpNotifyPayload[] {
  return payloadsOf(payloads, 'N').filter(it => it.notifyType < 16_384);
}

export interface CookiePair {
  readonly cookieI: string;
  readonly cookieR: string;
}

/** What an ISAKMP SA is called by where there is an SPI field, RFC 2408 §2.4. */
export function cookiePair({ cookieI, cookieR }: CookiePair): Uint8Array {
  return Buffer.concat([ikeSpiOctets(cookieI), ikeSpiOctets(cookieR)]);
}

export const deleteIsakmp = (pair: CookiePair): IsakmpDeletePayload => ({
  type: 'D',
  doi: 1,
  protocolId: PROTOCOL.isakmp,
  spis: [cookiePair(pair)],
});

export const deleteEsp = (...spis: readonly Uint8Array[]): IsakmpDeletePayload => ({
  type: 'D',
  doi: 1,
  protocolId: PROTOCOL.esp,
  spis,
});

/** Of phase 1, with protocol and port 0. */
export const fqdn = (name: string): IsakmpIdPayload => ({
  type: 'ID',
  idType: ID.fqdn,
  protocol: 0,
  port: 0,
  data: Buffer.from(name, 'latin1'),
});

/** Of phase 2: `10.0.1.0/24`, `10.0.1.1-10.0.1.9`, `10.0.1.1`. */
export function clientId(text: string, of: Partial<IsakmpIdPayload> = {}): IsakmpIdPayload {
  const [first = '', last] = text.split(/[-/]/);
  const start = addressOf(first);
  const isV6 = start.length === 16;
  const rest = { protocol: 0, port: 0 };
  if (last === undefined) return { type: 'ID', idType: isV6 ? ID.ipv6 : ID.ipv4, data: start, ...rest, ...of };
  const isRange = text.includes('-');
  const end = isRange ? addressOf(last) : maskOf(Number(last), start.length);
  const idType = (isRange ? ID.ipv4Range : ID.ipv4Subnet) + (isV6 ? (isRange ? 1 : 2) : 0);
  return { type: 'ID', idType, data: Buffer.concat([start, end]), ...rest, ...of };
}

function maskOf(bits: number, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff);
}

/** HASH(CKY-I | CKY-R | IP | Port) by the negotiated hash, RFC 3947 §3.2. */
export function natDetection(hash: string, pair: CookiePair, address: string, port: number): NatDetectionPayload {
  const data = createHash(hash)
    .update(cookiePair(pair))
    .update(addressOf(address))
    .update(Uint8Array.of(port >> 8, port))
    .digest();
  return { type: 'NATD', data };
}
