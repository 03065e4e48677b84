import { describe, expect, test } from 'vitest';
import { generateKeyPair } from '../../crypto/generate-key.ts';
import type { KeyKind, PrivateKey } from '../../crypto/signature.ts';
import { signBare, verifyBare } from '../../crypto/rsa-bare.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { issueCertificate, issueSelfSigned } from '../../pki/issue.ts';
import { dns, END, type Holder, issued, NOW, order, root, seeded, YEAR } from '../../pki/testing/authority.ts';
import type { ConnectionConfig, CredentialsConfig, IkeConfig } from '../config.ts';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
import type { Station } from '../testing/network.ts';
import type { V1Config } from '../v1-config.ts';
import { v1Pair, withConnection, withV1 } from './testing/connection.ts';

/** The clock of testing/network.ts is at 1 800 000 000 seconds. */
const LIFE = { notBefore: NOW - YEAR, notAfter: NOW + 10 * YEAR } as const;
const CENTRE = root('CN=Centre', LIFE);
const OTHER = root('CN=Other', LIFE);
const KEYS = { alice: generateKeyPair('rsa2048', seeded('alice')), bob: generateKeyPair('rsa2048', seeded('bob')) };

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const details = ({ events }: Station): string => events.map(({ kind, detail }) => `${kind} ${detail}`).join('\n');

function certified(name: 'alice' | 'bob', by: Holder): Certificate {
  const named = order(`CN=${name}`, END, { altNames: [dns(`${name}.lab`)], ...LIFE });
  return issued(issueCertificate(named, KEYS[name].public.spki, by, seeded(name)));
}

function selfSigned(name: 'alice' | 'bob'): Certificate {
  const named = order(`CN=${name}`, END, { altNames: [dns(`${name}.lab`)], ...LIFE });
  return issued(issueSelfSigned(named, KEYS[name], seeded(name)));
}

function withSignatures(
  config: IkeConfig,
  key: PrivateKey,
  certificate: Certificate,
  trusted: Partial<CredentialsConfig>,
): IkeConfig {
  const [connection] = config.connections;
  if (connection === undefined) throw new Error('no connection');
  const { local, remote } = connection.authentication;
  const authentication: ConnectionConfig['authentication'] = {
    local: { method: 'signature', identity: local.identity, key: 0, schemes: [], sends: 'always', url: null },
    remote: { ...remote, methods: ['signature'] },
  };
  const keys = [{ pkcs8: hex(key.pkcs8), chain: [hex(certificate.der)] }];
  const credentials = { keys, anchors: [], peers: [], rawKeys: [], crls: [], ...trusted };
  return { ...withConnection(config, { authentication }), secrets: [], credentials };
}

const anchored = (by: Holder) => ({ anchors: [{ name: 'centre', certificate: hex(by.certificate.der) }] });

/** Both by the centre; what each trusts may be another. */
function signing(v1: Partial<V1Config> = {}, trusts: { readonly alice: Holder; readonly bob: Holder } = BOTH) {
  const both = v1Pair({ attempts: 1 }, v1);
  return {
    alice: withSignatures(both.alice, KEYS.alice, certified('alice', CENTRE), anchored(trusts.alice)),
    bob: withSignatures(both.bob, KEYS.bob, certified('bob', CENTRE), anchored(trusts.bob)),
  };
}

const BOTH = { alice: CENTRE, bob: CENTRE };
const MODES = [{}, { mode: 'aggressive', accepts: ['aggressive'] }] as const;

/** Alice and Bob with keys of that kind. */
const holders = (kind: KeyKind) =>
  (['alice', 'bob'] as const).map(name => {
    const key = generateKeyPair(kind, seeded(`${name} ${kind}`));
    const named = order(`CN=${name}`, END, { altNames: [dns(`${name}.lab`)], ...LIFE });
    return { key, certificate: issued(issueCertificate(named, key.public.spki, CENTRE, seeded(`${name} ${kind}`))) };
  });

describe.each(MODES)('ECDSA signatures, RFC 4754, %j', mode => {
  const scene = (kinds: readonly [KeyKind, KeyKind], v1: Partial<V1Config> = {}) => {
    const both = v1Pair({ attempts: 1 }, { ...mode, ...v1 });
    const [alice, bob] = [holders(kinds[0])[0], holders(kinds[1])[1]];
    if (alice === undefined || bob === undefined) throw new Error('no holders');
    return twoGateways({
      alice: withSignatures(both.alice, alice.key, alice.certificate, anchored(CENTRE)),
      bob: withSignatures(both.bob, bob.key, bob.certificate, anchored(CENTRE)),
    });
  };

  test.each([
    ['ecdsa256', 'ecdsa-sha256'],
    ['ecdsa384', 'ecdsa-sha384'],
    ['ecdsa521', 'ecdsa-sha512'],
  ] as const)('a key of each curve: %s', (kind, method) => {
    const { network, alice, bob } = scene([kind, kind]);
    network.run(5000);
    for (const station of [alice, bob]) {
      expect(station.daemon.status(network.now).sas).toMatchObject([
        { state: 'established', localAuthentication: method, remoteAuthentication: method },
      ]);
      expect(kinds(station)).toContain('childEstablished');
      expect(details(station)).not.toContain('an RSA key');
    }
  });

  test.each([[['ecdsa256', 'rsa2048']], [['rsa2048', 'ecdsa256']], [['ecdsa256', 'ecdsa384']]] as const)(
    'both ends sign by one method, or not at all: %j',
    keys => {
      const { network, alice, bob } = scene(keys);
      network.run(60_000);
      expect([...kinds(alice), ...kinds(bob)]).not.toContain('ikeEstablished');
      expect(kinds(alice)).toContain('negotiationFailed');
    },
  );

  test.each([
    [['ed25519', 'ed25519'], {}],
    [['ecdsa256', 'ecdsa256'], { xauth: { side: 'user', user: 'joe', password: 'sesame' } }],
  ] as const)('nobody is called with nothing to offer: %j', (keys, v1) => {
    const { network, alice } = scene(keys, v1);
    network.run(5000);
    expect(alice.sent).toEqual([]);
    expect(details(alice)).toContain('nothing to offer');
  });
});

