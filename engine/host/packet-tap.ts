import { requireAddon, ReceiveWords } from '../native/addon.ts';
import { finishFrame } from '../wire/offload.ts';
import { WireError } from '../wire/wire-error.ts';
import { DeviceBatches } from './device-batches.ts';

/** A packet that came in on an interface, as a wire would have carried it. */
export interface TappedPacket {
  /** Nanoseconds since the Unix epoch, by the kernel's clock. */
  readonly at: bigint;
  /** Ours alone. */
  readonly octets: Uint8Array;
}

export interface PacketTap {
  /** Appends what has come in since the last call, a batch at most; false: nothing. */
  receive(into: TappedPacket[]): boolean;
  watch(onReadable: () => void): void;
  /** Frames that came in and are not in the packets. */
  losses(): number;
  close(): void;
}

const NS_PER_S = 1_000_000_000n;

/** Listens to what comes in on an interface, which may still be down: superframes split, checksums finished. */
export function openPacketTap(options: { readonly interface: string; readonly netns: string }): PacketTap {
  const addon = requireAddon();
  const batches = new DeviceBatches(addon, addon.openPacketSocket({ ...options, timestamps: true }));
  let contradictory = 0;
  return {
    receive: into => {
      const frames: { at: bigint; pieces: Uint8Array[] }[] = [];
      const some = batches.receive(frames, (octets, offload, words, at) => {
        const seconds = BigInt(words[at + ReceiveWords.SECONDS] ?? 0);
        const time = seconds * NS_PER_S + BigInt(words[at + ReceiveWords.NANOSECONDS] ?? 0);
        try {
          const pieces = finishFrame(octets, offload);
          // What needed no finishing is still in the arena.
          return { at: time, pieces: pieces[0] === octets ? [octets.slice()] : pieces };
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          contradictory++;
          return null;
        }
      });
      for (const { at, pieces } of frames) for (const octets of pieces) into.push({ at, octets });
      return some;
    },
    watch: onReadable => batches.watch(onReadable),
    losses: () => {
      const { kernelDrops, unreadable } = batches.statistics();
      return kernelDrops + unreadable + contradictory;
    },
    close: () => batches.close(),
  };
}
