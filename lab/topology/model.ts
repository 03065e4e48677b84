import type { KeyKind } from '../../engine/crypto/signature.ts';
import type { FilterConfig } from '../../engine/filter/rule.ts';
import type {
  ConnectionConfig,
  IkeLimits,
  LocalAuthenticationConfig,
  PoolConfig,
  SharedSecretConfig,
} from '../../engine/ike/config.ts';
import type { LifetimeLimits } from '../../engine/ipsec/lifetime.ts';
import type { OuterTreatment } from '../../engine/ipsec/sa.ts';
import type { NumberSet } from '../../engine/ipsec/selector.ts';
import type { SelectorInput } from '../../engine/ipsec/spd.ts';
import type { NatConfig, SaConfig } from '../../engine/node/config.ts';

/**
 * A topology as the rest of the lab sees it: names resolved, defaults filled in, MAC addresses assigned. Only
 * lab/topology/load.ts makes one, and only from a document without an error. Plain JSON throughout.
 */
export interface Topology {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Lines: where whoever brings it up begins. */
  readonly firstSteps: readonly string[];
  readonly file: string;
  /** In document order, as all lists here: iteration never depends on anything else. */
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
  /** null: nobody has a certificate, or a key of its own. */
  readonly pki: TopologyPki | null;
  readonly sas: readonly ManualSa[];
  /** Flows that must never be seen in the clear outside their protected ends: derived from the policies, plus `protected:`. */
  readonly protectedFlows: readonly ProtectedFlow[];
  readonly checks: readonly Check[];
  readonly faults: readonly ScheduledFault[];
}

/** `peer`: a gateway that runs another implementation of IPsec. */
export type NodeKind = 'gateway' | 'host' | 'router' | 'nat' | 'peer';

export interface TopologyNode {
  readonly name: string;
  readonly kind: NodeKind;
  /** true: runs this project's engine in every driver (gateways, NATs, hosts with a policy or a filter). false: a plain stack; the kernel's own where there is one. */
  readonly engine: boolean;
  /** Whose IPsec a peer runs; null: it is none. */
  readonly implementation: 'strongswan' | 'libreswan' | null;
  readonly forwarding: boolean;
  readonly interfaces: readonly TopologyInterface[];
  readonly tunnels: readonly TopologyTunnel[];
  /** Static routes, default gateways among them. */
  readonly routes: readonly {
    readonly destination: string;
    readonly via: string | null;
    readonly interface: string | null;
  }[];
  readonly policies: readonly TopologyPolicy[];
  /** null: no IKE daemon. lab/topology/ike-config.ts makes its configuration. Secret. */
  readonly ike: TopologyIke | null;
  /** SAs whose keys the file itself has, as `add` of setkey.conf gives them. Secret. */
  readonly sas: readonly SaConfig[];
  /** null: every packet passes. */
  readonly filter: FilterConfig | null;
  readonly hostModel: 'weak' | 'strong';
  readonly antiSpoofing: boolean;
  readonly reportDiscards: boolean;
  readonly fragments: 'reassemble' | 'stateful';
  readonly nat: NatConfig | null;
  /** Of a gateway or peer whose process ends unasked: it is started again. Left out: it stays down. */
  readonly restart?: 'always';
  /** Which machines of a Docker Swarm it may run on, as constraints of a service; left out: the lab's own. */
  readonly placement?: readonly string[];
  /** The texts of its `files`, by their names there, where it has any: its administrator finds them on the node. Secret. */
  readonly nativeFiles?: Readonly<Record<string, string>>;
}

export interface TopologyInterface {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly autoconfigure: boolean;
  readonly advertise: boolean;
  /** The link that it is plugged into; null: none. */
  readonly link: string | null;
}

export interface TopologyTunnel {
  readonly name: string;
  /** The node at the other end. */
  readonly peer: string;
  readonly local: string;
  readonly remote: string;
  readonly mtu: number | null;
  readonly addresses: readonly string[];
  readonly autoconfigure: boolean;
  readonly advertise: boolean;
}

export interface TopologyPolicy {
  readonly name: string;
  /** The tunnel or interface in whose own SPD it stands; null: the node's. */
  readonly tunnel: string | null;
  readonly direction: 'both' | 'inbound' | 'outbound';
  /** Prefixes, single addresses with their full length, and ranges `10.0.0.1-10.0.0.9`. */
  readonly local: readonly string[] | 'any';
  readonly remote: readonly string[] | 'any';
  readonly protocol: number | 'any' | 'opaque';
  readonly localPort: NumberSet;
  readonly remotePort: NumberSet;
  /** Of type * 256 + code. */
  readonly icmp: NumberSet;
  readonly action:
    | { readonly kind: 'bypass' }
    | { readonly kind: 'discard' }
    | {
        readonly kind: 'protect';
        /** In the order of application outbound, so innermost first; never empty. */
        readonly transforms: readonly TopologyTransform[];
        readonly sharing: 'shared' | 'unique';
      };
}

