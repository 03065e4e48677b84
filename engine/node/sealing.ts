import type { AhSealResult, SealResult } from '../ipsec/kernel.ts';
import type { SaEnds } from '../ipsec/outbound-table.ts';
import type { AhOutboundSa, EspOutboundSa, OutboundSa } from '../ipsec/sa.ts';
import { join, splitOutbound } from '../ipsec/transport-mode.ts';
import { encapsulate } from '../ipsec/tunnel-mode.ts';
import { encapsulateInUdp } from '../ipsec/udp-encapsulation.ts';
import { formatAddress } from '../wire/address.ts';
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

/** What ESP made of a packet: on its way with it, or the end of its SA. */
export function takeSealed(core: Core, { job, wrap, sealing }: PendingSeal, result: SealResult): Originated | null {
  if (result.kind === 'sequenceExhausted') {
    dropExhausted(core, job.sa);
    return null;
  }
  noteUse(core, job.sa, sealing);
  const carried = inUdp(job.sa, result.esp, wrap.kind === 'tunnel' ? wrap.outer : job.sa);
  const protocol = job.sa.encapsulation === null ? IpProtocol.ESP : IpProtocol.UDP;
  const packet =
    carried === null
      ? null
      : wrap.kind === 'transport'
        ? join(wrap.split, protocol, carried)
        : encapsulate(wrap.inner, wrap.outer.source, wrap.outer.destination, {
            protocol,
            payload: carried,
            identification: nextIdentification(core),
            treatment: job.sa.outer,
          });
  if (packet !== null) return goOn(core, packet, sealing);
  drop(core, 'packetTooBig', () => `${result.esp.length} octets of ESP do not fit an IP packet`);
  return null;
}

/** The same of AH. */
export function takeAuthenticated(core: Core, { job, sealing }: PendingAuthentication, result: AhSealResult) {
  switch (result.kind) {
    case 'sealed':
      noteUse(core, job.sa, sealing);
      return goOn(core, result.packet, sealing);
    case 'sequenceExhausted':
      dropExhausted(core, job.sa);
      return null;
    case 'malformed':
      drop(core, 'malformed', () => `for SPI ${job.sa.spi}: ${result.why}`);
      return null;
  }
}

/** To the next SA; null while there is one. */
function goOn(core: Core, octets: Uint8Array, { layers, index, depth }: Sealing): Originated | null {
  const after = layers[index]?.outer === null ? depth : depth + 1;
  if (index + 1 === layers.length) {
    return { octets, offload: null, origin: 'node', depth: after, isProtected: true, zone: null };
  }
  applyLayer(core, octets, { layers, index: index + 1, depth: after });
  return null;
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

/** RFC 3948 §2.1, where the SA says so; null when it would be too long. */
function inUdp({ encapsulation }: EspOutboundSa, esp: Uint8Array, { source, destination }: SaEnds): Uint8Array | null {
  if (encapsulation === null) return esp;
  const { localPort, remotePort } = encapsulation;
  return encapsulateInUdp(esp, { source, destination, sourcePort: localPort, destinationPort: remotePort });
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
