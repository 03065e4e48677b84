import { requireAddon } from '../native/addon.ts';
import type { LocalPacket } from '../node/node.ts';
import { ETHERNET_HEADER_OCTETS, EtherType } from '../wire/ethernet.ts';
import type { Offload } from '../wire/offload.ts';
import { DeviceBatches } from './device-batches.ts';
import { isKernelChatter } from './kernel-chatter.ts';
import type { UpPort } from './port.ts';

export interface VethUpPortOptions {
  /** Our end of the pair. The other end, without ARP, has the kernel's addresses. */
  readonly interface: string;
  /** MAC address of the kernel's end, 6 octets: the only address that ever stands on this wire. */
  readonly kernelMac: Uint8Array;
  readonly netns?: string | null;
}

/** The way up through a veth pair, where /dev/net/tun is closed to us: the same packets, each behind an Ethernet header. */
export function openVethUpPort(options: VethUpPortOptions): UpPort {
  const addon = requireAddon();
  const device = addon.openPacketSocket({
    interface: options.interface,
    netns: options.netns ?? null,
    qdiscBypass: true,
  });
  const batches = new DeviceBatches(addon, device);
  return {
    receive: () => {
      const packets: LocalPacket[] = [];
      while (batches.receive(packets, withoutEthernet) && packets.length === 0);
      return packets;
    },
    send: packets => batches.send(packets.map(packet => withEthernet(packet, options.kernelMac))),
    watch: onReadable => batches.watch(onReadable),
    statistics: () => batches.statistics(),
    close: () => batches.close(),
  };
}

function withoutEthernet(frame: Uint8Array, offload: Offload | null): LocalPacket | null {
  const octets = frame.subarray(ETHERNET_HEADER_OCTETS);
  return isKernelChatter(octets) ? null : { octets, offload: shifted(offload, -ETHERNET_HEADER_OCTETS) };
}

function withEthernet(packet: LocalPacket, mac: Uint8Array): LocalPacket {
  const octets = new Uint8Array(ETHERNET_HEADER_OCTETS + packet.octets.length);
  octets.set(mac, 0);
  octets.set(mac, 6);
  const etherType = (packet.octets[0] ?? 0) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4;
  octets[12] = etherType >> 8;
  octets[13] = etherType & 0xff;
  octets.set(packet.octets, ETHERNET_HEADER_OCTETS);
  return { octets, offload: shifted(packet.offload, ETHERNET_HEADER_OCTETS) };
}

function shifted(offload: Offload | null, by: number): Offload | null {
  if (offload === null || offload.checksum === null) return offload;
  return { ...offload, checksum: { start: offload.checksum.start + by, offset: offload.checksum.offset } };
}
