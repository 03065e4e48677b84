import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { allEspSuiteNames, espSuite, icvOctets } from '../crypto/esp-suite.ts';
import { sampleSuiteNames } from '../crypto/testing/sample-suites.ts';
import { u32At } from '../wire/octets.ts';
import { dummyPacket } from './dummy-packet.ts';
import { protectPacket } from './esp-packet.ts';
import { openOne, PAYLOAD, sealOne } from './testing/one-packet.ts';
import { saPair } from './testing/sa-pair.ts';
import { composeKernel, createTypescriptKernel, rfc4303Steps } from './typescript-kernel.ts';

const RANDOM = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const LAST = 0xffff_ffffn;
const LAST_EXTENDED = 0xffff_ffff_ffff_ffffn;

describe.each(sampleSuiteNames())('%s', name => {
  const kernel = createTypescriptKernel(RANDOM);

  test.each([false, true])('what is sealed opens, esn %s', esn => {
    const { out, into } = saPair(name, { esn });
    for (let length = 0; length < 40; length++) {
      const payload = new Uint8Array(randomBytes(length));
      const esp = sealOne(kernel, out, payload, length);
      expect(u32At(esp, 0)).toBe(out.spi);
      expect(u32At(esp, 4)).toBe(length + 1);
      expect(openOne(kernel, into, esp)).toEqual({
        kind: 'opened',
        nextHeader: length,
        payload,
        sequence: BigInt(length + 1),
      });
    }
    expect(out.sequence).toBe(40n);
    expect(out.packets).toBe(40);
    expect(into.packets).toBe(40);
    expect(into.octets).toBe(out.octets);
  });

  test('any flipped bit fails, and leaves window and counters alone', () => {
    const { out, into } = saPair(name);
    const esp = sealOne(kernel, out);
    for (let bit = 32; bit < esp.length * 8; bit++) {
      const forged = esp.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = openOne(kernel, into, forged);
      // Sequence number 0, by a flip of its last bit, is a replay by definition.
      expect(result.kind).toBe(bit === 56 ? 'replayed' : 'authenticationFailed');
    }
    expect(into.window.top).toBe(0n);
    expect(into.packets).toBe(0);
    expect(openOne(kernel, into, esp).kind).toBe('opened');
  });

  test('a wrong SPI in the packet fails: the ICV covers it', () => {
    const { out, into } = saPair(name);
    const esp = sealOne(kernel, out);
    esp[3] = (esp[3] ?? 0) ^ 1;
    expect(openOne(kernel, into, esp).kind).toBe('authenticationFailed');
  });

  test('a packet cut at any length is malformed or fails', () => {
    const { out, into } = saPair(name);
    const esp = sealOne(kernel, out);
    for (let length = 0; length < esp.length; length++) {
      expect(['malformed', 'authenticationFailed']).toContain(openOne(kernel, into, esp.subarray(0, length)).kind);
    }
    expect(openOne(kernel, into, esp).kind).toBe('opened');
  });

  test('without whole blocks of ciphertext it is malformed, whoever made it', () => {
    const { out, into } = saPair(name);
    const fixed = 8 + out.suite.encryption.ivOctets + icvOctets(out.suite);
    for (const ciphertextOctets of [0, 1, 2, 3, out.suite.encryption.blockOctets + 2]) {
      const result = openOne(kernel, into, new Uint8Array(fixed + ciphertextOctets).fill(1));
      expect(result).toMatchObject({ kind: 'malformed', why: expect.stringContaining('octets') });
    }
  });

  test('the packet is not modified, the payload is no view of it', () => {
    const { out, into } = saPair(name);
    const esp = sealOne(kernel, out);
    const before = esp.slice();
    const result = openOne(kernel, into, esp);
    expect(esp).toEqual(before);
    esp.fill(0);
    expect(result).toMatchObject({ payload: PAYLOAD });
  });

  test('padding is inspected once the ICV is right; the number is used up all the same', () => {
    const { out, into } = saPair(name);
    const { ivOctets, blockOctets } = out.suite.encryption;
    const plaintext = new Uint8Array(2 * blockOctets);
    plaintext.set([0xaa, 1, 3, 2, 4], plaintext.length - 5); // claims two octets of padding, which are 1 and 3
    const esp = protectPacket(out, 1n, new Uint8Array(ivOctets), plaintext);
    expect(openOne(kernel, into, esp)).toEqual({ kind: 'malformed', why: expect.stringContaining('padding') });
    expect(into.window.top).toBe(1n);
    expect(into.packets).toBe(0);
    expect(openOne(kernel, into, esp).kind).toBe('replayed');
  });

  test('the sender stops before its counter cycles', () => {
    const { out, into } = saPair(name);
    out.sequence = LAST - 2n;
    const jobs = Array.from({ length: 4 }, () => ({ sa: out, nextHeader: 4, payload: PAYLOAD }));
    const results = kernel.seal(jobs);
    expect(results.map(result => result.kind)).toEqual(['sealed', 'sealed', 'sequenceExhausted', 'sequenceExhausted']);
    expect(out.sequence).toBe(LAST);
    expect(out.packets).toBe(2);
    const last = results[1];
    if (last?.kind !== 'sealed') throw new Error('not sealed');
    expect(openOne(kernel, into, last.esp)).toMatchObject({ kind: 'opened', sequence: LAST });
  });

  test('with ESN it goes on, and both ends agree on the high half', () => {
    const { out, into } = saPair(name, { esn: true });
    out.sequence = LAST - 2n;
    into.window.advance(LAST - 2n);
    const sequences: bigint[] = [];
    for (let i = 0; i < 5; i++) {
      const result = openOne(kernel, into, sealOne(kernel, out));
      if (result.kind === 'opened') sequences.push(result.sequence);
    }
    expect(sequences).toEqual([LAST - 1n, LAST, LAST + 1n, LAST + 2n, LAST + 3n]);
    out.sequence = LAST_EXTENDED - 1n;
    expect(kernel.seal([{ sa: out, nextHeader: 4, payload: PAYLOAD }])).toMatchObject([{ kind: 'sealed' }]);
    expect(kernel.seal([{ sa: out, nextHeader: 4, payload: PAYLOAD }])).toEqual([{ kind: 'sequenceExhausted' }]);
  });

  test('a wrong high half fails', () => {
    const { out, into } = saPair(name, { esn: true });
    out.sequence = 1n << 32n;
    expect(openOne(kernel, into, sealOne(kernel, out))).toEqual({ kind: 'authenticationFailed', sequence: 1n });
    expect(into.window.top).toBe(0n);
  });

  test('no IV occurs twice with a key', () => {
    const { out } = saPair(name);
    const { ivOctets } = out.suite.encryption;
    if (ivOctets === 0) return; // NULL, or implicit: the sequence number is it
    const ivs = new Set<string>();
    for (let i = 0; i < 2_000; i++) {
      ivs.add(Buffer.from(sealOne(kernel, out, new Uint8Array(0)).subarray(8, 8 + ivOctets)).toString('hex'));
    }
    expect(ivs.size).toBe(2_000);
  });

  test('results stand in the order of the jobs, of different SAs in one batch', () => {
    const a = saPair(name, { spi: 256 });
    const b = saPair('aes128gcm16', { spi: 0xffff_ffff });
    const jobs = [a, b, a, b].map(({ out }, i) => ({ sa: out, nextHeader: i, payload: PAYLOAD }));
    const sealed = kernel.seal(jobs).map(result => {
      if (result.kind !== 'sealed') throw new Error(result.kind);
      return result.esp;
    });
    expect(sealed.map(esp => [u32At(esp, 0), u32At(esp, 4)])).toEqual([
      [256, 1],
      [0xffff_ffff, 1],
      [256, 2],
      [0xffff_ffff, 2],
    ]);
    const opened = kernel.open(sealed.map((esp, i) => ({ sa: i % 2 === 0 ? a.into : b.into, esp })));
    expect(opened).toMatchObject([0, 1, 2, 3].map(nextHeader => ({ kind: 'opened', nextHeader })));
  });
});

