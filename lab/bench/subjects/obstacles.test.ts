import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../engine/crypto/testing/random.ts';
import { ALICE, BOB } from '../live/sites.ts';
import { type BenchSubject, type SubjectParameters, USUAL } from '../live/subject.ts';
import { kernelEsp, policyLines, saLines } from './kernel-esp.ts';
import { openvpnArguments } from './openvpn.ts';
import { openvpnStatic } from './openvpn-static.ts';
import { openvpnTls } from './openvpn-tls.ts';
import { strongswan } from './strongswan.ts';
import { wireguardGo, wgArguments } from './wireguard-go.ts';

const CHACHA: SubjectParameters = { ...USUAL, cipher: 'chacha20poly1305' };
const IN_UDP: SubjectParameters = { ...USUAL, encapsulation: 'always' };

describe('what a subject cannot do is said before anything is up', () => {
  test.each<[string, BenchSubject, SubjectParameters, string]>([
    ['a static key and an AEAD', openvpnStatic, USUAL, 'aes128-sha1, aes128-sha256, aes256-sha256, aes256-sha512'],
    ['TLS and a cipher of ESP alone', openvpnTls, { ...USUAL, cipher: 'aes128ccm16' }, 'aes128gcm16, aes256gcm16, ch'],
    ['OpenVPN and transport mode', openvpnTls, { ...USUAL, mode: 'transport' }, 'no transport mode'],
    ['WireGuard and AES', wireguardGo, USUAL, 'chacha20poly1305, and nothing else'],
    ['WireGuard and transport mode', wireguardGo, { ...CHACHA, mode: 'transport' }, 'no transport mode'],
    ['strongSwan without UDP', strongswan, USUAL, 'sends ESP in UDP'],
    ['strongSwan and transport mode', strongswan, { ...IN_UDP, mode: 'transport' }, 'no transport mode'],
    ['strongSwan and GMAC', strongswan, { ...IN_UDP, cipher: 'aes128gmac' }, 'has no aes128gmac'],
    ['the kernel and UDP', kernelEsp, IN_UDP, 'without UDP'],
    ['the kernel and a cipher that nobody told it of', kernelEsp, { ...USUAL, cipher: 'des-md5' }, 'not with des-md5'],
  ])('%s', (_, subject, parameters, why) => expect(subject.obstacle(parameters)).toContain(why));

  test('a kernel without ESP is asked, and its answer told', () => {
    expect(kernelEsp.obstacle(USUAL) ?? 'load esp4 and esp6').toContain('load esp4 and esp6');
  });
});

describe('octets on the wire, by the book', () => {
  test.each<[string, BenchSubject, SubjectParameters, number, number]>([
    ['static key, SHA-256', openvpnStatic, { ...USUAL, cipher: 'aes128-sha256' }, 1000, 1100],
    [
      'static key, a whole block more',
      openvpnStatic,
      { ...USUAL, cipher: 'aes128-sha1' },
      1016,
      20 + 8 + 20 + 16 + 1040,
    ],
    ['TLS', openvpnTls, USUAL, 1000, 1052],
    ['TLS over IPv6', openvpnTls, { ...USUAL, outer: 6 }, 1000, 1072],
    ['WireGuard', wireguardGo, CHACHA, 1000, 1068],
    ['WireGuard, no block more than its device takes', wireguardGo, CHACHA, 1420, 1480],
    ['strongSwan', strongswan, IN_UDP, 1000, 1064],
  ])('%s', (_, subject, parameters, inner, outer) => expect(subject.outerOctets?.(parameters, inner)).toBe(outer));
});

test('the kernel is told of two SAs with keys of their own, and of policies both ways', () => {
  const [there, back, ...more] = saLines(USUAL, seededRandom('kernel'));
  expect(more).toEqual([]);
  const [, key] = /aead rfc4106\(gcm\(aes\)\) 0x([0-9a-f]{40}) 128$/.exec(there ?? '') ?? [];
  expect(there).toMatch(/^xfrm state add src 192\.0\.2\.1 dst 192\.0\.2\.2 proto esp spi 4096 /);
  expect(back).toMatch(/^xfrm state add src 192\.0\.2\.2 dst 192\.0\.2\.1 proto esp spi 4097 /);
  expect(key).toBeDefined();
  expect(back).not.toContain(key);
  expect(policyLines(BOB, { ...USUAL, inner: 6 }).map(line => line.replace(/ tmpl.*/, ''))).toEqual([
    'xfrm policy add src 2001:db8:b::/64 dst 2001:db8:a::/64 dir out',
    'xfrm policy add src 2001:db8:a::/64 dst 2001:db8:b::/64 dir in',
    'xfrm policy add src 2001:db8:a::/64 dst 2001:db8:b::/64 dir fwd',
  ]);
});

test('programs are told both families', () => {
  expect(openvpnArguments(ALICE, { ...USUAL, outer: 6 }, []).join(' ')).toContain(
    '--proto udp6 --local 2001:db8::1 --lport 1194 --remote 2001:db8::2 1194 --cipher AES-128-GCM',
  );
  expect(wgArguments(ALICE, { ...CHACHA, outer: 6, inner: 6 }, '/key', 'PUBLIC').join(' ')).toBe(
    'wg set wg-alice listen-port 51820 private-key /key peer PUBLIC endpoint [2001:db8::2]:51820 allowed-ips 2001:db8:b::/64',
  );
});
