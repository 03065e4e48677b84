import { describe, expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import type { SelectorInput } from '../ipsec/spd.ts';
import type { NodeConfig, SaConfig } from './config.ts';
import type { NodeCommand, NodeEvent } from './node.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { route, saPair, SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';
import { policy } from './testing/sites.ts';

/** What a node is to one who negotiates: what it asks for, and what it can be told. */

const ASKS = ping('10.0.0.2', '10.0.1.2');
const negotiation = { ports: [500, 4500] };
const run = (net: Net, name: string, command: NodeCommand) =>
  net.take(name, net.node(name).command(command, net.now()));
const kinds = (events: readonly NodeEvent[]) => events.map(({ kind }) => kind);
const spiOf = (net: Net, from: string) =>
  net.seen.filter(({ from: end, octets }) => end === from && octets[23] === 50).map(({ octets }) => octets[37] ?? 0);

/** The two offices; nobody has given them an SA. */
function bare(change: (config: NodeConfig) => NodeConfig = config => config): Net {
  const configs = sites().map(config => change({ ...config, sas: [], negotiation }));
  return createNet(configs, SITE_WIRES);
}

function install(net: Net, [out, into]: readonly [SaConfig, SaConfig], from: 'alice' | 'bob'): void {
  run(net, from === 'alice' ? 'bob' : 'alice', { kind: 'installSa', sa: into });
  run(net, from, { kind: 'installSa', sa: out });
}

const forth = (spi = TO_BOB, parts: Partial<SaConfig> = {}) =>
  saPair(spi, '1.2.3.4', '5.6.7.8', ['v4_bob0', 'v4_alice0'], parts);
const back = (spi = TO_ALICE, parts: Partial<SaConfig> = {}) =>
  saPair(spi, '5.6.7.8', '1.2.3.4', ['v4_alice0', 'v4_bob0'], parts);

describe('an SA that is there', () => {
  test('is heard when an authentic packet comes by it, and not before', () => {
    const net = bare();
    install(net, forth(), 'alice');
    const inbound = [{ spi: TO_BOB, protocol: 'esp', destination: '5.6.7.8' } as const];
    const heard = () => net.node('bob').lastHeard(inbound);
    expect(heard()).toBeNull();
    net.advance(5 * NS_PER_S);
    net.send('a1', ASKS);
    const first = heard();
    expect(first).toBe(net.now());
    net.advance(5 * NS_PER_S);
    // A copy is no sign of life: anybody may have kept it.
    const copy = net.seen.find(({ from, octets }) => from.startsWith('internet') && octets[23] === 50)?.octets;
    net.inject('bob', 'net0', copy ?? new Uint8Array(0));
    expect(net.node('bob').status().drops).toEqual({ replayed: 1 });
    expect(heard()).toBe(first);
    expect(net.node('bob').lastHeard([{ spi: 1, protocol: 'esp', destination: '5.6.7.8' }])).toBeNull();
  });

  test('says its name when somebody takes it away', () => {
    const net = bare();
    install(net, forth(), 'alice');
    run(net, 'bob', { kind: 'flushSas' });
    expect(net.takeEvents('bob').map(({ kind, sa }) => [kind, sa?.spi])).toContainEqual(['saDeleted', TO_BOB]);
  });
});

describe('an SA that is not there', () => {
  test('is asked for, with the policy, the transform and the packet', () => {
    const net = bare();
    net.send('a1', ASKS);
    expect(net.takeEvents('alice')).toEqual([
      {
        kind: 'saWanted',
        detail: expect.stringContaining('policy v4_bob0 has no outbound SA'),
        wanted: {
          policy: 'v4_bob0',
          transform: 0,
          flow: {
            source: '10.0.0.2',
            destination: '10.0.1.2',
            protocol: 1,
            sourcePort: null,
            destinationPort: null,
            icmp: { type: 8, code: 0 },
          },
        },
      },
    ]);
  });

  test('does not cost the packet that asked: it goes when the SA has come', () => {
    const net = bare();
    net.send('a1', ASKS);
    expect(net.node('alice').status().drops).toEqual({});
    install(net, back(), 'bob');
    install(net, forth(), 'alice');
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
  });

  test('is waited for by one packet of a policy, and not for ever', () => {
    const net = bare();
    net.send('a1', ASKS, ASKS, ASKS);
    expect(net.node('alice').status().drops).toEqual({ noSa: 2 });
    net.advance(11 * NS_PER_S);
    install(net, forth(), 'alice');
    expect(net.takeDeliveries('b1')).toEqual([]);
    expect(net.node('alice').status().drops).toEqual({ noSa: 3 });
  });

  test('that comes for other flows lets nothing pass, and is not asked for again at once', () => {
    const net = bare();
    net.send('a1', ASKS);
    const other = { local: '10.0.0.9/32', remote: '10.0.1.0/24', protocol: 'any', localPort: 'any', remotePort: 'any' };
    for (let i = 0; i < 5; i++) install(net, forth(6000 + i, { selector: other as SelectorInput }), 'alice');
    net.send('a1', ASKS);
    expect(kinds(net.takeEvents('alice')).filter(kind => kind === 'saWanted')).toHaveLength(1);
    net.advance(NS_PER_S);
    net.send('a1', ASKS);
    expect(kinds(net.takeEvents('alice'))).toContain('saWanted');
    expect(net.takeDeliveries('b1')).toEqual([]);
    install(net, forth(), 'alice');
    expect(net.takeDeliveries('b1')).toEqual([]);
    expect(spiOf(net, 'alice:net0')).toEqual([TO_BOB & 255]);
  });

  test('that came and went again is asked for at once, by the same flow', () => {
    const net = bare();
    net.send('a1', ASKS);
    install(net, back(), 'bob');
    install(net, forth(), 'alice');
    run(net, 'alice', { kind: 'deleteSa', spi: TO_BOB, direction: 'outbound' });
    net.takeEvents('alice');
    net.send('a1', ASKS);
    expect(kinds(net.takeEvents('alice'))).toEqual(['saWanted']);
    install(net, forth(4200), 'alice');
    expect(net.takeDeliveries('a1')).toHaveLength(2);
  });

  test('of a bundle is asked for one after the other', () => {
    const configs = sites({ by: 'bundle' }).map(config => ({ ...config, sas: [], negotiation }));
    const net = createNet(configs, SITE_WIRES);
    net.send('alice', ping('10.0.0.1', '10.0.1.2'));
    install(net, forth(), 'alice');
    const wanted = net.takeEvents('alice').flatMap(event => (event.wanted === undefined ? [] : [event.wanted]));
    expect(wanted.map(({ transform }) => transform)).toEqual([0, 1]);
  });
});

describe('an SA in the place of another', () => {
  test('takes over with the next packet, and what the old one has still under way arrives', () => {
    const net = bare();
    install(net, back(), 'bob');
    install(net, forth(), 'alice');
    const lost: Uint8Array[] = [];
    net.alter = ({ from, octets }) => (from === 'alice:net0' && octets[23] === 50 ? (lost.push(octets), null) : octets);
    net.send('a1', ASKS);
    net.alter = null;
    install(net, forth(4200), 'alice');
    net.send('a1', ASKS);
    expect(spiOf(net, 'alice:net0').slice(-1)).toEqual([4200 & 255]);
    const [late] = lost;
    if (late === undefined) throw new Error('nothing was sent');
    net.inject('internet', 'alice', late);
    expect(net.takeDeliveries('a1')).toHaveLength(2);
    run(net, 'alice', { kind: 'deleteSa', spi: TO_BOB, direction: 'outbound' });
    run(net, 'bob', { kind: 'deleteSa', spi: TO_BOB, direction: 'inbound' });
    net.send('a1', ASKS);
    expect(net.takeDeliveries('a1')).toHaveLength(1);
    expect(net.node('bob').status().drops).toEqual({});
  });
});

describe('an SA for several traffic selectors', () => {
  const any = { protocol: 'any', localPort: 'any', remotePort: 'any' } as const;
  const seen = (way: 'from alice' | 'from bob', hosts: readonly string[]) =>
    hosts.map(host => {
      const sides = [`10.0.0.${host}/32`, '10.0.1.0/24'] as const;
      return { ...any, local: sides[way === 'from alice' ? 0 : 1], remote: sides[way === 'from alice' ? 1 : 0] };
    });

  test('carries what one of them selects, and nothing else', () => {
    const net = bare();
    const [out, into] = forth();
    run(net, 'bob', { kind: 'installSa', sa: { ...into, selector: seen('from bob', ['2', '3']) } });
    run(net, 'alice', { kind: 'installSa', sa: { ...out, selector: seen('from alice', ['2', '3']) } });
    for (const host of [2, 3, 4]) net.send('a1', udp(`10.0.0.${host}`, '10.0.1.2', [1, 2]));
    expect(net.takeDeliveries('b1').map(line)).toEqual(
      [2, 3].map(host => expect.stringContaining(`10.0.0.${host} > 10.0.1.2`)),
    );
    expect(kinds(net.takeEvents('alice'))).toContain('saWanted');
  });

  test('what comes through it and is of none of them is refused', () => {
    const net = bare();
    const [out, into] = forth();
    run(net, 'bob', { kind: 'installSa', sa: { ...into, selector: seen('from bob', ['2', '3']) } });
    run(net, 'alice', { kind: 'installSa', sa: out });
    net.send('a1', udp('10.0.0.4', '10.0.1.2', [1, 2]));
    expect(net.node('bob').status().drops).toEqual({ policyMismatch: 1 });
  });

  test('for one port alone, though the policy is for all: what went before to that port lends nothing to another', () => {
    const net = bare();
    const [out, into] = forth();
    const ports = { localPort: 'any', remotePort: [[9, 9]] } as const;
    const selector: SelectorInput = { local: '10.0.0.0/24', remote: '10.0.1.0/24', protocol: 17, ...ports };
    run(net, 'bob', { kind: 'installSa', sa: into });
    run(net, 'alice', { kind: 'installSa', sa: { ...out, selector } });
    for (const to of [9, 10, 9]) net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, to]));
    expect(net.takeDeliveries('b1')).toHaveLength(2);
    expect(kinds(net.takeEvents('alice'))).toContain('saWanted');
  });

  test('among many SAs, the newest that has the flow in its list', () => {
    const net = bare();
    for (let i = 0; i < 40; i++) {
      const [out, into] = forth(5000 + i);
      const hosts = [`${2 * i + 2}`, `${2 * i + 3}`];
      run(net, 'bob', { kind: 'installSa', sa: { ...into, selector: seen('from bob', hosts) } });
      run(net, 'alice', { kind: 'installSa', sa: { ...out, selector: seen('from alice', hosts) } });
    }
    for (const host of [2, 41, 81]) net.send('a1', udp(`10.0.0.${host}`, '10.0.1.2', [1, 2]));
    expect(spiOf(net, 'alice:net0')).toEqual([5000, 5019, 5039].map(spi => spi & 255));
    expect(net.takeDeliveries('b1')).toHaveLength(3);
  });

  test('an empty list is our mistake', () => {
    const [out] = forth();
    expect(() => run(bare(), 'alice', { kind: 'installSa', sa: { ...out, selector: [] } })).toThrow('no selectors');
  });
});

