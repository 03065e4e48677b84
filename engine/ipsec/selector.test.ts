import { describe, expect, test } from 'vitest';
import { formatAddress } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { fragmentIpv4, type Ipv4Packet } from '../wire/ipv4.ts';
import { fragmentIpv6 } from '../wire/ipv6-extension.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { addressOf, must } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import { ANYTHING, flowOf, matches, rangeOf, type Flow, type Selector } from './selector.ts';

const PORTS = Uint8Array.of(0x30, 0x39, 0x00, 0x50); // 12345 to 80
const UDP = Uint8Array.of(...PORTS, 0, 8, 0, 0);

const prefix = (text: string) => must(parsePrefix(text));

const V4 = { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') };
const ipv4 = (changes: Partial<Ipv4Packet>): Uint8Array => packet4(UDP, { ...V4, ...changes });
const ipv6 = (nextHeader: number, payload: Uint8Array): Uint8Array => packet6(payload, { nextHeader });

const hopByHop = (next: number) => Uint8Array.of(next, 0, 1, 4, 0, 0, 0, 0);

function describeFlow(flow: Flow | null) {
  if (flow === null) return null;
  const { source, destination, protocol, sourcePort, destinationPort } = flow;
  return [formatAddress(source), formatAddress(destination), protocol, sourcePort, destinationPort];
}

describe('flowOf, IPv4', () => {
  test.each([IpProtocol.UDP, IpProtocol.TCP, 132])('protocol %d has ports', protocol => {
    expect(describeFlow(flowOf(ipv4({ protocol })))).toEqual(['10.0.0.2', '10.0.1.2', protocol, 12345, 80]);
  });

  test.each([IpProtocol.ICMP, IpProtocol.ESP, IpProtocol.IPV4, 47])('protocol %d has none', protocol => {
    expect(describeFlow(flowOf(ipv4({ protocol })))).toEqual(['10.0.0.2', '10.0.1.2', protocol, null, null]);
  });

  test('ports stand behind options', () => {
    const options = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0);
    expect(flowOf(ipv4({ options }))).toMatchObject({ sourcePort: 12345, destinationPort: 80 });
  });

  test('only the first fragment shows them', () => {
    const fragments = fragmentIpv4(ipv4({ payload: Uint8Array.of(...UDP, ...new Uint8Array(40)) }), 44);
    expect(fragments.map(fragment => flowOf(fragment)?.destinationPort)).toEqual([80, null]);
    expect(fragments.map(fragment => flowOf(fragment)?.protocol)).toEqual([17, 17]);
  });

  test('a first fragment too short for ports shows none', () => {
    expect(flowOf(ipv4({ payload: PORTS.subarray(0, 3) }))).toMatchObject({ sourcePort: null, destinationPort: null });
    expect(flowOf(ipv4({ payload: PORTS }))).toMatchObject({ sourcePort: 12345, destinationPort: 80 });
  });

  test('padding behind the packet is not read as ports', () => {
    const packet = ipv4({ payload: PORTS.subarray(0, 2) });
    expect(flowOf(Uint8Array.of(...packet, 0, 80))).toMatchObject({ sourcePort: null, destinationPort: null });
  });

  test('what is no packet has no flow', () => {
    const packet = ipv4({});
    for (let length = 0; length < packet.length; length++) expect(flowOf(packet.subarray(0, length))).toBeNull();
    expect(flowOf(Uint8Array.of(0x44, ...packet.subarray(1)))).toBeNull();
    expect(flowOf(Uint8Array.of(0x55, ...packet.subarray(1)))).toBeNull();
    expect(flowOf(packet.with(3, 19).with(2, 0))).toBeNull();
  });
});

