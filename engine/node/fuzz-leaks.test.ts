import { protectBy } from '../ipsec/spd.ts';
import { expect, test } from 'vitest';
import type { Frame } from './node.ts';
import { fuzzNode } from './testing/fuzz.ts';
import { fuzzTraffic } from './testing/fuzz-subjects.ts';
import { createNet } from './testing/net.ts';
import { line } from './testing/read.ts';
import { policy, SITE_WIRES, sites } from './testing/sites.ts';

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 50_000) / 2;
/** Hosts behind alice: not her own addresses, from which she may send errors in the clear. */
const BEHIND_ALICE = /^(?:10\.0\.0\.(?!1 )|2001:470:24:c66:)/;
const BETWEEN_OFFICES = /^(?:10\.0\.[01]\.|2001:470:24:c6[67]:)\S* > (?:10\.0\.[01]\.|2001:470:24:c6[67]:)/;

test.each([
  ['ESP', {}],
  ['AH', { by: 'ah' }],
  ['AH around ESP', { by: 'bundle' }],
  ['ESP in UDP', { by: 'udp' }],
  ['ESP, policies by ports and fragments one by one', { policies: onlyPorts, fragments: 'stateful' }],
] as const)(
  'mutated frames at a gateway with %s: no part of the protected flow leaves in the clear, on either side',
  (_, options) => {
    const net = createNet(sites(options), SITE_WIRES);
    const leaked = new Set<string>();
    const onSent = ({ port, octets }: Frame) => {
      // What is inside of somebody else's IP-in-IP came in the clear and only passes.
      const [packet = ''] = line(octets.subarray(14)).split(' | ');
      const isLeak = port === 'net0' ? BETWEEN_OFFICES.test(packet) : BEHIND_ALICE.test(packet);
      if (isLeak) leaked.add(`${port}: ${packet}`);
    };
    const { framesOut } = fuzzNode(net, 'bob', fuzzTraffic(net, 'bob'), { frames: FRAMES / 2, seed: 'leaks', onSent });
    expect(framesOut).toBeGreaterThan(0);
    expect([...leaked]).toEqual([]);
  },
);

test('mutated frames at a gateway that looks at ports and listens to routers throw nothing', () => {
  const configs = sites({ policies: ports }).map(config => ({
    ...config,
    interfaces: config.interfaces.map(each => ({ ...each, autoconfigure: config.name === 'bob', advertise: true })),
  }));
  const net = createNet(configs, SITE_WIRES);
  const { drops } = fuzzNode(net, 'bob', fuzzTraffic(net, 'bob'), { frames: FRAMES, seed: 'ports' });
  expect(drops['policyDiscard']).toBeGreaterThan(0);
});

/** UDP from and to port 2 is protected, and nothing else passes. */
function onlyPorts(side: 'alice' | 'bob') {
  return ports(side).slice(0, 1);
}

/** Some UDP is protected, all else leaves as plain IP-in-IP. */
function ports(side: 'alice' | 'bob') {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const own = side === 'alice' ? { remotePort: 2 } : { localPort: 2 };
  const some = policy(tunnel, protectBy('esp', 'tunnel'), { tunnel, protocol: 17, ...own });
  return [some, policy('rest', { kind: 'bypass' }, { tunnel })];
}
