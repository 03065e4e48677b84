import { describe, expect, test } from 'vitest';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4 } from '../../engine/wire/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../../engine/wire/ipv6.ts';
import { must } from '../../engine/wire/testing/must.ts';
import type { EspSaKeys } from './key-log.ts';
import { PacketOpener } from './opener.ts';
import { hasScapy, packetsOfScapy, SCAPY_INTEGRITY } from './testing/scapy.ts';
import { ahKeys, authenticated, captured, echo, frame, ip, saFor, sealedTunnel, tunnelled } from './testing/seal.ts';
import { type AhFound, AhVerifier } from './verify-ah.ts';

const HMACS = ['md5', 'md5_128', 'sha1', 'sha1_160', 'sha256', 'sha256_96', 'sha384', 'sha512'];
const ALGORITHMS = HMACS.concat('aesxcbc', 'aescmac', 'aes128gmac', 'aes192gmac', 'aes256gmac');
const V6 = { source: '2001:db8::1', destination: '2001:db8::2' };

const open = (sa: EspSaKeys | EspSaKeys[], packet: Uint8Array): AhFound | null =>
  new AhVerifier(() => [sa].flat()).open(packet);

describe.each(ALGORITHMS)('%s', name => {
  test.each([
    ['IPv4', {}],
    ['IPv6', V6],
  ])('%s: verified, and the packet without it', (_family, ends) => {
    const sa = ahKeys(name, ends);
    const plain = echo(sa.source, sa.destination);
    const packet = authenticated(sa, 9n, plain);
    expect(open(sa, packet)).toMatchObject({
      opening: {
        kind: 'verified',
        contents: { spi: sa.spi, sequence: 9, fullSequence: 9n, nextHeader: plain.length === 84 ? 1 : 58 },
      },
      inner: plain,
    });
    const changed = packet.with(packet.length - 1, (packet.at(-1) ?? 0) ^ 1);
    expect(open(sa, changed)?.opening).toMatchObject({ kind: 'unverified', why: 'the ICV is wrong' });
  });
});

describe('what an AH covers', () => {
  const sa = ahKeys('sha256');
  const sa6 = ahKeys('sha256', V6);

  test('not what routers change', () => {
    const v4 = decodeIpv4(authenticated(sa, 1n, echo(sa.source, sa.destination)));
    expect(open(sa, encodeIpv4({ ...v4, ttl: 3, dscpEcn: 0xff, dontFragment: true }))?.opening.kind).toBe('verified');
    expect(open(sa, encodeIpv4({ ...v4, identification: 77 }))?.opening.kind).toBe('unverified');
    const v6 = decodeIpv6(authenticated(sa6, 1n, echo(sa6.source, sa6.destination)));
    const changed = { ...v6, hopLimit: 3, trafficClass: 0xff, flowLabel: 0xfffff };
    expect(open(sa6, encodeIpv6(changed))?.opening.kind).toBe('verified');
    expect(open(sa6, encodeIpv6({ ...v6, source: v6.destination }))?.opening.kind).toBe('unverified');
  });

  test('the unsent half of an extended sequence number', () => {
    const esn = ahKeys('sha256', { esn: true });
    const verifier = new AhVerifier(() => [esn]);
    for (const sequence of [1n, 0xffff_ffffn, 0x1_0000_0001n, 0x2_0000_0000n]) {
      const found = verifier.open(authenticated(esn, sequence, echo(esn.source, esn.destination)));
      expect(found?.opening).toMatchObject({ kind: 'verified', contents: { fullSequence: sequence } });
    }
  });

  test('without its key it is read all the same', () => {
    const plain = echo(sa.source, sa.destination);
    expect(open([], authenticated(sa, 5n, plain))).toEqual({
      opening: { kind: 'unknownSa', spi: sa.spi, sequence: 5 },
      inner: plain,
    });
    expect(open(saFor('aes128gcm16'), authenticated(sa, 5n, plain))?.opening.kind).toBe('unknownSa');
  });

  test('octets of all kinds are answered, never thrown at', () => {
    const packet = authenticated(sa, 5n, echo(sa.source, sa.destination));
    for (let length = 0; length <= 64; length++) {
      const cut = ip(sa.source, sa.destination, IpProtocol.AH, packet.subarray(20, 20 + length));
      expect(open(sa, cut)?.opening.kind).not.toBe('verified');
    }
    expect(open(sa, echo(sa.source, sa.destination))).toBeNull();
    expect(open(sa, new Uint8Array(0))).toBeNull();
  });
});

