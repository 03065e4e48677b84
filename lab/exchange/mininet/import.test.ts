import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { namespacesAvailable } from '../../../engine/host/testing/private-namespaces.ts';
import { findMininet } from '../../drivers/mininet/python.ts';
import { loadTopology } from '../../topology/load.ts';
import { draftText } from '../network-draft.ts';
import { impairmentOf } from './impairment.ts';
import { importMininet } from './import.ts';
import type { MininetTopoLink } from './topo.ts';

const python = findMininet();
const NEEDS = 'namespaces, and Mininet: apt-get install --no-install-recommends mininet bridge-utils';

const HEAD = 'from mininet.topo import Topo\nfrom mininet.node import Node\n';

const SITES = `${HEAD}
class Gateway(Node):
    def config(self, **params):
        super().config(**params)
        self.cmd('sysctl net.ipv4.ip_forward=1')

class Sites(Topo):
    def build(self, n=2):
        for i in range(1, n + 1):
            gw = self.addNode('GW%d' % i, cls=Gateway, ip='10.0.%d.1/24' % i)
            host = self.addHost('h%d' % i, ip='10.0.%d.2/24' % i, defaultRoute='via 10.0.%d.1' % i, mac='02:00:00:00:00:0%d' % i)
            switch = self.addSwitch('s%d' % i)
            self.addLink(switch, gw)
            self.addLink(host, switch, delay='2ms')
        self.addLink('GW1', 'GW2', bw=10, delay='15ms', loss=2, params1={'ip': '192.0.2.1/24'}, params2={'ip': '192.0.2.2/24'})

topos = {'sites': lambda n=2: Sites(n=n), 'bare': lambda: Bare()}

class Bare(Topo):
    def build(self):
        self.addLink(self.addHost('h1'), self.addHost('h2'))
`;

const imported = (source: string, topo: string | null = null) =>
  importMininet({ file: 'lab.py', source, topo }, python ?? []);

const saidOf = (source: string, topo: string | null = null) => {
  const { draft, errors } = imported(source, topo);
  expect(draft).toBeNull();
  return errors.map(formatDiagnostic).join('\n');
};