/** One SA that a policy asks for. */
export interface TopologyTransform {
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly level: 'require' | 'use';
  readonly requestId: number | null;
  /**
   * Suites of ESP, or integrity algorithms of AH, in order of preference; the first is used while keys are manual. Empty: the
   * dialect of the policy leaves it to the SAs.
   */
  readonly suites: readonly string[];
  /** The node at the other end; null: the policy, from a file, selects nobody that the topology has. */
  readonly peer: string | null;
  /** Peers that are known by their identity alone, by their name under `ike.peers`: it has neither `peer` nor `ends`. */
  readonly group?: string;
  /** Outer addresses in tunnel mode (one pair), the ends in transport mode (a pair for each two addresses), as this node sees them. */
  readonly ends: readonly SaEnds[];
  readonly esn: boolean;
  readonly windowPackets: number;
  readonly lifetime: { readonly soft: Partial<LifetimeLimits>; readonly hard: Partial<LifetimeLimits> };
  readonly trafficFlow: { readonly padToOctets: number | null; readonly dummyEveryMs: number | null } | null;
  /** ESP in UDP, RFC 3948. */
  readonly encapsulation: { readonly localPort: number; readonly remotePort: number } | null;
  readonly outer: Partial<OuterTreatment>;
}

export interface SaEnds {
  readonly local: string;
  readonly remote: string;
}

/** What a node's IKE daemon is told, with names where credentials will stand. */
export interface TopologyIke {
  readonly connections: readonly TopologyConnection[];
  readonly secrets: readonly SharedSecretConfig[];
  readonly ppks: readonly { readonly id: string; readonly key: string }[];
  readonly pools: readonly PoolConfig[];
  readonly limits: IkeLimits;
  readonly credentials: CredentialNames;
}

export type TopologyConnection = Omit<ConnectionConfig, 'authentication'> & {
  /** The node at the other end; null: whoever proves to be the one. */
  readonly peer: string | null;
  readonly authentication: {
    readonly local: TopologyAuthentication;
    readonly remote: ConnectionConfig['authentication']['remote'];
  };
};

export type TopologyAuthentication =
  | Exclude<LocalAuthenticationConfig, { method: 'signature' }>
  /** `key`: the name of a certificate or a key in `pki`. */
  | (Omit<Extract<LocalAuthenticationConfig, { method: 'signature' }>, 'key' | 'url'> & { readonly key: string });

/** What of `pki` a node is given, by name. */
export interface CredentialNames {
  /** Certificates and keys of its own, with the private halves. */
  readonly keys: readonly string[];
  /** Authorities whose certificates it trusts at the end of a chain. */
  readonly anchors: readonly string[];
  /** Self-signed certificates of peers. */
  readonly peers: readonly string[];
  /** Bare keys of peers. */
  readonly rawKeys: readonly { readonly identity: string; readonly key: string }[];
}

/** Who certifies whom. Keys and certificates are made for each run; `key` says of what kind. */
export interface TopologyPki {
  /** Issuers stand before those whom they issue. */
  readonly authorities: readonly TopologyAuthority[];
  readonly certificates: readonly TopologyCertificate[];
  /** Without a certificate. */
  readonly keys: readonly { readonly name: string; readonly key: KeyKind }[];
  /** Who serves, over HTTP, what the authorities publish; null: nobody. */
  readonly server: { readonly node: string; readonly address: string; readonly port: number } | null;
}

