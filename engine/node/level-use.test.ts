import { expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_S } from '../wire/instant.ts';
import type { NodeConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, saPair } from './testing/sites.ts';

/** Two hosts on one wire, in transport mode at level `use`, with somebody who negotiates for alice or nobody. */
function pair(negotiation: NodeConfig['negotiation']): Net {
  const of = (name: string, own: string, peer: string) =>
    nodeConfig(name, {
      interfaces: [port('e', [`${own}/24`])],
      policies: [
        policy(
          'mesh',
          {
            kind: 'protect',
            sharing: 'shared',
            transforms: [{ protocol: 'esp', mode: 'transport', level: 'use', requestId: null, ends: null }],
          },
          { local: [`${own}/32`], remote: [`${peer}/32`] },
        ),
      ],
      ...(negotiation ? { negotiation } : {}),
    });
  return createNet([of('alice', '10.0.0.1', '10.0.0.2'), of('bob', '10.0.0.2', '10.0.0.1')], [['alice:e', 'bob:e']]);
}

const wants = (net: Net) =>
  net
    .takeEvents('alice')
    .filter(({ kind }) => kind === 'saWanted')
    .map(({ wanted }) => wanted);

test('what goes in the clear tells whoever negotiates now and then that an SA would be used', () => {
  const net = pair({ ports: [500] });
  const say = (count: number) => {
    for (let i = 0; i < count; i++) net.send('alice', udp('10.0.0.1', '10.0.0.2', [7, 7]));
  };
  say(50);
  expect(net.takeDeliveries('bob')).toHaveLength(50);
  expect(wants(net)).toEqual([
    {
      policy: 'mesh',
      transform: 0,
      flow: {
        source: '10.0.0.1',
        destination: '10.0.0.2',
        protocol: 17,
        sourcePort: 7,
        destinationPort: 7,
      },
    },
  ]);
  net.advance(500 * NS_PER_MS);
  say(5);
  expect(wants(net)).toEqual([]);
  net.advance(NS_PER_S);
  say(5);
  expect(wants(net)).toHaveLength(1);
});

test('nobody is told once there is an SA, and nothing is lost on the way there', () => {
  const net = pair({ ports: [500] });
  net.send('alice', udp('10.0.0.1', '10.0.0.2', [7, 7]));
  const [out, into] = saPair(4096, '10.0.0.1', '10.0.0.2', ['mesh', 'mesh'], { mode: 'transport' });
  net.take('bob', net.node('bob').command({ kind: 'installSa', sa: into }, net.now()));
  net.send('alice', udp('10.0.0.1', '10.0.0.2', [7, 7]));
  net.take('alice', net.node('alice').command({ kind: 'installSa', sa: out }, net.now()));
  wants(net);
  net.advance(2 * NS_PER_S);
  net.send('alice', udp('10.0.0.1', '10.0.0.2', [7, 7]));
  expect(wants(net)).toEqual([]);
  expect(net.takeDeliveries('bob').map(line)).toEqual(
    Array.from({ length: 3 }, () => '10.0.0.1 > 10.0.0.2 | udp 7 > 7'),
  );
  expect(traffic(net, 'alice:e').map(each => each.includes('esp'))).toEqual([false, false, true]);
});

test('where nobody negotiates there is nobody to tell', () => {
  const net = pair(null);
  net.send('alice', udp('10.0.0.1', '10.0.0.2', [7, 7]));
  expect(wants(net)).toEqual([]);
});
