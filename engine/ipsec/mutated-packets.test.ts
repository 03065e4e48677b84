import { expect, test } from 'vitest';
import { sampleSuiteNames } from '../crypto/testing/sample-suites.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { authenticateOne, openOne, sealOne } from './testing/one-packet.ts';
import { ahPair, saPair } from './testing/sa-pair.ts';
import { immutableHead } from './ah-immutable.ts';
import { flowOf } from './selector.ts';
import { protect, restore } from './testing/transport-packet.ts';
import { splitInbound, splitOutbound } from './transport-mode.ts';
import { decapsulate, encapsulate } from './tunnel-mode.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';
import { decapsulateFromUdp, fixTransportChecksum } from './udp-encapsulation.ts';

// Whatever arrives, nothing here throws: each of these functions meets octets from strangers.

const ROUNDS = 20_000;

/** xorshift32: the same packets in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(packet: Uint8Array, random: (below: number) => number): Uint8Array {
  const mutated = packet.slice(0, random(8) === 0 ? random(packet.length + 1) : packet.length);
  for (let flips = random(4); flips > 0 && mutated.length > 0; flips--) {
    // The header fields are where the decisions are.
    const at = random(random(2) === 0 ? Math.min(mutated.length, 64) : mutated.length);
    mutated[at] = random(256);
  }
  return mutated;
}

const chain = [60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 253, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 7];
const esp = [0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1, ...Array.from({ length: 60 }, (_, i) => i)];
const v4 = encodeIpv4({
  dscpEcn: 1,
  identification: 1,
  dontFragment: false,
  moreFragments: false,
  fragmentOffset: 0,
  ttl: 64,
  protocol: 50,
  source: Uint8Array.of(10, 0, 0, 2),
  destination: Uint8Array.of(10, 0, 1, 2),
  options: Uint8Array.of(7, 3, 4, 0),
  payload: Uint8Array.from(esp),
});
const v6 = encodeIpv6({
  trafficClass: 1,
  flowLabel: 0,
  nextHeader: 0,
  hopLimit: 64,
  source: new Uint8Array(16).fill(1),
  destination: new Uint8Array(16).fill(2),
  payload: Uint8Array.from([...chain, ...esp]),
});

const V4_ENDS = { source: v4.subarray(12, 16), destination: v4.subarray(16, 20) };

test('mutated IP packets', () => {
  const random = createRandom(1);
  const tunnel = { protocol: 50, payload: v4, identification: 0 };
  let flows = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const packet = mutate(i % 2 === 0 ? v4 : v6, random);
    if (flowOf(packet) !== null) flows += 1;
    splitOutbound(packet);
    splitInbound(packet);
    immutableHead(packet);
    const udp = decapsulateFromUdp(packet, V4_ENDS.source, V4_ENDS.destination);
    if (udp?.content.kind === 'esp') {
      fixTransportChecksum(6, udp.content.esp, V4_ENDS, random(2) === 0 ? null : V4_ENDS);
    }
    protect(packet, () => v4);
    restore(packet, random(256), v4);
    decapsulate(i % 2 === 0 ? 4 : 41, packet, random(4));
    if (packet.length >= 20) encapsulate(packet, v4.subarray(12, 16), v4.subarray(16, 20), tunnel);
  }
  expect(flows).toBeGreaterThan(ROUNDS / 3);
});

test('mutated ESP packets: not one is accepted', () => {
  const random = createRandom(2);
  const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });
  for (const suite of sampleSuiteNames()) {
    const { out, into } = saPair(suite);
    const esp = sealOne(kernel, out, v4);
    // Octets 0 to 3 are the SPI, by which the SA was found.
    for (let i = 0; i < 500; i++) {
      const mutated = mutate(esp, random);
      if (Buffer.compare(mutated, esp) === 0) continue;
      expect(openOne(kernel, into, mutated).kind).not.toBe('opened');
    }
    expect(into.window.top).toBe(0n);
    expect(openOne(kernel, into, esp).kind).toBe('opened');
  }
});

test('mutated AH packets: accepted is only what changed where it may', () => {
  const random = createRandom(3);
  const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });
  for (const integrity of ['sha256', 'aesxcbc', 'aes128gmac']) {
    for (const plain of [v4, v6]) {
      const { out, into } = ahPair(integrity);
      const sealed = authenticateOne(kernel, out, plain);
      const covered = immutableHead(sealed)?.length ?? 0;
      for (let i = 0; i < 1000; i++) {
        const mutated = mutate(sealed, random);
        const arrived = splitInbound(mutated, IpProtocol.AH);
        if (arrived === null) continue;
        const [result] = kernel.verify([{ sa: ahPair(integrity).into, split: arrived }]);
        if (result?.kind !== 'opened') continue;
        expect(mutated).toHaveLength(sealed.length);
        expect(Buffer.compare(mutated.subarray(covered), sealed.subarray(covered))).toBe(0);
        const [now, then] = [immutableHead(arrived.head), immutableHead(sealed.subarray(0, arrived.head.length))];
        expect(now).toEqual(then);
      }
      expect(into.window.top).toBe(0n);
    }
  }
});
