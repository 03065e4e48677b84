/** Topologies whose IKE is said by files of other systems. */
const block = (text: string) => text.trimEnd().replaceAll('\n', '\n        ');
/** Bob's files are Alice's with the two names and their addresses the other way round. */
const mirrored = (text: string) =>
  text
    .replace(
      /1\.2\.3\.4|5\.6\.7\.8|v4_bob0/g,
      word => ({ '1.2.3.4': '5.6.7.8', '5.6.7.8': '1.2.3.4' })[word] ?? 'v4_alice0',
    )
    .replace(/local_id( .*)\n(.*)remote_id( .*)/, 'local_id$3\n$2remote_id$1');

const IPSECINIT = '{tunnel v4_bob0 negotiate tunnel}\n    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}';

/** Two gateways as the guide to tunnels on SmartOS has them. `preshared` null: there is no ike.preshared. */
export function guideTopology(config: string, preshared: string | null, pki = ''): string {
  const files = (turn: (text: string) => string) =>
    [
      `legacy: true`,
      `ipsecinit.conf: |\n        ${block(turn(IPSECINIT))}`,
      `ike/config: |\n        ${block(turn(config))}`,
      ...(preshared === null ? [] : [`ike.preshared: |\n        ${block(turn(preshared))}`]),
    ].join('\n      ');
  return `name: guide
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [1.2.3.4/24], gateway: 1.2.3.1 }, net1: { addresses: [10.0.0.1/24] } }
    tunnels: { v4_bob0: { remote: bob, routes: [10.0.1.0/24] } }
    files:
      ${files(text => text)}
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [5.6.7.8/24], gateway: 5.6.7.1 }, net1: { addresses: [10.0.1.1/24] } }
    tunnels: { v4_alice0: { remote: alice, routes: [10.0.0.0/24] } }
    files:
      ${files(mirrored)}
  net:
    kind: router
    interfaces: { left: { addresses: [1.2.3.1/24] }, right: { addresses: [5.6.7.1/24] } }
links:
  l: { endpoints: ["alice:net0", "net:left"] }
  r: { endpoints: ["bob:net0", "net:right"] }
${pki}`;
}

/** All of them in one network; Alice and Bob have a wire between them. */
const ADDRESSES = { alice: '192.168.33.11', bob: '192.168.33.12', carol: '192.168.33.14' };
export const MESH_NODES = Object.keys(ADDRESSES);

/** Hosts with racoon.conf for the policies of setkey.conf, of level use. `psk`: the key of all of them; null: there is no psk.txt. */
export function racoonTopology(method: string, psk: string | null): string {
  const nodes = Object.entries(ADDRESSES).map(([name, own]) => {
    const others = Object.values(ADDRESSES).filter(address => address !== own);
    const spd = others.flatMap(other => [
      `spdadd ${own} ${other} any -P out ipsec esp/transport//use;`,
      `spdadd ${other} ${own} any -P in ipsec esp/transport//use;`,
    ]);
    const keys =
      psk === null ? [] : [`psk.txt: |\n        ${others.map(other => `${other} ${psk}`).join('\n        ')}`];
    return `  ${name}:
    kind: host
    interfaces: { net0: { addresses: [${own}/24] } }
    files:
      ${[`setkey.conf: |\n        ${spd.join('\n        ')}`, `racoon.conf: |\n        ${block(racoonConf(name, others, method))}`, ...keys].join('\n      ')}`;
  });
  return `name: mesh
pki:
  authorities: { lab: { subject: "CN=Lab CA" } }
  certificates: { alice: { issuer: lab, key: rsa2048 }, bob: { issuer: lab, key: rsa2048 }, carol: { issuer: lab, key: rsa2048 } }
nodes:
${nodes.join('\n')}
links:
  wire: { endpoints: ["alice:net0", "bob:net0"] }
`;
}

const racoonConf = (own: string, peers: readonly string[], method: string) => `path certificate "/etc/racoon/certs";
${peers
  .map(
    peer => `remote ${peer} {
  exchange_mode main;
  ${method === 'rsasig' ? `certificate_type x509 "${own}.pem" "${own}.key"; ca_type x509 "lab.crt"; my_identifier asn1dn;` : ''}
  proposal { encryption_algorithm aes 256; hash_algorithm sha256; authentication_method ${method}; dh_group 14; }
}`,
  )
  .join('\n')}
sainfo anonymous { encryption_algorithm aes 256; authentication_algorithm hmac_sha256; compression_algorithm deflate; }`;
