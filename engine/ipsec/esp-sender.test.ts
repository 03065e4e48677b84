import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { u32At } from '../wire/octets.ts';
import type { EspOutboundSa } from './sa.ts';
import { openOne, PAYLOAD, sealOne } from './testing/one-packet.ts';
import { saPair } from './testing/sa-pair.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

const RANDOM = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const LAST = 0xffff_ffffn;

test('TFC padding: payloads of many lengths make packets of few, in tunnel mode alone', () => {
  const kernel = createTypescriptKernel(RANDOM);
  const trafficFlow = { padToOctets: 256, dummyEveryMs: null };
  const { out, into } = saPair('aes128gcm16', { trafficFlow });
  const lengths = new Set<number>();
  for (let length = 1; length <= 256; length++) {
    const payload = new Uint8Array(length).fill(7);
    const esp = sealOne(kernel, out, payload);
    lengths.add(esp.length);
    const result = openOne(kernel, into, esp);
    if (result.kind !== 'opened') throw new Error(result.kind);
    expect(result.payload).toHaveLength(256);
    expect(result.payload.subarray(0, length)).toEqual(payload);
    expect(result.payload.subarray(length).every(octet => octet === 0)).toBe(true);
  }
  expect(lengths.size).toBe(1);
  const transport = saPair('aes128gcm16', { trafficFlow, mode: 'transport' });
  expect(openOne(kernel, transport.into, sealOne(kernel, transport.out))).toMatchObject({ payload: PAYLOAD });
});

test('an implicit IV is the sequence number, with its high half if it is extended: RFC 8750 §4', () => {
  const kernel = createTypescriptKernel(RANDOM);
  for (const esn of [false, true]) {
    for (const [implicit, explicit] of [
      ['aes256gcm16iiv', 'aes256gcm16'],
      ['aes128ccm8iiv', 'aes128ccm8'],
      ['chacha20poly1305iiv', 'chacha20poly1305'],
    ] as const) {
      const a = saPair(implicit, { esn }).out;
      const b = saPair(explicit, { esn }).out;
      a.sequence = b.sequence = esn ? 0x0102_0304_0506_0707n : 0x0506_0707n;
      const [withIv, without] = [sealOne(kernel, b), sealOne(kernel, a)];
      const iv = Buffer.from(withIv.subarray(8, 16)).toString('hex');
      expect(iv).toBe(esn ? '0102030405060708' : '0000000005060708');
      // All that differs is that the IV is not sent.
      expect(without).toEqual(Uint8Array.from([...withIv.subarray(0, 8), ...withIv.subarray(16)]));
    }
  }
});

describe('a counter that may cycle, RFC 4303 §3.3.3', () => {
  const kernel = createTypescriptKernel(RANDOM);

  test.each(['aes128-sha256', 'null-sha256', '3des-sha1'])('%s goes on from 0', name => {
    const { out, into } = saPair(name, { windowPackets: 0 });
    const cycling: EspOutboundSa = { ...out, counterOverflow: 'cycle', sequence: LAST - 1n };
    const numbers = Array.from({ length: 3 }, () => {
      const esp = sealOne(kernel, cycling);
      expect(openOne(kernel, into, esp).kind).toBe('opened');
      return u32At(esp, 4);
    });
    expect(numbers).toEqual([0xffff_ffff, 0, 1]);
  });

  test.each(['aes128gcm16', 'aes128gcm16iiv', 'aes256ccm8', 'chacha20poly1305', 'aes128gmac', 'aes128ctr-sha256'])(
    '%s stops all the same: its IV is made of the counter',
    name => {
      const { out } = saPair(name, { windowPackets: 0 });
      const cycling: EspOutboundSa = { ...out, counterOverflow: 'cycle', sequence: LAST - 1n };
      sealOne(kernel, cycling);
      expect(kernel.seal([{ sa: cycling, nextHeader: 4, payload: PAYLOAD }])).toEqual([{ kind: 'sequenceExhausted' }]);
    },
  );
});
