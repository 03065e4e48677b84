import { expect, test } from 'vitest';
import { merged } from '../../engine/ipsec/region-merge.ts';
import { regionsOf, subtract } from '../../engine/ipsec/selector-space.ts';
import { createSelector, type PolicyInput } from '../../engine/ipsec/spd.ts';
import { regionLines } from './region-text.ts';

type Input = Partial<Omit<PolicyInput, 'name' | 'action'>>;

function regions({ direction = 'both', ...changes }: Input) {
  const any = { local: 'any', remote: 'any', protocol: 'any', localPort: 'any', remotePort: 'any' } as const;
  return regionsOf({ selector: createSelector({ ...any, ...changes }, 'a test'), direction });
}

test.each<[string, Input]>([
  ['any <-> any', {}],
  ['any -> any', { direction: 'outbound' }],
  ['any <- any', { direction: 'inbound' }],
  ['10.0.0.0/24 <-> 10.0.1.1', { local: '10.0.0.0/24', remote: '10.0.1.1' }],
  ['any <-> 10.0.0.3-10.0.0.9', { remote: '10.0.0.3-10.0.0.9' }],
  ['any <-> 2001:db8::/32', { remote: '2001:db8::/32' }],
  ['any <-> 10.0.0.0/8,192.168.0.0/16', { remote: ['192.168.0.0/16', '10.0.0.0/9', '10.128.0.0/9'] }],
  [
    'any <-> 10.1.0.0,10.2.0.0,10.3.0.0,10.4.0.0,10.5.0.0,… (2 more)',
    { remote: [1, 2, 3, 4, 5, 6, 7].map(i => `10.${i}.0.0`) },
  ],
  ['any IPv4 <-> any IPv4', { local: '0.0.0.0/0' }],
  ['any <-> any tcp 443', { protocol: 6, remotePort: 443 }],
  ['any <-> any udp local port 500,4500', { protocol: 17, localPort: [[500, 500], [4500, 4500]] }], // biome-ignore format: a line each
  ['any <-> any tcp 1024-65535 local port 22', { protocol: 6, localPort: 22, remotePort: [[1024, 65_535]] }],
  ['any <-> any tcp,udp,dccp,sctp,udplite 53', { remotePort: 53 }],
  ['any <-> any udp without ports (later fragments)', { protocol: 17, localPort: 'opaque' }],
  ['any <-> any icmp type 8', { protocol: 1, icmp: [[2048, 2303]] }],
  ['any <-> any icmpv6 types 133-137', { protocol: 58, icmp: [[133 * 256, 137 * 256 + 255]] }],
  ['any <-> any icmp type 3 code 4', { protocol: 1, icmp: 772 }],
  ['any <-> any icmp type 3 codes 0-4', { protocol: 1, icmp: [[768, 772]] }],
  ['any <-> any icmp without a type (later fragments)', { protocol: 1, icmp: 'opaque' }],
  ['any IPv6 <-> any IPv6 hidden protocol', { protocol: 'opaque' }],
  ['any <-> any gre', { protocol: 47 }],
])('%s', (text, input) => {
  expect(regionLines(merged(regions(input)))).toEqual([text]);
});

test.each<[string[], Input, Input]>([
  [['all but 10.0.0.0/8 <-> any'], { local: '0.0.0.0/0' }, { local: '10.0.0.0/8' }],
  [['10.0.0.1 <-> any all but tcp'], { local: '10.0.0.1' }, { protocol: 6 }],
  [['10.0.0.1 <-> any tcp all but 80'], { local: '10.0.0.1', protocol: 6 }, { protocol: 6, remotePort: 80 }],
  [['10.0.0.1 -> any'], { local: '10.0.0.1' }, { direction: 'inbound' }],
])('%j, what is left of a region', (lines, whole, without) => {
  const left = regions(whole).flatMap(region => regions(without).reduce((parts, cut) => parts.flatMap(part => subtract(part, cut)), [region])); // biome-ignore format: one thought
  expect(regionLines(merged(left))).toEqual(lines);
});
