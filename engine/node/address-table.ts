import { type Address, addressKey, addressVersion, isBroadcast, isLinkLocal, isMulticast } from '../wire/address.ts';
import { octetsEqual } from '../wire/octets.ts';
import { prefixContains } from '../wire/prefix.ts';
import type { EthernetInterface, InterfaceAddress, NodeInterface } from './interfaces.ts';

/** ff02::1:ff00:0/104, RFC 4291 §2.7.1. */
const SOLICITED_NODE = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0);
export const ALL_NODES: Address = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
export const ALL_ROUTERS: Address = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
export const UNSPECIFIED_V6: Address = new Uint8Array(16);

/** Which addresses are the node's own (weak host model, RFC 1122 §3.3.4.2: on whatever interface a packet arrives). */
export class AddressTable {
  readonly #interfaces: readonly NodeInterface[];
  readonly #isRouter: boolean;
  readonly #owners = new Map<string, NodeInterface[]>();
  readonly #broadcasts = new Set<string>();

  constructor(interfaces: readonly NodeInterface[], isRouter: boolean) {
    this.#interfaces = interfaces;
    this.#isRouter = isRouter;
    this.rebuild();
  }

  /** After the addresses of an interface have changed. */
  rebuild(): void {
    this.#owners.clear();
    this.#broadcasts.clear();
    for (const netInterface of this.#interfaces) {
      for (const entry of netInterface.addresses) {
        const key = addressKey(entry.address);
        this.#owners.set(key, [...(this.#owners.get(key) ?? []), netInterface]);
        const broadcast = subnetBroadcast(entry);
        if (broadcast !== null) this.#broadcasts.add(addressKey(broadcast));
      }
    }
  }

  owns(address: Address): boolean {
    return this.#owners.has(addressKey(address));
  }

  ownedBy(netInterface: NodeInterface, address: Address): boolean {
    return this.#owners.get(addressKey(address))?.includes(netInterface) ?? false;
  }

  /** Whether a packet to `destination` that arrived on `netInterface` is for this node. */
  isForUs(netInterface: NodeInterface, destination: Address): boolean {
    if (isMulticast(destination)) return this.#hasJoined(netInterface, destination);
    if (addressVersion(destination) === 6 && isLinkLocal(destination)) return this.ownedBy(netInterface, destination);
    return this.owns(destination) || this.isBroadcast(destination);
  }

  /** 255.255.255.255, and the broadcast address of a subnet that the node is in. */
  isBroadcast(address: Address): boolean {
    return address.length === 4 && (isBroadcast(address) || this.#broadcasts.has(addressKey(address)));
  }

  #hasJoined(netInterface: NodeInterface, group: Address): boolean {
    if (group.length === 4) return group.join('.') === '224.0.0.1';
    if (octetsEqual(group, ALL_NODES)) return true;
    if (octetsEqual(group, ALL_ROUTERS)) return this.#isRouter;
    return netInterface.addresses.some(
      ({ address }) => address.length === 16 && octetsEqual(group, solicitedNode(address)),
    );
  }
}

/** The solicited-node multicast address of a unicast one, RFC 4291 §2.7.1. */
export function solicitedNode(address: Address): Address {
  const group = SOLICITED_NODE.slice();
  group.set(address.subarray(13), 13);
  return group;
}

/** 33:33 and the last 32 bits of the group, RFC 2464 §7; 01:00:5e and the last 23 bits, RFC 1112 §6.4. */
export function multicastMac(group: Address): Uint8Array {
  if (group.length === 16) return Uint8Array.of(0x33, 0x33, ...group.subarray(12));
  const [, b = 0, c = 0, d = 0] = group;
  return Uint8Array.of(1, 0, 0x5e, b & 0x7f, c, d);
}

/** The entry of `ethernet` whose subnet holds `address`: whether a neighbour may have it. */
export function subnetOf(ethernet: EthernetInterface, address: Address): InterfaceAddress | null {
  const holds = (entry: InterfaceAddress) =>
    prefixContains({ address: entry.address, length: entry.prefixLength }, address);
  return ethernet.addresses.find(holds) ?? null;
}

function subnetBroadcast(entry: InterfaceAddress): Address | null {
  if (entry.address.length !== 4 || entry.prefixLength > 30) return null;
  return entry.address.map((octet, i) => octet | (0xff >> Math.min(8, Math.max(0, entry.prefixLength - i * 8))));
}
