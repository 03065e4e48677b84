/** Bob advertises a /64 through an ESP tunnel; alice has no IPv6 address but what she forms from it: FORMED. */
export const TUNNEL_SLAAC = `
name: tunnel-slaac
secrets: { alice-bob: "only in the lab" }
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] } }
    tunnels: { v4_bob0: { remote: bob, autoconfigure: true } }
    policy:
      - { tunnel: v4_bob0, protect: { esp: aes256gcm16, key: "\${secrets.alice-bob}" } }
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24] } }
    tunnels: { v4_alice0: { remote: alice, addresses: "2001:db8:77::1/64", advertise: true } }
    policy:
      - { tunnel: v4_alice0, protect: { esp: aes256gcm16, key: "\${secrets.alice-bob}" } }
links:
  wan: { endpoints: ["alice:net0", "bob:net0"] }
`;

/** The prefix of bob's tunnel and, as RFC 4213 §3.7 has it, alice's outer address: 192.0.2.1. */
export const FORMED = '2001:db8:77::c000:201';
