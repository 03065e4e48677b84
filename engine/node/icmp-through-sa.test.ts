import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import { encodeIcmpv4 } from '../wire/icmpv4.ts';
import { NS_PER_S } from '../wire/instant.ts';
import type { PolicyConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, SITE_WIRES, sites } from './testing/sites.ts';

const protect = protectBy('esp', 'tunnel');
const drops = (net: Net, name: string) => net.node(name).status().drops;

/** UDP between port 1 on alice's side and port 2 on bob's is all that there is. */
function udpOnly(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const own = side === 'alice' ? { localPort: 1, remotePort: 2 } : { localPort: 2, remotePort: 1 };
  return [policy(tunnel, protect, { tunnel, protocol: 17, ...own })];
}

/** The same on alice's side; bob protects all. */
function everything(side: 'alice' | 'bob'): PolicyConfig[] {
  return side === 'alice' ? udpOnly(side) : [policy('v4_alice0', protect, { tunnel: 'v4_alice0' })];
}

function noIcmp(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  return [policy('no', { kind: 'discard' }, { tunnel, protocol: 1 }), ...udpOnly(side)];
}

function uniqueUdp(side: 'alice' | 'bob'): PolicyConfig[] {
  return udpOnly(side).map(each => ({ ...each, action: { ...protect, sharing: 'unique' } }));
}

function bypassRest(side: 'alice' | 'bob'): PolicyConfig {
  return policy('rest', { kind: 'bypass' }, { tunnel: side === 'alice' ? 'v4_bob0' : 'v4_alice0' });
}

function unreachable(from: string, to: string, invoking: Uint8Array): Uint8Array {
  return ipPacket(from, to, 1, encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking }));
}

