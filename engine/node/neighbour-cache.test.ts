import { expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { ethernetInterface } from './interfaces.ts';
import { NeighbourCache, type PendingFrame } from './neighbour-cache.ts';
import { port } from './testing/sites.ts';

const link = ethernetInterface(port('e', ['10.0.0.1/8']));
const address = (i: number) => Uint8Array.of(10, (i >> 16) & 255, (i >> 8) & 255, i & 255);
const frame = (size = 100): PendingFrame<null> => ({ octets: new Uint8Array(size), origin: null });

function cacheWith(): { cache: NeighbourCache<null>; overflow: PendingFrame<null>[] } {
  const overflow: PendingFrame<null>[] = [];
  return { cache: new NeighbourCache<null>(gone => overflow.push(gone)), overflow };
}

test('a scan cannot push out the neighbours that answered', () => {
  const { cache } = cacheWith();
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  cache.confirm({ link, address: address(1), mac, isAnswer: true, overrides: true, creates: true }, 0);
  for (let i = 2; i < 10_000; i++) cache.hold(cache.resolve(link, address(i), 0).neighbour, frame());
  expect(cache.size).toBe(512);
  expect(cache.find(link, address(1))?.state).toBe('reachable');
  expect(cache.pendingCount).toBeLessThanOrEqual(1024);
});

test('a flood of announcements pushes out neither those that packets go to nor those that are being asked', () => {
  const { cache } = cacheWith();
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const said = { link, mac, isAnswer: true, overrides: true, creates: true };
  cache.resolve(link, address(1), 0);
  cache.confirm({ ...said, address: address(1) }, 0);
  hold(cache, 2, 100);
  for (let i = 3; i < 10_000; i++) cache.confirm({ ...said, address: address(i) }, 0);
  expect(cache.size).toBe(512);
  expect(cache.find(link, address(1))?.state).toBe('reachable');
  expect(cache.find(link, address(2))?.pending).toHaveLength(1);
  expect(cache.find(link, address(9_999))).not.toBeNull();
});

test('frames that wait are bounded in number and in octets, and each one thrown out is heard of', () => {
  const { cache, overflow } = cacheWith();
  for (let i = 0; i < 100; i++) for (let n = 0; n < 20; n++) hold(cache, i, 100);
  expect(cache.pendingCount).toBe(1024);
  expect(overflow).toHaveLength(2000 - 1024);
  const large = cacheWith();
  for (let i = 0; i < 100; i++) for (let n = 0; n < 5; n++) hold(large.cache, i, 65_000);
  expect(large.cache.pendingCount).toBe(Math.floor((4 * 2 ** 20) / 65_000));
  expect(large.overflow).toHaveLength(500 - large.cache.pendingCount);
});

test('a table full of silence is empty after three seconds', () => {
  const { cache } = cacheWith();
  for (let i = 0; i < 100; i++) hold(cache, i, 100);
  let unreachable = 0;
  for (let now = 0; now < 5 * NS_PER_S; now = cache.expiresAt() ?? Number.POSITIVE_INFINITY) {
    for (const timeout of cache.expire(now)) unreachable += timeout.kind === 'unreachable' ? timeout.pending.length : 0;
  }
  expect([cache.size, cache.pendingCount, unreachable]).toEqual([0, 0, 100]);
  expect(cache.expiresAt()).toBeNull();
});

test('an answer that does not override leaves the known MAC address, and has it asked for', () => {
  const { cache } = cacheWith();
  const said = { link, address: address(1), isAnswer: true, overrides: true, creates: true };
  cache.confirm({ ...said, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) }, 0);
  cache.confirm({ ...said, mac: Uint8Array.of(2, 0, 0, 0, 0, 2), overrides: false }, 10);
  const { neighbour, mustSolicit } = cache.resolve(link, address(1), 10);
  expect([neighbour.mac.at(-1), neighbour.state, mustSolicit]).toEqual([1, 'probing', true]);
});

function hold(cache: NeighbourCache<null>, i: number, size: number): void {
  cache.hold(cache.resolve(link, address(i), 0).neighbour, frame(size));
}
