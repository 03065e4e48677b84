import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { setU16, setU32, u8At } from '../../engine/wire/octets.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import { createNode } from '../../engine/node/create.ts';
import type { Frame, Node, NodeContext } from '../../engine/node/node.ts';
import { internetChecksum } from '../../engine/wire/checksum.ts';
import { fragmentIpv4 } from '../../engine/wire/ipv4.ts';
import { filtered, frameSubject, wrapped } from './build.ts';
import {
  type IpInFrame,
  ipOf,
  isFragment,
  isProtected,
  resized,
  setTrafficClass,
  trafficClass,
  withIp,
} from './frame.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong to IP headers, or to what they receive. */
export const BROKEN_FRAMES: readonly Subject[] = [
  outerHeader('clears-dscp', 'sends outer headers with a TOS octet of 0', ip => setTrafficClass(ip, 0)),
  outerHeader('clears-ecn', 'sends outer headers that say Not-ECT', ip => setTrafficClass(ip, trafficClass(ip) & 0xfc)),
  outerHeader('wrong-outer-source', 'sends outer headers with another source than the tunnel’s end', ip => {
    const at = u8At(ip, 0) >> 4 === 4 ? 15 : 23;
    ip[at] = u8At(ip, at) ^ 0x40;
  }),
  outerHeader('random-flow-label', 'gives each packet a flow label of its own', ip => {
    if (u8At(ip, 0) >> 4 === 6) ip.set([u8At(ip, ip.length - 2), u8At(ip, ip.length - 1)], 2);
  }),
  outerHeader('copies-hop-limit', 'lets the outer hop limit tell something about the packet inside', ip => {
    const at = u8At(ip, 0) >> 4 === 4 ? 8 : 7;
    ip[at] = u8At(ip, ip.length - 1);
  }),
  outerHeader('sets-dont-fragment', 'sets DF in every outer header', ip => {
    if (u8At(ip, 0) >> 4 === 4) ip[6] = u8At(ip, 6) | 0x40;
  }),
  outerHeader('clears-dont-fragment', 'clears DF in every outer header', ip => {
    if (u8At(ip, 0) >> 4 === 4) ip[6] = u8At(ip, 6) & 0xbf;
  }),
  outerHeader('constant-identification', 'sends every outer header with Identification 1', ip => {
    if (u8At(ip, 0) >> 4 === 4) ip.set([0, 1], 4);
  }),
  frameSubject('adds-options', 'puts options or extension headers into outer headers', {
    outgoing: frame => {
      const found = ipOf(frame);
      if (found === null || !isProtected(found)) return frame;
      return resized(frame, ip => withOptions(ip, found.version));
    },
  }),
  incoming('ignores-outer-ecn', 'does not look at the ECN field of outer headers', (ip, frame) =>
    isProtected(ip) ? withIp(frame, octets => setTrafficClass(octets, trafficClass(octets) & 0xfc)) : frame,
  ),
  incoming('ignores-fragment-fields', 'takes every fragment for a whole packet', (ip, frame) =>
    ip.version === 4 && isFragment(ip)
      ? withIp(frame, octets => {
          octets[6] = 0;
          octets[7] = 0;
        })
      : frame,
  ),
  deaf('deaf-to-icmp-errors', 'does not hear ICMP errors', isIcmpError),
  frameSubject('mute-about-mtu', 'tells nobody that a packet is too big', {
    outgoing: frame => {
      const ip = ipOf(frame);
      return ip !== null && isTooBig(ip) ? null : frame;
    },
  }),
  { name: 'believes-any-mtu', fault: 'believes what is said about any SPI', make: believesAnyMtu },
  { name: 'never-forgets-mtu', fault: 'never forgets what it was told of a path', make: neverForgetsMtu },
  { name: 'shreds', fault: 'cuts what it sends into the smallest fragments', make: shreds },
  deaf('drops-fragments', 'loses fragments', isFragment),
  deaf(
    'drops-options',
    'loses packets with IPv4 options or IPv6 extension headers',
    ({ version, protocol, headerOctets }) =>
      version === 4 ? headerOctets > 20 : protocol === IpProtocol.HOPOPT || protocol === IpProtocol.DSTOPTS,
  ),
];

