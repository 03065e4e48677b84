import { protectBy } from '../../engine/ipsec/spd.ts';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { loadTopology } from './load.ts';
import type { Topology, TopologyNode } from './model.ts';
import { nodeConfig } from './node-config.ts';
import type { ReadBeside } from './resolve/native-files.ts';
import { openTopology, topologiesDirectory } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';
import { NAT } from './testing/nat.ts';

function good(result: ReturnType<typeof loadTopology>): Topology {
  if (result.topology === null) throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
  return result.topology;
}

function nodeOf(topology: Topology, name: string): TopologyNode {
  const node = topology.nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

const siteToSite = good(openTopology('site-to-site'));
const everything = good(loadTopology('everything.yaml', EVERYTHING));

function columns(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join('\n');
}

const read: ReadBeside = path =>
  path === 'native/setkey.conf'
    ? { kind: 'text', text: 'spdadd 198.51.100.1 198.51.100.2 any -P outt none;\n' }
    : { kind: 'failed', why: 'is not there' };

describe('what the loader fills in', () => {
  test('kinds decide who forwards and who runs the engine', () => {
    const kinds = siteToSite.nodes.map(({ name, engine, forwarding }) => [name, engine, forwarding]);
    expect(kinds).toEqual([
      ['alice', true, true],
      ['bob', true, true],
      ['internet', false, true],
      ['a1', false, false],
      ['b1', false, false],
    ]);
    const pair = good(openTopology('transport-pair'));
    expect(pair.nodes.map(({ engine, forwarding }) => [engine, forwarding])).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  test('gateways, tunnel routes and static routes become one table', () => {
    expect(nodeOf(siteToSite, 'alice').routes).toEqual([
      { destination: '0.0.0.0/0', via: '1.2.3.1', interface: 'net0' },
      { destination: '10.0.1.0/24', via: null, interface: 'v4_bob0' },
      { destination: '2001:470:24:c67::/64', via: null, interface: 'v4_bob0' },
    ]);
    expect(nodeOf(everything, 'hub').routes).toContainEqual({
      destination: '10.9.0.0/16',
      via: '10.0.0.9',
      interface: 'net1',
    });
    expect(nodeOf(everything, 'hub').routes).toContainEqual({
      destination: '10.8.0.0/16',
      via: null,
      interface: 'net0',
    });
  });

  test('both ends of a tunnel know the outer addresses', () => {
    expect(nodeOf(siteToSite, 'alice').tunnels).toEqual([
      {
        name: 'v4_bob0',
        peer: 'bob',
        local: '1.2.3.4',
        remote: '5.6.7.8',
        mtu: null,
        addresses: ['10.0.0.1/32'],
        autoconfigure: false,
        advertise: false,
      },
    ]);
    expect(nodeOf(siteToSite, 'bob').tunnels[0]).toMatchObject({ local: '5.6.7.8', remote: '1.2.3.4' });
    expect(nodeOf(everything, 'north').tunnels[0]).toMatchObject({ local: '192.0.2.2', remote: '192.0.2.1' });
    expect(nodeOf(everything, 'south').tunnels[0]).toMatchObject({
      local: '2001:db8:0:2::2',
      remote: '2001:db8:0:2::1',
      autoconfigure: true,
      advertise: false,
    });
    expect(nodeOf(everything, 'hub').tunnels[1]).toMatchObject({ autoconfigure: false, advertise: true });
  });

  test('MAC addresses by position, but not one that the file gives', () => {
    expect(nodeOf(everything, 'hub').interfaces.map(({ mac }) => mac)).toEqual([
      '02:00:00:00:aa:01',
      '02:00:00:00:01:02',
      '02:00:00:00:01:03',
    ]);
    const taken = EVERYTHING.replace('02:00:00:00:aa:01', '02:00:00:00:02:01');
    expect(nodeOf(good(loadTopology('x.yaml', taken)), 'north').interfaces[0]?.mac).toBe('02:00:01:00:02:01');
  });

  test('an MTU of the interface goes before that of its link', () => {
    expect(nodeOf(everything, 'hub').interfaces.map(({ mtu }) => mtu)).toEqual([1400, 1500, 1500]);
    expect(nodeOf(everything, 'north').interfaces.map(({ mtu }) => mtu)).toEqual([1450, 1500]);
  });

  test('impairments both ways, or each way', () => {
    const [wan, south] = everything.links.filter(({ name }) => name.startsWith('wan'));
    expect(wan?.impairments[0]).toEqual({
      delayNs: 20e6,
      jitterNs: 2e6,
      loss: 0.001,
      duplicate: 0.01,
      reorder: 0.01,
      corrupt: 0.005,
      rateBitsPerSecond: 1e9,
      queueFrames: 50,
    });
    expect(wan?.impairments[1]).toEqual(wan?.impairments[0]);
    expect(south?.impairments.map(({ delayNs, rateBitsPerSecond }) => [delayNs, rateBitsPerSecond])).toEqual([
      [1.5e9, null],
      [0, 64_000],
    ]);
  });

  test('policies', () => {
    const policies = nodeOf(everything, 'hub').policies;
    expect(policies.map(({ name, tunnel, action }) => [name, tunnel, action.kind])).toEqual([
      ['v4_north0', 'v4_north0', 'bypass'],
      ['north', 'v4_north0', 'protect'],
      ['v6_south0', 'v6_south0', 'protect'],
      ['policy4', null, 'protect'],
      ['policy5', null, 'protect'],
      ['policy6', null, 'discard'],
      ['policy7', 'net0', 'discard'],
      ['hidden', null, 'discard'],
      ['policy9', null, 'discard'],
      ['ssh', null, 'protect'],
      ['old', null, 'protect'],
      ['nested', null, 'protect'],
      ['policy13', null, 'bypass'],
    ]);
    expect(policies[1]?.action).toEqual({
      kind: 'protect',
      sharing: 'shared',
      transforms: [
        {
          protocol: 'esp',
          mode: 'tunnel',
          level: 'require',
          requestId: null,
          suites: ['aes256gcm16', 'aes128-sha256'],
          peer: 'north',
          ends: [{ local: '192.0.2.1', remote: '192.0.2.2' }],
          esn: true,
          windowPackets: 128,
          lifetime: { soft: {}, hard: {} },
          trafficFlow: null,
          encapsulation: null,
          outer: {},
        },
      ],
    });
    expect(policies[3]).toMatchObject({
      local: ['192.0.2.1/32'],
      remote: ['192.0.2.2/32'],
      protocol: 17,
      localPort: 'any',
      remotePort: [[4000, 4000]],
      action: { transforms: [{ mode: 'transport', ends: [{ local: '192.0.2.1', remote: '192.0.2.2' }] }] },
    });
    expect(policies[6]).toMatchObject({
      direction: 'inbound',
      local: ['192.0.2.1/32', '192.0.2.9-192.0.2.12'],
      localPort: [
        [53, 53],
        [8000, 8099],
      ],
      remotePort: [[1024, 65535]],
    });
    expect(policies[7]).toMatchObject({ localPort: 'opaque', remotePort: 'opaque' });
    expect(policies[8]?.icmp).toEqual([
      [0x300, 0x300],
      [0x900, 0x900],
      [0xa00, 0xa00],
      [0xb00, 0xb00],
    ]);
    // Tunnel mode without a tunnel: between the addresses that face the world.
    expect(policies[4]?.action).toMatchObject({
      transforms: [{ mode: 'tunnel', ends: [{ local: '192.0.2.1', remote: '192.0.2.254' }] }],
    });
  });

  test('SAs, one pair for the policies of both ends', () => {
    expect(
      everything.sas.slice(0, 8).map(({ from, to, spi }) => [from.node, to.node, from.policy, to.policy, spi]),
    ).toEqual([
      ['hub', 'north', 'north', 'v4_hub0', 0x1000],
      ['north', 'hub', 'v4_hub0', 'north', 0x1001],
      ['hub', 'south', 'v6_south0', 'v6_hub0', 0x1002],
      ['south', 'hub', 'v6_hub0', 'v6_south0', 0x1003],
      ['hub', 'north', 'policy4', 'policy2', 0x1004],
      ['north', 'hub', 'policy2', 'policy4', 0x1005],
      ['hub', 'north', 'policy5', 'policy3', 0x1006],
      ['north', 'hub', 'policy3', 'policy5', 0x1007],
    ]);
    expect(everything.sas[0]?.secret).toBe('only in the lab');
  });

  test('bundles: AH around what ESP has made, between the same ends', () => {
    const { policies } = nodeOf(everything, 'hub');
    expect(policies.find(({ name }) => name === 'ssh')?.action).toMatchObject({
      sharing: 'unique',
      transforms: [
        {
          protocol: 'esp',
          mode: 'transport',
          suites: ['null-sha256'],
          lifetime: { soft: { seconds: 3600, octets: 1_000_000 }, hard: { seconds: 7200, packets: 5000 } },
        },
        { protocol: 'ah', mode: 'transport', suites: ['sha512'] },
      ],
    });
    const nested = policies.find(({ name }) => name === 'nested')?.action;
    const ends = [{ local: '192.0.2.1', remote: '192.0.2.254' }];
    expect(nested).toMatchObject({
      transforms: [
        {
          protocol: 'esp',
          mode: 'tunnel',
          ends,
          trafficFlow: { padToOctets: 256, dummyEveryMs: 1000 },
          outer: { dontFragment: 'set', dscp: 10, ecn: 'compatibility' },
        },
        { protocol: 'ah', mode: 'transport', ends, esn: true, windowPackets: 1024 },
      ],
    });
    expect(nodeConfig(everything, 'hub', []).policies.find(({ name }) => name === 'nested')?.action).toMatchObject({
      transforms: [{ ends: ends[0] }, { ends: null }],
    });
  });

  test('SAs of a unique policy are for one flow, as each end sees it', () => {
    const [sa] = everything.sas.filter(({ from }) => from.policy === 'ssh');
    expect(sa?.from.selector).toMatchObject({
      local: '192.0.2.1/32',
      localPort: [[22, 22]],
      remotePort: [[2222, 2222]],
    });
    expect(sa?.to.selector).toMatchObject({ local: '192.0.2.2/32', localPort: [[2222, 2222]], remotePort: [[22, 22]] });
  });

  test('UDP encapsulation, each end with its own ports', () => {
    const [there, back] = everything.sas.filter(({ suite }) => suite === '3des-sha1');
    expect(there?.from.encapsulation).toEqual({ localPort: 4500, remotePort: 4501, followsPeer: false });
    expect(there?.to.encapsulation).toEqual({ localPort: 4501, remotePort: 4500, followsPeer: false });
    expect(back?.to.node).toBe('hub');
  });

  test('native files: policies, SAs with keys of their own, keys for the rest, and filters', () => {
    const east = nodeOf(everything, 'east');
    expect(east.policies.map(({ name }) => name)).toContain('setkey.conf:2');
    expect(east.sas).toMatchObject([{ direction: 'outbound', spi: 0x10001, suite: '3des-sha1', policy: null }]);
    expect(east.filter?.rules.map(({ text, family }) => [family, text])).toEqual([
      [4, 'block in log on net0 from 198.51.100.0/25 to any'],
      [4, 'pass in proto udp from any to any port = 500 keep state'],
      [6, 'block in all'],
    ]);
    const keyed = everything.sas.filter(({ from, to }) => [from.node, to.node].includes('east'));
    expect(keyed.map(({ from, to, protocol, suite }) => [from.node, to.node, protocol, suite])).toEqual([
      ['east', 'west', 'ah', 'sha512'],
      ['west', 'east', 'esp', 'aes128-sha256'],
      ['west', 'east', 'ah', 'sha512'],
    ]);
    expect(keyed.every(({ from, to }) => from.policy === null && to.policy === null)).toBe(true);
  });

  test('what a node is apart from its policies', () => {
    const { hostModel, antiSpoofing, reportDiscards, fragments, filter } = nodeOf(everything, 'hub');
    expect({ hostModel, antiSpoofing, reportDiscards, fragments }).toEqual({
      hostModel: 'strong',
      antiSpoofing: true,
      reportDiscards: true,
      fragments: 'stateful',
    });
    expect(filter?.rules).toHaveLength(2);
    expect(nodeOf(everything, 'nat')).toMatchObject({
      engine: true,
      forwarding: true,
      nat: { outside: 'outside', behaviour: 'symmetric', idleSeconds: 90 },
    });
    expect(nodeOf(everything, 'west').engine).toBe(true);
  });

  test('behind a NAT: each end has its own view of the addresses, and the outer one follows', () => {
    const nat = good(loadTopology('nat.yaml', NAT));
    const [there, back] = nat.sas;
    expect(there?.from).toMatchObject({ node: 'alice', source: '192.168.1.2', destination: '203.0.113.2' });
    expect(there?.to).toMatchObject({ node: 'bob', source: '203.0.113.1', destination: '203.0.113.2' });
    expect(back?.from.encapsulation).toEqual({ localPort: 4500, remotePort: 4500, followsPeer: true });
    expect(back?.to.encapsulation).toEqual({ localPort: 4500, remotePort: 4500, followsPeer: false });
  });

  test('files beside the topology', () => {
    const text = EVERYTHING.replace(/setkey.conf: \|\n(?: {8}.*\n)+/, 'setkey.conf: native/setkey.conf\n');
    expect(loadTopology('x.yaml', text, read).diagnostics.map(formatDiagnostic).join('\n')).toMatch(
      /^native\/setkey.conf:1:41: /,
    );
  });

  test('checks', () => {
    const [reach, toAddress, unreachable, encrypted, policy, icmp, tooBig, authenticated, pathMtu] = everything.checks;
    expect(reach).toEqual({
      title: 'reach h1 -> n1 icmp 1000 octets',
      line: expect.any(Number),
      tries: 3,
      timeoutMs: 500,
      spec: { kind: 'reach', from: 'h1', to: '10.0.1.2', toNode: 'n1', with: 'icmp', port: null, sizeOctets: 1000 },
    });
    expect(EVERYTHING.split('\n')[(reach?.line ?? 0) - 1]).toContain('reach');
    expect(toAddress?.spec).toMatchObject({ to: '10.0.1.2', toNode: 'n1', port: 8080 });
    expect(unreachable?.spec).toMatchObject({ kind: 'unreachable', with: 'udp', port: 7 });
    expect(encrypted?.title).toBe('encrypted wan 10.0.0.0/24 <-> 10.0.1.0/24');
    expect(policy?.spec).toMatchObject({ protocol: 6, sourcePort: 1234, destinationPort: 80, expect: 'protect' });
    expect(icmp?.spec).toMatchObject({ from: '10.0.0.2', to: '10.0.1.2', protocol: 1 });
    expect(tooBig).toMatchObject({
      title: 'policy hub 10.0.0.2 -> 10.0.1.2 icmp/13.0: protect',
      spec: { icmp: { type: 13, code: 0 } },
    });
    expect(authenticated?.spec).toEqual({ kind: 'authenticated', link: 'wan', a: '192.0.2.1/32', b: '192.0.2.2/32' });
    expect(pathMtu?.spec).toEqual({ kind: 'path-mtu', from: 'h1', to: '10.0.1.2', mtu: 1300 });
  });

  test('faults in order of time', () => {
    expect(everything.faults.map(({ atNs, action }) => [atNs / 1e9, action.kind])).toEqual([
      [0, 'clockSkew'],
      [5, 'linkDown'],
      [6, 'linkUp'],
      [7, 'crash'],
      [8, 'restart'],
      [9, 'partition'],
      [10, 'heal'],
      [11, 'rebind'],
    ]);
    expect(everything.faults[0]?.action).toEqual({ kind: 'clockSkew', node: 'north', byNs: -3e9 });
  });

  test('the engine gets what it needs and nothing else', () => {
    const config = nodeConfig(siteToSite, 'alice', []);
    expect(config).toMatchObject({ name: 'alice', forwarding: true, sas: [] });
    expect(config.interfaces[0]).not.toHaveProperty('link');
    expect(config.tunnels[0]).not.toHaveProperty('peer');
    expect(config.policies[0]?.action).toEqual(protectBy('esp', 'tunnel'));
    expect(() => nodeConfig(siteToSite, 'eve', [])).toThrow('no node eve');
  });
});

describe('reading', () => {
  test('the same text gives the same topology', () => {
    expect(loadTopology('x.yaml', EVERYTHING)).toEqual(loadTopology('x.yaml', EVERYTHING));
  });

  test('a value may be an alias of one before it', () => {
    const text = readFileSync(`${topologiesDirectory()}/site-to-site.yaml`, 'utf8')
      .replace('esp: [aes256gcm16]', 'esp: &suites [aes256gcm16]')
      .replace(/esp: \[aes256gcm16\]/, 'esp: *suites');
    expect(good(loadTopology(siteToSite.file, text))).toEqual(siteToSite);
  });

  test('Windows line ends and a byte order mark change nothing', () => {
    const text = readFileSync(`${topologiesDirectory()}/site-to-site.yaml`, 'utf8');
    expect(good(loadTopology(siteToSite.file, `\ufeff${text.replaceAll('\n', '\r\n')}`))).toEqual(siteToSite);
  });

  const hostile: readonly [string, string][] = [
    ['100000 open brackets', '['.repeat(100_000)],
    ['flow maps in flow maps', 'a: {b: '.repeat(10_000)],
    ['100000 list items on one line', '- '.repeat(100_000)],
    ['100000 question marks', '? '.repeat(100_000)],
    ['ever deeper indentation', columns(600, i => `${' '.repeat(i)}a:`)],
    [
      'a billion laughs',
      `a: &a [x, x]\n${columns(40, i => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`}, *${i === 0 ? 'a' : `b${i - 1}`}]`)}`,
    ],
    ['too many keys', columns(60_000, i => `k${i}: 1`)],
    ['a file that is too long', 'x'.repeat(2_000_000)],
    ['a key that is too long', `${'x'.repeat(100_000)}: 1`],
    [
      'more nodes than a lab can hold',
      `name: x\nnodes:\n${columns(2600, i => `  n${i}: { kind: host, interfaces: { e: {} } }`)}`,
    ],
    ['nothing but NUL', '\0'.repeat(1000)],
    ['lone surrogates', 'name: "\ud800"'],
    ['an old version of YAML', '%YAML 1.1\n---\nname: yes\n'],
  ];
  test.each(hostile)('%s: a few diagnostics', (_what, text) => {
    const { topology, diagnostics } = loadTopology('hostile.yaml', text);
    expect(topology).toBeNull();
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeLessThan(12);
  });
});