describe('replays', () => {
  test('are seen before the ICV is even looked at', () => {
    let verified = 0;
    const steps = rfc4303Steps(RANDOM);
    const kernel = composeKernel('counting', {
      ...steps,
      unprotect: (...packet) => {
        verified += 1;
        return steps.unprotect(...packet);
      },
    });
    const { out, into } = saPair('aes128-sha256');
    const esp = sealOne(kernel, out);
    expect(openOne(kernel, into, esp).kind).toBe('opened');
    expect(openOne(kernel, into, esp)).toEqual({ kind: 'replayed', sequence: 1n });
    expect(verified).toBe(1);
  });

  test('late packets within the window pass once, those left of it never', () => {
    const kernel = createTypescriptKernel(RANDOM);
    const { out, into } = saPair('aes256gcm16', { windowPackets: 64 });
    const packets = Array.from({ length: 70 }, () => sealOne(kernel, out));
    const kinds = packets.toReversed().map(esp => openOne(kernel, into, esp).kind);
    expect(kinds.filter(kind => kind === 'opened')).toHaveLength(64);
    expect(kinds.slice(64)).toEqual(Array.from({ length: 6 }, () => 'replayed'));
    expect(packets.every(esp => openOne(kernel, into, esp).kind === 'replayed')).toBe(true);
  });

  test('are nobody’s concern with a window of 0', () => {
    const kernel = createTypescriptKernel(RANDOM);
    const { out, into } = saPair('aes128gcm16', { windowPackets: 0 });
    const esp = sealOne(kernel, out);
    for (let i = 0; i < 3; i++) expect(openOne(kernel, into, esp).kind).toBe('opened');
  });
});

