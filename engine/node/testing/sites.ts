import { protectBy } from '../../ipsec/spd.ts';
import { ahSuite, integrityKeyOctets } from '../../crypto/ah-suite.ts';
import { espSuite } from '../../crypto/esp-suite.ts';
import type { InterfaceConfig, NodeConfig, PolicyConfig, RouteConfig, SaConfig, TunnelConfig } from '../config.ts';
import { testRandom } from './net.ts';

/** The parts of a configuration that a test wants to say; the rest is empty. */
export function nodeConfig(name: string, parts: Partial<NodeConfig>): NodeConfig {
  return {
    name,
    forwarding: false,
    interfaces: [],
    tunnels: [],
    routes: [],
    policies: [],
    sas: [],
    ...parts,
  };
}

let macCount = 0;

/** MAC addresses differ in one test file, and are the same in each run of it. */
export function port(
  name: string,
  addresses: readonly string[],
  parts: Partial<InterfaceConfig> = {},
): InterfaceConfig {
  macCount++;
  const mac = `02:00:00:00:${hex(macCount >> 8)}:${hex(macCount & 255)}`;
  return { name, mac, mtu: 1500, addresses, autoconfigure: false, advertise: false, ...parts };
}

export function route(destination: string, via: string | null, netInterface: string | null = null): RouteConfig {
  return { destination, via, interface: netInterface };
}

/** Matches everything unless told otherwise. */
export function policy(name: string, action: PolicyConfig['action'], parts: Partial<PolicyConfig> = {}): PolicyConfig {
  const any = { local: 'any', remote: 'any', protocol: 'any', localPort: 'any', remotePort: 'any' } as const;
  return { name, tunnel: null, ...any, action, ...parts };
}

/** The two ends of one SA, with keys that follow from the SPI; `policies` are those of the sender and of the receiver. */
export function saPair(
  spi: number,
  source: string,
  destination: string,
  policies: readonly [string | null, string | null],
  parts: Partial<SaConfig> = {},
): readonly [SaConfig, SaConfig] {
  const suite = parts.suite ?? (parts.protocol === 'ah' ? 'sha256' : 'aes256gcm16');
  const keys = keyOctets(suite, parts.protocol ?? 'esp');
  const random = testRandom(`${spi}`);
  const sa = {
    spi,
    mode: 'tunnel',
    source,
    destination,
    suite,
    encryptionKey: hexOf(random.bytes(keys.encryption)),
    integrityKey: hexOf(random.bytes(keys.integrity)),
    esn: false,
    windowPackets: 64,
    ...parts,
  } as const;
  return [
    { ...sa, policy: policies[0], direction: 'outbound' },
    { ...sa, policy: policies[1], direction: 'inbound' },
  ];
}

function keyOctets(name: string, protocol: 'esp' | 'ah'): { encryption: number; integrity: number } {
  if (protocol === 'ah') {
    const algorithm = ahSuite(name);
    if (algorithm === null) throw new Error(`no integrity algorithm ${name}`);
    return { encryption: 0, integrity: integrityKeyOctets(algorithm) };
  }
  const suite = espSuite(name);
  if (suite === null) throw new Error(`no suite ${name}`);
  const { encryption, integrity } = suite;
  return { encryption: encryption.keyOctets + encryption.saltOctets, integrity: integrity?.keyOctets ?? 0 };
}

export const TO_BOB = 4096;
export const TO_ALICE = 4097;

export interface SitesOptions {
  /** The gateways' outer addresses, which decide the outer family. */
  readonly outer?: 4 | 6;
  readonly protect?: 'tunnel' | 'transport' | null;
  /** What protects: ESP unless told otherwise; `bundle`: AH around it, `udp`: ESP in UDP, whose far end may move. */
  readonly by?: 'esp' | 'ah' | 'bundle' | 'udp';
  readonly fragments?: 'reassemble' | 'stateful';
  readonly suite?: string;
  readonly wanMtu?: number;
  readonly lanMtu?: number;
  /** MTU of the far half of the WAN, which only ICMP tells. */
  readonly farMtu?: number;
  readonly windowPackets?: number;
  readonly policies?: (side: 'alice' | 'bob') => readonly PolicyConfig[];
}

export const SITE_WIRES = [
  ['a1:eth0', 'alice:net1'],
  ['alice:net0', 'internet:alice'],
  ['internet:bob', 'bob:net0'],
  ['bob:net1', 'b1:eth0'],
] as const;

