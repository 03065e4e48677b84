import { expect } from 'vitest';
import { dissect } from '../../../engine/wire/dissect.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import type { CapturedPacket } from '../../../lab/capture/packet.ts';
import { frameBetween } from '../../tester/frames.ts';
import { echoRequest, filler, holds, packet, udp } from '../../tester/ip.ts';
import type { Walk } from '../walk.ts';
import { far, OF, SIDES, type Side } from './guide.ts';

/** What the guide claims of its result, judged from the wire alone. */

/** Text that nobody but the two networks may ever see. */
const SECRET = 'WHAT ALICE SAYS TO BOB IS NOBODY ELSE S BUSINESS';

/** Both families reach the other network, by every protocol, and what they say is on the wire as ESP and nothing else. */
export async function onlyEncryptedTrafficCrosses(walk: Walk): Promise<void> {
  const since = walk.here();
  for (const side of SIDES) {
    const { host } = OF[side];
    const other = OF[far(side)];
    for (const to of [other.host4, other.host6]) {
      await walk.reaches(host, to);
      await walk.sendFrom(side, udp({ source: sourceOf(side, to), destination: to, payload: filler(SECRET, 200) }));
      const arrived = walk.packets(other.lan, since).filter(({ octets }) => holds(octets, SECRET));
      expect(arrived.length, `${host} -> ${to}`).toBeGreaterThan(0);
    }
  }
  const crossing = SIDES.flatMap(side => walk.packets(OF[side].wan, since)).flatMap(seen => kindOf(seen) ?? []);
  expect(crossing).toContain('esp');
  expect(new Set(crossing)).toEqual(new Set(crossing.includes('ike') ? ['esp', 'ike'] : ['esp']));
}

/** What Mallory on the internet puts on Alice's and Bob's links goes no further. */
export async function injectedPacketsAreRefused(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    const { outer, host4, host6, wan, lan, inner } = OF[side];
    const other = OF[far(side)];
    const text = `MALLORY WAS HERE, SHE CAME TO ${side}`;
    const [bare4, bare6] = [
      udp({ source: other.host4, destination: host4, payload: filler(text, 100) }),
      udp({ source: other.host6, destination: host6, payload: filler(text, 100) }),
    ];
    const wrapped = (payload: Uint8Array, protocol: number) =>
      packet({ source: other.outer, destination: outer, protocol, payload });
    const forged = [
      bare4,
      bare6,
      wrapped(bare4, IpProtocol.IPV4),
      wrapped(bare6, IpProtocol.IPV6),
      // ESP of nobody.
      wrapped(filler(text, 100), IpProtocol.ESP),
      echoRequest({ source: other.inner, destination: inner, data: filler(text, 56) }),
    ];
    const since = walk.here();
    const from = `internet:${side}`;
    for (const octets of forged) {
      await walk.lab.inject(wan, `${side}:net0`, frameBetween(walk.lab.topology, from, `${side}:net0`, octets));
    }
    await walk.lab.sleep(500);
    const beyond = walk.packets(lan, since).filter(({ octets }) => holds(octets, text));
    expect(beyond.map(kindOf)).toEqual([]);
    const answers = walk.packets(wan, since).filter(seen => seen.from === `${side}:net0` && holds(seen.octets, text));
    expect(answers.map(seen => kindOf(seen))).toEqual([]);
  }
}

/** Alice's public address is not to be had from her private network, and the tunnel's not from outside: RFC 1122 §3.3.4.2. */
export async function hostModelIsStrong(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    expect(await walk.ping(OF[side].host, OF[side].outer)).not.toMatchObject({ kind: 'answered' });
    const since = walk.here();
    const knock = echoRequest({ source: OF[far(side)].outer, destination: OF[side].inner, data: filler('KNOCK', 56) });
    const frame = frameBetween(walk.lab.topology, `internet:${side}`, `${side}:net0`, knock);
    await walk.lab.inject(OF[side].wan, `${side}:net0`, frame);
    await walk.lab.sleep(300);
    // What its daemon may have to say meanwhile is no answer.
    const answers = walk.packets(OF[side].wan, since).filter(({ from }) => from === `${side}:net0`);
    expect(answers.map(kindOf).filter(kind => kind !== null && kind !== 'ike')).toEqual([]);
  }
}

/** What the guide regrets that it cannot have: who sends from another prefix does not enter the tunnel, IPv6 or not. */
export async function ipv6IsFilteredAsWell(walk: Walk): Promise<void> {
  for (const side of SIDES) {
    const other = OF[far(side)];
    const text = `NOT OF THIS NETWORK ${side}`;
    const since = walk.here();
    const stray = udp({ source: '2001:db8:bad::2', destination: other.host6, payload: filler(text, 100) });
    await walk.sendFrom(side, stray);
    expect(walk.packets(OF[side].wan, since).filter(seen => kindOf(seen) === 'esp')).toEqual([]);
    expect(walk.packets(other.lan, since).filter(({ octets }) => holds(octets, text))).toEqual([]);
    const { stdout } = await walk.type(side, 'ipfstat -hio');
    expect(stdout).toMatch(new RegExp(`^[1-9]\\d* block out on ${OF[side].tunnel} family inet6 all$`, 'm'));
  }
}

const sourceOf = (side: Side, to: string): string => (to.includes(':') ? OF[side].host6 : OF[side].host4);

/** Of a packet between the public addresses, or of the private networks: what it is. null: it is none of our business (ARP, ND). */
function kindOf({ octets }: CapturedPacket): string | null {
  const { layers } = dissect(octets);
  const [ip] = layers.filter(layer => layer.kind === 'ipv4' || layer.kind === 'ipv6');
  if (ip === undefined || ip.source.startsWith('fe80:') || ip.source === '::') return null;
  if (layers.some(({ kind }) => kind === 'esp')) return 'esp';
  if (layers.some(({ kind }) => kind === 'ike')) return 'ike';
  return `${ip.source} > ${ip.destination} ${layers.at(-1)?.kind}`;
}
