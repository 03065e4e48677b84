import { describe, expect, test } from 'vitest';
import { espSuiteNames } from '../crypto/esp-suite.ts';
import { addressOf } from '../wire/testing/must.ts';
import { createInboundSa, createOutboundSa, type EspSaInput } from './sa-input.ts';
import { Sad } from './sad.ts';
import { saInput } from './testing/sa-pair.ts';
import { policyOf } from './testing/policies.ts';

const inbound = (changes: Partial<EspSaInput> = {}) => createInboundSa(saInput('aes256gcm16', changes), 0);
const outbound = (changes: Partial<EspSaInput> = {}) => createOutboundSa(saInput('aes256gcm16', changes), 0);

describe('the SAD', () => {
  test('finds inbound SAs by SPI and destination', () => {
    const sad = new Sad();
    const here = inbound({ destination: '198.51.100.1' });
    const there = inbound({ destination: '198.51.100.2' });
    const v6 = inbound({ source: '2001:db8::1', destination: '2001:db8::2' });
    for (const sa of [here, there, v6]) sad.install(sa);
    expect(sad.inbound(here.spi, addressOf('198.51.100.1'))).toBe(here);
    expect(sad.inbound(here.spi, addressOf('198.51.100.2'))).toBe(there);
    expect(sad.inbound(here.spi, addressOf('2001:db8::2'))).toBe(v6);
    expect(sad.inbound(here.spi, addressOf('198.51.100.3'))).toBeNull();
    expect(sad.inbound(here.spi + 1, addressOf('198.51.100.1'))).toBeNull();
  });

  test('never has two inbound SAs with one SPI and destination', () => {
    const sad = new Sad();
    sad.install(inbound());
    expect(() => sad.install(inbound({ policy: 'other' }))).toThrow(/installed already/);
  });

  test('sends by the newest SA of a policy, and by the one before when that is gone', () => {
    const sad = new Sad();
    const old = outbound({ spi: 1000 });
    const young = outbound({ spi: 2000 });
    const other = outbound({ spi: 3000, policy: 'q' });
    for (const sa of [old, young, other]) sad.install(sa);
    expect(sad.outbound(policyOf('p'), 0, null, null)).toBe(young);
    expect(sad.outbound(policyOf('q'), 0, null, null)).toBe(other);
    expect(sad.outbound(policyOf('r'), 0, null, null)).toBeNull();
    expect(sad.delete(2000, 'outbound')).toEqual([young]);
    expect(sad.outbound(policyOf('p'), 0, null, null)).toBe(old);
    expect(sad.delete(1000, 'outbound')).toEqual([old]);
    expect(sad.outbound(policyOf('p'), 0, null, null)).toBeNull();
  });

  test('deletes in the direction asked for only', () => {
    const sad = new Sad();
    const into = inbound();
    const out = outbound();
    sad.install(into);
    sad.install(out);
    expect(sad.delete(out.spi + 1, 'outbound')).toEqual([]);
    expect(sad.delete(into.spi, 'inbound')).toEqual([into]);
    expect(sad.inbound(into.spi, into.destination)).toBeNull();
    expect(sad.all()).toEqual([out]);
    sad.install(into);
    expect(sad.all()).toEqual([into, out]);
  });
});

describe('an SA', () => {
  test('starts at 0', () => {
    expect(outbound()).toMatchObject({ direction: 'outbound', sequence: 0n, packets: 0, octets: 0 });
    const sa = inbound({ windowPackets: 4096, esn: true });
    expect(sa).toMatchObject({ direction: 'inbound', packets: 0, octets: 0, esn: true });
    expect(sa.window.top).toBe(0n);
    expect(sa.window.sizePackets).toBe(4096);
  });

  test.each([256, 0xffff_ffff])('may have SPI %d', spi => {
    expect(outbound({ spi }).spi).toBe(spi);
  });

  test.each([0, 1, 255, -1, 0x1_0000_0000, 300.5, Number.NaN])('may not have SPI %d', spi => {
    expect(() => outbound({ spi })).toThrow(RangeError);
    expect(() => inbound({ spi })).toThrow(RangeError);
  });

  test.each<[string, Partial<EspSaInput>]>([
    ['unknown suite', { suite: 'des-md5' }],
    ['no encryption key', { encryptionKey: '' }],
    ['no salt', { encryptionKey: '11'.repeat(32) }],
    ['key too long', { encryptionKey: '11'.repeat(37) }],
    ['odd key', { encryptionKey: `${'11'.repeat(35)}1` }],
    ['no hex', { encryptionKey: 'zz'.repeat(36) }],
    ['an integrity key for an AEAD', { integrityKey: '11'.repeat(32) }],
    ['no address', { source: 'alice' }],
    ['two families', { source: '2001:db8::1' }],
  ])('is refused: %s', (_what, changes) => {
    expect(() => outbound(changes)).toThrow(/SA 305419896 of policy p/);
    expect(() => inbound(changes)).toThrow(/SA 305419896 of policy p/);
  });

  test.each([1, 31, 4097, -1, 64.5])('is refused with a window of %d', windowPackets => {
    expect(() => inbound({ windowPackets })).toThrow(RangeError);
  });

  test('encryption without integrity, and weak keys, with the reason', () => {
    expect(() => outbound({ suite: 'aes128' })).toThrow(/RFC 8221 §4/);
    const des = saInput('des-md5', { encryptionKey: '1f1f1f1f0e0e0e0e' });
    expect(() => createOutboundSa(des, 0)).toThrow(/weak key of DES/);
    const tripleDes = saInput('3des-sha1', { encryptionKey: `${'0123456789abcdef'.repeat(2)}0011223344556677` });
    expect(() => createInboundSa(tripleDes, 0)).toThrow(/RFC 2451 §2.3/);
  });

  test('an error names no key', () => {
    const secret = 'deadbeef'.repeat(8);
    expect(() => outbound({ encryptionKey: secret })).toThrow(expect.not.stringContaining('deadbeef'));
  });
});

describe.each(espSuiteNames())('%s', name => {
  test('takes exactly its key lengths', () => {
    const right = saInput(name);
    expect(createOutboundSa(right, 0).suite.name).toBe(name);
    const { encryptionKey, integrityKey } = right;
    for (const wrong of [encryptionKey.slice(2), `${encryptionKey}00`, '']) {
      if (wrong === encryptionKey) continue;
      expect(() => createOutboundSa({ ...right, encryptionKey: wrong }, 0)).toThrow(/encryption key has/);
    }
    for (const wrong of [integrityKey.slice(2), `${integrityKey}00`, '']) {
      if (wrong === integrityKey) continue;
      expect(() => createInboundSa({ ...right, integrityKey: wrong }, 0)).toThrow(/integrity key has/);
    }
  });
});
