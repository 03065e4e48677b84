import { icvOctets, type EspSuite } from '../crypto/esp-suite.ts';
import { ESP_HEADER_OCTETS } from '../wire/esp.ts';
import { ESP_TRAILER_OCTETS, padOctets } from './esp-trailer.ts';
import type { EspParameters } from './sa.ts';

/**
 * Octets of ESP, from the SPI to the ICV, around `payloadOctets` of payload with the least padding. `padToOctets`: of the
 * SA's TFC padding, null for none.
 */
export function espOctets(suite: EspSuite, payloadOctets: number, padToOctets: number | null = null): number {
  const paddedOctets = payloadOctets + tfcOctets(payloadOctets, padToOctets);
  const padding = padOctets(paddedOctets, suite.encryption.blockOctets);
  return fixedOctets(suite) + paddedOctets + padding + ESP_TRAILER_OCTETS;
}

/**
 * The longest payload whose ESP fits `available` octets: what the MTU of a path leaves to an SA. Not above 0: at most an
 * empty one.
 */
export function largestPayload(suite: EspSuite, available: number, padToOctets: number | null = null): number {
  const room = available - fixedOctets(suite);
  const largest = room - (room % suite.encryption.blockOctets) - ESP_TRAILER_OCTETS;
  return padToOctets === null || largest < 0 ? largest : largest - (largest % padToOctets);
}

/** What makes a payload a multiple of `padToOctets` octets long, RFC 4303 §2.7; 0 for null. */
export function tfcOctets(payloadOctets: number, padToOctets: number | null): number {
  if (padToOctets === null) return 0;
  const over = payloadOctets % padToOctets;
  return over === 0 ? 0 : padToOctets - over;
}

/** To a multiple of what an SA pads; only in tunnel mode, whose payload says how long it is. */
export function padToOctetsOf(sa: EspParameters): number | null {
  return sa.mode === 'tunnel' ? (sa.trafficFlow?.padToOctets ?? null) : null;
}

function fixedOctets(suite: EspSuite): number {
  return ESP_HEADER_OCTETS + suite.encryption.ivOctets + icvOctets(suite);
}
