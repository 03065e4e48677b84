/**
 * Whether a packet from the kernel above is its own housekeeping on the way up (router solicitations, MLD and IGMP reports
 * to groups of the local link): the node speaks these protocols itself, and there is nobody on that device to hear them.
 */
export function isKernelChatter(packet: Uint8Array): boolean {
  switch ((packet[0] ?? 0) >> 4) {
    case 4:
      return packet[16] === 224 && packet[17] === 0 && packet[18] === 0;
    case 6:
      return packet[24] === 0xff && ((packet[25] ?? 0) & 0x0f) <= 2;
    default:
      return true;
  }
}
