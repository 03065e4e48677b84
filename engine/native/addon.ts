import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/**
 * The native addon (engine/native/*.cc): what Node lacks for a node that owns its wire. Every function throws a TypeError
 * on a bad argument and an Error with `code` (`EPERM`, `ENODEV`, …) when the kernel refuses; nothing blocks.
 */
export interface NativeAddon {
  readonly openPacketSocket: (options: PacketSocketOptions) => NativeDevice;
  /** Attaches to the TUN device `interface`, or makes it; packets come and go with virtio headers, without Ethernet. */
  readonly openTun: (options: { readonly interface: string; readonly netns?: string | null }) => NativeDevice;
  /**
   * A UDP socket for batches, which carries payloads of UDP instead of frames: nothing is left to be done to them, so descriptors of
   * what is sent are zeros. It never fragments and learns no path MTU (`refused` counts what is too long); a receiver's descriptors say
   * when the kernel got each datagram, by the monotonic clock, which is `process.hrtime`'s.
   */
  readonly openDatagrams: (options: DatagramOptions) => NativeDevice;
  /** A UDP or TCP socket whose home is another namespace; the file descriptor belongs to the caller. */
  readonly openSocket: (options: SocketOptions) => number;
  readonly openTimer: (onExpiry: () => void) => NativeTimer;
  /**
   * Takes from every thread of this process, for good: all capabilities, the way to any by starting programs, the system calls that
   * syscall-filter.cc lists, core files; and the user, where one is given. An Error means that threads may differ: end the process.
   */
  readonly confine: (options: { readonly uid?: number; readonly gid?: number }) => NativeConfinement;
  /** Octets of arena that one received frame needs. */
  readonly slotOctets: number;
  /** Frames that one receive returns at most. */
  readonly batchFrames: number;
  /** Events of `watch`. */
  readonly readable: number;
  readonly writable: number;
}

export interface PacketSocketOptions {
  readonly interface: string;
  /** The file of a network namespace (`/run/netns/alice`); null or left out: the process's own. */
  readonly netns?: string | null;
  /** false: a socket that only sends. Default true. */
  readonly receive?: boolean;
  /** Past the queueing discipline, straight to the driver; invisible to packet sockets on the same interface. Default false. */
  readonly qdiscBypass?: boolean;
  /** The time of arrival in each descriptor. Default false. */
  readonly timestamps?: boolean;
  /** Default 32 MiB each; what the system allows where there is no right to more. */
  readonly receiveBufferOctets?: number;
  readonly sendBufferOctets?: number;
}

export interface SocketOptions {
  readonly type: 'udp' | 'tcp';
  readonly family: 4 | 6;
  readonly netns?: string | null;
  readonly localAddress?: string | null;
  readonly localPort?: number;
  /** More than 0: listen. */
  readonly backlog?: number;
  /** Begins to connect; the outcome is found by whoever uses the socket. */
  readonly remoteAddress?: string | null;
  readonly remotePort?: number;
}

export interface DatagramOptions extends SocketOptions {
  readonly type: 'udp';
  /**
   * Writes into each datagram, this many octets from its beginning, when it was handed to the kernel: nanoseconds of the monotonic clock,
   * 8 octets, big-endian. Costs a system call for each instead of one for many.
   */
  readonly stampAt?: number;
  /** Default 32 MiB each; what the system allows where there is no right to more. */
  readonly receiveBufferOctets?: number;
  readonly sendBufferOctets?: number;
}

/** A packet socket, a TUN device or a UDP socket. It is kept alive while it is watched; without that, collection closes it. */
export interface NativeDevice {
  /**
   * Fills the arena, a slot of `slotOctets` for each frame, and describes frame i in `ReceiveWords` words from
   * i × `ReceiveWords.COUNT`. Returns the number of frames; 0: none there, or the interface is down.
   */
  receive(arena: Uint8Array, descriptors: Uint32Array): number;
  /**
   * Sends frames in order; `offloads` describes frame i in `SendWords` words. Returns how many the kernel is done with:
   * fewer than given means that it wants to be asked again when writable. What it refuses is counted, not reported.
   */
  send(frames: readonly Uint8Array[], offloads: Uint32Array): number;
  /** Calls back while ready, with the events (`readable`, `writable`); 0 ends it. Replaces an earlier watch. */
  watch(events: number, onReady?: (events: number) => void): void;
  statistics(): DeviceStatistics;
  /** TUN_F_* flags that the kernel accepted; 0 on a packet socket. */
  readonly offloads: number;
  /** Safe to repeat. */
  close(): void;
}

