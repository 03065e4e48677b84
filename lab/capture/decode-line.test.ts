import { describe, expect, test } from 'vitest';
import { encodeArp } from '../../engine/wire/arp.ts';
import { encodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import { encodeIkeMessage } from '../../engine/wire/ike/codec.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import type { IsakmpIdPayload, IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { VendorId } from '../../engine/wire/isakmp/vendor-id.ts';
import { encodeIcmpv4 } from '../../engine/wire/icmpv4.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { fragmentIpv4 } from '../../engine/wire/ipv4.ts';
import { encodeTcp, TcpFlag } from '../../engine/wire/tcp.ts';
import { addressOf, fromHex, must } from '../../engine/wire/testing/must.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import { decodeLine, describeOpening } from './decode-line.ts';
import { describeIkeOpening } from './describe-ike.ts';
import { IkeOpener } from './ike-opener.ts';
import type { EspSaKeys, IkeSaKeys } from './key-log.ts';
import { PacketOpener } from './opener.ts';
import {
  ahKeys,
  authenticated,
  captured,
  echo,
  frame,
  ip,
  saFor,
  seal,
  sealedTunnel,
  tunnelled,
} from './testing/seal.ts';
import { isakmpKeysFor, SealedIsakmp } from './testing/seal-isakmp.ts';
import { ikeHeader, ikeKeysFor, ikePacket, sealedFragments, sealedIke } from './testing/seal-ike.ts';

const HEAD = '00:00:00.000000 alice:net0  ';
const line = (packet: Uint8Array) => decodeLine(captured(frame(packet))).replace(HEAD, '');
const PING = echo('10.0.0.2', '10.0.1.2');
const [A, B] = [addressOf('10.0.0.2'), addressOf('10.0.1.2')];

function udp4500(payload: Uint8Array): string {
  const ends = [addressOf('1.2.3.4'), addressOf('5.6.7.8')] as const;
  const datagram = encodeUdp({ sourcePort: 4500, destinationPort: 61234, payload }, ...ends);
  return line(ip('1.2.3.4', '5.6.7.8', IpProtocol.UDP, datagram));
}

describe('one line', () => {
  test('the time of day, to the microsecond', () => {
    expect(
      decodeLine(captured(frame(PING), { at: (86_399n + 86_400n * 20_000n) * 1_000_000_000n + 20_001_999n })),
    ).toMatch(/^23:59:59\.020001 alice:net0 /);
  });

  test('ESP', () => {
    expect(line(sealedTunnel(saFor('aes128gcm16'), 7n, PING))).toBe(
      '1.2.3.4 > 5.6.7.8: ESP spi 0x10000001 seq 7, 120 octets',
    );
  });

  test('echo, both families, and inside IP-in-IP', () => {
    expect(line(PING)).toBe('10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets');
    expect(line(tunnelled('1.2.3.4', '5.6.7.8', echo('2001:db8::1', '2001:db8::2', 'echoReply')))).toBe(
      '1.2.3.4 > 5.6.7.8: 2001:db8::1 > 2001:db8::2: ICMPv6 echo reply id 7 seq 1, 64 octets',
    );
  });

  test('UDP and TCP', () => {
    const udp = encodeUdp({ sourcePort: 5000, destinationPort: 53, payload: new Uint8Array(10) }, A, B);
    expect(line(ip('10.0.0.2', '10.0.1.2', IpProtocol.UDP, udp))).toBe('10.0.0.2 > 10.0.1.2: UDP 5000 > 53, 10 octets');
    const syn = {
      sourcePort: 5000,
      destinationPort: 80,
      sequence: 9,
      acknowledgment: 0,
      flags: TcpFlag.SYN,
      window: 512,
      urgentPointer: 0,
      options: [],
      payload: new Uint8Array(0),
    };
    expect(line(ip('10.0.0.2', '10.0.1.2', IpProtocol.TCP, encodeTcp(syn, A, B)))).toBe(
      '10.0.0.2 > 10.0.1.2: TCP 5000 > 80 [SYN] seq 9 win 512, 0 octets',
    );
    const wrong = encodeTcp({ ...syn, flags: TcpFlag.SYN | TcpFlag.ACK, acknowledgment: 10 }, A, A);
    expect(line(ip('10.0.0.2', '10.0.1.2', IpProtocol.TCP, wrong))).toContain(
      '[SYN ACK] seq 9 ack 10 win 512, 0 octets (wrong checksum)',
    );
  });

  test('an ICMP error says what it is about', () => {
    const error = encodeIcmpv4({ type: 'destinationUnreachable', code: 4, mtu: 1446, invoking: PING });
    expect(line(ip('10.0.0.1', '10.0.0.2', IpProtocol.ICMP, error))).toBe(
      '10.0.0.1 > 10.0.0.2: ICMP fragmentation needed, MTU 1446, about 10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets',
    );
  });

  test('AH, and what it covers', () => {
    const transport = authenticated(ahKeys('sha256'), 7n, echo('1.2.3.4', '5.6.7.8'));
    expect(line(transport)).toBe('1.2.3.4 > 5.6.7.8: AH spi 0x30000001 seq 7 ICMP echo request id 7 seq 1, 64 octets');
    expect(line(authenticated(ahKeys('sha256'), 7n, tunnelled('1.2.3.4', '5.6.7.8', PING)))).toBe(
      '1.2.3.4 > 5.6.7.8: AH spi 0x30000001 seq 7 10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets',
    );
  });

  test('ESP in UDP, IKE beside it, and what keeps a NAT awake', () => {
    const esp = sealedTunnel(saFor('aes128gcm16'), 7n, PING).subarray(20);
    expect(udp4500(esp)).toBe('1.2.3.4 > 5.6.7.8: UDP 4500 > 61234 ESP spi 0x10000001 seq 7, 120 octets');
    expect(udp4500(new Uint8Array(32))).toBe('1.2.3.4 > 5.6.7.8: UDP 4500 > 61234 IKE, 28 octets');
    expect(udp4500(Uint8Array.of(0xff))).toBe('1.2.3.4 > 5.6.7.8: UDP 4500 > 61234 NAT keepalive');
    expect(udp4500(Uint8Array.of(1, 2))).toBe('1.2.3.4 > 5.6.7.8: UDP 4500 > 61234, 2 octets');
  });

  test('ARP, and what is no packet', () => {
    const arp = encodeArp({
      operation: 1,
      senderMac: new Uint8Array(6),
      senderAddress: A,
      targetMac: new Uint8Array(6),
      targetAddress: B,
    });
    const ends = { destination: new Uint8Array(6), source: new Uint8Array(6) };
    expect(decodeLine(captured(encodeEthernet({ ...ends, etherType: EtherType.ARP, payload: arp })))).toContain(
      'ARP who has 10.0.1.2, tell 10.0.0.2',
    );
    expect(decodeLine(captured(new Uint8Array(5)))).toContain('malformed');
    expect(line(PING.subarray(0, 30))).toMatch(/10\.0\.0\.2 > 10\.0\.1\.2:/);
  });
});

const said = (message: Uint8Array, port?: 4500) => line(ikePacket('1.2.3.4', '5.6.7.8', message, port));

/** What is inside of SK, by these keys. */
function inside(keys: readonly IkeSaKeys[], packet: Uint8Array): string | null {
  const opening = new IkeOpener(() => keys).open(captured(frame(packet)));
  return opening === null ? null : describeIkeOpening(opening);
}

describe('IKE', () => {
  const sa = ikeKeysFor('aes256gcm16', null);
  const none = new Uint8Array(0);
  const init = { ...ikeHeader(sa, { exchangeType: 34, messageId: 0, responderSpi: '0000000000000000' }) };
  const notify = (notifyType: number) => ({ type: 'N', protocolId: 0, spi: none, notifyType, data: none }) as const;

  test('payloads in the words of RFC 7296', () => {
    const payloads: Payload[] = [
      { type: 'SA', proposals: [{ number: 1, protocolId: 1, spi: none, transforms: [] }] },
      { type: 'KE', group: 31, data: new Uint8Array(32) },
      { type: 'NONCE', data: new Uint8Array(32) },
      notify(16388),
      notify(50_000),
      { type: 'unknown', payloadType: 200, data: none },
    ];
    expect(said(encodeIkeMessage({ ...init, payloads }))).toBe(
      '1.2.3.4 > 5.6.7.8: UDP 500 > 500 IKE IKE_SA_INIT request 0 0123456789abcdef > 0000000000000000: SA KE Ni N(NAT_DETECTION_SOURCE_IP) N(50000) payload 200',
    );
    const many = Array.from({ length: 30 }, () => notify(16390));
    expect(said(encodeIkeMessage({ ...init, isResponse: true, payloads: many }), 4500)).toMatch(
      /UDP 4500 > 4500 IKE IKE_SA_INIT response 0 .*: N\(COOKIE\) .* and 6 more$/,
    );
  });

  test('what is not said: another version, an unknown exchange, malformed payloads', () => {
    const message = encodeIkeMessage({ ...init, payloads: [{ type: 'V', data: none }] });
    expect(said(message.with(17, 0x30))).toContain('IKE version 3, 0123456789abcdef > 0000000000000000, 32 octets');
    expect(said(message.with(17, 0x10).with(31, 3))).toContain(
      'IKE version 1, 0123456789abcdef > 0000000000000000, 32',
    );
    expect(said(message.with(18, 200))).toContain('IKE exchange 200 request 0');
    expect(said(message.with(31, 3))).toMatch(/> 0000000000000000: malformed$/);
  });

  test('with keys, what is inside of SK', () => {
    const selector = {
      tsType: 7,
      protocol: 0,
      startPort: 0,
      endPort: 65535,
      start: addressOf('10.0.0.0'),
      end: addressOf('10.0.0.255'),
    };
    const payloads: Payload[] = [
      { type: 'IDi', idType: 2, data: none },
      { type: 'D', protocolId: 3, spis: [4096] },
      { type: 'D', protocolId: 1, spis: [] },
      { type: 'TSi', selectors: [selector, { ...selector, protocol: 6, startPort: 80, endPort: 80 }] },
    ];
    const packet = ikePacket('1.2.3.4', '5.6.7.8', sealedIke(sa, ikeHeader(sa), payloads), 4500);
    expect(line(packet)).toMatch(/IKE IKE_AUTH request 1 0123456789abcdef > fedcba9876543210: SK, \d+ octets$/);
    expect(inside([sa], packet)).toBe(
      'inside: IDi D(ESP 0x00001000) D(IKE) TSi(10.0.0.0-10.0.0.255 10.0.0.0-10.0.0.255/6:80-80)',
    );
    expect(inside([sa], ikePacket('1.2.3.4', '5.6.7.8', sealedIke(sa, ikeHeader(sa), [])))).toBe('inside: nothing');
    expect(inside([], packet)).toBe('not decrypted: no key for 0123456789abcdef > fedcba9876543210');
    expect(inside([{ ...sa, skEi: sa.skEr }], packet)).toBe('not decrypted: the ICV is wrong');
    expect(inside([sa], PING)).toBeNull();
    const pieces = sealedFragments(sa, ikeHeader(sa), payloads, 40).map(each => ikePacket('1.2.3.4', '5.6.7.8', each));
    expect(line(must(pieces[0]))).toMatch(/: SKF 1 of 2, \d+ octets$/);
    expect(inside([sa], must(pieces[0]))).toBe('fragment 1 of 2, authentic');
  });

  test('fragments of IP are put together', () => {
    const opener = new IkeOpener(() => [sa]);
    const message = sealedIke(sa, ikeHeader(sa), [{ type: 'CERT', encoding: 4, data: new Uint8Array(2000) }]);
    const answers = fragmentIpv4(ikePacket('1.2.3.4', '5.6.7.8', message), 1000).map(f =>
      opener.open(captured(frame(f))),
    );
    expect(answers.map(answer => answer?.kind)).toEqual([undefined, undefined, 'ikeOpened']);
  });
});

const idOf = (idType: number, text: string, over: Partial<IsakmpIdPayload> = {}): IsakmpPayload => {
  return { type: 'ID', idType, protocol: 0, port: 0, data: fromHex(text), ...over };
};

describe('IKEv1', () => {
  const sa = isakmpKeysFor('aes128', 'sha1');
  const data = new Uint8Array(0);
  const ends = '0123456789abcdef > fedcba9876543210';

  test('exchanges and payloads in the words of RFC 2409', () => {
    const sealed = new SealedIsakmp(sa);
    const many: IsakmpPayload[] = Array.from({ length: 30 }, () => ({ type: 'CR', encoding: 4, data }));
    expect(
      said(
        sealed.clear({}, [
          { type: 'VID', data: VendorId['RFC 3947'] },
          { type: 'VID', data },
        ]),
      ),
    ).toBe(`1.2.3.4 > 5.6.7.8: UDP 500 > 500 IKEv1 Main Mode ${ends}: VID(RFC 3947) VID`);
    expect(said(sealed.clear({ exchangeType: 4 }, many), 4500)).toMatch(/Aggressive Mode .*: CR CR .* and 6 more$/);
    expect(said(sealed.sealed({ exchangeType: 32, messageId: 0xab, isCommit: true }, []))).toMatch(
      /IKEv1 Quick Mode 0x000000ab commit 0123456789abcdef > fedcba9876543210: encrypted, 0 octets$/,
    );
    expect(said(sealed.clear({ exchangeType: 99 }, []))).toMatch(
      /IKEv1 exchange 99 0123456789abcdef > fedcba9876543210$/,
    );
  });

  test('with keys, what is inside', () => {
    const sealed = new SealedIsakmp(sa);
    const payloads: IsakmpPayload[] = [
      idOf(1, '0a000001'),
      idOf(4, '0a000000ffffff00', { protocol: 6, port: 80 }),
      idOf(4, '0a000000ff00ff00'),
      idOf(7, '0a0000000a0000ff'),
      idOf(6, '20010db8000000000000000000000000ffffffff000000000000000000000000'),
      idOf(2, '616263'),
      idOf(1, '0a'),
      { type: 'N', doi: 1, protocolId: 1, spi: data, notifyType: 24578, data },
      { type: 'N', doi: 1, protocolId: 1, spi: data, notifyType: 50_000, data },
      { type: 'D', doi: 1, protocolId: 3, spis: [Uint8Array.of(0, 0, 16, 0)] },
      { type: 'D', doi: 1, protocolId: 1, spis: [new Uint8Array(16)] },
      { type: 'ATTR', cfgType: 1, identifier: 7, attributes: [] },
      { type: 'NATD', data },
      { type: 'NATOA', idType: 1, data },
      { type: 'UNKNOWN', payloadType: 200, data },
    ];
    const opener = new IkeOpener(() => [sa]);
    const answers = [...sealed.mainModeInClear(), sealed.sealed({}, payloads)].map(message => {
      const opening = opener.open(captured(frame(ikePacket('1.2.3.4', '5.6.7.8', message))));
      return opening === null ? null : describeIkeOpening(opening);
    });
    expect(answers).toEqual([
      null,
      null,
      null,
      null,
      'inside: ID(10.0.0.1) ID(10.0.0.0/24 6:80) ID(10.0.0.0 mask 255.0.255.0) ID(10.0.0.0-10.0.0.255) ID(2001:db8::/32) ID ID N(INITIAL-CONTACT) N(50000) D(ESP 0x00001000) D(ISAKMP 00000000000000000000000000000000) ATTR(REQUEST) NAT-D NAT-OA payload 200',
    ]);
  });

  test('or the reason why not', () => {
    const sealed = new SealedIsakmp(sa);
    const message = ikePacket('1.2.3.4', '5.6.7.8', sealed.hashed(5, 1, []));
    expect(inside([], message)).toBe(`not decrypted: no key for ${ends}`);
    expect(inside([sa], message)).toBe('not decrypted: no payloads and HASH come of any IV');
    const fragment = sealed.clear({}, [{ type: 'FRAG', fragmentId: 7, number: 2, isLast: true, data }]);
    expect(said(fragment)).toMatch(/: FRAG 2 of message 7, the last, 0 octets$/);
    expect(inside([sa], ikePacket('1.2.3.4', '5.6.7.8', fragment))).toBe('fragment 2 of message 7, others are missing');
  });
});

/** What is inside of a packet, by these keys. */
const opened = (packet: Uint8Array, keys: readonly EspSaKeys[]): string[] =>
  new PacketOpener(() => keys).open(captured(frame(packet))).map(describeOpening);

describe('with keys', () => {
  const sa = saFor('aes256-sha512');

  test('the inner packet stands below', () => {
    expect(opened(sealedTunnel(sa, 1n, PING), [sa])).toEqual([
      'inside: 10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets',
    ]);
    expect(opened(PING, [sa])).toEqual([]);
  });

  test('a dummy packet is called one, RFC 4303 §2.6', () => {
    const sealed = seal(sa, 1n, IpProtocol.NO_NEXT, new Uint8Array(64));
    const packet = ip(sa.source, sa.destination, IpProtocol.ESP, sealed);
    expect(opened(packet, [sa])).toEqual(['inside: a dummy packet, 64 octets']);
  });

  test('AH is authentic or not', () => {
    const ah = ahKeys('sha512', { esn: true });
    const packet = authenticated(ah, 0x1_0000_0002n, sealedTunnel(sa, 1n, PING));
    expect(line(packet)).toBe('1.2.3.4 > 5.6.7.8: AH spi 0x30000001 seq 2 ESP spi 0x10000001 seq 1, 152 octets');
    expect(opened(packet, [sa, ah])).toEqual([
      'authentic: sha512, sequence number 4294967298',
      'inside: 10.0.0.2 > 10.0.1.2: ICMP echo request id 7 seq 1, 64 octets',
    ]);
    expect(opened(packet.with(40, 1), [sa, ah])[0]).toBe('not authentic: the ICV is wrong');
  });

  test('or the reason why not', () => {
    const packet = sealedTunnel(sa, 1n, PING);
    expect(opened(packet, [])).toEqual(['not decrypted: no key for SPI 0x10000001']);
    packet[60] = (packet[60] ?? 0) ^ 1;
    expect(opened(packet, [sa])).toEqual(['not decrypted: the ICV is wrong']);
  });

  test('fragments of ESP are put together, each end for itself', () => {
    const opener = new PacketOpener(() => [sa]);
    const [first, second] = fragmentIpv4(
      sealedTunnel(sa, 1n, echo('10.0.0.2', '10.0.1.2', 'echoRequest', new Uint8Array(1400))),
      1000,
    ).map(frame);
    if (!first || !second) throw new Error('not fragmented');
    expect(opener.open(captured(second))).toEqual([]);
    expect(opener.open(captured(first, { from: 'internet:alice' }))).toEqual([]);
    expect(opener.open(captured(first))).toMatchObject([{ kind: 'opened' }]);
    expect(decodeLine(captured(first))).toContain('fragment 0x0001 0-976+ ESP spi');
  });

  test('ESP in IP-in-IP in ESP', () => {
    const outer = saFor('aes128gcm16', { source: '9.9.9.1', destination: '9.9.9.2', spi: 0x2000 });
    const nested = sealedTunnel(outer, 1n, tunnelled('8.8.8.1', '8.8.8.2', sealedTunnel(sa, 1n, PING)));
    const openings = new PacketOpener(() => [sa, outer]).open(captured(frame(nested)));
    expect(openings.map(opening => opening.kind === 'opened' && opening.contents.spi)).toEqual([0x2000, 0x1000_0001]);
    expect(openings[1]).toMatchObject({ inner: PING });
  });
});
