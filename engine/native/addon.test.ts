import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  insideNamespaces,
  namespacesAvailable,
  rerunInNamespaces,
  tunAvailable,
} from '../host/testing/private-namespaces.ts';
import { nativeAddon, type NativeDevice, ReceiveWords, requireAddon, SendWords } from './addon.ts';
import { packageRoot } from './package-root.ts';

const present = nativeAddon().kind === 'loaded';

test.skipIf(insideNamespaces || !present || !namespacesAvailable())(
  'in namespaces of our own (needs the addon: apt-get install g++ make python3; and user namespaces, or root)',
  async () => expect(await rerunInNamespaces(import.meta.filename)).toBe(''),
);

/** Refuses to touch the machine's own network, whatever calls it. */
function ip(...args: string[]): void {
  if (!insideNamespaces) throw new Error('only inside');
  execFileSync('ip', args);
}

const openFiles = () => readdirSync('/proc/self/fd').length;

/** An Ethernet frame of an unassigned type: no stack answers it. */
function frame(octets: number, fill = 0x5a): Uint8Array {
  const made = new Uint8Array(octets).fill(fill);
  made.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  return made;
}

interface Received {
  readonly octets: Uint8Array;
  readonly words: readonly number[];
}

function receiveAll(device: NativeDevice): Received[] {
  const addon = requireAddon();
  const arena = new Uint8Array(addon.slotOctets * 8);
  const words = new Uint32Array(ReceiveWords.COUNT * 8);
  const all: Received[] = [];
  for (;;) {
    const count = device.receive(arena, words);
    if (count === 0) return all.filter(one => one.octets[12] !== 0x86); // no IPv6 chatter
    for (let i = 0; i < count; i++) {
      const own = [...words.subarray(i * ReceiveWords.COUNT, (i + 1) * ReceiveWords.COUNT)];
      const offset = own[ReceiveWords.OFFSET] ?? 0;
      all.push({ octets: arena.slice(offset, offset + (own[ReceiveWords.LENGTH] ?? 0)), words: own });
    }
  }
}

const offloads = (frames: number) => new Uint32Array(frames * SendWords.COUNT);

/** A TCP superframe over IPv4 whose checksum holds what the kernel would leave there. */
function superframe(payloadOctets: number, gsoSize: number) {
  const octets = new Uint8Array(54 + payloadOctets).fill(7);
  octets.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00]);
  const view = new DataView(octets.buffer);
  octets.set([0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 14);
  view.setUint16(16, 40 + payloadOctets);
  octets.set([0x30, 0x39, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0], 34);
  return { octets, offload: Uint32Array.of(1, gsoSize, 34, 16) };
}

