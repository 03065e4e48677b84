/** A topology that uses every key of the format at least once, so that mutations reach all of the loader. */
export const EVERYTHING = `
name: everything
title: Every key once
description: A hub with two sites, one of them over IPv6.
secrets: { hub-north: "only in the lab", hub-south: "another one for the lab" }
nodes:
  hub:
    kind: gateway
    interfaces:
      net0: { addresses: [192.0.2.1/24, "2001:db8::1/64"], gateway: 192.0.2.254, mtu: 1400, mac: "02:00:00:00:aa:01" }
      net1: { addresses: "10.0.0.1/24" }
      net2: { addresses: "2001:db8:0:2::1/64", advertise: true }
    tunnels:
      v4_north0: { remote: north, local: 192.0.2.1, addresses: 10.0.0.1, routes: 10.0.1.0/24, mtu: 1300 }
      v6_south0: { remote: south, routes: ["2001:db8:0:3::/64"], addresses: ["2001:db8:0:4::1/64"], advertise: true }
    routes:
      - { to: 10.9.0.0/16, via: 10.0.0.9 }
      - { to: 10.8.0.0/16, interface: net0 }
    policy:
      - { tunnel: v4_north0, local: 10.0.0.0/24, remote: 10.0.1.0/24, proto: tcp, local-port: 80, bypass: true }
      - { name: north, tunnel: v4_north0, protect: { esp: [aes256gcm16, aes128-sha256], key: "\${secrets.hub-north}", esn: true, window: 128 } }
      - { tunnel: v6_south0, protect: { mode: tunnel, esp: chacha20poly1305, key: "\${secrets.hub-south}" } }
      - { local: 192.0.2.1, remote: 192.0.2.2, proto: udp, remote-port: 4000, protect: { mode: transport, peer: north, esp: [aes128-sha512], key: "a literal key" } }
      - { local: 10.0.0.0/24, remote: 10.0.3.0/24, protect: { mode: tunnel, peer: north, esp: [aes192gcm16], key: "a literal key" } }
      - { local: 10.0.0.0/24, proto: 50, discard: true }
      - { bypass: true }
  north:
    kind: gateway
    interfaces:
      net0: { addresses: [192.0.2.254/24, 192.0.2.2/24] }
      net1: { addresses: [10.0.1.1/24] }
    tunnels:
      v4_hub0: { remote: hub, local: 192.0.2.2, routes: [10.0.0.0/24] }
    policy:
      - { tunnel: v4_hub0, protect: { esp: [aes256gcm16], key: "\${secrets.hub-north}", esn: true, window: 0 } }
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: udp, local-port: 4000, protect: { mode: transport, peer: hub, esp: [aes128-sha512], key: "a literal key" } }
      - { local: 10.0.3.0/24, remote: 10.0.0.0/24, protect: { mode: tunnel, peer: hub, esp: [aes192gcm16], key: "a literal key" } }
      - { bypass: true }
  south:
    kind: gateway
    interfaces:
      net0: { addresses: ["2001:db8:0:2::2/64"] }
      net1: { addresses: ["2001:db8:0:3::1/64"], advertise: true }
    tunnels:
      v6_hub0: { remote: hub, autoconfigure: true }
    routes: [{ to: "2001:db8::/64", via: "2001:db8:0:2::1" }]
    policy:
      - { tunnel: v6_hub0, protect: { esp: [chacha20poly1305], key: "\${secrets.hub-south}" } }
  h1: { kind: host, interfaces: { eth0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }
  n1: { kind: host, interfaces: { eth0: { addresses: [10.0.1.2/24], gateway: [10.0.1.1] } } }
  s1: { kind: host, interfaces: { eth0: { autoconfigure: true } } }
links:
  wan: { endpoints: ["hub:net0", "north:net0"], mtu: 1450, impair: { delay: 20ms, jitter: 2ms, loss: 0.1%, duplicate: 1%, reorder: 1%, corrupt: 0.5%, rate: 1gbit, queue: 50 } }
  wan-south: { endpoints: ["hub:net2", "south:net0"], impair: { forward: { delay: 1.5s }, backward: { rate: 64kbit } } }
  lan: { endpoints: ["hub:net1", "h1:eth0"] }
  lan-north: { endpoints: ["north:net1", "n1:eth0"] }
  lan-south: { endpoints: ["south:net1", "s1:eth0"] }
checks:
  - { reach: { from: h1, to: n1, with: icmp, size: 1000 }, tries: 3, timeout: 500ms }
  - { reach: { from: h1, to: 10.0.1.2, with: tcp, port: 8080 } }
  - { unreachable: { from: n1, to: h1, with: udp, family: v4 } }
  - { encrypted: { link: wan, flow: "10.0.0.0/24 <-> 10.0.1.0/24" } }
  - { policy: { node: hub, from: h1, to: n1, proto: tcp, port: 80, source-port: 1234, expect: protect } }
  - { policy: { node: hub, from: 10.0.0.2, to: 10.0.1.2, proto: icmp, family: v4, expect: protect } }
  - { path-mtu: { from: h1, to: n1, mtu: 1300, family: v4 } }
faults:
  - { at: 5s, down: wan }
  - { at: 6s, up: wan }
  - { at: 7s, crash: hub }
  - { at: 8s, restart: hub }
  - { at: 9s, partition: { link: wan-south, from: south } }
  - { at: 10s, heal: wan-south }
  - { at: 0, skew: { node: north, by: -3s } }
protected: ["10.0.0.0/24 <-> 10.0.1.0/24"]
`;
