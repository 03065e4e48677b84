import { describe, expect, test } from 'vitest';
import { encodeIcmpv4 } from '../wire/icmpv4.ts';
import { dissectPacket, findLayer } from '../wire/dissect.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { encodeTcp, TcpFlag } from '../wire/tcp.ts';
import { addressOf } from '../wire/testing/must.ts';
import { hasTshark, NEEDS_TSHARK, tsharkFields } from '../wire/testing/tshark.ts';
import type { NatConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, port, route } from './testing/sites.ts';

const HOST = '192.168.0.2';
const OTHER_HOST = '192.168.0.3';
const NAT = '203.0.113.1';
const SERVER = '203.0.113.5';
const SECOND_SERVER = '203.0.113.6';

/** Two hosts behind one NAT, and a server with two addresses in front of it. */
function home(behaviour: NatConfig['behaviour'] = 'port-restricted', innerMtu = 1500, outerMtu = 1500): Net {
  return createNet(
    [
      nodeConfig('host', {
        interfaces: [port('e', [`${HOST}/24`, `${OTHER_HOST}/24`, '2001:db8:1::2/64'], { mtu: innerMtu })],
        routes: [route('0.0.0.0/0', '192.168.0.1'), route('::/0', '2001:db8:1::1')],
      }),
      nodeConfig('nat', {
        forwarding: true,
        interfaces: [
          port('inside', ['192.168.0.1/24', '2001:db8:1::1/64'], { mtu: innerMtu }),
          port('outside', [`${NAT}/24`, '2001:db8:2::1/64'], { mtu: outerMtu }),
        ],
        nat: { outside: 'outside', behaviour, idleSeconds: 120 },
      }),
      nodeConfig('server', {
        interfaces: [port('e', [`${SERVER}/24`, `${SECOND_SERVER}/24`, '2001:db8:2::5/64'], { mtu: outerMtu })],
        routes: [route('192.168.0.0/24', NAT), route('::/0', '2001:db8:2::1')],
      }),
    ],
    [
      ['host:e', 'nat:inside'],
      ['nat:outside', 'server:e'],
    ],
  );
}

/** The ports that what has arrived at the server came from. */
function portsSeen(net: Net): number[] {
  return net.takeDeliveries('server').map(octets => {
    const { layers } = dissectPacket(octets);
    const layer = layers.find(each => each.kind === 'udp' || each.kind === 'tcp');
    if (layer === undefined || !('sourcePort' in layer)) throw new Error(line(octets));
    return layer.sourcePort;
  });
}

function portSeen(net: Net): number {
  const [first, ...more] = portsSeen(net);
  if (first === undefined || more.length > 0) throw new Error('not one packet');
  return first;
}

function tcp(from: string, to: string, ports: readonly [number, number], flags: number): Uint8Array {
  const [sourcePort, destinationPort] = ports;
  const segment = { sourcePort, destinationPort, sequence: 1, acknowledgment: 2, flags, window: 500, urgentPointer: 0 };
  const octets = encodeTcp({ ...segment, options: [], payload: new Uint8Array(5) }, addressOf(from), addressOf(to));
  return ipPacket(from, to, 6, octets);
}

