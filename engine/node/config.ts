import type { SaInput } from '../ipsec/sa-input.ts';
import type { PolicyInput } from '../ipsec/spd.ts';
import type { FilterConfig } from '../filter/rule.ts';

/**
 * What one node is made of, as plain JSON: it crosses a process boundary on a live node. Addresses and prefixes are text
 * (`10.0.0.1`, `10.0.0.0/24`, `2001:db8::/64`), keys are hexadecimal, MAC addresses are `02:00:00:00:00:01`.
 * Whoever builds one has validated it: a node throws on a contradiction, it does not diagnose.
 */
export interface NodeConfig {
  readonly name: string;
  /** A router or gateway forwards; a host discards what is not addressed to it. */
  readonly forwarding: boolean;
  readonly interfaces: readonly InterfaceConfig[];
  readonly tunnels: readonly TunnelConfig[];
  readonly routes: readonly RouteConfig[];
  /** In order: the first match decides, RFC 4301 §4.4.1. */
  readonly policies: readonly PolicyConfig[];
  readonly sas: readonly SaConfig[];
  /** Absent: every packet passes. */
  readonly filter?: FilterConfig | null;
  /** RFC 1122 §3.3.4.2: `strong` takes packets for an address of this node only on the interface that has it. Absent: weak. */
  readonly hostModel?: 'weak' | 'strong';
  /** RFC 3704 §2.2: refuse what comes from where its source is not. Absent: no. */
  readonly antiSpoofing?: boolean;
  readonly nat?: NatConfig | null;
  /**
   * RFC 4301 §5.1.1: tell the sender when a policy, or the want of an SA, keeps a packet from leaving. Absent: no, since whoever
   * forges a source directs these answers.
   */
  readonly reportDiscards?: boolean;
  /**
   * Somebody negotiates SAs for this node (IKE): UDP of its own on these ports need not be named by the SPD, and the first packet
   * that wants an SA waits for it. Absent: nobody does.
   */
  readonly negotiation?: NegotiationConfig | null;
  /** RFC 4301 §7: how later fragments meet a policy with ports. Absent: they wait until their packet is whole. */
  readonly fragments?: 'reassemble' | 'stateful';
}

export interface NegotiationConfig {
  readonly ports: readonly number[];
  /** Those of them on which ESP in UDP is taken whether an SA sends so or not: either end may at any time, RFC 7296 §2.23. */
  readonly encapsulationPorts?: readonly number[];
}

export interface InterfaceConfig {
  readonly name: string;
  readonly mac: string;
  /** Octets of IP packet. */
  readonly mtu: number;
  /** With prefix length. The link-local IPv6 address is formed from the MAC by the node itself. */
  readonly addresses: readonly string[];
  /** SLAAC, RFC 4862: solicit routers and form addresses from what they advertise. */
  readonly autoconfigure: boolean;
  /** Send Router Advertisements with this interface's IPv6 prefixes, RFC 4861 §6.2. */
  readonly advertise: boolean;
}

/** An IP-in-IP tunnel, RFC 2003 (outer v4) and RFC 2473 (outer v6); carries both families. */
export interface TunnelConfig {
  readonly name: string;
  readonly local: string;
  readonly remote: string;
  /** Octets of inner packet; null: from the outer path MTU. */
  readonly mtu: number | null;
  /** The link-local IPv6 address is formed from `local` by the node itself, unless `linkLocal` is false. */
  readonly addresses: readonly string[];
  readonly linkLocal?: boolean;
  /** As on an interface, through the tunnel; not unless given. */
  readonly autoconfigure?: boolean;
  readonly advertise?: boolean;
}

export interface RouteConfig {
  readonly destination: string;
  /** The next hop; null: on-link (a tunnel, or a directly attached prefix). */
  readonly via: string | null;
  /** Interface or tunnel name; null: found through `via`. */
  readonly interface: string | null;
}

/** An SPD entry. */
export interface PolicyConfig extends PolicyInput {
  /** The tunnel or interface in whose own SPD it stands (RFC 4301 §4.4.1: an SPD per interface), or null for the node's. */
  readonly tunnel: string | null;
  /** What setkey calls so, to be shown again: the list is in its order already. Absent: 0. */
  readonly priority?: number;
}

export interface SaConfig extends SaInput {
  readonly direction: 'inbound' | 'outbound';
}

/** Network address translation in front of a private side, RFC 4787 and RFC 5382 in their terms. */
export interface NatConfig {
  /** The interface whose address everybody behind it shares. */
  readonly outside: string;
  /** `port-restricted`: one mapping for each inside endpoint, open to whom it has sent to. `symmetric`: one for each pair. */
  readonly behaviour: 'port-restricted' | 'symmetric';
  /** UDP mappings are forgotten after being idle for this long. */
  readonly idleSeconds: number;
}
