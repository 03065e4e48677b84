import { expect, test } from 'vitest';
import { shipped } from '../../topology/testing/shipped.ts';
import { cablesOf } from '../netns/layout.ts';
import { farUnderlayScript, hubScript, overlayMtu, underlayScript } from './underlay.ts';

const topology = shipped('site-to-site');
const cables = cablesOf(topology, () => false, 'together');
const addresses = new Map(topology.nodes.map(({ name }, index) => [name, `10.9.0.${index + 2}/24`]));

/** The VXLAN devices of a node, without their names: VNI, own and other end. */
const devicesOf = (node: string) =>
  [...underlayScript(node, addresses, cables).matchAll(/id (\d+) local (\S+) remote (\S+)/g)].map(
    ([, vni, local, remote]) => ({ vni, local, remote }),
  );

test('the two ends of a link have one VNI, which no other link has, and each the address of the other', () => {
  const devices = topology.nodes.flatMap(({ name }) => devicesOf(name));
  expect(devices).toHaveLength(2 * topology.links.length);
  for (let link = 1; link <= topology.links.length; link++) {
    const [one, other, ...more] = devices.filter(({ vni }) => vni === String(link));
    expect(more).toEqual([]);
    expect(one).toEqual({ vni: String(link), local: other?.remote, remote: other?.local });
  }
});

test('a device has the name, MAC address and MTU of the topology, in the namespace of its node', () => {
  const port = topology.nodes.find(({ name }) => name === 'a1')?.interfaces[0];
  const line = `ip link add name eth0 netns /run/netns/a1 address ${port?.mac} mtu ${port?.mtu} type vxlan`;
  expect(underlayScript('a1', addresses, cables)).toContain(line);
});

test('a link that goes through the middle is none of its', () => {
  expect(
    underlayScript(
      'a1',
      addresses,
      cablesOf(topology, () => true, 'together'),
    ),
  ).not.toContain('vxlan');
});

test('of a node on another machine every link ends at the hub, and the hub has an end of its own for each', () => {
  const middle = cablesOf(topology, () => true, 'together');
  const [own, hub] = ['10.9.0.7/24', '10.9.0.99/24'];
  const words = /name (\S+) netns (\S+) .*id (\d+) local (\S+) remote (\S+)/g;
  const there = [...farUnderlayScript('bob', own, hub, middle).matchAll(words)].map(([, ...found]) => found);
  const here = [...hubScript('bob', own, hub, middle).matchAll(words)].map(([, ...found]) => found);
  expect(there.map(([name, netns, , ...ends]) => [name, netns, ...ends])).toEqual([
    ['net0', '/run/netns/bob', '10.9.0.7', '10.9.0.99'],
    ['net1', '/run/netns/bob', '10.9.0.7', '10.9.0.99'],
  ]);
  expect(here.map(([, netns, vni, ...ends]) => [netns, vni, ...ends])).toEqual(
    there.map(([, , vni]) => ['/run/netns/:middle', vni, '10.9.0.99', '10.9.0.7']),
  );
  // No other node's ends have the same VNIs.
  const all = topology.nodes.flatMap(({ name }) => hubScript(name, own, hub, middle).match(/id \d+/g) ?? []);
  expect(new Set(all).size).toBe(2 * middle.length);
});

test('the overlay is as wide as the widest link with two VXLAN headers; one that cannot be is refused', () => {
  expect(overlayMtu(topology)).toBe(1600);
  const wide = (mtu: number) => ({
    ...topology,
    nodes: topology.nodes.map(node => ({ ...node, interfaces: node.interfaces.map(each => ({ ...each, mtu })) })),
  });
  expect(overlayMtu(wide(65_435))).toBe(65_535);
  expect(() => overlayMtu(wide(65_436))).toThrow(/carry 65435 octets at most/);
});