/** a1 – alice = internet = bob – b1, with the addresses of two offices and one tunnel interface on each gateway. */
export function sites(options: SitesOptions = {}): NodeConfig[] {
  const { outer = 4, wanMtu = 1500, lanMtu = 1500, farMtu = wanMtu } = options;
  const alice = outer === 4 ? '1.2.3.4' : '2001:db8:a::4';
  const bob = outer === 4 ? '5.6.7.8' : '2001:db8:b::8';
  const forth = pairsFor(options, TO_BOB, alice, bob, ['v4_bob0', 'v4_alice0']);
  const back = pairsFor(options, TO_ALICE, bob, alice, ['v4_alice0', 'v4_bob0']);
  const policies = (side: 'alice' | 'bob', tunnel: string): readonly PolicyConfig[] => {
    if (options.policies !== undefined) return options.policies(side);
    const { protect = 'tunnel' } = options;
    return protect === null ? [] : [policy(tunnel, actionFor(options, protect), { tunnel })];
  };
  const sasOf = (out: typeof forth, into: typeof forth) =>
    options.protect === null ? [] : [...out.map(([sender]) => sender), ...into.map(([, receiver]) => receiver)];
  const { fragments = 'reassemble' } = options;
  return [
    nodeConfig('a1', {
      interfaces: [port('eth0', ['10.0.0.2/24', '2001:470:24:c66::2/64'], { mtu: lanMtu })],
      routes: [route('0.0.0.0/0', '10.0.0.1'), route('::/0', '2001:470:24:c66::1')],
    }),
    nodeConfig('alice', {
      forwarding: true,
      interfaces: [
        port('net0', ['1.2.3.4/24', '2001:db8:a::4/64'], { mtu: wanMtu }),
        port('net1', ['10.0.0.1/24', '2001:470:24:c66::1/64'], { mtu: lanMtu }),
      ],
      tunnels: [tunnel('v4_bob0', alice, bob, '10.0.0.1/32')],
      routes: [
        route('0.0.0.0/0', '1.2.3.1'),
        route('::/0', '2001:db8:a::1'),
        route('10.0.1.0/24', null, 'v4_bob0'),
        route('2001:470:24:c67::/64', null, 'v4_bob0'),
      ],
      policies: policies('alice', 'v4_bob0'),
      sas: sasOf(forth, back),
      fragments,
    }),
    nodeConfig('internet', {
      forwarding: true,
      interfaces: [
        port('alice', ['1.2.3.1/24', '2001:db8:a::1/64'], { mtu: wanMtu }),
        port('bob', ['5.6.7.1/24', '2001:db8:b::1/64'], { mtu: farMtu }),
      ],
    }),
    nodeConfig('bob', {
      forwarding: true,
      interfaces: [
        port('net0', ['5.6.7.8/24', '2001:db8:b::8/64'], { mtu: farMtu }),
        port('net1', ['10.0.1.1/24', '2001:470:24:c67::1/64'], { mtu: lanMtu }),
      ],
      tunnels: [tunnel('v4_alice0', bob, alice, '10.0.1.1/32')],
      routes: [
        route('0.0.0.0/0', '5.6.7.1'),
        route('::/0', '2001:db8:b::1'),
        route('10.0.0.0/24', null, 'v4_alice0'),
        route('2001:470:24:c66::/64', null, 'v4_alice0'),
      ],
      policies: policies('bob', 'v4_alice0'),
      sas: sasOf(back, forth),
      fragments,
    }),
    nodeConfig('b1', {
      interfaces: [port('eth0', ['10.0.1.2/24', '2001:470:24:c67::2/64'], { mtu: lanMtu })],
      routes: [route('0.0.0.0/0', '10.0.1.1'), route('::/0', '2001:470:24:c67::1')],
    }),
  ];
}

function actionFor({ by = 'esp' }: SitesOptions, mode: 'tunnel' | 'transport'): PolicyConfig['action'] {
  const inner = protectBy(by === 'ah' ? 'ah' : 'esp', mode);
  if (by !== 'bundle') return inner;
  return { ...inner, transforms: [...inner.transforms, ...protectBy('ah', 'transport').transforms] };
}

function pairsFor(
  { protect, suite, windowPackets = 64, by = 'esp' }: SitesOptions,
  spi: number,
  source: string,
  destination: string,
  policies: readonly [string, string],
): (readonly [SaConfig, SaConfig])[] {
  const encapsulation = by === 'udp' ? { localPort: 4500, remotePort: 4500, followsPeer: true } : null;
  const own = {
    mode: protect ?? 'tunnel',
    protocol: by === 'ah' ? 'ah' : 'esp',
    suite: suite ?? (by === 'ah' ? 'sha256' : 'aes256gcm16'),
    windowPackets,
    encapsulation,
  } as const;
  const around = { mode: 'transport', protocol: 'ah', transform: 1, windowPackets } as const;
  const pairs = [saPair(spi, source, destination, policies, own)];
  return by === 'bundle' ? [...pairs, saPair(spi + AROUND, source, destination, policies, around)] : pairs;
}

/** From the SPI of ESP to that of the AH around it. */
const AROUND = 1000;

export function tunnel(name: string, local: string, remote: string, ...addresses: readonly string[]): TunnelConfig {
  return { name, local, remote, mtu: null, addresses };
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}

function hexOf(octets: Uint8Array): string {
  return Array.from(octets, hex).join('');
}
