/**
 * One rule of an IP filter, in the terms of ipf.conf: plain JSON, since it is part of a node's configuration. Addresses are text.
 * The last rule that matches decides, unless one says `quick`.
 */
export interface FilterRule {
  /** As the file has it, for counters and explanations. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly direction: 'in' | 'out';
  readonly action: FilterAction;
  readonly log: FilterLog | null;
  readonly quick: boolean;
  /** `on`: an interface or a tunnel; null: any. */
  readonly interface: string | null;
  /** null: both. */
  readonly family: 4 | 6 | null;
  readonly tos: number | null;
  readonly ttl: number | null;
  /** IP protocol numbers: `tcp/udp` is two. null: any. */
  readonly protocols: readonly number[] | null;
  readonly source: FilterEndpoint;
  readonly destination: FilterEndpoint;
  /** TCP: of the flags in `mask`, exactly those in `set`. */
  readonly flags: { readonly set: number; readonly mask: number } | null;
  /** One of these types, with one of these codes; null: any code. */
  readonly icmp: { readonly types: readonly number[]; readonly codes: readonly number[] | null } | null;
  readonly conditions: readonly FilterCondition[];
  readonly keepState: KeepState | null;
  readonly keepFragments: KeepFragments | null;
  /** Starts this group: its rules are tried when this one matches. */
  readonly head: string | null;
  /** null: the main list. */
  readonly group: string | null;
}

export type FilterAction =
  | { readonly kind: 'pass' }
  | { readonly kind: 'block'; readonly answer: FilterAnswer | null }
  /** Counts, and decides nothing: such rules are a list of their own, which no `quick` of others cuts short. */
  | { readonly kind: 'count' }
  | { readonly kind: 'log' }
  /** Goes on behind the next `rules` rules of the same direction and group. */
  | { readonly kind: 'skip'; readonly rules: number };

/** What a sender hears of a block. */
export type FilterAnswer =
  | { readonly kind: 'reset' }
  /** An ICMP unreachable with this code; `asDestination`: in the name of the address that was sent to. */
  | { readonly kind: 'icmp'; readonly code: number; readonly asDestination: boolean };

export interface FilterLog {
  readonly body: boolean;
  readonly first: boolean;
  readonly orBlock: boolean;
  /** `facility.priority` or `priority`, for whoever reads the log; null: not said. */
  readonly level: string | null;
  /** `set-tag(log=n)`, shown with each entry. */
  readonly tag: number | null;
}

export interface FilterEndpoint {
  /** `!` in front of the addresses. */
  readonly negated: boolean;
  /** Prefixes, single addresses, and ranges `a-b`; null: any. */
  readonly addresses: readonly string[] | null;
  readonly ports: FilterPorts | null;
}

export type FilterPorts =
  | { readonly kind: 'compare'; readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>='; readonly port: number }
  /** `a >< b`: between, exclusive. `a <> b`: outside. `a:b`: between, inclusive. */
  | { readonly kind: 'range'; readonly operator: '><' | '<>' | ':'; readonly low: number; readonly high: number }
  /** In one of these, both ends included. */
  | { readonly kind: 'list'; readonly ranges: readonly { readonly low: number; readonly high: number }[] };

/** `with` and `not`. */
export interface FilterCondition {
  readonly negated: boolean;
  readonly kind: /** IPv4 options. */
    | 'ipopts'
    /** Too short for the header that its protocol has. */
    | 'short'
    /** Any fragment, the first one included. */
    | 'frag'
    | 'frag-body'
    /** Headers that no sound sender makes: TCP flags that exclude each other, a fragment that overwrites a TCP header. */
    | 'bad'
    /** The route back to its source is another one. */
    | 'bad-src'
    | 'low-ttl'
    | 'multicast'
    | 'broadcast'
    | 'multicast-or-broadcast'
    | 'nat'
    /** Of a tracked TCP connection, outside of its window. */
    | 'oow'
    /** IPv6 extension headers. */
    | 'v6hdrs'
    /** Of a tracked flow. */
    | 'state';
  /**
   * IPv4 option numbers or IPv6 extension header types that must all be there (`opt lsrr,ssrr`), or none of them where it is
   * negated; empty: any.
   */
  readonly numbers: readonly number[];
}

export interface KeepState {
  /** Entries that this rule may have; null: as many as the table holds. */
  readonly limit: number | null;
  /** TCP: no segment out of order. */
  readonly strict: boolean;
  /** Seconds until an idle entry is forgotten, after a packet of the one or the other direction; null: by protocol and TCP state. */
  readonly age: { readonly forwardSeconds: number; readonly replySeconds: number } | null;
  /** ICMP errors about the flow pass with it. */
  readonly icmpErrors: boolean;
}

export interface KeepFragments {
  /** Only in their order. */
  readonly strict: boolean;
}

export interface FilterConfig {
  readonly rules: readonly FilterRule[];
  /** What happens to a packet that no rule matches. */
  readonly otherwise: 'pass' | 'block';
}
