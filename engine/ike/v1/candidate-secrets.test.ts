import { expect, test } from 'vitest';
import type { ConnectionConfig, IkeConfig } from '../config.ts';
import { kinds } from '../testing/gateways.ts';
import { Network } from '../testing/network.ts';
import { v1Child, v1Pair, withConnection } from './testing/connection.ts';

const hex = (text: string): string => Buffer.from(text).toString('hex');
const NAMES = Array.from({ length: 20 }, (_, i) => `peer${i}.lab`);

const bySecret = (own: string, expected: string): ConnectionConfig['authentication'] => ({
  local: { method: 'psk', identity: own },
  remote: { methods: ['psk'], identity: expected, authorities: [], schemes: [], revocation: 'relaxed' },
});

/** Bob has a connection, and a secret, for each of these, whatever their address. */
function bob(names: readonly string[]): IkeConfig {
  const config = v1Pair().bob;
  const connections = names.flatMap(name =>
    config.connections.map(connection => ({
      ...connection,
      name,
      remote: [],
      authentication: bySecret('bob.lab', name),
      children: [
        v1Child({ name, local: connection.children[0]?.local ?? [], remote: connection.children[0]?.remote ?? [] }),
      ],
    })),
  );
  const secrets = names.map(name => ({ identities: [name], secret: hex(`secret of ${name}`) }));
  return { ...config, connections, secrets };
}

function called(names: readonly string[], name: string, secret: string) {
  const caller = withConnection(v1Pair({ attempts: 1 }).alice, { authentication: bySecret(name, 'bob.lab') });
  const network = new Network(`${name} ${secret}`);
  const alice = network.add('alice', ['192.0.2.1'], { ...caller, secrets: [{ identities: [], secret: hex(secret) }] });
  const station = network.add('bob', ['192.0.2.2'], bob(names));
  network.run(60_000);
  return { alice, bob: station, sas: station.daemon.status(network.now).sas };
}

test.each(NAMES.slice(0, 16))('%s is known by its secret before its name', name => {
  const scene = called(NAMES, name, `secret of ${name}`);
  expect(scene.sas).toMatchObject([{ connection: name, state: 'established', children: [{ name }] }]);
  expect(kinds(scene.alice)).toContain('childEstablished');
  // Of the secrets tried, the key log has the one that it was.
  expect(scene.bob.secrets).toEqual(scene.alice.secrets);
});

test.each([
  ['of somebody else', NAMES.slice(0, 3), 'secret of peer1.lab'],
  ['of nobody', NAMES.slice(0, 3), 'nobody has that'],
  ['beyond those that a stranger may have tried', NAMES, 'secret of peer19.lab'],
])('a secret %s lets nobody in', (_, names, secret) => {
  const scene = called(names, names.length === 3 ? 'peer2.lab' : 'peer19.lab', secret);
  expect(scene.sas).toEqual([]);
  expect(kinds(scene.bob)).not.toContain('ikeEstablished');
  expect(kinds(scene.alice)).not.toContain('ikeEstablished');
});
