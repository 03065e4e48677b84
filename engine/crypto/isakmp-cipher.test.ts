import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isakmpCipher, isakmpCipherToken } from './isakmp-cipher.ts';
import { isakmpHash, isakmpHashNumbered } from './isakmp-hash.ts';

const AES_SIZED = ['128', '192', '256'].flatMap(bits => [`aes${bits}`, `camellia${bits}`]);
const TOKENS = [...AES_SIZED, '3des', 'des', 'blowfish', 'cast'];
/** With what openssl's command needs for it. */
const OPENSSL: Readonly<Record<string, readonly string[]>> = {
  '3des': ['-des-ede3-cbc'],
  des: ['-des-cbc', '-provider', 'legacy', '-provider', 'default'],
  blowfish: ['-bf-cbc', '-provider', 'legacy', '-provider', 'default'],
  cast: ['-cast5-cbc', '-provider', 'legacy', '-provider', 'default'],
};

const opensslOptions = (token: string): readonly string[] =>
  OPENSSL[token] ?? [`-${token.replace(/\d+$/, '')}-${token.slice(-3)}-cbc`];

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const counting = (octets: number): Uint8Array => Uint8Array.from({ length: octets }, (_, i) => (37 * i + 5) & 255);

test.each(TOKENS)('%s chains from one message to the next, both ways, as openssl encrypts both in one', token => {
  const cipher = isakmpCipher(token);
  if (cipher === null) throw new Error(`no ${token}`);
  const [key, iv] = [counting(cipher.keyOctets), counting(cipher.blockOctets)];
  const [one, two] = [counting(3 * cipher.blockOctets), counting(cipher.blockOctets)];
  const first = cipher.encrypt(key, iv, one);
  const second = cipher.encrypt(key, first.nextIv, two);
  const options = ['enc', ...opensslOptions(token), '-nopad', '-K', hex(key), '-iv', hex(iv)];
  const run = spawnSync('openssl', options, { input: Buffer.concat([one, two]) });
  expect(hex(Buffer.concat([first.ciphertext, second.ciphertext]))).toBe(hex(run.stdout));
  const back = cipher.decrypt(key, iv, first.ciphertext);
  expect(back).toEqual({ plaintext: one, nextIv: first.nextIv });
  expect(cipher.decrypt(key, first.nextIv, second.ciphertext)?.plaintext).toEqual(two);
});

test('what is not whole blocks is not decrypted, and our own mistakes are thrown', () => {
  const cipher = isakmpCipher('aes128');
  const [key, iv] = [counting(16), counting(16)];
  expect(cipher?.decrypt(key, iv, counting(15))).toBeNull();
  expect(cipher?.decrypt(key, iv, new Uint8Array(0))).toBeNull();
  expect(() => cipher?.encrypt(key, iv, counting(17))).toThrow(RangeError);
  expect(() => cipher?.encrypt(counting(15), iv, counting(16))).toThrow(RangeError);
  expect(() => cipher?.decrypt(key, counting(8), counting(16))).toThrow(RangeError);
});

test('by their numbers and key lengths, RFC 2409 Appendix A', () => {
  const tokens = [...TOKENS, 'blowfish192', 'blowfish256'];
  const back = tokens.map(token => {
    const cipher = isakmpCipher(token);
    return cipher === null ? null : isakmpCipherToken(cipher.oakleyId, cipher.keyBits);
  });
  expect(back).toEqual(tokens);
  expect(isakmpCipherToken(7, null)).toBeNull();
  expect(isakmpCipherToken(7, 64)).toBeNull();
  expect(isakmpCipherToken(1, null)).toBe('des');
  expect(isakmpCipherToken(5, 192)).toBe('3des');
  expect(isakmpCipherToken(3, 128)).toBe('blowfish');
  expect(isakmpCipherToken(3, null)).toBeNull();
  expect(isakmpCipherToken(6, null)).toBe('cast');
  expect(isakmpCipherToken(2, null)).toBeNull();
  expect(isakmpCipher('aes128gcm16')).toBeNull();
  expect(isakmpCipher('aes128ctr')).toBeNull();
  expect(isakmpCipher('null')).toBeNull();
});

test('weak keys are told without being named', () => {
  expect(isakmpCipher('des')?.weakKeyReason(Buffer.from('0101010101010101', 'hex'))).toMatch(/weak key of DES/);
  expect(isakmpCipher('3des')?.weakKeyReason(new Uint8Array(24).fill(7))).toMatch(/single DES/);
  expect(isakmpCipher('aes128')?.weakKeyReason(new Uint8Array(16))).toBeNull();
});

test('hashes and their prf', () => {
  expect(['md5', 'sha1', 'sha256', 'sha384', 'sha512'].map(token => isakmpHash(token)?.oakleyId)).toEqual([
    1, 2, 4, 5, 6,
  ]);
  expect(isakmpHashNumbered(3)).toBeNull();
  const sha1 = isakmpHashNumbered(2);
  expect(sha1?.outputOctets).toBe(20);
  expect(hex(sha1?.digest(Buffer.from('a'), Buffer.from('bc')) ?? new Uint8Array(0))).toBe(
    createHash('sha1').update('abc').digest('hex'),
  );
  // RFC 2202 §3, test case 2.
  expect(
    hex(sha1?.prf.compute(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?')) ?? new Uint8Array(0)),
  ).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
});
