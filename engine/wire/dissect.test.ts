import { describe, expect, test } from 'vitest';
import { dissect, dissectPacket, findLayer } from './dissect.ts';
import type { Layer } from './dissection.ts';
import { encodeEthernet } from './ethernet.ts';
import { encodeIcmpv4 } from './icmpv4.ts';
import { encodeIkeMessage } from './ike/codec.ts';
import { encodeIpv4, fragmentIpv4 } from './ipv4.ts';
import { encodeIpv6 } from './ipv6.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame, scapyFrameNames } from './testing/scapy-frames.ts';
import { TcpFlag } from './tcp.ts';
import { packet4 } from './testing/packets.ts';
import { encodeUdp } from './udp.ts';
import { withNonEspMarker } from './udp-encapsulation.ts';

const kinds = (layers: readonly Layer[]) => layers.map(layer => layer.kind).join(' ');

describe('what scapy has made', () => {
  test.each([
    ['arp request', 'ethernet arp'],
    ['padded arp reply', 'ethernet arp'],
    ['udp over ipv4', 'ethernet ipv4 udp data'],
    ['udp without checksum, vlan, padded', 'ethernet vlan ipv4 udp data'],
    ['tcp syn', 'ethernet ipv4 tcp'],
    ['tcp over ipv6', 'ethernet ipv6 tcp'],
    ['icmp echo with options', 'ethernet ipv4 icmpv4'],
    ['icmp fragmentation needed', 'ethernet ipv4 icmpv4'],
    ['icmpv6 packet too big', 'ethernet ipv6 icmpv6'],
    ['neighbor solicitation', 'ethernet ipv6 icmpv6'],
    ['neighbor advertisement', 'ethernet ipv6 icmpv6'],
    ['router advertisement', 'ethernet ipv6 icmpv6'],
    ['extension headers', 'ethernet ipv6 udp data'],
    ['ipv6 first fragment', 'ethernet ipv6 udp data'],
    ['atomic fragment', 'ethernet ipv6 udp data'],
    ['ip in ip in ipv6', 'ethernet ipv6 ipv4 ipv4 udp data'],
    ['esp', 'ethernet ipv4 esp'],
    ['ah', 'ethernet ipv4 ah udp data'],
  ] as const)('%s: %s', (name, expected) => {
    expect(kinds(dissect(scapyFrame(name)).layers)).toBe(expected);
  });

  test('every example is named above', () => {
    expect(scapyFrameNames).toHaveLength(18);
  });

  test('fields and places of a UDP packet in a VLAN; the padding belongs to nobody', () => {
    const [ethernet, vlan, ipv4, udp, data] = dissect(scapyFrame('udp without checksum, vlan, padded')).layers;
    expect(ethernet).toMatchObject({
      offset: 0,
      end: 60,
      source: '02:00:00:00:00:01',
      destination: '02:00:00:00:00:02',
    });
    expect(vlan).toMatchObject({ offset: 14, id: 42, priority: 5, etherType: 0x0800 });
    expect(ipv4).toMatchObject({
      offset: 18,
      end: 47,
      source: '192.0.2.1',
      destination: '192.0.2.2',
      checksum: 'right',
    });
    expect(ipv4).toMatchObject({ totalLength: 29, isFragment: false, isCut: false, protocol: 17, ttl: 64 });
    expect(udp).toMatchObject({
      offset: 38,
      end: 47,
      sourcePort: 5000,
      destinationPort: 53,
      length: 9,
      checksum: 'none',
    });
    expect(data).toMatchObject({ offset: 46, end: 47, protocol: 17, octets: Uint8Array.of(0x78) });
  });

  test('ARP, ESP, TCP', () => {
    expect(findLayer(dissect(scapyFrame('arp request')), 'arp')).toEqual({
      kind: 'arp',
      offset: 14,
      end: 42,
      operation: 1,
      senderMac: '02:00:00:00:00:01',
      senderAddress: '192.0.2.1',
      targetMac: '00:00:00:00:00:00',
      targetAddress: '192.0.2.2',
    });
    const esp = findLayer(dissect(scapyFrame('esp')), 'esp');
    expect(esp).toMatchObject({ offset: 34, end: 90, spi: 0xc0ffee01, sequence: 42, isWhole: true });
    expect(esp?.octets).toHaveLength(56);
    const tcp = findLayer(dissect(scapyFrame('tcp syn')), 'tcp');
    expect(tcp).toMatchObject({
      sourcePort: 40000,
      destinationPort: 80,
      sequence: 0xdeadbeef,
      checksum: 'right',
      offset: 34,
    });
    expect(tcp?.flags).toBe(TcpFlag.SYN | TcpFlag.ECE | TcpFlag.CWR);
  });

  test('extension headers with their places, and fragments', () => {
    const headed = findLayer(dissect(scapyFrame('extension headers')), 'ipv6');
    expect(headed?.extensions.map(e => [e.type, e.offset, e.end])).toEqual([
      [0, 54, 62],
      [43, 62, 70],
      [60, 70, 78],
    ]);
    expect(headed).toMatchObject({ nextHeader: 0, protocol: 17, isFragment: false, fragment: null, payloadLength: 35 });
    const first = dissect(scapyFrame('ipv6 first fragment'));
    expect(findLayer(first, 'ipv6')).toMatchObject({ isFragment: true, fragment: { identification: 0xcafebabe } });
    expect(findLayer(first, 'udp')).toMatchObject({
      sourcePort: 5000,
      destinationPort: 53,
      checksum: 'unknown',
      length: 64,
    });
    expect(findLayer(dissect(scapyFrame('atomic fragment')), 'ipv6')).toMatchObject({ isFragment: false });
  });

  test('an error shows the packet that it quotes, with places in the frame', () => {
    const four = findLayer(dissect(scapyFrame('icmp fragmentation needed')), 'icmpv4');
    expect(four).toMatchObject({ type: 3, code: 4, checksum: 'right', message: { mtu: 1400 } });
    expect(four?.quoted.map(l => l.kind)).toEqual(['ipv4', 'udp', 'data']);
    expect(four?.quoted[0]).toMatchObject({ offset: 42, source: '10.0.0.2', destination: '10.0.1.2', isCut: true });
    expect(four?.quoted[1]).toMatchObject({ offset: 62, sourcePort: 1000, destinationPort: 2000, checksum: 'unknown' });
    const six = findLayer(dissect(scapyFrame('icmpv6 packet too big')), 'icmpv6');
    expect(six).toMatchObject({ type: 2, code: 0, checksum: 'right', message: { mtu: 1280 }, neighborDiscovery: null });
    expect(six?.quoted[0]).toMatchObject({ kind: 'ipv6', source: '2001:db8::2', destination: '2001:db8:1::2' });
  });

  test('Neighbor Discovery is read', () => {
    const layer = findLayer(dissect(scapyFrame('router advertisement')), 'icmpv6');
    expect(layer?.neighborDiscovery).toMatchObject({ type: 'routerAdvertisement', routerLifetimeS: 1800 });
  });
});

