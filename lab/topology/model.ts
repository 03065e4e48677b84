/**
 * A topology as the rest of the lab sees it: names resolved, defaults filled in, MAC addresses assigned. Only
 * lab/topology/load.ts makes one, and only from a document without an error. Plain JSON throughout.
 */
export interface Topology {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
  /** In document order, as all lists here: iteration never depends on anything else. */
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
  readonly sas: readonly ManualSaPair[];
  /** Flows that must never be seen in the clear outside their protected ends: derived from the policies, plus `protected:`. */
  readonly protectedFlows: readonly ProtectedFlow[];
  readonly checks: readonly Check[];
  readonly faults: readonly ScheduledFault[];
}

export type NodeKind = 'gateway' | 'host' | 'router';

export interface TopologyNode {
  readonly name: string;
  readonly kind: NodeKind;
  /** true: runs this project's engine in every driver (gateways, and hosts with a policy). false: a plain stack; the kernel's own where there is one. */
  readonly engine: boolean;
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
  readonly tunnel: string | null;
  /** A prefix, or `any`. */
  readonly local: string;
  readonly remote: string;
  readonly protocol: number | 'any';
  readonly localPort: number | 'any';
  readonly remotePort: number | 'any';
  readonly action:
    | { readonly kind: 'bypass' }
    | { readonly kind: 'discard' }
    | {
        readonly kind: 'protect';
        readonly mode: 'tunnel' | 'transport';
        /** ESP suites in order of preference; the first is used while keys are manual. */
        readonly esp: readonly string[];
        readonly peer: string;
        /** Outer (tunnel) or end (transport) addresses. */
        readonly local: string;
        readonly remote: string;
        readonly esn: boolean;
        readonly windowPackets: number;
      };
}

/** Manual keying: two SAs, one each way, whose keys the lab derives from `secret` and the run (lab/topology/keys.ts). */
export interface ManualSaPair {
  readonly nodes: readonly [string, string];
  /** The policy on each node that these SAs serve. */
  readonly policies: readonly [string, string];
  /** SPI of the SA from nodes[0] to nodes[1], and back, in the first generation. */
  readonly spis: readonly [number, number];
  readonly secret: string;
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
  | { readonly kind: 'encrypted'; readonly link: string; readonly a: string; readonly b: string }
  | {
      readonly kind: 'policy';
      readonly node: string;
      readonly from: string;
      readonly to: string;
      readonly protocol: number;
      readonly sourcePort: number | null;
      readonly destinationPort: number | null;
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
  | { readonly kind: 'crash' | 'restart'; readonly node: string }
  /** The node's clock runs this far ahead (negative: behind) from now on. */
  | { readonly kind: 'clockSkew'; readonly node: string; readonly byNs: number };
