import type { OpenResult } from '../ipsec/kernel.ts';
import type { InboundSa } from '../ipsec/sa.ts';
import { flowOf } from '../ipsec/selector.ts';
import { join, splitInbound, type TransportSplit } from '../ipsec/transport-mode.ts';
import { decapsulate, dscpEcnOf } from '../ipsec/tunnel-mode.ts';
import { decapsulateFromUdp, fixTransportChecksum } from '../ipsec/udp-encapsulation.ts';
import { AH_FIXED_OCTETS } from '../wire/ah.ts';
import { addressesEqual, formatAddress } from '../wire/address.ts';
import { ESP_HEADER_OCTETS } from '../wire/esp.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At, u32At } from '../wire/octets.ts';
import { UDP_HEADER_OCTETS } from '../wire/udp.ts';
import { type Core, drop, type Ingress, NESTING_MAX, type PendingOpen, type PendingVerification } from './core.ts';
import { finished } from './fit.ts';
import type { TunnelInterface } from './interfaces.ts';
import type { StrayPacket } from './node.ts';
import type { Packet } from './packet.ts';
import { followPeer } from './peer-place.ts';
import { type Protection, protectedBy } from './protection.ts';
import { noteUse } from './sa-upkeep.ts';
import { dropInner } from './tunnel-input.ts';

/** An ESP packet for this node: its SA by SPI and destination, RFC 4301 §4.1; then it waits for the kernel's batch. */
export function openLater(core: Core, packet: Packet, ingress: Ingress): void {
  openEsp(core, packet, packet.octets.subarray(packet.upperOffset), ingress, null);
}

/**
 * ESP in UDP, RFC 3948, and keepalives, on the ports that SAs have for it; false for what is not for IPsec: behind the
 * non-ESP marker comes IKE, which goes up like any datagram. An SA without a port takes it too: a NAT may have come in between.
 */
export function openFromUdp(core: Core, packet: Packet, ingress: Ingress): boolean {
  const { octets, upperOffset, source, destination } = packet;
  if (octets.length < upperOffset + UDP_HEADER_OCTETS || !takesUdp(core, u16At(octets, upperOffset + 2))) return false;
  let isTaken = true;
  for (const each of finished(core, packet) ?? []) {
    const datagram = decapsulateFromUdp(each.subarray(upperOffset), source, destination);
    if (datagram === null) {
      drop(core, 'malformed', () => `no datagram, from ${formatAddress(source)}`);
      continue;
    }
    const { content, sourcePort } = datagram;
    if (content.kind === 'malformed') {
      drop(core, 'malformed', () => `${content.why}, from ${formatAddress(source)}`);
    } else if (content.kind === 'esp') {
      const outer = each === octets ? packet : { ...packet, octets: each, offload: null };
      openEsp(core, outer, content.esp, ingress, sourcePort);
    } else if (content.kind === 'ike') {
      isTaken = false;
    }
  }
  return isTaken;
}

/** Where IKE comes without a marker all is for it: an SA that a peer has brought there deafens nobody to the others. */
function takesUdp({ upkeep, negotiation }: Core, port: number): boolean {
  const marked = negotiation?.encapsulationPorts;
  if (marked?.includes(port) === true) return true;
  const isPlain = marked !== undefined && negotiation?.ports.includes(port) === true;
  return upkeep.takesUdp(port) && !isPlain;
}

function openEsp(core: Core, packet: Packet, esp: Uint8Array, ingress: Ingress, udpPort: number | null): void {
  if (esp.length < ESP_HEADER_OCTETS) {
    drop(core, 'malformed', () => `ESP of ${esp.length} octets from ${formatAddress(packet.source)}`);
    return;
  }
  const sa = core.sad.inbound(u32At(esp, 0), packet.destination, 'esp');
  if (sa === null) dropStray(core, packet, { protocol: 'esp', spi: u32At(esp, 0), sourcePort: udpPort }, u32At(esp, 4));
  else core.opens.push({ job: { sa, esp }, udpPort, outer: packet, ingress });
}

