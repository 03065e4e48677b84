import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { espSuiteNames } from '../crypto/esp-suite.ts';
import type { IpsecKernel } from '../ipsec/kernel.ts';
import { createTypescriptKernel } from '../ipsec/typescript-kernel.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { createNet, type Net, type SeenFrame, testRandom } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, saPair, SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';

const drops = (net: Net, name: string) => net.node(name).status().drops;
const espFrom = (net: Net, from: string): SeenFrame[] =>
  net.seen.filter(frame => frame.from === from && frame.octets[23] === 50);

test.each(espSuiteNames())('%s carries a ping both ways', suite => {
  const net = createNet(sites({ suite }), SITE_WIRES);
  net.send('a1', ping('10.0.0.2', '10.0.1.2'), ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
  expect(net.takeDeliveries('a1')).toHaveLength(2);
});

describe('what an attacker on the path sends', () => {
  test('the same packet twice is accepted once', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    const [frame] = espFrom(net, 'internet:bob');
    if (frame === undefined) throw new Error('no ESP');
    net.inject('bob', 'net0', frame.octets, frame.octets);
    expect(net.takeDeliveries('b1')).toHaveLength(1);
    expect(drops(net, 'bob')).toEqual({ replayed: 2 });
    expect(net.takeEvents('bob')).toEqual([
      { kind: 'replayed', detail: 'ESP SPI 4096, sequence 1 from 1.2.3.4 to 5.6.7.8' },
    ]);
  });

  test('a flipped bit anywhere behind the header fails authentication, and does not move the window', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.alter = ({ from, octets }) => (from === 'internet:bob' && octets[23] === 50 ? null : octets);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    net.alter = null;
    const [frame] = espFrom(net, 'internet:bob');
    if (frame === undefined) throw new Error('no ESP');
    const broken = Array.from({ length: frame.octets.length - 42 }, (_, i) => {
      const octets = frame.octets.slice();
      octets[42 + i] = (octets[42 + i] ?? 0) ^ 0x10;
      return octets;
    });
    net.inject('bob', 'net0', ...broken);
    expect(net.takeDeliveries('b1')).toEqual([]);
    expect(drops(net, 'bob')).toEqual({ authenticationFailed: broken.length });
    net.inject('bob', 'net0', frame.octets);
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('an unknown SPI is dropped in silence, with an event', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets(
      'bob',
      'net0',
      ipPacket('1.2.3.4', '5.6.7.8', 50, Uint8Array.of(0, 0, 99, 99, 0, 0, 0, 1, 1, 2, 3, 4)),
    );
    expect(drops(net, 'bob')).toEqual({ unknownSpi: 1 });
    expect(net.seen).toEqual([]);
    expect(net.takeEvents('bob').map(event => event.detail)).toEqual([
      'ESP SPI 25443, sequence 1 from 1.2.3.4 to 5.6.7.8',
    ]);
  });

  test.each([
    ['to the host behind the gateway', '10.0.0.2', '10.0.1.2'],
    ['to the gateway itself', '10.0.0.2', '10.0.1.1'],
    ['over IPv6', '2001:470:24:c66::2', '2001:470:24:c67::2'],
  ])('a packet of the protected flow in the clear, %s, is discarded', (_, from, to) => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('bob', 'net0', udp(from, to, [1, 2]));
    expect(net.takeDeliveries('b1')).toEqual([]);
    expect(net.takeDeliveries('bob')).toEqual([]);
    expect(traffic(net, 'bob:net1')).toEqual([]);
    expect(drops(net, 'bob')).toEqual({ policyDiscard: 1 });
  });

  test('and so is one inside plain IP-in-IP with the tunnel’s own addresses', () => {
    const net = createNet(sites(), SITE_WIRES);
    const inner = udp('10.0.0.2', '10.0.1.2', [1, 2]);
    net.injectPackets('bob', 'net0', ipPacket('1.2.3.4', '5.6.7.8', 4, inner));
    expect(traffic(net, 'bob:net1')).toEqual([]);
    expect(drops(net, 'bob')).toEqual({ policyDiscard: 1 });
  });

  test('fragments of ESP in the clear and of something else do not mix', () => {
    const net = createNet(sites({ wanMtu: 1500, farMtu: 1500 }), SITE_WIRES);
    const whole = ipPacket('1.2.3.4', '5.6.7.8', 50, new Uint8Array(64).fill(9));
    const first = whole.slice(0, 20 + 32);
    first.set([0, 52], 2);
    first.set([0x20, 0], 6);
    fixHeader(first);
    net.injectPackets('bob', 'net0', first);
    net.advance(61 * NS_PER_S);
    expect(drops(net, 'bob')).toEqual({ reassemblyFailed: 1 });
    expect(traffic(net, 'bob:net0')).toEqual(['5.6.7.8 > 1.2.3.4 | icmp 11/1']);
  });
});

