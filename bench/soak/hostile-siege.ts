import { protectBy, type PolicyAction } from '../../engine/ipsec/spd.ts';
import type { NodeConfig, PolicyConfig, SaConfig } from '../../engine/node/config.ts';
import type { Frame } from '../../engine/node/node.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { createNet, type Net } from '../../engine/node/testing/net.ts';
import { ping } from '../../engine/node/testing/packets.ts';
import { nodeConfig, policy, port, route, saPair } from '../../engine/node/testing/sites.ts';

/** Bob, a gateway with live SAs of every kind, before whom Mallory stands with all that alice has ever sent him. */
export interface Siege {
  readonly net: Net;
  /** Frames that bob has accepted: each one again is a replay. */
  readonly accepted: readonly Frame[];
  /** Genuine frames that he has not seen. */
  readonly heldBack: readonly Frame[];
  /** What both groups carry behind their IP headers: a hostile packet may carry anything else. */
  readonly genuine: ReadonlySet<string>;
  /** Text. */
  readonly ownAddresses: ReadonlySet<string>;
}

interface Sort {
  readonly name: string;
  /** Alice's private network; bob's is always 10.0.1.0/24. */
  readonly network: string;
  readonly host: string;
  readonly action: PolicyAction;
  readonly sas: readonly Partial<SaConfig>[];
  readonly outer: 4 | 6;
}

const OUTER = { 4: ['192.0.2.1', '192.0.2.2'], 6: ['2001:db8:f::1', '2001:db8:f::2'] } as const;
const HERE = '10.0.1.0/24';

const SORTS: readonly Sort[] = [
  ...['aes256gcm16', 'aes128-sha256', 'chacha20poly1305', 'aes128ccm12', 'aes256ctr-sha512', 'null-aesxcbc'].map(
    (suite, index) => sort(`esp-${suite}`, index, 4, protectBy('esp', 'tunnel'), [{ suite, esn: index % 2 === 0 }]),
  ),
  sort('esp-gmac-6', 6, 6, protectBy('esp', 'tunnel'), [{ suite: 'aes128gmac', windowPackets: 4096 }]),
  sort('ah', 7, 4, protectBy('ah', 'tunnel'), [{ protocol: 'ah', suite: 'sha256' }]),
  sort('ah-6', 8, 6, protectBy('ah', 'tunnel'), [{ protocol: 'ah', suite: 'aescmac', esn: true }]),
  sort('in-udp', 9, 4, protectBy('esp', 'tunnel'), [
    { suite: 'aes128gcm16', encapsulation: { localPort: 4500, remotePort: 4500, followsPeer: true } },
  ]),
  sort('bundle', 10, 4, { kind: 'protect', sharing: 'shared', transforms: bundle() }, [
    { suite: 'aes256gcm16' },
    { protocol: 'ah', suite: 'sha384', mode: 'transport', transform: 1 },
  ]),
];

const PINGS = 16;

export function createSiege(): Siege {
  const sas = SORTS.map((each, index) => pairsOf(each, index));
  const alice = gateway('alice', 0, sas);
  const bob = gateway('bob', 1, sas);
  const net = createNet(
    [
      alice,
      bob,
      nodeConfig('a1', { interfaces: [port('eth0', [])] }),
      nodeConfig('b1', {
        interfaces: [port('eth0', ['10.0.1.2/24'])],
        routes: [route('0.0.0.0/0', '10.0.1.1')],
      }),
    ],
    [
      ['alice:net0', 'bob:net0'],
      ['alice:net1', 'a1:eth0'],
      ['bob:net1', 'b1:eth0'],
    ],
  );
  const accepted = captured(net, false);
  const heldBack = captured(net, true);
  const genuine = new Set([...accepted, ...heldBack].map(({ octets }) => protectedPart(octets)));
  const ownAddresses = new Set(
    net
      .node('bob')
      .status()
      .interfaces.flatMap(each => each.addresses.map(withoutLength)),
  );
  return { net, accepted, heldBack, genuine, ownAddresses };
}

