import { describe, expect, test } from 'vitest';
import { protectBy, type Transform } from '../ipsec/spd.ts';
import type { NodeConfig, PolicyConfig, SaConfig } from './config.ts';
import type { NodeCommand } from './node.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { aroundRouter } from './testing/scenes.ts';
import { nodeConfig, policy, port, saPair, SITE_WIRES, sites } from './testing/sites.ts';

const [ALICE, BOB] = ['192.0.2.1', '192.0.2.2'];
const drops = (net: Net, name: string) => net.node(name).status().drops;
const run = (net: Net, name: string, command: NodeCommand) =>
  net.take(name, net.node(name).command(command, net.now()));

function esp(parts: Partial<Transform> = {}): PolicyConfig['action'] {
  const transform: Transform = {
    protocol: 'esp',
    mode: 'transport',
    level: 'require',
    requestId: null,
    ends: null,
    ...parts,
  };
  return { kind: 'protect', transforms: [transform], sharing: 'shared' };
}

/** Two hosts on one wire. */
function hosts(policies: readonly PolicyConfig[], sas: { alice?: SaConfig[]; bob?: SaConfig[] } = {}): Net {
  const host = (name: 'alice' | 'bob', address: string): NodeConfig =>
    nodeConfig(name, {
      interfaces: [port('eth0', [`${address}/24`])],
      policies: policies.map(each => (name === 'alice' ? each : seenByBob(each))),
      sas: sas[name] ?? [],
    });
  return createNet([host('alice', ALICE), host('bob', BOB)], [['alice:eth0', 'bob:eth0']]);
}

function seenByBob(config: PolicyConfig): PolicyConfig {
  return { ...config, localPort: config.remotePort, remotePort: config.localPort };
}

const transport = (spi: number, parts: Partial<SaConfig> = {}) =>
  saPair(spi, ALICE, BOB, [null, null], { mode: 'transport', ...parts });

const counts = (net: Net, name: string) =>
  Object.fromEntries(
    net
      .node(name)
      .status()
      .policies.map(each => [each.name, each.packets]),
  );

describe('counters of policies', () => {
  test('what is let in counts as what is sent does, on the entry that decided', () => {
    const oneWay = (['inbound', 'outbound'] as const).map(direction =>
      policy(direction, esp({ level: 'use' }), { direction }),
    );
    const net = hosts(oneWay);
    net.send('alice', ping(ALICE, BOB));
    net.send('alice', udp(ALICE, BOB, [1, 2]));
    expect(counts(net, 'alice')).toEqual({ inbound: 1, outbound: 2 });
    expect(counts(net, 'bob')).toEqual({ inbound: 2, outbound: 1 });
  });

  test('what is passed on counts once on each entry that it met', () => {
    const net = createNet(sites(), SITE_WIRES);
    for (let n = 0; n < 3; n++) net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect([counts(net, 'alice'), counts(net, 'bob')]).toEqual([{ v4_bob0: 3 }, { v4_alice0: 3 }]);
    const clear = aroundRouter({
      policies: [policy('in', { kind: 'bypass' }, { direction: 'inbound' }), policy('both', { kind: 'bypass' })],
    });
    for (let n = 0; n < 3; n++) clear.send('h1', udp('10.1.0.2', '10.2.0.2', [1, 2]));
    expect(counts(clear, 'r')).toEqual({ in: 3, both: 3 });
  });
});

