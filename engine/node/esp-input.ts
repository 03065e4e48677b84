import type { EspInboundSa } from '../ipsec/sa.ts';
import type { OpenResult } from '../ipsec/kernel.ts';
import { restore } from '../ipsec/transport-mode.ts';
import { decapsulate, dscpEcnOf } from '../ipsec/tunnel-mode.ts';
import { addressesEqual, formatAddress } from '../wire/address.ts';
import { ESP_HEADER_OCTETS } from '../wire/esp.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u32At } from '../wire/octets.ts';
import { type Core, drop, type Ingress, NESTING_MAX, type PendingOpen } from './core.ts';
import type { Packet } from './packet.ts';

/** An ESP packet for this node: its SA by SPI and destination, RFC 4301 §4.1; then it waits for the kernel's batch. */
export function openLater(core: Core, packet: Packet, ingress: Ingress): void {
  const esp = packet.octets.subarray(packet.upperOffset);
  if (esp.length < ESP_HEADER_OCTETS) {
    drop(core, 'malformed', () => `ESP of ${esp.length} octets from ${formatAddress(packet.source)}`);
    return;
  }
  const spi = u32At(esp, 0);
  const sa = core.sad.inbound(spi, packet.destination);
  if (sa === null) {
    const from = formatAddress(packet.source);
    drop(core, 'unknownSpi', () => `SPI ${spi}, sequence ${u32At(esp, 4)}, from ${from}`);
    return;
  }
  core.opens.push({ job: { sa, esp }, outer: packet, ingress });
}

/** What the kernel found in an ESP packet. Events carry what RFC 4303 §3.4 wants audited. */
export function takeOpened(core: Core, { job, outer, ingress }: PendingOpen, result: OpenResult): void {
  const { sa } = job;
  const which = () => `SPI ${sa.spi} from ${formatAddress(outer.source)}`;
  switch (result.kind) {
    case 'malformed':
      drop(core, 'malformed', () => `${which()}: ${result.why}`);
      return;
    case 'replayed':
    case 'authenticationFailed':
      drop(core, result.kind, () => `${which()}, sequence ${result.sequence}`);
      return;
    case 'opened':
      break;
  }
  if (result.nextHeader === IpProtocol.NO_NEXT) return; // a dummy packet, RFC 4303 §2.6
  if (ingress.depth >= NESTING_MAX) {
    drop(core, 'tunnelMismatch', () => `${which()}: nested more than ${NESTING_MAX} deep`);
    return;
  }
  if (sa.mode === 'transport') takeTransport(core, outer, ingress, sa, result);
  else takeTunnelled(core, outer, ingress, sa, result);
}

type Opened = Extract<OpenResult, { kind: 'opened' }>;

function takeTransport(core: Core, outer: Packet, ingress: Ingress, sa: EspInboundSa, opened: Opened): void {
  if (!addressesEqual(sa.source, outer.source)) {
    drop(core, 'policyMismatch', () => `SPI ${sa.spi} from ${formatAddress(outer.source)}, which is not its source`);
    return;
  }
  const octets = restore(outer.octets, opened.nextHeader, opened.payload);
  if (octets === null) {
    drop(core, 'malformed', () => `SPI ${sa.spi}: no packet around the ESP`);
    return;
  }
  core.tasks.push({ kind: 'input', octets, ingress: { ...ingress, sa, depth: ingress.depth + 1 } });
}

function takeTunnelled(core: Core, outer: Packet, ingress: Ingress, sa: EspInboundSa, opened: Opened): void {
  const { nextHeader } = opened;
  if (nextHeader !== IpProtocol.IPV4 && nextHeader !== IpProtocol.IPV6) {
    drop(core, 'policyMismatch', () => `SPI ${sa.spi}: protocol ${nextHeader} in a tunnel mode SA`);
    return;
  }
  const tunnelName = core.policies.named(sa.policy)?.tunnel ?? null;
  const tunnel = core.tunnels.find(candidate => candidate.name === tunnelName) ?? null;
  if (tunnel !== null && !addressesEqual(tunnel.remote, outer.source)) {
    drop(core, 'tunnelMismatch', () => `SPI ${sa.spi} from ${formatAddress(outer.source)}, not from ${tunnel.name}`);
    return;
  }
  const inner = decapsulate(nextHeader, opened.payload, dscpEcnOf(outer.octets));
  if (inner.kind !== 'packet') {
    drop(core, 'malformed', () => `SPI ${sa.spi}: ${inner.kind === 'malformed' ? inner.why : 'congestion, not ECT'}`);
    return;
  }
  core.tasks.push({
    kind: 'input',
    octets: inner.octets,
    ingress: { interface: tunnel ?? ingress.interface, sa, depth: ingress.depth + 1 },
  });
}
