import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { hash1, hash2, hash3 } from './phase2-hash.ts';
import { keymat, quickModeKeys } from './keymat.ts';
import { readAttributes } from './phase2-attributes.ts';
import type { ChildSuite } from '../v2/suite.ts';

const octets = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => (first + i * 7) & 0xff);
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

/** RFC 2409 §5.5, written down again with another's HMAC. */
const REFERENCE = `
import hashlib, hmac, json, sys
q = json.load(sys.stdin)
b = bytes.fromhex
def prf(key, data): return hmac.new(key, data, getattr(hashlib, q['hash'])).digest()
mid = q['messageId'].to_bytes(4, 'big')
ni, nr, rest = b(q['ni']), b(q['nr']), b(q['rest'])
def keymat(spi, secret, n):
    seed = secret + bytes([3]) + spi.to_bytes(4, 'big') + ni + nr
    k = prf(b(q['d']), seed); out = k
    while len(out) < n:
        k = prf(b(q['d']), k + seed); out += k
    return out[:n].hex()
print(json.dumps({
  'hash1': prf(b(q['a']), mid + rest).hex(),
  'hash2': prf(b(q['a']), mid + ni + rest).hex(),
  'hash3': prf(b(q['a']), b'\\0' + mid + ni + nr).hex(),
  'plain': keymat(0x1000, b'', 16),
  'pfs': keymat(0xfedcba98, b(q['secret']), 100),
}))`;

const python = (() => {
  try {
    execFileSync('/usr/bin/python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.each(['md5', 'sha1', 'sha256', 'sha512'] as const)('with %s', hash => {
  const algorithm = prf(`prf${hash}`);
  if (algorithm === null) throw new Error(hash);
  const [a, d, ni, nr, rest, secret] = [20, 20, 16, 32, 77, 128].map((length, i) => octets(length, i * 31)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  it.skipIf(!python)('HASH(1) to HASH(3) and KEYMAT are what Python makes of them (apt-get install python3)', () => {
    const messageId = 0x8123_4567;
    const question = { hash, messageId, a, d, ni, nr, rest, secret };
    const input = JSON.stringify(question, (_, value) => (value instanceof Uint8Array ? hex(value) : value));
    const expected = JSON.parse(execFileSync('/usr/bin/python3', ['-c', REFERENCE], { input, encoding: 'utf8' }));
    const key = { prf: algorithm, skeyidA: a };
    const source = { prf: algorithm, skeyidD: d, protocolId: 3, ni, nr };
    expect({
      hash1: hex(hash1(key, messageId, rest)),
      hash2: hex(hash2(key, messageId, ni, rest)),
      hash3: hex(hash3(key, messageId, ni, nr)),
      plain: hex(keymat({ ...source, secret: null }, 0x1000, 16)),
      pfs: hex(keymat({ ...source, secret }, 0xfedc_ba98, 100)),
    }).toEqual(expected);
  });
});

it('gives each direction the keys of its receiver, the cipher first, with its salt', () => {
  const algorithm = prf('prfsha1');
  if (algorithm === null) throw new Error('prfsha1');
  const source = {
    prf: algorithm,
    skeyidD: octets(20, 1),
    protocolId: 3,
    ni: octets(16, 2),
    nr: octets(16, 3),
    secret: null,
  };
  const suite: ChildSuite = {
    protocol: 'esp',
    encryption: 'aes128',
    integrity: 'sha1',
    keyExchange: null,
    additionalKeyExchanges: [],
    esn: false,
  };
  const keys = quickModeKeys(source, 0x1111, 0x2222, suite);
  expect(hex(keys.initiator.encryption) + hex(keys.initiator.integrity)).toBe(hex(keymat(source, 0x2222, 36)));
  expect(hex(keys.responder.encryption) + hex(keys.responder.integrity)).toBe(hex(keymat(source, 0x1111, 36)));
  const gcm = quickModeKeys(source, 0x1111, 0x2222, { ...suite, encryption: 'aes128gcm16', integrity: null });
  expect(gcm.initiator.encryption.length).toBe(20);
});

describe('SA attributes', () => {
  it('reads the example of RFC 2407 §4.5.2: 24 hours or 100 MB', () => {
    const attributes = [
      { type: 1, value: 1 },
      { type: 2, value: Uint8Array.of(0x00, 0x01, 0x51, 0x80) },
      { type: 1, value: 2 },
      { type: 2, value: Uint8Array.of(0x00, 0x01, 0x86, 0xa0) },
    ];
    expect(readAttributes(attributes)?.lifetimes).toEqual({ seconds: 86_400, kilobytes: 100_000 });
  });

  it.each([
    ['a duration without its type', [{ type: 2, value: 60 }]],
    ['a type without its duration', [{ type: 1, value: 1 }]],
    [
      'a type that there is not',
      [
        { type: 1, value: 3 },
        { type: 2, value: 60 },
      ],
    ],
    [
      'two that contradict each other',
      [
        { type: 4, value: 1 },
        { type: 4, value: 2 },
      ],
    ],
    ['one that nobody knows', [{ type: 99, value: 1 }]],
    [
      'a lifetime of nothing',
      [
        { type: 1, value: 1 },
        { type: 2, value: 0 },
      ],
    ],
    [
      'no octets at all',
      [
        { type: 1, value: 1 },
        { type: 2, value: new Uint8Array(0) },
      ],
    ],
  ])('refuses %s', (_, attributes) => {
    expect(readAttributes(attributes)).toBeNull();
  });
});
