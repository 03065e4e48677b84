import { nameIn } from '../../crypto/dialects.ts';
import { espSuite, type EspSuite } from '../../crypto/esp-suite.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import { must, toHex } from '../../wire/testing/must.ts';
import { saPair } from './sa-pair.ts';
import { splitInbound } from '../transport-mode.ts';
import { decapsulate, dscpEcnOf, encapsulate } from '../tunnel-mode.ts';
import { createTypescriptKernel } from '../typescript-kernel.ts';
import type { Trial } from './differential.ts';
import { openOne, sealOne } from './one-packet.ts';
import { beforeCase, describeCase, packetOf, questionOf, randomSaCase, type SaCase, versionOf } from './sa-case.ts';
import { createSeeded, type Seeded } from './seeded.ts';
import { protect, restore } from './transport-packet.ts';

/** The program that answers them, for `runTrials`. */
export const ESP_PEER = 'esp-peer.py';

interface EspCase extends SaCase {
  readonly suite: EspSuite;
  readonly encryptionKey: string;
  readonly integrityKey: string;
}

/**
 * One trial of a suite: numbers, keys and packet by the seed. The peer opens what we seal and seals the same packet with the
 * same IV; we open that, and its ESP must be ours to the octet. `variant`: an index of `VARIANTS`, or beyond.
 */
export function espTrial(suiteName: string, variant: number, seed: string): Trial {
  const random = createSeeded(seed);
  const one = randomCase(suiteName, variant, random);
  const kernel = createTypescriptKernel(random);
  const { out } = pairOf(one);
  const seal = (nextHeader: number, payload: Uint8Array) => sealOne(kernel, out, payload, nextHeader);
  const sealed = must(one.mode === 'transport' ? protect(one.packet, seal) : inTunnel(one, seal));
  const { payload: esp } = must(splitInbound(sealed));
  const iv = esp.subarray(8, 8 + one.suite.encryption.ivOctets);
  return {
    group: suiteName,
    title: `${suiteName}, ${describeCase(one)}, seed ${seed}`,
    questions: [espQuestion(one, 'open', sealed, iv), espQuestion(one, 'seal', one.packet, iv)],
    judge: ([opened = '', theirs = '']) =>
      opened === toHex(one.packet) ? judgeTheirs(one, sealed, theirs) : `the peer opened ours as ${opened}`,
  };
}

function judgeTheirs(one: EspCase, ours: Uint8Array, theirs: string): string | null {
  const packet = packetOf(theirs);
  if (packet === null) return `the peer sealed nothing: ${theirs}`;
  const split = splitInbound(packet);
  if (split === null) return 'the peer sent no ESP';
  const opened = openedByUs(one, packet, split.payload);
  if (opened !== toHex(one.packet)) return `we opened theirs as ${opened}`;
  const mine = must(splitInbound(ours));
  // In IPv6 transport mode Destination Options may stand on either side of the ESP header (RFC 4303 §3.1.1).
  if (one.mode === 'transport' && mine.head.length !== split.head.length) return null;
  return toHex(mine.payload) === toHex(split.payload) ? null : 'our ESP and theirs differ';
}

function openedByUs(one: EspCase, packet: Uint8Array, esp: Uint8Array): string {
  const result = openOne(createTypescriptKernel(createSeeded('')), pairOf(one).into, esp);
  if (result.kind !== 'opened') return result.kind;
  if (result.sequence !== one.sequence) return `number ${result.sequence}`;
  if (one.mode === 'transport') return toHex(must(restore(packet, result.nextHeader, result.payload)));
  const inner = decapsulate(result.nextHeader, result.payload, dscpEcnOf(packet));
  return inner.kind === 'packet' ? toHex(inner.octets) : inner.kind;
}

function inTunnel(one: EspCase, seal: (nextHeader: number, payload: Uint8Array) => Uint8Array): Uint8Array | null {
  const { out } = pairOf(one);
  const payload = seal(versionOf(one.packet) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6, one.packet);
  return encapsulate(one.packet, out.source, out.destination, {
    protocol: IpProtocol.ESP,
    payload,
    identification: 0,
  });
}

function randomCase(suiteName: string, variant: number, random: Seeded): EspCase {
  const suite = espSuite(suiteName);
  if (suite === null) throw new Error(suiteName);
  const { encryption, integrity } = suite;
  return {
    ...randomSaCase(variant, random),
    suite,
    encryptionKey: toHex(random.bytes(encryption.keyOctets + encryption.saltOctets)),
    integrityKey: toHex(random.bytes(integrity?.keyOctets ?? 0)),
  };
}

function pairOf(one: EspCase) {
  const { suite, mode, spi, source, destination, esn, encryptionKey, integrityKey } = one;
  return beforeCase(one, saPair(suite.name, { mode, spi, source, destination, esn, encryptionKey, integrityKey }));
}

function espQuestion(one: EspCase, what: 'seal' | 'open', packet: Uint8Array, iv: Uint8Array) {
  const { encryption, integrity } = one.suite;
  // Of these scapy has the name, and not all sizes.
  const hasScapy = !encryption.aead || encryption.icvOctets === 16 || encryption.kind === 'ccm';
  return {
    ...questionOf(one, what, packet),
    cipher: encryption.token,
    scapyCipher: hasScapy ? nameIn('scapy', encryption) : null,
    kind: encryption.kind,
    icvOctets: encryption.icvOctets,
    saltOctets: encryption.saltOctets,
    implicitIv: encryption.aead && encryption.implicitIv,
    auth: integrity === null ? null : (nameIn('scapy', integrity) ?? integrity.token),
    encryptionKey: one.encryptionKey,
    integrityKey: one.integrityKey,
    iv: toHex(iv),
  };
}
