import { expect, test } from 'vitest';
import { filterOf } from '../filter/testing/filter-of.ts';
import { corpusFor, fuzzNode } from './testing/fuzz.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { nodeConfig, port, route } from './testing/sites.ts';

const FILTER = `block in log body all
block return-icmp-as-dest(port-unr) out proto udp from any to any port = 9
block return-rst in quick proto tcp from any to any port < 1024
pass in quick proto icmp all keep state keep frags
pass in quick proto ipv6-icmp all keep state keep frags
pass in quick proto udp from any to any port = 53 keep state keep frags
pass in quick proto tcp all flags S/SA keep state
block in quick all with short and ipopts
block in quick all with opt lsrr,ssrr
block in quick all with v6hdrs routing
block in quick all with bad
pass in quick all with bad-src
pass out all keep state
`;

const WIRES = [
  ['h:e', 'r:inside'],
  ['r:outside', 's:e'],
] as const;

function scene(hasNat: boolean): Net {
  const inside = ['10.0.0.1/24', '2001:db8:1::1/64'];
  const outside = ['192.0.2.1/24', '2001:db8:2::1/64'];
  return createNet(
    [
      nodeConfig('h', {
        interfaces: [port('e', ['10.0.0.2/24', '2001:db8:1::2/64'])],
        routes: [route('0.0.0.0/0', '10.0.0.1'), route('::/0', '2001:db8:1::1')],
      }),
      nodeConfig('r', {
        forwarding: true,
        interfaces: [port('inside', inside), port('outside', outside)],
        filter: filterOf(FILTER),
        hostModel: 'strong',
        antiSpoofing: true,
        nat: hasNat ? { outside: 'outside', behaviour: 'symmetric', idleSeconds: 30 } : null,
      }),
      nodeConfig('s', {
        interfaces: [port('e', ['192.0.2.5/24', '2001:db8:2::5/64'])],
        routes: [route('10.0.0.0/24', '192.0.2.1'), route('::/0', '2001:db8:2::1')],
      }),
    ],
    WIRES,
  );
}

test.each([false, true])(
  'mutated frames at a filter, with a NAT: %s; it throws nothing and keeps its bounds',
  hasNat => {
    const net = scene(hasNat);
    const [h4, s4, h6, s6] = ['10.0.0.2', '192.0.2.5', '2001:db8:1::2', '2001:db8:2::5'];
    const segment = Uint8Array.of(4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 1, 0, 0, 0, 0, 0, 3, 3, 7, 1);
    net.send(
      'h',
      ping(h4, s4),
      ping(h6, s6),
      udp(h4, s4, [1, 53], 3000),
      udp(h6, s6, [1, 53], 3000),
      udp(h4, s4, [1, 9]),
    );
    net.send('h', ipPacket(h4, s4, 6, segment), ipPacket(h6, s6, 6, segment), ping(h4, s4, 8, { hopLimit: 1 }));
    net.send('s', ping(s4, h4), ping(s6, h6), udp(s6, h6, [53, 1], 3000), ipPacket(s4, '192.0.2.1', 50, segment));
    const report = fuzzNode(net, 'r', corpusFor(net, WIRES, 'r'), { frames: 20_000, seed: `filter ${hasNat}` });
    expect(report.drops['filtered']).toBeGreaterThan(100);
    expect(net.node('r').status().filter?.states).toBeLessThanOrEqual(16_384);
  },
);
