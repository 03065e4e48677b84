import type { Random } from '../crypto/random.ts';
import type { FilterConfig } from '../filter/rule.ts';
import type { StateFigures } from '../filter/state-table.ts';
import type { IpsecKernel } from '../ipsec/kernel.ts';
import type { SaLifetime } from '../ipsec/lifetime.ts';
import type { SecurityProtocol } from '../ipsec/sa.ts';
import type { Instant } from '../wire/instant.ts';
import type { Offload } from '../wire/offload.ts';
import type { NegotiationConfig, PolicyConfig, RouteConfig, SaConfig, TunnelConfig } from './config.ts';

/** A frame on a port. `octets` belongs to the receiver of the value until it returns: copy what must outlive the call. */
export interface Frame {
  readonly port: string;
  /** From the destination MAC, without FCS. */
  readonly octets: Uint8Array;
  /** null: one packet, checksums finished. */
  readonly offload: Offload | null;
}

/** An IP packet between the node and the host stack above it (a kernel behind a TUN device, or the simulator's own). */
export interface LocalPacket {
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
}

/** Everything that a node did: nothing is left inside for the caller to fetch. */
export interface Effects {
  readonly frames: readonly Frame[];
  readonly deliveries: readonly LocalPacket[];
  readonly events: readonly NodeEvent[];
}

/** Auditable events, RFC 4301 §4.4.1, RFC 4303 §3.4.4; `kind` is the counter's name as well. */
export interface NodeEvent {
  readonly kind:
    | DropReason
    | 'interfaceUp'
    | 'interfaceDown'
    | 'saInstalled'
    | 'saDeleted'
    | 'saMoved'
    | 'addressConfigured'
    | 'addressDuplicate'
    | 'saSoftExpired'
    | 'saHardExpired'
    /** A policy wanted an SA that is not there: whoever negotiates is to make one. */
    | 'saWanted'
    /** ESP in UDP: an authentic packet came from a new place. */
    | 'peerMoved'
    | 'policyChanged'
    /** A `log` rule of the filter. */
    | 'filterLogged'
    /** A NAT has forgotten its mappings. */
    | 'natRebound'
    /** Interfaces have other addresses than before. */
    | 'addressesChanged';
  readonly detail: string;
  /** Of `saWanted`: who negotiates needs it. */
  readonly wanted?: WantedSa;
  /** Of `saInstalled`, `saDeleted`, `saMoved`, `saSoftExpired`, `saHardExpired`, `peerMoved`, and of `saWanted` when an SA has no sequence numbers left: which SA. */
  readonly sa?: SaName;
  /** Of `peerMoved`: where the peer is now. */
  readonly place?: { readonly address: string; readonly port: number };
  /** Of `unknownSpi`, where it was ESP or AH. */
  readonly stray?: StrayPacket;
}

/** A packet of ESP or AH without an SA: what its headers say, and anybody may have written them. Addresses in text. */
export interface StrayPacket {
  readonly spi: number;
  readonly protocol: SecurityProtocol;
  readonly source: string;
  /** Of ESP in UDP; null: it was in none. */
  readonly sourcePort: number | null;
}

/** Enough to tell one SA of a node from all others. */
export type SaName = Pick<SaStatus, 'spi' | 'direction' | 'protocol' | 'source' | 'destination' | 'policy'>;

/** The same of an inbound one, RFC 4301 §4.1. */
export type InboundName = Pick<SaName, 'spi' | 'protocol' | 'destination'>;

/** An SA that a policy asks for and that is not there, RFC 4301 §4.4.1: a packet waits for it, or was dropped. */
export interface WantedSa {
  readonly policy: string;
  readonly transform: number;
  /** The packet: its selectors go in front of the others in TSi and TSr, RFC 7296 §2.9. */
  readonly flow: FlowQuery;
}

export type DropReason =
  | 'malformed'
  | 'notForUs'
  | 'noRoute'
  | 'hopLimitExceeded'
  | 'neighbourUnreachable'
  | 'packetTooBig'
  | 'reassemblyFailed'
  | 'policyDiscard'
  | 'policyMismatch'
  | 'noSa'
  | 'unknownSpi'
  | 'replayed'
  | 'authenticationFailed'
  | 'sequenceExhausted'
  | 'tunnelMismatch'
  /** RFC 6040 §4.2: marked on its way through a tunnel, and nobody would notice. */
  | 'congestionLost'
  | 'queueFull'
  | 'interfaceIsDown'
  /** A rule of the IP filter. */
  | 'filtered'
  /** Its source is not where it came from, RFC 3704. */
  | 'spoofed'
  /** For an address of another interface, with `hostModel: strong`. */
  | 'wrongInterface'
  /** A later fragment whose first one was not let through, RFC 4301 §7.4. */
  | 'fragmentRefused'
  /** No mapping, or no room for one. */
  | 'natRefused';

