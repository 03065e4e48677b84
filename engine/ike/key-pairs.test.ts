import { expect, test } from 'vitest';
import { toHex } from '../wire/testing/must.ts';
import { decodeIkeMessage } from '../wire/ike/codec.ts';
import { ExchangeType } from '../wire/ike/registry.ts';
import type { Station } from './testing/network.ts';
import { kinds, twoGateways } from './testing/gateways.ts';

/** Of all answers to IKE_SA_INIT, hexadecimal. */
const publicValues = ({ sent }: Station): string[] =>
  sent
    .map(({ octets }) => decodeIkeMessage(octets))
    .filter(({ exchangeType, isResponse }) => exchangeType === ExchangeType.IKE_SA_INIT && isResponse)
    .flatMap(({ payloads }) => payloads.flatMap(payload => (payload.type === 'KE' ? [toHex(payload.data)] : [])));

test('a key pair that was drawn ahead answers one initiator, and no other', () => {
  const { network, alice, bob } = twoGateways();
  bob.daemon.prepare?.();
  bob.daemon.prepare?.();
  network.run(1000);
  for (let round = 0; round < 2; round++) {
    network.command(alice, { kind: 'terminate', ike: 'bob' });
    network.run(1000);
    network.command(alice, { kind: 'initiate', child: 'net' });
    network.run(1000);
    bob.daemon.prepare?.();
  }
  expect(kinds(bob).filter(kind => kind === 'ikeEstablished')).toHaveLength(3);
  const values = publicValues(bob);
  expect(values).toHaveLength(3);
  expect(new Set(values).size).toBe(3);
});

test('daemons that do ahead what they can, whenever one has sent something, connect and rekey', () => {
  const { network, alice, bob } = twoGateways();
  network.intercept = datagram => {
    for (const { daemon } of [alice, bob]) daemon.prepare?.();
    return [datagram];
  };
  network.run(1000);
  network.command(alice, { kind: 'rekey', ike: 'bob' });
  network.run(1000);
  for (const station of [alice, bob]) expect(kinds(station)).toContain('ikeRekeyed');
});
