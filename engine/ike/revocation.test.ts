import { describe, expect, test } from 'vitest';
import { encodeCrl } from '../pki/encode-crl.ts';
import { below, dns, type Holder, NOW, root, seeded, YEAR } from '../pki/testing/authority.ts';
import type { IkeConfig, RemoteAuthenticationConfig } from './config.ts';
import { pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from './testing/gateways.ts';
import { v1Pair } from './v1/testing/connection.ts';

const URL = 'http://192.0.2.9/lab.crl';
/** The network's clock begins a year later. */
const FOR_LONG = { notAfter: NOW + 9 * YEAR };
const ca = root('CN=CA,O=Lab', FOR_LONG);
/** RSA: what IKEv1 can sign with. */
const alice = below(ca, 'CN=alice,O=Lab', { ...FOR_LONG, altNames: [dns('alice.lab')], crlUris: [URL] }, 'rsa2048');
const bob = below(ca, 'CN=bob,O=Lab', { ...FOR_LONG, altNames: [dns('bob.lab')] }, 'rsa2048');

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

const VERSIONS = [
  ['IKEv2', pair],
  ['IKEv1, Main Mode', v1Pair],
  ['IKEv1, Aggressive Mode', () => v1Pair({}, { mode: 'aggressive', accepts: ['aggressive'] })],
] as const;

test.each(VERSIONS)('a list is not fetched again for each handshake, as long as it is fresh: %s', (_, configured) => {
  const configs = configured();
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

describe('what a node of IKEv1 fetches for a peer', () => {
  const thisUpdate = 1_800_000_000 - 60;
  const list = (revoked: readonly Holder[]) =>
    encodeCrl(
      {
        revoked: revoked.map(({ certificate }) => ({ serial: certificate.serial, at: thisUpdate - 60, reason: null })),
        thisUpdate,
        nextUpdate: thisUpdate + 3000,
        number: 1,
        scheme: null,
      },
      ca,
      seeded('list'),
    );
  const scene = (v1: Parameters<typeof v1Pair>[1], revocation: RemoteAuthenticationConfig['revocation'] = 'strict') => {
    const configs = v1Pair({ attempts: 1 }, v1);
    return twoGateways({
      alice: certified(configs.alice, alice, {}),
      bob: certified(configs.bob, bob, { revocation }),
    });
  };

  test.each([
    ['good', list([]), true],
    ['revoked', list([alice]), false],
    ['not to be had', null, false],
  ])('decides, and meanwhile the peer may repeat itself: %s', (_, content, isIn) => {
    const { network, bob: called } = scene({});
    network.run(4000);
    expect(called.fetches.map(({ url }) => url)).toEqual([URL]);
    expect(states(called, network.now)).toEqual(['connecting']);
    network.command(called, { kind: 'fetched', id: called.fetches[0]?.id ?? 0, content });
    network.run(4000);
    expect(states(called, network.now)).toEqual(isIn ? ['established'] : []);
    expect(kinds(called).includes('authenticationFailed')).toBe(!isIn);
    expect(called.fetches).toHaveLength(1);
  });

  test('is nothing where nobody answers: the exchange ends in its own time, and is forgotten', () => {
    const { network, alice: caller, bob: called } = scene({});
    network.run(120_000);
    expect([states(caller, network.now), states(called, network.now)]).toEqual([[], []]);
    network.command(called, { kind: 'fetched', id: called.fetches[0]?.id ?? 0, content: list([]) });
    expect(states(called, network.now)).toEqual([]);
  });

  test.each([{ ignoresRevocation: true }, { fetchesRevocation: false }])('is nothing where it is not to: %j', v1 => {
    const { network, bob: called } = scene(v1, 'relaxed');
    network.run(4000);
    expect(called.fetches).toEqual([]);
    expect(states(called, network.now)).toEqual(['established']);
  });
});
