import type { Frame, Node, NodeContext } from '../../engine/node/node.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import { createNode } from '../../engine/node/create.ts';
import { internetChecksum, pseudoHeaderSum } from '../../engine/wire/checksum.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { setU16, u16At, u32At, u8At } from '../../engine/wire/octets.ts';
import { configSubject, filtered, frameSubject, wrapped } from './build.ts';
import { ipOf, isUdpEncapsulated, resized, withIp } from './frame.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with ESP in UDP, RFC 3948. */
export const BROKEN_UDP: readonly Subject[] = [
  configSubject('no-encapsulation', 'sends ESP without UDP', withoutUdp),
  configSubject('stays-put', 'sends for ever to where the peer was first', config => ({
    ...config,
    sas: config.sas.map(sa =>
      sa.encapsulation ? { ...sa, encapsulation: { ...sa.encapsulation, followsPeer: false } } : sa,
    ),
  })),
  outgoing('udp-other-port', 'sends ESP in UDP from another port', (udp, _ip) => setU16(udp, 0, 4501)),
  outgoing('udp-computes-checksum', 'sends a UDP checksum over IPv4', (udp, ip) => {
    const sum = pseudoHeaderSum(ip.subarray(12, 16), ip.subarray(16, 20), IpProtocol.UDP, udp.length);
    setU16(udp, 6, internetChecksum(udp, sum) || 0xffff);
  }),
  outgoing('udp-clears-checksum', 'sends no UDP checksum over IPv6', udp => setU16(udp, 6, 0)),
  incoming('udp-demands-zero', 'refuses a UDP checksum that is not zero', (udp, frame) =>
    u16At(udp, 6) === 0 ? frame : null,
  ),
  incoming('udp-forgives-checksum', 'does not look at UDP checksums', (_udp, frame, at) =>
    withIp(frame, ip => setU16(ip, at + 6, 0)),
  ),
  incoming('udp-ignores-marker', 'takes what stands behind a non-ESP marker for ESP', (udp, frame, at) =>
    udp.length >= 12 && u32At(udp, 8) === 0
      ? resized(frame, ip => {
          const shorter = Buffer.concat([ip.subarray(0, at + 8), ip.subarray(at + 12)]);
          shorter.writeUInt16BE(shorter.length - at, at + 4);
          return shorter;
        })
      : frame,
  ),
  incoming('drops-esp-in-udp', 'takes no ESP in UDP', (udp, frame) =>
    udp.length >= 12 && u32At(udp, 8) !== 0 ? null : frame,
  ),
  frameSubject('no-keepalives', 'sends no keepalives', {
    outgoing: frame => (isKeepalive(frame) ? null : frame),
  }),
  { name: 'eager-keepalives', fault: 'sends a keepalive after each packet', make: eagerKeepalives },
  { name: 'follows-anyone', fault: 'sends to whoever sent last, authentic or not', make: followsAnyone },
  {
    name: 'keeps-transport-checksum',
    fault: 'leaves the checksums of TCP and UDP as they were before the NAT',
    make: (config, context) =>
      filtered(createNode(withoutUdp(config), context), {
        incoming: frame => {
          const ip = ipOf(frame);
          if (ip === null || !isUdpEncapsulated(ip)) return frame;
          return resized(frame, octets => {
            octets[9] = IpProtocol.ESP;
            return Buffer.concat([octets.subarray(0, ip.headerOctets), octets.subarray(ip.headerOctets + 8)]);
          });
        },
      }),
  },
];

function withoutUdp(config: NodeConfig): NodeConfig {
  return { ...config, sas: config.sas.map(sa => ({ ...sa, encapsulation: null })) };
}

/** Changes datagrams on the port of ESP in UDP: `udp` is a view from the UDP header on. */
function outgoing(name: string, fault: string, change: (udp: Uint8Array, ip: Uint8Array) => void): Subject {
  return frameSubject(name, fault, {
    outgoing: frame => {
      const found = ipOf(frame);
      if (found === null || !isUdpEncapsulated(found)) return frame;
      return withIp(frame, ip => change(ip.subarray(found.headerOctets), ip));
    },
  });
}

function incoming(
  name: string,
  fault: string,
  change: (udp: Uint8Array, frame: Frame, at: number) => Frame | null,
): Subject {
  return frameSubject(name, fault, {
    incoming: frame => {
      const ip = ipOf(frame);
      if (ip === null || !isUdpEncapsulated(ip)) return frame;
      return change(ip.octets.subarray(ip.headerOctets), frame, ip.headerOctets);
    },
  });
}

function isKeepalive(frame: Frame): boolean {
  const ip = ipOf(frame);
  return ip !== null && isUdpEncapsulated(ip) && u16At(ip.octets, ip.headerOctets + 4) === 9;
}

function eagerKeepalives(config: NodeConfig, context: NodeContext): Node {
  return wrapped(createNode(config, context), {
    frames: frames => frames,
    effects: effects => ({ ...effects, frames: effects.frames.flatMap(withKeepalive) }),
  });
}

function withKeepalive(frame: Frame): Frame[] {
  const ip = ipOf(frame);
  if (ip === null || !isUdpEncapsulated(ip)) return [frame];
  const keepalive = resized(frame, octets => {
    const short = Buffer.from(octets.subarray(0, ip.headerOctets + 9));
    short[ip.headerOctets + 8] = 0xff;
    short.writeUInt16BE(9, ip.headerOctets + 4);
    return short;
  });
  return [frame, keepalive];
}

/** IPv4 alone. */
function followsAnyone(config: NodeConfig, context: NodeContext): Node {
  let place: { readonly address: Uint8Array; readonly port: number } | null = null;
  return filtered(createNode(config, context), {
    incoming: frame => {
      const ip = ipOf(frame);
      if (ip !== null && isUdpEncapsulated(ip)) {
        place = { address: ip.octets.slice(12, 16), port: u16At(ip.octets, ip.headerOctets) };
      }
      return frame;
    },
    outgoing: frame => {
      const found = ipOf(frame);
      if (found === null || place === null || u8At(found.octets, 0) >> 4 !== 4 || !isUdpEncapsulated(found))
        return frame;
      const { address, port } = place;
      return withIp(frame, ip => {
        ip.set(address, 16);
        setU16(ip, found.headerOctets + 2, port);
      });
    },
  });
}
