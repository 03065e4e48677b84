import { describe, expect, test } from 'vitest';
import { decodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import type { IkeConfig } from '../config.ts';
import { kinds, messages, states, twoGateways } from '../testing/gateways.ts';
import type { Station } from '../testing/network.ts';
import { v1Pair, withConnection, withV1 } from './testing/connection.ts';

const { IDENTITY_PROTECTION: MAIN, AGGRESSIVE } = IsakmpExchange;
const aggressive = { mode: 'aggressive', accepts: ['aggressive'] } as const;
const details = ({ events }: Station): string => events.map(({ kind, detail }) => `${kind} ${detail}`).join('\n');
const firstSa = ({ daemon }: Station, now: number) => daemon.status(now).sas[0];

/** Types and sizes that a station has sent, phase 1 only. */
const phaseOne = ({ sent }: Station) =>
  sent
    .map(({ octets }) => decodeIsakmpMessage(octets))
    .filter(({ exchangeType }) => exchangeType === MAIN || exchangeType === AGGRESSIVE);

const proposal = (encryption: string[], keyExchange: string[]) => [
  { encryption, integrity: ['sha1', 'sha256'], prf: [], keyExchange, additionalKeyExchanges: [] },
];

function run(configs: { readonly alice: IkeConfig; readonly bob: IkeConfig }, forMs = 5000) {
  const scene = twoGateways(configs);
  scene.network.run(forMs);
  return scene;
}

describe('Main Mode, RFC 2409 §5.4', () => {
  test('is six messages, the last two under the cipher, and Quick Mode follows', () => {
    const { network, alice, bob } = run(v1Pair());
    const [sent, answered] = [phaseOne(alice), phaseOne(bob)];
    expect(sent.map(({ exchangeType, isEncrypted }) => [exchangeType, isEncrypted])).toEqual([
      [MAIN, false],
      [MAIN, false],
      [MAIN, true],
    ]);
    expect(answered.map(({ isEncrypted }) => isEncrypted)).toEqual([false, false, true]);
    for (const { daemon } of [alice, bob]) {
      expect(daemon.status(network.now).sas).toMatchObject([
        {
          version: 1,
          state: 'established',
          suite: 'aes256-sha256-ecp256',
          localAuthentication: 'psk',
          remoteAuthentication: 'psk',
          children: [{ state: 'installed' }],
        },
      ]);
    }
    expect(firstSa(alice, network.now)).toMatchObject({ localIdentity: 'alice.lab', remoteIdentity: 'bob.lab' });
    expect(kinds(alice)).toEqual(['ikeEstablished', 'deprecated', 'childEstablished']);
    expect(kinds(bob)).toEqual(['ikeEstablished', 'deprecated', 'childEstablished']);
  });

  test.each(['md5', 'sha1', 'sha256', 'sha384', 'sha512'])('with %s, each cipher and some groups', hash => {
    for (const [i, encryption] of ['aes128', 'aes192', 'aes256', '3des', 'des', 'camellia128'].entries()) {
      const group = ['modp768', 'modp1024', 'modp1536', 'ecp256', 'ecp384', 'ecp521'][i] ?? '';
      const proposals = [
        { encryption: [encryption], integrity: [hash], prf: [], keyExchange: [group], additionalKeyExchanges: [] },
      ];
      const { network, alice } = run(v1Pair({ proposals }));
      expect(firstSa(alice, network.now)).toMatchObject({ suite: `${encryption}-${hash}-${group}` });
      expect(states(alice, network.now)).toEqual(['established']);
    }
  });

  test('the responder takes its own first preference among what is offered', () => {
    const both = v1Pair({ proposals: proposal(['3des', 'aes128', 'aes256'], ['modp1024', 'ecp256']) });
    const bob = withConnection(both.bob, { proposals: proposal(['aes256', '3des'], ['ecp256']) });
    const { network, alice } = run({ ...both, bob });
    expect(firstSa(alice, network.now)).toMatchObject({ suite: 'aes256-sha1-ecp256' });
  });

  test('nothing in common is told in the clear, and this end goes on for a while', () => {
    const both = v1Pair({ attempts: 1 });
    const proposals = [
      { encryption: ['3des'], integrity: ['md5'], prf: [], keyExchange: ['modp1024'], additionalKeyExchanges: [] },
    ];
    const { alice, bob } = run({ ...both, bob: withConnection(both.bob, { proposals }) });
    expect(details(bob)).toContain('no proposal in common');
    const [answer] = bob.sent.map(({ octets }) => decodeIsakmpMessage(octets));
    expect(answer).toMatchObject({
      exchangeType: IsakmpExchange.INFORMATIONAL,
      payloads: [{ type: 'N', notifyType: IsakmpNotify['NO-PROPOSAL-CHOSEN'] }],
    });
    expect(details(alice)).toContain('negotiationFailed the peer refuses: NO-PROPOSAL-CHOSEN');
  });

  test('another secret is told, and leads to nothing', () => {
    const both = v1Pair({ attempts: 1 });
    const bob = { ...both.bob, secrets: [{ identities: [], secret: '00' }] };
    const { network, alice, bob: responder } = run({ ...both, bob }, 60_000);
    expect(details(responder)).toContain('authenticationFailed');
    expect(states(alice, network.now)).toEqual([]);
    expect(states(responder, network.now)).toEqual([]);
    expect(kinds(alice)).not.toContain('ikeEstablished');
  });

  test('another identity than expected is refused under the keys', () => {
    const both = v1Pair({ attempts: 1 });
    const [connection] = both.bob.connections;
    if (connection === undefined) throw new Error('no connection');
    const { authentication } = connection;
    const remote = { ...authentication.remote, identity: 'mallory.lab' };
    const bob = {
      ...withConnection(both.bob, { authentication: { ...authentication, remote } }),
      secrets: both.bob.secrets,
    };
    const { alice, bob: responder } = run({ ...both, bob });
    expect(details(responder)).toContain('authenticationFailed alice[2]: another identity is expected');
    expect(details(alice)).toContain('the peer refuses: INVALID-ID-INFORMATION');
  });

  test('RSA encryption is known, and refused by name', () => {
    const both = v1Pair({ attempts: 1 });
    const { network, alice, bob } = twoGateways(both);
    // The method in the offer is changed on the way: what is left of the exchange does not matter.
    network.intercept = (datagram, from) => {
      if (from !== alice) return [datagram];
      const text = Buffer.from(datagram.octets).toString('hex').replace('80030001', '80030004');
      return [{ ...datagram, octets: Uint8Array.from(Buffer.from(text, 'hex')) }];
    };
    network.run(1000);
    expect(details(bob)).toContain('authentication by RSA public key encryption is not supported: use RSA signatures');
  });
});

describe('Aggressive Mode, RFC 2409 §5.4', () => {
  test('is three messages, and said to be dangerous', () => {
    const { network, alice, bob } = run(v1Pair({}, aggressive));
    expect(phaseOne(alice).map(({ exchangeType }) => exchangeType)).toEqual([AGGRESSIVE, AGGRESSIVE]);
    expect(phaseOne(bob)).toHaveLength(1);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(states(bob, network.now)).toEqual(['established']);
    for (const station of [alice, bob]) {
      expect(details(station)).toContain('Aggressive Mode shows both identities to everybody, and whoever has seen it');
    }
  });

  test('is not answered unless the connection says so', () => {
    const both = v1Pair({ attempts: 1 });
    const { alice, bob } = run({ alice: withV1(both.alice, { mode: 'aggressive' }), bob: both.bob });
    expect(details(bob)).toContain('Aggressive Mode is not allowed');
    expect(phaseOne(bob)).toEqual([]);
    expect(kinds(alice)).not.toContain('ikeEstablished');
  });

  test('a lost last message is asked for by what comes after it', () => {
    const { network, alice, bob } = twoGateways(v1Pair({}, aggressive));
    let number = 0;
    network.intercept = (datagram, from) => (from === alice && number++ === 1 ? [] : [datagram]);
    network.run(10_000);
    expect(states(bob, network.now)).toEqual(['established']);
    expect(kinds(bob)).toContain('childEstablished');
  });

  test('another secret is told by the initiator, who sees it first', () => {
    const both = v1Pair({ attempts: 1 }, aggressive);
    const bob = { ...both.bob, secrets: [{ identities: [], secret: '00' }] };
    const { network, alice } = run({ ...both, bob }, 60_000);
    expect(details(alice)).toContain('authenticationFailed bob[2]: HASH is not of the shared secret');
    expect(states(alice, network.now)).toEqual([]);
  });
});

describe('the key log and the same run', () => {
  test('says of both ends the same, and nothing unless it is asked', () => {
    const { alice, bob } = run(v1Pair());
    expect(alice.secrets).toEqual(bob.secrets);
    expect(alice.secrets).toMatchObject([{ version: 1, encryption: 'aes256', integrity: 'sha256' }]);
    const both = v1Pair();
    const quiet = run({ alice: { ...both.alice, revealsSecrets: false }, bob: both.bob });
    expect(quiet.alice.secrets).toEqual([]);
  });

  test('the same random octets, the same messages', () => {
    const [one, other] = [run(v1Pair()), run(v1Pair())];
    expect(messages(one.alice)).toEqual(messages(other.alice));
    expect(messages(one.bob)).toEqual(messages(other.bob));
  });

  test('no key is in the status, nor in events', () => {
    const { network, alice } = run(v1Pair());
    const [secrets] = alice.secrets;
    const said = JSON.stringify([alice.daemon.status(network.now), alice.events]);
    expect(said).not.toContain(secrets?.skEi);
    expect(said).not.toContain(secrets?.skAi);
  });
});
