import { ESP_HEADER_OCTETS } from './esp.ts';
import { u32At, u8At } from './octets.ts';

/** What the port of IKE and ESP in UDP carries, told apart by how it begins, RFC 3948 §2. Arrays are views. */
export type EncapsulatedInUdp =
  /** From the SPI on, which is never 0. */
  | { readonly kind: 'esp'; readonly esp: Uint8Array }
  /** An IKE message, behind four octets of 0: the non-ESP marker (§2.2). */
  | { readonly kind: 'ike'; readonly message: Uint8Array }
  /** One octet of 0xff, for the NAT alone (§2.3). */
  | { readonly kind: 'keepalive' }
  | { readonly kind: 'malformed'; readonly why: string };

/** Both ends, unless a NAT lies between, RFC 7296 §2.23. */
export const UDP_ENCAPSULATION_PORT = 4500;

/** IKE without a marker, RFC 7296 §2. */
export const IKE_PORT = 500;

/** The payload of a keepalive. */
export const KEEPALIVE: Uint8Array = Uint8Array.of(0xff);

/** Reads the payload of a datagram. */
export function decodeUdpEncapsulation(payload: Uint8Array): EncapsulatedInUdp {
  if (payload.length === 1 && u8At(payload, 0) === 0xff) return { kind: 'keepalive' };
  if (payload.length < MARKER_OCTETS)
    return { kind: 'malformed', why: `${payload.length} octets are neither ESP nor IKE` };
  if (u32At(payload, 0) === 0) return { kind: 'ike', message: payload.subarray(MARKER_OCTETS) };
  if (payload.length < ESP_HEADER_OCTETS)
    return { kind: 'malformed', why: `${payload.length} octets are too few for ESP` };
  return { kind: 'esp', esp: payload };
}

/** The payload of a datagram around an IKE message, §2.2. */
export function withNonEspMarker(message: Uint8Array): Uint8Array {
  const payload = new Uint8Array(MARKER_OCTETS + message.length);
  payload.set(message, MARKER_OCTETS);
  return payload;
}

const MARKER_OCTETS = 4;
