import { describe, expect, test } from 'vitest';
import type { CaptureItem, CaptureProblem } from './capture-item.ts';
import { concatenate, encodeInterface, encodePacket, encodePcapng, encodeSectionHeader } from './pcapng-writer.ts';
import { PcapngReader } from './pcapng-reader.ts';
import { readCapture } from './read-capture.ts';

const WAN = { linkType: 1, snapLength: 0, name: 'wan', description: 'from alice:net0' };
const LAN = { linkType: 1, snapLength: 96, name: 'lan-a', description: 'from a1:eth0' };
const AT = 1_767_225_600_123_456_789n;

const sample = () =>
  encodePcapng({
    application: 'ipsec-lab',
    interfaces: [WAN, LAN],
    packets: [
      {
        interfaceId: 0,
        at: AT,
        octets: Uint8Array.of(1, 2, 3),
        comments: ['first', 'zweitens: ä'],
        direction: 'outbound',
      },
      { interfaceId: 1, at: AT + 1n, octets: Uint8Array.of(4, 5, 6, 7), originalLength: 1500 },
      { interfaceId: 0, at: AT + 2n, octets: new Uint8Array(0) },
    ],
  });

const read = (pieces: Iterable<Uint8Array>, reader = new PcapngReader()): CaptureItem[] => {
  const items = [...pieces].flatMap(piece => reader.push(piece));
  return [...items, ...reader.end()];
};

/** Where blocks end, by their own lengths. */
function blockEnds(octets: Uint8Array): Set<number> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const ends = new Set<number>();
  for (let at = 0; at < octets.length; ends.add(at)) at += view.getUint32(at + 4, true);
  return ends;
}

const problems = (items: CaptureItem[]): CaptureProblem[] =>
  items.flatMap(item => (item.kind === 'problem' ? [item.problem] : []));

/** A big-endian block. */
const big = (type: number, body: number[]): Uint8Array => {
  const length = 12 + body.length;
  const block = new Uint8Array(length);
  const view = new DataView(block.buffer);
  view.setUint32(0, type);
  view.setUint32(4, length);
  block.set(body, 8);
  view.setUint32(length - 4, length);
  return block;
};

const u64 = (value: bigint) => Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(56 - 8 * i)) & 255n));

describe('what was written is read', () => {
  test('every field comes back', () => {
    const file = readCapture(sample());
    expect(file.problems).toEqual([]);
    expect(
      file.interfaces.map(({ name, description, linkType, snapLength }) => ({
        name,
        description,
        linkType,
        snapLength,
      })),
    ).toEqual([WAN, LAN]);
    expect(file.packets).toMatchObject([
      {
        at: AT,
        octets: Uint8Array.of(1, 2, 3),
        originalLength: 3,
        comments: ['first', 'zweitens: ä'],
        direction: 'outbound',
        interface: { name: 'wan' },
      },
      {
        at: AT + 1n,
        octets: Uint8Array.of(4, 5, 6, 7),
        originalLength: 1500,
        comments: [],
        direction: null,
        interface: { name: 'lan-a' },
      },
      { at: AT + 2n, octets: new Uint8Array(0), originalLength: 0 },
    ]);
  });

  test('the octets depend on nothing but the arguments', () => {
    expect(sample()).toEqual(sample());
  });

  test('the pieces in which a file arrives change nothing', () => {
    const whole = read([sample()]);
    for (const size of [1, 3, 7, 64]) {
      const octets = sample();
      const pieces = Array.from({ length: Math.ceil(octets.length / size) }, (_, i) =>
        octets.slice(i * size, (i + 1) * size),
      );
      expect(read(pieces)).toEqual(whole);
    }
  });

  test('the reader keeps no hold of the chunk', () => {
    const reader = new PcapngReader();
    const octets = sample();
    const first = octets.slice(0, 150);
    const items = reader.push(first);
    first.fill(0xff);
    expect([...items, ...reader.push(octets.subarray(150)), ...reader.end()]).toEqual(read([sample()]));
  });

  test('a comment that no option can hold is refused', () => {
    expect(() =>
      encodePacket({ interfaceId: 0, at: 0n, octets: new Uint8Array(1), comments: ['x'.repeat(65_536)] }),
    ).toThrow(RangeError);
  });
});