export type NodeCommand =
  | { readonly kind: 'link'; readonly port: string; readonly up: boolean }
  | { readonly kind: 'installSa'; readonly sa: SaConfig }
  | {
      readonly kind: 'deleteSa';
      readonly spi: number;
      readonly direction: 'inbound' | 'outbound';
      /** Absent: whatever it is, and wherever it leads, that has this SPI. */
      readonly only?: Pick<SaStatus, 'protocol' | 'source' | 'destination'>;
    }
  | { readonly kind: 'flushSas' }
  /**
   * Instead of all that there are, at once; SAs of policies that are gone go too. One for an interface that is not there waits
   * for it.
   */
  | { readonly kind: 'setPolicies'; readonly policies: readonly PolicyConfig[] }
  /** Other rules; null: no filter. Flows that the old ones tracked are forgotten. */
  | { readonly kind: 'setFilter'; readonly filter: FilterConfig | null }
  /** A NAT forgets its mappings, as if it had been restarted: who goes on sending comes from another port. */
  | { readonly kind: 'rebindNat' }
  /**
   * An address with its prefix length. `isPreferred`: one that a peer has given to this node, RFC 7296 §3.15: the node sends from
   * it wherever a policy protects what comes from it, from nowhere else, and its prefix is no subnet. `interface` null: the first
   * link that is up.
   */
  | {
      readonly kind: 'addAddress';
      readonly interface: string | null;
      readonly address: string;
      readonly isPreferred: boolean;
      /** Of a tunnel: the address of its far end, which is reached through it. Absent: nobody says. */
      readonly peer?: string;
    }
  /** With its prefix length or without; `interface` null: the first one that has it. */
  | { readonly kind: 'removeAddress'; readonly interface: string | null; readonly address: string }
  /**
   * The node has moved: a link has these addresses (with prefix lengths) instead of those of its configuration, and `gateway` is
   * the next hop of its default route in that family; null: default routes stay.
   */
  | {
      readonly kind: 'renumber';
      readonly interface: string;
      readonly addresses: readonly string[];
      readonly gateway: string | null;
    }
  /** An interface more; policies that wait for one of that name begin to work. Throws for a name that is in use. */
  | { readonly kind: 'addTunnel'; readonly tunnel: TunnelConfig }
  /** With its addresses, its routes, and the SAs of its policies, which wait for another one of that name. */
  | { readonly kind: 'removeTunnel'; readonly name: string }
  /** The link-local IPv6 address of a tunnel, and by SLAAC what its far end advertises; or no more of either. */
  | { readonly kind: 'setAddrconf'; readonly tunnel: string; readonly on: boolean }
  | { readonly kind: 'setHostModel'; readonly family: 4 | 6; readonly model: 'weak' | 'strong' }
  /** Somebody begins to negotiate for this node, on these ports; null: nobody does any more. */
  | { readonly kind: 'setNegotiation'; readonly negotiation: NegotiationConfig | null }
  /** What was added as often as it is removed is gone; routes that lead elsewhere, and those of interfaces, stay. */
  | { readonly kind: 'addRoute'; readonly route: RouteConfig }
  | { readonly kind: 'removeRoute'; readonly route: RouteConfig }
  /**
   * A policy more, in front of the one of that name, or last; one of the same name is replaced (with `before` null where it
   * stands). SAs stay.
   */
  | { readonly kind: 'putPolicy'; readonly policy: PolicyConfig; readonly before: string | null }
  /** Its SAs go too. */
  | { readonly kind: 'removePolicy'; readonly name: string }
  /** An SA goes on between other places: MOBIKE (RFC 4555 §3.5), or a NAT that has changed its mind. */
  | {
      readonly kind: 'moveSa';
      readonly spi: number;
      readonly direction: 'inbound' | 'outbound';
      /** As in `deleteSa`: where it was. */
      readonly only?: Pick<SaStatus, 'protocol' | 'source' | 'destination'>;
      readonly source: string;
      readonly destination: string;
      readonly encapsulation: SaConfig['encapsulation'];
    };

export interface NodeContext {
  readonly random: Random;
  readonly kernel: IpsecKernel;
}

/** One host, router or gateway, sans I/O: engine/node/create.ts makes them. */
export interface Node {
  readonly name: string;
  /** A batch from the ports, in order of arrival. */
  receive(frames: readonly Frame[], now: Instant): Effects;
  /** Packets from the host stack above, to be routed, protected and sent. */
  send(packets: readonly LocalPacket[], now: Instant): Effects;
  /** Runs what is due. Call at `wakeAt()`; calling early changes nothing. */
  wake(now: Instant): Effects;
  /** When to call `wake`, or null. */
  wakeAt(): Instant | null;
  command(command: NodeCommand, now: Instant): Effects;
  /** As of the last call of the others: `wake` before, where ages matter. */
  status(): NodeStatus;
  /** What would happen to this packet, without sending it or changing anything. */
  explain(flow: FlowQuery): Explanation;
  /** The source address that the node would choose towards `destination` (RFC 6724 in spirit), or null without a route. Text in and out. */
  sourceFor(destination: string): string | null;
  /** The same for packets that no SA is to carry, such as IKE's own: never an address that a peer has given. */
  outerSourceFor(destination: string): string | null;
  /** Addresses that IKE may use: of links that are up, neither link-local nor given by a peer. In the order of the interfaces. */
  outerAddresses(): readonly string[];
  /** When the last authentic packet came by any of these, as of the last call of the others; null: none did. */
  lastHeard(inbound: readonly InboundName[]): Instant | null;
  /** SAs can be installed for a policy that is there. */
  hasPolicy(name: string): boolean;
}

