const PROTECT = 'mode: tunnel, esp: aes256gcm16, encapsulation: udp, key: "a literal key"';

/** Alice is behind a NAT called home, and has a tunnel to bob without a tunnel interface. */
export const NAT = `
name: nat
nodes:
  alice:
    kind: gateway
    interfaces:
      net0: { addresses: [192.168.1.2/24], gateway: 192.168.1.1 }
      net1: { addresses: [10.0.0.1/24] }
    policy:
      - { local: 10.0.0.0/24, remote: 10.0.1.0/24, protect: { peer: bob, ${PROTECT} } }
      - { bypass: true }
  home:
    kind: nat
    interfaces:
      inside: { addresses: [192.168.1.1/24] }
      outside: { addresses: [203.0.113.1/24] }
    nat: { outside: outside }
  bob:
    kind: gateway
    interfaces:
      net0: { addresses: [203.0.113.2/24], gateway: 203.0.113.1 }
      net1: { addresses: [10.0.1.1/24] }
    policy:
      - { local: 10.0.1.0/24, remote: 10.0.0.0/24, protect: { peer: alice, ${PROTECT} } }
      - { bypass: true }
links:
  lan: { endpoints: ["alice:net0", "home:inside"] }
  wan: { endpoints: ["home:outside", "bob:net0"] }
`;