describe('what others write is read', () => {
  const SECTION = big(0x0a0d0d0a, [0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, ...Array(8).fill(0xff)]);
  const iface = (...options: number[]) => big(1, [0, 1, 0, 0, 0, 0, 0, 4, ...options]);
  const packet = (units: bigint) => big(6, [0, 0, 0, 0, ...u64(units), 0, 0, 0, 2, 0, 0, 0, 9, 0xab, 0xcd, 0, 0]);
  const timeOf = (units: bigint, ...options: number[]) =>
    readCapture(concatenate([SECTION, iface(...options), packet(units)])).packets[0]?.at;

  test('big-endian', () => {
    const file = readCapture(concatenate([SECTION, iface(), packet(5n)]));
    expect(file.problems).toEqual([]);
    expect(file.packets).toMatchObject([{ at: 5000n, octets: Uint8Array.of(0xab, 0xcd), originalLength: 9 }]);
  });

  test.each([
    { what: 'microseconds when nothing is said', units: 7n, options: [], ns: 7000n },
    { what: 'milliseconds', units: 7n, options: [0, 9, 0, 1, 3, 0, 0, 0], ns: 7_000_000n },
    { what: 'nanoseconds', units: 7n, options: [0, 9, 0, 1, 9, 0, 0, 0], ns: 7n },
    { what: 'picoseconds, rounded down', units: 7999n, options: [0, 9, 0, 1, 12, 0, 0, 0], ns: 7n },
    { what: '2^-10 s', units: 1024n, options: [0, 9, 0, 1, 0x8a, 0, 0, 0], ns: 1_000_000_000n },
    { what: '2^-127 s', units: 1n, options: [0, 9, 0, 1, 0xff, 0, 0, 0], ns: 0n },
    {
      what: 'an offset in seconds',
      units: 7n,
      options: [0, 9, 0, 1, 9, 0, 0, 0, 0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2],
      ns: 2_000_000_007n,
    },
  ])('$what', ({ units, options, ns }) => {
    expect(timeOf(units, ...options)).toBe(ns);
  });

  test('a simple packet is cut by the snap length and has no time', () => {
    const file = readCapture(concatenate([SECTION, iface(), big(3, [0, 0, 0, 60, 1, 2, 3, 4])]));
    expect(file.packets).toMatchObject([
      { at: null, octets: Uint8Array.of(1, 2, 3, 4), originalLength: 60, interfaceId: 0 },
    ]);
  });

  test('the obsolete packet block', () => {
    const file = readCapture(
      concatenate([SECTION, iface(), big(2, [0, 0, 0, 9, ...u64(5n), 0, 0, 0, 1, 0, 0, 0, 1, 0xee, 0, 0, 0])]),
    );
    expect(file.packets).toMatchObject([{ at: 5000n, octets: Uint8Array.of(0xee) }]);
  });

  test('unknown blocks are skipped, and said to be', () => {
    const items = read([concatenate([SECTION, big(0x0bad, [1, 2, 3, 4]), iface(), packet(1n)])]);
    expect(items.map(item => item.kind)).toEqual(['section', 'skipped', 'interface', 'packet']);
    expect(items[1]).toEqual({ kind: 'skipped', blockType: 0x0bad, octets: 16 });
  });

  test('a second section has its own byte order and interfaces', () => {
    const second = concatenate([
      encodeSectionHeader('other'),
      encodeInterface(LAN),
      encodePacket({ interfaceId: 0, at: 9n, octets: Uint8Array.of(9) }),
    ]);
    const file = readCapture(concatenate([SECTION, iface(), packet(1n), second]));
    expect(file.packets.map(p => [p.at, p.interface.name])).toEqual([
      [1000n, null],
      [9n, 'lan-a'],
    ]);
  });
});

