import type { Random } from '../crypto/random.ts';
import type { Filter } from '../filter/filter.ts';
import type { AhOpenJob, AhSealJob, IpsecKernel, OpenJob, SealJob } from '../ipsec/kernel.ts';
import type { SaEnds } from '../ipsec/outbound-table.ts';
import type { Sad } from '../ipsec/sad.ts';
import type { TransportSplit } from '../ipsec/transport-mode.ts';
import type { Instant } from '../wire/instant.ts';
import type { Offload } from '../wire/offload.ts';
import type { AddressTable } from './address-table.ts';
import type { Audit, EventParts } from './audit.ts';
import type { Autoconfiguration } from './autoconfiguration.ts';
import type { NegotiationConfig } from './config.ts';
import type { Decision } from './decision.ts';
import type { FlowCache } from './flow-cache.ts';
import type { FragmentTable } from './fragment-table.ts';
import type { EthernetInterface, NodeInterface, TunnelInterface } from './interfaces.ts';
import type { Nat } from './nat.ts';
import type { NeighbourCache } from './neighbour-cache.ts';
import type { DropReason, Frame, LocalPacket } from './node.ts';
import type { Packet } from './packet.ts';
import type { PathMtuCache } from './path-mtu.ts';
import type { PolicySet } from './policy-set.ts';
import type { Protection } from './protection.ts';
import type { IcmpErrorLimit } from './rate-limit.ts';
import type { ReassemblyPool } from './reassembly-pool.ts';
import type { RouteTable } from './route-table.ts';
import type { Advertising } from './router-advertising.ts';
import type { Layer } from './sa-choice.ts';
import type { SaUpkeep } from './sa-upkeep.ts';

/** Encapsulations and decapsulations of one packet inside one node; more is a loop. RFC 2473 §4.1.1 has the same default. */
export const NESTING_MAX = 4;

/** How a packet came to be in the node. */
export interface Ingress {
  /** null: from the host stack above, or made here. */
  readonly interface: NodeInterface | null;
  /** The SAs that protected it; null: it came in the clear. */
  readonly protection: Protection | null;
  /** How often it was encapsulated or decapsulated here. */
  readonly depth: number;
}

/** Who made a packet that leaves, and so who hears when it cannot. */
export type Origin =
  /** Another node: an ICMP error goes back to it. */
  | 'forwarded'
  /** The same, but an SA brought it: an error quotes what was protected, so it goes back by an SA or not at all. */
  | 'decrypted'
  /** The host stack above: an ICMP error is handed up to it. */
  | 'above'
  /** The node itself (echo replies, ICMP errors, outer packets): it is only counted. */
  | 'node';

/** What a frame that waits for a MAC address needs when that comes, or does not. */
export interface FrameOrigin {
  readonly offload: Offload | null;
  readonly origin: Origin;
}

/** A packet that the node sends of its own, or for the host above. */
export interface Originated {
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
  readonly origin: Origin;
  readonly depth: number;
  /** ESP or AH was applied, or none is due: the SPD has had its say. */
  readonly isProtected: boolean;
  /** The link that a link-local destination is on; null: as its addresses say. */
  readonly zone: NodeInterface | null;
}

/** A step that waits for its turn, so that no step calls another one deeper and deeper. */
export type Task =
  | { readonly kind: 'input'; readonly octets: Uint8Array; readonly ingress: Ingress }
  | { readonly kind: 'originate'; readonly packet: Originated }
  /** Has waited for an SA. */
  | { readonly kind: 'forward'; readonly packet: Packet; readonly ingress: Ingress };

/** How far a packet is on its way through the SAs that protect it. */
export interface Sealing {
  readonly layers: readonly Layer[];
  /** The one that it is at. */
  readonly index: number;
  readonly depth: number;
}

/** A packet at the kernel's door, and what to do with the ESP that comes back. */
export interface PendingSeal {
  readonly job: SealJob;
  readonly wrap:
    | { readonly kind: 'tunnel'; readonly inner: Uint8Array; readonly outer: SaEnds }
    | { readonly kind: 'transport'; readonly split: TransportSplit };
  readonly sealing: Sealing;
}

