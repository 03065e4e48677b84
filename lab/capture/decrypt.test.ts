import { describe, expect, test } from 'vitest';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { must } from '../../engine/wire/testing/must.ts';
import { espAlgorithm } from './esp-algorithm.ts';
import { EspDecryptor, type EspOpening } from './decrypt.ts';
import type { EspSaKeys } from './key-log.ts';
import { hasScapy, packetsOfScapy, SCAPY_INTEGRITY } from './testing/scapy.ts';
import { echo, ip, saFor, seal, sealedTunnel, SUITES } from './testing/seal.ts';

const INNER = echo('10.0.0.2', '10.0.1.2');
const INNER6 = echo('2001:470:24:c66::2', '2001:470:24:c67::2');

const open = (sa: EspSaKeys | EspSaKeys[], packet: Uint8Array): EspOpening | null =>
  new EspDecryptor(() => [sa].flat()).open(packet);

function opened(opening: EspOpening | null): Extract<EspOpening, { kind: 'opened' }> {
  if (opening?.kind !== 'opened')
    throw new Error(JSON.stringify(opening, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)));
  return opening;
}

describe.each(SUITES)('%s', suite => {
  test('gives the inner packet and the fields of a tunnel packet', () => {
    const { contents, inner } = opened(open(saFor(suite), sealedTunnel(saFor(suite), 9n, INNER)));
    expect(inner).toEqual(INNER);
    expect(contents).toMatchObject({
      spi: 0x1000_0001,
      sequence: 9,
      fullSequence: 9n,
      icvOk: true,
      paddingOk: true,
      nextHeader: 4,
    });
    expect(contents.iv).toHaveLength(espAlgorithm(suite)?.cipher.ivOctets ?? 0);
  });

  test('any changed bit of the packet is noticed', () => {
    const packet = sealedTunnel(saFor(suite), 9n, INNER);
    for (let at = 28; at < packet.length; at += 7) {
      const changed = packet.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(open(saFor(suite), changed)).toMatchObject({
        kind: 'rejected',
        why: 'the ICV is wrong',
        contents: { icvOk: false },
      });
    }
  });

  test('a wrong ICV hides neither the payload nor the sequence number', () => {
    const packet = sealedTunnel(saFor(suite), 9n, INNER);
    packet[packet.length - 1] = (packet[packet.length - 1] ?? 0) ^ 1;
    expect(open(saFor(suite), packet)).toMatchObject({ contents: { payload: INNER, sequence: 9, nextHeader: 4 } });
  });

  test('the unsent half of an extended sequence number is found across its roll', () => {
    const sa = saFor(suite, { esn: true });
    const decryptor = new EspDecryptor(() => [sa]);
    for (const sequence of [1n, 0xffff_fffen, 0x1_0000_0001n, 0xffff_ffffn, 0x1_ffff_ffffn, 0x2_0000_0000n]) {
      expect(opened(decryptor.open(sealedTunnel(sa, sequence, INNER))).contents.fullSequence).toBe(sequence);
    }
    expect(open(saFor(suite), sealedTunnel(sa, 5n, INNER))).toMatchObject({ kind: 'rejected' });
  });
});

