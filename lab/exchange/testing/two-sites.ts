import type { Topology } from '../../topology/model.ts';
import { loadTopology } from '../../topology/load.ts';

/** Two sites: what one policy protects, what all else may do in the clear, a slow link, and an interface on no link. */
const TEXT = `
name: two-sites
title: Two sites, one of three networks secret
nodes:
  alice:
    kind: gateway
    interfaces:
      net0: { addresses: [192.0.2.1/24], gateway: 192.0.2.2 }
      net1: { addresses: [10.0.0.1/24, "2001:db8:a::1/64"] }
      loop0: { addresses: [198.51.100.1/32] }
    policy:
      - { name: inside, local: 10.0.0.0/24, remote: 10.0.0.0/24, bypass: true }
      - name: secret
        local: 10.0.0.0/24
        remote: 10.1.0.0/24
        protect: { mode: tunnel, peer: bob, esp: aes256gcm16, key: "a secret of this lab alone" }
      - { name: never, local: 10.0.0.0/24, remote: 10.2.0.7-10.2.0.9, discard: true }
      - { bypass: true }
  bob:
    kind: gateway
    interfaces:
      net0: { addresses: [192.0.2.2/24], gateway: 192.0.2.1 }
      net1: { addresses: [10.1.0.1/24, "2001:db8:b::1/64"], mtu: 1400 }
      net2: { addresses: [10.2.0.1/24] }
    policy:
      - name: secret
        local: 10.1.0.0/24
        remote: 10.0.0.0/24
        protect: { mode: tunnel, peer: alice, esp: aes256gcm16, key: "a secret of this lab alone" }
      - { name: never, local: 10.2.0.7-10.2.0.9, remote: 10.0.0.0/24, discard: true }
      - { bypass: true }
  a1:
    kind: host
    interfaces:
      eth0: { addresses: [10.0.0.2/24, "2001:db8:a::2/64"], gateway: [10.0.0.1, "2001:db8:a::1"] }
  b1:
    kind: host
    interfaces:
      eth0: { addresses: [10.1.0.2/24, "2001:db8:b::2/64"], gateway: [10.1.0.1, "2001:db8:b::1"], mtu: 1400 }
  b2:
    kind: host
    interfaces:
      eth0: { addresses: [10.2.0.2/24, 10.2.0.8/24], gateway: 10.2.0.1 }
links:
  lan-a: { endpoints: ["a1:eth0", "alice:net1"] }
  wan: { endpoints: ["alice:net0", "bob:net0"], impair: { forward: { delay: 20ms, loss: 1% } } }
  lan-b: { endpoints: ["b1:eth0", "bob:net1"] }
  lan-c: { endpoints: ["b2:eth0", "bob:net2"] }
checks:
  - { reach: { from: a1, to: b1, with: icmp } }
`;

export function twoSites(text = TEXT): Topology {
  const { topology, diagnostics } = loadTopology('two-sites.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return topology;
}

/** The same with one address an end, as Docker has it. */
export const twoSitesForDocker = (): Topology => twoSites(TEXT.replace(', 10.2.0.8/24', ''));
