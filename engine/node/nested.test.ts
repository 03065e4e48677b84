import { describe, expect, test } from 'vitest';
import { protectBy, type Transform } from '../ipsec/spd.ts';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, route, saPair, tunnel } from './testing/sites.ts';

describe('one gateway behind another', () => {
  test.each(['bundle', 'interfaces'] as const)('two tunnels, one in the other, as %s', how => {
    const net = nested(how);
    net.send('a', ping('192.0.2.1', '203.0.113.2'));
    expect(traffic(net, 'a:e')).toEqual(['192.0.2.1 > 192.0.2.2 | esp 5000 1']);
    expect(traffic(net, 'g:right')).toEqual(['192.0.2.1 > 198.51.100.2 | esp 4096 1']);
    expect(traffic(net, 'g:left')).toEqual(['192.0.2.2 > 192.0.2.1 | esp 5001 1']);
    expect(net.takeDeliveries('a').map(line)).toEqual(['203.0.113.2 > 192.0.2.1 | icmp 0/0']);
    expect(net.node('a').status().drops).toEqual({});
  });

  test.each(['bundle', 'interfaces'] as const)('the inner one alone is refused, as %s', how => {
    const net = nested(how);
    net.send('b', udp('203.0.113.2', '192.0.2.1', [1, 2]));
    const [fromH] = net.seen.filter(frame => frame.from === 'h:left').slice(-1);
    if (fromH === undefined) throw new Error('nothing was sent');
    expect(net.takeDeliveries('a')).toHaveLength(1);
    const other = nested(how);
    other.injectPackets('a', 'e', fromH.octets.subarray(14));
    expect(other.takeDeliveries('a')).toHaveLength(how === 'bundle' ? 0 : 1);
  });

  test('explain names both', () => {
    const flow = { source: '192.0.2.1', destination: '203.0.113.2', protocol: 17, sourcePort: 1, destinationPort: 2 };
    const net = nested('bundle');
    const explanation = net.node('a').explain(flow);
    expect(explanation.steps.filter(step => step.startsWith('SA'))).toEqual([
      'SA: SPI 4096 (0x00001000), aes256gcm16, tunnel mode',
      'SA: SPI 5000 (0x00001388), aes256gcm16, tunnel mode',
    ]);
    net.send('a', udp('192.0.2.1', '203.0.113.2', [1, 2], 64));
    expect(explanation.frameOctets).toBe(net.seen.findLast(frame => frame.from === 'a:e')?.octets.length);
  });
});

/** a – outer gateway – inner gateway – host behind: a protects to the inner gateway, and all of that to the outer one. */
function nested(how: 'bundle' | 'interfaces'): Net {
  const [a, g, h] = ['192.0.2.1', '192.0.2.2', '198.51.100.2'];
  const inner = saPair(4096, a, h, ['inner', 'inner']);
  const innerBack = saPair(4097, h, a, ['inner', 'inner']);
  const outerName = how === 'bundle' ? 'inner' : 'outer';
  const parts = how === 'bundle' ? { transform: 1 } : {};
  const [outerOut] = saPair(5000, a, g, [outerName, 'outer'], parts);
  const [, outerIn] = saPair(5000, a, g, [outerName, 'outer']);
  const [outerBack] = saPair(5001, g, a, ['outer', outerName]);
  const [, outerHome] = saPair(5001, g, a, ['outer', outerName], parts);
  const behind = { local: '203.0.113.0/24', remote: `${a}/32` };
  const toBehind = { local: `${a}/32`, remote: '203.0.113.0/24' };
  const two: Transform[] = [
    { protocol: 'esp', mode: 'tunnel', level: 'require', requestId: null, ends: { local: a, remote: h } },
    { protocol: 'esp', mode: 'tunnel', level: 'require', requestId: null, ends: { local: a, remote: g } },
  ];
  const road =
    how === 'bundle'
      ? {
          routes: [route('0.0.0.0/0', g)],
          policies: [policy('inner', { kind: 'protect', transforms: two, sharing: 'shared' }, toBehind)],
        }
      : {
          tunnels: [tunnel('toH', a, h), tunnel('toG', a, g)],
          routes: [route('203.0.113.0/24', null, 'toH'), route(`${h}/32`, null, 'toG')],
          policies: [
            policy('inner', protectBy('esp', 'tunnel'), { tunnel: 'toH' }),
            policy('outer', protectBy('esp', 'tunnel'), { tunnel: 'toG' }),
          ],
        };
  return createNet(
    [
      nodeConfig('a', {
        interfaces: [port('e', [`${a}/24`])],
        sas: [inner[0], innerBack[1], outerOut, outerHome],
        ...road,
      }),
      nodeConfig('g', {
        forwarding: true,
        interfaces: [port('left', [`${g}/24`]), port('right', ['198.51.100.1/24'])],
        policies: [policy('outer', protectBy('esp', 'tunnel'), { local: '198.51.100.0/24', remote: `${a}/32` })],
        sas: [outerIn, outerBack],
      }),
      nodeConfig('h', {
        forwarding: true,
        interfaces: [port('left', [`${h}/24`]), port('right', ['203.0.113.1/24'])],
        routes: [route('0.0.0.0/0', '198.51.100.1')],
        policies: [policy('inner', protectBy('esp', 'tunnel'), behind)],
        sas: [inner[1], innerBack[0]],
      }),
      nodeConfig('b', { interfaces: [port('e', ['203.0.113.2/24'])], routes: [route('0.0.0.0/0', '203.0.113.1')] }),
    ],
    [
      ['a:e', 'g:left'],
      ['g:right', 'h:left'],
      ['h:right', 'b:e'],
    ],
  );
}
