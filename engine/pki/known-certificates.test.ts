import { expect, test } from 'vitest';
import { KnownCertificates } from './known-certificates.ts';
import { below, root } from './testing/authority.ts';

const ca = root('CN=Lab CA,O=Lab');
const certificates = ['alice', 'bob', 'charles'].map(name => below(ca, `CN=${name},O=Lab`).certificate);
const [alice, bob, charles] = certificates.map(({ der }) => der);
if (alice === undefined || bob === undefined || charles === undefined) throw new Error('three were made');

test('one that was kept is the same again, by its octets', () => {
  const known = new KnownCertificates();
  const first = known.read(alice);
  expect(first).toEqual(certificates[0]);
  expect(known.read(alice)).not.toBe(first);
  expect(known.size).toBe(0);
  if (first !== null) known.keep(first);
  expect(known.read(Uint8Array.from(alice))).toBe(first);
  const other = Uint8Array.from(alice);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  expect(known.read(other)).not.toBe(first);
});

test('what was kept does not change with the message that it came in', () => {
  const known = new KnownCertificates();
  const message = Uint8Array.from(alice);
  const first = known.read(message);
  message.fill(0);
  expect(first).toEqual(certificates[0]);
});

test('what is no certificate is none, and the one used longest ago makes room', () => {
  const known = new KnownCertificates(2);
  expect(known.read(Uint8Array.of(1, 2, 3))).toBeNull();
  const keep = (der: Uint8Array) => {
    const read = known.read(der);
    if (read !== null) known.keep(read);
    return read;
  };
  const [first, second] = [keep(alice), keep(bob)];
  expect(keep(alice)).toBe(first);
  keep(charles);
  expect(known.size).toBe(2);
  expect(known.read(alice)).toBe(first);
  expect(known.read(bob)).not.toBe(second);
});
