import type { Frame, LocalPacket } from '../node/node.ts';

/** In frames, a superframe counting once. */
export interface PortStatistics {
  readonly received: number;
  /** Arrived, and the kernel's buffer for us was full. */
  readonly kernelDrops: number;
  /** Longer than the arena's slots, or with an offload that we do not know. */
  readonly unreadable: number;
  readonly sent: number;
  /** The kernel would not have the frame: longer than the MTU, or contradictory. */
  readonly refused: number;
  /** No room to send: in the kernel, or in our own queue behind it; or the interface was down. */
  readonly dropped: number;
}

interface Port<Item> {
  /** What is there now, a batch at most; empty: nothing more. The octets are valid until any port receives again. */
  receive(): readonly Item[];
  /** Sends in order, or queues a copy, or drops and counts. The octets may be used again afterwards. */
  send(items: readonly Item[]): void;
  /** Calls back as long as something waits to be received. */
  watch(onReadable: () => void): void;
  statistics(): PortStatistics;
  /** Safe to repeat. */
  close(): void;
}

/** A node's end of a wire. */
export interface FramePort extends Port<Frame> {
  readonly name: string;
}

/** A node's way up to the host stack above it. */
export type UpPort = Port<LocalPacket>;
