import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { hasIke, ikeConfig, type NodeCredentials, NO_CREDENTIALS } from './ike-config.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { negotiated } from './testing/negotiated.ts';

function good(text: string): Topology {
  const { topology, diagnostics } = loadTopology('negotiated.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology;
}

describe('two gateways with a pre-shared key', () => {
  const topology = good(negotiated());

  test('each has a connection to the other, and a child for the policy of the tunnel', () => {
    expect(ikeConfig(topology, 'alice')?.connections).toMatchObject([
      {
        name: 'bob',
        local: ['1.2.3.4'],
        remote: ['5.6.7.8'],
        authentication: {
          local: { method: 'psk', identity: 'alice.lab' },
          remote: { methods: ['psk'], identity: 'bob.lab' },
        },
        children: [
          {
            name: 'v4_bob0',
            policy: 'v4_bob0',
            mode: 'tunnel',
            start: 'start',
            proposals: [{ protocol: 'esp', encryption: ['aes256gcm16'], integrity: [], esn: ['no'] }],
          },
        ],
      },
    ]);
    expect(ikeConfig(topology, 'bob')?.connections).toMatchObject([{ name: 'alice', children: [{ start: 'trap' }] }]);
  });

  test('through a tunnel interface routes decide: the SAs are for everything', () => {
    const all = [
      { addresses: '0.0.0.0/0', protocol: 'any', ports: 'any' },
      { addresses: '::/0', protocol: 'any', ports: 'any' },
    ];
    const [child] = ikeConfig(topology, 'alice')?.connections[0]?.children ?? [];
    expect(child).toMatchObject({ local: all, remote: all });
  });

  test('both have the same secret, in hexadecimal, for the two identities', () => {
    const [alice, bob] = ['alice', 'bob'].map(name => ikeConfig(topology, name)?.secrets[0]);
    expect(alice?.secret).toBe(bob?.secret);
    expect(Buffer.from(alice?.secret ?? '', 'hex').toString()).toMatch(/^correct horse/);
    expect([alice?.identities, bob?.identities]).toEqual([
      ['alice.lab', 'bob.lab'],
      ['bob.lab', 'alice.lab'],
    ]);
  });

  test('no SAs of the file are there, what the policies promise is watched all the same', () => {
    expect(topology.sas).toEqual([]);
    expect(topology.protectedFlows.map(({ a, b }) => `${a} ${b}`)).toContain('10.0.0.0/24 10.0.1.0/24');
  });

  test('hosts and routers have no daemon', () => {
    expect(ikeConfig(topology, 'a1')).toBeNull();
    expect(['alice', 'internet'].map(name => hasIke(topology, name))).toEqual([true, false]);
  });
});

describe('certificates', () => {
  const pki = `
pki:
  authorities: { lab: { subject: "CN=Lab CA, O=ipsec-lab" } }
  certificates:
    alice: { issuer: lab }
    bob: { names: [bob.example, 5.6.7.8], key: rsa2048 }`;
  const topology = good(negotiated('auth: { certificate: alice }', 'auth: { certificate: bob }', pki));

  test('identities are those of the certificates, and each trusts what the other has', () => {
    const [alice, bob] = ['alice', 'bob'].map(name => topology.nodes.find(node => node.name === name)?.ike);
    expect(alice?.credentials).toEqual({ keys: ['alice'], anchors: ['lab'], peers: ['bob'], rawKeys: [] });
    expect(bob?.credentials).toEqual({ keys: ['bob'], anchors: ['lab'], peers: [], rawKeys: [] });
    expect(alice?.connections[0]?.authentication).toMatchObject({
      local: { method: 'signature', key: 'alice', identity: 'alice.lab', sends: 'always' },
      remote: { methods: ['signature'], identity: 'bob.example', revocation: 'ifUri' },
    });
  });

  test('names become places in the list of keys', () => {
    const key = { name: 'alice', pkcs8: '00', chain: ['01', '02'], url: null };
    const credentials: NodeCredentials = { ...NO_CREDENTIALS, keys: [{ ...key, name: 'other' }, key] };
    expect(ikeConfig(topology, 'alice', credentials)).toMatchObject({
      connections: [{ authentication: { local: { key: 1, url: null } } }],
      credentials: { keys: [{ pkcs8: '00' }, { pkcs8: '00', chain: ['01', '02'] }] },
    });
    expect(() => ikeConfig(topology, 'alice')).toThrow('the key alice was not made');
  });
});
