import { expect, test } from 'vitest';
import type { ConnectionConfig, CredentialsConfig, IkeConfig } from './config.ts';
import { connectionConfig, pair } from './testing/connection.ts';
import { kinds, twoGateways } from './testing/gateways.ts';
import type { Station } from './testing/network.ts';
import {
  ALICE_CERTIFICATE,
  ALICE_KEY,
  BOB_CERTIFICATE,
  BOB_KEY,
  CA_CERTIFICATE,
  CRL_OF_ALICE,
  OTHER_CERTIFICATE,
  SELF_CERTIFICATE,
  SELF_KEY,
} from './testing/openssl-credentials.ts';

const reasons = ({ events }: Station): string => events.map(({ detail }) => detail).join('\n');

function run(alice: IkeConfig, bob: IkeConfig) {
  const run = twoGateways({ alice, bob });
  run.network.run(3000);
  return run;
}

type Authentication = ConnectionConfig['authentication'];

const NOBODY: CredentialsConfig = { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] };

function withAuthentication(
  config: IkeConfig,
  credentials: Partial<CredentialsConfig>,
  change: { local?: Partial<Authentication['local']>; remote?: Partial<Authentication['remote']> },
): IkeConfig {
  const [connection = connectionConfig()] = config.connections;
  const { local, remote } = connection.authentication;
  const authentication = {
    local: { ...local, ...change.local } as Authentication['local'],
    remote: { ...remote, ...change.remote },
  };
  return {
    ...config,
    secrets: [],
    credentials: { ...NOBODY, ...credentials },
    connections: [{ ...connection, authentication }],
  };
}

const signature = { method: 'signature', key: 0, schemes: [], sends: 'always', url: null } as const;
const signed = (
  credentials: { alice: Partial<CredentialsConfig>; bob: Partial<CredentialsConfig> },
  change: Partial<Authentication['remote']> = {},
) => ({
  alice: withAuthentication(pair().alice, credentials.alice, {
    local: signature,
    remote: { methods: ['signature'], ...change },
  }),
  bob: withAuthentication(pair().bob, credentials.bob, {
    local: signature,
    remote: { methods: ['signature'], ...change },
  }),
});

const anchors = [{ name: 'lab', certificate: CA_CERTIFICATE }];
const certified = {
  alice: { keys: [{ pkcs8: ALICE_KEY, chain: [ALICE_CERTIFICATE] }], anchors },
  bob: { keys: [{ pkcs8: BOB_KEY, chain: [BOB_CERTIFICATE] }], anchors },
};

test('certificates of one CA: ECDSA on the one side, RSA-PSS on the other', () => {
  const configs = signed(certified);
  const { network, alice, bob } = run(configs.alice, configs.bob);

  expect([kinds(alice), kinds(bob)]).toEqual([
    ['ikeEstablished', 'childEstablished'],
    ['ikeEstablished', 'childEstablished'],
  ]);
  const [status] = bob.daemon.status(network.now).sas;
  expect(status).toMatchObject({ localAuthentication: 'rsa-pss-sha256', remoteAuthentication: 'ecdsa-sha256' });
});

test('a certificate of another CA, and one that is revoked, are told nothing but AUTHENTICATION_FAILED', () => {
  const other = { ...certified.bob, anchors: [{ name: 'other', certificate: OTHER_CERTIFICATE }] };
  const strangers = signed({ alice: certified.alice, bob: other });
  const refused = run(strangers.alice, strangers.bob);
  expect(kinds(refused.bob)).toContain('authenticationFailed');
  expect(reasons(refused.bob)).toMatch(/nothing trusted has issued/);
  expect(reasons(refused.alice)).toMatch(/AUTHENTICATION_FAILED/);

  const revoked = signed({ alice: certified.alice, bob: { ...certified.bob, crls: [CRL_OF_ALICE] } });
  const found = run(revoked.alice, revoked.bob);
  expect(reasons(found.bob)).toMatch(/was revoked/);
  expect(kinds(found.alice)).not.toContain('ikeEstablished');
});

test('an initiator that refuses the responder tells it, and no IKE SA is left', () => {
  const configs = signed({ alice: { ...certified.alice, crls: [], anchors: [] }, bob: certified.bob });
  const { network, alice, bob } = run(configs.alice, configs.bob);

  expect(kinds(alice)).toContain('authenticationFailed');
  expect(kinds(bob)).toContain('ikeDeleted');
  expect(bob.daemon.status(network.now).sas).toEqual([]);
});