describe('an SA that moves', () => {
  test('goes on from the other address, with its numbers, and the other end takes it', () => {
    const net = bare();
    install(net, back(), 'bob');
    install(net, forth(), 'alice');
    net.send('a1', ASKS);
    run(net, 'alice', { kind: 'addAddress', interface: 'net0', address: '1.2.3.40/24', isPreferred: false });
    for (const name of ['alice', 'bob']) {
      const [out, into] = name === 'alice' ? [TO_BOB, TO_ALICE] : [TO_ALICE, TO_BOB];
      const ends = { alice: '1.2.3.40', bob: '5.6.7.8' };
      const [here, there] = name === 'alice' ? [ends.alice, ends.bob] : [ends.bob, ends.alice];
      const move = { kind: 'moveSa', encapsulation: null } as const;
      run(net, name, { ...move, spi: out, direction: 'outbound', source: here, destination: there });
      run(net, name, { ...move, spi: into, direction: 'inbound', source: there, destination: here });
    }
    net.takeDeliveries('a1');
    net.send('a1', ASKS);
    expect(net.takeDeliveries('a1')).toHaveLength(1);
    expect(traffic(net, 'alice:net0').at(-1)).toMatch('1.2.3.40 > 5.6.7.8 | esp');
    const [sa] = net
      .node('alice')
      .status()
      .sas.filter(({ direction }) => direction === 'outbound');
    expect(sa).toMatchObject({ source: '1.2.3.40', sequence: '2', packets: 2 });
  });

  test('into UDP when a NAT has come in between, and out of it again', () => {
    const net = bare();
    install(net, forth(), 'alice');
    const move = { kind: 'moveSa', spi: TO_BOB, source: '1.2.3.4', destination: '5.6.7.8' } as const;
    const encapsulation = { localPort: 4500, remotePort: 4500, followsPeer: false };
    run(net, 'alice', { ...move, direction: 'outbound', encapsulation });
    run(net, 'bob', { ...move, direction: 'inbound', encapsulation });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(traffic(net, 'alice:net0').at(-1)).toMatch('1.2.3.4 > 5.6.7.8 | udp 4500 > 4500');
    expect(net.takeDeliveries('b1')).toHaveLength(1);
    run(net, 'alice', { ...move, direction: 'outbound', encapsulation: null });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('among many alike stays as old as it was', () => {
    const net = bare();
    for (let i = 0; i < 20; i++) install(net, forth(5000 + i), 'alice');
    const move = { kind: 'moveSa', spi: 5003, source: '1.2.3.4', destination: '5.6.7.8', encapsulation: null } as const;
    run(net, 'alice', { ...move, direction: 'outbound' });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(spiOf(net, 'alice:net0')).toEqual([5019 & 255]);
  });
});

const policyNames = (net: Net) =>
  net
    .node('alice')
    .status()
    .policies.map(({ name }) => name);

const put = (name: string, before: string | null, parts = {}): NodeCommand => ({
  kind: 'putPolicy',
  policy: policy(name, { kind: 'bypass' }, { tunnel: 'v4_bob0', ...parts }),
  before,
});

describe('policies that come and go', () => {
  test('one more, in front or last; another of the same name; and away again', () => {
    const net = bare();
    run(net, 'alice', put('last', null));
    run(net, 'alice', put('first', 'v4_bob0'));
    expect(policyNames(net)).toEqual(['first', 'v4_bob0', 'last']);
    run(net, 'alice', put('first', null, { protocol: 17 }));
    expect(policyNames(net)).toEqual(['first', 'v4_bob0', 'last']);
    run(net, 'alice', put('first', 'last'));
    expect(policyNames(net)).toEqual(['v4_bob0', 'first', 'last']);
    run(net, 'alice', { kind: 'removePolicy', name: 'first' });
    run(net, 'alice', { kind: 'removePolicy', name: 'first' });
    expect(policyNames(net)).toEqual(['v4_bob0', 'last']);
    expect(() => run(net, 'alice', put('first', 'nobody'))).toThrow('no policy nobody');
  });

  test('leave the SAs of the others alone, and take theirs with them', () => {
    const net = bare();
    install(net, forth(), 'alice');
    run(net, 'alice', put('first', 'v4_bob0', { protocol: 17 }));
    run(net, 'alice', { kind: 'removePolicy', name: 'first' });
    expect(net.node('alice').status().sas).toHaveLength(1);
    expect(net.node('alice').hasPolicy('v4_bob0')).toBe(true);
    run(net, 'alice', { kind: 'removePolicy', name: 'v4_bob0' });
    expect(net.node('alice').status().sas).toEqual([]);
    expect(net.node('alice').hasPolicy('v4_bob0')).toBe(false);
  });
});

describe('addresses and routes', () => {
  test('an address makes its subnet reachable, and takes it along when it goes', () => {
    const net = bare();
    run(net, 'alice', { kind: 'addAddress', interface: 'net0', address: '7.7.7.4/24', isPreferred: false });
    expect(net.node('alice').outerSourceFor('7.7.7.1')).toBe('7.7.7.4');
    expect(net.node('alice').outerAddresses()).toContain('7.7.7.4');
    expect(kinds(net.takeEvents('alice'))).toEqual(['addressesChanged']);
    run(net, 'alice', { kind: 'removeAddress', interface: 'net0', address: '7.7.7.4' });
    run(net, 'alice', { kind: 'removeAddress', interface: 'net0', address: '7.7.7.4' });
    expect(kinds(net.takeEvents('alice'))).toEqual(['addressesChanged']);
    expect(net.node('alice').outerSourceFor('7.7.7.1')).toBe('1.2.3.4');
    expect(net.node('alice').outerAddresses()).not.toContain('7.7.7.4');
    expect(
      net
        .node('alice')
        .status()
        .routes.map(({ destination }) => destination),
    ).not.toContain('7.7.7.0/24');
  });

  test('two addresses of one subnet: the subnet stays with the second', () => {
    const net = bare();
    run(net, 'alice', { kind: 'addAddress', interface: 'net0', address: '1.2.3.40/24', isPreferred: false });
    run(net, 'alice', { kind: 'removeAddress', interface: 'net0', address: '1.2.3.4' });
    net.send('alice', ping('1.2.3.40', '1.2.3.1'));
    expect(net.takeDeliveries('alice').map(line)).toEqual(['1.2.3.1 > 1.2.3.40 | icmp 0/0']);
  });

  test('one that a peer has given is sent from where a policy protects it, and nowhere else', () => {
    const net = bare();
    run(net, 'alice', { kind: 'addAddress', interface: 'net0', address: '10.9.0.1/32', isPreferred: true });
    const alice = net.node('alice');
    expect(alice.sourceFor('10.0.1.2')).toBe('10.9.0.1');
    expect(alice.sourceFor('5.6.7.8')).toBe('1.2.3.4');
    expect(alice.outerSourceFor('10.0.1.2')).toBe('10.0.0.1');
    expect(alice.outerAddresses()).not.toContain('10.9.0.1');
  });

  test('a node that has moved has other addresses and another way out, and keeps what it was given', () => {
    const net = bare();
    run(net, 'alice', { kind: 'addAddress', interface: 'net0', address: '10.9.0.1/32', isPreferred: true });
    const addresses = ['1.2.3.77/24', '7.7.7.4/24'];
    run(net, 'alice', { kind: 'renumber', interface: 'net0', addresses, gateway: '1.2.3.1' });
    const alice = net.node('alice');
    expect(alice.outerAddresses()).toEqual(['1.2.3.77', '7.7.7.4', '10.0.0.1', '2001:470:24:c66::1']);
    expect(alice.sourceFor('10.0.1.2')).toBe('10.9.0.1');
    net.send('alice', ping('1.2.3.77', '5.6.7.8'));
    expect(net.takeDeliveries('alice')).toHaveLength(1);
    expect(alice.status().routes.filter(({ destination }) => destination === '0.0.0.0/0')).toHaveLength(1);
    expect(alice.status().routes.map(({ destination }) => destination)).not.toContain('2001:db8:a::/64');
  });

  test('of a link that is down are no addresses for IKE', () => {
    const net = bare();
    run(net, 'alice', { kind: 'link', port: 'net0', up: false });
    expect(net.node('alice').outerAddresses()).toEqual(['10.0.0.1', '2001:470:24:c66::1']);
  });

  test('a route that was added twice is gone when it was removed twice; the others stay', () => {
    const net = bare();
    const added = route('8.8.8.0/24', '1.2.3.1');
    const way = () =>
      net
        .node('alice')
        .status()
        .routes.filter(({ destination }) => destination === '8.8.8.0/24').length;
    run(net, 'alice', { kind: 'addRoute', route: added });
    run(net, 'alice', { kind: 'addRoute', route: added });
    run(net, 'alice', { kind: 'removeRoute', route: added });
    expect(way()).toBe(1);
    run(net, 'alice', { kind: 'removeRoute', route: added });
    run(net, 'alice', { kind: 'removeRoute', route: added });
    run(net, 'alice', { kind: 'removeRoute', route: route('1.2.3.0/24', '1.2.3.1') });
    expect(way()).toBe(0);
    expect(net.node('alice').sourceFor('1.2.3.1')).toBe('1.2.3.4');
  });
});

const between = (change: 'protect' | 'discard') => {
  const action = sites()[1]?.policies[0]?.action;
  if (action === undefined) throw new Error('no policy');
  return bare(config => ({
    ...config,
    policies: ['alice', 'bob'].includes(config.name)
      ? [...config.policies, change === 'discard' ? policy('no', { kind: 'discard' }) : policy('all', action)]
      : [],
  }));
};

describe('the IKE of a node that protects everything', () => {
  const ike = ipPacket('1.2.3.4', '5.6.7.8', 17, Uint8Array.of(1, 244, 1, 244, 0, 12, 0, 0, 1, 2, 3, 4));

  test('passes both ways in the clear, and nothing else does', () => {
    const net = between('protect');
    net.send('alice', udp('1.2.3.4', '5.6.7.8', [400, 401]));
    net.send('alice', ike);
    net.send('alice', udp('1.2.3.4', '5.6.7.8', [400, 401]));
    expect(net.takeDeliveries('bob').map(line)).toEqual([expect.stringContaining('udp 500 > 500')]);
    expect(traffic(net, 'alice:net0')).toHaveLength(1);
  });

  test('is explained as it is', () => {
    const flow = { source: '1.2.3.4', destination: '5.6.7.8', protocol: 17, sourcePort: 500, destinationPort: 500 };
    const net = between('protect');
    for (const name of ['alice', 'bob']) {
      const { verdict, steps } = net.node(name).explain(flow);
      expect([verdict, steps.filter(step => step.startsWith('IKE'))]).toEqual([
        'bypass',
        ['IKE of this node itself: it passes past the SPD'],
      ]);
      expect(net.node(name).explain({ ...flow, sourcePort: 501, destinationPort: 501 }).verdict).toBe('discard');
    }
  });

  test('does not pass where an entry discards it', () => {
    const net = between('discard');
    net.send('alice', ike);
    expect(traffic(net, 'alice:net0')).toEqual([]);
    net.injectPackets('bob', 'net0', ike);
    expect(net.takeDeliveries('bob')).toEqual([]);
  });
});
