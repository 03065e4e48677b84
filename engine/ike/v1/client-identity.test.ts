import { describe, expect, it } from 'vitest';
import { formatSelector } from '../v2/sa-selector.ts';
import { selectorsOf } from '../v2/traffic-selectors.ts';
import type { TrafficSelectorConfig } from '../config.ts';
import { clientIdentityOf, selectorOfClient } from './client-identity.ts';

function identityOf(addresses: string, more: Partial<TrafficSelectorConfig> = {}) {
  const [selector] = selectorsOf([{ addresses, protocol: 'any', ports: 'any', ...more }], []);
  if (selector === undefined) throw new Error(addresses);
  const identity = clientIdentityOf(selector);
  return { selector, identity };
}

describe('what an SA is for, as an ID payload', () => {
  it.each([
    ['10.0.0.1', 1, '0a000001'],
    ['10.0.0.0/24', 4, '0a000000ffffff00'],
    ['0.0.0.0/0', 4, '0000000000000000'],
    ['10.0.0.1-10.0.0.9', 7, '0a0000010a000009'],
    ['10.0.0.0-10.0.0.3', 4, '0a000000fffffffc'],
    ['2001:db8::1', 5, '20010db8000000000000000000000001'],
    ['2001:db8::/32', 6, '20010db8000000000000000000000000ffffffff000000000000000000000000'],
    ['2001:db8::1-2001:db8::5', 8, '20010db800000000000000000000000120010db8000000000000000000000005'],
  ])('%s is of type %i', (addresses, idType, data) => {
    const text = addresses.includes('-') || addresses.includes('/') ? addresses : `${addresses}-${addresses}`;
    const { selector, identity } = identityOf(text);
    expect(identity).toMatchObject({ idType, protocol: 0, port: 0 });
    expect(Buffer.from(identity?.data ?? []).toString('hex')).toBe(data);
    expect(identity && selectorOfClient(identity)).toEqual(selector);
  });

  it('has one protocol and one port', () => {
    const { selector, identity } = identityOf('10.0.0.0/24', { protocol: 6, ports: [80, 80] });
    expect(identity).toMatchObject({ protocol: 6, port: 80 });
    expect(identity && selectorOfClient(identity)).toEqual(selector);
  });

  it('has no range of ports, and none that packets do not show', () => {
    expect(identityOf('10.0.0.0/24', { protocol: 6, ports: [80, 90] }).identity).toBeNull();
    expect(identityOf('10.0.0.0/24', { protocol: 6, ports: 'opaque' }).identity).toBeNull();
  });

  it.each([
    ['a name', 2, '616c696365'],
    ['a key id', 11, '01'],
    ['a mask with a hole', 4, '0a000000ff00ff00'],
    ['a range from high to low', 7, '0a0000090a000001'],
    ['an address that is too short', 1, '0a0000'],
    ['an address that is too long', 1, '0a00000102'],
    ['a subnet without its mask', 4, '0a000000'],
    ['an IPv6 address in four octets', 5, '0a000001'],
    ['nothing', 4, ''],
  ])('is not made of %s', (_, idType, data) => {
    const identity = { idType, protocol: 0, port: 0, data: Uint8Array.from(Buffer.from(data, 'hex')) };
    expect(selectorOfClient(identity)).toBeNull();
  });

  it('takes no notice of bits of the host in a subnet', () => {
    const data = Uint8Array.from(Buffer.from('0a000105ffffff00', 'hex'));
    const selector = selectorOfClient({ idType: 4, protocol: 0, port: 0, data });
    expect(selector && formatSelector(selector)).toBe('10.0.1.0-10.0.1.255');
  });
});