describe('what a peer sends that its SA is not for', () => {
  test('is dropped after decryption, as a policy mismatch', () => {
    const net = createNet(sites({ policies: split }), SITE_WIRES);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'), udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(net.takeDeliveries('b1').map(line)).toEqual(['10.0.0.2 > 10.0.1.2 | udp 1 > 2']);
    expect(drops(net, 'bob')).toEqual({ policyMismatch: 1 });
  });

  test('another source than the tunnel’s far end is a tunnel mismatch', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.alter = ({ from, octets }) => {
      if (from !== 'internet:bob' || octets[23] !== 50) return octets;
      const moved = octets.slice();
      moved[29] = 99;
      fixHeader(moved.subarray(14));
      return moved;
    };
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(drops(net, 'bob')).toEqual({ tunnelMismatch: 1 });
  });
});

describe('SAs that come and go', () => {
  test('without an SA nothing leaves, neither protected nor in the clear', () => {
    const net = createNet(sites(), SITE_WIRES);
    const gone = { kind: 'deleteSa', spi: TO_BOB, direction: 'outbound' } as const;
    net.take('alice', net.node('alice').command(gone, net.now()));
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ noSa: 1 });
    expect(net.takeEvents('alice').map(event => event.kind)).toEqual(['saDeleted', 'saWanted', 'noSa']);
  });

  test('the newest one sends, and both receive', () => {
    const net = createNet(sites(), SITE_WIRES);
    const [out, into] = saPair(5000, '1.2.3.4', '5.6.7.8', ['v4_bob0', 'v4_alice0'], { suite: 'aes128-sha256' });
    net.take('bob', net.node('bob').command({ kind: 'installSa', sa: into }, net.now()));
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    net.take('alice', net.node('alice').command({ kind: 'installSa', sa: out }, net.now()));
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1')).toHaveLength(2);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1', '1.2.3.4 > 5.6.7.8 | esp 5000 1']);
  });

  test('an SA whose sequence numbers are used up sends no more', () => {
    const net = createNet(sites(), SITE_WIRES, exhausted);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ sequenceExhausted: 1 });
  });

  test('status shows each with its counters', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    const sas = net
      .node('alice')
      .status()
      .sas.map(sa => [sa.spi, sa.direction, sa.sequence, sa.packets]);
    expect(sas).toEqual([
      [TO_ALICE, 'inbound', '1', 1],
      [TO_BOB, 'outbound', '1', 1],
    ]);
  });
});

describe('batches', () => {
  test('one call gives the kernel all its jobs at once', () => {
    const batches: string[] = [];
    const counting = (name: string): IpsecKernel => {
      const kernel = createTypescriptKernel(testRandom(name));
      const note = <Job, Result>(what: string, run: (jobs: readonly Job[]) => Result[]) => {
        return (jobs: readonly Job[]): Result[] => {
          batches.push(`${name} ${what} ${jobs.length}`);
          return run(jobs);
        };
      };
      return {
        name: 'counting',
        seal: note('seal', jobs => kernel.seal(jobs)),
        open: note('open', jobs => kernel.open(jobs)),
        authenticate: note('authenticate', jobs => kernel.authenticate(jobs)),
        verify: note('verify', jobs => kernel.verify(jobs)),
      };
    };
    const net = createNet(sites(), SITE_WIRES, counting);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    batches.length = 0;
    net.send('a1', ...Array.from({ length: 40 }, () => ping('10.0.0.2', '10.0.1.2')));
    expect(batches).toEqual(['alice seal 40', 'bob open 40', 'bob seal 40', 'alice open 40']);
    expect(net.takeDeliveries('a1')).toHaveLength(41);
  });

  test('a superframe is cut, its checksums finished, and each packet sealed', () => {
    const net = createNet(sites(), SITE_WIRES);
    const packet = udp('10.0.0.2', '10.0.1.2', [1, 2], 40_000, { dontFragment: true });
    packet.set([0, 0], 26); // the kernel leaves the checksum to us
    net.send('a1', {
      octets: packet,
      offload: { checksum: { start: 20, offset: 6 }, segments: { kind: 'udp', sizeOctets: 1400 } },
    });
    expect(espFrom(net, 'alice:net0')).toHaveLength(29);
    const received = net.takeDeliveries('b1');
    expect(received.map(line)).toEqual(Array.from({ length: 29 }, () => '10.0.0.2 > 10.0.1.2 | udp 1 > 2'));
    expect(received.reduce((sum, octets) => sum + octets.length - 28, 0)).toBe(40_000);
  });
});

/** Puts the right checksum into an IPv4 header of 20 octets. */
function fixHeader(packet: Uint8Array): void {
  packet.set([0, 0], 10);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((packet[i] ?? 0) << 8) | (packet[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  packet.set([(~sum >> 8) & 255, ~sum & 255], 10);
}

/** Alice's policy is for everything, bob's for UDP only. */
function split(side: 'alice' | 'bob') {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const protect = protectBy('esp', 'tunnel');
  return side === 'alice' ? [policy(tunnel, protect, { tunnel })] : [policy(tunnel, protect, { tunnel, protocol: 17 })];
}

function exhausted(name: string): IpsecKernel {
  const kernel = createTypescriptKernel(testRandom(name));
  return { ...kernel, seal: jobs => jobs.map(() => ({ kind: 'sequenceExhausted' })) };
}
