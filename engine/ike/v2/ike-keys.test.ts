import { expect, test } from 'vitest';
import { DeferredIkeKeys, expandIkeKeys, ikeAlgorithms } from './ike-keys.ts';

const SUITE = { encryption: 'aes256gcm16', integrity: null, prf: 'prfsha256', keyExchange: 'x25519' } as const;

test('deferred keys are worked out once, when the first of them is asked for', () => {
  const parties = {
    initiatorNonce: new Uint8Array(32).fill(1),
    responderNonce: new Uint8Array(32).fill(2),
    initiatorSpi: '0000000000000001',
    responderSpi: '0000000000000002',
  };
  const algorithms = ikeAlgorithms({ ...SUITE, additionalKeyExchanges: [] });
  const keys = expandIkeKeys(algorithms, new Uint8Array(32).fill(3), parties);
  let times = 0;
  const deferred = new DeferredIkeKeys(() => {
    times++;
    return keys;
  });
  expect(times).toBe(0);
  const { skD, skAi, skAr, skEi, skEr, skPi, skPr } = deferred;
  expect({ skD, skAi, skAr, skEi, skEr, skPi, skPr }).toEqual(keys);
  expect(deferred.workOut()).toBe(keys);
  expect(times).toBe(1);
});
