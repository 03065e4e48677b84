import { describe, expect, test } from 'vitest';
import type { Transform } from '../ipsec/spd.ts';
import type { NodeConfig, PolicyConfig, SaConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, saPair } from './testing/sites.ts';

const ENDS = { alice: ['192.0.2.1', '2001:db8::1'], bob: ['192.0.2.2', '2001:db8::2'] } as const;

function transform(parts: Partial<Transform>): Transform {
  return { protocol: 'esp', mode: 'transport', level: 'require', requestId: null, ends: null, ...parts };
}

function protectAll(transforms: readonly Transform[], sharing: 'shared' | 'unique' = 'shared'): PolicyConfig['action'] {
  return { kind: 'protect', transforms, sharing };
}

interface Sas {
  readonly alice: readonly SaConfig[];
  readonly bob: readonly SaConfig[];
}

/** An SA each way, of the same parts. */
function both(spi: number, family: 0 | 1, owner: string | null, parts: Partial<SaConfig>): Sas {
  const [out, into] = saPair(spi, ENDS.alice[family], ENDS.bob[family], [owner, owner], parts);
  const [back, home] = saPair(spi + 1, ENDS.bob[family], ENDS.alice[family], [owner, owner], parts);
  return { alice: [out, home], bob: [back, into] };
}

/** Two hosts on one wire, with the same policies as seen from each side, and these SAs. */
function hosts(policies: readonly PolicyConfig[], ...sas: readonly Sas[]): Net {
  const host = (name: 'alice' | 'bob'): NodeConfig =>
    nodeConfig(name, {
      interfaces: [port('eth0', [`${ENDS[name][0]}/24`, `${ENDS[name][1]}/64`])],
      policies,
      sas: sas.flatMap(each => each[name]),
    });
  return createNet([host('alice'), host('bob')], [['alice:eth0', 'bob:eth0']]);
}

const drops = (net: Net, name: string) => net.node(name).status().drops;
const layersOf = (net: Net) => traffic(net, 'alice:eth0').map(text => text.replace(/^.* > \S+ \| /, ''));

const FAMILIES = [
  ['IPv4', 0],
  ['IPv6', 1],
] as const;

describe.each(FAMILIES)('AH over %s', (_, family) => {
  const [alice, bob] = [ENDS.alice[family], ENDS.bob[family]];

  test.each(['sha256', 'sha1', 'aesxcbc', 'aes128gmac'])(
    'in transport mode, %s: the packet arrives as it was sent',
    suite => {
      const sas = both(4096, family, 'p', { protocol: 'ah', mode: 'transport', suite });
      const net = hosts([policy('p', protectAll([transform({ protocol: 'ah' })]))], sas);
      const packet = udp(alice, bob, [1, 2], 200, { dscpEcn: 0x28, hopLimit: 17 });
      net.send('alice', packet, ping(alice, bob));
      expect(net.takeDeliveries('bob')).toEqual([packet]);
      expect(net.takeDeliveries('alice').map(line)).toEqual([expect.stringContaining(`${bob} > ${alice} | icmp`)]);
      expect(layersOf(net)[0]).toMatch(/^ah/);
    },
  );

  test('over ESP: both are applied, and both are asked for', () => {
    const bundle = [transform({}), transform({ protocol: 'ah' })];
    const sas = [
      both(4096, family, 'p', { mode: 'transport' }),
      both(5000, family, 'p', { protocol: 'ah', mode: 'transport', transform: 1 }),
    ];
    const net = hosts([policy('p', protectAll(bundle))], ...sas);
    const packet = udp(alice, bob, [1, 2], 200);
    net.send('alice', packet, ping(alice, bob));
    expect(net.takeDeliveries('bob')).toEqual([packet]);
    expect(net.takeDeliveries('alice')).toHaveLength(1);
    expect(layersOf(net)[0]).toMatch(/^ah.*esp/);
  });

  test('a peer that leaves one of two out is refused', () => {
    const bundle = [transform({}), transform({ protocol: 'ah' })];
    const esp = both(4096, family, 'p', { mode: 'transport' });
    const ah = both(5000, family, 'p', { protocol: 'ah', mode: 'transport', transform: 1 });
    const configs = hosts([policy('p', protectAll(bundle))], esp, ah);
    expect(configs.node('bob').status().sas).toHaveLength(4);
    for (const [layers, sas] of [
      [bundle.slice(0, 1), esp],
      [bundle.slice(1), both(5000, family, 'p', { protocol: 'ah', mode: 'transport' })],
    ] as const) {
      const careless = hosts([policy('p', protectAll(layers))], sas);
      careless.send('alice', udp(alice, bob, [1, 2]));
      const [frame] = careless.seen.filter(seen => seen.from === 'alice:eth0').slice(-1);
      if (frame === undefined) throw new Error('nothing was sent');
      configs.injectPackets('bob', 'eth0', frame.octets.subarray(14));
    }
    expect(configs.takeDeliveries('bob')).toEqual([]);
    expect(drops(configs, 'bob')).toEqual({ policyMismatch: 2 });
  });
});

