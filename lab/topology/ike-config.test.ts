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

test('of flows that have an SA each none begins by itself', () => {
  const topology = good(negotiated().replaceAll('protect: {', 'protect: { sa: unique,'));
  const [child] = ikeConfig(topology, 'alice')?.connections[0]?.children ?? [];
  expect(child).toMatchObject({ sharing: 'unique', start: 'trap' });
});

test.each([
  ['', '', [false, false]],
  [', send: url', '', [false, true]],
  [', send: url', ', remote: { fetch: false }', [false, false]],
  [', remote: { fetch: true }', '', [true, false]],
])(
  'certificates by URL are fetched from whom sends so, unless the file says otherwise: alice%s, bob%s',
  (alice, bob, fetches) => {
    const auth = 'auth: { psk: "${secrets.alice-bob}" }';
    const topology = good(negotiated(`${auth}${alice}`, `${auth}${bob}`));
    const remotes = ['alice', 'bob'].map(name => ikeConfig(topology, name)?.connections[0]?.authentication.remote);
    expect(remotes.map(remote => remote?.fetchesCertificates)).toEqual(fetches);
  },
);

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

describe('swanctl.conf in the place of ike', () => {
  const conf = `
connections {
  bob {
    local_addrs = 1.2.3.4
    remote_addrs = 5.6.7.8
    local {
      certs = alice.pem
    }
    remote {
      auth = psk
      id = bob.lab
    }
    children {
      net {
        local_ts = 10.0.0.0/24
        remote_ts = 10.0.1.0/24
      }
    }
  }
}
secrets {
  ike {
    id = bob.lab
    secret = correct horse battery staple, in the lab only
  }
}`;
  const pki = '\npki: { certificates: { alice: { subject: "CN=alice, O=Lab" } } }';
  const withFiles = (text: string) =>
    negotiated(
      'auth: { psk: long enough }',
      'auth: { psk: long enough }, remote: { id: "CN=alice, O=Lab", auth: certificate }',
      pki,
    )
      .replace(
        / {4}ike: \{ auth: \{ psk: long enough \} \}\n {4}policy:\n.*\n/,
        `    files:\n      swanctl.conf: |${text.replaceAll('\n', '\n        ')}\n`,
      )
      .replace(/ {4}tunnels:\n {6}v4_bob0.*\n/, '')
      .replace(/ {4}tunnels:\n {6}v4_alice0.*\n/, '')
      .replace(
        'tunnel: v4_alice0, protect: {',
        'local: 10.0.1.0/24, remote: 10.0.0.0/24, protect: { mode: tunnel, peer: alice,',
      );

  test('is the same model: names of files are names of pki', () => {
    const topology = good(withFiles(conf));
    const alice = topology.nodes.find(({ name }) => name === 'alice');
    expect(alice?.policies.map(({ name }) => name)).toEqual([
      'swanctl.conf:ike',
      'swanctl.conf:net',
      'swanctl.conf:otherwise',
    ]);
    expect(alice?.ike?.connections).toMatchObject([
      {
        name: 'bob',
        peer: 'bob',
        authentication: { local: { method: 'signature', key: 'alice', identity: 'CN=alice,O=Lab' } },
        children: [{ name: 'net', policy: 'swanctl.conf:net' }],
      },
    ]);
    expect(alice?.ike?.credentials).toMatchObject({ keys: ['alice'], anchors: [], peers: [] });
  });

  test('what pki does not have is said where the file names it', () => {
    const { diagnostics } = loadTopology('t.yaml', withFiles(conf.replace('alice.pem', 'alise.pem')));
    expect(diagnostics.map(formatDiagnostic).join('\n')).toMatch(
      /^t\.yaml:\d+:\d+: there is no certificate "alise" in "pki"\n {2}fix: did you mean "alice"\?$/,
    );
  });
});