const kinds = (keys: EspSaKeys[], packet: Uint8Array) =>
  new PacketOpener(() => keys).open(captured(frame(packet))).map(({ kind }) => kind);

describe('in a capture', () => {
  const ah = ahKeys('sha512');
  const esp = saFor('aes256gcm16', { spi: 0x2222 });

  test('AH over ESP, AH in a tunnel, ESP in AH in a tunnel', () => {
    const inner = echo('10.0.0.2', '10.0.1.2');
    const tunnel = sealedTunnel(esp, 1n, inner);
    expect(kinds([ah, esp], authenticated(ah, 1n, tunnel))).toEqual(['verified', 'opened']);
    expect(kinds([esp], authenticated(ah, 1n, tunnel))).toEqual(['unknownSa', 'opened']);
    expect(kinds([ah], authenticated(ah, 1n, tunnelled(ah.source, ah.destination, inner)))).toEqual(['verified']);
    const nested = tunnelled(ah.source, ah.destination, sealedTunnel(esp, 1n, inner));
    expect(kinds([ah, esp], authenticated(ah, 1n, nested))).toEqual(['verified', 'opened']);
  });
});

const SCAPY = `
import sys, json
from scapy.layers.ipsec import *
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
for order in json.load(sys.stdin):
    cls = IPv6 if ':' in order['source'] else IP
    tunnel = cls(src=order['source'], dst=order['destination']) if order['mode'] == 'tunnel' else None
    sa = SecurityAssociation(AH, spi=order['spi'], auth_algo=order['auth'], auth_key=bytes.fromhex(order['integrityKey']),
        tunnel_header=tunnel, esn_en=order['esn'], esn=1 if order['esn'] else 0)
    inner = bytes.fromhex(order['inner'])
    print(bytes(sa.encrypt(IP(inner) if inner[0] >> 4 == 4 else IPv6(inner), seq_num=77)).hex())
`;

/** With options, and with extension headers and a route on its way. */
function plainFor(source: string, destination: string): Uint8Array {
  if (!source.includes(':')) {
    const options = Uint8Array.of(148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0);
    return encodeIpv4({ ...decodeIpv4(echo(source, destination)), options });
  }
  const hop = decodeIpv6(echo('2001:db8::3', '2001:db8::4'));
  const chain = [43, 0, 0x3e, 4, 1, 2, 3, 4, 58, 4, 0, 2, 0, 0, 0, 0, ...hop.source, ...hop.destination];
  const plain = decodeIpv6(echo(source, destination));
  return encodeIpv6({ ...plain, nextHeader: 0, payload: Uint8Array.from([...chain, ...plain.payload]) });
}

test.skipIf(!hasScapy)(
  'scapy authenticates, we verify: modes, families, options and extension headers (needs scapy: apt-get install python3-scapy python3-cryptography)',
  () => {
    const orders = Object.entries(SCAPY_INTEGRITY).flatMap(([name, auth]) =>
      (['tunnel', 'transport'] as const).flatMap(mode =>
        [{}, V6].flatMap(ends =>
          [false, true].map(esn => {
            const sa = ahKeys(name, { ...ends, esn });
            const plain = mode === 'tunnel' ? echo('10.0.0.2', '10.0.1.2') : plainFor(sa.source, sa.destination);
            return { sa, mode, auth, plain };
          }),
        ),
      ),
    );
    const input = orders.map(({ sa, mode, auth, plain }) => ({
      ...sa,
      mode,
      auth,
      inner: Buffer.from(plain).toString('hex'),
    }));
    const packets = packetsOfScapy(SCAPY, input);
    for (const [i, { sa, mode, plain }] of orders.entries()) {
      // A packet on its way is not where its SA ends yet.
      const found = open(sa, must(packets[i]));
      expect({ sa, mode, kind: found?.opening.kind }).toEqual({ sa, mode, kind: 'verified' });
      expect(found?.inner).toEqual(plain);
    }
  },
);
