import type { IsakmpAttribute, IsakmpAttributePayload } from '../../wire/isakmp/payload.ts';
import { IsakmpCfgAttribute } from '../../wire/isakmp/registry-attributes.ts';
import { type Address, formatAddress, parseAddress } from '../../wire/address.ts';
import { parsePrefix } from '../../wire/prefix.ts';
import type { PoolConfig } from '../config.ts';

/** Mode Config as values, draft-dukes-ike-mode-cfg-02 §3.3: what is asked for, and what is given. */

/** As often as an address of the family is asked for: the one that is wanted, or null. */
export type AskedAddresses = readonly { readonly family: 4 | 6; readonly wanted: string | null }[];

export interface GivenConfiguration {
  /** Text, without prefix length. */
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  /** Prefixes, text. */
  readonly subnets: readonly string[];
}

/** For these addresses, `0.0.0.0` and `::` standing for whichever, and the DNS servers of their families. */
export function askAttributes(addresses: readonly string[]): IsakmpAttribute[] {
  const parsed = addresses.map(addressFrom);
  return [4, 16].flatMap(octets => {
    const own = parsed.filter(({ length }) => length === octets);
    if (own.length === 0) return [];
    const types = octets === 4 ? IPV4 : IPV6;
    return [
      ...own.map(address => ({ type: types.address, value: address.every(octet => octet === 0) ? NOTHING : address })),
      { type: types.netmask, value: NOTHING },
      { type: types.dns, value: NOTHING },
      { type: types.subnet, value: NOTHING },
    ];
  });
}

/** What is asked for; what is not known, or cannot be read, is ignored. */
export function askedIn({ attributes }: IsakmpAttributePayload): AskedAddresses {
  return attributes.flatMap(attribute => {
    const types = [IPV4, IPV6].find(({ address }) => address === attribute.type);
    if (types === undefined) return [];
    const octets = octetsOf(attribute);
    const isAny = octets.length !== types.octets || octets.every(octet => octet === 0);
    return [{ family: types.octets === 4 ? 4 : 6, wanted: isAny ? null : formatAddress(octets) }] as const;
  });
}

/** These addresses, and what the pools say besides, of the families that have one. */
export function giveAttributes(addresses: readonly string[], pools: readonly PoolConfig[]): IsakmpAttribute[] {
  const parsed = addresses.map(addressFrom);
  const dns = unique(pools.flatMap(pool => pool.dns)).map(addressFrom);
  const subnets = unique(pools.flatMap(pool => pool.subnets)).map(prefixFrom);
  return [IPV4, IPV6].flatMap(types => {
    const own = parsed.filter(({ length }) => length === types.octets);
    if (own.length === 0) return [];
    return [
      ...own.map(value => ({ type: types.address, value })),
      { type: types.netmask, value: new Uint8Array(types.octets).fill(0xff) },
      ...dns.filter(({ length }) => length === types.octets).map(value => ({ type: types.dns, value })),
      ...subnets
        .filter(({ address }) => address.length === types.octets)
        .map(({ address, length }) => ({ type: types.subnet, value: subnetValue(address, length) })),
    ];
  });
}

/** What is given; what cannot be read is ignored. Some write IPv6 addresses as IKEv2 does, with a prefix length behind them. */
export function givenIn({ attributes }: IsakmpAttributePayload): GivenConfiguration {
  const addresses: string[] = [];
  const dns: string[] = [];
  const subnets: string[] = [];
  for (const attribute of attributes) {
    const octets = octetsOf(attribute);
    for (const types of [IPV4, IPV6]) {
      const isWhole = octets.length === types.octets || (types === IPV6 && octets.length === 17);
      if (attribute.type === types.address && isWhole) addresses.push(formatAddress(octets.subarray(0, types.octets)));
      if (attribute.type === types.dns && octets.length === types.octets) dns.push(formatAddress(octets));
      const subnet = attribute.type === types.subnet ? subnetFrom(octets, types.octets) : null;
      if (subnet !== null) subnets.push(subnet);
    }
  }
  return { addresses: addresses.filter(address => address !== '0.0.0.0' && address !== '::'), dns, subnets };
}

/** ISAKMP_CFG_ACK: the attributes that were taken, without their values. */
export function ackAttributes({ attributes }: IsakmpAttributePayload): IsakmpAttribute[] {
  return attributes.map(({ type }) => ({ type, value: NOTHING }));
}

/** A value in either form: two octets of the short one. */
export function octetsOf({ value }: IsakmpAttribute): Uint8Array {
  return typeof value === 'number' ? Uint8Array.of(value >>> 8, value & 255) : value;
}

const NOTHING = new Uint8Array(0);

const IPV4 = {
  octets: 4,
  address: IsakmpCfgAttribute.INTERNAL_IP4_ADDRESS,
  netmask: IsakmpCfgAttribute.INTERNAL_IP4_NETMASK,
  dns: IsakmpCfgAttribute.INTERNAL_IP4_DNS,
  subnet: IsakmpCfgAttribute.INTERNAL_IP4_SUBNET,
} as const;

const IPV6 = {
  octets: 16,
  address: IsakmpCfgAttribute.INTERNAL_IP6_ADDRESS,
  netmask: IsakmpCfgAttribute.INTERNAL_IP6_NETMASK,
  dns: IsakmpCfgAttribute.INTERNAL_IP6_DNS,
  subnet: IsakmpCfgAttribute.INTERNAL_IP6_SUBNET,
} as const;

/** Address and netmask; of IPv6 the length of the prefix in its place. */
function subnetValue(address: Address, length: number): Uint8Array {
  if (address.length === 16) return Uint8Array.of(...address, length);
  const mask = length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
  return Uint8Array.of(...address, mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255);
}

function subnetFrom(octets: Uint8Array, addressOctets: 4 | 16): string | null {
  if (addressOctets === 16) {
    return octets.length === 17 ? `${formatAddress(octets.subarray(0, 16))}/${octets[16]}` : null;
  }
  if (octets.length !== 8) return null;
  const mask = Buffer.from(octets).readUInt32BE(4);
  const length = Math.clz32(~mask);
  const isContiguous = length === 32 || (mask << length) >>> 0 === 0;
  return isContiguous ? `${formatAddress(octets.subarray(0, 4))}/${length}` : null;
}

function addressFrom(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}

function prefixFrom(text: string) {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is no prefix`);
  return prefix;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
