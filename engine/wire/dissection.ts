import type { Icmpv4Message } from './icmpv4.ts';
import type { Icmpv6Message } from './icmpv6.ts';
import type { DecodedIkeHeader } from './ike/header.ts';
import type { Payload } from './ike/payload.ts';
import type { IsakmpMessage } from './isakmp/message.ts';
import type { FragmentHeader } from './ipv6-extension.ts';
import type { NdMessage } from './nd.ts';
import type { TcpOption } from './tcp.ts';

/**
 * A packet as a judge reads it, from the outside in: addresses and MACs are text, octets are views of what was dissected.
 * Checksums are reported, not required.
 */
export interface Dissection {
  /** The last one is `arp`, `icmpv4`, `icmpv6`, `tcp`, `esp`, `ike`, `keepalive`, `data` or `malformed`. */
  readonly layers: readonly Layer[];
}

/** In octets from the start of what was dissected: where the layer's header begins, and where what it carries ends. */
export interface Extent {
  readonly offset: number;
  readonly end: number;
}

/**
 * `unknown`: the packet is a fragment or cut short, so that there is nothing to compute over. `none`: UDP over IPv4 may, and
 * ESP in UDP over both (RFC 6935).
 */
export type ChecksumState = 'right' | 'wrong' | 'none' | 'unknown';

export type Layer = Extent &
  (
    | EthernetLayer
    | VlanLayer
    | ArpLayer
    | Ipv4Layer
    | Ipv6Layer
    | Icmpv4Layer
    | Icmpv6Layer
    | UdpLayer
    | TcpLayer
    | EspLayer
    | AhLayer
    | IkeLayer
    | KeepaliveLayer
    | DataLayer
    | MalformedLayer
  );

export type LayerKind = Layer['kind'];
export type LayerOf<K extends LayerKind> = Extract<Layer, { readonly kind: K }>;

export interface EthernetLayer {
  readonly kind: 'ethernet';
  readonly destination: string;
  readonly source: string;
  readonly etherType: number;
}

/** 802.1Q. */
export interface VlanLayer {
  readonly kind: 'vlan';
  readonly id: number;
  readonly priority: number;
  readonly etherType: number;
}

export interface ArpLayer {
  readonly kind: 'arp';
  /** 1 request, 2 reply. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

export interface Ipv4Layer {
  readonly kind: 'ipv4';
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
  readonly dscp: number;
  readonly ecn: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In octets. */
  readonly fragmentOffset: number;
  readonly totalLength: number;
  readonly options: Uint8Array;
  /** Of the header: `right` or `wrong`. */
  readonly checksum: ChecksumState;
  readonly isFragment: boolean;
  /** Less is there than Total Length says. */
  readonly isCut: boolean;
  readonly payload: Uint8Array;
}

export interface Ipv6Layer {
  readonly kind: 'ipv6';
  readonly source: string;
  readonly destination: string;
  readonly nextHeader: number;
  /** What follows the extension headers; equal to `nextHeader` without any. */
  readonly protocol: number;
  readonly hopLimit: number;
  readonly dscp: number;
  readonly ecn: number;
  readonly flowLabel: number;
  readonly payloadLength: number;
  readonly extensions: readonly (Extent & { readonly type: number; readonly octets: Uint8Array })[];
  readonly fragment: FragmentHeader | null;
  /** False for an atomic fragment, RFC 6946. */
  readonly isFragment: boolean;
  readonly isCut: boolean;
  /** After the extension headers. */
  readonly payload: Uint8Array;
}

export interface Icmpv4Layer {
  readonly kind: 'icmpv4';
  readonly type: number;
  readonly code: number;
  readonly checksum: ChecksumState;
  readonly message: Icmpv4Message;
  /** The packet that an error quotes, as far as it goes: seen on the wire, although nobody sends it here. */
  readonly quoted: readonly Layer[];
}

export interface Icmpv6Layer {
  readonly kind: 'icmpv6';
  readonly type: number;
  readonly code: number;
  readonly checksum: ChecksumState;
  readonly message: Icmpv6Message;
  readonly neighborDiscovery: NdMessage | null;
  readonly quoted: readonly Layer[];
}

export interface UdpLayer {
  readonly kind: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** As the header has it. */
  readonly length: number;
  readonly checksum: ChecksumState;
  readonly payload: Uint8Array;
}

export interface TcpLayer {
  readonly kind: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** `TcpFlag` bits. */
  readonly flags: number;
  readonly window: number;
  readonly urgentPointer: number;
  readonly options: readonly TcpOption[];
  readonly checksum: ChecksumState;
  readonly payload: Uint8Array;
}

export interface EspLayer {
  readonly kind: 'esp';
  readonly spi: number;
  /** The low 32 bits. */
  readonly sequence: number;
  /** From the SPI to the ICV. */
  readonly octets: Uint8Array;
  /** In a fragment it is not the whole: decryption must wait for the rest. */
  readonly isWhole: boolean;
}

/** What follows it is in the clear, and is the next layer. */
export interface AhLayer {
  readonly kind: 'ah';
  readonly spi: number;
  /** The low 32 bits. */
  readonly sequence: number;
  readonly nextHeader: number;
  readonly reserved: number;
  /** With its padding. */
  readonly icv: Uint8Array;
}

/**
 * An IKE message in UDP port 500, or in port 4500 with the non-ESP marker taken off (RFC 3948 §2.2): then whatever is behind
 * the marker, IKE or not.
 */
export interface IkeLayer {
  readonly kind: 'ike';
  readonly octets: Uint8Array;
  /** Of any version; null: it is none. */
  readonly header: DecodedIkeHeader | null;
  /** Those in the clear; null: of another version than 2, or malformed. */
  readonly payloads: readonly Payload[] | null;
  /** The whole message where it is one of version 1, as far as it is in the clear; null: of another version, or malformed. */
  readonly isakmp: IsakmpMessage | null;
}

/** The one octet that keeps the mapping of a NAT alive, RFC 3948 §2.3. */
export interface KeepaliveLayer {
  readonly kind: 'keepalive';
}

/** What is not read further: UDP's payload, an unknown protocol, a fragment after the first. */
export interface DataLayer {
  readonly kind: 'data';
  /** The IP protocol that it would be (17 below UDP); null above an unknown EtherType. */
  readonly protocol: number | null;
  readonly octets: Uint8Array;
}

export interface MalformedLayer {
  readonly kind: 'malformed';
  readonly field: string;
  readonly why: string;
  readonly octets: Uint8Array;
}
