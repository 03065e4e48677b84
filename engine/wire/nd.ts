import type { Address } from './address.ts';
import { Icmpv6Type, type Icmpv6Unknown } from './icmpv6.ts';
import { decodeNdOptions, encodeNdOptions, type NdOption } from './nd-option.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Neighbor Discovery, RFC 4861 §4. Redirect is not read: nodes here ignore it. */
export type NdMessage =
  | { readonly type: 'routerSolicitation'; readonly options: readonly NdOption[] }
  | {
      readonly type: 'routerAdvertisement';
      /** 0: unspecified. */
      readonly hopLimit: number;
      /** The M and O flags: addresses, other configuration by DHCPv6. */
      readonly managed: boolean;
      readonly otherConfiguration: boolean;
      /** 0: not a default router. */
      readonly routerLifetimeS: number;
      /** 0: unspecified; so for the next. */
      readonly reachableTimeMs: number;
      readonly retransTimerMs: number;
      readonly options: readonly NdOption[];
    }
  | { readonly type: 'neighborSolicitation'; readonly target: Address; readonly options: readonly NdOption[] }
  | {
      readonly type: 'neighborAdvertisement';
      readonly router: boolean;
      readonly solicited: boolean;
      readonly override: boolean;
      readonly target: Address;
      readonly options: readonly NdOption[];
    };

/**
 * Reads what `decodeIcmpv6` has left unknown; null when it is not Neighbor Discovery. Throws `WireError` (offsets from the
 * start of `message.body`) for a short message, a code other than 0 or an option of length 0. The rest of the validity
 * rules of RFC 4861 §6.1 and §7.1 (Hop Limit 255, addresses) belong to whoever has the IPv6 header.
 */
export function decodeNd(message: Icmpv6Unknown): NdMessage | null {
  const body = new Reader(message.body, 'ND');
  if (message.number < Icmpv6Type.ROUTER_SOLICITATION || message.number > Icmpv6Type.NEIGHBOR_ADVERTISEMENT)
    return null;
  if (message.code !== 0) throw body.error('Code', 0, `${message.code} is not 0`);
  switch (message.number) {
    case Icmpv6Type.ROUTER_SOLICITATION:
      body.skip(4, 'Reserved');
      return { type: 'routerSolicitation', options: decodeNdOptions(body) };
    case Icmpv6Type.ROUTER_ADVERTISEMENT:
      return decodeRouterAdvertisement(body);
    case Icmpv6Type.NEIGHBOR_SOLICITATION: {
      body.skip(4, 'Reserved');
      return { type: 'neighborSolicitation', target: body.bytes(16, 'Target Address'), options: decodeNdOptions(body) };
    }
    default: {
      const flags = body.u32('flags');
      return {
        type: 'neighborAdvertisement',
        router: flags >>> 31 === 1,
        solicited: ((flags >>> 30) & 1) === 1,
        override: ((flags >>> 29) & 1) === 1,
        target: body.bytes(16, 'Target Address'),
        options: decodeNdOptions(body),
      };
    }
  }
}

/** For `encodeIcmpv6`. */
export function encodeNd(message: NdMessage): Icmpv6Unknown {
  const out = new Writer(64);
  switch (message.type) {
    case 'routerSolicitation':
      out.u32(0);
      break;
    case 'routerAdvertisement':
      out.u8(message.hopLimit);
      out.u8((message.managed ? 0x80 : 0) | (message.otherConfiguration ? 0x40 : 0));
      out.u16(message.routerLifetimeS);
      out.u32(message.reachableTimeMs);
      out.u32(message.retransTimerMs);
      break;
    case 'neighborSolicitation':
      out.u32(0);
      out.bytes(message.target);
      break;
    case 'neighborAdvertisement':
      out.u8((message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) | (message.override ? 0x20 : 0));
      out.bytes(new Uint8Array(3)); // Reserved
      out.bytes(message.target);
      break;
  }
  encodeNdOptions(message.options, out);
  return { type: 'unknown', number: numbers[message.type], code: 0, body: out.finish() };
}

const numbers = {
  routerSolicitation: Icmpv6Type.ROUTER_SOLICITATION,
  routerAdvertisement: Icmpv6Type.ROUTER_ADVERTISEMENT,
  neighborSolicitation: Icmpv6Type.NEIGHBOR_SOLICITATION,
  neighborAdvertisement: Icmpv6Type.NEIGHBOR_ADVERTISEMENT,
} as const;

function decodeRouterAdvertisement(body: Reader): NdMessage {
  const hopLimit = body.u8('Cur Hop Limit');
  const flags = body.u8('flags');
  return {
    type: 'routerAdvertisement',
    hopLimit,
    managed: (flags & 0x80) !== 0,
    otherConfiguration: (flags & 0x40) !== 0,
    routerLifetimeS: body.u16('Router Lifetime'),
    reachableTimeMs: body.u32('Reachable Time'),
    retransTimerMs: body.u32('Retrans Timer'),
    options: decodeNdOptions(body),
  };
}
