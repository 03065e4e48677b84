/** A topology that uses every key of the format at least once, so that mutations reach all of the loader. */
export const EVERYTHING = `
name: everything
title: Every key once
description: A hub with two sites, one of them over IPv6.
secrets: { hub-north: "only in the lab", hub-south: "another one for the lab" }
keying:
  - { between: [east, west], key: "\${secrets.hub-north}" }
nodes:
  hub:
    kind: gateway
    hostmodel: strong
    antispoofing: true
    report-discards: true
    fragments: stateful
    filter: |
      # what a filter looks like
      block in quick on net1 proto tcp from any to any port = 23
      pass in all
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
      - { interface: net0, direction: in, local: [192.0.2.1, 192.0.2.9-192.0.2.12], proto: udp, local-port: [53, "8000-8099"], remote-port: "1024-65535", discard: true }
      - { name: hidden, proto: udp, local-port: opaque, remote-port: opaque, discard: true }
      - { proto: icmp, icmp: { type: [3, "9-11"], code: 0 }, discard: true }
      - { name: ssh, local: 192.0.2.1, remote: 192.0.2.2, proto: tcp, local-port: 22, remote-port: 2222, protect: { mode: transport, peer: north, esp: [null-sha256], ah: sha512, sa: unique, key: "a literal key", lifetime: { soft: { time: 1h, octets: 1000000 }, hard: { time: 2h, packets: 5000 } } } }
      - { name: old, local: 192.0.2.1, remote: 192.0.2.2, proto: 89, protect: { mode: transport, peer: north, level: use, legacy: true, esp: 3des-sha1, encapsulation: { local-port: 4500, remote-port: 4501 }, key: "a literal key" } }
      - name: nested
        local: 10.0.0.0/24
        remote: 10.0.4.0/24
        protect:
          key: "a literal key"
          peer: north
          transforms:
            - { mode: tunnel, esp: aes256gcm16, tfc: { pad-to: 256, dummy-every: 1s }, outer: { df: set, dscp: 10, ecn: compatibility } }
            - { mode: transport, ah: [aes128gmac], window: 1024, esn: true }
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
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: tcp, local-port: 2222, remote-port: 22, protect: { mode: transport, peer: hub, esp: [null-sha256], ah: sha512, sa: unique, key: "a literal key" } }
      - { local: 192.0.2.2, remote: 192.0.2.1, proto: 89, protect: { mode: transport, peer: hub, level: use, legacy: true, esp: 3des-sha1, encapsulation: { local-port: 4501, remote-port: 4500 }, key: "a literal key" } }
      - name: nested
        local: 10.0.4.0/24
        remote: 10.0.0.0/24
        protect:
          key: "a literal key"
          peer: hub
          transforms:
            - { mode: tunnel, esp: aes256gcm16 }
            - { mode: transport, ah: [aes128gmac], esn: true }
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
  east:
    kind: gateway
    interfaces: { net0: { addresses: [198.51.100.1/24] } }
    files:
      legacy: true
      setkey.conf: |
        flush; spdflush;
        spdadd 198.51.100.1 198.51.100.2 any -P out ipsec
            esp/transport//require ah/transport//use;
        spdadd 198.51.100.2 198.51.100.1 any -P in ipsec
            esp/transport//require ah/transport//use;
        add 198.51.100.1 198.51.100.2 esp 0x10001 -m transport
            -E 3des-cbc "twenty-four octets of it" -A hmac-sha1 "twenty octets of it.";
      ipf.conf: |
        block in log on net0 from 198.51.100.0/25 to any
        pass in proto udp from any to any port = 500 keep state
      ipf6.conf: |
        block in all
  west:
    kind: host
    interfaces: { net0: { addresses: [198.51.100.2/24] }, net1: { addresses: [203.0.113.9/24], gateway: 203.0.113.1 } }
    files:
      ipsecinit.conf: |
        {laddr 198.51.100.2 raddr 198.51.100.1 dir both} ipsec {encr_algs aes(128) encr_auth_algs sha256 auth_algs sha512}
  nat:
    kind: nat
    interfaces:
      inside: { addresses: [203.0.113.1/24] }
      outside: { addresses: [192.88.99.1/24] }
    nat: { outside: outside, behaviour: symmetric, idle: 90s }
links:
  east-west: { endpoints: ["east:net0", "west:net0"] }
  inside: { endpoints: ["west:net1", "nat:inside"] }
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
  - { policy: { node: hub, from: 10.0.0.2, to: 10.0.1.2, proto: icmp, icmp: { type: 13, code: 0 }, expect: protect } }
  - { authenticated: { link: wan, flow: "192.0.2.1 <-> 192.0.2.2" } }
  - { path-mtu: { from: h1, to: n1, mtu: 1300, family: v4 } }
faults:
  - { at: 5s, down: wan }
  - { at: 6s, up: wan }
  - { at: 7s, crash: hub }
  - { at: 8s, restart: hub }
  - { at: 9s, partition: { link: wan-south, from: south } }
  - { at: 10s, heal: wan-south }
  - { at: 11s, rebind: nat }
  - { at: 0, skew: { node: north, by: -3s } }
protected: ["10.0.0.0/24 <-> 10.0.1.0/24"]
`;
