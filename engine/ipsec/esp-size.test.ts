import { expect, test } from 'vitest';
import { espSuite } from '../crypto/esp-suite.ts';
import { sampleSuiteNames } from '../crypto/sample-suites.fixture.ts';
import { espOctets, largestPayload } from './esp-size.ts';
import { saPair } from './sa-pair.fixture.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

test.each(sampleSuiteNames())('%s: the sizes are those of sealed packets', name => {
  const suite = espSuite(name);
  if (suite === null) throw new Error(name);
  const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });
  const { out } = saPair(name);
  for (let length = 0; length < 70; length++) {
    const [sealed] = kernel.seal([{ sa: out, nextHeader: 4, payload: new Uint8Array(length) }]);
    if (sealed?.kind !== 'sealed') throw new Error('not sealed');
    expect(espOctets(suite, length)).toBe(sealed.esp.length);
  }
  for (let available = espOctets(suite, 0); available < 1600; available++) {
    const payload = largestPayload(suite, available);
    expect(espOctets(suite, payload)).toBeLessThanOrEqual(available);
    expect(espOctets(suite, payload + 1)).toBeGreaterThan(available);
  }
});

test('no room at all', () => {
  const suite = espSuite('aes128gcm16');
  if (suite === null) throw new Error('aes128gcm16');
  expect(largestPayload(suite, espOctets(suite, 0) - 1)).toBeLessThan(0);
  expect(largestPayload(suite, 0)).toBeLessThan(0);
});