describe('what is protected', () => {
  const sa = saFor('aes256-sha256');
  const sa6 = saFor('aes128gcm16', { source: '2001:db8::1', destination: '2001:db8::2' });

  test('an IPv6 packet in an IPv4 tunnel and the reverse', () => {
    expect(opened(open(sa, sealedTunnel(sa, 1n, INNER6))).inner).toEqual(INNER6);
    expect(opened(open(sa6, sealedTunnel(sa6, 1n, INNER))).inner).toEqual(INNER);
  });

  test('TFC padding is not part of the inner packet', () => {
    const { inner, contents } = opened(open(sa, sealedTunnel(sa, 1n, INNER, 40)));
    expect(inner).toEqual(INNER);
    expect(contents.payload).toHaveLength(INNER.length + 40);
  });

  test('a dummy packet has no inner packet', () => {
    const packet = ip(sa.source, sa.destination, IpProtocol.ESP, seal(sa, 1n, IpProtocol.NO_NEXT, new Uint8Array(64)));
    expect(open(sa, packet)).toMatchObject({ kind: 'opened', inner: null, contents: { nextHeader: 59 } });
  });

  test.each([
    ['IPv4', sa],
    ['IPv6', sa6],
  ])('transport mode gives the packet as it was, %s', (_family, keys) => {
    const plain = echo(keys.source, keys.destination);
    const isV6 = keys.source.includes(':');
    const upper = isV6 ? 40 : 20;
    const protocol = isV6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP;
    const packet = ip(keys.source, keys.destination, IpProtocol.ESP, seal(keys, 1n, protocol, plain.subarray(upper)));
    expect(opened(open(keys, packet)).inner).toEqual(plain);
  });

  test('transport mode behind IPv6 extension headers', () => {
    const plain = echo(sa6.source, sa6.destination).subarray(40);
    const options = Uint8Array.of(IpProtocol.ESP, 0, 1, 4, 0, 0, 0, 0);
    const esp = seal(sa6, 1n, IpProtocol.ICMPV6, plain);
    const packet = ip(sa6.source, sa6.destination, IpProtocol.DSTOPTS, new Uint8Array([...options, ...esp]));
    const expected = ip(
      sa6.source,
      sa6.destination,
      IpProtocol.DSTOPTS,
      new Uint8Array([IpProtocol.ICMPV6, ...options.subarray(1), ...plain]),
    );
    expect(opened(open(sa6, packet)).inner).toEqual(expected);
  });

  test('ESP in UDP port 4500 is found, IKE there is not', () => {
    const esp = seal(sa, 1n, IpProtocol.IPV4, INNER);
    const udp = (payload: Uint8Array) => {
      const length = payload.length + 8;
      return ip(
        sa.source,
        sa.destination,
        IpProtocol.UDP,
        new Uint8Array([0x11, 0x94, 0x11, 0x94, length >> 8, length & 255, 0, 0, ...payload]),
      );
    };
    expect(opened(open(sa, udp(esp))).inner).toEqual(INNER);
    const natted = { ...sa, destination: '198.51.100.77' };
    expect(opened(open(natted, udp(esp))).inner).toEqual(INNER);
    expect(open(natted, sealedTunnel(sa, 1n, INNER))).toMatchObject({ kind: 'unknownSa' });
    expect(open(sa, udp(new Uint8Array([0, 0, 0, 0, ...esp])))).toBeNull();
  });
});

describe('which SA', () => {
  test('the destination belongs to the SPI, and the log may grow', () => {
    const log = [saFor('aes128gcm16')];
    const decryptor = new EspDecryptor(() => log);
    const later = saFor('aes256-sha512', { destination: '9.9.9.9' });
    expect(decryptor.open(sealedTunnel(later, 3n, INNER))).toEqual({
      kind: 'unknownSa',
      spi: 0x1000_0001,
      sequence: 3,
    });
    log.push(later);
    expect(opened(decryptor.open(sealedTunnel(later, 3n, INNER))).contents.sa).toBe(later);
  });

  test('an SPI that was used again is opened with the keys that fit', () => {
    const old = saFor('aes128gcm16');
    const next = saFor('aes128gcm16', { encryptionKey: 'ab'.repeat(20) });
    expect(opened(open([old, next], sealedTunnel(old, 1n, INNER))).contents.sa).toBe(old);
    expect(opened(open([old, next], sealedTunnel(next, 1n, INNER))).contents.sa).toBe(next);
  });
});

test('octets of all kinds are answered, never thrown at', () => {
  const sa = saFor('aes256-sha256');
  const decryptor = new EspDecryptor(() => [sa]);
  const packet = sealedTunnel(sa, 1n, INNER);
  expect(decryptor.open(INNER)).toBeNull();
  expect(decryptor.open(new Uint8Array(0))).toBeNull();
  for (let length = 0; length <= 64; length++) {
    const cut = ip(sa.source, sa.destination, IpProtocol.ESP, packet.subarray(20, 20 + length));
    expect(decryptor.open(cut)?.kind).not.toBe('opened');
  }
});

