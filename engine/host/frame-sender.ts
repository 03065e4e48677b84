import { requireAddon, SendWords } from '../native/addon.ts';

export interface FrameSender {
  /** One finished frame. Throws when the interface does not take it. */
  send(octets: Uint8Array): void;
  close(): void;
}

/** Sends frames on an interface that somebody else owns, as if its node had sent them. */
export function openFrameSender(options: { readonly interface: string; readonly netns: string }): FrameSender {
  const device = requireAddon().openPacketSocket({ ...options, receive: false, qdiscBypass: true });
  const finished = new Uint32Array(SendWords.COUNT);
  return {
    send: octets => {
      const before = device.statistics().sent;
      device.send([octets], finished);
      if (device.statistics().sent === before)
        throw new Error(`${options.interface} did not take a frame of ${octets.length} octets`);
    },
    close: () => device.close(),
  };
}