describe.each(MODES)('RSA signatures, RFC 2409 §5.1, %j', mode => {
  test('both are certified by an authority that both know', () => {
    const { network, alice, bob } = twoGateways(signing(mode));
    network.run(5000);
    for (const station of [alice, bob]) {
      expect(station.daemon.status(network.now).sas).toMatchObject([
        { state: 'established', localAuthentication: 'rsa-sha256', remoteAuthentication: 'rsa-sha256' },
      ]);
      expect(kinds(station)).toContain('childEstablished');
    }
  });

  test('certificates that sign themselves are trusted when they were exchanged before', () => {
    const both = v1Pair({}, mode);
    const [own, theirs] = [selfSigned('alice'), selfSigned('bob')];
    const { network, alice } = twoGateways({
      alice: withSignatures(both.alice, KEYS.alice, own, { peers: [hex(theirs.der)] }),
      bob: withSignatures(both.bob, KEYS.bob, theirs, { peers: [hex(own.der)] }),
    });
    network.run(5000);
    expect(states(alice, network.now)).toEqual(['established']);
  });

  test.each(['alice', 'bob'] as const)('%s does not know the authority of the other', name => {
    const { network, alice, bob } = twoGateways(signing(mode, { ...BOTH, [name]: OTHER }));
    network.run(60_000);
    const doubting = name === 'alice' ? alice : bob;
    expect(details(doubting)).toContain('authenticationFailed');
    expect(kinds(doubting)).not.toContain('childEstablished');
    expect(states(doubting, network.now)).toEqual([]);
  });

  test('a key that is not the certificate’s proves nothing', () => {
    const both = signing(mode);
    const stolen = withSignatures(both.alice, KEYS.bob, certified('alice', CENTRE), anchored(CENTRE));
    const { network, bob } = twoGateways({ alice: stolen, bob: both.bob });
    network.run(20_000);
    expect(details(bob)).toContain('the signature is not of that key');
    expect(kinds(bob)).not.toContain('childEstablished');
  });

  test('a certificate of somebody else’s name proves nothing', () => {
    const both = signing(mode);
    const posing = withSignatures(both.alice, KEYS.bob, certified('bob', CENTRE), anchored(CENTRE));
    const { network, bob } = twoGateways({ alice: posing, bob: both.bob });
    network.run(20_000);
    expect(details(bob)).toContain('the certificate is of another identity');
  });
});

test('revocation that is not looked at is said so', () => {
  const both = signing();
  const { network, bob } = twoGateways({ alice: both.alice, bob: withV1(both.bob, { ignoresRevocation: true }) });
  network.run(5000);
  expect(details(bob)).toMatch(/deprecated .*revocation was not looked at/);
});

test('a method that the connection does not have is not chosen', () => {
  const both = signing();
  const { network, alice, bob } = twoGateways({ alice: both.alice, bob: v1Pair().bob });
  network.run(5000);
  expect(details(bob)).toContain('no proposal in common');
  expect(kinds(alice)).not.toContain('ikeEstablished');
});

describe('the signature itself', () => {
  const hash = Uint8Array.from({ length: 20 }, (_, i) => i);

  test('is the bare hash in a padding of type 1, and nothing else will do', () => {
    const signature = signBare(KEYS.alice, hash);
    expect(verifyBare(KEYS.alice.public, hash, signature)).toBe(true);
    expect(verifyBare(KEYS.bob.public, hash, signature)).toBe(false);
    expect(verifyBare(KEYS.alice.public, hash.subarray(1), signature)).toBe(false);
    for (let at = 0; at < signature.length; at += 17) {
      const wrong = Uint8Array.from(signature);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      expect(verifyBare(KEYS.alice.public, hash, wrong)).toBe(false);
    }
    expect(verifyBare(KEYS.alice.public, hash, signature.subarray(1))).toBe(false);
    expect(verifyBare(KEYS.alice.public, hash, new Uint8Array(256).fill(0xff))).toBe(false);
  });
});
