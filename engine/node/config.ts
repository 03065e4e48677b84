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
  /** The link-local IPv6 address is formed from `local` by the node itself. */
  readonly addresses: readonly string[];
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

export interface PolicyConfig {
  readonly name: string;
  /** A tunnel's own SPD (RFC 4301 §4.4.1: an SPD per interface), or null for the node's. */
  readonly tunnel: string | null;
  /** A prefix, or `any`; so for the next. */
  readonly local: string;
  readonly remote: string;
  /** IP protocol number. */
  readonly protocol: number | 'any';
  readonly localPort: number | 'any';
  readonly remotePort: number | 'any';
  readonly action: PolicyActionConfig;
}

export type PolicyActionConfig =
  | { readonly kind: 'bypass' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'protect'; readonly mode: 'tunnel' | 'transport' };

export interface SaConfig {
  /** The PolicyConfig that it serves. */
  readonly policy: string;
  readonly direction: 'inbound' | 'outbound';
  readonly spi: number;
  readonly mode: 'tunnel' | 'transport';
  readonly source: string;
  readonly destination: string;
  /** A name in engine/crypto/esp-suite.ts, such as `aes256gcm16`. */
  readonly suite: string;
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
  /** Anti-replay window, RFC 4303 §3.4.3; 0 turns the check off. */
  readonly windowPackets: number;
}
