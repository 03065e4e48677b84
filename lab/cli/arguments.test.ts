import { expect, test } from 'vitest';
import { openTopology } from '../topology/shipped.ts';
import { withSeparator } from './exec-arguments.ts';
import { flowQuery } from './flow-arguments.ts';
import { withProtectedFlows } from './protected-argument.ts';

const topology = (name = 'site-to-site') => {
  const { topology: found } = openTopology(name);
  if (found === null) throw new Error(`${name} does not load`);
  return found;
};

test.each([
  ['exec a1 ping -c 1 x', 'exec a1 -- ping -c 1 x'],
  ['exec --lab l a1 ping -c 1', 'exec --lab l a1 -- ping -c 1'],
  ['exec a1 --lab l ping --json', 'exec a1 --lab l -- ping --json'],
  ['exec --json a1 ls --', 'exec --json a1 -- ls --'],
  ['exec a1 -- ls --lab x', 'exec a1 -- ls --lab x'],
  ['exec a1', 'exec a1'],
  ['exec --help', 'exec --help'],
])('%s is read as %s', (typed, read) => {
  expect(withSeparator(typed.split(' ')).join(' ')).toBe(read);
});

test('a flow is told by addresses and ports', () => {
  expect(flowQuery('10.0.0.2:443', '10.0.1.2:80', 'tcp', topology())).toEqual({
    source: '10.0.0.2',
    destination: '10.0.1.2',
    protocol: 6,
    sourcePort: 443,
    destinationPort: 80,
  });
  expect(flowQuery('[2001:db8::1]:53', '2001:db8::2', 'UDP', topology())).toEqual({
    source: '2001:db8::1',
    destination: '2001:db8::2',
    protocol: 17,
    sourcePort: 53,
    destinationPort: null,
  });
  expect(flowQuery('10.0.0.2', '10.0.1.2', '89', topology()).protocol).toBe(89);
});

test('without a protocol it is tcp with a port and icmp without', () => {
  expect(flowQuery('10.0.0.2:1', '10.0.1.2', undefined, topology()).protocol).toBe(6);
  expect(flowQuery('10.0.0.2', '10.0.1.2', undefined, topology()).protocol).toBe(1);
  expect(flowQuery('2001:db8::1', '2001:db8::2', undefined, topology()).protocol).toBe(58);
});

test('a message of ICMP', () => {
  const asked = (protocol: string) => flowQuery('10.0.0.2', '10.0.1.2', protocol, topology());
  expect(asked('icmp/8')).toMatchObject({ protocol: 1, icmp: { type: 8, code: 0 } });
  expect(asked('icmp/3/4')).toMatchObject({ protocol: 1, icmp: { type: 3, code: 4 } });
  expect(flowQuery('2001:db8::1', '2001:db8::2', 'icmp/128', topology())).toMatchObject({ protocol: 58 });
  expect(asked('icmp')).not.toHaveProperty('icmp');
});

test('a node stands for its address of the family that the other end has', () => {
  const both = flowQuery('a1:1000', 'b1:80', undefined, topology());
  expect([both.source, both.destination]).toEqual(['10.0.0.2', '10.0.1.2']);
  expect(flowQuery('a1', '2001:470:24:c67::2', undefined, topology()).source).toBe('2001:470:24:c66::2');
});

test.each([
  ['10.0.0.2', '2001:db8::1', undefined, /other IPv6/],
  ['10.0.0.2:70000', '10.0.1.2', undefined, /port/],
  ['10.0.0.2:x', '10.0.1.2', undefined, /port/],
  ['alicee', '10.0.1.2', undefined, /neither an address nor a node/],
  ['10.0.0.2', '10.0.1.2', 'tcpp', /no protocol/],
  ['10.0.0.2', '10.0.1.2', '256', /no protocol/],
  ['10.0.0.2', '10.0.1.2', 'tcp/8', /no types and codes/],
  ['10.0.0.2', '10.0.1.2', 'icmp/256', /no type and code/],
  ['10.0.0.2', '10.0.1.2', 'icmp/8/0/0', /no type and code/],
  ['', '10.0.1.2', undefined, /not an address/],
  ['2001:db8::1:80:x', '10.0.1.2', undefined, /not an address|neither/],
])('%s %s %s is refused', (source, destination, protocol, message) => {
  expect(() => flowQuery(source, destination, protocol, topology())).toThrow(message);
});

test('--protected arms the links outside the two networks', () => {
  const clear = topology('clear');
  const flows = withProtectedFlows(clear, ['10.0.0.0/24 <-> 10.0.1.0/24']).protectedFlows;
  expect(flows.at(-1)).toMatchObject({ a: '10.0.0.0/24', b: '10.0.1.0/24' });
  expect(flows.at(-1)?.links.length).toBeGreaterThan(0);
  expect(withProtectedFlows(clear, [])).toBe(clear);
});

test.each(['', 'x', '10.0.0.0/24', '10.0.0.0/24 <-> ::/0', '10.0.0.0/24<->10.0.1.0/24<->10.0.2.0/24', '1/2 <-> 3/4'])(
  '--protected %j is refused',
  flow => {
    expect(() => withProtectedFlows(topology('clear'), [flow])).toThrow(/prefixes of one family/);
  },
);