/** The same for AH, RFC 4302 §3.4. */
export function verifyLater(core: Core, packet: Packet, ingress: Ingress): void {
  const split = splitInbound(packet.octets, IpProtocol.AH);
  if (split === null || split.payload.length < AH_FIXED_OCTETS) {
    drop(core, 'malformed', () => `AH cut short, from ${formatAddress(packet.source)}`);
    return;
  }
  const [spi, sequence] = [u32At(split.payload, 4), u32At(split.payload, 8)];
  const sa = core.sad.inbound(spi, packet.destination, 'ah');
  if (sa === null) dropStray(core, packet, { protocol: 'ah', spi, sourcePort: null }, sequence);
  else core.verifications.push({ job: { sa, split }, outer: packet, ingress });
}

/** RFC 4303 §3.4.2: auditable, and of interest to whoever negotiates: the sender may not know that the SA is gone. */
function dropStray(core: Core, packet: Packet, stray: Omit<StrayPacket, 'source'>, sequence: number): void {
  drop(
    core,
    'unknownSpi',
    () => describeProtected(stray.protocol === 'esp' ? 'ESP' : 'AH', packet, stray.spi, sequence),
    () => ({ stray: { ...stray, source: formatAddress(packet.source) } }),
  );
}

/** What the kernel found in an ESP packet. */
export function takeOpened(core: Core, { job, udpPort, outer, ingress }: PendingOpen, result: OpenResult): void {
  const { sa } = job;
  const opened = checkOpened(core, outer, ingress, sa, result);
  if (opened === null) return;
  if (udpPort !== null) followPeer(core, sa, outer.source, udpPort, opened.sequence);
  if (opened.nextHeader === IpProtocol.NO_NEXT) countDummy(core, sa);
  else takeContent(core, outer, ingress, { sa, opened, isInUdp: udpPort !== null, split: null });
}

/** What the kernel found in a packet with AH. */
export function takeVerified(core: Core, { job, outer, ingress }: PendingVerification, result: OpenResult): void {
  const opened = checkOpened(core, outer, ingress, job.sa, result);
  if (opened !== null) takeContent(core, outer, ingress, { sa: job.sa, opened, isInUdp: false, split: job.split });
}

type Opened = Extract<OpenResult, { kind: 'opened' }>;

interface Content {
  readonly sa: InboundSa;
  readonly opened: Opened;
  readonly isInUdp: boolean;
  /** Where the packet was cut; null: where its upper layer begins. */
  readonly split: TransportSplit | null;
}

/** null after dropping what is not to be taken, with what RFC 4303 §3.4 and RFC 4302 §3.4 want audited. */
function checkOpened(core: Core, outer: Packet, ingress: Ingress, sa: InboundSa, result: OpenResult): Opened | null {
  const name = sa.protocol === 'esp' ? 'ESP' : 'AH';
  switch (result.kind) {
    case 'malformed':
      drop(core, 'malformed', () => `${describeProtected(name, outer, sa.spi)}: ${result.why}`);
      return null;
    case 'replayed':
    case 'authenticationFailed':
      drop(core, result.kind, () => describeProtected(name, outer, sa.spi, result.sequence));
      return null;
    case 'opened':
      break;
  }
  noteUse(core, sa);
  if (ingress.depth < NESTING_MAX) return result;
  drop(core, 'tunnelMismatch', () => `${describeProtected(name, outer, sa.spi)}: nested more than ${NESTING_MAX} deep`);
  return null;
}

function takeContent(core: Core, outer: Packet, ingress: Ingress, content: Content): void {
  const inside = { ...ingress, protection: protectionBy(core, outer, ingress, content.sa), depth: ingress.depth + 1 };
  if (content.sa.mode === 'transport') takeTransport(core, outer, inside, content);
  else takeTunnelled(core, outer, inside, content);
}

/** Adds an SA to those that brought a packet. If they were all that the protected packet needed itself, a bundle may begin here. */
function protectionBy(
  core: Core,
  outer: Packet,
  { protection, interface: arrival }: Ingress,
  sa: InboundSa,
): Protection {
  if (protection === null || arrival === null) return protectedBy(sa, null, true);
  const flow = flowOf(outer.octets);
  const isOwnFlow = flow !== null && core.policies.accepting(protection, flow, arrival) !== null;
  return protectedBy(sa, protection, isOwnFlow);
}