/** Seconds, counted from the start of the lab. */
export interface TopologyValidity {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

export interface TopologyAuthority {
  readonly name: string;
  /** A distinguished name, as `parseDistinguishedName` reads it. */
  readonly subject: string;
  readonly key: KeyKind;
  /** null: a root. */
  readonly issuer: string | null;
  readonly validity: TopologyValidity;
  readonly pathLength: number | null;
  readonly permitted: TopologyNameConstraints;
  readonly excluded: TopologyNameConstraints;
  readonly isRevoked: boolean;
  readonly publishesCrl: boolean;
  readonly answersOcsp: boolean;
}

export interface TopologyNameConstraints {
  readonly dns: readonly string[];
  readonly email: readonly string[];
  readonly ip: readonly string[];
  readonly dn: readonly string[];
}

export interface TopologyCertificate {
  readonly name: string;
  readonly subject: string;
  /** As in IDs: `alice.lab`, `192.0.2.1`, `alice@lab.example`. */
  readonly names: readonly string[];
  readonly key: KeyKind;
  /** null: self-signed. */
  readonly issuer: string | null;
  readonly validity: TopologyValidity;
  /** The reason, RFC 5280 §5.3.1; null: it is good. */
  readonly revoked: 'key-compromise' | 'superseded' | 'cessation-of-operation' | 'unspecified' | null;
  readonly keyUsage: readonly ('digital-signature' | 'non-repudiation' | 'key-encipherment' | 'key-agreement')[];
  readonly extendedKeyUsage: readonly ('any' | 'ipsec-ike' | 'server' | 'client')[];
}

/** Manual keying: one SA, whose keys the lab derives from `secret` and the run (lab/topology/keys.ts). */
export interface ManualSa {
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  /** A suite of ESP, or an integrity algorithm of AH. */
  readonly suite: string;
  readonly esn: boolean;
  readonly from: ManualSaEnd;
  readonly to: ManualSaEnd;
  /** In the first generation. */
  readonly spi: number;
  readonly secret: string;
}

/** What one end of an SA knows of it. */
export interface ManualSaEnd {
  readonly node: string;
  /** The policy on this node that the SA serves; null: whichever asks for such an SA. */
  readonly policy: string | null;
  readonly transform: number;
  readonly requestId: number | null;
  /** As this end sees them: a NAT between the two changes one of them. */
  readonly source: string;
  readonly destination: string;
  /** What of its policy's flows the SA is for, from this end; null: all. */
  readonly selector: SelectorInput | null;
  readonly windowPackets: number;
  readonly lifetime: TopologyTransform['lifetime'];
  readonly trafficFlow: TopologyTransform['trafficFlow'];
  readonly encapsulation: SaConfig['encapsulation'];
  readonly outer: Partial<OuterTreatment>;
}

export interface TopologyLink {
  readonly name: string;
  /** `node:interface`. */
  readonly endpoints: readonly [LinkEnd, LinkEnd];
  /** From endpoints[0] to endpoints[1], and back. */
  readonly impairments: readonly [Impairment, Impairment];
}

export interface LinkEnd {
  readonly node: string;
  readonly interface: string;
}

/** One direction of a link. Rates of 0 to 1 are probabilities per frame; all zeros and nulls is a perfect wire. */
export interface Impairment {
  readonly delayNs: number;
  readonly jitterNs: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly corrupt: number;
  /** Bits of Ethernet frame per second; null: unlimited. */
  readonly rateBitsPerSecond: number | null;
  /** Frames that may wait for the rate; the next is dropped. */
  readonly queueFrames: number;
}

export interface ProtectedFlow {
  /** Prefixes; a packet either way between them is of the flow. */
  readonly a: string;
  readonly b: string;
  /** Links on which clear packets of the flow are a failure. */
  readonly links: readonly string[];
  /** What asked for it, for the message: `policy v4_bob0 of alice`, or `protected` in the file. */
  readonly because: string;
}

export interface Check {
  /** `reach a1 -> b1 icmp`: what a report prints. */
  readonly title: string;
  readonly line: number;
  /** How often to try before it counts as failed, and how long each try may take. */
  readonly tries: number;
  readonly timeoutMs: number;
  readonly spec: CheckSpec;
}

export type CheckSpec =
  | {
      readonly kind: 'reach' | 'unreachable';
      readonly from: string;
      readonly to: string;
      readonly toNode: string | null;
      readonly with: 'icmp' | 'udp' | 'tcp';
      readonly port: number | null;
      readonly sizeOctets: number | null;
    }
  /** Only inside ESP. */
  | { readonly kind: 'encrypted'; readonly link: string; readonly a: string; readonly b: string }
  /** Only under AH that verifies, in the clear or not. */
  | { readonly kind: 'authenticated'; readonly link: string; readonly a: string; readonly b: string }
  | {
      readonly kind: 'policy';
      readonly node: string;
      readonly from: string;
      readonly to: string;
      readonly protocol: number;
      readonly sourcePort: number | null;
      readonly destinationPort: number | null;
      /** Of ICMP; null: an echo request. */
      readonly icmp: { readonly type: number; readonly code: number } | null;
      readonly expect: 'protect' | 'bypass' | 'discard';
    }
  | { readonly kind: 'path-mtu'; readonly from: string; readonly to: string; readonly mtu: number };

export interface ScheduledFault {
  /** Nanoseconds of lab time after the lab is up. */
  readonly atNs: number;
  readonly action: FaultAction;
}

export type FaultAction =
  | { readonly kind: 'linkDown' | 'linkUp'; readonly link: string }
  /** Frames from `from` (a node) are lost on the link, the other direction works. */
  | { readonly kind: 'partition'; readonly link: string; readonly from: string }
  | { readonly kind: 'heal'; readonly link: string }
  /** From now on the link is like this, from endpoints[0] to endpoints[1] and back, until it is changed again. */
  | { readonly kind: 'impair'; readonly link: string; readonly impairments: readonly [Impairment, Impairment] }
  | { readonly kind: 'crash' | 'restart'; readonly node: string }
  /** The node stands still, and remembers; what arrives meanwhile waits as far as there is room. */
  | { readonly kind: 'pause' | 'resume'; readonly node: string }
  /** A NAT forgets its mappings: what comes from inside gets new ports. */
  | { readonly kind: 'rebind'; readonly node: string }
  /**
   * The node is somewhere else until it restarts: its interface has these addresses instead of those of the file, and its default
   * route leads by `gateway`; null: as before.
   */
  | {
      readonly kind: 'move';
      readonly node: string;
      readonly interface: string;
      readonly addresses: readonly string[];
      readonly gateway: string | null;
    }
  /** The node's clock runs this far ahead (negative: behind) from now on. */
  | { readonly kind: 'clockSkew'; readonly node: string; readonly byNs: number };
