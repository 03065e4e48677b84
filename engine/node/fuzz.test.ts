import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { fuzzNode } from './testing/fuzz.ts';
import { FUZZ_SUBJECTS, fuzzTraffic, withTransport } from './testing/fuzz-subjects.ts';
import { createNet } from './testing/net.ts';
import { ping } from './testing/packets.ts';
import { SITE_WIRES, sites } from './testing/sites.ts';

/** Each subject; `FUZZ_FRAMES=1000000 npx vitest run engine/node/fuzz.test.ts` is the long run. */
const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 50_000);
const HEAP_GROWTH_MAX_OCTETS = 24 * 2 ** 20;

describe.each(FUZZ_SUBJECTS)('mutated frames at $title', ({ name, options }) => {
  test('throw nothing, fill no table beyond its bound, and it still forwards', () => {
    const net = createNet(sites(options), SITE_WIRES);
    const corpus = fuzzTraffic(net, name);
    let heapEarly = 0;
    const onBatch = (frames: number) => {
      if (heapEarly === 0 && frames > FRAMES / 5) heapEarly = heapOctets();
    };
    const report = fuzzNode(net, name, corpus, { frames: FRAMES, seed: `fuzz ${name}`, onBatch });
    expect(report.frames).toBe(FRAMES);
    expect(heapOctets() - heapEarly).toBeLessThan(HEAP_GROWTH_MAX_OCTETS);
    expect(Object.keys(report.drops).length).toBeGreaterThan(4);
    // Time passes at about 10 ms a batch of 64: two event kinds at most every 100 ms would be this many.
    expect(report.events).toBeLessThan(FRAMES / 10);
    // Mutations can have taught it wrong neighbours; they are found out in a minute.
    net.advance(120_000_000_000);
    net.takeDeliveries('a1');
    net.send('a1', ping('10.0.0.2', '10.0.1.2'), ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
    net.advance(20_000_000_000);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'), ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
    expect(net.takeDeliveries('a1').length).toBeGreaterThanOrEqual(2);
  });
});

test.each(['a1', 'alice'])('mutated packets from the host above %s throw nothing', name => {
  const clear = createNet(sites(), SITE_WIRES);
  const corpus = [...fuzzTraffic(clear, 'alice'), ...fuzzTraffic(clear, 'bob')].map(frame => ({
    ...frame,
    port: 'net1',
  }));
  const net = createNet(
    sites().map(config => (config.name === 'a1' ? withTransport(config) : config)),
    SITE_WIRES,
  );
  const report = fuzzNode(net, name, corpus, { frames: FRAMES / 5, seed: `above ${name}`, entry: 'above' });
  expect(report.framesOut).toBeGreaterThan(0);
});

/** After collecting garbage. */
function heapOctets(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
