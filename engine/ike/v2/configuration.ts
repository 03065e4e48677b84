import { type Address, formatAddress, parseAddress } from '../../wire/address.ts';
import type { ConfigurationPayload } from '../../wire/ike/payload.ts';
import { CfgAttribute, CfgType } from '../../wire/ike/registry.ts';
import { parsePrefix, type Prefix } from '../../wire/prefix.ts';
import type { PoolConfig } from '../config.ts';

/** The configuration payload as values, RFC 7296 §3.15: what is asked for, and what is given. */

export interface Requested {
  /** As often as an address of the family is asked for: the one that is wanted, or null. */
  readonly addresses: readonly { readonly family: 4 | 6; readonly wanted: string | null }[];
}

export interface Given {
  /** Text, without prefix length. */
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  /** Prefixes, text. */
  readonly subnets: readonly string[];
}

/** CFG_REQUEST for these addresses; `0.0.0.0` and `::` stand for whichever. Those of the DNS servers are asked for as well. */
export function configurationRequest(addresses: readonly string[]): ConfigurationPayload {
  const parsed = addresses.map(addressFrom);
  const families = new Set(parsed.map(address => address.length));
  return {
    type: 'CP',
    cfgType: CfgType.CFG_REQUEST,
    attributes: [
      ...parsed.map(address => ({
        type: address.length === 4 ? CfgAttribute.INTERNAL_IP4_ADDRESS : CfgAttribute.INTERNAL_IP6_ADDRESS,
        value: address.every(octet => octet === 0) ? NOTHING : withLength(address),
      })),
      ...(families.has(4) ? [{ type: CfgAttribute.INTERNAL_IP4_DNS, value: NOTHING }] : []),
      ...(families.has(16) ? [{ type: CfgAttribute.INTERNAL_IP6_DNS, value: NOTHING }] : []),
    ],
  };
}

/** What a CFG_REQUEST asks for; attributes that are not known, or cannot be read, are ignored. */
export function requestedIn({ attributes }: ConfigurationPayload): Requested {
  const addresses = attributes.flatMap(({ type, value }): Requested['addresses'] => {
    const family = familyOf(type);
    if (family === null) return [];
    const octets = family === 4 ? 4 : 16;
    const wanted = value.length < octets ? null : formatAddress(value.subarray(0, octets));
    const isAny = wanted === null || value.subarray(0, octets).every(octet => octet === 0);
    return [{ family, wanted: isAny ? null : wanted }];
  });
  return { addresses };
}

/** CFG_REPLY with these addresses, and what the pools say besides: of the families that have an address. */
export function configurationReply(addresses: readonly string[], pools: readonly PoolConfig[]): ConfigurationPayload {
  const parsed = addresses.map(addressFrom);
  const isOfUse = (octets: number) => parsed.some(address => address.length === octets);
  const dns = unique(pools.flatMap(pool => pool.dns)).map(addressFrom);
  const subnets = unique(pools.flatMap(pool => pool.subnets)).map(prefixFrom);
  return {
    type: 'CP',
    cfgType: CfgType.CFG_REPLY,
    attributes: [
      ...parsed.map(address => ({
        type: address.length === 4 ? CfgAttribute.INTERNAL_IP4_ADDRESS : CfgAttribute.INTERNAL_IP6_ADDRESS,
        value: withLength(address),
      })),
      ...dns
        .filter(({ length }) => isOfUse(length))
        .map(address => ({
          type: address.length === 4 ? CfgAttribute.INTERNAL_IP4_DNS : CfgAttribute.INTERNAL_IP6_DNS,
          value: address,
        })),
      ...subnets.filter(({ address }) => isOfUse(address.length)).map(subnetAttribute),
    ],
  };
}

/** What a CFG_REPLY gives; what cannot be read is ignored. */
export function givenIn({ attributes }: ConfigurationPayload): Given {
  const addresses: string[] = [];
  const dns: string[] = [];
  const subnets: string[] = [];
  for (const { type, value } of attributes) {
    const family = familyOf(type);
    if (family !== null && value.length === (family === 4 ? 4 : 17)) {
      addresses.push(formatAddress(family === 4 ? value : value.subarray(0, 16)));
    }
    if (type === CfgAttribute.INTERNAL_IP4_DNS && value.length === 4) dns.push(formatAddress(value));
    if (type === CfgAttribute.INTERNAL_IP6_DNS && value.length === 16) dns.push(formatAddress(value));
    const subnet = subnetFrom(type, value);
    if (subnet !== null) subnets.push(subnet);
  }
  return { addresses, dns, subnets };
}

/** CFG_ACK that takes over nothing, the answer to CFG_SET (§3.15.1). */
export const EMPTY_ACK: ConfigurationPayload = { type: 'CP', cfgType: CfgType.CFG_ACK, attributes: [] };

function familyOf(type: number): 4 | 6 | null {
  if (type === CfgAttribute.INTERNAL_IP4_ADDRESS) return 4;
  return type === CfgAttribute.INTERNAL_IP6_ADDRESS ? 6 : null;
}

/** INTERNAL_IP6_ADDRESS has a prefix length behind the address; what is given is one address. */
function withLength(address: Address): Uint8Array {
  return address.length === 4 ? address : Uint8Array.of(...address, 128);
}

function subnetAttribute({ address, length }: Prefix) {
  if (address.length === 16)
    return { type: CfgAttribute.INTERNAL_IP6_SUBNET, value: Uint8Array.of(...address, length) };
  const mask = length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
  const octets = Uint8Array.of(mask >>> 24, mask >>> 16, mask >>> 8, mask);
  return { type: CfgAttribute.INTERNAL_IP4_SUBNET, value: Uint8Array.of(...address, ...octets) };
}

function subnetFrom(type: number, value: Uint8Array): string | null {
  if (type === CfgAttribute.INTERNAL_IP6_SUBNET && value.length === 17) {
    return `${formatAddress(value.subarray(0, 16))}/${value[16]}`;
  }
  if (type !== CfgAttribute.INTERNAL_IP4_SUBNET || value.length !== 8) return null;
  const mask = Buffer.from(value).readUInt32BE(4);
  const length = Math.clz32(~mask);
  const isContiguous = length === 32 || (mask << length) >>> 0 === 0;
  return isContiguous ? `${formatAddress(value.subarray(0, 4))}/${length}` : null;
}

function addressFrom(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}

function prefixFrom(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is no prefix`);
  return prefix;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
const NOTHING = new Uint8Array(0);
