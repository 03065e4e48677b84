import { icvFieldOctets } from '../crypto/ah-suite.ts';
import { espOctets, largestPayload, padToOctetsOf } from '../ipsec/esp-size.ts';
import type { EspOutboundSa } from '../ipsec/sa.ts';
import { UDP_ENCAPSULATION_OCTETS } from '../ipsec/udp-encapsulation.ts';
import { ahOctets } from '../wire/ah.ts';
import type { Address } from '../wire/address.ts';
import { headerOctets } from './path-mtu.ts';
import type { Layer } from './sa-choice.ts';

/**
 * The longest packet that these SAs make a packet of `available` octets of, RFC 4301 §8. `headOctets` of it stay outside in
 * transport mode: its IP header, and those extension headers that ESP and AH stand behind.
 */
export function roomInside(layers: readonly Layer[], available: number, headOctets: number): number {
  let room = available;
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as Layer;
    const head = headAround(layers, i, headOctets);
    const inside = largestInside(layer, room - head);
    room = layer.outer === null ? head + inside : inside;
  }
  return room;
}

/** What a packet of `packetOctets` becomes. */
export function octetsAround(layers: readonly Layer[], packetOctets: number, headOctets: number): number {
  let octets = packetOctets;
  for (const [i, layer] of layers.entries()) {
    const head = headAround(layers, i, headOctets);
    octets = head + aroundPayload(layer, layer.outer === null ? octets - head : octets);
  }
  return octets;
}

/** The headers in front of the ESP or AH of one layer. */
function headAround(layers: readonly Layer[], index: number, headOctets: number): number {
  for (let i = index; i >= 0; i--) {
    const outer = layers[i]?.outer ?? null;
    if (outer !== null) return headerOctets(outer.destination);
  }
  return headOctets;
}

function largestInside({ sa }: Layer, available: number): number {
  if (sa.protocol === 'ah') return available - ahOctets(icvFieldOctets(sa.integrity), versionOf(sa));
  return largestPayload(sa.suite, available - udpOctets(sa), padToOctetsOf(sa));
}

function aroundPayload({ sa }: Layer, payloadOctets: number): number {
  if (sa.protocol === 'ah') return ahOctets(icvFieldOctets(sa.integrity), versionOf(sa)) + payloadOctets;
  return espOctets(sa.suite, payloadOctets, padToOctetsOf(sa)) + udpOctets(sa);
}

function udpOctets({ encapsulation }: EspOutboundSa): number {
  return encapsulation === null ? 0 : UDP_ENCAPSULATION_OCTETS;
}

function versionOf({ destination }: { readonly destination: Address }): 4 | 6 {
  return destination.length === 4 ? 4 : 6;
}