test('the IV of an AEAD is the sequence number, with its high half', () => {
  const kernel = createTypescriptKernel(RANDOM);
  const { out } = saPair('aes128gcm16', { esn: true });
  out.sequence = 0x0102_0304_0506_0707n;
  expect(Buffer.from(sealOne(kernel, out).subarray(4, 16)).toString('hex')).toBe('050607080102030405060708');
});

test('the IVs of CBC are the random source’s octets, none of them used twice', () => {
  let drawn = 0;
  const kernel = createTypescriptKernel({
    bytes: count => Uint8Array.from({ length: count }, () => (drawn++ >> 4) & 0xff),
  });
  const { out } = saPair('aes128-sha256');
  const firstOctets = Array.from({ length: 200 }, () => sealOne(kernel, out)[8]);
  expect(firstOctets).toEqual(Array.from({ length: 200 }, (_, i) => i));
});

test('a dummy packet is handed up as such, RFC 4303 §2.6', () => {
  const kernel = createTypescriptKernel(RANDOM);
  const { out, into } = saPair('chacha20poly1305');
  const [sealed] = kernel.seal([dummyPacket(out, 99, RANDOM)]);
  if (sealed?.kind !== 'sealed') throw new Error('not sealed');
  const result = openOne(kernel, into, sealed.esp);
  expect(result).toMatchObject({ kind: 'opened', nextHeader: 59, payload: expect.objectContaining({ length: 99 }) });
});

describe('composed differently, a kernel is wrong in one way only', () => {
  const steps = rfc4303Steps(RANDOM);
  const right = createTypescriptKernel(RANDOM);

  test('reused IVs', () => {
    const wrong = composeKernel('reuses its IV', { ...steps, iv: sa => new Uint8Array(sa.suite.encryption.ivOctets) });
    const { out, into } = saPair('aes256gcm16');
    const packets = [sealOne(wrong, out), sealOne(wrong, out)];
    expect(packets.map(esp => Buffer.from(esp.subarray(8, 16)).readBigUInt64BE())).toEqual([0n, 0n]);
    expect(packets.map(esp => openOne(right, into, esp).kind)).toEqual(['opened', 'opened']);
  });

  test('replays ignored', () => {
    const wrong = composeKernel('ignores replays', {
      ...steps,
      checkReplay: (sa, low) => ({ ...steps.checkReplay(sa, low), fresh: true }),
    });
    const { out, into } = saPair('aes256gcm16');
    const esp = sealOne(right, out);
    expect([openOne(wrong, into, esp).kind, openOne(wrong, into, esp).kind]).toEqual(['opened', 'opened']);
  });

  test('ICVs ignored', () => {
    const wrong = composeKernel('ignores ICVs', {
      ...steps,
      unprotect: (sa, sequence, esp) => {
        const from = 8 + sa.suite.encryption.ivOctets;
        const to = esp.length - icvOctets(sa.suite);
        // GCM encrypts by a key stream: once more, and it is decrypted.
        return protectPacket(sa, sequence, esp.subarray(8, from), esp.subarray(from, to)).slice(from, to);
      },
    });
    const { out, into } = saPair('aes256gcm16');
    const esp = sealOne(right, out);
    esp.fill(0, esp.length - 16);
    expect(openOne(right, into, esp).kind).toBe('authenticationFailed');
    expect(openOne(wrong, into, esp)).toMatchObject({ kind: 'opened', payload: PAYLOAD });
  });

  test('no encryption', () => {
    const wrong = composeKernel('does not encrypt', {
      ...steps,
      protect: (sa, sequence, iv, plaintext) => {
        const esp = steps.protect(sa, sequence, iv, plaintext);
        esp.set(plaintext, esp.length - icvOctets(sa.suite) - plaintext.length);
        return esp;
      },
    });
    const { out } = saPair('aes256gcm16');
    expect(Buffer.from(sealOne(wrong, out)).includes('quick brown fox')).toBe(true);
  });
});

test('every suite that this machine has: what is sealed opens, and the ICV is the whole of what the suite says', () => {
  const kernel = createTypescriptKernel(RANDOM);
  for (const name of allEspSuiteNames()) {
    const suite = espSuite(name);
    if (suite === null) continue;
    const { out, into } = saPair(name);
    const esp = sealOne(kernel, out, new Uint8Array(0));
    const { ivOctets, blockOctets } = suite.encryption;
    expect(esp.length).toBe(8 + ivOctets + blockOctets + icvOctets(suite));
    expect(openOne(kernel, into, esp).kind).toBe('opened');
    expect(openOne(kernel, into, sealOne(kernel, out))).toMatchObject({ kind: 'opened', payload: PAYLOAD });
  }
});
