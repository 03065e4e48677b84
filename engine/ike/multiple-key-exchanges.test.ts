import { expect, test } from 'vitest';
import { decodeIkeHeader } from '../wire/ike/header.ts';
import type { IkeProposalConfig } from './config.ts';
import { childConfig, pair } from './testing/connection.ts';
import { kinds, twoGateways } from './testing/gateways.ts';
import { Network, type Station } from './testing/network.ts';

const proposal = (...additionalKeyExchanges: (readonly string[])[]): IkeProposalConfig => ({
  encryption: ['aes256gcm16'],
  integrity: [],
  prf: ['prfsha384'],
  keyExchange: ['x25519'],
  additionalKeyExchanges,
});

/** Exchange types of the requests of a station, by their number in the header; fragments and repetitions once. */
function requests({ sent }: Station, from = 0): number[] {
  const own = sent.slice(from).filter(({ octets }) => ((octets[19] ?? 0) & 0x20) === 0);
  return own.map(({ octets }) => octets[18] ?? 0).filter((type, i, all) => type !== all[i - 1]);
}

const suiteOf = ({ daemon }: Station, network: Network) => daemon.status(network.now).sas.map(({ suite }) => suite);

test('ML-KEM after X25519: an IKE_INTERMEDIATE, and keys that both have', () => {
  const { network, alice, bob } = twoGateways(pair({ proposals: [proposal(['mlkem768'])] }));

  network.run(2000);

  expect(kinds(alice)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(kinds(bob)).toEqual(['ikeEstablished', 'childEstablished']);
  expect(suiteOf(alice, network)).toEqual(['aes256gcm16-prfsha384-x25519-ke1_mlkem768']);
  expect(requests(alice)).toEqual([34, 43, 35]);
  // Keys are told of twice, since they change.
  expect(alice.secrets).toHaveLength(2);
  expect(alice.secrets.at(-1)).toEqual(bob.secrets.at(-1));
});

test('two additional key exchanges, the second of which may be left out', () => {
  const { network, alice, bob } = twoGateways(pair({ proposals: [proposal(['mlkem512'], ['mlkem1024', 'none'])] }));

  network.run(3000);

  expect(suiteOf(alice, network)).toEqual(['aes256gcm16-prfsha384-x25519-ke1_mlkem512-ke2_mlkem1024']);
  expect(alice.secrets.at(-1)).toEqual(bob.secrets.at(-1));
});

test('a peer without any of them agrees where none may be chosen, and not otherwise', () => {
  const plain = pair({ proposals: [proposal()] });
  const optional = twoGateways({ alice: pair({ proposals: [proposal(['mlkem768', 'none'])] }).alice, bob: plain.bob });
  optional.network.run(3000);
  expect(suiteOf(optional.alice, optional.network)).toEqual(['aes256gcm16-prfsha384-x25519']);

  const required = twoGateways({ alice: pair({ proposals: [proposal(['mlkem768'])] }).alice, bob: plain.bob });
  required.network.run(3000);
  expect(kinds(required.alice)).toContain('negotiationFailed');
});

test('under loss and duplication an answer that was lost comes again, under the keys of its request', () => {
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const { network, alice, bob } = twoGateways(pair({ proposals: [proposal(['mlkem768'], ['mlkem512'])] }), seed);
    network.weather = { loss: 0.3, duplication: 0.3, jitterMs: 30 };

    network.run(120_000, () => kinds(alice).includes('childEstablished') && kinds(bob).includes('childEstablished'));

    expect(kinds(alice)).toContain('childEstablished');
    expect(alice.secrets.at(-1)).toEqual(bob.secrets.at(-1));
  }
});

