import { describe, expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { addressOf } from '../wire/testing/must.ts';
import { FlowCache } from './flow-cache.ts';
import { ethernetInterface } from './interfaces.ts';
import { PathMtuCache } from './path-mtu.ts';
import { IcmpErrorLimit, TokenBucket } from './rate-limit.ts';
import { ReassemblyPool } from './reassembly-pool.ts';
import { RouteTable } from './route-table.ts';
import { selectSource } from './source-address.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { port } from './testing/sites.ts';

const link = ethernetInterface(port('e', []));
const address = (i: number) => Uint8Array.of(10, (i >> 16) & 255, (i >> 8) & 255, i & 255);

describe('the route table', () => {
  const table = new RouteTable();
  for (const text of [
    '0.0.0.0/0',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.1.2.3/32',
    '::/0',
    '2001:db8::/32',
    '2001:db8:0:8000::/49',
  ]) {
    const destination = parsePrefix(text);
    if (destination !== null) table.add({ destination, via: null, interface: link, origin: 'configured' });
  }

  test.each([
    ['9.9.9.9', 0],
    ['10.200.0.1', 8],
    ['10.1.255.255', 16],
    ['10.1.2.3', 32],
    ['10.1.2.2', 16],
    ['2002::1', 0],
    ['2001:db8:0:7fff::', 32],
    ['2001:db8:0:8fff::', 49],
  ])('%s: /%i is the longest match', (text, length) => {
    expect(table.lookup(addressOf(text))?.destination.length).toBe(length);
  });
});

test('source addresses: of the exit first, then the longest common prefix', () => {
  const [exit, other] = [['10.0.0.1/24', '10.9.0.1/24'], ['10.9.5.1/24']].map((addresses, i) =>
    ethernetInterface(port(`e${i}`, addresses)),
  );
  if (exit === undefined || other === undefined) throw new Error('no interfaces');
  expect(selectSource(addressOf('10.9.5.7'), exit, [exit, other])).toEqual(addressOf('10.9.0.1'));
  expect(selectSource(addressOf('10.9.5.7'), other, [exit, other])).toEqual(addressOf('10.9.5.1'));
  expect(selectSource(addressOf('2001:db8::1'), exit, [exit, other])).toBeNull();
  expect(selectSource(addressOf('fe80::9'), exit, [exit, other])).toEqual(exit.linkLocal);
});

test('the path MTU cache is bounded, forgets, and never learns to send more', () => {
  const cache = new PathMtuCache();
  for (let i = 0; i < 5000; i++) cache.learn(address(i), 1000, 1500, 0);
  expect(cache.size).toBe(512);
  cache.learn(address(4999), 1400, 1500, 0);
  expect(cache.get(address(4999), 0)).toBe(1000);
  cache.learn(address(1), 20, 1500, 0);
  expect(cache.get(address(1), 0)).toBe(552);
  cache.learn(address(2), 0, 1500, 0);
  expect(cache.get(address(2), 0)).toBe(1492); // RFC 1191 §7: the next plateau
  cache.learn(addressOf('2001:db8::1'), 600, 1500, 0);
  expect(cache.get(addressOf('2001:db8::1'), 0)).toBe(1280);
  expect(cache.get(address(1), 601 * NS_PER_S)).toBeNull();
});

test('a token bucket gives its burst and then its rate', () => {
  const bucket = new TokenBucket(NS_PER_S, 3);
  const taken = (from: number, count: number) =>
    Array.from({ length: count }, () => bucket.take(from)).filter(Boolean).length;
  expect([taken(0, 10), taken(NS_PER_S, 10), taken(2.5 * NS_PER_S, 10), taken(100 * NS_PER_S, 10)]).toEqual([
    3, 1, 1, 3,
  ]);
});

test('the limit of ICMP errors is bounded in destinations and in all', () => {
  const limit = new IcmpErrorLimit();
  let allowed = 0;
  for (let i = 0; i < 10_000; i++) if (limit.allows(address(i), 0)) allowed++;
  expect(allowed).toBe(200);
  expect(limit.size).toBe(256);
});

test('fragments that came different ways are not put together', () => {
  const pool = new ReassemblyPool();
  const policy = { name: 'policy a', origin: 'decrypted' } as const;
  const whole = udp('10.0.0.1', '10.0.0.2', [1, 2], 32);
  const [first, last] = [whole.slice(0, 20 + 16), Uint8Array.of(...whole.subarray(0, 20), ...whole.subarray(36))];
  setFragment(first, 0x2000);
  setFragment(last, 2);
  expect(pool.add(policy, first, 0)).toBeNull();
  expect(pool.add({ name: 'interface e', origin: 'forwarded' }, last, 0)).toBeNull();
  expect(pool.size).toBe(2);
  expect(pool.add(policy, last, 0)).toBeInstanceOf(Uint8Array);
  expect(pool.expire(100 * NS_PER_S)).toEqual({ firsts: [], count: 1 });
});

describe('the flow cache', () => {
  test('tells flows apart by addresses, protocol, fragment and (where a policy looks) ports', () => {
    const packets = [
      udp('10.0.0.1', '10.0.0.2', [1, 2]),
      udp('10.0.0.1', '10.0.0.2', [1, 3]),
      udp('10.0.0.2', '10.0.0.1', [1, 2]),
      ping('10.0.0.1', '10.0.0.2'),
      udp('2001:db8::1', '2001:db8::2', [1, 2]),
    ];
    const differ = (usesPorts: boolean) => {
      const cache = new FlowCache<number>(usesPorts);
      for (const [i, packet] of packets.entries()) {
        expect(cache.select(packet, 0)).toBe(true);
        if (cache.get(link, null) === null) cache.set(link, null, i);
      }
      return packets.map(packet => (cache.select(packet, 0) ? cache.get(link, null) : null));
    };
    expect(differ(true)).toEqual([0, 1, 2, 3, 4]);
    expect(differ(false)).toEqual([0, 0, 2, 3, 4]);
  });

  test('tells apart where a packet came from, and forgets when told to', () => {
    const cache = new FlowCache<string>(false);
    cache.select(udp('10.0.0.1', '10.0.0.2', [1, 2]), 0);
    cache.set(link, null, 'forward');
    expect([cache.get(link, null), cache.get('sent', null), cache.get('protected', null)]).toEqual([
      'forward',
      null,
      null,
    ]);
    cache.clear();
    expect(cache.get(link, null)).toBeNull();
  });

  test('does not take on what it cannot read at fixed places', () => {
    const cache = new FlowCache<string>(true);
    expect(cache.select(ipPacket('10.0.0.1', '10.0.0.2', 17, new Uint8Array(3)), 0)).toBe(false);
    expect(cache.select(ipPacket('2001:db8::1', '2001:db8::2', 44, new Uint8Array(16)), 0)).toBe(false);
  });
});

/** Flags and offset, with the header checksum and length made right. */
function setFragment(packet: Uint8Array, field: number): void {
  packet.set([packet.length >> 8, packet.length & 255], 2);
  packet.set([field >> 8, field & 255], 6);
  packet.set([0, 0], 10);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((packet[i] ?? 0) << 8) | (packet[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  packet.set([(~sum >> 8) & 255, ~sum & 255], 10);
}
