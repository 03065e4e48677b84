import { requireAddon } from '../native/addon.ts';
import type { Frame } from '../node/node.ts';
import { coalesce } from '../wire/coalesce.ts';
import { finishFrame } from '../wire/offload.ts';
import { DeviceBatches } from './device-batches.ts';
import type { FramePort } from './port.ts';

export interface PacketPortOptions {
  /** What the node calls the port; also the interface, unless that is named apart. */
  readonly name: string;
  readonly interface?: string;
  /** The file of the interface's namespace; null or left out: our own. */
  readonly netns?: string | null;
  /**
   * true: superframes and unfinished checksums go out as they are, past the queueing discipline (a virtual wire carries
   * them whole). false: only finished packets go out, through the queueing discipline, which may impair each.
   */
  readonly offload: boolean;
}

/** A NIC that belongs to us: every frame that arrives on it, and nothing that its kernel would send. */
export function openPacketPort(options: PacketPortOptions): FramePort {
  const { name, netns = null, offload } = options;
  const addon = requireAddon();
  const device = addon.openPacketSocket({ interface: options.interface ?? name, netns, qdiscBypass: offload });
  const batches = new DeviceBatches(addon, device);
  return {
    name,
    receive: () => {
      const frames: Frame[] = [];
      // A batch of nothing but unreadable frames is no reason to stop.
      while (batches.receive(frames, (octets, left) => ({ port: name, octets, offload: left })) && frames.length === 0);
      return frames;
    },
    send: frames => batches.send(offload ? coalesce(frames) : frames.flatMap(finished)),
    watch: onReadable => batches.watch(onReadable),
    statistics: () => batches.statistics(),
    close: () => batches.close(),
  };
}

function finished(frame: Frame): readonly Frame[] {
  if (frame.offload === null) return [frame];
  return finishFrame(frame.octets, frame.offload).map(octets => ({ port: frame.port, octets, offload: null }));
}