export interface NodeStatus {
  readonly name: string;
  readonly interfaces: readonly {
    readonly name: string;
    readonly kind: 'ethernet' | 'tunnel';
    readonly up: boolean;
    readonly mtu: number;
    readonly addresses: readonly string[];
    /** Of a tunnel. */
    readonly tunnel?: TunnelStatus;
    readonly counters: InterfaceCounters;
  }[];
  readonly routes: readonly { readonly destination: string; readonly via: string | null; readonly interface: string }[];
  readonly policies: readonly PolicyStatus[];
  readonly sas: readonly SaStatus[];
  /** null: the node has no filter. */
  readonly filter: FilterStatus | null;
  /** By family; absent: weak. */
  readonly hostModel?: Readonly<Record<4 | 6, 'weak' | 'strong'>>;
  /** Packets dropped, by reason. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

export interface TunnelStatus {
  readonly local: string;
  readonly remote: string;
  /** What the far end forms for itself. */
  readonly remoteLinkLocal: string;
}

export interface PolicyStatus {
  readonly name: string;
  /** `protect esp/tunnel/require`, `bypass`, `discard`. */
  readonly action: string;
  /** As it was configured, to be shown in any dialect. */
  readonly config: PolicyConfig;
  readonly packets: number;
  readonly ageSeconds: number;
  /** Since it last decided on a packet; null: it never did. */
  readonly idleSeconds: number | null;
}

export interface SaStatus {
  readonly spi: number;
  readonly direction: 'inbound' | 'outbound';
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly source: string;
  readonly destination: string;
  readonly suite: string;
  /** Weak enough to need `legacy: true`. */
  readonly legacy: boolean;
  /** null: shared. */
  readonly policy: string | null;
  readonly requestId: number | null;
  readonly esn: boolean;
  /** 0 for an outbound SA, and where replays are not checked. */
  readonly windowPackets: number;
  /** UDP ports `local > remote`, where ESP goes in UDP; null: it does not. */
  readonly encapsulation: string | null;
  /** Decimal: a 64-bit number. Last sent, or the highest received. */
  readonly sequence: string;
  readonly packets: number;
  readonly octets: number;
  /** Of the packets that were received: those that carried nothing, RFC 4303 §2.6. */
  readonly dummyPackets: number;
  readonly ageSeconds: number;
  readonly lifetime: Pick<SaLifetime, 'soft' | 'hard'>;
}

/** What `ipfstat -io` and `ipfstat -s` show. */
export interface FilterStatus {
  readonly rules: readonly {
    readonly text: string;
    readonly file: string;
    readonly line: number;
    readonly direction: 'in' | 'out';
    /** null: both. */
    readonly family: 4 | 6 | null;
    readonly packets: number;
    readonly octets: number;
  }[];
  readonly passed: { readonly in: number; readonly out: number };
  readonly blocked: { readonly in: number; readonly out: number };
  /** Entries of the state table now, and what has become of flows. */
  readonly states: number;
  readonly stateFigures: StateFigures;
  /** How often there was no room for an entry. */
  readonly stateTableFull: number;
}

export interface InterfaceCounters {
  readonly receivedPackets: number;
  readonly receivedOctets: number;
  readonly sentPackets: number;
  readonly sentOctets: number;
}

export interface FlowQuery {
  readonly source: string;
  readonly destination: string;
  /** IP protocol number. */
  readonly protocol: number;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Of ICMP; absent: an echo request. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** Interface that brings it in the clear; absent: the one that leads to its source, by the SAs that are for it. */
  readonly arrival?: string;
}

export interface Explanation {
  readonly verdict: 'protect' | 'bypass' | 'discard' | 'unroutable';
  /** One step a line, in the order in which the node decides: filter, route, policy, SA, filter, outer packet. */
  readonly steps: readonly string[];
  /** The filter rule that decided last, as the file has it; null: none matched, or there is no filter. */
  readonly rule: string | null;
  readonly policy: string | null;
  readonly spi: number | null;
  readonly interface: string | null;
  /** Octets of Ethernet frame that would leave for 64 octets of transport payload; null when nothing leaves. */
  readonly frameOctets: number | null;
}
