import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ahSuiteNames, icvFieldOctets } from '../crypto/ah-suite.ts';
import { integrityAlgorithms } from '../crypto/integrity.ts';
import { ahOctets, decodeAhHeader } from '../wire/ah.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { addressOf } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import { immutableHead } from './ah-immutable.ts';
import { rfc4302Steps } from './ah-kernel.ts';
import { transit } from './testing/ah-transit.ts';
import type { AhInboundSa, AhOutboundSa } from './sa.ts';
import { authenticateOne, verifyOne } from './testing/one-packet.ts';
import { ahPair, saPair } from './testing/sa-pair.ts';
import { restore } from './testing/transport-packet.ts';
import { join, splitInbound, splitOutbound } from './transport-mode.ts';
import { composeKernel, createTypescriptKernel, rfc4303Steps } from './typescript-kernel.ts';

const RANDOM = { bytes: (count: number) => new Uint8Array(count) };
const kernel = createTypescriptKernel(RANDOM);
const ALL = integrityAlgorithms().map(({ token }) => token);

const V4 = packet4(new Uint8Array(33).fill(5), {
  dscpEcn: 0xb8,
  identification: 99,
  dontFragment: true,
  source: addressOf('192.0.2.1'),
  destination: addressOf('198.51.100.1'),
  options: Uint8Array.of(148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0),
});

const V6 = packet6(Uint8Array.of(17, 0, 0x3e, 4, 1, 2, 3, 4, ...new Uint8Array(33).fill(5)), {
  trafficClass: 0xb8,
  flowLabel: 0xabcde,
  nextHeader: IpProtocol.HOPOPT,
});

const authenticate = (sa: AhOutboundSa, packet: Uint8Array, by = kernel) => authenticateOne(by, sa, packet);
const verify = (sa: AhInboundSa, packet: Uint8Array, by = kernel) => verifyOne(by, sa, packet);

describe.each(ALL)('%s', name => {
  test.each([
    ['IPv4', V4, 4],
    ['IPv6', V6, 6],
  ] as const)(
    '%s: what was authenticated is verified after its journey, and no bit of the rest may change',
    (_what, packet, version) => {
      const { out, into } = ahPair(name, { esn: true });
      const sealed = authenticate(out, packet);
      const split = splitInbound(sealed, IpProtocol.AH);
      if (split === null) throw new Error('no AH');
      const length = ahOctets(icvFieldOctets(out.integrity), version);
      expect(sealed).toHaveLength(packet.length + length);
      expect(decodeAhHeader(split.payload)).toMatchObject({ nextHeader: 17, reserved: 0, spi: out.spi, sequence: 1 });
      for (let at = split.head.length; at < sealed.length; at++) {
        const { into: fresh } = ahPair(name, { esn: true });
        const tampered = sealed.with(at, (sealed[at] ?? 0) ^ 0x10);
        expect(['authenticationFailed', 'malformed']).toContain(verify(fresh, tampered).kind);
        expect(fresh).toMatchObject({ packets: 0, octets: 0, window: { top: 0n } });
      }
      const arrived = transit(sealed);
      const result = verify(into, arrived);
      expect(result).toMatchObject({ kind: 'opened', nextHeader: 17, sequence: 1n });
      if (result.kind !== 'opened') return;
      expect(restore(arrived, result.nextHeader, result.payload, IpProtocol.AH)).toEqual(transit(packet));
      expect(into).toMatchObject({ packets: 1, octets: sealed.length });
      expect(out).toMatchObject({ packets: 1, octets: sealed.length, sequence: 1n });
      expect(verify(into, arrived)).toEqual({ kind: 'replayed', sequence: 1n });
    },
  );
});

test('the names of AH are those of the table', () => {
  for (const name of ahSuiteNames()) expect(ahPair(name).out.integrity.token).toBe(name);
});