describe.skipIf(python === null || !namespacesAvailable())(`files for Mininet (needs ${NEEDS})`, () => {
  test('hosts, hosts that forward, addresses, switches as links, and what impairs them', () => {
    const { draft, notes } = imported(SITES, 'sites,2');
    if (draft === null) throw new Error('nothing was imported');
    expect(notes).toEqual([]);
    const text = draftText(draft);
    const { topology, diagnostics } = loadTopology('sites.yaml', text);
    expect(diagnostics).toEqual([]);
    const [gateway, other, first] = topology?.nodes ?? [];
    expect([gateway?.name, gateway?.kind, other?.name, first?.name]).toEqual(['gw1', 'router', 'gw2', 'h1']);
    expect(gateway?.interfaces.map(({ name, addresses }) => [name, addresses])).toEqual([
      ['gw1-eth0', ['10.0.1.1/24']],
      ['gw1-eth1', ['192.0.2.1/24']],
    ]);
    expect(first?.interfaces[0]).toMatchObject({ mac: '02:00:00:00:00:01', addresses: ['10.0.1.2/24'] });
    expect(first?.routes).toContainEqual({ destination: '0.0.0.0/0', via: '10.0.1.1', interface: 'h1-eth0' });
    const ends = topology?.links.map(({ name, endpoints }) => [name, ...endpoints.map(end => end.node)]);
    expect(ends).toContainEqual(['s1', 'gw1', 'h1']);
    const wan = topology?.links.find(({ name }) => name === 'gw1-gw2');
    expect(wan?.impairments[1]).toMatchObject({ delayNs: 15e6, loss: 0.02, rateBitsPerSecond: 10e6 });
    expect(topology?.links.find(({ name }) => name === 's1')?.impairments[0]).toMatchObject({ delayNs: 2e6 });
    expect(text).toContain('# Called "GW1" there.');
  });

  test('addresses that Mininet itself would give', () => {
    const { draft } = imported(SITES, 'bare');
    expect(draft?.nodes.map(({ interfaces }) => interfaces[0]?.addresses)).toEqual([['10.0.0.1/8'], ['10.0.0.2/8']]);
    expect(draft?.checks).toEqual([{ from: 'h1', to: '10.0.0.2' }]);
  });

  test("Mininet's own example of a router", () => {
    const file = '/usr/lib/python3/dist-packages/mininet/examples/linuxrouter.py';
    const { draft } = imported(readFileSync(file, 'utf8'));
    if (draft === null) throw new Error('nothing was imported');
    const { topology, diagnostics } = loadTopology('router.yaml', draftText(draft));
    expect(diagnostics).toEqual([]);
    expect(topology?.nodes.map(({ name, kind }) => [name, kind])).toContainEqual(['r0', 'router']);
    expect(topology?.links.map(({ name }) => name)).toEqual(['s1', 's2', 's3']);
  });

  test('what cannot be imported is said with its line', () => {
    expect(saidOf(SITES)).toMatch(
      /^lab\.py: it has several topologies: sites, bare\n {2}fix: choose one: --topo sites$/,
    );
    expect(saidOf(SITES, 'ring')).toContain('it has no topology "ring"');
    expect(saidOf('x = 1\n')).toContain('write the network as a subclass of mininet.topo.Topo');
    expect(saidOf('from nowhere import x\n')).toMatch(/^lab\.py:1:1: ModuleNotFoundError.*\n {2}fix: .*one file/);
    expect(saidOf('def (:\n')).toMatch(/^lab\.py:1:1: SyntaxError/);
    expect(saidOf('from mininet.net import Mininet\nnet = Mininet()\n')).toMatch(
      /^lab\.py:2:1: the file makes a network as soon as it is read\n {2}fix: .*__main__/,
    );
    const star = `${HEAD}from mininet.nodelib import NAT
class Star(Topo):
    def build(self):
        self.addSwitch('s1')
        for name in 'abc':
            self.addLink(self.addHost(name), 's1')
        self.addNode('nat', cls=NAT)
`;
    expect(saidOf(star)).toMatch(/^lab\.py:6:1: s1 joins 3 hosts, and a link of a lab has two ends\n/);
    expect(saidOf(star)).toMatch(/^lab\.py:9:1: nat is a NAT into the network of the machine$/m);
  });

  test('the file can do nothing to the machine', () => {
    const tries = {
      'os.fork()': 'BlockingIOError',
      [`open(${JSON.stringify(import.meta.filename)})`]: 'FileNotFoundError',
      'open("/x", "w")': 'PermissionError',
      'open("/usr/x", "w")': 'PermissionError',
      'os.chroot("/usr")': 'PermissionError',
      'os.kill(os.getppid() or 1, 0)': 'fine',
      'os.kill(2, 0)': 'ProcessLookupError',
      'socket.create_connection(("192.0.2.1", 80))': 'OSError',
      'socket.socket(socket.AF_PACKET, socket.SOCK_RAW)': 'PermissionError',
      'bytes(1 << 34)': 'MemoryError',
    };
    const source = `import os, socket, sys
found = []
for attempt in ${JSON.stringify(Object.keys(tries))}:
    try:
        eval(attempt)
        found.append('fine')
    except BaseException as error:
        found.append(type(error).__name__)
sys.exit(' '.join(found))
`;
    expect(saidOf(source)).toContain(`SystemExit: ${Object.values(tries).join(' ')}\n`);
    expect(saidOf('import os\nos._exit(0)\n')).toContain('what it makes of itself is no topology');
  });
});

test('links in a row impair as one', () => {
  const wire: MininetTopoLink = {
    line: 1,
    ends: [
      { node: 'a', interface: 'a-eth0', port: 0, ip: null, mac: null },
      { node: 'b', interface: 'b-eth0', port: 0, ip: null, mac: null },
    ],
    bw: null,
    delay: null,
    jitter: null,
    loss: null,
    queue: null,
  };
  expect(impairmentOf([wire, wire])).toEqual({ impair: {}, problems: [] });
  const first = { ...wire, delay: '1.5ms', loss: 10, bw: 100 };
  const second = { ...wire, delay: '500', jitter: '1 ms', loss: 10, bw: 0.5 };
  expect(impairmentOf([first, second]).impair).toEqual({ delay: '2ms', jitter: '1ms', loss: '19%', rate: '0.5mbit' });
  expect(impairmentOf([{ ...wire, delay: 'soon', queue: 5 }]).problems).toHaveLength(2);
});
