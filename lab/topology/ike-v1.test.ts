import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { DEFAULT_V1 } from '../../engine/ike/v1-config.ts';
import { ikeConfig } from './ike-config.ts';
import { loadTopology } from './load.ts';

const text = (alice: string, bob: string = alice, protect = 'esp: aes256-sha256') => `
name: old
secrets: { v1: "long enough for anybody", carol: "long enough for carol" }
nodes:
  alice:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.1/24] }, net1: { addresses: [10.0.0.1/24] } }
    ike: { ${alice} }
    policy: [{ local: 10.0.0.0/24, remote: 10.0.1.0/24, protect: { mode: tunnel, peer: bob, ${protect} } }]
  bob:
    kind: gateway
    interfaces: { net0: { addresses: [192.0.2.2/24] }, net1: { addresses: [10.0.1.1/24] } }
    ike: { ${bob} }
    policy: [{ local: 10.0.1.0/24, remote: 10.0.0.0/24, protect: { mode: tunnel, peer: alice, ${protect} } }]
links:
  wan: { endpoints: ["alice:net0", "bob:net0"] }
`;
const PSK = 'auth: { psk: "${secrets.v1}" }';

function connectionOf(alice: string, bob?: string) {
  const { topology, diagnostics } = loadTopology('t.yaml', text(alice, bob));
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  return topology === null ? undefined : ikeConfig(topology, 'alice')?.connections[0];
}

const complaints = (alice: string, bob?: string, protect?: string) =>
  loadTopology('t.yaml', text(alice, bob, protect)).diagnostics.map(({ message }) => message);

describe('ike: { version: 1 }', () => {
  test('by itself: Main Mode, and what is good for everybody', () => {
    const connection = connectionOf(`version: 1, ${PSK}`);
    expect(connection).toMatchObject({ version: 1, v1: DEFAULT_V1, livenessSeconds: 30 });
    expect(connection?.proposals[0]).toMatchObject({ prf: [], integrity: ['sha256', 'sha384', 'sha512'] });
  });

  test('what is said of it', () => {
    const stated = connectionOf(
      `version: 1, mode: aggressive, nonce: 40, quick-nonce: 20, lifetime: { rekey: 2h, kilobytes: 500 }, lifetime-check: claim,
      initial-contact: false, nat-traversal: always, liveness-timeout: 90s, commit-bit: true, request-certificates: false,
      request: v4, xauth: { user: alice, password: "\${secrets.carol}" }, proposals: aes256-sha512-modp1536, legacy: true, ${PSK}`,
      `version: 1, accepts: [main, aggressive], xauth: { users: { alice: "\${secrets.carol}" } }, pools: staff,
      address-pools: { staff: { addresses: 10.9.0.0/24 } }, ${PSK}`,
    );
    expect(stated?.v1).toEqual({
      mode: 'aggressive',
      accepts: ['aggressive'],
      nonceOctets: 40,
      quickNonceOctets: 20,
      lifetimeKilobytes: 500,
      lifetimeCheck: 'claim',
      initialContact: false,
      natTraversal: 'force',
      livenessTimeoutSeconds: 90,
      xauth: { side: 'user', user: 'alice', password: 'long enough for carol' },
      modeConfig: 'pull',
      commitBit: true,
      requestsCertificates: false,
      ignoresRevocation: false,
      fetchesRevocation: true,
    });
    expect(stated).toMatchObject({
      rekeySeconds: 7200,
      proposals: [{ encryption: ['aes256'], integrity: ['sha512'], prf: [], keyExchange: ['modp1536'] }],
    });
  });

  test('one peer of each version', () => {
    const both = `${PSK}, peers: { bob: { version: 1, mode: main } }`;
    expect(connectionOf(both, `version: 1, ${PSK}`)).toMatchObject({ version: 1 });
    expect(connectionOf(PSK)).toMatchObject({ version: 2 });
  });

  test.each([
    [`mode: main, ${PSK}`, ['"mode" is of IKEv1', '"mode" is of IKEv1']],
    [`version: 1, mobike: true, ${PSK}`, ['"mobike" is of IKEv2', '"mobike" is of IKEv2']],
    [
      `version: 1, proposals: aes256gcm16-prfsha384-modp2048, ${PSK}`,
      expect.arrayContaining([expect.stringMatching(/CBC alone/)]),
    ],
    [
      `version: 1, proposals: aes256-sha256-x25519, ${PSK}`,
      expect.arrayContaining([expect.stringMatching(/no Oakley group/)]),
    ],
    [
      `version: 1, proposals: aes256-sha256-prfsha256-modp2048, ${PSK}`,
      expect.arrayContaining([expect.stringMatching(/no PRF to choose/)]),
    ],
    [
      'version: 1, auth: { anonymous: true }',
      expect.arrayContaining([expect.stringMatching(/no NULL authentication/)]),
    ],
    [
      `version: 1, xauth: { user: a }, ${PSK}`,
      expect.arrayContaining(['xauth says neither who asks nor who is let in']),
    ],
    [`remote: { revocation: ignore }, ${PSK}`, expect.arrayContaining(['revocation: ignore is of IKEv1'])],
  ])('%s', (ike, messages) => {
    expect(complaints(ike)).toEqual(messages);
  });

  test.each([
    [
      'ed25519',
      'auth: { certificate: mine }',
      ['IKEv1 has no signatures by ed25519', 'IKEv1 has no signatures by ed25519'],
    ],
    [
      'ecdsa256',
      'auth: { certificate: mine }, xauth: { user: joe, password: x }',
      expect.arrayContaining(['XAuth has no number for ECDSA']),
    ],
    ['rsa2048', 'auth: { certificate: mine }', []],
    ['ecdsa256', 'auth: { certificate: mine }', []],
  ])('a key %s, %s', (key, ike, messages) => {
    const pki = `pki: { certificates: { mine: { key: ${key} } } }`;
    const { diagnostics } = loadTopology('t.yaml', `${text(`version: 1, ${ike}`)}${pki}\n`);
    expect(diagnostics.map(({ message }) => message)).toEqual(messages);
  });

  test('two that would not understand each other', () => {
    const message = 'alice speaks IKEv1 with bob, which speaks IKEv2 with alice';
    expect(complaints(`version: 1, ${PSK}`, PSK)).toContain(message);
  });

  test('what has no number in IKEv1', () => {
    const found = complaints(`version: 1, ${PSK}`, undefined, 'esp: chacha20poly1305, pfs: x25519');
    expect(found).toContain('IKEv1 has no number for chacha20poly1305');
    expect(found).toContain('IKEv1 has no number for x25519');
  });
});