describe('AES-GMAC, RFC 4543 §4', () => {
  test('IV, then the tag of GCM over the packet with a nonce of salt and IV', () => {
    const { out } = ahPair('aes128gmac');
    out.sequence = 0x1_0000n;
    const sealed = authenticate(out, V4);
    const headOctets = 32;
    const ah = sealed.slice(headOctets, headOctets + 36);
    const iv = Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 1);
    expect(ah.slice(12, 20)).toEqual(iv);
    const nonce = concat(out.integrityKey.slice(16), iv);
    const cipher = createCipheriv('aes-128-gcm', out.integrityKey.slice(0, 16), nonce);
    cipher.setAAD(
      concat(concat(immutableHead(sealed.slice(0, headOctets)) ?? V4, ah.fill(0, 20)), sealed.slice(headOctets + 36)),
    );
    cipher.final();
    expect(sealed.slice(headOctets + 20, headOctets + 36)).toEqual(new Uint8Array(cipher.getAuthTag()));
  });
});

describe('sequence numbers, RFC 4302 §3.3.2 and §3.4.3', () => {
  test('the last one is used, and then none', () => {
    const { out } = ahPair('sha256');
    out.sequence = 0xffff_fffen;
    authenticate(out, V4);
    const split = splitOutbound(V4);
    if (split === null) throw new Error('no split');
    expect(kernel.authenticate([{ sa: out, split }])).toEqual([{ kind: 'sequenceExhausted' }]);
    expect(out).toMatchObject({ sequence: 0xffff_ffffn, packets: 1 });
  });

  test('where the receiver does not look, they may cycle', () => {
    const { out, into } = ahPair('sha256', { counterOverflow: 'cycle', windowPackets: 0 });
    out.sequence = 0xffff_ffffn;
    const sealed = authenticate(out, V4);
    expect(decodeAhHeader(sealed.subarray(32)).sequence).toBe(0);
    expect(verify(into, sealed)).toMatchObject({ kind: 'opened', sequence: 0n });
  });

  test('with ESN the high half is authenticated and not sent', () => {
    const { out, into } = ahPair('sha256', { esn: true });
    out.sequence = 0xffff_ffffn;
    const sealed = authenticate(out, V4);
    expect(decodeAhHeader(sealed.subarray(32)).sequence).toBe(0);
    expect(verify(into, sealed).kind).toBe('replayed');
    into.window.advance(0xffff_fff0n);
    expect(verify(into, sealed)).toMatchObject({ kind: 'opened', sequence: 0x1_0000_0000n });
    const { into: elsewhere } = ahPair('sha256', { esn: true });
    elsewhere.window.advance(0x1_ffff_fff0n);
    expect(verify(elsewhere, sealed)).toEqual({ kind: 'authenticationFailed', sequence: 0x2_0000_0000n });
  });
});

/** The same packet with an ICV padded to `length` octets of AH, and an ICV to match. */
function padded(name: string, packet: Uint8Array, length: number, reserved = 0) {
  const { out, into } = ahPair(name);
  const steps = rfc4302Steps();
  const ah = steps.header(out, 1n, 17, 4);
  const longer = new Uint8Array(length).fill(0x5a, 12 + out.integrity.icvOctets);
  longer.set(ah);
  longer[1] = length / 4 - 2;
  longer[2] = reserved;
  const split = splitOutbound(packet);
  const whole = split === null ? null : join(split, IpProtocol.AH, concat(longer, split.payload));
  if (split === null || whole === null) throw new Error('no split');
  const head = steps.immutableHead(whole.subarray(0, split.head.length));
  if (head === null) throw new Error('no head');
  whole.set(steps.icv(out, 1n, { head, ah: longer, payload: split.payload }), split.head.length + 12);
  return verify(into, whole);
}

