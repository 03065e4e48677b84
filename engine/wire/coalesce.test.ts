import { expect, test } from 'vitest';
import { coalesce, type Unsent } from './coalesce.ts';
import { encodeEthernet } from './ethernet.ts';
import { encodeIpv4 } from './ipv4.ts';
import { encodeIpv6 } from './ipv6.ts';
import { finishFrame } from './offload.ts';
import { encodeTcp, TcpFlag, type TcpSegment } from './tcp.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';

const ADDRESSES = {
  4: { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') },
  6: { source: addressOf('2001:db8:a::2'), destination: addressOf('2001:db8:b::2') },
};
const SIZE = 1000;

interface Made extends Partial<TcpSegment> {
  readonly version?: 4 | 6;
  readonly identification?: number;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
}

/** Frame `index` of a flow of `SIZE` octets a segment, with a valid checksum. */
function frame(index: number, made: Made = {}): Unsent {
  const { version = 4, identification = 0xfffe + index, ttl = 61, dontFragment = true, ...tcp } = made;
  const { source, destination } = ADDRESSES[version];
  const segment: TcpSegment = {
    sourcePort: 40000,
    destinationPort: 5201,
    sequence: (0xffff_fc00 + index * SIZE) >>> 0,
    acknowledgment: 7,
    flags: TcpFlag.ACK,
    window: 501,
    urgentPointer: 0,
    options: [{ type: 'timestamps', value: 7, echo: 8 }],
    payload: new Uint8Array(SIZE).map((_, at) => at * 7 + index),
    ...tcp,
  };
  const payload = encodeTcp(segment, source, destination);
  const packet =
    version === 4
      ? encodeIpv4({
          dscpEcn: 2,
          identification: identification & 0xffff,
          dontFragment,
          moreFragments: false,
          fragmentOffset: 0,
          ttl,
          protocol: 6,
          source,
          destination,
          options: new Uint8Array(0),
          payload,
        })
      : encodeIpv6({ trafficClass: 3, flowLabel: 9, nextHeader: 6, hopLimit: ttl, source, destination, payload });
  return {
    octets: encodeEthernet({
      destination: MAC,
      source: MAC,
      etherType: version === 4 ? 0x800 : 0x86dd,
      payload: packet,
    }),
    offload: null,
  };
}
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

const onTheWire = (frames: readonly Unsent[]): readonly Uint8Array[] =>
  frames.flatMap(({ octets, offload }) => finishFrame(octets, offload));
const changed = ({ octets }: Unsent, at: number): Unsent => {
  const other = octets.slice();
  other[at] = (other[at] ?? 0) ^ 1;
  return { octets: other, offload: null };
};

test.each([4, 6] as const)(
  'segments of one flow in IPv%i are one superframe, and on the wire what they were',
  version => {
    const last = { version, flags: TcpFlag.ACK | TcpFlag.PSH, payload: new Uint8Array(300).fill(5) };
    const frames = [...[0, 1, 2, 3].map(index => frame(index, { version })), frame(4, last)];
    const together = coalesce(frames);
    expect(together).toHaveLength(1);
    expect(together[0]?.offload?.segments).toEqual({ kind: `tcp${version}`, sizeOctets: SIZE });
    expect(onTheWire(together)).toEqual(frames.map(({ octets }) => octets));
  },
);

test('a superframe is no longer than an IP packet can be', () => {
  const frames = Array.from({ length: 100 }, (_, index) => frame(index));
  const together = coalesce(frames);
  expect(together).toHaveLength(2);
  expect(Math.max(...together.map(({ octets }) => octets.length))).toBeLessThanOrEqual(65535 + 14);
  expect(onTheWire(together)).toEqual(frames.map(({ octets }) => octets));
});

const APART: readonly (readonly [string, readonly Unsent[]])[] = [
  ['a gap', [frame(0), frame(2)]],
  ['the same again', [frame(0), frame(0)]],
  ['another acknowledgment', [frame(0), frame(1, { acknowledgment: 8 })]],
  ['another window', [frame(0), frame(1, { window: 502 })]],
  ['another time stamp', [frame(0), frame(1, { options: [{ type: 'timestamps', value: 8, echo: 8 }] })]],
  ['other options', [frame(0), frame(1, { options: [] })]],
  ['another flow', [frame(0), frame(1, { sourcePort: 40001 })]],
  ['another TTL', [frame(0), frame(1, { ttl: 60 })]],
  ['an identification that does not count', [frame(0), frame(1, { identification: 0xfffe })]],
  ['other fragmentation', [frame(0), frame(1, { dontFragment: false })]],
  ['another version of IP', [frame(0), frame(1, { version: 6 })]],
  ['a larger one behind', [frame(0), frame(1, { payload: new Uint8Array(SIZE + 1) })]],
  ['a push before the last', [frame(0, { flags: TcpFlag.ACK | TcpFlag.PSH }), frame(1)]],
  ['FIN', [frame(0), frame(1, { flags: TcpFlag.ACK | TcpFlag.FIN })]],
  ['SYN', [frame(0, { flags: TcpFlag.SYN }), frame(1)]],
  ['a signal of congestion', [frame(0), frame(1, { flags: TcpFlag.ACK | TcpFlag.ECE })]],
  ['no data', [frame(0, { payload: new Uint8Array(0) }), frame(0, { payload: new Uint8Array(0) })]],
  ['a wrong TCP checksum', [frame(0), changed(frame(1), 200)]],
  ['a wrong IP checksum', [frame(0), changed(frame(1), 24)]],
  ['padding', [frame(0), { octets: Uint8Array.from([...frame(1).octets, 0]), offload: null }]],
  ['what is left to be finished', [frame(0), { ...frame(1), offload: { checksum: null, segments: null } }]],
];
test.each(APART)('not together: %s', (_, frames) => {
  expect(coalesce(frames)).toEqual(frames);
});

test('whatever a batch is made of, the wire shows the same', () => {
  const prng = new Prng(29);
  let superframes = 0;
  for (let round = 0; round < 300; round++) {
    const version = prng.below(2) === 0 ? 4 : 6;
    const frames: Unsent[] = [];
    for (let index = 0, left = 2 + prng.below(12); left > 0; left--) {
      const made = frame(index, { version, flags: TcpFlag.ACK | (prng.below(6) === 0 ? TcpFlag.PSH : 0) });
      const isHurt = prng.below(8) === 0;
      frames.push(isHurt ? changed(made, prng.below(made.octets.length)) : made);
      index += prng.below(10) === 0 ? prng.below(3) : 1;
    }
    const together = coalesce(frames);
    superframes += together.filter(({ offload }) => offload !== null).length;
    // Octet by octet, by toEqual, would take seconds.
    expect(Buffer.concat(onTheWire(together)).equals(Buffer.concat(frames.map(({ octets }) => octets)))).toBe(true);
    expect(onTheWire(together).map(({ length }) => length)).toEqual(frames.map(({ octets }) => octets.length));
  }
  expect(superframes).toBeGreaterThan(100);
});
