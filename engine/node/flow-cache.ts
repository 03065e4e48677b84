import { Icmpv4Type } from '../wire/icmpv4.ts';
import { Icmpv6Type } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../wire/octets.ts';
import type { NodeInterface } from './interfaces.ts';
import { isExtensionHeader } from './packet.ts';
import type { Protection } from './protection.ts';

/** A power of two. */
const SLOTS = 4096;
const KEY_WORDS = 10;
const SCTP = 132;
const UDP_LITE = 136;
const DCCP = 33;

/** Where the packet came from: an interface, this node or its host, or this node's ESP. They are decided on differently. */
export type FlowSource = NodeInterface | 'sent' | 'protected';

interface Slot<Decision> {
  readonly words: Int32Array;
  readonly from: FlowSource;
  readonly protection: Protection | null;
  readonly decision: Decision;
}

/**
 * What was decided for the packets of a flow, so that the next one costs a hash and ten comparisons. Direct-mapped: a flow
 * that falls on another's slot takes it, so the table is bounded and nothing has to expire. Whoever changes routes,
 * addresses, links or SAs calls `clear`.
 */
export class FlowCache<Decision> {
  #usesPorts: boolean;
  readonly #words = new Int32Array(KEY_WORDS);
  #slots: (Slot<Decision> | null)[] = emptySlots();
  #isEmpty = true;
  #hash = 0;

  /** `usesPorts`: whether any policy, or SA, looks at ports, or at ICMP types, so that they belong to the key. */
  constructor(usesPorts: boolean) {
    this.#usesPorts = usesPorts;
  }

  /** Begins afresh, for other policies or SAs. */
  restart(usesPorts: boolean): void {
    this.#usesPorts = usesPorts;
    this.clear();
  }

  /**
   * Reads the key of the IP packet at `offset` for the next `get` and `set`; false when its flow cannot be told from the
   * fixed places (options, extension headers, cut short), or where more than the flow decides: fragments when ports count,
   * ICMP errors by the packet that they quote, link-local destinations by the link. The version was checked.
   */
  select(octets: Uint8Array, offset: number): boolean {
    return u8At(octets, offset) >> 4 === 4 ? this.#select4(octets, offset) : this.#select6(octets, offset);
  }

  get(from: FlowSource, protection: Protection | null): Decision | null {
    const slot = this.#slots[this.#hash];
    if (slot === null || slot === undefined || slot.from !== from || slot.protection !== protection) return null;
    const { words } = slot;
    for (let i = 0; i < KEY_WORDS; i++) if (words[i] !== this.#words[i]) return null;
    return slot.decision;
  }

  set(from: FlowSource, protection: Protection | null, decision: Decision): void {
    this.#slots[this.#hash] = { words: this.#words.slice(), from, protection, decision };
    this.#isEmpty = false;
  }

  clear(): void {
    if (this.#isEmpty) return;
    this.#slots = emptySlots();
    this.#isEmpty = true;
  }

  #select4(octets: Uint8Array, offset: number): boolean {
    if (octets.length < offset + 24 || u8At(octets, offset) !== 0x45 || u16At(octets, offset + 2) < 24) return false;
    const flagsAndOffset = u16At(octets, offset + 6) & 0x3fff;
    if (flagsAndOffset !== 0 && this.#usesPorts) return false; // a fragment, which has to wait for the others
    const fragment = flagsAndOffset & 0x1fff;
    const protocol = u8At(octets, offset + 9);
    if (protocol === IpProtocol.ICMP && fragment === 0 && !isEcho4(u8At(octets, offset + 20))) return false;
    const words = this.#words;
    words[0] = u32At(octets, offset + 12);
    words[1] = u32At(octets, offset + 16);
    words[2] = fragment === 0 ? this.#upperWord(octets, offset + 20, protocol) : 0;
    words[3] = (4 << 16) | (fragment === 0 ? 0 : 0x100) | protocol;
    if (words[4] !== 0 || words[5] !== 0 || words[6] !== 0 || words[7] !== 0) words.fill(0, 4);
    words[8] = 0;
    words[9] = 0;
    this.#hash = slotOf(words, 4);
    return true;
  }

  #select6(octets: Uint8Array, offset: number): boolean {
    if (octets.length < offset + 44 || u16At(octets, offset + 4) < 4) return false;
    const protocol = u8At(octets, offset + 6);
    if (isExtensionHeader(protocol)) return false;
    if (protocol === IpProtocol.ICMPV6 && !isEcho6(u8At(octets, offset + 40))) return false;
    if ((u16At(octets, offset + 24) & 0xffc0) === 0xfe80) return false;
    const words = this.#words;
    for (let i = 0; i < 8; i++) words[i] = u32At(octets, offset + 8 + i * 4);
    words[8] = this.#upperWord(octets, offset + 40, protocol);
    words[9] = (6 << 16) | protocol;
    this.#hash = slotOf(words, KEY_WORDS);
    return true;
  }

  /** Both ports, or type and code of ICMP, where they matter. */
  #upperWord(octets: Uint8Array, at: number, protocol: number): number {
    if (!this.#usesPorts) return 0;
    if (protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6) return u16At(octets, at);
    return hasPorts(protocol) ? u32At(octets, at) : 0;
  }
}

function hasPorts(protocol: number): boolean {
  if (protocol === IpProtocol.TCP || protocol === IpProtocol.UDP) return true;
  return protocol === SCTP || protocol === UDP_LITE || protocol === DCCP;
}

function isEcho4(type: number): boolean {
  return type === Icmpv4Type.ECHO_REQUEST || type === Icmpv4Type.ECHO_REPLY;
}

function isEcho6(type: number): boolean {
  return type === Icmpv6Type.ECHO_REQUEST || type === Icmpv6Type.ECHO_REPLY;
}

function slotOf(words: Int32Array, count: number): number {
  let hash = 0;
  for (let i = 0; i < count; i++) hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1) ^ (hash >>> 15);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}

function emptySlots<Decision>(): (Slot<Decision> | null)[] {
  return Array.from({ length: SLOTS }, () => null);
}
