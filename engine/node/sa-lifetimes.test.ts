import { describe, expect, test } from 'vitest';
import { createTypescriptKernel } from '../ipsec/typescript-kernel.ts';
import { NS_PER_S } from '../wire/instant.ts';
import type { SaConfig } from './config.ts';
import type { NodeCommand, NodeEvent } from './node.ts';
import { createNode } from './create.ts';
import { createNet, type Net, testRandom } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, saPair, SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';
import { protectBy } from '../ipsec/spd.ts';

const run = (net: Net, name: string, command: NodeCommand) =>
  net.take(name, net.node(name).command(command, net.now()));
const kinds = (events: readonly NodeEvent[]) => events.map(event => event.kind);
const spis = (net: Net, name: string) =>
  net
    .node(name)
    .status()
    .sas.map(sa => sa.spi);

/** The sites, with these parts in the SA from alice to bob on the side of one of them. */
function withParts(side: 'alice' | 'bob', parts: Partial<SaConfig>): Net {
  const configs = sites().map(config =>
    config.name === side
      ? { ...config, sas: config.sas.map(sa => (sa.spi === TO_BOB ? { ...sa, ...parts } : sa)) }
      : config,
  );
  return createNet(configs, SITE_WIRES);
}

describe('lifetimes', () => {
  test('by packets: the soft limit is told once, and the packet that reaches the hard one is the last', () => {
    const lifetime = { soft: { packets: 3 }, hard: { packets: 5 } };
    const net = withParts('alice', { lifetime });
    net.send('a1', ...Array.from({ length: 20 }, () => udp('10.0.0.2', '10.0.1.2', [1, 2])));
    expect(traffic(net, 'alice:net0')).toHaveLength(5);
    expect(net.takeDeliveries('b1')).toHaveLength(5);
    const told = kinds(net.takeEvents('alice')).filter(kind => kind.startsWith('sa'));
    expect(told.slice(0, 2)).toEqual(['saSoftExpired', 'saHardExpired']);
    expect(net.node('alice').status().drops).toEqual({ noSa: 15 });
    expect(spis(net, 'alice')).toEqual([TO_ALICE]);
  });

  test('by octets, one packet at a time', () => {
    const net = withParts('alice', { lifetime: { soft: { octets: 150 }, hard: { octets: 300 } } });
    for (let i = 0; i < 8; i++) net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2], 72)); // 100 and the trailer
    expect(traffic(net, 'alice:net0')).toHaveLength(3);
    expect(kinds(net.takeEvents('alice')).slice(0, 2)).toEqual(['saSoftExpired', 'saHardExpired']);
  });

  test('by time, to the instant, though nobody has woken the node', () => {
    const [alice] = sites().filter(config => config.name === 'alice');
    if (alice === undefined) throw new Error('no alice');
    const sas = alice.sas.map(sa => ({ ...sa, lifetime: { hard: { seconds: 100 } } }));
    const node = createNode(
      { ...alice, sas },
      { random: testRandom('a'), kernel: createTypescriptKernel(testRandom('k')) },
    );
    const told = (seconds: number) => {
      const packet = { octets: udp('10.0.0.1', '10.0.1.2', [1, 2]), offload: null };
      return kinds(node.send([packet], seconds * NS_PER_S).events).filter(kind => kind !== 'interfaceUp');
    };
    expect(told(0)).toEqual([]);
    expect(told(99)).toEqual([]);
    expect(told(100)).toEqual(['saHardExpired', 'saHardExpired', 'saWanted', 'noSa']);
  });

  test('by time, when nothing else happens', () => {
    const net = withParts('alice', { lifetime: { soft: { seconds: 100 }, hard: { seconds: 200 } } });
    net.advance(99 * NS_PER_S);
    expect(kinds(net.takeEvents('alice'))).toEqual(['saSoftExpired']); // the net has run for 2 s before
    net.advance(98 * NS_PER_S);
    expect(net.takeEvents('alice')).toEqual([]);
    net.advance(2 * NS_PER_S);
    expect(kinds(net.takeEvents('alice'))).toEqual(['saHardExpired']);
    expect(spis(net, 'alice')).toEqual([TO_ALICE]);
  });

  test('by time from when the node was started, however late that is', () => {
    const [, alice] = sites();
    if (alice === undefined) throw new Error('no alice');
    const sas = alice.sas.map(sa => ({ ...sa, lifetime: { hard: { seconds: 100 } } }));
    const late = createNode(
      { ...alice, sas },
      { random: testRandom('late'), kernel: createTypescriptKernel(testRandom('k')) },
    );
    late.wake(1000 * NS_PER_S);
    expect(late.status().sas.map(sa => sa.ageSeconds)).toEqual([0, 0]);
    expect(kinds(late.wake(1099 * NS_PER_S).events)).not.toContain('saHardExpired');
    expect(kinds(late.wake(1100 * NS_PER_S).events)).toContain('saHardExpired');
  });

  test('inbound too: what comes after the end is of an unknown SPI', () => {
    const net = withParts('bob', { lifetime: { hard: { packets: 2 } } });
    net.send('a1', ...Array.from({ length: 4 }, () => udp('10.0.0.2', '10.0.1.2', [1, 2])));
    expect(net.takeDeliveries('b1')).toHaveLength(2);
    expect(net.node('bob').status().drops).toEqual({ unknownSpi: 2 });
  });

  test('what is forged uses up nothing', () => {
    const net = withParts('bob', { lifetime: { hard: { packets: 2 } } });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    const [frame] = net.seen.filter(seen => seen.from === 'internet:bob' && seen.octets[23] === 50);
    if (frame === undefined) throw new Error('no ESP');
    for (let i = 0; i < 10; i++) net.inject('bob', 'net0', frame.octets, frame.octets.with(60, i));
    expect(spis(net, 'bob')).toContain(TO_BOB);
  });
});