function takeTransport(core: Core, outer: Packet, ingress: Ingress, { sa, opened, isInUdp, split }: Content): void {
  if (!addressesEqual(sa.source, outer.source) && !(isInUdp && sa.encapsulation?.followsPeer === true)) {
    drop(core, 'policyMismatch', () => `SPI ${sa.spi} from ${formatAddress(outer.source)}, which is not its source`);
    return;
  }
  const at = split ?? splitInbound(outer.octets, outer.protocol);
  // A NAT has changed the addresses that the sender computed its checksums with, RFC 3948 §3.1.2.
  const payload = isInUdp ? fixTransportChecksum(opened.nextHeader, opened.payload, outer, null) : opened.payload;
  const octets = at === null ? null : join(at, opened.nextHeader, payload);
  if (octets === null) {
    drop(core, 'malformed', () => `SPI ${sa.spi}: no packet around what it protected`);
    return;
  }
  core.tasks.push({ kind: 'input', octets, ingress });
}

function takeTunnelled(core: Core, outer: Packet, ingress: Ingress, { sa, opened, isInUdp }: Content): void {
  const { nextHeader } = opened;
  if (nextHeader !== IpProtocol.IPV4 && nextHeader !== IpProtocol.IPV6) {
    drop(core, 'policyMismatch', () => `SPI ${sa.spi}: protocol ${nextHeader} in a tunnel mode SA`);
    return;
  }
  const tunnel = tunnelFor(core, sa);
  const mayMove = isInUdp && sa.encapsulation?.followsPeer === true;
  const from = sa.policy === null ? tunnel?.remote : sa.source;
  if (tunnel !== null && from !== undefined && !mayMove && !addressesEqual(from, outer.source)) {
    drop(core, 'tunnelMismatch', () => `SPI ${sa.spi} from ${formatAddress(outer.source)}, not from ${tunnel.name}`);
    return;
  }
  const inner = decapsulate(nextHeader, opened.payload, dscpEcnOf(outer.octets));
  if (inner.kind !== 'packet') {
    dropInner(core, inner, `SPI ${sa.spi}`);
    return;
  }
  core.tasks.push({
    kind: 'input',
    octets: inner.octets,
    ingress: { ...ingress, interface: tunnel ?? ingress.interface },
  });
}

/**
 * The tunnel interface that an SA of tunnel mode leads out of: that of its policy, unless another header of the same bundle is
 * still inside; a shared SA has the tunnel with its ends, if that has an SPD.
 */
function tunnelFor({ policies, tunnels }: Core, sa: InboundSa): TunnelInterface | null {
  if (sa.policy === null) {
    const isIts = ({ local, remote }: TunnelInterface) =>
      addressesEqual(local, sa.destination) && addressesEqual(remote, sa.source);
    return tunnels.find(each => isIts(each) && policies.has(each.name)) ?? null;
  }
  const entry = policies.named(sa.policy);
  const within = entry?.layers.slice(0, sa.transform) ?? [];
  if (within.some(({ transform }) => transform.mode === 'tunnel')) return null;
  return tunnels.find(each => each.name === entry?.tunnel) ?? null;
}

/** A dummy packet, RFC 4303 §2.6: nobody else hears of it. */
function countDummy(core: Core, sa: InboundSa): void {
  const upkeep = core.upkeep.of(sa);
  if (upkeep !== null) upkeep.dummies++;
}

/** SPI, sequence number, source, destination and (in IPv6) flow label: what the audit log is to have. */
function describeProtected(
  protocol: 'ESP' | 'AH',
  packet: Packet,
  spi: number,
  sequence: number | bigint | null = null,
) {
  const number = sequence === null ? '' : `, sequence ${sequence}`;
  const label = packet.version === 6 ? `, flow label ${u32At(packet.octets, 0) & 0xfffff}` : '';
  const ends = `from ${formatAddress(packet.source)} to ${formatAddress(packet.destination)}`;
  return `${protocol} SPI ${spi}${number} ${ends}${label}`;
}
