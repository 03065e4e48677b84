/** The files of a guide to tunnels between two SmartOS zones, for Alice and, with her data replaced, for Bob. */
export type Side = 'alice' | 'bob';

export const SIDES = ['alice', 'bob'] as const;
export const far = (side: Side): Side => (side === 'alice' ? 'bob' : 'alice');

interface Data {
  readonly tunnel: string;
  readonly outer: string;
  readonly inner: string;
  readonly lan4: string;
  readonly lan6: string;
  readonly linkLocal: string;
  readonly host: string;
  readonly host4: string;
  readonly host6: string;
  readonly wan: string;
  readonly lan: string;
  /** Its distinguished name. */
  readonly dn: string;
}

export const OF: Readonly<Record<Side, Data>> = {
  alice: {
    tunnel: 'v4_bob0',
    outer: '1.2.3.4',
    inner: '10.0.0.1',
    lan4: '10.0.0.0/24',
    lan6: '2001:470:24:c66::/64',
    linkLocal: 'fe80::102:304',
    host: 'a1',
    host4: '10.0.0.2',
    host6: '2001:470:24:c66::2',
    wan: 'wan',
    lan: 'lan-a',
    dn: 'C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN',
  },
  bob: {
    tunnel: 'v4_alice0',
    outer: '5.6.7.8',
    inner: '10.0.1.1',
    lan4: '10.0.1.0/24',
    lan6: '2001:470:24:c67::/64',
    linkLocal: 'fe80::506:708',
    host: 'b1',
    host4: '10.0.1.2',
    host6: '2001:470:24:c67::2',
    wan: 'wan-bob',
    lan: 'lan-b',
    dn: 'C=US,O=BobDesign Ltd.,OU=Network Security,CN=BobDesign VPN',
  },
};

export const CHARLES_DN = "C=US, CN=Charles' Certificate Authority DN";

/** /etc/inet/ipsecinit.conf */
export const ipsecinit = (side: Side): string => `{tunnel ${OF[side].tunnel} negotiate tunnel}
    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}
`;

/** /etc/inet/ike/config, with a pre-shared key. */
export const ikePreshared = (side: Side): string => `p1_lifetime_secs 7200
p1_nonce_len 40

p1_xform {
    auth_method preshared
    oakley_group 5
    auth_alg sha512
    encr_alg aes
}

p2_pfs 2

{
    label "${OF[side].tunnel}"
    local_addr ${OF[side].outer}
    remote_addr ${OF[far(side)].outer}
    p1_xform {
        auth_method preshared
        oakley_group 5
        auth_alg sha512
        encr_alg aes
    }
    p2_pfs 5
}
`;

/** /etc/inet/secret/ike.preshared */
export const preshared = (side: Side, key: string): string => `{
    localidtype IP
    localid ${OF[side].outer}
    remoteidtype IP
    remoteid ${OF[far(side)].outer}
    key ${key}
}
`;

export type Trust = 'self-signed' | 'charles';

const TRUST: Readonly<Record<Trust, string>> = {
  'self-signed': `# The following lines are necessary if you're using self-signed
# certificates
cert_trust "${OF.alice.dn}"
cert_trust "${OF.bob.dn}"
`,
  charles: `# The following line is only necessary if you're using a
# Certificate Authority.  Include the DN of the common root.
# This certificate must also have been installed into certdb.
cert_root "${CHARLES_DN}"
# If you're using the above line, and you would like to ignore
# Certificate Revocation Lists, include the following
ignore_crls
`,
};

/** /etc/inet/ike/config, with public keys. */
export const ikePublicKey = (side: Side, trust: Trust): string => `p1_lifetime_secs 7200
p1_nonce_len 40

${TRUST[trust]}
p1_xform {
    # Changed preshared to rsa_sig, I don't know if this is
    # necessary at this point, but it is done in the docs I'm reading from
    auth_method rsa_sig
    oakley_group 5
    auth_alg sha512
    encr_alg aes
}

p2_pfs 2

{
    label "${OF[side].tunnel}"
    # Added the following three lines:
    local_id_type dn
    local_id  "${OF[side].dn}"
    remote_id "${OF[far(side)].dn}"

    local_addr ${OF[side].outer}
    remote_addr ${OF[far(side)].outer}
    p1_xform {
        # Changed preshared to rsa_sig
        auth_method rsa_sig
        oakley_group 5
        auth_alg sha512
        encr_alg aes
    }
    p2_pfs 5
}
`;

/** /etc/ipf/ipf.conf: Alice's has the /22 of the guide, which says more than it means; Bob's has it as it was meant. */
export function ipf(side: Side): string {
  const { tunnel, lan4 } = OF[side];
  const other = OF[far(side)].lan4;
  const outTo = side === 'alice' ? '10.0.1.0/22' : other;
  return `# Protecting IPv4 between Alice and Bob
block in on ${tunnel} all
block out on ${tunnel} all
block in from ${other} to ${lan4}
block out from ${lan4} to ${outTo}
pass in on ${tunnel} from ${other} to ${lan4}
pass out on ${tunnel} from ${lan4} to ${other}
`;
}

/** /etc/ipf/ipf6.conf: what the guide wishes for, and could not have. */
export function ipf6(side: Side): string {
  const { tunnel, lan6 } = OF[side];
  const other = OF[far(side)].lan6;
  return `# The same for IPv6, and link-local addresses
block in on ${tunnel} all
block out on ${tunnel} all
block in from ${other} to ${lan6}
block out from ${lan6} to ${other}
pass in on ${tunnel} from ${other} to ${lan6}
pass out on ${tunnel} from ${lan6} to ${other}
pass in on ${tunnel} from fe80::/10 to any
pass out on ${tunnel} from fe80::/10 to any
`;
}
