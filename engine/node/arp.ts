import { formatAddress, formatMac, isMulticast, isUnspecified } from '../wire/address.ts';
import { ArpOperation, type ArpPacket, decodeArp, encodeArp } from '../wire/arp.ts';
import { EtherType } from '../wire/ethernet.ts';
import { octetsEqual, u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';
import { subnetOf } from './address-table.ts';
import { type Core, drop } from './core.ts';
import { emit, frameAround } from './frame-output.ts';
import type { EthernetInterface } from './interfaces.ts';
import { sendPending } from './link-output.ts';

/** One ARP packet, RFC 826. ARP never passes an SPD. */
export function takeArp(core: Core, link: EthernetInterface, octets: Uint8Array): void {
  const arp = readArp(core, link, octets);
  if (arp === null) return;
  const isForUs = core.addresses.ownedBy(link, arp.targetAddress);
  if (core.addresses.ownedBy(link, arp.senderAddress)) {
    reportConflict(core, link, arp);
  } else if (!isUnspecified(arp.senderAddress) && subnetOf(link, arp.senderAddress) !== null) {
    const { senderAddress: address, senderMac: mac } = arp;
    // Whoever asks for us, or answers us, is there. Others' announcements only correct what is known already.
    const said = { link, address, mac, isAnswer: isForUs, overrides: true, creates: isForUs };
    sendPending(core, link, mac, core.neighbours.confirm(said, core.now));
  }
  if (isForUs && arp.operation === ArpOperation.REQUEST) reply(core, link, arp);
}

function readArp(core: Core, link: EthernetInterface, octets: Uint8Array): ArpPacket | null {
  try {
    const arp = decodeArp(octets);
    const isFromOne = (u8At(arp.senderMac, 0) & 1) === 0 && !isMulticast(arp.senderAddress);
    if (isFromOne) return arp;
    drop(core, 'malformed', () => `ARP from ${formatMac(arp.senderMac)} on ${link.name}`);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => `${error.message}, on ${link.name}`);
  }
  return null;
}

/** RFC 5227 §2.4: kept and reported. Whoever configured both addresses has to decide. */
function reportConflict(core: Core, link: EthernetInterface, arp: ArpPacket): void {
  if (octetsEqual(arp.senderMac, link.mac)) return;
  const who = `${formatMac(arp.senderMac)} has it too`;
  core.audit.noteRarely(
    'addressDuplicate',
    core.now,
    () => `${formatAddress(arp.senderAddress)} on ${link.name}: ${who}`,
  );
}

function reply(core: Core, link: EthernetInterface, request: ArpPacket): void {
  const answer = encodeArp({
    operation: ArpOperation.REPLY,
    senderMac: link.mac,
    senderAddress: request.targetAddress,
    targetMac: request.senderMac,
    targetAddress: request.senderAddress,
  });
  emit(core, link, frameAround(link, request.senderMac, EtherType.ARP, answer), null);
}