/** Changes the outer headers of what leaves protected. */
function outerHeader(name: string, fault: string, change: (ip: Uint8Array) => void): Subject {
  return frameSubject(name, fault, {
    outgoing: frame => {
      const ip = ipOf(frame);
      return ip === null || !isProtected(ip) ? frame : withIp(frame, change);
    },
  });
}

/** Does not hear such packets. */
function deaf(name: string, fault: string, to: (ip: IpInFrame) => boolean): Subject {
  return incoming(name, fault, (ip, frame) => (to(ip) ? null : frame));
}

/** Hears IP packets in its own way; null: not at all. */
function incoming(name: string, fault: string, change: (ip: IpInFrame, frame: Frame) => Frame | null): Subject {
  return frameSubject(name, fault, {
    incoming: frame => {
      const ip = ipOf(frame);
      return ip === null ? frame : change(ip, frame);
    },
  });
}

function isIcmpError(ip: IpInFrame): boolean {
  const type = u8At(ip.octets, ip.headerOctets);
  if (ip.protocol === IpProtocol.ICMP) return type === 3 || type === 11 || type === 12;
  return ip.protocol === IpProtocol.ICMPV6 && type < 128;
}

function isTooBig(ip: IpInFrame): boolean {
  const [type, code] = [u8At(ip.octets, ip.headerOctets), u8At(ip.octets, ip.headerOctets + 1)];
  return ip.protocol === IpProtocol.ICMP ? type === 3 && code === 4 : ip.protocol === IpProtocol.ICMPV6 && type === 2;
}

/** IPv4 alone. */
function believesAnyMtu(config: NodeConfig, context: NodeContext): Node {
  const spi = config.sas.find(sa => sa.direction === 'outbound')?.spi ?? 0;
  return filtered(createNode(config, context), {
    incoming: frame => {
      const found = ipOf(frame);
      if (found === null || found.version !== 4 || !isTooBig(found)) return frame;
      return withIp(frame, ip => {
        const message = ip.subarray(found.headerOctets);
        setU32(message, 8 + 20, spi);
        setU16(message, 2, 0);
        setU16(message, 2, internetChecksum(message));
      });
    },
  });
}

/** It hears what it was told once again before each packet. */
function neverForgetsMtu(config: NodeConfig, context: NodeContext): Node {
  let told: Frame | null = null;
  return wrapped(createNode(config, context), {
    frames: frames =>
      frames.flatMap(frame => {
        const ip = ipOf(frame);
        if (ip !== null && isTooBig(ip)) told = { ...frame, octets: frame.octets.slice() };
        return told === null ? [frame] : [{ ...told, octets: told.octets.slice() }, frame];
      }),
    effects: effects => effects,
  });
}

function shreds(config: NodeConfig, context: NodeContext): Node {
  return wrapped(createNode(config, context), {
    frames: frames => frames,
    effects: effects => ({ ...effects, frames: effects.frames.flatMap(shredded) }),
  });
}

/** IPv4 alone. */
function shredded(frame: Frame): Frame[] {
  const ip = ipOf(frame);
  if (ip === null || ip.version !== 4 || !isProtected(ip)) return [frame];
  return fragmentIpv4(ip.octets, 68).map(piece => resized(frame, () => piece));
}

/** Four No Operations, or a Hop-by-Hop header full of padding. */
function withOptions(ip: Uint8Array, version: 4 | 6): Uint8Array {
  if (version === 4) {
    const longer = Buffer.concat([ip.subarray(0, 20), Uint8Array.of(1, 1, 1, 1), ip.subarray(20)]);
    longer[0] = 0x46;
    return longer;
  }
  const hopByHop = Uint8Array.of(u8At(ip, 6), 0, 1, 4, 0, 0, 0, 0);
  const longer = Buffer.concat([ip.subarray(0, 40), hopByHop, ip.subarray(40)]);
  longer[6] = IpProtocol.HOPOPT;
  return longer;
}