/** The same of AH, from which whole packets come back. */
export interface PendingAuthentication {
  readonly job: AhSealJob;
  readonly sealing: Sealing;
}

export interface PendingOpen {
  readonly job: OpenJob;
  /** The source port of the datagram that it came in; null: it came as ESP. */
  readonly udpPort: number | null;
  readonly outer: Packet;
  readonly ingress: Ingress;
}

export interface PendingVerification {
  readonly job: AhOpenJob;
  readonly outer: Packet;
  readonly ingress: Ingress;
}

/**
 * Everything that a node knows, and the work of the call in progress. One object that all steps share: each module changes
 * only the part that it is named after, and nobody outside engine/node sees it.
 */
export interface Core {
  readonly name: string;
  readonly forwarding: boolean;
  readonly random: Random;
  readonly kernel: IpsecKernel;
  readonly links: readonly EthernetInterface[];
  /** The same, by name. */
  readonly ports: ReadonlyMap<string, EthernetInterface>;
  /** These come and go. */
  readonly tunnels: TunnelInterface[];
  /** Links, then tunnels. */
  readonly interfaces: NodeInterface[];
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly neighbours: NeighbourCache<FrameOrigin>;
  policies: PolicySet;
  readonly reportDiscards: boolean;
  /** null: nobody negotiates SAs. */
  negotiation: NegotiationConfig | null;
  readonly sad: Sad;
  readonly upkeep: SaUpkeep;
  readonly flows: FlowCache<Decision>;
  /** Of what leaves in the clear. */
  readonly pathMtus: PathMtuCache;
  /** Of ESP and IP-in-IP: to learn them takes more than to know an address. */
  readonly outerPathMtus: PathMtuCache;
  readonly reassembly: ReassemblyPool;
  /** null: fragments wait for each other where that matters. */
  readonly fragments: FragmentTable | null;
  readonly errorLimit: IcmpErrorLimit;
  /** null: everything passes. */
  filter: Filter | null;
  readonly hostModel: Record<4 | 6, 'weak' | 'strong'>;
  readonly antiSpoofing: boolean;
  readonly nat: Nat | null;
  /** One for each interface that advertises, and one for each that listens to advertisements. */
  readonly advertising: readonly Advertising[];
  readonly autoconfigurations: Autoconfiguration[];
  readonly audit: Audit;
  /** IPv4 Identification of the next packet made here; IPv6 fragments take theirs from the same count. */
  identification: number;
  /** Of the call in progress. */
  now: Instant;
  frames: Frame[];
  deliveries: LocalPacket[];
  readonly tasks: Task[];
  opens: PendingOpen[];
  verifications: PendingVerification[];
  seals: PendingSeal[];
  authentications: PendingAuthentication[];
}

export function drop(core: Core, reason: DropReason, detail: () => string, parts?: () => EventParts): void {
  core.audit.drop(reason, core.now, detail, parts);
}

/** For the next packet that the node makes itself: 32 bits, of which IPv4 takes the low half. */
export function nextIdentification(core: Core): number {
  core.identification = (core.identification + 1) >>> 0;
  return core.identification;
}

export function originOf(ingress: Ingress): Origin {
  return ingress.protection === null ? 'forwarded' : 'decrypted';
}

/** Sends a packet that the node itself makes, when its turn comes; `isExempt`: past the SPD. */
export function originate(
  core: Core,
  octets: Uint8Array,
  parts: Partial<Pick<Originated, 'depth' | 'zone'>> & { readonly isExempt?: boolean } = {},
): void {
  const { depth = 0, zone = null, isExempt = false } = parts;
  const packet: Originated = { octets, offload: null, origin: 'node', depth, isProtected: isExempt, zone };
  core.tasks.push({ kind: 'originate', packet });
}

/** To the host stack above. Copies: `octets` may be a view of a frame that its owner takes back. */
export function deliver(core: Core, octets: Uint8Array, offload: Offload | null): void {
  core.deliveries.push({ octets: octets.slice(), offload });
}
