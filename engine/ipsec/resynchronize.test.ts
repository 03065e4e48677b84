import { describe, expect, test } from 'vitest';
import { packet4 } from '../wire/testing/packets.ts';
import { ReplayWindow } from './replay.ts';
import { authenticateOne, openOne, sealOne, verifyOne } from './testing/one-packet.ts';
import { ahPair, saPair } from './testing/sa-pair.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });
const PACKET = packet4(new Uint8Array(20));

/** Sends `count` packets from number `from` on; what became of each. */
type Run = (from: bigint, count: number) => string[];

function espRun(esn: boolean): { run: Run; window: ReplayWindow } {
  const { out, into } = saPair('aes256gcm16', { esn });
  const run: Run = (from, count) => {
    out.sequence = from - 1n;
    return Array.from({ length: count }, () => openOne(kernel, into, sealOne(kernel, out, PACKET)).kind);
  };
  return { run, window: into.window };
}

function ahRun(esn: boolean): { run: Run; window: ReplayWindow } {
  const { out, into } = ahPair('sha256', { esn });
  const run: Run = (from, count) => {
    out.sequence = from - 1n;
    return Array.from({ length: count }, () => verifyOne(kernel, into, authenticateOne(kernel, out, PACKET)).kind);
  };
  return { run, window: into.window };
}

describe.each([
  ['ESP, RFC 4303 appendix A3', espRun],
  ['AH, RFC 4302 appendix B3', ahRun],
])('%s', (_name, create) => {
  test.each([1n, 2n, 8n])('after %d times 2^32 lost packets the SA comes back to life', subspaces => {
    const { run, window } = create(true);
    expect(run(1n, 3)).toEqual(['opened', 'opened', 'opened']);
    const far = (subspaces << 32n) + 1000n;
    const kinds = run(far, 70);
    expect(kinds.indexOf('opened')).toBe(63);
    expect(new Set(kinds.slice(0, 63))).toEqual(new Set(['authenticationFailed']));
    expect(new Set(kinds.slice(63))).toEqual(new Set(['opened']));
    expect(window.top).toBe(far + 69n);
    expect(run(5n, 1)).not.toContain('opened');
  });

  test('an authentic packet ends the series of failures', () => {
    const { run } = create(true);
    run(1n, 1);
    for (let round = 0; round < 4; round++) {
      expect(run((1n << 32n) + 1000n, 60)).not.toContain('opened');
      expect(run(BigInt(round + 2), 1)).toEqual(['opened']);
    }
  });

  test('it looks ahead only, and not without end', () => {
    const { run, window } = create(true);
    window.advance(20n << 32n);
    expect(run(19n << 32n, 200)).not.toContain('opened');
    expect(run((30n << 32n) + 1n, 200)).not.toContain('opened');
    expect(window.top).toBe(20n << 32n);
  });
});

test('without ESN there is nothing to look for', () => {
  const window = new ReplayWindow(64, false);
  for (let i = 0; i < 1000; i++) expect(window.fail(5n)).toEqual([]);
});

test('no number above 2^64 - 1 is tried', () => {
  const window = new ReplayWindow(64, true);
  window.advance(0xffff_fffe_0000_1000n);
  const tried = Array.from({ length: 64 }, () => window.fail(0xffff_fffe_0000_2000n)).flat();
  expect(tried).toEqual([0xffff_ffff_0000_2000n]);
});
