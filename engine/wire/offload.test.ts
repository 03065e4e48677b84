import { describe, expect, test } from 'vitest';
import { pseudoHeaderSum } from './checksum.ts';
import { encodeEthernet } from './ethernet.ts';
import { decodeIpv4, encodeIpv4 } from './ipv4.ts';
import { decodeIpv6, encodeIpv6 } from './ipv6.ts';
import { setU16, u16At } from './octets.ts';
import { finishFrame, finishPacket, type Offload } from './offload.ts';
import { decodeTcp, encodeTcp, TcpFlag } from './tcp.ts';
import { abuse } from './testing/hostile.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { decodeUdp, encodeUdp } from './udp.ts';
import { WireError } from './wire-error.ts';

const addresses = {
  4: { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') },
  6: { source: addressOf('2001:470:24:c66::2'), destination: addressOf('2001:470:24:c67::2') },
};

/** An IP packet around `transport`, whose checksum field is left as a kernel leaves it: the pseudo-header sum alone. */
function unfinished(version: 4 | 6, protocol: 6 | 17, transport: Uint8Array, identification = 0xffff): Uint8Array {
  const { source, destination } = addresses[version];
  const sum = pseudoHeaderSum(source, destination, protocol, transport.length);
  setU16(transport, protocol === 6 ? 16 : 6, (sum & 0xffff) + (sum >>> 16));
  if (version === 6) {
    const fixed = { trafficClass: 3, flowLabel: 0x12345, hopLimit: 64, source, destination };
    return encodeIpv6({ ...fixed, nextHeader: protocol, payload: transport });
  }
  const flags = { dontFragment: true, moreFragments: false, fragmentOffset: 0, options: new Uint8Array(0) };
  return encodeIpv4({
    dscpEcn: 1,
    identification,
    ttl: 64,
    protocol,
    source,
    destination,
    payload: transport,
    ...flags,
  });
}

function tcpSuperframe(version: 4 | 6, payload: Uint8Array, flags: number = TcpFlag.ACK): Uint8Array {
  const { source, destination } = addresses[version];
  const ports = { sourcePort: 40000, destinationPort: 5201, window: 501, urgentPointer: 0 };
  const options = [{ type: 'timestamps', value: 7, echo: 8 } as const];
  const segment = { ...ports, sequence: 0xffff_ff00, acknowledgment: 9, flags, options, payload };
  return unfinished(version, 6, encodeTcp(segment, source, destination));
}

function udpDatagram(version: 4 | 6, payload: Uint8Array): Uint8Array {
  const { source, destination } = addresses[version];
  return unfinished(version, 17, encodeUdp({ sourcePort: 4500, destinationPort: 4500, payload }, source, destination));
}

const frame = (packet: Uint8Array, tags = 0) => {
  const etherType = (packet[0] ?? 0) >> 4 === 4 ? 0x0800 : 0x86dd;
  const [destination, source] = [new Uint8Array(6), new Uint8Array(6).fill(2)];
  let inner = encodeEthernet({ destination, source, etherType, payload: packet });
  for (let i = 0; i < tags; i++) {
    inner = encodeEthernet({
      destination,
      source,
      etherType: 0x8100,
      payload: Uint8Array.of(0, 42, ...inner.subarray(12)),
    });
  }
  return inner;
};

const transportAt = { 4: 20, 6: 40 } as const;

function offloadOf(version: 4 | 6, kind: 'tcp' | 'udp', sizeOctets: number | null, before = 14): Offload {
  const checksum = { start: before + transportAt[version], offset: kind === 'tcp' ? 16 : 6 };
  if (sizeOctets === null) return { checksum, segments: null };
  return { checksum, segments: { kind: kind === 'udp' ? 'udp' : version === 4 ? 'tcp4' : 'tcp6', sizeOctets } };
}

describe('checksums', () => {
  test('a finished frame is returned itself', () => {
    const octets = frame(udpDatagram(4, new Uint8Array(9)));
    expect(finishFrame(octets, null)).toEqual([octets]);
    expect(finishFrame(octets, null)[0]).toBe(octets);
    expect(finishFrame(octets, { checksum: null, segments: null })[0]).toBe(octets);
  });

  test.each([4, 6] as const)('IPv%i: UDP and TCP, odd lengths too, without a change to what was given', version => {
    const random = new Prng(40);
    for (let i = 0; i < 500; i++) {
      const payload = random.bytes(random.below(100));
      const isTcp = random.flip();
      const packet = isTcp ? tcpSuperframe(version, payload) : udpDatagram(version, payload);
      const octets = Buffer.from(frame(packet));
      const before = octets.toString('hex');
      const [finished, ...more] = finishFrame(octets, offloadOf(version, isTcp ? 'tcp' : 'udp', null));
      expect([octets.toString('hex'), more]).toEqual([before, []]);
      const transport = (finished ?? octets).subarray(14 + transportAt[version]);
      const { source, destination } = addresses[version];
      const decoded = isTcp ? decodeTcp(transport, source, destination) : decodeUdp(transport, source, destination);
      expect(Buffer.compare(decoded.payload, payload)).toBe(0);
      const bare = finishPacket(packet, offloadOf(version, isTcp ? 'tcp' : 'udp', null, 0));
      expect(Buffer.compare(bare[0] ?? packet, (finished ?? octets).subarray(14))).toBe(0);
    }
  });

  test('a UDP checksum that computes to 0 becomes all ones', () => {
    let seen = 0;
    for (let value = 0; value < 65536; value++) {
      const packet = udpDatagram(4, Uint8Array.of(value >> 8, value & 255));
      const [finished] = finishPacket(packet, offloadOf(4, 'udp', null, 0));
      const field = u16At(finished ?? packet, 26);
      expect(field).not.toBe(0);
      if (field === 0xffff) seen++;
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('a field past the end is a WireError', () => {
    const octets = frame(udpDatagram(4, new Uint8Array(0)));
    expect(() => finishFrame(octets, { checksum: { start: 34, offset: 7 }, segments: null })).toThrow(WireError);
    expect(() => finishFrame(octets, { checksum: { start: 900, offset: 0 }, segments: null })).toThrow(WireError);
  });
});

describe('superframes', () => {
  test.each([4, 6] as const)('TCP over IPv%i: sequence numbers, identification, flags, lengths, checksums', version => {
    const payload = new Prng(41).bytes(1000 * 44 + 17);
    const flags = TcpFlag.FIN | TcpFlag.PSH | TcpFlag.ACK | TcpFlag.CWR | TcpFlag.ECE;
    const octets = frame(tcpSuperframe(version, payload, flags));
    const cut = finishFrame(octets, offloadOf(version, 'tcp', 1000));
    expect(cut).toHaveLength(45);
    const pieces = cut.map((piece, i) => {
      expect(Buffer.compare(piece.subarray(0, 14), octets.subarray(0, 14))).toBe(0);
      const packet = version === 4 ? decodeIpv4(piece.subarray(14)) : decodeIpv6(piece.subarray(14));
      const counted = { identification: (0xffff + i) & 0xffff, dscpEcn: 1, dontFragment: true };
      expect(packet).toMatchObject(version === 4 ? counted : { trafficClass: 3, flowLabel: 0x12345 });
      const transport = packet.payload;
      expect(transport.byteOffset + transport.length).toBe(piece.byteOffset + piece.length);
      return decodeTcp(transport, addresses[version].source, addresses[version].destination);
    });
    expect(Buffer.compare(Buffer.concat(pieces.map(p => p.payload)), payload)).toBe(0);
    expect(pieces.map(p => p.sequence)).toEqual(pieces.map((_, i) => (0xffff_ff00 + i * 1000) % 2 ** 32));
    const [always, first, last] = [TcpFlag.ACK | TcpFlag.ECE, TcpFlag.CWR, TcpFlag.FIN | TcpFlag.PSH];
    expect(pieces.map(p => p.flags)).toEqual(
      pieces.map((_, i) => always | (i === 0 ? first : 0) | (i === pieces.length - 1 ? last : 0)),
    );
    expect(pieces.every(p => p.options[0]?.type === 'timestamps' && p.acknowledgment === 9)).toBe(true);
  });

  test.each([4, 6] as const)('UDP over IPv%i: lengths and checksums', version => {
    const payload = new Prng(42).bytes(1436 * 10 + 100);
    const cut = finishPacket(udpDatagram(version, payload), offloadOf(version, 'udp', 1436, 0));
    const { source, destination } = addresses[version];
    const datagrams = cut.map(packet =>
      decodeUdp(version === 4 ? decodeIpv4(packet).payload : decodeIpv6(packet).payload, source, destination),
    );
    expect(datagrams.map(d => d.payload.length)).toEqual([...Array.from({ length: 10 }, () => 1436), 100]);
    expect(Buffer.compare(Buffer.concat(datagrams.map(d => d.payload)), payload)).toBe(0);
  });

  test('any size, with 802.1Q tags and with extension headers', () => {
    const random = new Prng(43);
    for (let i = 0; i < 300; i++) {
      const payload = random.bytes(random.below(4000));
      const size = 1 + random.below(1500) + Math.floor(payload.length / 100);
      const version = random.pick([4, 6] as const);
      const tags = random.below(3);
      const cut = finishFrame(frame(tcpSuperframe(version, payload), tags), {
        checksum: null,
        segments: { kind: version === 4 ? 'tcp4' : 'tcp6', sizeOctets: size },
      });
      expect(cut).toHaveLength(Math.max(1, Math.ceil(payload.length / size)));
      const headers = 14 + 4 * tags + transportAt[version] + 32;
      expect(Buffer.compare(Buffer.concat(cut.map(c => c.subarray(headers))), payload)).toBe(0);
    }
    const inner = decodeIpv6(tcpSuperframe(6, random.bytes(50)));
    const withOptions = encodeIpv6({
      ...inner,
      nextHeader: 60,
      payload: Uint8Array.of(6, 0, 1, 4, 0, 0, 0, 0, ...inner.payload),
    });
    const cut = finishPacket(withOptions, { checksum: null, segments: { kind: 'tcp6', sizeOctets: 20 } });
    expect(
      cut.map(c => decodeTcp(decodeIpv6(c).payload.subarray(8), inner.source, inner.destination).payload.length),
    ).toEqual([20, 20, 10]);
  });

  test('the largest superframe', () => {
    const payload = new Prng(44).bytes(65535 - 52);
    const cut = finishFrame(frame(tcpSuperframe(4, payload)), offloadOf(4, 'tcp', 1448));
    expect(cut).toHaveLength(Math.ceil(payload.length / 1448));
    expect(Math.max(...cut.map(c => c.length))).toBe(14 + 52 + 1448);
  });

  test('what contradicts itself is a WireError', () => {
    const tcp = frame(tcpSuperframe(4, new Uint8Array(100)));
    const contradictions: NonNullable<Offload['segments']>[] = [
      { kind: 'tcp6', sizeOctets: 50 },
      { kind: 'udp', sizeOctets: 50 },
      { kind: 'tcp4', sizeOctets: 0 },
    ];
    for (const segments of contradictions)
      expect(() => finishFrame(tcp, { checksum: null, segments })).toThrow(WireError);
    const segments = { kind: 'tcp4', sizeOctets: 50 } as const;
    for (let length = 0; length < tcp.length; length++) {
      expect(() => finishFrame(tcp.subarray(0, length), { checksum: null, segments })).toThrow(WireError);
    }
    const fragment = encodeIpv4({ ...decodeIpv4(tcp.subarray(14)), moreFragments: true });
    expect(() => finishPacket(fragment, { checksum: null, segments })).toThrow(WireError);
  });

  test('long headers and tiny segments do not multiply without bound', () => {
    const inner = decodeIpv6(tcpSuperframe(6, new Uint8Array(30_000)));
    const header = Uint8Array.of(60, 255, 1, 4, 0, 0, 0, 0, ...new Uint8Array(2040));
    const last = Uint8Array.of(6, ...header.subarray(1));
    const payload = Buffer.concat([...Array.from({ length: 14 }, () => header), last, inner.payload]);
    const packet = encodeIpv6({ ...inner, nextHeader: 60, payload });
    const cut = (sizeOctets: number) =>
      finishPacket(packet, { checksum: null, segments: { kind: 'tcp6', sizeOctets } });
    expect(cut(1000)).toHaveLength(30);
    expect(() => cut(1)).toThrow(WireError);
  });

  test('hostile superframes give packets or a WireError', () => {
    const random = new Prng(45);
    const examples = ([4, 6] as const).flatMap(version => [
      { octets: frame(tcpSuperframe(version, random.bytes(300))), offload: offloadOf(version, 'tcp', 100) },
      { octets: frame(udpDatagram(version, random.bytes(300))), offload: offloadOf(version, 'udp', 100) },
    ]);
    for (const { octets, offload } of examples) {
      expect(abuse(mutated => finishFrame(mutated, offload), octets, random, 3_000)).toEqual([]);
    }
  });
});