describe('what is wrong', () => {
  test('checksums are reported, and the fields are there', () => {
    const frame = scapyFrame('udp over ipv4');
    frame[46] = 0x58; // the last but one octet of "hello"
    frame[22] = 1; // TTL
    const dissection = dissect(frame);
    expect(findLayer(dissection, 'ipv4')).toMatchObject({ checksum: 'wrong', ttl: 1 });
    expect(findLayer(dissection, 'udp')).toMatchObject({ checksum: 'wrong', destinationPort: 53 });
  });

  test('the last layer says what could not be read, and where', () => {
    const cut = dissect(scapyFrame('tcp syn').subarray(0, 40));
    expect(kinds(cut.layers)).toBe('ethernet ipv4 data');
    expect(findLayer(cut, 'ipv4')).toMatchObject({ isCut: true, source: '10.0.0.2' });
    const shortHeader = scapyFrame('tcp syn');
    shortHeader[46] = 0xf0; // Data Offset
    expect(findLayer(dissect(shortHeader), 'malformed')).toMatchObject({
      offset: 34,
      end: 74,
      field: 'TCP Data Offset',
    });
    const chain = scapyFrame('extension headers');
    chain[63] = 99;
    expect(kinds(dissect(chain).layers)).toBe('ethernet ipv6 malformed');
    expect(findLayer(dissect(chain), 'ipv6')).toMatchObject({ source: '2001:db8::1', extensions: [] });
    expect(kinds(dissect(new Uint8Array(0)).layers)).toBe('malformed');
  });

  test('unknown protocols are data', () => {
    const macs = { destination: new Uint8Array(6), source: new Uint8Array(6) };
    const lldp = encodeEthernet({ ...macs, etherType: 0x88cc, payload: Uint8Array.of(1, 2) });
    expect(findLayer(dissect(lldp), 'data')).toMatchObject({ protocol: null, offset: 14, octets: Uint8Array.of(1, 2) });
    const octets = scapyFrame('esp').slice(14);
    octets[9] = 132;
    expect(findLayer(dissectPacket(octets), 'data')).toMatchObject({ protocol: 132, offset: 20 });
  });

  test('later fragments, and first ones that end in the header, are data of their protocol', () => {
    const octets = scapyFrame('tcp syn').slice(14);
    const fragments = fragmentIpv4(octets, 44).map(f => dissectPacket(f));
    expect(fragments.map(d => kinds(d.layers))).toEqual(['ipv4 data', 'ipv4 data']);
    expect(findLayer(fragments[1] ?? { layers: [] }, 'data')).toMatchObject({ protocol: 6 });
  });

  test('nesting is bounded, in tunnels and in quotations', () => {
    const address = addressOf('10.0.0.1');
    const inIp = (protocol: number, payload: Uint8Array) =>
      encodeIpv4({
        dscpEcn: 0,
        identification: 0,
        dontFragment: false,
        moreFragments: false,
        fragmentOffset: 0,
        ttl: 64,
        protocol,
        source: address,
        destination: address,
        options: new Uint8Array(0),
        payload,
      });
    let tunnels: Uint8Array = new Uint8Array(0);
    let quotes: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < 1_000; i++) {
      tunnels = inIp(4, tunnels);
      quotes = inIp(1, encodeIcmpv4({ type: 'timeExceeded', code: 0, invoking: quotes }));
    }
    expect(dissectPacket(tunnels).layers).toHaveLength(33);
    expect(dissectPacket(tunnels).layers.at(-1)).toMatchObject({ kind: 'malformed', field: 'packet' });
    expect(kinds(dissectPacket(quotes).layers)).toBe('ipv4 icmpv4');
    const tags = new Uint8Array(2000).map((_, i) => (i % 4 === 0 ? 0x81 : 0));
    expect(dissect(tags.subarray(2)).layers.length).toBeLessThan(35);
  });

  test('it never throws, and every layer lies inside the frame', () => {
    const random = new Prng(50);
    const inside = (layers: readonly Layer[], length: number): boolean =>
      layers.every(
        layer =>
          layer.offset >= 0 &&
          layer.offset <= layer.end &&
          layer.end <= length &&
          (!('quoted' in layer) || inside(layer.quoted, length)),
      );
    for (const name of scapyFrameNames) {
      const frame = scapyFrame(name);
      const cut = Array.from(frame, (_, length) => frame.subarray(0, length));
      const mutated = Array.from({ length: 2_000 }, () => random.mutate(frame));
      const outside = [...cut, ...mutated].filter(octets => !inside(dissect(octets).layers, octets.length));
      expect(outside.map(octets => Buffer.from(octets).toString('hex'))).toEqual([]);
    }
  });
});

