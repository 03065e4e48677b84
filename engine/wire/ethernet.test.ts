import { expect, test } from 'vitest';
import { formatAddress, formatMac } from './address.ts';
import { decodeArp, encodeArp } from './arp.ts';
import { decodeEthernet, encodeEthernet, EtherType } from './ethernet.ts';
import { abuse } from './testing/hostile.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

test('an Ethernet frame, field by field', () => {
  const octets = scapyFrame('arp request');
  const frame = decodeEthernet(octets);
  expect(formatMac(frame.destination)).toBe('ff:ff:ff:ff:ff:ff');
  expect(formatMac(frame.source)).toBe('02:00:00:00:00:01');
  expect(frame.etherType).toBe(EtherType.ARP);
  expect(frame.payload).toHaveLength(28);
  expect(encodeEthernet(frame)).toEqual(octets);
});

test('an ARP packet, field by field, padded or not', () => {
  const arp = decodeArp(decodeEthernet(scapyFrame('padded arp reply')).payload);
  expect(arp.operation).toBe(2);
  expect(formatMac(arp.senderMac)).toBe('02:00:00:00:00:01');
  expect(formatAddress(arp.senderAddress)).toBe('192.0.2.1');
  expect(formatMac(arp.targetMac)).toBe('02:00:00:00:00:02');
  expect(formatAddress(arp.targetAddress)).toBe('192.0.2.2');
  expect(encodeArp(arp)).toEqual(scapyFrame('padded arp reply').slice(14, 42));
  const request = decodeEthernet(scapyFrame('arp request')).payload;
  expect(encodeArp(decodeArp(request))).toEqual(request);
});

test.each([
  [0, 'ARP Hardware Type'],
  [2, 'ARP Protocol Type'],
  [4, 'ARP Hardware Length'],
  [5, 'ARP Protocol Length'],
])('ARP for other hardware or protocols is refused at octet %i', (at, field) => {
  const octets = scapyFrame('arp request').slice(14);
  octets[at] = 99;
  expect(() => decodeArp(octets)).toThrow(expect.objectContaining({ field, offset: at }));
});

test('random packets survive encode and decode', () => {
  const random = new Prng(8);
  for (let i = 0; i < 10_000; i++) {
    const frame = {
      destination: random.bytes(6),
      source: random.bytes(6),
      etherType: random.below(65536),
      payload: random.bytes(random.below(40)),
    };
    expect(decodeEthernet(encodeEthernet(frame))).toEqual(frame);
    const arp = {
      operation: random.below(65536),
      senderMac: random.bytes(6),
      senderAddress: random.bytes(4),
      targetMac: random.bytes(6),
      targetAddress: random.bytes(4),
    };
    expect(decodeArp(encodeArp(arp))).toEqual(arp);
  }
});

test('hostile octets give a value or a WireError', () => {
  const random = new Prng(9);
  expect(abuse(decodeEthernet, scapyFrame('arp request'), random, 1_000)).toEqual([]);
  expect(abuse(decodeArp, scapyFrame('arp request').slice(14), random, 10_000)).toEqual([]);
  expect(() => decodeEthernet(new Uint8Array(13))).toThrow(WireError);
  expect(() => decodeArp(scapyFrame('arp request').slice(14, 41))).toThrow(WireError);
});
