import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import { loadTopology } from '../../topology/load.ts';
import { draftText } from '../network-draft.ts';
import { importContainerlab } from './import.ts';

const GOOD = `name: Spine_Lab
prefix: ""
mgmt:
  network: custom
topology:
  defaults:
    kind: linux
  kinds:
    linux:
      image: alpine:3
      exec:
        - sysctl -w net.ipv6.conf.all.disable_ipv6=0
  groups:
    routers:
      sysctls:
        net.ipv4.ip_forward: 1
  nodes:
    R1:
      group: routers
      exec:
        - ip addr add 10.0.1.1/24 dev eth1
        - ip addr add 10.0.2.1/24 dev eth2
        - ip -6 addr add 2001:db8:1::1/64 dev eth1
        - ip addr add 192.0.2.1/32 dev lo
        - vtysh -c "conf t"
    h_1:
      network-mode: none
      ports: ["80:80"]
      exec:
        - ip link set eth1 up && ip addr add 10.0.1.2/24 dev eth1
        - sh -c "ip route del default; ip route add default via 10.0.1.1"
        - ip -6 a a 2001:db8:1::2/64 dev eth1
        - ip -6 route add default via 2001:db8:1::1
    h2:
      exec:
        - ip addr add 10.0.2.2/24 dev eth1
        - ip link set dev eth1 mtu 1400
        - ip route add 10.0.1.0/24 via 10.0.2.1 dev eth1
        - ip addr add 10.9.9.9/24 dev eth0
    h3:
  links:
    - endpoints: ["R1:eth1", "h_1:eth1"]
    - endpoints: ["R1:eth2", "h2:eth1"]
      mtu: 1500
    - type: veth
      endpoints:
        - { node: R1, interface: eth3 }
        - { node: h3, interface: eth1, mac: "02:00:00:00:00:09" }
`;

test('nodes, links, addresses, routes and forwarding are taken over, and what was assumed is said', () => {
  const { draft, errors, notes } = importContainerlab('labs/spine.clab.yml', GOOD);
  expect(errors).toEqual([]);
  if (draft === null) throw new Error('nothing was imported');
  expect(draftText(draft)).toMatchInlineSnapshot(`
    "# Imported from containerlab's spine.clab.yml. It has no IPsec yet: make the nodes that are to protect something
    # "kind: gateway" and give them a "policy:", as topologies/site-to-site-manual.yaml does.
    name: spine-lab
    title: "Imported from containerlab's spine.clab.yml"

    nodes:
      # Called "R1" there.
      r1:
        kind: router
        interfaces:
          eth1: { addresses: [10.0.1.1/24, "2001:db8:1::1/64"] }
          eth2: { addresses: [10.0.2.1/24] }
          # The address is assumed: there was none at either end.
          eth3: { addresses: [198.18.0.1/24] }
          loop0: { addresses: [192.0.2.1/32] }

      # Called "h_1" there.
      h-1:
        kind: host
        interfaces:
          eth1: { addresses: [10.0.1.2/24, "2001:db8:1::2/64"], gateway: [10.0.1.1, "2001:db8:1::1"] }

      h2:
        kind: host
        interfaces:
          eth1: { addresses: [10.0.2.2/24], mtu: 1400 }
        routes:
          - { to: 10.0.1.0/24, via: 10.0.2.1 }

      h3:
        kind: host
        interfaces:
          # The address is assumed: there was none at either end.
          eth1: { addresses: [198.18.0.2/24], gateway: 198.18.0.1, mac: "02:00:00:00:00:09" }

    links:
      r1-h-1: { endpoints: ["r1:eth1", "h-1:eth1"] }
      r1-h2: { endpoints: ["r1:eth2", "h2:eth1"], mtu: 1500 }
      r1-h3: { endpoints: ["r1:eth3", "h3:eth1"] }

    checks:
      - { reach: { from: r1, to: 10.0.1.2, with: icmp } }
      - { reach: { from: r1, to: 10.0.2.2, with: icmp } }
      - { reach: { from: r1, to: 198.18.0.2, with: icmp } }
    "
  `);
  expect(notes.map(formatDiagnostic)).toMatchInlineSnapshot(`
    [
      "labs/spine.clab.yml:3:1: "mgmt" is left out: a lab has no management network, and settings of its own",
      "labs/spine.clab.yml:10:7: "image" is left out: a node is its network, and runs the programs of this machine",
      "labs/spine.clab.yml:25:11: R1: "vtysh -c conf t" is left out: it says nothing that is understood of the network",
      "labs/spine.clab.yml:28:7: "ports" is left out: a node is its network, and runs the programs of this machine",
      "labs/spine.clab.yml:39:11: h2: what is set on eth0 is left out: no link has it",
    ]
  `);
});

