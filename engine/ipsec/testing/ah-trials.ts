import { ahSuite, integrityKeyOctets } from '../../crypto/ah-suite.ts';
import { nameIn } from '../../crypto/dialects.ts';
import type { IntegrityAlgorithm } from '../../crypto/integrity.ts';
import { formatAddress } from '../../wire/address.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import { transit } from '../ah-transit.fixture.ts';
import { ahPair } from '../sa-pair.fixture.ts';
import { restore, splitInbound, splitOutbound } from '../transport-mode.ts';
import { decapsulate, dscpEcnOf, encapsulate } from '../tunnel-mode.ts';
import { createTypescriptKernel } from '../typescript-kernel.ts';
import type { Trial } from './differential.ts';
import { randomAddress, randomPacket, randomSequence } from './random-packets.ts';
import { createSeeded, type Seeded } from './seeded.ts';
import { VARIANTS } from './variants.ts';

/** The program that answers them, for `runTrials`. */
export const AH_PEER = 'ah-peer.py';

interface AhCase {
  readonly integrity: IntegrityAlgorithm;
  readonly mode: 'tunnel' | 'transport';
  readonly spi: number;
  readonly source: string;
  readonly destination: string;
  readonly esn: boolean;
  readonly sequence: bigint;
  readonly integrityKey: string;
  /** Without AH. */
  readonly packet: Uint8Array;
}

/**
 * One trial of an integrity algorithm: numbers, keys and packet by the seed. The peer verifies what we authenticate, and we
 * what it does, each after its routers have changed what they may. `variant`: an index of `VARIANTS`, or beyond.
 */
export function ahTrial(token: string, variant: number, seed: string): Trial {
  const one = randomCase(token, variant, createSeeded(seed));
  const families = `v${versionOf(one.packet)}${one.mode === 'tunnel' ? ` in v${one.source.includes(':') ? 6 : 4}` : ''}`;
  const number = `${one.esn ? 'ESN' : 'number'} ${one.sequence}`;
  // In transport mode the header that changed is the packet's own.
  const expected = toHex(one.mode === 'transport' ? transit(one.packet) : one.packet);
  return {
    group: `AH ${token}`,
    title: `AH ${token}, ${one.mode} ${families}, ${one.packet.length} octets, ${number}, seed ${seed}`,
    questions: [questionOf(one, 'open', transit(authenticated(one))), questionOf(one, 'seal', one.packet)],
    judge: ([opened = '', theirs = '']) => {
      if (opened !== expected) return `the peer opened ours as ${opened}`;
      const mine = verifiedByUs(one, theirs);
      return mine === expected ? null : `we opened theirs as ${mine}`;
    },
  };
}

function authenticated(one: AhCase): Uint8Array {
  const { out } = pairOf(one);
  const protocol = versionOf(one.packet) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  const around = { protocol, payload: one.packet, identification: 0 };
  const whole =
    one.mode === 'transport' ? one.packet : present(encapsulate(one.packet, out.source, out.destination, around));
  const kernel = createTypescriptKernel(createSeeded(''));
  const [result] = kernel.authenticate([{ sa: out, split: present(splitOutbound(whole)) }]);
  if (result?.kind !== 'sealed') throw new Error(result?.kind);
  return result.packet;
}

function verifiedByUs(one: AhCase, theirs: string): string {
  if (!/^(?:[0-9a-f]{2})+$/.test(theirs)) return theirs;
  const packet = transit(new Uint8Array(Buffer.from(theirs, 'hex')));
  const split = splitInbound(packet, IpProtocol.AH);
  if (split === null) return 'no AH';
  const [result] = createTypescriptKernel(createSeeded('')).verify([{ sa: pairOf(one).into, split }]);
  if (result?.kind !== 'opened') return result?.kind ?? 'nothing';
  if (result.sequence !== one.sequence) return `number ${result.sequence}`;
  if (one.mode === 'transport') {
    return toHex(present(restore(packet, result.nextHeader, result.payload, IpProtocol.AH)));
  }
  // The ECN that a router marked meanwhile is no business of this test: the inner header is compared as it was sent.
  const inner = decapsulate(result.nextHeader, result.payload, dscpEcnOf(one.packet));
  return inner.kind === 'packet' ? toHex(inner.octets) : inner.kind;
}

function randomCase(token: string, variant: number, random: Seeded): AhCase {
  const integrity = ahSuite(token);
  const shape = VARIANTS[variant % VARIANTS.length];
  if (integrity === null || shape === undefined) throw new Error(`${token}, variant ${variant}`);
  const { mode, inner, outer, esn } = shape;
  const [source, destination] = [randomAddress(outer, random), randomAddress(outer, random)];
  const packet =
    mode === 'transport'
      ? randomPacket(source, destination, random)
      : randomPacket(randomAddress(inner, random), randomAddress(inner, random), random);
  return {
    integrity,
    mode,
    spi: 256 + random.below(2 ** 32 - 256),
    source: formatAddress(source),
    destination: formatAddress(destination),
    esn,
    sequence: randomSequence(esn, random),
    integrityKey: toHex(random.bytes(integrityKeyOctets(integrity))),
    packet,
  };
}

function pairOf({ integrity, sequence, mode, spi, source, destination, esn, integrityKey }: AhCase) {
  const pair = ahPair(integrity.token, { mode, spi, source, destination, esn, integrityKey });
  pair.out.sequence = sequence - 1n;
  pair.into.window.advance(sequence - 1n);
  return pair;
}

function questionOf(one: AhCase, what: 'seal' | 'open', packet: Uint8Array) {
  return {
    do: what,
    mode: one.mode,
    source: one.source,
    destination: one.destination,
    spi: one.spi,
    auth: nameIn('scapy', one.integrity) ?? one.integrity.token,
    integrityKey: one.integrityKey,
    esn: one.esn,
    low: Number(one.sequence & 0xffff_ffffn),
    high: Number(one.sequence >> 32n),
    packet: toHex(packet),
  };
}

const versionOf = (packet: Uint8Array): 4 | 6 => ((packet[0] ?? 0) >>> 4 === 4 ? 4 : 6);
const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

function present<T>(value: T | null): T {
  if (value === null) throw new Error('null');
  return value;
}