/**
 * What stands behind the IP header (and UDP's, which a NAT may change), up to the end that the last of them names, as a key. What
 * routers may change is not in it, nor what trails behind.
 */
export function protectedPart(frame: Uint8Array): string {
  const at = (place: number): number => frame[place] ?? 0;
  const u16 = (place: number): number => at(place) * 256 + at(place + 1);
  const isIpv4 = at(14) >> 4 === 4;
  const start = 14 + (isIpv4 ? (at(14) & 15) * 4 : 40);
  const end = isIpv4 ? 14 + u16(16) : 54 + u16(18);
  const isUdp = at(isIpv4 ? 23 : 20) === IpProtocol.UDP;
  const octets = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const content = isUdp
    ? octets.subarray(start + 8, Math.min(end, start + u16(start + 4)))
    : octets.subarray(start, end);
  return content.toString('latin1');
}

function sort(
  name: string,
  index: number,
  outer: 4 | 6,
  action: PolicyAction,
  sas: readonly Partial<SaConfig>[],
): Sort {
  return { name, network: `10.1.${index}.0/24`, host: `10.1.${index}.9`, outer, action, sas };
}

function bundle() {
  const [tunnel] = protectBy('esp', 'tunnel').transforms;
  const [ah] = protectBy('ah', 'transport').transforms;
  return tunnel === undefined || ah === undefined ? [] : [tunnel, ah];
}

function pairsOf({ name, outer, sas }: Sort, index: number): readonly (readonly SaConfig[])[] {
  const [a, b] = OUTER[outer];
  return [
    sas.flatMap((parts, at) => saPair(0x1000 + 32 * index + 2 * at, a, b, [name, name], parts)),
    sas.flatMap((parts, at) => saPair(0x1001 + 32 * index + 2 * at, b, a, [name, name], parts)),
  ];
}

function gateway(name: string, side: 0 | 1, sas: readonly (readonly (readonly SaConfig[])[])[]): NodeConfig {
  const other = side === 0 ? 1 : 0;
  const policies: readonly PolicyConfig[] = SORTS.map(each => {
    const [local, remote] = side === 0 ? [each.network, HERE] : [HERE, each.network];
    return policy(each.name, each.action, { local, remote });
  });
  const inside = side === 0 ? SORTS.map((_, index) => `10.1.${index}.1/24`) : ['10.0.1.1/24'];
  const outside = ([4, 6] as const).map(family => `${OUTER[family][side]}/${family === 4 ? 24 : 64}`);
  const direction = (sa: SaConfig, way: number) => (sa.direction === 'outbound') === (way === side);
  return nodeConfig(name, {
    forwarding: true,
    interfaces: [port('net0', outside), port('net1', inside)],
    routes: [route('0.0.0.0/0', OUTER[4][other]), route('::/0', OUTER[6][other])],
    policies,
    sas: sas.flatMap(pairs => pairs.flatMap((pair, way) => pair.filter(sa => direction(sa, way)))),
  });
}

/** What alice sends for pings through each SA; it reaches bob unless it is held back. */
function captured(net: Net, isHeldBack: boolean): Frame[] {
  net.seen.length = 0;
  if (isHeldBack) net.alter = ({ from, octets }) => (from === 'alice:net0' ? null : octets);
  for (let count = 0; count < PINGS; count++) {
    for (const { host } of SORTS) net.injectPackets('alice', 'net1', ping(host, '10.0.1.2', 8 + 37 * count));
  }
  net.alter = null;
  const frames = net.seen.filter(({ from, octets }) => from === 'alice:net0' && isProtected(octets));
  return frames.map(({ octets, offload }) => ({ port: 'net0', octets: octets.slice(), offload }));
}

function isProtected(frame: Uint8Array): boolean {
  const isIpv4 = (frame[14] ?? 0) >> 4 === 4;
  const protocol = (isIpv4 ? frame[23] : frame[20]) ?? 0;
  return frame[12] !== 0x08 || frame[13] !== 0x06 ? [50, 51, 17].includes(protocol) : false;
}

const withoutLength = (address: string): string => address.split('/')[0] ?? '';
