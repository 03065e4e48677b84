import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { GUIDE_PRESHARED, GUIDE_PSK_CONFIG, GUIDE_RSA_CONFIG } from '../../engine/config/testing/seed-smartos.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';

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

function guide(config: string, preshared: string | null, pki = ''): string {
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
    tunnels: { v4_bob0: { remote: bob } }
    files:
      ${files(text => text)}
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [5.6.7.8/24], gateway: 5.6.7.1 }, net1: { addresses: [10.0.1.1/24] } }
    tunnels: { v4_alice0: { remote: alice } }
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

function good(text: string): Topology {
  const { topology, diagnostics } = loadTopology('t.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology;
}

const ikeOf = (topology: Topology, name: string) => topology.nodes.find(node => node.name === name)?.ike;

describe('ike/config and ike.preshared in a topology', () => {
  test('are the connections of the policies of ipsecinit.conf', () => {
    const topology = good(guide(GUIDE_PSK_CONFIG, GUIDE_PRESHARED));
    expect(ikeOf(topology, 'alice')).toMatchObject({
      connections: [
        {
          name: 'v4_bob0',
          peer: 'bob',
          version: 1,
          authentication: { local: { method: 'psk', identity: '1.2.3.4' } },
          children: [{ policy: 'ipsecinit.conf:1', start: 'trap' }],
        },
      ],
      secrets: [{ identities: ['1.2.3.4', '5.6.7.8'] }],
      limits: { halfOpenSeconds: 300 },
    });
    expect(ikeOf(topology, 'bob')?.connections).toMatchObject([
      { name: 'v4_alice0', peer: 'alice', remote: ['1.2.3.4'] },
    ]);
  });

  const PKI = `pki:
  authorities: { charles: { subject: "C=US, CN=Charles' Certificate Authority DN" } }
  certificates:
    a: { subject: "C=US, O=AliceTech Inc., OU=Network Security, CN=AliceTech VPN", key: rsa2048, issuer: charles }
    b: { subject: "C=US, O=BobDesign Ltd., OU=Network Security, CN=BobDesign VPN", key: rsa2048, issuer: charles }
`;

  test('names of certificates are found in pki by their subjects', () => {
    const topology = good(guide(GUIDE_RSA_CONFIG, null, PKI));
    expect(ikeOf(topology, 'alice')).toMatchObject({
      connections: [
        {
          v1: { ignoresRevocation: true },
          authentication: { local: { key: 'a' }, remote: { identity: expect.stringMatching(/^CN=BobDesign/) } },
        },
      ],
      credentials: { keys: ['a'], anchors: ['charles'], peers: ['a', 'b'] },
    });
    expect(ikeOf(topology, 'bob')).toMatchObject({ credentials: { keys: ['b'] } });
  });

  test.each([
    [GUIDE_PSK_CONFIG, null, '', /config|there is no key for 1\.2\.3\.4 and 5\.6\.7\.8/],
    [
      GUIDE_PSK_CONFIG.replace('5.6.7.8', '5.6.7.9'),
      GUIDE_PRESHARED,
      '',
      /no rule of ike\/config is for 1\.2\.3\.4 and 5\.6\.7\.8/,
    ],
    [
      GUIDE_RSA_CONFIG,
      null,
      PKI.replace('AliceTech VPN', 'Alice'),
      /no certificate with a key that is "C=US,O=AliceTech/,
    ],
    [GUIDE_RSA_CONFIG, null, PKI.replace("Charles'", 'Charly'), /there is no certificate "C=US, CN=Charles'/],
  ])('what is missing is said where the file asks for it', (config, preshared, pki, message) => {
    const { diagnostics } = loadTopology('t.yaml', guide(config, preshared, pki));
    expect(diagnostics.map(formatDiagnostic).join('\n')).toMatch(message);
  });
});

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

describe('racoon.conf and psk.txt in a topology', () => {
  const ADDRESSES = { alice: '192.168.33.11', bob: '192.168.33.12', carol: '192.168.33.14' };

  function mesh(method: string, psk: string | null): string {
    const nodes = Object.entries(ADDRESSES).map(([name, own]) => {
      const others = Object.values(ADDRESSES).filter(address => address !== own);
      const spd = others.flatMap(other => [
        `spdadd ${own} ${other} any -P out ipsec esp/transport//use;`,
        `spdadd ${other} ${own} any -P in ipsec esp/transport//use;`,
      ]);
      return `  ${name}:
    kind: host
    interfaces: { net0: { addresses: [${own}/24] } }
    files:
      setkey.conf: |
        ${spd.join('\n        ')}
      racoon.conf: |
        ${block(racoonConf(name, others, method))}
${psk === null ? '' : `      psk.txt: |\n        ${others.map(other => `${other} ${psk}`).join('\n        ')}\n`}`;
    });
    return `name: mesh
pki:
  authorities: { lab: { subject: "CN=Lab CA" } }
  certificates: { alice: { issuer: lab, key: rsa2048 }, bob: { issuer: lab, key: rsa2048 }, carol: { issuer: lab, key: rsa2048 } }
nodes:
${nodes.join('\n')}`;
  }

  test('are a connection for each two, with a child for what leaves', () => {
    const topology = good(mesh('rsasig', null));
    for (const name of Object.keys(ADDRESSES)) {
      const ike = ikeOf(topology, name);
      expect(ike?.connections).toHaveLength(2);
      expect(ike?.connections.map(({ children }) => children.length)).toEqual([1, 1]);
      expect(ike?.credentials).toMatchObject({ keys: [name], anchors: ['lab'] });
    }
    expect(ikeOf(topology, 'alice')?.connections[0]).toMatchObject({
      peer: 'bob',
      authentication: { local: { identity: 'CN=alice' }, remote: { identity: '%any', authorities: ['lab'] } },
      children: [{ mode: 'transport', policy: 'setkey.conf:1' }],
    });
  });

  test('keys are those of psk.txt; who has none is told of', () => {
    expect(ikeOf(good(mesh('pre_shared_key', 'long enough for anybody')), 'bob')?.secrets).toHaveLength(2);
    const { diagnostics } = loadTopology('t.yaml', mesh('pre_shared_key', null));
    expect(diagnostics[0]?.message).toBe('there is no key for 192.168.33.11 and 192.168.33.12');
  });
});
