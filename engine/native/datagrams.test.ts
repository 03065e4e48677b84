import { afterEach, describe, expect, test } from 'vitest';
import { insideNamespaces, namespacesAvailable, rerunInNamespaces } from '../host/testing/private-namespaces.ts';
import {
  type DatagramOptions,
  nativeAddon,
  type NativeDevice,
  ReceiveWords,
  requireAddon,
  SendWords,
} from './addon.ts';

const present = nativeAddon().kind === 'loaded';

test.skipIf(insideNamespaces || !present || !namespacesAvailable())(
  'in namespaces of our own (needs the addon: apt-get install g++ make python3; and user namespaces, or root)',
  async () => expect(await rerunInNamespaces(import.meta.filename)).toBe(''),
);

const PORT = 7100;
const NS_PER_S = 1e9;
const open: NativeDevice[] = [];

function opened(options: Partial<DatagramOptions>): NativeDevice {
  const device = requireAddon().openDatagrams({ type: 'udp', family: 4, ...options });
  open.push(device);
  return device;
}

function pair(localAddress: string, family: 4 | 6, options: Partial<DatagramOptions> = {}) {
  const receiver = opened({ family, localAddress, localPort: PORT, receiveBufferOctets: 8192 });
  const sender = opened({ family, remoteAddress: localAddress, remotePort: PORT, ...options });
  return { sender, receiver };
}

/** Payloads, and when the kernel had them, nanoseconds of the monotonic clock. */
function receiveAll(device: NativeDevice): { readonly payload: Uint8Array; readonly at: number }[] {
  const addon = requireAddon();
  const arena = new Uint8Array(addon.slotOctets * 4);
  const words = new Uint32Array(ReceiveWords.COUNT * 4);
  const all: { payload: Uint8Array; at: number }[] = [];
  for (let count = device.receive(arena, words); count > 0; count = device.receive(arena, words)) {
    for (let i = 0; i < count; i++) {
      const word = (name: 'OFFSET' | 'LENGTH' | 'SECONDS' | 'NANOSECONDS') =>
        words[i * ReceiveWords.COUNT + ReceiveWords[name]] ?? 0;
      const payload = arena.slice(word('OFFSET'), word('OFFSET') + word('LENGTH'));
      all.push({ payload, at: word('SECONDS') * NS_PER_S + word('NANOSECONDS') });
    }
  }
  return all;
}

const offloads = (frames: number) => new Uint32Array(frames * SendWords.COUNT);
const now = () => Number(process.hrtime.bigint());

describe.runIf(insideNamespaces)('datagrams in batches', () => {
  afterEach(() => open.splice(0).forEach(device => device.close()));

  test.each([
    ['127.0.0.1', 4],
    ['::1', 6],
  ] as const)('arrive in order, with the time of arrival, at %s', (address, family) => {
    const { sender, receiver } = pair(address, family);
    const before = now();
    const payloads = [0, 1, 64, 1400].map((octets, fill) => new Uint8Array(octets).fill(fill));
    expect(sender.send(payloads, offloads(4))).toBe(4);
    const arrived = receiveAll(receiver);
    expect(arrived.map(({ payload }) => payload)).toEqual(payloads);
    // Two clocks are read for it, one after the other.
    for (const { at } of arrived) expect(at).toBeGreaterThan(before - 100_000);
    for (const { at } of arrived) expect(at).toBeLessThan(now() + 100_000);
    expect(sender.statistics()).toMatchObject({ sent: 4, refused: 0, dropped: 0 });
    expect(receiver.statistics()).toMatchObject({ received: 4, kernelDrops: 0 });
  });

  test('each is stamped with the time at which it is sent', () => {
    const { sender, receiver } = pair('127.0.0.1', 4, { stampAt: 4 });
    const before = now();
    expect(sender.send([new Uint8Array(12).fill(9), new Uint8Array(11), new Uint8Array(16)], offloads(3))).toBe(3);
    const after = now();
    const stamps = receiveAll(receiver).map(({ payload }) => Number(Buffer.from(payload).readBigUInt64BE(4)));
    expect(sender.statistics()).toMatchObject({ sent: 2, refused: 1 }); // no room for it in 11 octets
    expect(stamps).toHaveLength(2);
    expect([before, ...stamps, after]).toEqual([before, ...stamps, after].sort((a, b) => a - b));
  });

  test('what finds the buffer full is counted, and what is too long refused', () => {
    const { sender, receiver } = pair('127.0.0.1', 4);
    const many = Array.from({ length: 100 }, () => new Uint8Array(1000));
    expect(sender.send(many, offloads(100))).toBe(100);
    const received = receiveAll(receiver).length;
    expect(received).toBeLessThan(100);
    expect(receiver.statistics().kernelDrops).toBe(100 - received);
    expect(sender.send([new Uint8Array(65_508)], offloads(1))).toBe(1);
    expect(sender.statistics()).toMatchObject({ sent: 100, refused: 1 });
  });

  test('nobody there: the errors of earlier ones are counted, and do not end anything', () => {
    const sender = opened({ remoteAddress: '127.0.0.1', remotePort: PORT });
    for (let i = 0; i < 4; i++) expect(sender.send([new Uint8Array(8)], offloads(1))).toBe(1);
    const { sent, dropped } = sender.statistics();
    expect([sent + dropped, dropped > 0]).toEqual([4, true]);
  });

  test('misuse is refused', () => {
    const { openDatagrams } = requireAddon();
    for (const options of [{ type: 'tcp' }, { stampAt: -1 }, { stampAt: 1.5 }, { sendBufferOctets: 0 }, null])
      expect(() => openDatagrams(options === null ? (null as never) : ({ type: 'udp', ...options } as never))).toThrow(
        TypeError,
      );
    expect(() => opened({ localAddress: '192.0.2.1' })).toThrow(/EADDRNOTAVAIL/);
  });
});
