import type { EspSuite } from '../crypto/esp-suite.ts';
import type { ReplayWindow } from './replay.ts';

export type SaMode = 'tunnel' | 'transport';

/** What both ends of an ESP SA agree on, RFC 4301 §4.4.2.1. */
export interface SaParameters {
  /** 256 to 2^32 - 1, RFC 4303 §2.1. */
  readonly spi: number;
  readonly mode: SaMode;
  /** Outer addresses in tunnel mode, the endpoints in transport mode; 4 or 16 octets, network order. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly suite: EspSuite;
  /** `suite.encryption.keyOctets` octets, then `saltOctets` of salt where the algorithm has one (RFC 4106 §8.1). */
  readonly encryptionKey: Uint8Array;
  /** `suite.integrity.keyOctets` octets; empty for an AEAD. */
  readonly integrityKey: Uint8Array;
  readonly esn: boolean;
  /** The SPD entry that this SA serves, by name. */
  readonly policy: string;
}

/** The sender's end. Mutable: the kernel that seals advances the sequence number. */
export interface OutboundSa extends SaParameters {
  readonly direction: 'outbound';
  /** The last sequence number sent, 64 bits; 0 before the first packet. */
  sequence: bigint;
  packets: number;
  octets: number;
}

/** The receiver's end. Mutable: the kernel that opens moves the window, only after the ICV was verified. */
export interface InboundSa extends SaParameters {
  readonly direction: 'inbound';
  readonly window: ReplayWindow;
  packets: number;
  octets: number;
}
