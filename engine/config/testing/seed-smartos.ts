/** The files of the guide to tunnels on SmartOS, as it has them; they are all Alice's. */
const XFORM = (method: string) => `p1_xform {
        auth_method ${method}
        oakley_group 5
        auth_alg sha512
        encr_alg aes
    }`;

export const GUIDE_PSK_CONFIG = `p1_lifetime_secs 7200
p1_nonce_len 40

${XFORM('preshared')}

p2_pfs 2

{
    label "v4_bob0"
    local_addr 1.2.3.4
    remote_addr 5.6.7.8
    ${XFORM('preshared')}
    p2_pfs 5
}
`;

export const GUIDE_KEY =
  '0f5451e4e0ad601f64dad77b9a83a0214dd4f460e07935936cfc7faf24c90f1c65609aaebc817ea17894748d999c94324d53a50ba18ce62c7683966674c3d50f93d1333440709f92facd1d10bcfde5b9ccc05e20adfa00a14825025068ba29cac04ba75b3b7e909dfddc01bd84eec2d56fa47a151cd447d0342f4194a910be9c';

export const GUIDE_PRESHARED = `{
    localidtype IP
    localid 1.2.3.4
    remoteidtype IP
    remoteid 5.6.7.8
    key ${GUIDE_KEY}
}
`;

export const GUIDE_RSA_CONFIG = `p1_lifetime_secs 7200
p1_nonce_len 40

# The following line is only necessary if you're using a
# Certificate Authority.  Include the DN of the common root.
# This certificate must also have been installed into certdb.
cert_root "C=US, CN=Charles' Certificate Authority DN"
# If you're using the above line, and you would like to ignore
# Certificate Revocation Lists, include the following
ignore_crls

# The following lines are necessary if you're using self-signed
# certificates
cert_trust "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN"
cert_trust "C=US,O=BobDesign Ltd.,OU=Network Security,CN=BobDesign VPN"

${XFORM('rsa_sig')}

p2_pfs 2

{
    label "v4_bob0"
    # Added the following three lines:
    local_id_type dn
    local_id  "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN"
    remote_id "C=US,O=BobDesign Ltd.,OU=Network Security,CN=BobDesign VPN"

    local_addr 1.2.3.4
    remote_addr 5.6.7.8
    ${XFORM('rsa_sig')}
    p2_pfs 5
}
`;