describe('the end of the sequence numbers', () => {
  test('stops the SA, with an event that asks for another', () => {
    const net = withParts('alice', { initialSequence: '4294967294' });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]), udp('10.0.0.2', '10.0.1.2', [3, 4]));
    expect(traffic(net, 'alice:net0')).toHaveLength(1);
    expect(net.takeEvents('alice')).toEqual([
      {
        kind: 'saWanted',
        detail: expect.stringContaining('v4_bob0'),
        sa: expect.objectContaining({ spi: TO_BOB, direction: 'outbound' }),
      },
      { kind: 'sequenceExhausted', detail: 'ESP SPI 4096 from 1.2.3.4 to 5.6.7.8 of policy v4_bob0' },
    ]);
  });
});

describe('dummy packets', () => {
  const parts = { trafficFlow: { padToOctets: null, dummyEveryMs: 500 } };

  test('go out while nothing else does, and are thrown away in silence', () => {
    const net = withParts('alice', parts);
    net.seen.length = 0;
    net.advance(2 * NS_PER_S);
    expect(traffic(net, 'internet:bob').length).toBeGreaterThan(1);
    expect(traffic(net, 'internet:bob')[0]).toMatch(/1\.2\.3\.4 > 5\.6\.7\.8 \| esp 4096/);
    expect(net.takeDeliveries('b1')).toEqual([]);
    expect(net.node('bob').status().drops).toEqual({});
    expect(net.takeEvents('bob')).toEqual([]);
    const sa = net
      .node('bob')
      .status()
      .sas.find(each => each.spi === TO_BOB);
    expect(sa?.dummyPackets).toBe(sa?.packets);
    expect(sa?.dummyPackets).toBeGreaterThan(1);
  });

  test('their lengths differ, and packets in between put them off', () => {
    const net = withParts('alice', parts);
    net.advance(5 * NS_PER_S);
    const lengths = net.seen
      .filter(seen => seen.from === 'alice:net0' && seen.octets[23] === 50)
      .map(s => s.octets.length);
    expect(new Set(lengths).size).toBeGreaterThan(5);
    net.seen.length = 0;
    for (let i = 0; i < 10; i++) {
      net.advance(NS_PER_S / 4);
      net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    }
    expect(traffic(net, 'alice:net0')).toHaveLength(10);
  });

  test('padded packets are all of the same length, and arrive as they were', () => {
    const net = withParts('alice', { trafficFlow: { padToOctets: 512, dummyEveryMs: null } });
    const packets = [10, 100, 400].map(size => udp('10.0.0.2', '10.0.1.2', [1, 2], size));
    net.send('a1', ...packets);
    const lengths = net.seen
      .filter(seen => seen.from === 'alice:net0' && seen.octets[23] === 50)
      .map(s => s.octets.length);
    expect(new Set(lengths).size).toBe(1);
    expect(net.takeDeliveries('b1').map(octets => octets.length)).toEqual(packets.map(octets => octets.length));
  });
});

describe('commands', () => {
  test('flushSas takes all of them, one event each', () => {
    const net = createNet(sites(), SITE_WIRES);
    run(net, 'alice', { kind: 'flushSas' });
    expect(spis(net, 'alice')).toEqual([]);
    expect(kinds(net.takeEvents('alice'))).toEqual(['saDeleted', 'saDeleted']);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'alice:net0')).toEqual([]);
  });

  test('setPolicies replaces them at once, and SAs of those that are gone go too', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1')).toHaveLength(1);
    const kept = policy('other', { kind: 'bypass' }, { tunnel: 'v4_bob0' });
    run(net, 'alice', { kind: 'setPolicies', policies: [kept] });
    expect(kinds(net.takeEvents('alice'))).toEqual(['saDeleted', 'saDeleted', 'policyChanged']);
    expect(
      net
        .node('alice')
        .status()
        .policies.map(each => each.name),
    ).toEqual(['other']);
    net.seen.length = 0;
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | 10.0.0.2 > 10.0.1.2 | udp 1 > 2']);
  });

  test('setPolicies that contradict the node change nothing', () => {
    const net = createNet(sites(), SITE_WIRES);
    const twice = policy('p', protectBy('esp', 'tunnel'));
    expect(() => run(net, 'alice', { kind: 'setPolicies', policies: [twice, twice] })).toThrow('the same name');
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
  });

  test('a policy that looks at ports makes a difference at once, for flows that were decided on before', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]), udp('10.0.0.2', '10.0.1.2', [3, 4]));
    const [out] = saPair(TO_BOB, '1.2.3.4', '5.6.7.8', ['v4_bob0', null]);
    run(net, 'alice', {
      kind: 'setPolicies',
      policies: [
        policy('no', { kind: 'discard' }, { tunnel: 'v4_bob0', protocol: 17, localPort: 3 }),
        policy('v4_bob0', protectBy('esp', 'tunnel'), { tunnel: 'v4_bob0' }),
      ],
    });
    expect(spis(net, 'alice')).toContain(out.spi);
    net.seen.length = 0;
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]), udp('10.0.0.2', '10.0.1.2', [3, 4]));
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 3']);
  });
});
