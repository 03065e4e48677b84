import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { NodeConfig } from './config.ts';
import type { Frame } from './node.ts';
import { corpusFor, fuzzNode } from './testing/fuzz.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { policy, saPair, SITE_WIRES, sites, type SitesOptions } from './testing/sites.ts';

/** Each subject; `FUZZ_FRAMES=1000000 npx vitest run engine/node/fuzz.test.ts` is the long run. */
const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 50_000);
const HEAP_GROWTH_MAX_OCTETS = 24 * 2 ** 20;

const subjects: readonly { title: string; name: string; options: SitesOptions }[] = [
  { title: 'a gateway with ESP in tunnel mode', name: 'bob', options: {} },
  { title: 'a gateway with plain tunnels over IPv6', name: 'bob', options: { outer: 6, protect: null } },
];

describe.each(subjects)('mutated frames at $title', ({ name, options }) => {
  test('throw nothing, fill no table beyond its bound, and it still forwards', () => {
    const net = createNet(sites(options), SITE_WIRES);
    const corpus = traffic(net, name);
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
  const corpus = [...traffic(clear, 'alice'), ...traffic(clear, 'bob')].map(frame => ({ ...frame, port: 'net1' }));
  const net = createNet(
    sites().map(config => (config.name === 'a1' ? withTransport(config) : config)),
    SITE_WIRES,
  );
  const report = fuzzNode(net, name, corpus, { frames: FRAMES / 5, seed: `above ${name}`, entry: 'above' });
  expect(report.framesOut).toBeGreaterThan(0);
});

/** Everything in transport mode, to one host of each family. */
function withTransport(config: NodeConfig): NodeConfig {
  const policies = [
    policy('v4', { kind: 'protect', mode: 'transport' }, { local: '10.0.0.2' }),
    policy('v6', { kind: 'protect', mode: 'transport' }),
  ];
  const [out4] = saPair(7000, '10.0.0.2', '10.0.1.2', ['v4', 'v4'], { mode: 'transport' });
  const [out6] = saPair(7001, '2001:470:24:c66::2', '2001:470:24:c67::2', ['v6', 'v6'], { mode: 'transport' });
  return { ...config, policies, sas: [out4, out6] };
}

/** After collecting garbage. */
function heapOctets(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** All kinds of frames that such a node meets. */
function traffic(net: Net, name: string): Frame[] {
  const [a4, b4] = ['10.0.0.2', '10.0.1.2'];
  const [a6, b6] = ['2001:470:24:c66::2', '2001:470:24:c67::2'];
  net.send('a1', ping(a4, b4), ping(a6, b6), ping(a4, b4, 3000), ping(a4, '10.0.1.1'), ping(a6, '2001:470:24:c67::1'));
  net.send('b1', ping(b4, a4, 8, { hopLimit: 1 }), ping(b6, a6, 1452), udp(b4, '10.9.9.9', [1, 2]));
  net.send('internet', ping('5.6.7.1', '5.6.7.8', 4000), ping('2001:db8:b::1', '2001:db8:b::8'));
  net.send(
    'internet',
    ipPacket('1.2.3.4', '5.6.7.8', 4, ping(a4, b4)),
    ipPacket('1.2.3.4', '5.6.7.8', 41, ping(a6, b6)),
  );
  net.send(
    'internet',
    ipPacket('2001:db8:b::1', '2001:db8:b::8', 43, Uint8Array.of(58, 2, 0, 1, ...new Uint8Array(20))),
  );
  net.advance(40_000_000_000);
  net.send('a1', ping(a4, b4), ping(a6, b6));
  return corpusFor(net, SITE_WIRES, name);
}
