import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { createProbe, PROBE_OCTETS, readProbe, stampProbe } from './probe.ts';

test('the octets of one probe', () => {
  const payload = createProbe(18, 0x10203);
  stampProbe(payload, 0xfedcba98, 0x1f_2e3d_4c5b_6a79);
  expect(Buffer.from(payload.subarray(0, 16)).toString('hex')).toBe('4c420203fedcba98001f2e3d4c5b6a79');
  expect(payload.length).toBe(18);
});

test('what was written is read, for any numbers and sizes', () => {
  const random = createSeededRandom('probes');
  for (let i = 0; i < 500; i++) {
    const trial = random.u32() >>> 16;
    const sequence = random.u32();
    const sentAt = Math.floor(random.uniform() * Number.MAX_SAFE_INTEGER);
    const payload = createProbe(PROBE_OCTETS + (random.u32() % 1400), trial);
    stampProbe(payload, sequence, sentAt);
    expect(readProbe(payload)).toEqual({ trial, sequence, sentAt });
  }
});

test('octets of strangers are no probe, and nothing throws', () => {
  const random = createSeededRandom('strangers');
  const payload = createProbe(40, 1);
  stampProbe(payload, 1, 2);
  for (let length = 0; length < PROBE_OCTETS; length++) expect(readProbe(payload.subarray(0, length))).toBeNull();
  for (let i = 0; i < 200; i++) expect(readProbe(random.bytes(random.u32() % 64))).toBeNull();
  expect(readProbe(Uint8Array.of(0x4c, 0x42, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
});

test('what does not fit is our own mistake', () => {
  expect(() => createProbe(15, 0)).toThrow('no probe fits into 15 octets');
  expect(() => stampProbe(createProbe(16, 0), 2 ** 32, 0)).toThrow('no sequence number 4294967296');
});