describe('the shape of a received AH', () => {
  test('explicit padding is arbitrary and authenticated; more than there must be is refused', () => {
    expect(padded('sha256', V6, 32).kind).toBe('opened');
    expect(padded('sha256', V6, 40).kind).toBe('malformed');
    expect(padded('sha256', V6, 28).kind).toBe('malformed');
    expect(padded('sha256', V4, 28).kind).toBe('opened');
    expect(padded('sha256', V4, 36).kind).toBe('malformed');
  });

  test('an ICV padded to 64 bits in IPv4 is taken, as others send it', () => {
    expect(padded('sha256', V4, 32).kind).toBe('opened');
    expect(padded('sha1', V4, 32).kind).toBe('malformed');
  });

  test('RESERVED is covered, and otherwise not looked at (§2.3)', () => {
    expect(padded('sha256', V4, 28, 0x77).kind).toBe('opened');
  });

  test('what is cut short is malformed', () => {
    const { out, into } = ahPair('sha256');
    const split = splitInbound(authenticate(out, V4), IpProtocol.AH);
    if (split === null) throw new Error('no AH');
    for (let length = 0; length < 28; length++) {
      const [result] = kernel.verify([{ sa: into, split: { ...split, payload: split.payload.subarray(0, length) } }]);
      expect(result?.kind).toBe('malformed');
    }
  });
});

describe('what cannot be authenticated', () => {
  test('headers without a known end take no sequence number', () => {
    const { out } = ahPair('sha256');
    const route = Uint8Array.of(17, 2, 253, 1, ...new Uint8Array(20), 1, 2, 3);
    const packet = encodeIpv6({
      trafficClass: 0,
      flowLabel: 0,
      nextHeader: 43,
      hopLimit: 1,
      source: addressOf('2001:db8::1'),
      destination: addressOf('2001:db8::2'),
      payload: route,
    });
    const split = splitOutbound(packet);
    if (split === null) throw new Error('no split');
    expect(kernel.authenticate([{ sa: out, split }])).toMatchObject([{ kind: 'malformed' }]);
    expect(out).toMatchObject({ sequence: 0n, packets: 0 });
  });

  test('a packet that would be too long', () => {
    const { out } = ahPair('sha256');
    const split = splitOutbound(V4);
    if (split === null) throw new Error('no split');
    const long = { ...split, payload: new Uint8Array(65535 - 32 - 27) };
    expect(kernel.authenticate([{ sa: out, split: long }])).toMatchObject([{ kind: 'malformed' }]);
    const fits = { ...split, payload: new Uint8Array(65535 - 32 - 28) };
    expect(kernel.authenticate([{ sa: out, split: fits }])).toMatchObject([{ kind: 'sealed' }]);
  });
});

test('AH over ESP, RFC 4301 §4.3: each is taken off in its turn', () => {
  const esp = saPair('aes256gcm16', { mode: 'transport' });
  const ah = ahPair('sha512', { mode: 'transport', spi: 0x4711 });
  const inner = splitOutbound(V6);
  const [sealed] = inner === null ? [] : kernel.seal([{ sa: esp.out, ...inner }]);
  const around = inner === null || sealed?.kind !== 'sealed' ? null : join(inner, IpProtocol.ESP, sealed.esp);
  if (around === null) throw new Error('not sealed');
  const arrived = transit(authenticate(ah.out, around));
  const verified = verify(ah.into, arrived);
  if (verified.kind !== 'opened') throw new Error(verified.kind);
  expect(verified.nextHeader).toBe(IpProtocol.ESP);
  const [opened] = kernel.open([{ sa: esp.into, esp: verified.payload }]);
  expect(opened).toMatchObject({ kind: 'opened', nextHeader: 17, payload: new Uint8Array(33).fill(5) });
});

test('a step can be broken by itself', () => {
  const steps = rfc4302Steps();
  const coversTtl = composeKernel('covers the TTL', rfc4303Steps(RANDOM), {
    ...steps,
    immutableHead: head => steps.immutableHead(head)?.with(8, head[8] ?? 0) ?? null,
  });
  const { out, into } = ahPair('sha256');
  const sealed = authenticate(out, V4, coversTtl);
  expect(verify(into, transit(sealed)).kind).toBe('authenticationFailed');
  expect(verify(into, transit(sealed), coversTtl).kind).toBe('authenticationFailed');
  expect(verify(into, sealed, coversTtl).kind).toBe('opened');
});

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.of(...a, ...b);
}