/** In frames, since the device was opened; a superframe counts once. */
export interface DeviceStatistics {
  readonly received: number;
  /** Arrived, and the socket's buffer was full. */
  readonly kernelDrops: number;
  readonly sent: number;
  /** Longer than the MTU, or a contradictory offload. */
  readonly refused: number;
  /** The kernel had no room, or the interface was down. */
  readonly dropped: number;
}

/** What could not be given up. */
export interface NativeConfinement {
  readonly filter: 'on' | 'notInKernel' | 'unknownArchitecture';
  /** No other user was given, or we had no right to become it. */
  readonly userKept: boolean;
  /** The bounding set has what whoever started us left in it: we had no right to change it. */
  readonly boundingKept: boolean;
}

export interface NativeTimer {
  /** Nanoseconds from now; negative disarms. */
  arm(nanoseconds: number): void;
  /** To be called on expiry: whether there was one. */
  take(): boolean;
  close(): void;
}

/** Words of the descriptor of a received frame. */
export const ReceiveWords = {
  OFFSET: 0,
  LENGTH: 1,
  GSO_TYPE: 2,
  GSO_SIZE: 3,
  /** 0: the checksum is finished. */
  CHECKSUM_START: 4,
  CHECKSUM_OFFSET: 5,
  FLAGS: 6,
  /** Time of arrival since the Unix epoch; of a datagram, by the monotonic clock. */
  SECONDS: 7,
  NANOSECONDS: 8,
  COUNT: 9,
} as const;

/** Words of the descriptor of a frame to send. */
export const SendWords = { GSO_TYPE: 0, GSO_SIZE: 1, CHECKSUM_START: 2, CHECKSUM_OFFSET: 3, COUNT: 4 } as const;

/** linux/virtio_net.h, without VIRTIO_NET_HDR_GSO_ECN. */
export const GsoType = { NONE: 0, TCPV4: 1, UDP: 3, TCPV6: 4, UDP_L4: 5 } as const;

/** In the FLAGS word: the frame was longer than its slot. */
export const FLAG_TRUNCATED = 1;

export type AddonState =
  | { readonly kind: 'loaded'; readonly addon: NativeAddon }
  /** In words, with what to do about it. */
  | { readonly kind: 'missing'; readonly why: string };

let state: AddonState | null = null;

/** Loads the addon once. It is missing where `npm ci` found no compiler, and on other systems than Linux. */
export function nativeAddon(): AddonState {
  state ??= load();
  return state;
}

/** The addon, or an Error that says what is missing. */
export function requireAddon(): NativeAddon {
  const found = nativeAddon();
  if (found.kind === 'missing') throw new Error(found.why);
  return found.addon;
}

function load(): AddonState {
  const file = join(packageRoot(), 'build/Release/ipsec_lab.node');
  if (!existsSync(file)) {
    return {
      kind: 'missing',
      why: 'the native addon is not built: apt-get install g++ make python3, then npm rebuild',
    };
  }
  try {
    const addon = createRequire(import.meta.url)(file) as Partial<NativeAddon>;
    // What came to it last: a checkout that was brought up to date keeps the addon that it had.
    if (addon.openDatagrams === undefined)
      return { kind: 'missing', why: 'the native addon is of an older ipsec-lab: npm rebuild' };
    return { kind: 'loaded', addon: addon as NativeAddon };
  } catch (error) {
    return { kind: 'missing', why: `the native addon does not load (npm rebuild makes it anew): ${String(error)}` };
  }
}
