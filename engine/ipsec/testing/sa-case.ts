import { formatAddress } from '../../wire/address.ts';
import { toHex } from '../../wire/testing/must.ts';
import { randomAddress, randomPacket, randomSequence } from './random-packets.ts';
import type { Seeded } from './seeded.ts';
import { VARIANTS } from './variants.ts';

/** For tests: one packet and what an SA says of it, whatever protects it. */
export interface SaCase {
  readonly mode: 'tunnel' | 'transport';
  readonly spi: number;
  readonly source: string;
  readonly destination: string;
  readonly esn: boolean;
  readonly sequence: bigint;
  /** Unprotected. */
  readonly packet: Uint8Array;
}

/** `variant`: an index of `VARIANTS`, or beyond. */
export function randomSaCase(variant: number, random: Seeded): SaCase {
  const shape = VARIANTS[variant % VARIANTS.length];
  if (shape === undefined) throw new Error(`variant ${variant}`);
  const { mode, inner, outer, esn } = shape;
  const [source, destination] = [randomAddress(outer, random), randomAddress(outer, random)];
  const packet =
    mode === 'transport'
      ? randomPacket(source, destination, random)
      : randomPacket(randomAddress(inner, random), randomAddress(inner, random), random);
  return {
    mode,
    spi: 256 + random.below(2 ** 32 - 256),
    source: formatAddress(source),
    destination: formatAddress(destination),
    esn,
    sequence: randomSequence(esn, random),
    packet,
  };
}

/** Brings both ends of the SA to the number before that of the packet. */
export function beforeCase<
  P extends {
    readonly out: { sequence: bigint };
    readonly into: { readonly window: { advance(to: bigint): unknown } };
  },
>({ sequence }: SaCase, pair: P): P {
  pair.out.sequence = sequence - 1n;
  pair.into.window.advance(sequence - 1n);
  return pair;
}

/** The question of scapy_peer.py, without algorithms and keys. */
export function questionOf(one: SaCase, what: 'seal' | 'open', packet: Uint8Array) {
  return {
    do: what,
    mode: one.mode,
    source: one.source,
    destination: one.destination,
    spi: one.spi,
    esn: one.esn,
    low: Number(one.sequence & 0xffff_ffffn),
    high: Number(one.sequence >> 32n),
    packet: toHex(packet),
  };
}

export function describeCase({ mode, source, packet, esn, sequence }: SaCase): string {
  const families = `v${versionOf(packet)}${mode === 'tunnel' ? ` in v${source.includes(':') ? 6 : 4}` : ''}`;
  return `${mode} ${families}, ${packet.length} octets, ${esn ? 'ESN' : 'number'} ${sequence}`;
}

/** The packet of an answer; null: it is an error in words. */
export function packetOf(answer: string): Uint8Array | null {
  return /^(?:[0-9a-f]{2})+$/.test(answer) ? new Uint8Array(Buffer.from(answer, 'hex')) : null;
}

export const versionOf = (packet: Uint8Array): 4 | 6 => ((packet[0] ?? 0) >>> 4 === 4 ? 4 : 6);
