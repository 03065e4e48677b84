import type { EspSuite, IntegrityAlgorithm } from '../crypto/esp-suite.ts';
import type { SaLifetime } from './lifetime.ts';
import type { ReplayWindow } from './replay.ts';
import type { Selector } from './selector.ts';

export type SaMode = 'tunnel' | 'transport';
export type SecurityProtocol = 'esp' | 'ah';

/** What both ends of an SA agree on, and how this end treats its packets, RFC 4301 §4.4.2.1. */
interface CommonParameters {
  /** 256 to 2^32 - 1, RFC 4303 §2.1. */
  readonly spi: number;
  readonly mode: SaMode;
  /**
   * Outer addresses in tunnel mode, the endpoints in transport mode; 4 or 16 octets, network order. Only `Sad.move` changes
   * them, and `encapsulation`.
   */
  source: Uint8Array;
  destination: Uint8Array;
  readonly esn: boolean;
  /** The SPD entry that this SA serves, by name; null: any entry that asks for such an SA between these ends (shared). */
  readonly policy: string | null;
  /** Which of the policy's transforms, from 0 in the order of application outbound. */
  readonly transform: number;
  /** The `unique:N` of setkey; null: none. */
  readonly requestId: number | null;
  /** The traffic selectors of an SA that was made for a part of its policy's flows, any of which may match; null: all of them. */
  readonly selectors: readonly Selector[] | null;
  readonly lifetime: SaLifetime;
  /** ESP in UDP, RFC 3948; null: IP protocol 50 or 51. */
  encapsulation: UdpEncapsulation | null;
  readonly outer: OuterTreatment;
}

/** An ESP SA. */
export interface EspParameters extends CommonParameters {
  readonly protocol: 'esp';
  readonly suite: EspSuite;
  /** `suite.encryption.keyOctets` octets, then `saltOctets` of salt where the algorithm has one (RFC 4106 §8.1). */
  readonly encryptionKey: Uint8Array;
  /** `suite.integrity.keyOctets` octets; empty for an AEAD. */
  readonly integrityKey: Uint8Array;
  /** Traffic flow confidentiality, RFC 4303 §2.7 and §2.6. */
  readonly trafficFlow: TrafficFlow | null;
}

/** An AH SA, RFC 4302. */
export interface AhParameters extends CommonParameters {
  readonly protocol: 'ah';
  readonly integrity: IntegrityAlgorithm;
  readonly integrityKey: Uint8Array;
}

/** Where ESP in UDP goes. The remote end moves when an authentic packet comes from a new place, if `followsPeer`. */
export interface UdpEncapsulation {
  readonly localPort: number;
  remotePort: number;
  /** 4 or 16 octets: where the peer was last seen; equal to the SA's own end until then. */
  remoteAddress: Uint8Array;
  readonly followsPeer: boolean;
}

/** How outer headers are made, RFC 4301 §5.1.2, §8.1 and the SA's own parameters in §4.4.2.1. */
export interface OuterTreatment {
  readonly dontFragment: 'copy' | 'set' | 'clear';
  /** `copy`, or the DSCP (0 to 63) of every outer header. */
  readonly dscp: 'copy' | number;
  /** RFC 6040 §4.1: `compatibility` sends Not-ECT. */
  readonly ecn: 'normal' | 'compatibility';
}

export interface TrafficFlow {
  /** Payloads are padded up to a multiple of this many octets; null: no padding. Tunnel mode alone can (RFC 4303 §2.7). */
  readonly padToOctets: number | null;
  /** A dummy packet is sent whenever the SA was idle for this long; null: none. */
  readonly dummyEveryNs: number | null;
}

/** The sender's end. Mutable: the kernel that seals advances the sequence number. */
interface OutboundState {
  readonly direction: 'outbound';
  /** The last sequence number sent, 64 bits; 0 before the first packet. */
  sequence: bigint;
  /** RFC 4301 §4.4.2.1: at the end of the sequence numbers, stop, or go on from 0 (only where the receiver checks no replays). */
  readonly counterOverflow: 'stop' | 'cycle';
  packets: number;
  octets: number;
}

/** The receiver's end. Mutable: the kernel that opens moves the window, only after the ICV was verified. */
interface InboundState {
  readonly direction: 'inbound';
  readonly window: ReplayWindow;
  packets: number;
  octets: number;
}

export type EspOutboundSa = EspParameters & OutboundState;
export type EspInboundSa = EspParameters & InboundState;
export type AhOutboundSa = AhParameters & OutboundState;
export type AhInboundSa = AhParameters & InboundState;
export type OutboundSa = EspOutboundSa | AhOutboundSa;
export type InboundSa = EspInboundSa | AhInboundSa;