describe('tunnel mode over both families, inside both', () => {
  const cases = FAMILIES.flatMap(([outerName, outer]) =>
    FAMILIES.flatMap(([innerName, inner]) =>
      (['esp', 'ah'] as const).map(protocol => ({
        title: `${protocol}: ${innerName} in ${outerName}`,
        outer,
        inner,
        protocol,
      })),
    ),
  );
  test.each(cases)('$title', ({ outer, inner, protocol }) => {
    const ends = (local: 'alice' | 'bob') => ({
      local: ENDS[local][outer],
      remote: ENDS[local === 'alice' ? 'bob' : 'alice'][outer],
    });
    const sas = both(4096, outer, null, { protocol, mode: 'tunnel' });
    const host = (name: 'alice' | 'bob'): NodeConfig =>
      nodeConfig(name, {
        interfaces: [port('eth0', [`${ENDS[name][0]}/24`, `${ENDS[name][1]}/64`])],
        policies: [policy('p', protectAll([transform({ protocol, mode: 'tunnel', ends: ends(name) })]))],
        sas: sas[name],
      });
    const net = createNet([host('alice'), host('bob')], [['alice:eth0', 'bob:eth0']]);
    const [alice, bob] = [ENDS.alice[inner], ENDS.bob[inner]];
    const packet = udp(alice, bob, [1, 2], 300);
    net.send('alice', packet, ping(alice, bob));
    expect(net.takeDeliveries('bob')).toEqual([packet]);
    expect(net.takeDeliveries('alice').map(line)).toEqual([expect.stringContaining(`${bob} > ${alice} | icmp`)]);
    expect(traffic(net, 'alice:eth0')[0]).toContain(`${ENDS.alice[outer]} > ${ENDS.bob[outer]} | ${protocol}`);
  });
});

describe('what is too long', () => {
  test.each([
    ['AH', [transform({ protocol: 'ah' })]],
    ['AH over ESP', [transform({}), transform({ protocol: 'ah' })]],
  ] as const)('%s protects it whole, and it is fragmented afterwards', (_, transforms) => {
    const sas = transforms.map((each, i) =>
      both(4096 + 10 * i, 0, 'p', { mode: 'transport', protocol: each.protocol, transform: i }),
    );
    const net = hosts([policy('p', protectAll(transforms))], ...sas);
    const packet = udp(ENDS.alice[0], ENDS.bob[0], [1, 2], 3000);
    net.send('alice', packet);
    expect(traffic(net, 'alice:eth0')).toEqual([
      expect.stringContaining('fragment 0+ | ah'),
      expect.stringContaining('fragment 1480+'),
      expect.stringContaining('fragment 2960'),
    ]);
    expect(net.takeDeliveries('bob')).toEqual([packet]);
  });

  test('a superframe is cut, and each packet gets both', () => {
    const bundle = [transform({}), transform({ protocol: 'ah' })];
    const sas = [
      both(4096, 0, 'p', { mode: 'transport' }),
      both(5000, 0, 'p', { protocol: 'ah', mode: 'transport', transform: 1 }),
    ];
    const net = hosts([policy('p', protectAll(bundle))], ...sas);
    const packet = udp(ENDS.alice[0], ENDS.bob[0], [1, 2], 20_000);
    net.send('alice', { octets: packet, offload: { checksum: null, segments: { kind: 'udp', sizeOctets: 1300 } } });
    expect(traffic(net, 'alice:eth0')).toHaveLength(16);
    expect(net.takeDeliveries('bob')).toHaveLength(16);
  });
});
