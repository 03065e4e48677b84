import { encodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import type { Frame } from '../../engine/node/node.ts';
import { ipPacket, ping, udp } from '../../engine/node/testing/packets.ts';
import { protectedPart, type Siege } from './hostile-siege.ts';

type Below = (limit: number) => number;

/** One frame that bob must refuse: a replay, a forgery, or a genuine one with something in it that is not as it was. */
export function hostileFrame(siege: Siege, below: Below): Frame {
  switch (below(8)) {
    case 0:
      return { ...one(siege.accepted, below), offload: null };
    case 1:
      return forged(siege, below);
    default:
      return changed(siege, below);
  }
}

/** At least one bit of what is protected differs; around it anything may. */
function changed(siege: Siege, below: Below): Frame {
  const { port, octets } = one(below(2) === 0 ? siege.heldBack : siege.accepted, below);
  for (;;) {
    let frame: Uint8Array = octets.slice();
    for (let count = below(3); count > 0; count--) frame = mutated(frame, siege, below);
    const start = headersEnd(octets);
    if (frame.length > start) {
      const at = start + below(frame.length - start);
      frame[at] = (frame[at] ?? 0) ^ (1 << below(8));
    }
    frame.set(octets.subarray(0, Math.min(14, frame.length))); // a card would not show what is for others
    if (below(2) === 0) fixHeader(frame);
    if (!siege.genuine.has(protectedPart(frame))) return { port, octets: frame, offload: null };
  }
}

function mutated(frame: Uint8Array, siege: Siege, below: Below): Uint8Array {
  const at = 14 + below(Math.max(1, frame.length - 14));
  switch (below(6)) {
    case 0:
      frame[at] = below(256);
      return frame;
    case 1:
      return frame.slice(0, at);
    case 2: {
      const longer = new Uint8Array(frame.length + below(64));
      longer.set(frame);
      return longer;
    }
    case 3: {
      const other = one(below(2) === 0 ? siege.accepted : siege.heldBack, below).octets;
      const piece = other.subarray(at, at + 1 + below(64));
      frame.set(piece.subarray(0, Math.max(0, frame.length - at)), at);
      return frame;
    }
    case 4: {
      // SPI or sequence number of the first protected header.
      const field = headersEnd(frame) + 4 * below(3);
      if (field + 3 < frame.length) frame[field + below(4)] = below(256);
      return frame;
    }
    default: {
      const field = 14 + 2 * below(20);
      if (field + 1 < frame.length) frame.set([below(256), below(256)], field);
      return frame;
    }
  }
}

/** Packets of no SA: inner ones in the clear, plain tunnels, errors about ESP, strange protocols and UDP for the NAT-T port. */
function forged(siege: Siege, below: Below): Frame {
  const { octets, port } = one(siege.heldBack, below);
  const quote = octets.subarray(14, 14 + 28 + below(64));
  const inner = ping(`10.1.${below(12)}.9`, '10.0.1.2', below(200));
  const noise = Uint8Array.from({ length: below(120) }, () => below(256));
  const [peer, bob] = below(4) === 0 ? ['2001:db8:f::1', '2001:db8:f::2'] : ['192.0.2.1', '192.0.2.2'];
  const packets = [
    () => inner,
    () => ipPacket(peer, bob, 4, inner),
    () => ipPacket(peer, bob, [50, 51, 44, 43, 60, 0, 17, 41, 132][below(9)] ?? 50, noise),
    () => udp(peer, bob, [4500, 4500], below(90)),
    () => ipPacket('192.0.2.1', '192.0.2.2', 1, Uint8Array.of(3, 4, 0, 0, 0, 0, below(6), below(256), ...quote)),
    () => ipPacket('192.0.2.77', '10.0.1.2', 6, noise),
    () => udp('192.0.2.1', '10.0.1.2', [53, below(65_536)], below(90)),
  ];
  const payload = packets[below(packets.length)]?.() ?? inner;
  const etherType = (payload[0] ?? 0) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4;
  return {
    port,
    octets: encodeEthernet({ destination: octets.subarray(0, 6), source: octets.subarray(6, 12), etherType, payload }),
    offload: null,
  };
}

/** Behind Ethernet and the fixed IP header. */
function headersEnd(frame: Uint8Array): number {
  return (frame[14] ?? 0) >> 4 === 4 ? 34 : 54;
}

/** Makes the IPv4 header's checksum right, so that the change gets past the first look. */
function fixHeader(frame: Uint8Array): void {
  if (frame.length < 34 || frame[12] !== 8 || frame[13] !== 0) return;
  const end = Math.min(frame.length, 14 + ((frame[14] ?? 0) & 15) * 4);
  frame.set([0, 0], 24);
  let sum = 0;
  for (let at = 14; at + 1 < end; at += 2) sum += ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.set([(~sum >> 8) & 255, ~sum & 255], 24);
}

function one(frames: readonly Frame[], below: Below): Frame {
  const frame = frames[below(frames.length)];
  if (frame === undefined) throw new Error('alice has sent nothing');
  return frame;
}
