import type { AhSealResult, SealResult } from '../ipsec/kernel.ts';
import type { AhOutboundSa, EspOutboundSa, OutboundSa } from '../ipsec/sa.ts';
import { join, splitOutbound } from '../ipsec/transport-mode.ts';
import { encapsulate } from '../ipsec/tunnel-mode.ts';
import { encapsulateInUdp, type UdpPorts } from '../ipsec/udp-encapsulation.ts';
import { formatAddress } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS } from '../wire/ethernet.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import {
  type Core,
  drop,
  nextIdentification,
  type Originated,
  type PendingAuthentication,
  type PendingSeal,
  type Sealing,
} from './core.ts';
import { innerProtocol } from './packet.ts';
import { endsOf, type Layer } from './sa-choice.ts';
import { nameOf } from './sa-commands.ts';
import { noteUse } from './sa-upkeep.ts';

/** Gives a packet to the kernel's batch, for the SA whose turn it is. */
export function applyLayer(core: Core, octets: Uint8Array, sealing: Sealing): void {
  const layer = sealing.layers[sealing.index];
  if (layer === undefined) throw new Error('a packet that all its SAs have protected already');
  if (layer.sa.protocol === 'esp') sealLater(core, octets, layer.sa, layer, sealing);
  else authenticateLater(core, octets, layer.sa, layer, sealing);
}

/** A packet that all its SAs have protected, behind room for an Ethernet header. Nobody else has the array. */
export interface SealedFrame {
  readonly octets: Uint8Array;
  /** Of the packet: how often it was encapsulated here. */
  readonly depth: number;
}

/** What ESP made of a packet; null where the next SA is to have it, or there is none: the end of an SA. */
export function takeSealed(core: Core, { job, wrap, sealing }: PendingSeal, result: SealResult): SealedFrame | null {
  if (result.kind === 'sequenceExhausted') {
    dropExhausted(core, job.sa);
    return null;
  }
  noteUse(core, job.sa, sealing);
  const octets = espFrame(core, job.sa, wrap, result.esp);
  if (octets === null) {
    drop(core, 'packetTooBig', () => `${result.esp.length} octets of ESP do not fit an IP packet`);
    return null;
  }
  if (isLast(sealing)) return { octets, depth: depthAfter(sealing) };
  applyNext(core, octets.subarray(ETHERNET_HEADER_OCTETS), sealing);
  return null;
}

/** The same packet as any other that leaves. */
export function packetIn({ octets, depth }: SealedFrame): Originated {
  return protectedPacket(octets.subarray(ETHERNET_HEADER_OCTETS), depth);
}

/** What AH made of a packet, likewise. */
export function takeAuthenticated(core: Core, { job, sealing }: PendingAuthentication, result: AhSealResult) {
  switch (result.kind) {
    case 'sealed':
      noteUse(core, job.sa, sealing);
      if (isLast(sealing)) return protectedPacket(result.packet, depthAfter(sealing));
      applyNext(core, result.packet, sealing);
      return null;
    case 'sequenceExhausted':
      dropExhausted(core, job.sa);
      return null;
    case 'malformed':
      drop(core, 'malformed', () => `for SPI ${job.sa.spi}: ${result.why}`);
      return null;
  }
}

const isLast = ({ layers, index }: Sealing): boolean => index + 1 === layers.length;

const depthAfter = ({ layers, index, depth }: Sealing): number => (layers[index]?.outer === null ? depth : depth + 1);

function applyNext(core: Core, octets: Uint8Array, sealing: Sealing): void {
  applyLayer(core, octets, { ...sealing, index: sealing.index + 1, depth: depthAfter(sealing) });
}

function protectedPacket(octets: Uint8Array, depth: number): Originated {
  return { octets, offload: null, origin: 'node', depth, isProtected: true, zone: null };
}

/**
 * The IP packet with this ESP, in UDP (RFC 3948 §2.1) where the SA says so, behind room for an Ethernet header; null when it would
 * be too long.
 */
function espFrame(core: Core, sa: EspOutboundSa, wrap: PendingSeal['wrap'], esp: Uint8Array): Uint8Array | null {
  const udp = udpPortsOf(sa);
  const protocol = udp === null ? IpProtocol.ESP : IpProtocol.UDP;
  if (wrap.kind === 'tunnel') {
    return encapsulate(wrap.inner, wrap.outer.source, wrap.outer.destination, {
      protocol,
      payload: esp,
      identification: nextIdentification(core),
      treatment: sa.outer,
      udp,
      room: ETHERNET_HEADER_OCTETS,
    });
  }
  const { source, destination } = sa;
  const payload = udp === null ? esp : encapsulateInUdp(esp, { ...udp, source, destination });
  return payload === null ? null : join(wrap.split, protocol, payload, ETHERNET_HEADER_OCTETS);
}

function udpPortsOf({ encapsulation }: EspOutboundSa): UdpPorts | null {
  if (encapsulation === null) return null;
  return { sourcePort: encapsulation.localPort, destinationPort: encapsulation.remotePort };
}

function sealLater(core: Core, octets: Uint8Array, sa: EspOutboundSa, layer: Layer, sealing: Sealing): void {
  const outer = endsOf(layer);
  if (outer !== null) {
    const job = { sa, nextHeader: innerProtocol(octets), payload: octets };
    core.seals.push({ job, wrap: { kind: 'tunnel', inner: octets, outer }, sealing });
    return;
  }
  const split = splitOutbound(octets);
  if (split === null) dropUnsplit(core);
  else {
    const { nextHeader, payload } = split;
    core.seals.push({ job: { sa, nextHeader, payload }, wrap: { kind: 'transport', split }, sealing });
  }
}

/** In tunnel mode AH stands between the outer header and the packet, and covers both. */
function authenticateLater(core: Core, octets: Uint8Array, sa: AhOutboundSa, layer: Layer, sealing: Sealing): void {
  const { outer } = layer;
  const whole =
    outer === null
      ? octets
      : encapsulate(octets, outer.source, outer.destination, {
          protocol: innerProtocol(octets),
          payload: octets,
          identification: nextIdentification(core),
          treatment: sa.outer,
        });
  const split = whole === null ? null : splitOutbound(whole);
  if (split === null) dropUnsplit(core);
  else core.authentications.push({ job: { sa, split }, sealing });
}

function dropUnsplit(core: Core): void {
  drop(core, 'malformed', () => 'a packet that ESP or AH has no place in');
}

/** RFC 4303 §3.3.3 wants SPI, source, destination and flow label of it; the packet that did not go is not worth more. */
function dropExhausted(core: Core, sa: OutboundSa): void {
  const ends = `${formatAddress(sa.source)} to ${formatAddress(sa.destination)}`;
  const detail = `${sa.protocol.toUpperCase()} SPI ${sa.spi} from ${ends} of policy ${sa.policy ?? 'any'}`;
  const entry = core.policies.named(sa.policy);
  if (entry?.wants.take(core.now) === true)
    core.audit.note('saWanted', `policy ${sa.policy}: no numbers left in ${detail}`, { sa: nameOf(sa) });
  drop(core, 'sequenceExhausted', () => detail);
}