describe('level use', () => {
  const optional = [policy('p', esp({ level: 'use' }))];

  test('in the clear where there is no SA, both ways', () => {
    const net = hosts(optional);
    net.send('alice', ping(ALICE, BOB));
    expect(net.takeDeliveries('alice').map(line)).toEqual([`${BOB} > ${ALICE} | icmp 0/0`]);
    expect(traffic(net, 'alice:eth0')).toEqual([`${ALICE} > ${BOB} | icmp 8/0`]);
    expect(net.takeEvents('alice')).toEqual([]);
  });

  test('protected as soon as there is one, and clear packets are accepted still', () => {
    const net = hosts(optional);
    const [out, into] = transport(4096);
    run(net, 'bob', { kind: 'installSa', sa: into });
    run(net, 'alice', { kind: 'installSa', sa: out });
    net.send('alice', ping(ALICE, BOB));
    expect(traffic(net, 'alice:eth0')).toEqual([`${ALICE} > ${BOB} | esp 4096 1`]);
    expect(traffic(net, 'bob:eth0')).toEqual([`${BOB} > ${ALICE} | icmp 0/0`]);
    expect(net.takeDeliveries('alice')).toHaveLength(1);
  });

  test('what an SA brings that is not the policy’s is refused still', () => {
    const net = hosts(optional);
    const [out, into] = transport(4096, { mode: 'tunnel' });
    run(net, 'bob', { kind: 'installSa', sa: into });
    const sender = hosts([policy('p', esp({ mode: 'tunnel' }))], { alice: [out] });
    sender.send('alice', udp(ALICE, BOB, [1, 2]));
    const [frame] = sender.seen.slice(-1);
    if (frame === undefined) throw new Error('nothing was sent');
    net.injectPackets('bob', 'eth0', frame.octets.subarray(14));
    expect(net.takeDeliveries('bob')).toEqual([]);
    expect(drops(net, 'bob')).toEqual({ policyMismatch: 1 });
  });
});

describe('level require', () => {
  test('asks for the SA that is missing, and not for each packet', () => {
    const net = hosts([policy('p', esp())]);
    for (let i = 0; i < 100; i++) net.send('alice', ping(ALICE, BOB));
    expect(net.seen).toEqual([]);
    const wanted = net.takeEvents('alice').filter(event => event.kind === 'saWanted');
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(50);
    expect(wanted[0]?.detail).toBe(
      `policy p has no outbound SA esp transport ${ALICE} > ${BOB} for ${ALICE} > ${BOB} protocol 1 type 8 code 0`,
    );
    expect(drops(net, 'alice')).toEqual({ noSa: 100 });
  });

  test('one policy that asks in vain does not silence another', () => {
    const net = hosts([policy('udp', esp(), { protocol: 17 }), policy('icmp', esp(), { protocol: 1 })]);
    for (let i = 0; i < 100; i++) net.send('alice', udp(ALICE, BOB, [1, 2]));
    net.takeEvents('alice');
    net.send('alice', ping(ALICE, BOB));
    expect(net.takeEvents('alice').filter(event => event.kind === 'saWanted')).toHaveLength(1);
  });
});

describe('shared SAs', () => {
  test('serve every policy that asks for such a one', () => {
    const [out, into] = transport(4096);
    const net = hosts([policy('udp', esp(), { protocol: 17 }), policy('rest', esp())], { alice: [out], bob: [into] });
    net.send('alice', udp(ALICE, BOB, [1, 2]), udp(ALICE, BOB, [3, 4]));
    expect(traffic(net, 'alice:eth0')).toEqual([`${ALICE} > ${BOB} | esp 4096 1`, `${ALICE} > ${BOB} | esp 4096 2`]);
    expect(net.takeDeliveries('bob')).toHaveLength(2);
  });

  test('a policy with a number takes only those with that number, outbound and inbound', () => {
    const numbered = [policy('udp', esp({ requestId: 7 }), { protocol: 17 }), policy('rest', esp())];
    const [plain, plainIn] = transport(4096);
    const [seven, sevenIn] = transport(4097, { requestId: 7 });
    const net = hosts(numbered, { alice: [plain, seven], bob: [plainIn, sevenIn] });
    net.send('alice', udp(ALICE, BOB, [1, 2]));
    expect(traffic(net, 'alice:eth0')).toEqual([`${ALICE} > ${BOB} | esp 4097 1`]);
    expect(net.takeDeliveries('bob')).toHaveLength(1);
    const careless = hosts([policy('all', esp())], { alice: [plain] });
    careless.send('alice', udp(ALICE, BOB, [1, 2]));
    const [frame] = careless.seen.slice(-1);
    if (frame === undefined) throw new Error('nothing was sent');
    net.injectPackets('bob', 'eth0', frame.octets.subarray(14));
    expect(drops(net, 'bob')).toEqual({ policyMismatch: 1 });
  });
});

