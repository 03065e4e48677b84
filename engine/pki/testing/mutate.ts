import type { Random } from '../../crypto/random.ts';

/** A copy of DER with one to four things done to it that a stranger could do: octets changed, cut, doubled, lengths lied about. */
export function mutated(octets: Uint8Array, random: Random): Uint8Array {
  let result = Uint8Array.from(octets);
  const times = 1 + (byte(random) & 3);
  for (let i = 0; i < times; i++) result = MUTATIONS[byte(random) % MUTATIONS.length]?.(result, random) ?? result;
  return result;
}

type Mutation = (octets: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>;

const INTERESTING = [0x00, 0x01, 0x02, 0x05, 0x06, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xff];

const MUTATIONS: readonly Mutation[] = [
  (octets, random) => changed(octets, random, value => value ^ (1 << (byte(random) & 7))),
  (octets, random) => changed(octets, random, () => byte(random)),
  (octets, random) => changed(octets, random, () => INTERESTING[byte(random) % INTERESTING.length] ?? 0),
  (octets, random) => changed(octets, random, value => value + 1),
  (octets, random) => octets.slice(0, at(octets, random)),
  (octets, random) => spliced(octets, at(octets, random), byte(random) & 15, new Uint8Array(0)),
  (octets, random) => spliced(octets, at(octets, random), 0, Uint8Array.from(random.bytes(1 + (byte(random) & 7)))),
  (octets, random) => {
    const from = at(octets, random);
    return spliced(octets, at(octets, random), 0, octets.slice(from, from + 1 + (byte(random) & 63)));
  },
];

function changed(
  octets: Uint8Array<ArrayBuffer>,
  random: Random,
  to: (value: number) => number,
): Uint8Array<ArrayBuffer> {
  const where = at(octets, random);
  octets[where] = to(octets[where] ?? 0);
  return octets;
}

function spliced(octets: Uint8Array, where: number, cut: number, put: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...octets.subarray(0, where), ...put, ...octets.subarray(where + cut)]);
}

function at(octets: Uint8Array, random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return octets.length === 0 ? 0 : (high * 256 + low) % octets.length;
}

function byte(random: Random): number {
  return random.bytes(1)[0] ?? 0;
}
