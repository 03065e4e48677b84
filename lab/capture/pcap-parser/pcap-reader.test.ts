import { describe, expect, test } from 'vitest';
import { concatenate } from './pcapng-writer.ts';
import { readCapture } from './read-capture.ts';

/** Classic files are read, never written, by this lab: here they are made by hand. */
function classic(
  magic: number,
  order: 'little' | 'big',
  records: { seconds: number; fraction: number; octets: number[]; originalLength: number }[],
): Uint8Array {
  const words = (...values: number[]): Uint8Array => {
    const out = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, i) => out.setUint32(i * 4, value, order === 'little'));
    return new Uint8Array(out.buffer);
  };
  const version = order === 'little' ? 0x0004_0002 : 0x0002_0004;
  const body = records.flatMap(r => [
    words(r.seconds, r.fraction, r.octets.length, r.originalLength),
    Uint8Array.from(r.octets),
  ]);
  return concatenate([words(magic, version, 0, 0, 65_535, 1), ...body]);
}

const RECORDS = [
  { seconds: 1_767_225_600, fraction: 7, octets: [1, 2, 3], originalLength: 60 },
  { seconds: 0xffff_ffff, fraction: 999_999, octets: [4], originalLength: 1 },
];

describe('classic pcap', () => {
  test.each([
    ['microseconds, little-endian', 0xa1b2c3d4, 'little', 1000n],
    ['microseconds, big-endian', 0xa1b2c3d4, 'big', 1000n],
    ['nanoseconds, little-endian', 0xa1b23c4d, 'little', 1n],
    ['nanoseconds, big-endian', 0xa1b23c4d, 'big', 1n],
  ] as const)('%s', (_what, magic, order, nsPerUnit) => {
    const file = readCapture(classic(magic, order, RECORDS));
    expect(file).toMatchObject({ format: 'pcap', problems: [], interfaces: [{ linkType: 1, snapLength: 65_535 }] });
    expect(file.packets).toMatchObject([
      { at: 1_767_225_600_000_000_000n + 7n * nsPerUnit, octets: Uint8Array.of(1, 2, 3), originalLength: 60 },
      { at: 0xffff_ffffn * 1_000_000_000n + 999_999n * nsPerUnit, octets: Uint8Array.of(4) },
    ]);
  });

  test('a truncated tail is reported and what came before it is kept', () => {
    const octets = classic(0xa1b2c3d4, 'little', RECORDS);
    for (let cut = 1; cut < 17; cut++) {
      const file = readCapture(octets.subarray(0, octets.length - cut));
      expect(file.packets).toHaveLength(1);
      expect(file.problems).toMatchObject([{ kind: 'truncated', offset: 24 + 19 }]);
    }
    expect(readCapture(octets.subarray(0, 20)).problems).toMatchObject([{ kind: 'truncated', offset: 0 }]);
  });

  test('a wild length stops the reader', () => {
    const octets = classic(0xa1b2c3d4, 'little', RECORDS);
    octets[24 + 19 + 11] = 0x7f;
    expect(readCapture(octets)).toMatchObject({ packets: [{}], problems: [{ kind: 'tooLarge', offset: 24 + 19 }] });
  });

  test('another version is refused', () => {
    const octets = classic(0xa1b2c3d4, 'little', RECORDS);
    octets[4] = 3;
    expect(readCapture(octets)).toMatchObject({ packets: [], problems: [{ kind: 'corrupt' }] });
  });
});