describe('unique SAs', () => {
  const unique = [policy('p', { ...protectBy('esp', 'transport'), sharing: 'unique' }, { protocol: 17 })];

  function net(): Net {
    const [first] = saPair(4096, ALICE, BOB, ['p', 'p'], { mode: 'transport', ...forPorts(1, 2) });
    const [second] = saPair(4097, ALICE, BOB, ['p', 'p'], { mode: 'transport', ...forPorts(3, 4) });
    const [, firstIn] = saPair(4096, ALICE, BOB, ['p', 'p'], { mode: 'transport', ...seen(1, 2) });
    const [, secondIn] = saPair(4097, ALICE, BOB, ['p', 'p'], { mode: 'transport', ...seen(3, 4) });
    return hosts(unique, { alice: [first, second], bob: [firstIn, secondIn] });
  }

  test('each flow goes by its own, and one without asks', () => {
    const two = net();
    for (let i = 0; i < 2; i++) two.send('alice', udp(ALICE, BOB, [1, 2]), udp(ALICE, BOB, [3, 4]));
    two.send('alice', udp(ALICE, BOB, [5, 6]));
    expect(traffic(two, 'alice:eth0').map(text => text.slice(-10))).toEqual([
      'esp 4096 1',
      'esp 4097 1',
      'esp 4096 2',
      'esp 4097 2',
    ]);
    expect(two.takeDeliveries('bob')).toHaveLength(4);
    expect(two.takeEvents('alice').map(event => event.kind)).toEqual(['saWanted', 'noSa']);
  });

  test('a flow that comes by another’s SA is refused', () => {
    const two = net();
    const [wrong] = saPair(4096, ALICE, BOB, ['p', 'p'], { mode: 'transport', ...forPorts(3, 4) });
    const careless = hosts(unique, { alice: [wrong] });
    careless.send('alice', udp(ALICE, BOB, [3, 4]));
    const [frame] = careless.seen.slice(-1);
    if (frame === undefined) throw new Error('nothing was sent');
    two.injectPackets('bob', 'eth0', frame.octets.subarray(14));
    expect(two.takeDeliveries('bob')).toEqual([]);
    expect(drops(two, 'bob')).toEqual({ policyMismatch: 1 });
  });
});

test('policies for one direction: what is asked outbound need not be asked inbound', () => {
  const [out, into] = transport(4096);
  const oneWay = [
    policy('out', esp(), { direction: 'outbound' }),
    policy('in', { kind: 'bypass' }, { direction: 'inbound' }),
  ];
  const [forth, back] = oneWay;
  if (forth === undefined || back === undefined) throw new Error('two policies');
  const net = createNet(
    [
      oneHost('alice', ALICE, [forth, back], [out]),
      oneHost(
        'bob',
        BOB,
        [policy('in', esp(), { direction: 'inbound' }), policy('out', { kind: 'bypass' }, { direction: 'outbound' })],
        [into],
      ),
    ],
    [['alice:eth0', 'bob:eth0']],
  );
  net.send('alice', ping(ALICE, BOB));
  expect(net.takeDeliveries('alice')).toHaveLength(1);
  expect(traffic(net, 'alice:eth0')).toEqual([`${ALICE} > ${BOB} | esp 4096 1`]);
  expect(traffic(net, 'bob:eth0')).toEqual([`${BOB} > ${ALICE} | icmp 0/0`]);
  net.injectPackets('bob', 'eth0', udp(ALICE, BOB, [1, 2]));
  expect(drops(net, 'bob')).toEqual({ policyDiscard: 1 });
});