describe.each(['port-restricted', 'symmetric'] as const)('a %s NAT', behaviour => {
  test('UDP goes out from its address and an ordinary port, and the answer comes back', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const outside = portSeen(net);
    expect(outside).toBeGreaterThanOrEqual(1024);
    expect(traffic(net, 'nat:outside')).toEqual([`${NAT} > ${SERVER} | udp ${outside} > 53`]);
    net.send('server', udp(SERVER, NAT, [53, outside]));
    expect(net.takeDeliveries('host').map(line)).toEqual([`${SERVER} > ${HOST} | udp 53 > 5000`]);
  });

  test('nothing comes in that nobody has asked for', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const outside = portSeen(net);
    net.send(
      'server',
      udp(SERVER, NAT, [54, outside]),
      udp(SECOND_SERVER, NAT, [53, outside]),
      udp(SERVER, NAT, [53, (outside + 1) & 0xffff]),
      tcp(SERVER, NAT, [53, outside], TcpFlag.SYN),
      udp(SERVER, HOST, [53, 5000]),
    );
    expect(net.takeDeliveries('host')).toEqual([]);
    expect(net.node('nat').status().drops).toEqual({ natRefused: 5 });
  });

  test('two hosts with the same port have different ones', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]), udp(OTHER_HOST, SERVER, [5000, 53]));
    const [a = 0, b = 0] = portsSeen(net);
    expect(a).not.toBe(b);
    net.send('server', udp(SERVER, NAT, [53, b]), udp(SERVER, NAT, [53, a]));
    const heard = new Set(net.takeDeliveries('host').map(text => line(text).split(' | ')[0]));
    expect(heard).toEqual(new Set([`${SERVER} > ${HOST}`, `${SERVER} > ${OTHER_HOST}`]));
  });

  test('TCP, and pings by their identifier', () => {
    const net = home(behaviour);
    net.send('host', tcp(HOST, SERVER, [1024, 80], TcpFlag.SYN));
    const outside = portSeen(net);
    net.send('server', tcp(SERVER, NAT, [80, outside], TcpFlag.SYN | TcpFlag.ACK));
    net.send('host', ping(HOST, SERVER));
    expect(net.takeDeliveries('host').map(line)).toEqual([
      `${SERVER} > ${HOST} | tcp 80 > 1024`,
      `${SERVER} > ${HOST} | icmp 0/0`,
    ]);
    expect(traffic(net, 'nat:outside').join()).not.toMatch(/192\.168|BAD/);
  });

  test('idle mappings are forgotten, and only what goes out keeps one alive', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const outside = portSeen(net);
    net.advance(100 * NS_PER_S);
    net.send('server', udp(SERVER, NAT, [53, outside]));
    net.advance(30 * NS_PER_S);
    net.send('server', udp(SERVER, NAT, [53, outside]));
    expect(net.takeDeliveries('host')).toHaveLength(1);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    expect(portSeen(net)).not.toBe(outside);
  });

  test('after a rebinding whoever goes on sending comes from another port', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const before = portSeen(net);
    net.take('nat', net.node('nat').command({ kind: 'rebindNat' }, net.now()));
    net.send('server', udp(SERVER, NAT, [53, before]));
    expect(net.takeDeliveries('host')).toEqual([]);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    expect(portSeen(net)).not.toBe(before);
    expect(net.takeEvents('nat').map(event => event.kind)).toContain('natRebound');
  });

  test('an ICMP error about a mapping finds its way, and quotes what its receiver has sent', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const [sent] = net.takeDeliveries('server');
    if (sent === undefined) throw new Error('nothing came');
    const error = encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking: sent });
    net.send('server', ipPacket(SECOND_SERVER, NAT, 1, error));
    expect(net.takeDeliveries('host').map(line)).toEqual([`${SECOND_SERVER} > ${HOST} | icmp 3/3`]);
    const [forged] = [udp(NAT, SERVER, [9, 53])];
    const other = encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking: forged });
    net.send('server', ipPacket(SECOND_SERVER, NAT, 1, other));
    expect(net.takeDeliveries('host')).toEqual([]);
    expect(net.node('nat').status().drops).toEqual({ natRefused: 1 });
  });

  test('the quotation is translated as well, with its checksums', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53]));
    const [sent = new Uint8Array(0)] = net.takeDeliveries('server');
    const invoking = { type: 'destinationUnreachable', code: 3, mtu: 0, invoking: sent } as const;
    net.send('server', ipPacket(SERVER, NAT, 1, encodeIcmpv4(invoking)));
    const [error = new Uint8Array(0)] = net.takeDeliveries('host');
    const icmp = findLayer(dissectPacket(error), 'icmpv4');
    expect(icmp?.checksum).toBe('right');
    expect(icmp?.quoted.map(({ kind }) => kind)).toEqual(['ipv4', 'udp', 'data']);
    expect(icmp?.quoted[0]).toMatchObject({ source: HOST, destination: SERVER, checksum: 'right' });
    expect(icmp?.quoted[1]).toMatchObject({ sourcePort: 5000, destinationPort: 53, checksum: 'right' });
  });

  test('ESP passes only in UDP', () => {
    const net = home(behaviour);
    net.send('host', ipPacket(HOST, SERVER, 50, new Uint8Array(40)));
    net.send('server', ipPacket(SERVER, NAT, 50, new Uint8Array(40)));
    expect([...net.takeDeliveries('server'), ...net.takeDeliveries('host')]).toEqual([]);
    expect(net.node('nat').status().drops).toEqual({ natRefused: 2 });
    net.send('host', udp(HOST, SERVER, [4500, 4500]));
    expect(portsSeen(net)).toHaveLength(1);
  });

  test('fragments are put together, translated, and cut again', () => {
    const net = home(behaviour);
    net.send('host', udp(HOST, SERVER, [5000, 53], 4000));
    expect(net.seen.filter(frame => frame.from === 'nat:outside' && frame.octets.length > 1000).length).toBeGreaterThan(
      1,
    );
    const outside = portSeen(net);
    net.send('server', udp(SERVER, NAT, [53, outside], 4000));
    expect(net.takeDeliveries('host').map(line)).toEqual([`${SERVER} > ${HOST} | udp 53 > 5000`]);
  });

  test('its own address answers pings, and its own programs reach the outside', () => {
    const net = home(behaviour);
    net.send('server', ping(SERVER, NAT));
    expect(net.takeDeliveries('server').map(line)).toEqual([`${NAT} > ${SERVER} | icmp 0/0`]);
    net.send('nat', udp(NAT, SERVER, [7, 53]));
    net.send('server', udp(SERVER, NAT, [53, portSeen(net)]));
    expect(net.takeDeliveries('nat').map(line)).toEqual([`${SERVER} > ${NAT} | udp 53 > 7`]);
  });

  test('IPv6 passes as it is', () => {
    const net = home(behaviour);
    net.send('host', ping('2001:db8:1::2', '2001:db8:2::5'));
    expect(net.takeDeliveries('host').map(line)).toEqual(['2001:db8:2::5 > 2001:db8:1::2 | icmp 129/0']);
  });
});

