import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadTopology } from '../../topology/load.ts';
import { UNIMPAIRED } from '../../topology/impairment.ts';
import type { Impairment, Topology, TopologyLink } from '../../topology/model.ts';
import { resolveTopologyArgument } from '../../topology/shipped.ts';
import { kernelNamespaceScript, wireNamespaceScript } from './engine-namespace.ts';
import { cablesOf, layoutBatch } from './layout.ts';
import { isImpaired, netemArguments, netemMatches } from './netem.ts';
import { plainNodeScript } from './plain-node.ts';

function siteToSite(): Topology {
  const found = resolveTopologyArgument('site-to-site-manual');
  const { topology } = loadTopology(
    'site-to-site-manual',
    found.kind === 'file' ? readFileSync(found.file, 'utf8') : '',
  );
  if (topology === null) throw new Error('site-to-site does not load');
  return topology;
}

const topology = siteToSite();
const nodeNamed = (name: string) => {
  const node = topology.nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`no ${name}`);
  return node;
};

describe('the layout', () => {
  test('a straight cable joins the namespaces of its nodes, with the MAC addresses and MTUs of the topology', () => {
    const cables = cablesOf(topology, () => false);
    const [, eth0] = [nodeNamed('alice').interfaces[1], nodeNamed('a1').interfaces[0]];
    expect(layoutBatch(topology, cables, 'tun')).toContain(
      `link add name eth0 netns a1 address ${eth0?.mac} mtu 1500 type veth peer ` +
        `name net1 netns alice:nics address ${nodeNamed('alice').interfaces[1]?.mac} mtu 1500`,
    );
    expect(cables[0]?.ends.map(end => end.far)).toEqual([
      { netns: 'alice:nics', interface: 'net1' },
      { netns: 'a1', interface: 'eth0' },
    ]);
  });

  test('a cable through the middle has two halves', () => {
    const cables = cablesOf(topology, link => link.name === 'wan');
    const lines = layoutBatch(topology, cables, 'veth').filter(line => line.includes(':middle'));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('netns add :middle');
    expect(lines[1]).toMatch(/^link add name net0 netns alice:nics .* peer name l1s0 netns :middle mtu 65535$/);
    expect(lines[2]).toMatch(/^link add name alice netns internet .* peer name l1s1 netns :middle mtu 65535$/);
  });

  test('an engine node has no address where its NICs are, and all of them above the engine', () => {
    const wire = wireNamespaceScript(nodeNamed('alice'), 'veth');
    expect(wire).not.toMatch(/addr|route/);
    expect(wire).toMatch(/link set dev net0 arp off up/);
    const kernel = kernelNamespaceScript(nodeNamed('alice'), () => '10.0.0.1');
    for (const line of ['addr replace 1.2.3.4/32 dev engine0', 'route replace 10.0.1.0/24 dev engine0 src 10.0.0.1']) {
      expect(kernel.split('\n')).toContain(line);
    }
    expect(kernel).not.toContain('net0');
  });

  test('a source address that the node does not have is no hint', () => {
    const kernel = kernelNamespaceScript(nodeNamed('alice'), () => 'fe80::1');
    expect(kernel).not.toContain('src');
  });

  test('a plain router forwards, a plain host does not', () => {
    expect(plainNodeScript(nodeNamed('internet'))).toMatch(/echo 1 >\/proc\/sys\/net\/ipv4\/ip_forward/);
    expect(plainNodeScript(nodeNamed('a1'))).toMatch(/echo 0 >\/proc\/sys\/net\/ipv4\/ip_forward/);
    expect(plainNodeScript(nodeNamed('a1'))).toMatch(/addr replace 2001:470:24:c66::2\/64 dev eth0 nodad/);
  });
});

const link = (change: Partial<Impairment>): TopologyLink => ({
  name: 'l',
  endpoints: [
    { node: 'a', interface: 'x' },
    { node: 'b', interface: 'y' },
  ],
  impairments: [UNIMPAIRED, { ...UNIMPAIRED, ...change }],
});

describe('netem', () => {
  test('does what it does as the model of a link does, and nothing else', () => {
    expect(isImpaired(link({}))).toBe(false);
    for (const change of [{ delayNs: 1 }, { loss: 0.1 }, { duplicate: 0.1 }, { corrupt: 0.1 }]) {
      expect(isImpaired(link(change)) && netemMatches(link(change))).toBe(true);
    }
    for (const change of [{ jitterNs: 1 }, { reorder: 0.1 }, { rateBitsPerSecond: 1e6 }]) {
      expect(isImpaired(link(change)) && !netemMatches(link(change))).toBe(true);
    }
  });

  test('arguments', () => {
    const all = { ...UNIMPAIRED, delayNs: 20_000_000, loss: 0.001, duplicate: 0.01, corrupt: 0.02 };
    expect(netemArguments(all).join(' ')).toBe('limit 1000000 delay 20000us loss 0.1% duplicate 1% corrupt 2%');
    expect(netemArguments(UNIMPAIRED)).toEqual(['limit', '1000000']);
  });
});