test('a rekeyed IKE SA has its additional key exchanges in IKE_FOLLOWUP_KE', () => {
  const { network, alice, bob } = twoGateways(pair({ proposals: [proposal(['mlkem768'], ['mlkem512'])] }));
  network.run(3000);

  const before = alice.sent.length;

  network.command(alice, { kind: 'rekey', ike: 'bob' });
  network.run(3000);

  expect(requests(alice, before)).toEqual([36, 44, 37]);

  expect(kinds(alice)).toContain('ikeRekeyed');
  expect(kinds(bob)).toContain('ikeRekeyed');
  expect(alice.secrets.at(-1)).toEqual(bob.secrets.at(-1));
  expect(suiteOf(bob, network)).toEqual(['aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_mlkem512']);
});

test('so has a Child SA, when it is rekeyed', () => {
  const proposals = childConfig().proposals.map(one => ({
    ...one,
    keyExchange: ['x25519'],
    additionalKeyExchanges: [['mlkem768']],
  }));
  const configs = pair({ children: [childConfig({ start: 'start', proposals })] });
  const { network, alice, bob } = twoGateways(configs);
  network.run(3000);

  network.command(alice, { kind: 'rekey', child: 'net' });
  network.run(3000);

  expect(requests(alice)).toContain(44);
  expect(kinds(alice)).toContain('childRekeyed');
  expect(kinds(bob)).toContain('childRekeyed');
  const suites = [alice, bob].map(({ daemon }) =>
    daemon.status(network.now).sas[0]?.children.map(({ suite }) => suite),
  );
  expect(suites).toEqual([['aes256gcm16-x25519-ke1_mlkem768'], ['aes256gcm16-x25519-ke1_mlkem768']]);
});

test('a Child SA is asked for once, also while the exchanges that follow are under way', () => {
  const proposals = childConfig().proposals.map(one => ({
    ...one,
    keyExchange: ['x25519'],
    additionalKeyExchanges: [['mlkem512'], ['mlkem768']],
  }));
  const any = { protocol: 'any', ports: 'any' } as const;
  const sides = { local: [{ addresses: '10.2.0.0/24', ...any }], remote: [{ addresses: '10.3.0.0/24', ...any }] };
  const second = childConfig({ name: 'second', policy: 'second', proposals, ...sides });
  const configs = pair({ windowSize: 4, children: [childConfig({ start: 'start' }), second] });
  const { network, alice } = twoGateways(configs);
  network.run(1000);
  for (let times = 0; times < 8; times++) {
    network.command(alice, { kind: 'initiate', child: 'second' });
    network.run(10);
  }
  network.run(3000);
  const [sa] = alice.daemon.status(network.now).sas;
  expect(sa?.children.map(({ name }) => name)).toEqual(['net', 'second']);
});

test('both rekey a Child SA, and one of them is through before the other goes on: one is left', () => {
  const proposals = childConfig().proposals.map(one => ({
    ...one,
    keyExchange: ['x25519'],
    additionalKeyExchanges: [['mlkem512']],
  }));
  for (const seed of ['one', 'two', 'three', 'four']) {
    const configs = pair({ children: [childConfig({ start: 'start', proposals })] });
    const network = new Network(seed);
    const alice = network.add(`alice ${seed}`, ['192.0.2.1'], configs.alice); // other names, other nonces
    const bob = network.add(`bob ${seed}`, ['192.0.2.2'], configs.bob);
    network.run(1000);
    // Bob's answer comes late, and so does Alice's to his Delete of the old one.
    const held = new Set([bob, alice]);
    network.intercept = (datagram, from) => {
      const { isResponse, exchangeType } = decodeIkeHeader(datagram.octets);
      return held.has(from) && isResponse && exchangeType === (from === bob ? 36 : 37) ? [] : [datagram];
    };
    for (const station of [alice, bob]) network.command(station, { kind: 'rekey', child: 'net' });
    network.run(200);
    held.delete(bob);
    network.run(1000);
    held.delete(alice);
    network.run(30_000);
    for (const { daemon } of [alice, bob]) expect(daemon.status(network.now).sas[0]?.children).toHaveLength(1);
  }
});
