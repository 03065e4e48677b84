import { expect, test } from 'vitest';
import { freeAddress } from './address-pool.ts';
import { configurationReply, configurationRequest, givenIn, requestedIn } from './configuration.ts';

const POOL = {
  name: 'road',
  addresses: ['10.3.0.0/29', '2001:db8:3::/125'],
  dns: ['10.0.0.53', '2001:db8::53'],
  subnets: ['10.0.0.0/8', '2001:db8::/32'],
};

test('a request asks for addresses, zero-length where any will do, and for DNS servers', () => {
  const request = configurationRequest(['0.0.0.0', '::', '10.3.0.5']);
  expect(request.attributes.map(({ type, value }) => [type, value.length])).toEqual([
    [1, 0],
    [8, 0],
    [1, 4],
    [3, 0],
    [10, 0],
  ]);
  expect(requestedIn(request).addresses).toEqual([
    { family: 4, wanted: null },
    { family: 6, wanted: null },
    { family: 4, wanted: '10.3.0.5' },
  ]);
});

test('0.0.0.0 in a request is any address, and what cannot be read is ignored', () => {
  const attributes = [
    { type: 1, value: new Uint8Array(4) },
    { type: 8, value: new Uint8Array(17) },
    { type: 4711, value: Uint8Array.of(1) },
  ];
  expect(requestedIn({ type: 'CP', cfgType: 1, attributes }).addresses).toEqual([
    { family: 4, wanted: null },
    { family: 6, wanted: null },
  ]);
});

test('a reply says what is of use to the families that have an address', () => {
  const both = givenIn(configurationReply(['10.3.0.1', '2001:db8:3::1'], [POOL]));
  expect(both).toEqual({ addresses: ['10.3.0.1', '2001:db8:3::1'], dns: POOL.dns, subnets: POOL.subnets });
  const one = configurationReply(['10.3.0.1'], [POOL]);
  expect(givenIn(one)).toEqual({ addresses: ['10.3.0.1'], dns: ['10.0.0.53'], subnets: ['10.0.0.0/8'] });
  expect(one.attributes[2]).toEqual({ type: 13, value: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0) });
});

test('the lowest free address, without those of the network itself and its broadcast', () => {
  const held = new Set<string>();
  const taken: (string | null)[] = [];
  for (let i = 0; i < 7; i++) {
    const address = freeAddress([POOL], 4, null, text => held.has(text));
    taken.push(address);
    if (address !== null) held.add(address);
  }
  expect(taken).toEqual(['10.3.0.1', '10.3.0.2', '10.3.0.3', '10.3.0.4', '10.3.0.5', '10.3.0.6', null]);
  expect(freeAddress([POOL], 6, null, () => false)).toBe('2001:db8:3::1');
  expect(freeAddress([{ ...POOL, addresses: ['10.9.9.9/32'] }], 4, null, () => false)).toBe('10.9.9.9');
  expect(freeAddress([{ ...POOL, addresses: ['10.9.9.9-10.9.9.10'] }], 4, null, text => text === '10.9.9.9')).toBe(
    '10.9.9.10',
  );
});

test('an address that is wanted is given where it is in a pool and free', () => {
  expect(freeAddress([POOL], 4, '10.3.0.4', () => false)).toBe('10.3.0.4');
  expect(freeAddress([POOL], 4, '10.3.0.4', text => text === '10.3.0.4')).toBe('10.3.0.1');
  expect(freeAddress([POOL], 4, '192.0.2.1', () => false)).toBe('10.3.0.1');
});
