import { describe, expect, test } from 'vitest';
import { filterOf } from '../filter/testing/filter-of.ts';
import { encodeTcp, TcpFlag } from '../wire/tcp.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { NodeConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, resolution, traffic } from './testing/read.ts';
import { aroundRouter } from './testing/scenes.ts';
import { nodeConfig, port, route, tunnel } from './testing/sites.ts';

/** h1 – r – h2, both families; the router has the filter. */
const around = (text: string | null, parts: Partial<NodeConfig> = {}): Net =>
  aroundRouter({ filter: text === null ? null : filterOf(text), ...parts });

const V4 = { near: '10.1.0.2', far: '10.2.0.2', router: '10.1.0.1', ping: 'icmp', unreachable: '3/' };
const V6 = {
  near: '2001:db8:1::2',
  far: '2001:db8:2::2',
  router: '2001:db8:1::1',
  ping: 'ipv6-icmp',
  unreachable: '1/',
};

function syn(from: string, to: string, ports: readonly [number, number], flags: number = TcpFlag.SYN): Uint8Array {
  const segment = {
    sourcePort: ports[0],
    destinationPort: ports[1],
    sequence: 1000,
    acknowledgment: 77,
    flags,
    window: 1000,
    urgentPointer: 0,
    options: [],
    payload: new Uint8Array(3),
  };
  return ipPacket(from, to, 6, encodeTcp(segment, addressOf(from), addressOf(to)));
}

describe.each([V4, V6])('a filter in $near', ({ near, far, router, ping: icmp, unreachable }) => {
  test('block in: nothing gets past, and the event names the rule', () => {
    const net = around('pass in all\nblock in on left from any to any port = 53\n');
    net.send('h1', udp(near, far, [1000, 53]), udp(near, far, [1000, 54]));
    expect(net.takeDeliveries('h2').map(line)).toEqual([`${near} > ${far} | udp 1000 > 54`]);
    expect(net.node('r').status().drops).toEqual({ filtered: 1 });
    expect(net.takeEvents('r').map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
      `filtered: ${near} > ${far} protocol 17 ports 1000 > 53 in on left: ipf.conf:2: block in on left from any to any port = 53`,
    ]);
  });

  test('block out: forwarded packets, and those of the router', () => {
    const net = around(`block out on right proto ${icmp} from any to ${far}\n`);
    net.send('h1', ping(near, far));
    net.send('r', ping(near.replace(/2$/, '1').replace('1.0.1', '2.0.1'), far));
    expect(traffic(net, 'r:right')).toEqual([]);
    expect(net.node('r').status().drops['filtered']).toBe(2);
  });

  test('a flow that was decided on before is filtered like any other', () => {
    const net = around('pass in all\n');
    for (let i = 0; i < 3; i++) net.send('h1', udp(near, far, [1, 2]));
    net.take('r', net.node('r').command({ kind: 'setFilter', filter: filterOf('block in on left all\n') }, net.now()));
    net.send('h1', udp(near, far, [1, 2]));
    expect(net.takeDeliveries('h2')).toHaveLength(3);
    net.take('r', net.node('r').command({ kind: 'setFilter', filter: null }, net.now()));
    net.send('h1', udp(near, far, [1, 2]));
    expect(net.takeDeliveries('h2')).toHaveLength(1);
    expect(net.takeEvents('r').map(event => event.kind)).toContain('policyChanged');
  });

  test('return-rst answers in the name of the far end', () => {
    const net = around('block return-rst in on left proto tcp all\n');
    net.send('h1', syn(near, far, [1024, 80]), syn(near, far, [1024, 80], TcpFlag.RST));
    expect(net.takeDeliveries('h1').map(line)).toEqual([`${far} > ${near} | tcp 80 > 1024`]);
    const [reset] = net.seen.filter(frame => frame.from === 'r:left').slice(-1);
    const at = reset === undefined ? 0 : reset.octets.length - 20;
    expect(Array.from(reset?.octets.subarray(at + 4, at + 14) ?? [])).toEqual([0, 0, 0, 0, 0, 0, 3, 236, 80, 20]);
  });

  test('return-icmp, with any code, from the router or in the name of the far end', () => {
    const net = around(
      'block return-icmp(filter-prohib) in proto udp from any to any port = 1\nblock return-icmp-as-dest(port-unr) in proto udp from any to any port = 2\n',
    );
    net.send('h1', udp(near, far, [9, 1]), udp(near, far, [9, 2]));
    const [prohibited, portless] = unreachable === '3/' ? ['13', '3'] : ['1', '4'];
    expect(net.takeDeliveries('h1').map(text => line(text).split(' | ').slice(0, 2).join())).toEqual([
      `${router} > ${near},icmp ${unreachable}${prohibited}`,
      `${far} > ${near},icmp ${unreachable}${portless}`,
    ]);
  });

  test('keep state: one rule for both directions of a flow, and for errors about it', () => {
    const net = around(`block in all\nblock out all\npass in on left proto udp all keep state\n`);
    net.send('h1', udp(near, far, [1000, 53]));
    net.send('h2', udp(far, near, [53, 1000]), udp(far, near, [53, 1001]));
    expect(net.takeDeliveries('h2')).toHaveLength(1);
    expect(net.takeDeliveries('h1').map(line)).toEqual([`${far} > ${near} | udp 53 > 1000`]);
    expect(net.node('r').status().filter).toMatchObject({
      states: 1,
      passed: { in: 2, out: 2 },
      blocked: { in: 1, out: 0 },
    });
  });

  test('explain names the rule of each hook', () => {
    const net = around(
      'block in all\npass in quick on left proto udp from any to any port = 53\nblock out on right from any to any port = 53\n',
    );
    const flow = { source: near, destination: far, protocol: 17, sourcePort: 5, destinationPort: 53 };
    const before = net.node('r').status();
    const { verdict, steps, rule } = net.node('r').explain(flow);
    expect({ verdict, rule }).toEqual({ verdict: 'discard', rule: 'block out on right from any to any port = 53' });
    expect(steps.filter(step => step.startsWith('filter'))).toEqual([
      'filter in on left: ipf.conf:2: pass in quick on left proto udp from any to any port = 53: pass',
      'filter out on right: ipf.conf:3: block out on right from any to any port = 53: block',
    ]);
    expect(net.node('r').status()).toEqual(before);
    expect(net.node('r').explain({ ...flow, destinationPort: 54 })).toMatchObject({
      verdict: 'discard',
      rule: 'block in all',
    });
  });
});