test.each([
  ['port-restricted', 1],
  ['symmetric', 3],
] as const)('mapping of a %s NAT: %i for one endpoint inside and three outside', (behaviour, count) => {
  const net = home(behaviour);
  net.send('host', udp(HOST, SERVER, [5000, 53]), udp(HOST, SERVER, [5000, 54]), udp(HOST, SECOND_SERVER, [5000, 53]));
  expect(new Set(portsSeen(net)).size).toBe(count);
});

test('a packet that does not fit outside is reported to its sender as it was sent', () => {
  const net = home('port-restricted', 1500, 1400);
  net.send('host', udp(HOST, SERVER, [5000, 53], 1450, { dontFragment: true }));
  const [error = new Uint8Array(0)] = net.takeDeliveries('host');
  expect(line(error)).toBe('192.168.0.1 > 192.168.0.2 | icmp 3/4 mtu 1400');
  expect(findLayer(dissectPacket(error), 'icmpv4')?.quoted[0]).toMatchObject({ source: HOST, destination: SERVER });
});

test('explain says what is translated, and what cannot be', () => {
  const nat = home().node('nat');
  const flow = { source: HOST, destination: SERVER, protocol: 17, sourcePort: 5000, destinationPort: 53 };
  expect(nat.explain(flow)).toMatchObject({ verdict: 'bypass', interface: 'outside' });
  expect(nat.explain(flow).steps).toContain('NAT: from 203.0.113.1, by a port of its own');
  expect(nat.explain({ ...flow, protocol: 50 })).toMatchObject({ verdict: 'discard' });
});

test('the same seed gives the same ports', () => {
  const [one, other] = [home(), home()].map(net => {
    for (let i = 0; i < 5; i++) net.send('host', udp(HOST, SERVER, [5000 + i, 53]));
    return portsSeen(net);
  });
  expect(one).toEqual(other);
});

test.skipIf(!hasTshark)(`tshark finds every checksum right ${NEEDS_TSHARK}`, () => {
  const net = home('symmetric');
  net.send('host', udp(HOST, SERVER, [5000, 53], 3000), udp(HOST, SERVER, [5000, 54], 33), ping(HOST, SERVER));
  net.send('host', tcp(HOST, SERVER, [1024, 80], TcpFlag.SYN));
  for (const octets of net.takeDeliveries('server')) {
    const [kind] = [findLayer(dissectPacket(octets), 'udp')];
    if (kind === null) continue;
    net.send('server', udp(SERVER, NAT, [kind.destinationPort, kind.sourcePort], 21));
    const error = encodeIcmpv4({ type: 'timeExceeded', code: 0, invoking: octets.subarray(0, 500) });
    net.send('server', ipPacket(SERVER, NAT, 1, error));
  }
  const frames = net.seen.filter(({ from }) => from.startsWith('nat:')).map(({ octets }) => octets);
  const sums = ['ip', 'udp', 'tcp', 'icmp'].map(protocol => `${protocol}.checksum.status`);
  const rows = tsharkFields(frames, sums, { reassemble: true });
  expect(rows.filter(row => row.slice(1).join('') !== '').length).toBeGreaterThan(6);
  expect(rows.filter(row => row.some(statuses => statuses.includes('0')))).toEqual([]);
});