describe('what is broken is reported', () => {
  test('a file cut at any octet says so, or ends between blocks', () => {
    const octets = sample();
    const whole = read([octets]);
    const boundaries = blockEnds(octets);
    for (let length = 0; length < octets.length; length++) {
      const items = read([octets.subarray(0, length)]);
      const found = problems(items);
      expect(found.length).toBeLessThanOrEqual(1);
      const good = items.length - found.length;
      expect(items.slice(0, good)).toEqual(whole.slice(0, good));
      expect(found.map(problem => problem.kind)).toEqual(boundaries.has(length) ? [] : ['truncated']);
    }
    expect(problems(whole)).toEqual([]);
  });

  test('a truncated tail keeps all packets before it', () => {
    const file = readCapture(sample().subarray(0, -1));
    expect(file.packets).toHaveLength(2);
    expect(file.problems).toMatchObject([{ kind: 'truncated', offset: sample().length - 32 }]);
  });

  test('a length that its own end contradicts stops the reader', () => {
    const octets = sample();
    octets[octets.length - 4] = 33;
    const file = readCapture(octets);
    expect(file.packets).toHaveLength(2);
    expect(file.problems).toMatchObject([
      { kind: 'corrupt', why: expect.stringContaining('whose end says 33') as string },
    ]);
  });

  test('a packet of an interface that does not exist is left out, the rest is read', () => {
    const lost = encodePacket({ interfaceId: 7, at: 0n, octets: Uint8Array.of(1) });
    const good = encodePacket({ interfaceId: 0, at: 0n, octets: Uint8Array.of(2) });
    const file = readCapture(concatenate([encodeSectionHeader('x'), encodeInterface(WAN), lost, good]));
    expect(file.packets.map(p => p.octets)).toEqual([Uint8Array.of(2)]);
    expect(file.problems).toMatchObject([{ kind: 'corrupt' }]);
  });

  test('a block beyond the bound is skipped without being stored', () => {
    const reader = new PcapngReader({ maxRecordOctets: 256 });
    const large = encodePacket({ interfaceId: 0, at: 0n, octets: new Uint8Array(5000) });
    const small = encodePacket({ interfaceId: 0, at: 0n, octets: Uint8Array.of(2) });
    const octets = concatenate([encodeSectionHeader('x'), encodeInterface(WAN), large, small]);
    const items = read(
      Array.from({ length: Math.ceil(octets.length / 100) }, (_, i) => octets.slice(i * 100, i * 100 + 100)),
      reader,
    );
    expect(items.map(item => item.kind)).toEqual(['section', 'interface', 'problem', 'packet']);
    expect(problems(items)).toMatchObject([{ kind: 'tooLarge', offset: octets.length - large.length - small.length }]);
  });

  test('a file that ends inside a skipped block says so', () => {
    const large = encodePacket({ interfaceId: 0, at: 0n, octets: new Uint8Array(5000) });
    const octets = concatenate([encodeSectionHeader('x'), encodeInterface(WAN), large.subarray(0, 300)]);
    expect(problems(read([octets], new PcapngReader({ maxRecordOctets: 256 })))).toMatchObject([
      { kind: 'tooLarge' },
      { kind: 'truncated' },
    ]);
  });

  test.each([
    ['nothing', new Uint8Array(0), 'truncated'],
    ['three octets', Uint8Array.of(0x0a, 0x0d, 0x0d), 'truncated'],
    ['text', new TextEncoder().encode('this is no capture at all'), 'notACapture'],
  ])('%s', (_what, octets, kind) => {
    expect(readCapture(octets)).toMatchObject({ packets: [], problems: [{ kind }] });
  });

  test('no mutation makes it throw or invent a longer packet than the file', () => {
    const original = sample();
    let state = 1;
    const next = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
    for (let round = 0; round < 5000; round++) {
      const octets = original.slice(0, next(4) === 0 ? next(original.length) : original.length);
      for (let i = 0; i <= next(4) && octets.length > 0; i++) octets[next(octets.length)] = next(256);
      for (const packet of readCapture(octets).packets) expect(packet.octets.length).toBeLessThanOrEqual(octets.length);
    }
  });
});