describe('an SPD of one link', () => {
  test('is for what that link carries, and no other', () => {
    const net = linked();
    net.send('alice', ping('192.0.2.1', '192.0.2.2'), udp('198.51.100.1', '198.51.100.2', [1, 2]));
    expect(traffic(net, 'alice:lan')).toEqual(['192.0.2.1 > 192.0.2.2 | icmp 8/0']);
    expect(traffic(net, 'alice:wan')).toEqual(['198.51.100.1 > 198.51.100.2 | esp 4096 1']);
    expect(net.takeDeliveries('alice')).toHaveLength(1);
    expect(net.takeDeliveries('far')).toHaveLength(1);
  });

  test('refuses the clear on that link, and on others what it would protect', () => {
    const net = linked();
    net.injectPackets('alice', 'wan', udp('198.51.100.2', '198.51.100.1', [1, 2]));
    net.injectPackets('alice', 'lan', udp('198.51.100.2', '198.51.100.1', [1, 2]));
    expect(net.takeDeliveries('alice')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 2 });
  });
});

const forPorts = (local: number, remote: number) => ({
  selector: { local: ALICE, remote: BOB, protocol: 17, localPort: local, remotePort: remote },
});
const seen = (local: number, remote: number) => ({
  selector: { local: BOB, remote: ALICE, protocol: 17, localPort: remote, remotePort: local },
});

function oneHost(name: string, address: string, policies: PolicyConfig[], sas: SaConfig[]): NodeConfig {
  return nodeConfig(name, { interfaces: [port('eth0', [`${address}/24`])], policies, sas });
}

/** Alice with two links; what leaves by the second is protected, what leaves by the first is not asked about. */
function linked(): Net {
  const [out, into] = saPair(4096, '198.51.100.1', '198.51.100.2', ['p', 'p'], { mode: 'transport' });
  return createNet(
    [
      nodeConfig('alice', {
        interfaces: [port('lan', ['192.0.2.1/24']), port('wan', ['198.51.100.1/24'])],
        policies: [policy('p', esp(), { tunnel: 'wan' })],
        sas: [out],
      }),
      nodeConfig('near', { interfaces: [port('e', ['192.0.2.2/24'])] }),
      nodeConfig('far', {
        interfaces: [port('e', ['198.51.100.2/24'])],
        policies: [policy('p', esp(), { tunnel: 'e' })],
        sas: [into],
      }),
    ],
    [
      ['alice:lan', 'near:e'],
      ['alice:wan', 'far:e'],
    ],
  );
}

describe('what is discarded on its way out, RFC 4301 §5.1.1', () => {
  const entries = [
    policy('no', { kind: 'discard' }, { protocol: 6 }),
    policy('p', esp(), { protocol: 17, remote: BOB }),
    policy('icmp', { kind: 'bypass' }, { protocol: 1 }),
  ];
  const sent = [ipPacket(ALICE, BOB, 6, new Uint8Array(20)), udp(ALICE, BOB, [1, 2]), udp(ALICE, '192.0.2.3', [1, 2])];

  test('in silence, unless the node is to tell', () => {
    const net = createNet([oneHost('alice', ALICE, entries, [])], []);
    net.send('alice', ...sent);
    expect(net.takeDeliveries('alice')).toEqual([]);
  });

  test('prohibited, or unreachable where an SA is missing', () => {
    const net = createNet([{ ...oneHost('alice', ALICE, entries, []), reportDiscards: true }], []);
    net.send('alice', ...sent);
    expect(net.takeDeliveries('alice').map(line)).toEqual([
      expect.stringContaining('icmp 3/13'),
      expect.stringContaining('icmp 3/1'),
      expect.stringContaining('icmp 3/13'),
    ]);
  });
});
