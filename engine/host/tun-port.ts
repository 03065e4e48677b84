import { requireAddon } from '../native/addon.ts';
import type { LocalPacket } from '../node/node.ts';
import { DeviceBatches } from './device-batches.ts';
import { isKernelChatter } from './kernel-chatter.ts';
import type { UpPort } from './port.ts';

/** The way up through a TUN device, which is made when it is not there. */
export function openTunPort(options: { readonly interface: string; readonly netns?: string | null }): UpPort {
  const addon = requireAddon();
  const batches = new DeviceBatches(addon, addon.openTun(options));
  return {
    receive: () => {
      const packets: LocalPacket[] = [];
      while (
        batches.receive(packets, (octets, offload) => (isKernelChatter(octets) ? null : { octets, offload })) &&
        packets.length === 0
      );
      return packets;
    },
    send: packets => batches.send(packets),
    watch: onReadable => batches.watch(onReadable),
    statistics: () => batches.statistics(),
    close: () => batches.close(),
  };
}