describe('UDP port 4500, RFC 3948', () => {
  const ends = [addressOf('10.0.0.1'), addressOf('10.0.0.2')] as const;
  const kindsOf = (payload: Uint8Array, version: 4 | 6 = 4) => {
    const [source, destination] = version === 4 ? ends : ([addressOf('fe80::1'), addressOf('fe80::2')] as const);
    const datagram = encodeUdp({ sourcePort: 61234, destinationPort: 4500, payload }, source, destination);
    datagram.fill(0, 6, 8);
    const fixed = { dscpEcn: 0, identification: 0, dontFragment: false, moreFragments: false, fragmentOffset: 0 };
    const rest = { ttl: 64, protocol: 17, options: new Uint8Array(0), source, destination, payload: datagram };
    const packet =
      version === 4
        ? encodeIpv4({ ...fixed, ...rest })
        : encodeIpv6({ trafficClass: 0, flowLabel: 0, nextHeader: 17, hopLimit: 1, ...rest });
    return dissectPacket(packet).layers.map(layer => (layer.kind === 'udp' ? `udp ${layer.checksum}` : layer.kind));
  };

  test.each([4, 6] as const)('ESP, IKE, keepalives and what is neither, IPv%d', version => {
    const esp = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 9, ...new Uint8Array(32));
    expect(kindsOf(esp, version)).toEqual([`ipv${version}`, 'udp none', 'esp']);
    expect(kindsOf(Uint8Array.of(0, 0, 0, 0, ...esp), version)).toEqual([`ipv${version}`, 'udp none', 'ike']);
    expect(kindsOf(Uint8Array.of(0xff), version)).toEqual([`ipv${version}`, 'udp none', 'keepalive']);
    expect(kindsOf(Uint8Array.of(1, 2, 3), version)).toEqual([`ipv${version}`, 'udp none', 'data']);
  });
});

