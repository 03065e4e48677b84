import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import type { PolicyConfig } from './config.ts';
import type { Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { gatewayNet, LANS, type Side } from './testing/scenes.ts';
import { policy, saPair } from './testing/sites.ts';

const policyBased = (extra: (side: Side) => readonly PolicyConfig[] = () => []): Net =>
  gatewayNet(side => [
    ...extra(side),
    policy('net', protectBy('esp', 'tunnel'), {
      local: LANS[side],
      remote: LANS[side === 'alice' ? 'bob' : 'alice'],
    }),
    policy('icmp-outside', { kind: 'bypass' }, { protocol: 1 }),
  ]);

describe('a gateway without tunnel interfaces: its own SPD', () => {
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