describe('what concerns a link alone', () => {
  test('ARP and Neighbor Discovery pass a filter that blocks everything; a rule that names ICMPv6 decides on the latter', () => {
    const net = around('block in all\nblock out all\n');
    net.send('h1', ping(V4.near, V4.far), ping(V6.near, V6.far));
    expect(resolution(net, 'r:left')).toContain('neighborAdvertisement');
    expect(resolution(net, 'r:left').join()).toContain('arp ');
    const strict = around('block in on left proto ipv6-icmp all\n');
    strict.seen.length = 0;
    strict.send('h1', ping(V6.near, V6.far));
    expect(resolution(strict, 'r:left')).toEqual([]);
    const silent = around('block out on left proto ipv6-icmp all icmp-type neighadvert\n');
    silent.seen.length = 0;
    silent.send('h1', ping(V6.near, V6.far));
    expect(resolution(silent, 'r:left')).toEqual([]);
  });

  test('log rules write what passed, and no more than ten entries a second', () => {
    const net = around('pass in log level local0.info on left proto udp all\n');
    for (let i = 0; i < 100; i++) net.send('h1', udp(V4.near, V4.far, [1, 2]));
    const entries = net.takeEvents('r').filter(event => event.kind === 'filterLogged');
    expect(entries.map(event => event.detail)).toEqual([
      'local0.info: pass in on left: 10.1.0.2 > 10.2.0.2 protocol 17 ports 1 > 2, 60 octets: ipf.conf:1: pass in log level local0.info on left proto udp all',
    ]);
    net.advance(NS_PER_S);
    net.send('h1', udp(V4.near, V4.far, [1, 2]));
    expect(net.takeEvents('r').find(event => event.kind === 'filterLogged')?.detail).toContain('(and 99 before)');
  });
});

