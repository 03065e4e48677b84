import { describe, expect, test } from 'vitest';
import { NS_PER_S } from './instant.ts';
import { decodeIpv4, fragmentIpv4 } from './ipv4.ts';
import { decodeIpv6, encodeIpv6 } from './ipv6.ts';
import { fragmentIpv6 } from './ipv6-extension.ts';
import { type Reassembled, Reassembly } from './reassembly.ts';
import { must } from './testing/must.ts';
import { fragment4, fragment6, packet4, packet6 } from './testing/packets.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

const reassembly = (changes: { maxBuffers?: number; maxOctets?: number } = {}) =>
  new Reassembly({ maxBuffers: 16, maxOctets: 1_000_000, timeoutNs: 60 * NS_PER_S, ...changes });

function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(random.below(rest.length), 1)).flat();
}

/** Adds all; the last answer, after checking that the ones before were "not yet". */
function addAll(into: Reassembly, fragments: readonly Uint8Array[]): Reassembled {
  const answers = fragments.map(fragment => into.add(fragment, 0));
  expect(answers.slice(0, -1).every(answer => answer === null)).toBe(true);
  return answers.at(-1) ?? null;
}

const octets = (length: number) => new Prng(length).bytes(length);

describe('whole packets', () => {
  test('what is no fragment comes back itself', () => {
    const table = reassembly();
    const [four, six] = [packet4(octets(100)), packet6(octets(100))];
    expect(table.add(four, 0)).toBe(four);
    expect(table.add(six, 0)).toBe(six);
    expect(table.size()).toBe(0);
  });

  test('an atomic fragment is taken by itself, RFC 6946, even next to a set with the same identification', () => {
    const table = reassembly();
    const data = octets(64);
    expect(table.add(fragment6(0, true, data), 0)).toBeNull();
    expect(table.add(fragment6(0, false, data), 0)).toEqual(packet6(data));
    expect(table.size()).toBe(1);
    const scapy = table.add(scapyFrame('atomic fragment').slice(14), 0);
    expect(scapy instanceof Uint8Array && decodeIpv6(scapy)).toMatchObject({ nextHeader: 17 });
  });

  test('a malformed packet is a WireError', () => {
    for (const broken of [new Uint8Array(0), octets(19), packet6(octets(9)).slice(0, 48), Uint8Array.of(0x45)]) {
      expect(() => reassembly().add(broken, 0)).toThrow(WireError);
    }
  });
});

describe('fragments', () => {
  test('any size, MTU and order gives the packet back, IPv4', () => {
    const random = new Prng(30);
    const table = reassembly();
    for (let i = 0; i < 500; i++) {
      const options = random.bytes(random.below(3) * 4).fill(1);
      const whole = packet4(random.bytes(1 + random.below(3000)), { options, identification: i, dscpEcn: 0xb8 });
      const fragments = shuffled(fragmentIpv4(whole, 68 + random.below(1500)), random);
      expect(Buffer.compare(addAll(table, fragments) as Uint8Array, whole)).toBe(0);
    }
    expect([table.size(), table.octets()]).toEqual([0, 0]);
  });

  test('any size, MTU and order gives the packet back, IPv6, with headers before and after the cut', () => {
    const random = new Prng(31);
    const table = reassembly();
    const withHeaders = decodeIpv6(scapyFrame('extension headers').slice(14));
    for (let i = 0; i < 500; i++) {
      const plain = packet6(random.bytes(1 + random.below(3000)));
      const tail = random.bytes(random.below(3000));
      const headed = encodeIpv6({ ...withHeaders, payload: Uint8Array.of(...withHeaders.payload, ...tail) });
      const whole = random.pick([plain, headed]);
      const fragments = shuffled(fragmentIpv6(whole, 120 + random.below(1500), i), random);
      expect(Buffer.compare(addAll(table, fragments) as Uint8Array, whole)).toBe(0);
    }
    expect([table.size(), table.octets()]).toEqual([0, 0]);
  });

  test('the largest packet', () => {
    const four = packet4(octets(65515));
    expect(Buffer.compare(addAll(reassembly(), fragmentIpv4(four, 576)) as Uint8Array, four)).toBe(0);
    const six = packet6(octets(65535));
    expect(Buffer.compare(addAll(reassembly(), fragmentIpv6(six, 1280, 9)) as Uint8Array, six)).toBe(0);
  });

  test('many packets at once do not mix: addresses, identification and (IPv4) protocol tell them apart', () => {
    const random = new Prng(32);
    const table = reassembly();
    const data = octets(40);
    const packets = [
      packet4(data),
      packet4(data, { identification: 2 }),
      packet4(data, { protocol: 6 }),
      packet4(data, { source: Uint8Array.of(10, 0, 0, 9) }),
      packet4(data, { destination: Uint8Array.of(10, 0, 0, 9) }),
    ];
    const pieces = shuffled(
      packets.flatMap(p => fragmentIpv4(p, 40)),
      random,
    );
    const done = pieces.map(piece => table.add(piece, 0)).filter(answer => answer instanceof Uint8Array);
    expect(done.map(d => Buffer.from(d).toString('hex')).sort()).toEqual(
      packets.map(p => Buffer.from(p).toString('hex')).sort(),
    );
  });

  test('it keeps copies: the caller may use the arrays again, also those of a Buffer', () => {
    const table = reassembly();
    const whole = packet4(octets(100));
    const [first, second] = fragmentIpv4(whole, 84).map(fragment => Buffer.from(fragment));
    table.add(must(first), 0);
    first?.fill(0);
    expect(table.add(must(second), 0)).toEqual(whole);
  });

  test('Ethernet padding is no data', () => {
    const whole = packet4(octets(28));
    const fragments = fragmentIpv4(whole, 44).map(f => Uint8Array.of(...f, 9, 9, 9));
    expect(addAll(reassembly(), fragments)).toEqual(whole);
  });

  test('Congestion Experienced on one fragment is kept, RFC 3168 §5.3; with Not-ECT on another it is a drop', () => {
    const ect = { dscpEcn: 2 };
    const marked = reassembly();
    marked.add(fragment4(0, true, octets(8), ect), 0);
    const packet = marked.add(fragment4(8, false, octets(8), { dscpEcn: 3 }), 0);
    expect(packet instanceof Uint8Array && decodeIpv4(packet).dscpEcn).toBe(3);
    const mixed = reassembly();
    mixed.add(fragment4(0, true, octets(8), { dscpEcn: 0 }), 0);
    expect(mixed.add(fragment4(8, false, octets(8), { dscpEcn: 3 }), 0)).toEqual({ drop: 'ecnMismatch' });
  });
});