describe('IKE in UDP', () => {
  const ends = [addressOf('10.0.0.1'), addressOf('10.0.0.2')] as const;
  const last = (ports: readonly [number, number], payload: Uint8Array) => {
    const datagram = encodeUdp({ sourcePort: ports[0], destinationPort: ports[1], payload }, ...ends);
    return dissectPacket(packet4(datagram, { source: ends[0], destination: ends[1], protocol: 17 })).layers.at(-1);
  };
  const message = encodeIkeMessage({
    initiatorSpi: '0123456789abcdef',
    responderSpi: '0000000000000000',
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: 34,
    isInitiator: true,
    isResponse: false,
    higherVersion: false,
    messageId: 0,
    payloads: [{ type: 'V', data: Uint8Array.of(1) }],
  });
  const read = { kind: 'ike', header: { exchangeType: 34, nextPayload: 43 }, payloads: [{ type: 'V' }] };

  test('on port 500 either way, and behind the marker on port 4500', () => {
    expect(last([500, 500], message)).toMatchObject(read);
    expect(last([61234, 500], message)).toMatchObject({
      ...read,
      octets: message,
      offset: 28,
      end: 28 + message.length,
    });
    expect(last([500, 61234], message)).toMatchObject(read);
    expect(last([4500, 4500], withNonEspMarker(message))).toMatchObject(read);
  });

  test('what is no IKE message is data on port 500, and IKE that nobody can read on port 4500', () => {
    expect(last([500, 500], message.subarray(1))).toMatchObject({ kind: 'data', protocol: 17 });
    expect(last([501, 501], message)).toMatchObject({ kind: 'data' });
    const unreadable = { kind: 'ike', header: null, payloads: null };
    expect(last([4500, 4500], withNonEspMarker(message.subarray(1)))).toMatchObject(unreadable);
  });

  test('another version, or payloads that are malformed: the header alone', () => {
    const header = { initiatorSpi: '0123456789abcdef' };
    expect(last([500, 500], message.with(17, 0x30))).toMatchObject({
      kind: 'ike',
      header,
      payloads: null,
      isakmp: null,
    });
    expect(last([500, 500], message.with(31, 200))).toMatchObject({ kind: 'ike', header, payloads: null });
  });
});
