import type { AhInboundSa, AhOutboundSa, EspInboundSa, EspOutboundSa } from './sa.ts';
import type { TransportSplit } from './transport-mode.ts';

/** One packet to protect: in tunnel mode a whole IP packet, in transport mode the transport payload. */
export interface SealJob {
  readonly sa: EspOutboundSa;
  /** Next Header of the ESP trailer: 4 IPv4, 41 IPv6, or the transport protocol. */
  readonly nextHeader: number;
  readonly payload: Uint8Array;
}

export type SealResult =
  /** From the SPI to the ICV; the caller owns the array. */
  | { readonly kind: 'sealed'; readonly esp: Uint8Array }
  /** RFC 4303 §3.3.3: the SA must not send again. */
  | { readonly kind: 'sequenceExhausted' };

export interface OpenJob {
  readonly sa: EspInboundSa;
  /** From the SPI to the ICV. Not modified. */
  readonly esp: Uint8Array;
}

export type OpenResult =
  | { readonly kind: 'opened'; readonly nextHeader: number; readonly payload: Uint8Array; readonly sequence: bigint }
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'replayed'; readonly sequence: bigint }
  | { readonly kind: 'authenticationFailed'; readonly sequence: bigint };

/** One packet to authenticate: in tunnel mode the outer packet, whose payload is the inner one. */
export interface AhSealJob {
  readonly sa: AhOutboundSa;
  /** A whole IP packet, cut where the AH goes: see `splitOutbound`. */
  readonly split: TransportSplit;
}

export type AhSealResult =
  /** The whole IP packet; the caller owns the array. */
  | { readonly kind: 'sealed'; readonly packet: Uint8Array }
  /** RFC 4302 §3.3.2: the SA must not send again. */
  | { readonly kind: 'sequenceExhausted' }
  /** Headers whose end nobody can predict, or a packet that would be too long. No sequence number was used. */
  | { readonly kind: 'malformed'; readonly why: string };

export interface AhOpenJob {
  readonly sa: AhInboundSa;
  /** The whole IP packet, cut where its AH stands: `payload` is from there on. Not modified. */
  readonly split: TransportSplit;
}

export type AhOpenResult = OpenResult;

/**
 * The batch kernels of ESP (RFC 4303 §3.3 and §3.4) and AH (RFC 4302 §3.3 and §3.4), results in the order of the jobs. The
 * TypeScript one is the reference; a native one stands behind the same interface, and the conformance suites put broken ones
 * here.
 */
export interface IpsecKernel {
  readonly name: string;
  seal(jobs: readonly SealJob[]): SealResult[];
  open(jobs: readonly OpenJob[]): OpenResult[];
  /** Puts an AH into each packet. */
  authenticate(jobs: readonly AhSealJob[]): AhSealResult[];
  /** What followed the AH of each packet: views. */
  verify(jobs: readonly AhOpenJob[]): AhOpenResult[];
}
