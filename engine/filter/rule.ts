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
  readonly icmp: { readonly type: number; readonly code: number | null } | null;
  readonly conditions: readonly FilterCondition[];
  readonly keepState: KeepState | null;
  readonly keepFragments: boolean;
  /** Starts this group: its rules are tried when this one matches. */
  readonly head: string | null;
  /** null: the main list. */
  readonly group: string | null;
}

export type FilterAction =
  | { readonly kind: 'pass' }
  | { readonly kind: 'block'; readonly answer: FilterAnswer | null }
  /** Counts, and decides nothing. */
  | { readonly kind: 'count' }
  | { readonly kind: 'log' }
  /** Goes on behind the next `rules` rules. */
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
  | { readonly kind: 'list'; readonly ports: readonly number[] };

/** `with` and `not`. */
export interface FilterCondition {
  readonly negated: boolean;
  readonly kind:
    | 'ipopts'
    | 'short'
    | 'frag'
    | 'frag-body'
    | 'bad'
    | 'bad-src'
    | 'low-ttl'
    | 'multicast'
    | 'broadcast'
    | 'nat'
    | 'oow'
    | 'v6hdrs'
    | 'state';
  /** IPv4 option numbers or IPv6 extension header types that must all be there (`opt lsrr,ssrr`); empty: any. */
  readonly numbers: readonly number[];
}

export interface KeepState {
  /** Entries that this rule may have; null: as many as the table holds. */
  readonly limit: number | null;
  readonly strict: boolean;
  /** Seconds until an idle entry is forgotten; null: by protocol and TCP state. */
  readonly ageSeconds: number | null;
}

export interface FilterConfig {
  readonly rules: readonly FilterRule[];
  /** What happens to a packet that no rule matches. */
  readonly otherwise: 'pass' | 'block';
}
