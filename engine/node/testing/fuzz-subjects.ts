import { protectBy } from '../../ipsec/spd.ts';
import type { NodeConfig } from '../config.ts';
import type { Frame } from '../node.ts';
import { corpusFor } from './fuzz.ts';
import type { Net } from './net.ts';
import { ipPacket, ping, udp } from './packets.ts';
import { policy, saPair, SITE_WIRES, type SitesOptions } from './sites.ts';

const BUNDLE = { by: 'bundle', fragments: 'stateful' } as const;

/** Nodes to throw mutated frames at. */
export const FUZZ_SUBJECTS: readonly { title: string; name: string; options: SitesOptions }[] = [
  { title: 'a gateway with ESP in tunnel mode', name: 'bob', options: {} },
  { title: 'a gateway with plain tunnels over IPv6', name: 'bob', options: { outer: 6, protect: null } },
  { title: 'a gateway with AH over IPv6', name: 'bob', options: { outer: 6, by: 'ah' } },
  { title: 'a gateway with AH around ESP, that looks at fragments one by one', name: 'bob', options: BUNDLE },
  { title: 'a gateway with ESP in UDP', name: 'bob', options: { by: 'udp' } },
];

/** Everything in transport mode, to one host of each family. */
export function withTransport(config: NodeConfig): NodeConfig {
  const policies = [
    policy('v4', protectBy('esp', 'transport'), { local: '10.0.0.2' }),
    policy('v6', protectBy('esp', 'transport')),
  ];
  const [out4] = saPair(7000, '10.0.0.2', '10.0.1.2', ['v4', 'v4'], { mode: 'transport' });
  const [out6] = saPair(7001, '2001:470:24:c66::2', '2001:470:24:c67::2', ['v6', 'v6'], { mode: 'transport' });
  return { ...config, policies, sas: [out4, out6] };
}

/** All kinds of frames that such a node meets. */
export function fuzzTraffic(net: Net, name: string): Frame[] {
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