describe('flowOf, IPv6', () => {
  test('ports', () => {
    expect(describeFlow(flowOf(ipv6(IpProtocol.TCP, PORTS)))).toEqual(['2001:db8::1', '2001:db8::2', 6, 12345, 80]);
    expect(describeFlow(flowOf(ipv6(IpProtocol.ICMPV6, UDP)))).toEqual(['2001:db8::1', '2001:db8::2', 58, null, null]);
  });

  test('extension headers are skipped, AH and ESP are not', () => {
    const chain = Uint8Array.of(...hopByHop(IpProtocol.DSTOPTS), ...hopByHop(IpProtocol.UDP), ...UDP);
    expect(flowOf(ipv6(IpProtocol.HOPOPT, chain))).toMatchObject({
      protocol: 17,
      sourcePort: 12345,
      destinationPort: 80,
    });
    const esp = Uint8Array.of(...hopByHop(IpProtocol.ESP), ...UDP);
    expect(flowOf(ipv6(IpProtocol.HOPOPT, esp))).toMatchObject({ protocol: 50, sourcePort: null });
    expect(flowOf(ipv6(IpProtocol.AH, UDP))).toMatchObject({ protocol: 51, sourcePort: null });
  });

  test('only the first fragment shows ports', () => {
    const whole = ipv6(IpProtocol.UDP, Uint8Array.of(...UDP, ...new Uint8Array(100)));
    const fragments = fragmentIpv6(whole, 100, 7);
    expect(fragments.map(fragment => flowOf(fragment)?.protocol)).toEqual(fragments.map(() => 17));
    expect(fragments.map(fragment => flowOf(fragment)?.destinationPort)).toEqual([80, null, null]);
  });

  test('a later fragment that begins with an extension header hides the protocol', () => {
    const later = Uint8Array.of(IpProtocol.DSTOPTS, 0, 0, 8, 0, 0, 0, 1, ...UDP);
    expect(flowOf(ipv6(IpProtocol.FRAGMENT, later))).toMatchObject({ protocol: null, sourcePort: null });
  });

  test('what is no packet has no flow', () => {
    const packet = ipv6(IpProtocol.HOPOPT, Uint8Array.of(...hopByHop(IpProtocol.UDP), ...UDP));
    for (let length = 0; length < packet.length; length++) expect(flowOf(packet.subarray(0, length))).toBeNull();
    expect(flowOf(ipv6(IpProtocol.HOPOPT, Uint8Array.of(17, 9, 1, 4, 0, 0, 0, 0)))).toBeNull();
  });
});

describe('matches', () => {
  const flow: Flow = {
    source: addressOf('10.0.0.2'),
    destination: addressOf('10.0.1.2'),
    protocol: 6,
    sourcePort: 12345,
    destinationPort: 80,
    icmp: null,
  };
  const fragment: Flow = { ...flow, sourcePort: null, destinationPort: null };

  test.each<[string, Partial<Selector>, boolean, boolean]>([
    ['anything', {}, true, true],
    ['the local prefix', { local: [rangeOf(prefix('10.0.0.0/24'))] }, true, false],
    ['the remote prefix', { remote: [rangeOf(prefix('10.0.1.0/24'))] }, true, false],
    [
      'both prefixes, the other way',
      { local: [rangeOf(prefix('10.0.1.0/24'))], remote: [rangeOf(prefix('10.0.0.0/24'))] },
      false,
      true,
    ],
    ['a prefix that keeps host bits', { local: [rangeOf(prefix('10.0.0.77/24'))] }, true, false],
    ['one address', { local: [rangeOf(prefix('10.0.0.2'))] }, true, false],
    ['another address', { local: [rangeOf(prefix('10.0.0.3'))] }, false, false],
    ['all of IPv4', { local: [rangeOf(prefix('0.0.0.0/0'))] }, true, true],
    ['all of IPv6', { local: [rangeOf(prefix('::/0'))] }, false, false],
    ['the protocol', { protocol: 6 }, true, true],
    ['another protocol', { protocol: 17 }, false, false],
    ['the remote port', { remotePort: [[80, 80]] }, true, false],
    ['the local port', { localPort: [[80, 80]] }, false, true],
    ['both ports', { localPort: [[12345, 12345]], remotePort: [[80, 80]] }, true, false],
    ['another port', { localPort: [[12345, 12345]], remotePort: [[81, 81]] }, false, false],
    ['port 0', { localPort: [[0, 0]] }, false, false],
  ])('%s', (_what, changes, outbound, inbound) => {
    const selector = { ...ANYTHING, ...changes };
    expect(matches(selector, flow, 'outbound')).toBe(outbound);
    expect(matches(selector, flow, 'inbound')).toBe(inbound);
  });

  test('ANYTHING includes OPAQUE, a port does not', () => {
    expect(matches(ANYTHING, fragment, 'outbound')).toBe(true);
    expect(matches({ ...ANYTHING, protocol: 6 }, fragment, 'outbound')).toBe(true);
    expect(matches({ ...ANYTHING, remotePort: [[80, 80]] }, fragment, 'outbound')).toBe(false);
    expect(matches({ ...ANYTHING, protocol: 6 }, { ...fragment, protocol: null }, 'outbound')).toBe(false);
    expect(matches(ANYTHING, { ...fragment, protocol: null }, 'outbound')).toBe(true);
  });
});