describe.runIf(insideNamespaces)('the native addon', () => {
  beforeAll(() => {
    ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    for (const name of ['v0', 'v1']) ip('link', 'set', 'dev', name, 'arp', 'off', 'up');
  });
  // The body runs at collection even where the tests do not.
  if (!insideNamespaces) return;
  const { openPacketSocket, openSocket, openTimer, openTun, readable, slotOctets, writable } = requireAddon();

  test('frames sent at one end of a wire arrive at the other, and not at our own', () => {
    const left = openPacketSocket({ interface: 'v0', qdiscBypass: true });
    const right = openPacketSocket({ interface: 'v1', timestamps: true });
    const before = Date.now();
    expect(left.send([frame(60), frame(1514, 1)], offloads(2))).toBe(2);
    const arrived = receiveAll(right);
    expect(arrived.map(one => one.octets)).toEqual([frame(60), frame(1514, 1)]);
    const { words } = arrived[0] ?? { words: [] };
    expect(words[ReceiveWords.GSO_TYPE]).toBe(0);
    expect(words[ReceiveWords.CHECKSUM_START]).toBe(0);
    const at = (words[ReceiveWords.SECONDS] ?? 0) * 1000 + (words[ReceiveWords.NANOSECONDS] ?? 0) / 1e6;
    expect(Math.abs(at - before)).toBeLessThan(5000);
    expect(receiveAll(left)).toEqual([]);
    expect(left.statistics()).toMatchObject({ sent: 2, refused: 0, dropped: 0 });
    left.close();
    right.close();
  });

  test('a superframe stays whole, with what is needed to finish it', () => {
    const left = openPacketSocket({ interface: 'v0', qdiscBypass: true });
    const right = openPacketSocket({ interface: 'v1' });
    const { octets, offload } = superframe(40_000, 1460);
    expect(left.send([octets], offload)).toBe(1);
    const [one, ...more] = receiveAll(right);
    expect(more).toEqual([]);
    expect(one?.octets).toEqual(octets);
    expect(one?.words.slice(2, 6)).toEqual([1, 1460, 34, 16]);
    left.close();
    right.close();
  });

  test('a VLAN tag that the kernel took out is back in its place', () => {
    const left = openPacketSocket({ interface: 'v0' });
    const right = openPacketSocket({ interface: 'v1' });
    const tagged = frame(100);
    tagged.set([0x81, 0x00, 0x20, 0x07], 12);
    left.send([tagged], offloads(1));
    expect(receiveAll(right).map(one => one.octets)).toEqual([tagged]);
    left.close();
    right.close();
  });

  test('what the kernel refuses is counted, and does not hold up the rest', () => {
    const left = openPacketSocket({ interface: 'v0' });
    const right = openPacketSocket({ interface: 'v1' });
    const contradiction = offloads(4);
    contradiction.set([1, 1460, 50, 8], SendWords.COUNT); // TCP in the last 10 octets: no room for its header
    expect(left.send([frame(60), frame(60), frame(9000), frame(61)], contradiction)).toBe(4);
    expect(receiveAll(right).map(one => one.octets.length)).toEqual([60, 61]);
    expect(left.statistics()).toMatchObject({ sent: 2, refused: 2 });
    ip('link', 'set', 'dev', 'v0', 'down');
    expect(left.send([frame(60)], offloads(1))).toBe(1);
    expect(left.statistics().dropped).toBe(1);
    expect(left.receive(new Uint8Array(slotOctets), new Uint32Array(ReceiveWords.COUNT))).toBe(0);
    ip('link', 'set', 'dev', 'v0', 'up');
    expect(left.send([frame(60)], offloads(1))).toBe(1);
    expect(left.statistics()).toMatchObject({ sent: 3, dropped: 1 });
    left.close();
    right.close();
  });

  test('the kernel counts what a full buffer lost', () => {
    const left = openPacketSocket({ interface: 'v0' });
    const right = openPacketSocket({ interface: 'v1', receiveBufferOctets: 4096 });
    left.send(
      Array.from({ length: 200 }, () => frame(1000)),
      offloads(200),
    );
    const arrived = receiveAll(right).length;
    expect(arrived).toBeLessThan(200);
    expect(right.statistics().kernelDrops).toBeGreaterThanOrEqual(200 - arrived);
    left.close();
    right.close();
  });

  test('readiness calls back until it is told to stop, and may close the device', async () => {
    const left = openPacketSocket({ interface: 'v0' });
    const right = openPacketSocket({ interface: 'v1' });
    const events = await new Promise<number>(resolve => {
      right.watch(readable, ready => {
        right.close();
        resolve(ready);
      });
      left.send([frame(60)], offloads(1));
    });
    expect(events).toBe(readable);
    expect(await new Promise(resolve => left.watch(writable, ready => (left.watch(0), resolve(ready))))).toBe(writable);
    left.close();
  });

  test('an interface that goes down and comes up again is still watched', async () => {
    const left = openPacketSocket({ interface: 'v0' });
    const right = openPacketSocket({ interface: 'v1' });
    const arrivals: number[] = [];
    const arrival = () =>
      new Promise<void>(resolve => {
        right.watch(readable, () => {
          arrivals.push(receiveAll(right).length);
          if (arrivals.at(-1) !== 0) resolve();
        });
      });
    for (let round = 0; round < 2; round++) {
      right.watch(readable, () => arrivals.push(receiveAll(right).length));
      ip('link', 'set', 'dev', 'v1', 'down');
      await new Promise(resolve => setTimeout(resolve, 5));
      ip('link', 'set', 'dev', 'v1', 'up');
      const heard = arrival();
      // The kernel brings an interface into service some time after it was told to: what is sent before is lost.
      const sending = setInterval(() => left.send([frame(60)], offloads(1)), 5);
      await heard;
      clearInterval(sending);
    }
    expect(arrivals.filter(count => count > 0).length).toBeGreaterThanOrEqual(2);
    left.close();
    right.close();
  });

  test('sockets open in another namespace', async () => {
    ip('netns', 'add', 'other');
    ip('link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', 'other');
    ip('addr', 'add', '10.9.0.1/24', 'dev', 'here');
    ip('link', 'set', 'dev', 'here', 'up');
    ip('-n', 'other', 'addr', 'add', '10.9.0.2/24', 'dev', 'there');
    ip('-n', 'other', 'link', 'set', 'dev', 'there', 'up');
    const netns = '/run/netns/other';
    const there = openPacketSocket({ interface: 'there', netns });
    const here = openPacketSocket({ interface: 'here' });
    const heard: Uint8Array[] = [];
    while (!heard.some(octets => octets.length === 77)) {
      here.send([frame(77)], offloads(1)); // lost as long as the interface is not in service
      heard.push(...receiveAll(there).map(one => one.octets));
    }
    expect(heard).toContainEqual(frame(77));
    there.close();
    here.close();

    const echo = createSocket('udp4');
    echo.bind({ fd: openSocket({ type: 'udp', family: 4, netns, localAddress: '10.9.0.2', localPort: 7000 }) });
    echo.on('message', (message, from) => echo.send(message, from.port, from.address));
    const client = createSocket('udp4');
    client.send('hello', 7000, '10.9.0.2');
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.toString()).toBe('hello');
    client.close();
    echo.close();

    const server = createServer(socket => socket.pipe(socket));
    server.listen({
      fd: openSocket({ type: 'tcp', family: 4, localAddress: '10.9.0.1', localPort: 7001, backlog: 8 }),
    });
    const connection = (remotePort: number) =>
      new Socket({
        fd: openSocket({ type: 'tcp', family: 4, netns, remoteAddress: '10.9.0.1', remotePort }),
        readable: true,
        writable: true,
      });
    const talker = connection(7001);
    talker.end('through');
    const pieces: Buffer[] = [];
    for await (const piece of talker) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).toString()).toBe('through');
    server.close();

    const refused = connection(7002);
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  test.skipIf(!tunAvailable())('a TUN device carries packets both ways (needs access to /dev/net/tun)', () => {
    const tun = openTun({ interface: 'tun9' });
    ip('addr', 'add', '10.8.0.1/24', 'dev', 'tun9');
    ip('link', 'set', 'dev', 'tun9', 'up');
    expect(tun.offloads & 1).toBe(1);
    const request = new Uint8Array(28);
    request.set([
      0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0x66, 0xde, 10, 8, 0, 2, 10, 8, 0, 1, 8, 0, 0xf7, 0xfd, 0, 1, 0, 1,
    ]);
    const sum = (from: number, to: number) => {
      let total = 0;
      for (let i = from; i < to; i += 2) total += ((request[i] ?? 0) << 8) | (request[i + 1] ?? 0);
      while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
      return total;
    };
    request.set([0, 0], 10);
    const header = ~sum(0, 20) & 0xffff;
    request.set([header >> 8, header & 0xff], 10);
    expect(tun.send([request], offloads(1))).toBe(1);
    const reply = receiveAll(tun).find(one => one.octets[0] === 0x45 && one.octets[9] === 1);
    expect([...(reply?.octets.subarray(12, 21) ?? [])]).toEqual([10, 8, 0, 1, 10, 8, 0, 2, 0]);
    tun.close();
  });

  test('the timer is finer than a millisecond', async () => {
    const from = process.hrtime.bigint();
    await new Promise<void>(resolve => {
      const timer = openTimer(() => {
        expect(timer.take()).toBe(true);
        expect(timer.take()).toBe(false);
        timer.close();
        resolve();
      });
      timer.arm(1e12);
      timer.arm(100_000);
    });
    expect(Number(process.hrtime.bigint() - from)).toBeGreaterThanOrEqual(100_000);
  });

  test('misuse is a TypeError or an Error, never more', () => {
    const device = openPacketSocket({ interface: 'v0' });
    const timer = openTimer(() => undefined);
    const methods = Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(device)))
      .map(property => property.value as unknown)
      .filter(value => typeof value === 'function' && value !== device.constructor) as ((
      ...args: unknown[]
    ) => unknown)[];
    expect(methods.length).toBe(5);
    const arena = new Uint8Array(slotOctets);
    const words = new Uint32Array(ReceiveWords.COUNT);
    const strange: unknown[] = [
      undefined,
      null,
      0,
      -1,
      1e99,
      NaN,
      '',
      'x'.repeat(5000),
      'a\0b',
      {},
      [],
      () => 0,
      Symbol('s'),
      1n,
      arena,
      words,
      device,
      timer,
      new Proxy({}, {}),
    ];
    const calls: ((a: unknown, b: unknown) => unknown)[] = [
      ...[openPacketSocket, openTun, openSocket, openTimer].map(open => (a: unknown) => {
        const made = (open as (options: unknown) => unknown)(a);
        if (typeof made === 'object' && made !== null) (made as { close(): void }).close();
      }),
      (a, b) => openPacketSocket({ interface: 'v0', netns: a, receiveBufferOctets: b } as never).close(),
      (a, b) => openPacketSocket({ interface: a, qdiscBypass: b } as never).close(),
      (a, b) => openTun({ interface: a, netns: b } as never).close(),
      (a, b) => openSocket({ type: a, family: b, localPort: a, remoteAddress: b } as never),
      ...methods.map(method => (a: unknown, b: unknown) => Reflect.apply(method, a, [b, a])),
      (a, b) => device.receive(a as never, b as never),
      (a, b) => device.send(a as never, b as never),
      (a, b) => device.send([a, b] as never, words),
      (a, b) => device.send([frame(60), a] as never, b as never),
      (a, b) => device.watch(a as never, b as never),
      (a, b) => timer.arm.call(b as never, a as never),
      a => Reflect.construct<[unknown], NativeDevice>(device.constructor as never, [a]).receive(arena, words),
    ];
    const strangers: unknown[] = [];
    let refused = 0;
    for (const call of calls) {
      for (const a of strange) {
        for (const b of strange) {
          if (a === device && b === undefined) continue; // closes it, which is allowed
          try {
            call(a, b);
          } catch (error) {
            if (!(error instanceof Error)) strangers.push(error);
            refused++;
          }
        }
      }
    }
    expect(strangers).toEqual([]);
    expect(refused).toBeGreaterThan(3000);
    device.close();
    timer.close();
    for (const call of [
      () => device.receive(arena, words),
      () => device.send([], words),
      () => device.watch(readable, () => undefined),
      () => timer.arm(1),
    ]) {
      expect(call).toThrow(/closed/);
    }
    device.close();
    expect(device.statistics().sent).toBeGreaterThanOrEqual(0);
  });

  test('memory that moves away while frames are collected is not used', () => {
    const device = openPacketSocket({ interface: 'v0' });
    const moving = frame(60);
    const frames = [moving, frame(60)];
    Object.defineProperty(frames, 1, {
      get: () => {
        structuredClone(moving.buffer, { transfer: [moving.buffer as ArrayBuffer] });
        return frame(60);
      },
    });
    expect(device.send(frames, offloads(2))).toBe(2); // the first has no octets any more, and is refused
    expect(device.statistics()).toMatchObject({ sent: 1, refused: 1 });
    const closing = [frame(60)];
    Object.defineProperty(closing, 0, { get: () => (device.close(), frame(60)) });
    expect(() => device.send(closing, offloads(1))).toThrow(/closed/);
    const shared = new Uint8Array(new SharedArrayBuffer(60));
    const other = openPacketSocket({ interface: 'v0' });
    shared.set(frame(60));
    expect(other.send([shared], offloads(1))).toBe(1);
    other.close();
  });

  test('devices that nobody closes are closed by collection', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = openFiles();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 20; i++) {
        const device = openPacketSocket({ interface: 'v0' });
        if (i % 3 === 0) device.watch(readable, () => undefined);
        if (i % 3 !== 1) device.close();
        const timer = openTimer(() => undefined);
        timer.close();
      }
      collect();
      await new Promise(setImmediate);
    }
    collect();
    await new Promise(resolve => setTimeout(resolve, 20));
    collect();
    expect(openFiles()).toBeLessThanOrEqual(before + 2);
  });

  test('a Worker that ends while its devices are watched takes them along', async () => {
    const source = `
      const addon = require(${JSON.stringify(`${packageRoot()}/build/Release/ipsec_lab.node`)});
      const { parentPort } = require('node:worker_threads');
      for (let i = 0; i < 5; i++) {
        const device = addon.openPacketSocket({ interface: 'v1' });
        device.watch(addon.readable, () => { for (;;) device.receive(new Uint8Array(addon.slotOctets), new Uint32Array(9)); });
        addon.openTimer(() => undefined).arm(1e6);
        addon.openTimer(() => undefined).close();
      }
      parentPort.postMessage('ready');
    `;
    const before = openFiles();
    const left = openPacketSocket({ interface: 'v0' });
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(source, { eval: true });
      await once(worker, 'message');
      if (round % 2 === 0) left.send([frame(60)], offloads(1)); // and again while its callback runs
      await worker.terminate();
    }
    left.close();
    expect(openFiles()).toBeLessThanOrEqual(before + 2);
  });
});
