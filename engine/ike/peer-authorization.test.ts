import { expect, test } from 'vitest';
import { addressOf } from '../wire/testing/must.ts';
import type { ConnectionConfig, IkeConfig } from './config.ts';
import { sharedSecretOf } from './credentials.ts';
import { type Identity, parseIdentity } from './identity.ts';
import { connectionsFor, connectionsOf } from './peer-authorization.ts';

function identity(text: string): Identity {
  const parsed = parseIdentity(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

/** What of a connection the choice is made by. */
function connection(
  name: string,
  change: { local?: string[]; remote?: string[]; own?: string; peer?: string; psk?: boolean },
) {
  return {
    name,
    local: change.local ?? [],
    remote: change.remote ?? [],
    authentication: {
      local: { method: 'psk', identity: change.own ?? '%any' },
      remote: { methods: change.psk === false ? ['signature'] : ['psk'], identity: change.peer ?? '%any' },
    },
  } as unknown as ConnectionConfig;
}

const names = (connections: readonly ConnectionConfig[]) => connections.map(({ name }) => name);
const LOCAL = addressOf('192.0.2.1');

test('the address of the peer narrows the choice, the most specific first', () => {
  const config = {
    connections: [
      connection('anybody', {}),
      connection('net', { remote: ['198.51.100.0/24'] }),
      connection('host', { remote: ['198.51.100.7'] }),
      connection('range', { remote: ['198.51.100.1-198.51.100.9'] }),
      connection('elsewhere', { remote: ['203.0.113.0/24', '2001:db8::/32'] }),
      connection('other end', { local: ['192.0.2.2'] }),
      connection('this end', { local: ['192.0.2.1'] }),
    ],
  } as unknown as IkeConfig;

  const found = (remote: string) => names(connectionsFor(config, { local: LOCAL, remote: addressOf(remote) }));
  expect(found('198.51.100.7')).toEqual(['host', 'net', 'range', 'this end', 'anybody']);
  expect(found('198.51.100.10')).toEqual(['net', 'this end', 'anybody']);
  expect(found('2001:db8::1')).toEqual(['elsewhere', 'this end', 'anybody']);
});

test('identities and the method make it', () => {
  const candidates = [
    connection('any', {}),
    connection('lab', { peer: '*.lab', own: 'gw.lab' }),
    connection('bob', { peer: 'bob.lab', own: 'gw.lab' }),
    connection('signed', { peer: 'bob.lab', psk: false }),
  ];
  const found = (remote: string, local: string | null, method: 'psk' | 'signature' | 'null') =>
    names(
      connectionsOf(candidates, { remote: identity(remote), local: local === null ? null : identity(local), method }),
    );

  expect(found('bob.lab', null, 'psk')).toEqual(['bob', 'lab', 'any']);
  expect(found('bob.lab', 'other.lab', 'psk')).toEqual(['any']);
  expect(found('carol.lab', 'gw.lab', 'psk')).toEqual(['lab', 'any']);
  expect(found('bob.lab', null, 'signature')).toEqual(['signed']);
  expect(found('bob.lab', null, 'null')).toEqual([]);
});

test('the most specific secret is taken', () => {
  const secret = (octet: number, ...identities: string[]) => ({
    identities: identities.map(identity),
    secret: Uint8Array.of(octet),
  });
  const secrets = [
    secret(0),
    secret(1, '%any'),
    secret(2, '*.lab'),
    secret(3, 'bob.lab'),
    secret(4, 'alice.lab', 'bob.lab'),
    secret(5, 'carol.lab', 'dave.lab'),
    secret(6, 'eve@lab'),
  ];
  const found = (ours: string, theirs: string) => sharedSecretOf(secrets, identity(ours), identity(theirs))?.[0];

  expect(found('alice.lab', 'bob.lab')).toBe(4);
  expect(found('frank.lab', 'bob.lab')).toBe(3);
  expect(found('frank.lab', 'gina.lab')).toBe(2);
  expect(found('frank@x', 'gina@x')).toBe(1);
  // Who shares a secret with somebody else proves nothing to a third.
  expect(sharedSecretOf(secrets.slice(4, 6), identity('alice.lab'), identity('carol.lab'))?.[0]).toBe(5);
  expect(sharedSecretOf(secrets.slice(4, 5), identity('alice.lab'), identity('carol.lab'))).toBeNull();
  // A secret of this node alone is for all of its peers.
  expect(sharedSecretOf(secrets.slice(6), identity('eve@lab'), identity('x.lab'))?.[0]).toBe(6);
  expect(sharedSecretOf(secrets.slice(0, 1), identity('a'), identity('b'))?.[0]).toBe(0);
});