describe('duplicates and overlaps', () => {
  test('an exact duplicate changes nothing', () => {
    const whole = packet6(octets(3000));
    const fragments = fragmentIpv6(whole, 1280, 5);
    const [first, second] = [must(fragments[0]), must(fragments[1])];
    expect(addAll(reassembly(), [first, first, second, second, first, ...fragments.slice(2)])).toEqual(whole);
  });

  const zeros = new Uint8Array(16);
  // biome-ignore format: a table
  const cases: [string, [number, boolean, Uint8Array][]][] = [
    ['the same place with other octets', [[0, true, octets(16)], [0, true, zeros]]],
    ['the same place, longer', [[0, true, octets(16)], [0, true, octets(24)]]],
    ['one inside another', [[0, true, octets(32)], [8, true, octets(8)]]],
    ['one around another', [[8, true, octets(8)], [0, true, octets(32)]]],
    ['one that begins in another', [[0, true, octets(16)], [8, true, octets(16)]]],
    ['one that ends in another', [[8, true, octets(16)], [0, true, octets(16)]]],
    ['two ends', [[16, false, octets(8)], [32, false, octets(8)]]],
    ['an end before what is there', [[32, true, octets(8)], [16, false, octets(8)]]],
    ['something after the end', [[16, false, octets(8)], [24, true, octets(8)]]],
    ['the last one again, with more to follow', [[16, false, octets(8)], [16, true, octets(8)]]],
    ['one in the middle again, as the last', [[16, true, octets(8)], [16, false, octets(8)]]],
  ];

  test.each(cases)('%s: IPv6 drops the set and all that comes later, RFC 5722', (_, pieces) => {
    const table = reassembly();
    const answers = pieces.map(([offset, more, data]) => table.add(fragment6(offset, more, data), 0));
    expect(answers).toEqual([null, { drop: 'overlap' }]);
    expect(table.add(fragment6(64, true, octets(8)), 0)).toEqual({ drop: 'setDiscarded' });
    expect([table.size(), table.octets()]).toEqual([1, 0]);
    expect(table.expire(60 * NS_PER_S)).toEqual([]); // "silently": no Time Exceeded
    expect(table.size()).toBe(0);
  });

  test.each(cases)('%s: IPv4 drops the set, and begins afresh', (_, pieces) => {
    const table = reassembly();
    const answers = pieces.map(([offset, more, data]) => table.add(fragment4(offset, more, data), 0));
    expect(answers).toEqual([null, { drop: 'overlap' }]);
    expect([table.size(), table.octets()]).toEqual([0, 0]);
    const whole = packet4(octets(100));
    expect(addAll(table, fragmentIpv4(whole, 60))).toEqual(whole);
  });
});

