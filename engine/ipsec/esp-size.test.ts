import { expect, test } from 'vitest';
import { espSuite } from '../crypto/esp-suite.ts';
import { sampleSuiteNames } from '../crypto/testing/sample-suites.ts';
import { espOctets, largestPayload } from './esp-size.ts';
import { saPair } from './testing/sa-pair.ts';
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

test.each([1, 64, 256, 1000])('with TFC padding to %d octets', padToOctets => {
  const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });
  const { out } = saPair('aes256-sha256', { trafficFlow: { padToOctets, dummyEveryMs: null } });
  for (let length = 0; length < 300; length += 7) {
    const [sealed] = kernel.seal([{ sa: out, nextHeader: 4, payload: new Uint8Array(length) }]);
    if (sealed?.kind !== 'sealed') throw new Error('not sealed');
    expect(espOctets(out.suite, length, padToOctets)).toBe(sealed.esp.length);
  }
  for (let available = 1400; available < 1500; available++) {
    const payload = largestPayload(out.suite, available, padToOctets);
    expect(espOctets(out.suite, payload, padToOctets)).toBeLessThanOrEqual(available);
    expect(espOctets(out.suite, payload + 1, padToOctets)).toBeGreaterThan(available);
  }
});

test('no room at all', () => {
  const suite = espSuite('aes128gcm16');
  if (suite === null) throw new Error('aes128gcm16');
  expect(largestPayload(suite, espOctets(suite, 0) - 1)).toBeLessThan(0);
  expect(largestPayload(suite, 0)).toBeLessThan(0);
});