test('a self-signed certificate that was exchanged before', () => {
  const self = withAuthentication(
    pair().alice,
    { keys: [{ pkcs8: SELF_KEY, chain: [SELF_CERTIFICATE] }], anchors },
    { local: { ...signature, identity: 'self.lab' }, remote: { methods: ['signature'] } },
  );
  const bob = withAuthentication(
    pair().bob,
    { ...certified.bob, anchors: [], peers: [SELF_CERTIFICATE] },
    { local: signature, remote: { methods: ['signature'], identity: 'self.lab' } },
  );
  const known = run(self, bob);

  expect(kinds(known.alice)).toEqual(['ikeEstablished', 'childEstablished']);
  const unknown = run(self, { ...bob, credentials: { ...bob.credentials, peers: [] } });
  expect(kinds(unknown.alice)).not.toContain('ikeEstablished');
});

test('NULL authentication of the initiator to a responder that proves itself', () => {
  const alice = withAuthentication(
    pair().alice,
    { anchors },
    { local: { method: 'null', identity: 'null:' }, remote: { methods: ['signature'] } },
  );
  const bob = withAuthentication(pair().bob, certified.bob, {
    local: signature,
    remote: { methods: ['null'], identity: '%any' },
  });
  const { network, alice: caller, bob: called } = run(alice, bob);

  expect(kinds(caller)).toEqual(['ikeEstablished', 'childEstablished']);
  const [status] = called.daemon.status(network.now).sas;
  expect(status).toMatchObject({ remoteAuthentication: 'null', remoteIdentity: 'null:' });
});

test('a certificate by URL: the request waits until it was fetched', () => {
  const url = 'http://192.0.2.9/alice.der';
  const alice = withAuthentication(pair().alice, certified.alice, {
    local: { ...signature, sends: 'url', url },
    remote: { methods: ['signature'] },
  });
  const bob = withAuthentication(pair().bob, certified.bob, {
    local: signature,
    remote: { methods: ['signature'], fetchesCertificates: true },
  });
  const { network, alice: caller, bob: called } = twoGateways({ alice, bob });
  network.run(3000);

  expect(called.fetches).toMatchObject([{ url, body: null }]);
  expect(kinds(called)).toEqual([]);
  const [fetch] = called.fetches;
  network.command(called, { kind: 'fetched', id: fetch?.id ?? -1, content: Buffer.from(ALICE_CERTIFICATE, 'hex') });
  network.run(3000);
  expect(kinds(caller)).toEqual(['ikeEstablished', 'childEstablished']);
});

const withPpks = (config: IkeConfig, ppks: IkeConfig['ppks'], ppk: ConnectionConfig['ppk']): IkeConfig => ({
  ...config,
  ppks,
  connections: config.connections.map(connection => ({ ...connection, ppk })),
});
const use = (isRequired: boolean) => ({ ids: ['ppk-1'], isRequired });
const PPK = { id: 'ppk-1', key: 'aa'.repeat(32) };
const OTHER = { id: 'ppk-1', key: 'bb'.repeat(32) };

test.each([
  ['both have it, required', PPK, true, PPK, true, 'with'],
  ['both have it, optional', PPK, false, PPK, false, 'with'],
  ['the responder has none, optional', PPK, false, null, false, 'without'],
  ['the responder has none, required of the initiator', PPK, true, null, false, 'refused'],
  ['the initiator has none, required of the responder', null, false, PPK, true, 'refused'],
  ['two different ones of one name', PPK, false, OTHER, false, 'refused'],
] as const)('PPK: %s', (_, ours, isRequiredHere, theirs, isRequiredThere, outcome) => {
  const { alice, bob } = pair();
  const here = ours === null ? alice : withPpks(alice, [ours], use(isRequiredHere));
  const there = theirs === null ? bob : withPpks(bob, [theirs], use(isRequiredThere));
  const { network, alice: caller } = run(here, there);

  const [status] = caller.daemon.status(network.now).sas;
  const isUsed = status?.extensions.includes('ppk') === true;
  const established = kinds(caller).includes('ikeEstablished');
  expect(established ? (isUsed ? 'with' : 'without') : 'refused').toBe(outcome);
});

test('credentials that nobody can read are refused before anybody calls', () => {
  const unreadable = { ...certified.bob, rawKeys: [{ identity: 'alice.lab', spki: '3000' }] };
  const bob = withAuthentication(pair().bob, unreadable, { local: signature });
  expect(() => twoGateways({ alice: pair().alice, bob })).toThrow('public key of alice.lab');
});
