import { describe, expect, test } from 'vitest';
import { v1Pair } from './testing/connection.ts';
import { kinds, states, twoGateways } from '../testing/gateways.ts';

describe('Main Mode with a shared secret', () => {
  test('establishes an ISAKMP SA and a child', () => {
    const { network, alice } = twoGateways(v1Pair());
    network.run(2000);
    expect(states(alice, network.now)).toEqual(['established']);
    expect(kinds(alice)).toEqual(['ikeEstablished', 'deprecated', 'childEstablished']);
  });
});
