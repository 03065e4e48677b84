import { icvOctets, type EspSuite } from '../crypto/esp-suite.ts';
import { ESP_HEADER_OCTETS } from '../wire/esp.ts';
import { ESP_TRAILER_OCTETS, padOctets } from './esp-trailer.ts';

/** Octets of ESP, from the SPI to the ICV, around `payloadOctets` of payload with the least padding. */
export function espOctets(suite: EspSuite, payloadOctets: number): number {
  const padding = padOctets(payloadOctets, suite.encryption.blockOctets);
  return fixedOctets(suite) + payloadOctets + padding + ESP_TRAILER_OCTETS;
}

/** The longest payload whose ESP fits `available` octets: what the MTU of a path leaves to an SA. Negative: not even an empty one. */
export function largestPayload(suite: EspSuite, available: number): number {
  const room = available - fixedOctets(suite);
  return room - (room % suite.encryption.blockOctets) - ESP_TRAILER_OCTETS;
}

function fixedOctets(suite: EspSuite): number {
  return ESP_HEADER_OCTETS + suite.encryption.ivOctets + icvOctets(suite);
}
