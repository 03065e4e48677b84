import { FLAG_TRUNCATED, type NativeAddon, type NativeDevice, ReceiveWords, SendWords } from '../native/addon.ts';
import type { Offload } from '../wire/offload.ts';
import { readOffload, writeOffload } from './device-offload.ts';
import type { PortStatistics } from './port.ts';

export interface Batched {
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
}

/** What the kernel does not take at once waits here, in frames; enough for one burst, short enough not to add delay. */
const QUEUE_FRAMES = 512;

/** One for all devices of a thread: what came in is handled, or copied, before anything else is received. */
let sharedArena: Uint8Array | null = null;

/** Batches of frames in and out of a native device: the memory for them, and a bounded queue for what must wait. */
export class DeviceBatches {
  readonly #addon: NativeAddon;
  readonly #device: NativeDevice;
  readonly #arena: Uint8Array;
  readonly #received: Uint32Array;
  #outgoing: Uint32Array;
  #queue: Batched[] = [];
  #onReadable: (() => void) | null = null;
  #unreadable = 0;
  #overflowed = 0;
  #open = true;

  constructor(addon: NativeAddon, device: NativeDevice) {
    this.#addon = addon;
    this.#device = device;
    sharedArena ??= new Uint8Array(addon.slotOctets * addon.batchFrames);
    this.#arena = sharedArena;
    this.#received = new Uint32Array(ReceiveWords.COUNT * addon.batchFrames);
    this.#outgoing = new Uint32Array(SendWords.COUNT * addon.batchFrames);
  }

  /** Appends what `make` makes of each frame there; its octets are valid until anything is received again. False: there was nothing. */
  receive<Item>(
    into: Item[],
    make: (octets: Uint8Array, offload: Offload | null, words: Uint32Array, at: number) => Item | null,
  ): boolean {
    if (!this.#open) return false;
    const words = this.#received;
    const count = this.#device.receive(this.#arena, words);
    for (let i = 0; i < count; i++) {
      const at = i * ReceiveWords.COUNT;
      const offload = readOffload(words, at);
      if (offload === 'unknown' || ((words[at + ReceiveWords.FLAGS] ?? 0) & FLAG_TRUNCATED) !== 0) {
        this.#unreadable++;
        continue;
      }
      const offset = words[at + ReceiveWords.OFFSET] ?? 0;
      const item = make(
        this.#arena.subarray(offset, offset + (words[at + ReceiveWords.LENGTH] ?? 0)),
        offload,
        words,
        at,
      );
      if (item !== null) into.push(item);
    }
    return count > 0;
  }

  /** Sends in order. What the kernel does not take at once is copied and sent when it does, or dropped when that is too much. */
  send(frames: readonly Batched[]): void {
    if (!this.#open || frames.length === 0) return;
    const taken = this.#queue.length > 0 ? 0 : this.#offer(frames);
    for (const frame of frames.slice(taken)) {
      if (this.#queue.length === QUEUE_FRAMES) {
        this.#overflowed++;
        continue;
      }
      if (this.#queue.push({ octets: new Uint8Array(frame.octets), offload: frame.offload }) === 1) this.#watch();
    }
  }

  watch(onReadable: () => void): void {
    this.#onReadable = onReadable;
    this.#watch();
  }

  statistics(): PortStatistics {
    const { received, kernelDrops, sent, refused, dropped } = this.#device.statistics();
    return { received, kernelDrops, unreadable: this.#unreadable, sent, refused, dropped: dropped + this.#overflowed };
  }

  close(): void {
    this.#open = false;
    this.#queue = [];
    this.#device.close();
  }

  #offer(frames: readonly Batched[]): number {
    const octets = frames.map(frame => frame.octets);
    if (this.#outgoing.length < frames.length * SendWords.COUNT)
      this.#outgoing = new Uint32Array(frames.length * SendWords.COUNT);
    for (const [i, frame] of frames.entries()) writeOffload(this.#outgoing, i, frame.offload);
    return this.#device.send(octets, this.#outgoing);
  }

  #watch(): void {
    const { readable, writable } = this.#addon;
    const events = (this.#onReadable === null ? 0 : readable) | (this.#queue.length > 0 ? writable : 0);
    this.#device.watch(events, ready => {
      if ((ready & writable) !== 0) this.#flush();
      if ((ready & readable) !== 0) this.#onReadable?.();
    });
  }

  #flush(): void {
    if (!this.#open) return;
    this.#queue = this.#queue.slice(this.#offer(this.#queue));
    if (this.#queue.length === 0) this.#watch();
  }
}
