import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, route, saPair, SITE_WIRES, TO_ALICE, TO_BOB } from './testing/sites.ts';

describe('a gateway without tunnel interfaces: its own SPD', () => {
  const lans = { alice: '10.0.0.0/24', bob: '10.0.1.0/24' } as const;

  function policyBased(extra: (side: 'alice' | 'bob') => ReturnType<typeof policy>[] = () => []): Net {
    const [toBob, fromAlice] = saPair(TO_BOB, '1.2.3.4', '5.6.7.8', ['net', 'net']);
    const [toAlice, fromBob] = saPair(TO_ALICE, '5.6.7.8', '1.2.3.4', ['net', 'net']);
    const gateway = (name: 'alice' | 'bob', wan: string, lan: string, next: string) =>
      nodeConfig(name, {
        forwarding: true,
        interfaces: [port('net0', [wan]), port('net1', [lan])],
        routes: [route('0.0.0.0/0', next)],
        policies: [
          ...extra(name),
          policy('net', protectBy('esp', 'tunnel'), {
            local: lans[name],
            remote: lans[name === 'alice' ? 'bob' : 'alice'],
          }),
          policy('icmp-outside', { kind: 'bypass' }, { protocol: 1 }),
        ],
        sas: name === 'alice' ? [toBob, fromBob] : [toAlice, fromAlice],
      });
    return createNet(
      [
        nodeConfig('a1', { interfaces: [port('eth0', ['10.0.0.2/24'])], routes: [route('0.0.0.0/0', '10.0.0.1')] }),
        gateway('alice', '1.2.3.4/24', '10.0.0.1/24', '1.2.3.1'),
        nodeConfig('internet', {
          forwarding: true,
          interfaces: [port('alice', ['1.2.3.1/24']), port('bob', ['5.6.7.1/24'])],
        }),
        gateway('bob', '5.6.7.8/24', '10.0.1.1/24', '5.6.7.1'),
        nodeConfig('b1', { interfaces: [port('eth0', ['10.0.1.2/24'])], routes: [route('0.0.0.0/0', '10.0.1.1')] }),
      ],
      SITE_WIRES,
    );
  }

  test('protects what its policy names, with the SA’s addresses outside', () => {
    const net = policyBased();
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
  });

  test('lets pass what a policy lets pass, and discards the rest', () => {
    const net = policyBased();
    net.send('a1', ping('10.0.0.2', '1.2.3.1'), udp('10.0.0.2', '1.2.3.1', [1, 2]));
    expect(traffic(net, 'alice:net0')).toEqual(['10.0.0.2 > 1.2.3.1 | icmp 8/0']);
    expect(net.node('alice').status().drops).toEqual({ policyDiscard: 1 });
  });

  test('discards clear packets that should have been protected', () => {
    const net = policyBased();
    net.injectPackets('bob', 'net0', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'bob:net1')).toEqual([]);
    expect(net.node('bob').status().drops).toEqual({ policyDiscard: 1 });
  });

  test('the first match decides', () => {
    const net = policyBased(() => [policy('no-udp', { kind: 'discard' }, { protocol: 17 })]);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(net.node('alice').status().policies[0]).toMatchObject({ name: 'no-udp', action: 'discard', packets: 1 });
  });

  test('a policy with ports: packets that are too long are protected whole, and the ESP is fragmented', () => {
    const net = policyBased(ports);
    const [out, into] = saPair(6000, '1.2.3.4', '5.6.7.8', ['port', 'port']);
    net.take('alice', net.node('alice').command({ kind: 'installSa', sa: out }, net.now()));
    net.take('bob', net.node('bob').command({ kind: 'installSa', sa: into }, net.now()));
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2], 1460));
    expect(traffic(net, 'alice:net0')).toEqual([
      '1.2.3.4 > 5.6.7.8 fragment 0+ | esp 6000 1',
      expect.stringMatching(/^1\.2\.3\.4 > 5\.6\.7\.8 fragment 1480/),
    ]);
    expect(net.takeDeliveries('b1').map(line)).toEqual(['10.0.0.2 > 10.0.1.2 | udp 1 > 2']);
  });
});

function ports(side: 'alice' | 'bob') {
  const own = { localPort: side === 'alice' ? 1 : 2, remotePort: side === 'alice' ? 2 : 1 } as const;
  return [policy('port', protectBy('esp', 'tunnel'), { protocol: 17, ...own })];
}
