import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { IsakmpIdPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpIdType } from '../../wire/isakmp/registry.ts';
import {
  addressOf,
  ANY_PORT,
  ANY_PROTOCOL,
  type Box,
  boxOf,
  type Interval,
  numberOf,
  selectorOf,
} from '../v2/selector-box.ts';

/**
 * IDci and IDcr of Quick Mode, RFC 2407 §4.6.2: what an SA is for on one side, as one address, one subnet or one range, with one
 * protocol (0: any) and one port (0: any). The same as a traffic selector, which is what Child SAs remember and nodes are told.
 */
export type ClientIdentity = Omit<IsakmpIdPayload, 'type'>;

/**
 * null: it cannot be said in IKEv1, which has no range of ports, no OPAQUE, and no protocol but one or all. Type and code of ICMP
 * have no place in it either.
 */
export function clientIdentityOf(selector: TrafficSelector): ClientIdentity | null {
  const box = boxOf(selector);
  if (box === null) return null;
  const port = portOf(box);
  if (port === null) return null;
  const protocol = box.protocol[0] === box.protocol[1] ? Number(box.protocol[0]) : 0;
  return { ...addressesAs(box), protocol, port };
}

/** null: no addresses, or not well formed: a name, a mask with a hole, a range from high to low. */
export function selectorOfClient(identity: ClientIdentity): TrafficSelector | null {
  const addresses = addressesIn(identity);
  if (addresses === null) return null;
  const { protocol, port } = identity;
  return selectorOf({
    family: addresses.family,
    protocol: protocol === 0 ? ANY_PROTOCOL : [BigInt(protocol), BigInt(protocol)],
    port: port === 0 ? ANY_PORT : [BigInt(port), BigInt(port)],
    address: addresses.address,
  });
}

/** A port 0 cannot be told from all of them. */
function portOf({ port: [low, high] }: Box): number | null {
  if (low < 0n && high === 65535n) return 0;
  return low === high && low > 0n ? Number(low) : null;
}

function addressesAs({ family, address: [low, high] }: Box): Pick<ClientIdentity, 'idType' | 'data'> {
  const first = addressOf(low, family);
  const types = TYPES[family];
  if (low === high) return { idType: types.address, data: first };
  const size = high - low + 1n;
  const isSubnet = (size & (size - 1n)) === 0n && low % size === 0n;
  if (!isSubnet) return { idType: types.range, data: Buffer.concat([first, addressOf(high, family)]) };
  const all = family === 4 ? 0xffff_ffffn : (1n << 128n) - 1n;
  return { idType: types.subnet, data: Buffer.concat([first, addressOf(all - (size - 1n), family)]) };
}

function addressesIn({ idType, data }: ClientIdentity): Pick<Box, 'family' | 'address'> | null {
  for (const family of [4, 6] as const) {
    const types = TYPES[family];
    const octets = family === 4 ? 4 : 16;
    if (idType === types.address && data.length === octets)
      return { family, address: [numberOf(data), numberOf(data)] };
    if (data.length !== 2 * octets) continue;
    const [first, second] = [numberOf(data.subarray(0, octets)), numberOf(data.subarray(octets))];
    if (idType === types.range) return first <= second ? { family, address: [first, second] } : null;
    if (idType === types.subnet) {
      const address = subnetOf(first, second, family);
      return address === null ? null : { family, address };
    }
  }
  return null;
}

/** Bits of the host that are set are of no account; null: the mask has a hole. */
function subnetOf(address: bigint, mask: bigint, family: 4 | 6): Interval | null {
  const all = family === 4 ? 0xffff_ffffn : (1n << 128n) - 1n;
  const host = all ^ mask;
  if ((host & (host + 1n)) !== 0n) return null;
  const low = address & mask;
  return [low, low | host];
}

const TYPES = {
  4: {
    address: IsakmpIdType.ID_IPV4_ADDR,
    subnet: IsakmpIdType.ID_IPV4_ADDR_SUBNET,
    range: IsakmpIdType.ID_IPV4_ADDR_RANGE,
  },
  6: {
    address: IsakmpIdType.ID_IPV6_ADDR,
    subnet: IsakmpIdType.ID_IPV6_ADDR_SUBNET,
    range: IsakmpIdType.ID_IPV6_ADDR_RANGE,
  },
} as const;