describe('the strong host model, RFC 1122 §3.3.4.2', () => {
  test.each([V4, V6])('an address is reached only by the interface that has it: $near', ({ near, router, far }) => {
    const farSide = far.replace(/2$/, '1');
    for (const hostModel of ['weak', 'strong'] as const) {
      const net = around(null, { hostModel });
      net.send('h1', ping(near, router), ping(near, farSide));
      expect(net.takeDeliveries('h1')).toHaveLength(hostModel === 'weak' ? 2 : 1);
      expect(net.node('r').status().drops).toEqual(hostModel === 'weak' ? {} : { wrongInterface: 1 });
    }
  });

  test('what the node sends has an address of the interface that it leaves by', () => {
    const net = around(null, { hostModel: 'strong' });
    net.send('r', udp('10.1.0.1', '10.2.0.2', [1, 2]), udp('10.2.0.1', '10.2.0.2', [1, 2]));
    expect(net.takeDeliveries('h2').map(line)).toEqual(['10.2.0.1 > 10.2.0.2 | udp 1 > 2']);
    expect(net.node('r').sourceFor('10.2.0.2')).toBe('10.2.0.1');
  });

  test('no address of another interface is chosen as the source', () => {
    const parts = {
      interfaces: [port('left', ['10.1.0.1/24']), port('right', ['2001:db8:2::1/64'])],
      routes: [route('10.2.0.0/24', null, 'right')],
    };
    expect(
      around(null, { ...parts, hostModel: 'weak' })
        .node('r')
        .sourceFor('10.2.0.2'),
    ).toBe('10.1.0.1');
    expect(
      around(null, { ...parts, hostModel: 'strong' })
        .node('r')
        .sourceFor('10.2.0.2'),
    ).toBeNull();
  });
});

describe('anti-spoofing, RFC 3704', () => {
  test.each([V4, V6])('a packet whose source is not where it came from: $near', ({ near, far }) => {
    const third = near.replace('1.0.2', '3.0.9').replace('1::2', '9::9');
    const net = around(null, { antiSpoofing: true });
    net.send('h1', udp(near, far, [1, 2]), udp(third, far, [1, 2]), udp(far.replace(/2$/, '7'), far, [1, 2]));
    expect(net.takeDeliveries('h2').map(line)).toEqual([`${near} > ${far} | udp 1 > 2`]);
    expect(net.node('r').status().drops).toEqual({ spoofed: 2 });
  });
});

describe('tunnels', () => {
  test('a filter sees what each interface carries: IP-in-IP on the link, the inner packet on the tunnel', () => {
    const count =
      'count in on e proto ipencap all\ncount out on e proto ipencap all\ncount in on t0 proto udp all\ncount out on t0 proto udp all\ncount in on e proto udp all\n';
    const end = (name: string, own: string, other: string, inner: string, farInner: string) =>
      nodeConfig(name, {
        interfaces: [port('e', [`${own}/24`])],
        tunnels: [tunnel('t0', own, other, `${inner}/32`)],
        routes: [route(`${farInner}/32`, null, 't0')],
        filter: filterOf(count),
      });
    const net = createNet(
      [
        end('p', '10.0.0.1', '10.0.0.2', '192.168.0.1', '192.168.0.2'),
        end('q', '10.0.0.2', '10.0.0.1', '192.168.0.2', '192.168.0.1'),
      ],
      [['p:e', 'q:e']],
    );
    net.send('p', udp('192.168.0.1', '192.168.0.2', [1, 2]));
    const packets = (name: string) =>
      net
        .node(name)
        .status()
        .filter?.rules.map(rule => rule.packets);
    expect(packets('p')).toEqual([0, 1, 0, 1, 0]);
    expect(packets('q')).toEqual([1, 0, 1, 0, 0]);
  });
});