describe('ICMP errors that no entry is for, RFC 4301 §6.2', () => {
  const about = udp('10.0.0.2', '10.0.1.2', [1, 2]);

  test('go by the SA of the answers to the packet that they are about, and are accepted there', () => {
    const net = createNet(sites({ policies: udpOnly }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', about));
    expect(traffic(net, 'bob:net0')).toEqual(['5.6.7.8 > 1.2.3.4 | esp 4097 1']);
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 3/3']);
  });

  test('those of a router behind the far end too', () => {
    const net = createNet(sites({ policies: udpOnly }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.77', '10.0.0.2', about));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.77 > 10.0.0.2 | icmp 3/3']);
  });

  test('about another flow they do not leave', () => {
    const net = createNet(sites({ policies: udpOnly }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', udp('10.0.0.2', '10.0.1.2', [1, 99])));
    expect(traffic(net, 'bob:net0')).toEqual([]);
    expect(drops(net, 'bob')).toEqual({ policyDiscard: 1 });
  });

  test('and are not accepted from a peer that sends them all the same', () => {
    const net = createNet(sites({ policies: everything }), SITE_WIRES);
    net.send(
      'b1',
      unreachable('10.0.1.2', '10.0.0.2', udp('10.0.0.2', '10.0.1.2', [1, 99])),
      ping('10.0.1.2', '10.0.0.2'),
    );
    expect(traffic(net, 'bob:net0')).toHaveLength(2);
    expect(net.takeDeliveries('a1')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyMismatch: 2 });
  });

  test('nor are they for another host than the one that they tell of its packet', () => {
    const net = createNet(sites({ policies: udpOnly }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.3', about));
    expect(traffic(net, 'alice:net1')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyMismatch: 1 });
  });

  test('they show nothing in the clear of what is protected, though all else may pass', () => {
    const net = createNet(sites({ policies: side => [...udpOnly(side), bypassRest(side)] }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', about), unreachable('10.0.1.77', '10.0.0.2', about));
    expect(traffic(net, 'bob:net0').map(text => text.slice(0, 25))).toEqual(Array(2).fill('5.6.7.8 > 1.2.3.4 | esp 4'));
    expect(net.takeDeliveries('a1').map(line)).toHaveLength(2);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', udp('10.0.0.2', '10.0.1.2', [1, 99])));
    expect(net.takeDeliveries('a1').map(line)).toHaveLength(1);
  });

  test('a stranger has none of them protected', () => {
    for (const rest of [[], [bypassRest('bob')]]) {
      const net = createNet(
        sites({ policies: side => [...udpOnly(side), ...(side === 'bob' ? rest : [])] }),
        SITE_WIRES,
      );
      net.injectPackets('bob', 'net0', unreachable('9.9.9.9', '10.0.0.2', about));
      expect(traffic(net, 'bob:net0')).toEqual([]);
      expect(drops(net, 'bob')).toEqual({ policyDiscard: 1 });
    }
  });

  test('no SA is made for them', () => {
    const configs = sites({ policies: udpOnly }).map(config => ({ ...config, sas: [] }));
    const net = createNet(configs, SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', about));
    expect(net.takeEvents('bob').map(event => event.kind)).toEqual(['noSa']);
  });

  test('they go by the SA of one flow, where each has its own', () => {
    const [a, b] = ['10.0.0.2', '10.0.1.2'];
    const configs = sites({ policies: uniqueUdp }).map(config => ({
      ...config,
      sas: config.sas.map(sa => {
        const [local, remote, localPort, remotePort] = config.name === 'bob' ? [b, a, 2, 1] : [a, b, 1, 2];
        return { ...sa, selector: { local, remote, protocol: 17, localPort, remotePort } };
      }),
    }));
    const net = createNet(configs, SITE_WIRES);
    net.send('b1', unreachable(b, a, about));
    expect(traffic(net, 'bob:net0')).toEqual(['5.6.7.8 > 1.2.3.4 | esp 4097 1']);
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${b} > ${a} | icmp 3/3`]);
  });

  test('an entry that names ICMP decides, whatever the error is about', () => {
    const net = createNet(sites({ policies: noIcmp }), SITE_WIRES);
    net.send('b1', unreachable('10.0.1.2', '10.0.0.2', about));
    expect(traffic(net, 'bob:net0')).toEqual([]);
  });
});

describe('what an outsider says about the path', () => {
  test('counts when it quotes what was sent of late', () => {
    const net = used();
    net.injectPackets('alice', 'net0', tooBig(4096, 2, 1300));
    expect(mtu(net)).toBe(1246);
  });

  test.each([
    ['a sequence number to come', 4096, 3],
    ['one that was never sent', 4096, 0],
    ['an SPI of no SA', 4099, 1],
  ])('does not with %s', (_, spi, sequence) => {
    const net = used();
    net.injectPackets('alice', 'net0', tooBig(spi, sequence, 1300));
    expect(mtu(net)).toBe(1446);
    expect(drops(net, 'alice')).toEqual({ unknownSpi: 1 });
  });

  test('never makes it less than is reasonable, and is forgotten', () => {
    const net = used();
    net.injectPackets('alice', 'net0', tooBig(4096, 1, 68));
    expect(mtu(net)).toBe(552 - 54);
    net.advance(700 * NS_PER_S);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2])); // the node hears what time it is
    expect(mtu(net)).toBe(1446);
  });
});

/** "Too big" about ESP that alice has sent, as far as the liar knows. */
function tooBig(spi: number, sequence: number, mtu: number): Uint8Array {
  const quoted = Uint8Array.of(0, 0, spi >> 8, spi & 255, 0, 0, sequence >> 8, sequence & 255, ...new Uint8Array(24));
  const invoking = ipPacket('1.2.3.4', '5.6.7.8', 50, quoted, { dontFragment: true });
  return ipPacket('9.9.9.9', '1.2.3.4', 1, encodeIcmpv4({ type: 'destinationUnreachable', code: 4, mtu, invoking }));
}

function mtu(net: Net): number | undefined {
  return net
    .node('alice')
    .status()
    .interfaces.find(each => each.name === 'v4_bob0')?.mtu;
}

function used(): Net {
  const net = createNet(sites(), SITE_WIRES);
  net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]), udp('10.0.0.2', '10.0.1.2', [1, 2]));
  return net;
}