test('what is written loads, and is the network that was meant', () => {
  const { draft } = importContainerlab('spine.clab.yml', GOOD);
  const { topology, diagnostics } = loadTopology('spine.yaml', draft === null ? '' : draftText(draft));
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  expect(topology?.nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'r1 router',
    'h-1 host',
    'h2 host',
    'h3 host',
  ]);
  expect(topology?.nodes[2]?.routes).toEqual([{ destination: '10.0.1.0/24', via: '10.0.2.1', interface: 'eth1' }]);
});

const BAD = `name: bad
topology:
  nodes:
    srl: { kind: nokia_srlinux, image: x }
    br: { kind: bridge }
    a: { kind: linux, network-mode: host }
    b: { kind: linux }
    c:
  links:
    - endpoints: ["srl:e1-1", "a:eth1"]
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: ["a:eth1", "b:eth2"]
    - endpoints: ["a:eth2", "host:a-eth2"]
    - endpoints: ["a:eth3", "nobody:eth1"]
    - endpoints: ["a:eth4"]
    - type: macvlan
      endpoint: { node: a, interface: eth5 }
`;

test('what cannot be imported is said with its place, all at once, and then nothing is', () => {
  const { draft, errors } = importContainerlab('bad.clab.yml', BAD);
  expect(draft).toBeNull();
  expect(errors.map(formatDiagnostic)).toMatchInlineSnapshot(`
    [
      "bad.clab.yml:4:18: "srl" is of kind "nokia_srlinux"
      fix: only Linux containers can be imported: make it kind: linux, or leave it and its links out",
      "bad.clab.yml:5:17: "br" is of kind "bridge"
      fix: it is of the machine's own network, which a lab never touches: put a router of kind linux in its place",
      "bad.clab.yml:6:37: "a" shares the network of the machine
      fix: a lab has nothing to do with other networks: remove it, and let a node of the lab stand for what it is to reach",
      "bad.clab.yml:8:5: "c" is of no kind
      fix: only Linux containers can be imported: make it kind: linux, or leave it and its links out",
      "bad.clab.yml:11:19: a:eth1 is on another link already
      fix: give each link its own interface",
      "bad.clab.yml:12:19: a:eth1 is on another link already
      fix: give each link its own interface",
      "bad.clab.yml:13:29: this link leads to "host", out of the lab
      fix: a lab never joins the machine's own network: end the link at a node",
      "bad.clab.yml:14:29: the link ends at "nobody", which is not a node
      fix: declare it under nodes, or remove the link",
      "bad.clab.yml:15:7: this link has one end
      fix: give it two: endpoints: ["a:eth1", "b:eth1"]",
      "bad.clab.yml:16:13: a link of type "macvlan" does not join two nodes
      fix: a lab has links between its nodes alone: remove it, or give it two ends",
    ]
  `);
});

test.each([
  '',
  'name: x',
  '[1, 2]',
  'topology: {nodes: [a], links: {}}',
  'topology:\n  nodes:\n    a: 1\n  links: [x, {endpoints: 1}]',
])('a text that is none (%j) is an error, not an exception', text => {
  const { draft, errors } = importContainerlab('x', text);
  expect(draft).toBeNull();
  expect(errors.length).toBeGreaterThan(0);
});