/** Seals what it reads and prints it: one line an order, hexadecimal. */
const SCAPY = `
import sys, json
from scapy.layers.ipsec import *
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
for order in json.load(sys.stdin):
    cls = IPv6 if ':' in order['source'] else IP
    tunnel = cls(src=order['source'], dst=order['destination']) if order['mode'] == 'tunnel' else None
    sa = SecurityAssociation(ESP, spi=order['spi'], crypt_algo=order['crypt'], crypt_key=bytes.fromhex(order['cryptKey']), crypt_icv_size=order['icv'],
        auth_algo=order['auth'], auth_key=bytes.fromhex(order['authKey']) or None, tunnel_header=tunnel, esn_en=order['esn'], esn=1 if order['esn'] else 0)
    inner = bytes.fromhex(order['inner'])
    plain = IP(inner) if inner[0] >> 4 == 4 else IPv6(inner)
    print(bytes(sa.encrypt(plain, seq_num=order['sequence'])).hex())
`;

test.skipIf(!hasScapy)(
  'scapy seals, we open: all suites, modes and families (needs scapy: apt-get install python3-scapy python3-cryptography)',
  () => {
    const orders = SUITES.filter(suite => scapyNames(suite) !== null).flatMap(suite =>
      (['tunnel', 'transport'] as const).flatMap(mode =>
        [false, true].flatMap(isV6 =>
          // scapy 2.5 leaves the high half out of a separate HMAC
          (espAlgorithm(suite)?.integrity === null ? [false, true] : [false]).map(esn => {
            const sa = saFor(suite, isV6 ? { source: '2001:db8::1', destination: '2001:db8::2', esn } : { esn });
            return { sa, mode, inner: mode === 'transport' ? echo(sa.source, sa.destination) : isV6 ? INNER : INNER6 };
          }),
        ),
      ),
    );
    const input = orders.map(({ sa, mode, inner }) => ({
      ...sa,
      ...scapyNames(sa.suite),
      cryptKey: sa.encryptionKey,
      authKey: sa.integrityKey,
      mode,
      sequence: 77,
      inner: Buffer.from(inner).toString('hex'),
    }));
    const packets = packetsOfScapy(SCAPY, input);
    orders.forEach(({ sa, inner }, i) => {
      const decryptor = new EspDecryptor(() => [sa]);
      const opening = decryptor.open(must(packets[i]));
      expect([sa.suite, sa.esn, opening?.kind]).toEqual([sa.suite, sa.esn, 'opened']);
      const result = opened(opening);
      expect({ suite: sa.suite, inner: result.inner }).toEqual({ suite: sa.suite, inner });
      expect(result.contents.fullSequence).toBe(sa.esn ? 0x1_0000_004dn : 77n);
    });
  },
);

/** null: scapy 2.5 does not have it; it never cuts the tag of GCM. */
function scapyNames(suite: string) {
  const [encryption = '', authentication = ''] = suite.split('-');
  const [, aead, icv] = /^aes\d+(gcm(?=16)|ccm)(8|12|16)$/.exec(encryption) ?? [];
  const crypt =
    aead === undefined ? SCAPY_CIPHERS.find(([pattern]) => pattern.test(encryption))?.[1] : `AES-${aead.toUpperCase()}`;
  const auth = authentication === '' ? 'NULL' : SCAPY_INTEGRITY[authentication];
  return crypt === undefined || auth === undefined
    ? null
    : { crypt, auth, icv: icv === undefined ? null : Number(icv) };
}

const SCAPY_CIPHERS: readonly (readonly [RegExp, string])[] = [
  [/^chacha20poly1305$/, 'CHACHA20-POLY1305'],
  [/^aes\d+$/, 'AES-CBC'],
  [/^aes\d+ctr$/, 'AES-CTR'],
  [/^3des$/, '3DES'],
  [/^des$/, 'DES'],
  [/^null$/, 'NULL'],
];
