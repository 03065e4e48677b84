import { describe, expect, test } from 'vitest';
import { createNet, type Net } from '../../engine/node/testing/net.ts';
import { ping } from '../../engine/node/testing/packets.ts';
import { line } from '../../engine/node/testing/read.ts';
import { NS_PER_S } from '../../engine/wire/instant.ts';
import { deriveSas } from './keys.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { nodeConfig } from './node-config.ts';
import { openTopology, shippedTopologies } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';
import { createNodes } from './testing/nodes.ts';

function good(result: { readonly topology: Topology | null }): Topology {
  if (result.topology === null) throw new Error('the topology has errors');
  return result.topology;
}

const topologies = [
  good(loadTopology('everything.yaml', EVERYTHING)),
  ...shippedTopologies().map(({ file }) => good(openTopology(file))),
];

/** Without SAs a gateway lets nothing pass: those that negotiate are for a driver, which has daemons. */
const isKeyed = ({ nodes }: Topology): boolean => nodes.every(({ ike }) => ike === null);

/** The engine throws on a configuration that contradicts itself: what the loader accepts must not be one. */
describe('the engine takes what the loader makes', () => {
  test.each(topologies)('$name', topology => {
    for (const node of createNodes(topology).values()) {
      const expected = topology.nodes.find(({ name }) => name === node.name);
      const { interfaces, policies, sas } = node.status();
      const names = [...(expected?.interfaces ?? []), ...(expected?.tunnels ?? [])].map(({ name }) => name);
      expect(interfaces.map(({ name }) => name)).toEqual(names);
      expect(policies).toHaveLength(expected?.policies.length ?? 0);
      const own = topology.sas.filter(({ from, to }) => [from.node, to.node].includes(node.name));
      expect(sas).toHaveLength(own.length + (expected?.sas.length ?? 0));
    }
  });

  test.each(topologies.filter(isKeyed))('$name: and decides as its checks say', topology => {
    const nodes = createNodes(topology);
    for (const { title, spec } of topology.checks) {
      if (spec.kind !== 'policy') continue;
      const { from: source, to: destination, protocol, sourcePort, destinationPort, icmp } = spec;
      const flow = { source, destination, protocol, sourcePort, destinationPort, ...(icmp === null ? {} : { icmp }) };
      const explanation = nodes.get(spec.node)?.explain(flow);
      expect(`${title}: ${explanation?.verdict}`).toBe(`${title}: ${spec.expect}`);
    }
  });
});

/** All nodes are the engine here, hosts too, on wires without delay: the drivers' worlds judge the rest. */
describe('shipped topologies carry packets as their checks say', () => {
  const shipped = topologies.slice(1).filter(isKeyed);
  const ECHO_REPLY = /icmp (0|129)\/0$/;

  test.each(shipped)('$name: reach', topology => {
    const net = netOf(topology);
    const wanted = topology.checks.flatMap(({ spec }) => (spec.kind === 'reach' ? [spec] : []));
    expect(wanted.length).toBeGreaterThan(0);
    for (const { from, to } of wanted) expect(answers(net, from, to, 100).join()).toMatch(ECHO_REPLY);
  });

  test.each(shipped)('$name: path-mtu', topology => {
    const net = netOf(topology);
    for (const { spec } of topology.checks) {
      if (spec.kind !== 'path-mtu') continue;
      expect(answers(net, spec.from, spec.to, spec.mtu).join()).toMatch(ECHO_REPLY);
      // The first packet that is too long may only teach a gateway the path MTU of its tunnel.
      const refusals = [1, 2].flatMap(() => answers(net, spec.from, spec.to, spec.mtu + 1));
      expect(refusals.join()).toContain(`mtu ${spec.mtu}`);
    }
  });
});

function endText(end: { readonly node: string; readonly interface: string }): string {
  return `${end.node}:${end.interface}`;
}

function netOf(topology: Topology): Net {
  const { nodes } = deriveSas(topology, 'run', {});
  const configs = topology.nodes.map(({ name }) => nodeConfig(topology, name, nodes.get(name) ?? []));
  const wires = topology.links.map(({ endpoints: [a, b] }) => [endText(a), endText(b)] as const);
  return createNet(configs, wires);
}

/** What comes back for a ping that is `octets` long from its IP header on. */
function answers(net: Net, from: string, to: string, octets: number): string[] {
  const source = net.node(from).sourceFor(to) ?? '';
  const size = octets - (to.includes(':') ? 48 : 28);
  net.send(from, ping(source, to, size, { dontFragment: true }));
  net.advance(NS_PER_S);
  return net.takeDeliveries(from).map(line);
}
