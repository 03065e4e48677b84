import { expect, test } from 'vitest';
import { encodeCrl } from '../pki/encode-crl.ts';
import { below, dns, type Holder, NOW, root, seeded, YEAR } from '../pki/testing/authority.ts';
import type { IkeConfig, RemoteAuthenticationConfig } from './config.ts';
import { pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';

const URL = 'http://192.0.2.9/lab.crl';
/** The network's clock begins a year later. */
const FOR_LONG = { notAfter: NOW + 9 * YEAR };
const ca = root('CN=CA,O=Lab', FOR_LONG);
const alice = below(ca, 'CN=alice,O=Lab', { ...FOR_LONG, altNames: [dns('alice.lab')], crlUris: [URL] });
const bob = below(ca, 'CN=bob,O=Lab', { ...FOR_LONG, altNames: [dns('bob.lab')] });

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

function certified(config: IkeConfig, { key, certificate }: Holder, remote: Partial<RemoteAuthenticationConfig>) {
  return {
    ...config,
    credentials: {
      ...config.credentials,
      keys: [{ pkcs8: hex(key.pkcs8), chain: [hex(certificate.der)] }],
      anchors: [{ name: 'lab', certificate: hex(ca.certificate.der) }],
    },
    connections: config.connections.map(connection => {
      const { local, remote: peer } = connection.authentication;
      const own = {
        method: 'signature',
        identity: local.identity,
        key: 0,
        schemes: [],
        sends: 'always',
        url: null,
      } as const;
      return {
        ...connection,
        authentication: { local: own, remote: { ...peer, methods: ['signature'] as const, ...remote } },
      };
    }),
  };
}

test('a list is not fetched again for each handshake, as long as it is fresh', () => {
  const configs = pair();
  const {
    network,
    alice: caller,
    bob: called,
  } = twoGateways({
    alice: certified(configs.alice, alice, {}),
    bob: certified(configs.bob, bob, { revocation: 'strict' }),
  });
  const thisUpdate = 1_800_000_000 - 60;
  const list = encodeCrl(
    { revoked: [], thisUpdate, nextUpdate: thisUpdate + 300, number: 1, scheme: null },
    ca,
    seeded('list'),
  );
  const begin = () => {
    network.command(caller, { kind: 'initiate', child: 'net' });
    network.run(2000);
    const isAsked = called.fetches.splice(0).map(fetch => {
      network.command(called, { kind: 'fetched', id: fetch.id, content: list });
      return fetch.url;
    });
    network.run(2000);
    expect(states(called, network.now)).toEqual(['established']);
    network.command(caller, { kind: 'terminate', ike: 'bob' });
    network.run(2000);
    return isAsked;
  };

  expect(begin()).toEqual([URL]);
  expect(begin()).toEqual([]);
  expect(kinds(called).filter(kind => kind === 'ikeEstablished')).toHaveLength(2);
  network.run(300_000);
  network.command(caller, { kind: 'initiate', child: 'net' });
  network.run(2000);
  expect(called.fetches.map(({ url }) => url)).toEqual([URL]);
});
