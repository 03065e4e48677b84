import { PROBE_OCTETS } from '../probe.ts';

/**
 * Sizes of IP packets, headers included, octets. RFC 2544 counts Ethernet frames: those are 18 octets more, and what it tries from 64 to 1518
 * begins here with the smallest packet that a probe fits into in both families, and ends where a tunnel still has room for its own headers.
 */
export const PACKET_SIZES: readonly number[] = [64, 128, 256, 512, 1024, 1280, 1420];

/**
 * A mix as the Internet's is often taken to be (7 : 4 : 1, RFC 6985 would write it as a genome of three letters), in an order that
 * spreads the large ones: 348 octets on average.
 */
export const IMIX: readonly number[] = [64, 576, 64, 64, 576, 64, 1420, 64, 576, 64, 64, 576];

const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const UDP_OCTETS = 8;

/** Of a packet that carries a probe, and nothing more. */
export const packetOctetsMin = (family: 4 | 6): number => headerOctets(family) + PROBE_OCTETS;

/** Of the IP and UDP headers in front of the generator's payload. */
export const headerOctets = (family: 4 | 6): number => (family === 4 ? IPV4_OCTETS : IPV6_OCTETS) + UDP_OCTETS;