describe('illegal fragments', () => {
  test('length and position', () => {
    const table = reassembly();
    expect(table.add(fragment6(0, true, octets(12)), 0)).toEqual({ drop: 'badLength' });
    expect(table.add(fragment6(8, true, octets(0)), 0)).toEqual({ drop: 'badLength' });
    expect(table.add(fragment4(8, false, octets(0)), 0)).toEqual({ drop: 'badLength' });
    expect(table.add(fragment6(65528, false, octets(8)), 0)).toEqual({ drop: 'tooLong' });
    expect(table.add(fragment4(65528, false, octets(8)), 0)).toEqual({ drop: 'tooLong' });
    expect(table.size()).toBe(0);
  });

  test('too long only with the options of the first fragment', () => {
    const table = reassembly();
    const last = fragment4(65496, false, octets(16));
    expect(table.add(last, 0)).toBeNull();
    const options = new Uint8Array(40);
    let answer: Reassembled = null;
    for (let at = 0; at < 65496; at += 1488) {
      const data = octets(Math.min(1488, 65496 - at));
      answer = table.add(fragment4(at, true, data, at === 0 ? { options } : {}), 0);
    }
    expect(answer).toEqual({ drop: 'tooLong' });
    expect([table.size(), table.octets()]).toEqual([0, 0]);
  });

  test('a first IPv6 fragment without all headers, RFC 7112', () => {
    const table = reassembly();
    const tcp = Uint8Array.of(6, 0, 0, 1, 0, 0, 0, 1, ...octets(16));
    expect(table.add(packet6(tcp, { nextHeader: 44 }), 0)).toEqual({ drop: 'headersIncomplete' });
    const destinationOptions = Uint8Array.of(60, 0, 0, 1, 0, 0, 0, 1, 6, 1, 0, 0, 0, 0, 0, 0);
    expect(() => table.add(packet6(destinationOptions, { nextHeader: 44 }), 0)).toThrow(WireError);
  });
});

describe('bounds', () => {
  test('the oldest set makes room for a new one', () => {
    const table = reassembly({ maxBuffers: 2 });
    const pieces = [1, 2, 3].map(identification => fragmentIpv4(packet4(octets(40), { identification }), 40));
    for (const [first] of pieces) if (first !== undefined) table.add(first, 0);
    expect(table.size()).toBe(2);
    const rests = pieces.toReversed().map(piece =>
      piece
        .slice(1)
        .map(fragment => table.add(fragment, 0))
        .at(-1),
    );
    expect(rests.map(rest => rest instanceof Uint8Array)).toEqual([true, true, false]);
  });

  test('a flood of fragments, tiny ones above all, stays within the memory that was granted', () => {
    const random = new Prng(33);
    const table = reassembly({ maxBuffers: 100, maxOctets: 20_000 });
    for (let i = 0; i < 20_000; i++) {
      const data = random.bytes(8 * (1 + random.below(4)));
      const offset = 8 * random.below(1000);
      const identification = random.below(256);
      if (random.flip()) table.add(fragment6(offset + 8, true, data, identification), i);
      else table.add(fragment4(offset + 8, true, data, { identification }), i);
      expect(table.octets()).toBeLessThanOrEqual(20_000);
      expect(table.size()).toBeLessThanOrEqual(100);
    }
    table.expire(Number.MAX_SAFE_INTEGER);
    expect([table.size(), table.octets()]).toEqual([0, 0]);
  });

  test('one set alone cannot take more than all memory', () => {
    const table = reassembly({ maxOctets: 1_000 });
    expect(table.add(fragment4(0, true, octets(800)), 0)).toBeNull();
    expect(table.add(fragment4(800, true, octets(800)), 0)).toEqual({ drop: 'outOfMemory' });
    expect([table.size(), table.octets()]).toEqual([0, 0]);
  });

  test('a packet has at most as many fragments as the smallest MTU makes', () => {
    const table = reassembly({ maxOctets: 10_000_000 });
    const answers = Array.from({ length: 1367 }, (_, i) => table.add(fragment6(i * 16, true, octets(8)), 0));
    expect(answers.slice(0, 1366).every(answer => answer === null)).toBe(true);
    expect(answers[1366]).toEqual({ drop: 'tooManyFragments' });
  });
});

describe('time', () => {
  test('each set expires on its own; the first fragment is reported where it came', () => {
    const table = reassembly();
    expect(table.expiresAt()).toBeNull();
    const first = fragment4(0, true, octets(24));
    table.add(first, 10);
    table.add(fragment4(8, true, octets(16), { identification: 2 }), 20);
    table.add(fragment4(64, true, octets(16)), 30 * NS_PER_S); // later fragments gain no time
    expect(table.expiresAt()).toBe(60 * NS_PER_S + 10);
    expect(table.expire(60 * NS_PER_S + 9)).toEqual([]);
    expect(table.expire(60 * NS_PER_S + 10)).toEqual([first]);
    expect(table.expiresAt()).toBe(60 * NS_PER_S + 20);
    expect(table.expire(60 * NS_PER_S + 20)).toEqual([]);
    expect([table.size(), table.octets(), table.expiresAt()]).toEqual([0, 0, null]);
  });
});

test('hostile fragments give an answer or a WireError', () => {
  const random = new Prng(34);
  const table = reassembly({ maxOctets: 50_000 });
  const fragments = [...fragmentIpv4(packet4(octets(300)), 100), ...fragmentIpv6(packet6(octets(300)), 120, 1)];
  for (let i = 0; i < 20_000; i++) {
    try {
      table.add(random.mutate(random.pick(fragments)), i);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }
  expect(table.octets()).toBeLessThanOrEqual(50_000);
});
