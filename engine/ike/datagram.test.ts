import { describe, expect, test } from 'vitest';
import { dissectPacket, findLayer } from '../wire/dissect.ts';
import { joinFragments, readFragment } from '../wire/fragment.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { IkeDatagram } from './daemon.ts';
import { datagramFrom, packetsAround } from './datagram.ts';

const PORTS = { plain: [500], marked: [4500] };
const message = Uint8Array.from({ length: 60 }, (_, i) => i + 1);

const datagram = (parts: Partial<IkeDatagram> = {}): IkeDatagram => ({
  local: addressOf('192.0.2.1'),
  localPort: 500,
  remote: addressOf('198.51.100.2'),
  remotePort: 500,
  octets: message,
  ...parts,
});

/** As the other end gets it. */
const seenThere = ({ local, localPort, remote, remotePort, octets }: IkeDatagram): IkeDatagram => ({
  local: remote,
  localPort: remotePort,
  remote: local,
  remotePort: localPort,
  octets,
});

const v6 = { local: addressOf('2001:db8::1'), remote: addressOf('2001:db8::2') };

function onlyPacket(packets: readonly Uint8Array[]): Uint8Array {
  const [packet, ...more] = packets;
  if (packet === undefined || more.length > 0) throw new Error(`${packets.length} packets`);
  return packet;
}

describe('a datagram of the daemon', () => {
  test.each([
    ['IPv4', datagram()],
    ['IPv6', datagram(v6)],
    ['IPv4 behind a NAT', datagram({ localPort: 4500, remotePort: 61_000 })],
    ['IPv6 on 4500', datagram({ ...v6, localPort: 4500, remotePort: 4500 })],
  ])('%s: arrives as it left, if the other end has the same ports', (_, sent) => {
    const packet = onlyPacket(packetsAround(sent, PORTS, 7));
    const ports = { plain: [500], marked: [4500, 61_000] };
    expect(datagramFrom(packet, ports)).toEqual(seenThere(sent));
    expect(findLayer(dissectPacket(packet), 'udp')).toMatchObject({ checksum: 'right' });
  });

  test('has the non-ESP marker on the port that ESP uses, and there alone', () => {
    const plain = onlyPacket(packetsAround(datagram(), PORTS, 7));
    const marked = onlyPacket(packetsAround(datagram({ localPort: 4500, remotePort: 4500 }), PORTS, 7));
    expect([...plain.subarray(28, 32)]).toEqual([1, 2, 3, 4]);
    expect([...marked.subarray(28, 36)]).toEqual([0, 0, 0, 0, 1, 2, 3, 4]);
  });

  test('of IPv6 is cut to what any path carries; of IPv4 the node does it', () => {
    const long = new Uint8Array(5000).fill(9);
    const pieces = packetsAround(datagram({ ...v6, octets: long }), PORTS, 0xffff_fffe);
    expect(pieces.length).toBeGreaterThan(3);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(1280);
    const data = pieces.map(piece => readFragment(piece)?.data ?? new Uint8Array(0));
    const whole = joinFragments(pieces[0] ?? new Uint8Array(0), data, 0);
    expect(datagramFrom(whole, PORTS)).toMatchObject({ octets: long });
    expect(packetsAround(datagram({ octets: long }), PORTS, 1)).toHaveLength(1);
  });

  test('that is longer than a datagram can be does not go', () => {
    expect(packetsAround(datagram({ octets: new Uint8Array(65_536) }), PORTS, 1)).toEqual([]);
  });
});

/** What becomes of a datagram to the port that NATs are for. */
function on4500(octets: readonly number[]) {
  const packet = onlyPacket(packetsAround(datagram({ remotePort: 4500, octets: Uint8Array.from(octets) }), PORTS, 1));
  return datagramFrom(packet, PORTS);
}

describe('what is handed up', () => {
  test('of ESP and keepalives on the daemon’s port nobody hears', () => {
    expect(on4500([0xff])).toBe('ignored');
    expect(on4500([1, 2, 3, 4, 0, 0, 0, 1, 9, 9])).toBe('ignored');
    expect(on4500([])).toBe('ignored');
  });

  test('everything else is for others', () => {
    const elsewhere = onlyPacket(packetsAround(datagram({ remotePort: 53 }), PORTS, 1));
    expect(datagramFrom(elsewhere, PORTS)).toBeNull();
    const broken = onlyPacket(packetsAround(datagram(), PORTS, 1));
    broken[30] = 0xee; // the checksum is wrong
    expect(datagramFrom(broken, PORTS)).toBeNull();
    expect(datagramFrom(Uint8Array.of(0x45, 0, 0), PORTS)).toBeNull();
    broken[9] = 6;
    expect(datagramFrom(broken, PORTS)).toBeNull();
  });
});
