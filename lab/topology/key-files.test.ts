import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { GUIDE_PRESHARED, GUIDE_PSK_CONFIG, GUIDE_RSA_CONFIG } from '../../engine/config/testing/seed-smartos.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { guideTopology, MESH_NODES, racoonTopology } from './testing/key-files.ts';

function good(text: string): Topology {
  const { topology, diagnostics } = loadTopology('t.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology;
}

const ikeOf = (topology: Topology, name: string) => topology.nodes.find(node => node.name === name)?.ike;

describe('ike/config and ike.preshared in a topology', () => {
  test('are the connections of the policies of ipsecinit.conf', () => {
    const topology = good(guideTopology(GUIDE_PSK_CONFIG, GUIDE_PRESHARED));
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
    const topology = good(guideTopology(GUIDE_RSA_CONFIG, null, PKI));
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
    const { diagnostics } = loadTopology('t.yaml', guideTopology(config, preshared, pki));
    expect(diagnostics.map(formatDiagnostic).join('\n')).toMatch(message);
  });
});

describe('racoon.conf and psk.txt in a topology', () => {
  test('are a connection for each two, with a child for what leaves', () => {
    const topology = good(racoonTopology('rsasig', null));
    for (const name of MESH_NODES) {
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
    expect(ikeOf(good(racoonTopology('pre_shared_key', 'long enough for anybody')), 'bob')?.secrets).toHaveLength(2);
    const { diagnostics } = loadTopology('t.yaml', racoonTopology('pre_shared_key', null));
    expect(diagnostics[0]?.message).toBe('there is no key for 192.168.33.11 and 192.168.33.12');
  });
});
