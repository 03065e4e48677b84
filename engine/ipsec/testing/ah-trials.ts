import { ahSuite, integrityKeyOctets } from '../../crypto/ah-suite.ts';
import { nameIn } from '../../crypto/dialects.ts';
import type { IntegrityAlgorithm } from '../../crypto/integrity.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import { must, toHex } from '../../wire/testing/must.ts';
import { transit } from './ah-transit.ts';
import { ahPair } from './sa-pair.ts';
import { join, splitInbound, splitOutbound } from '../transport-mode.ts';
import { decapsulate, dscpEcnOf, encapsulate } from '../tunnel-mode.ts';
import { createTypescriptKernel } from '../typescript-kernel.ts';
import type { Trial } from './differential.ts';
import { headerPackets } from './header-packets.ts';
import { authenticateOne } from './one-packet.ts';
import { beforeCase, describeCase, packetOf, questionOf, randomSaCase, type SaCase, versionOf } from './sa-case.ts';
import { createSeeded } from './seeded.ts';
import { restore } from './transport-packet.ts';

/** The program that answers them, for `runTrials`. */
export const AH_PEER = 'ah-peer.py';

interface AhCase extends SaCase {
  readonly integrity: IntegrityAlgorithm;
  readonly integrityKey: string;
}

/** One trial of an integrity algorithm: numbers, keys and packet by the seed. `variant`: an index of `VARIANTS`, or beyond. */
export function ahTrial(token: string, variant: number, seed: string): Trial {
  const random = createSeeded(seed);
  const { integrity, integrityOctets } = algorithm(token);
  const one = { ...randomSaCase(variant, random), integrity, integrityKey: toHex(random.bytes(integrityOctets)) };
  return bothWays(one, `seed ${seed}`);
}

/** Transport mode around every option of IPv4 and extension header of IPv6 that routers change, or must not. */
export function ahHeaderTrials(token: string): Trial[] {
  const { integrity, integrityOctets } = algorithm(token);
  const sa = { mode: 'transport', spi: 0x1234_5678, integrity, integrityKey: '81'.repeat(integrityOctets) } as const;
  return [0, 37, 1401]
    .flatMap(headerPackets)
    .flatMap(({ what, octets: packet, source, destination, isForScapyToSeal }) =>
      [0xffff_fff0n, 0x0000_0007_8000_0001n].map(sequence => {
        const one = { ...sa, source, destination, esn: sequence >= 1n << 32n, sequence, packet };
        return isForScapyToSeal ? bothWays(one, what) : oneWay(one, what);
      }),
    );
}

function algorithm(token: string) {
  const integrity = ahSuite(token);
  if (integrity === null) throw new Error(token);
  return { integrity, integrityOctets: integrityKeyOctets(integrity) };
}

/** The peer verifies what we authenticate, and we what it does, each after its routers have changed what they may. */
function bothWays(one: AhCase, what: string): Trial {
  const ours = oneWay(one, what);
  return {
    ...ours,
    questions: [...ours.questions, ahQuestion(one, 'seal', one.packet)],
    judge: ([opened = '', theirs = '']) => ours.judge([opened]) ?? judgeTheirs(one, theirs),
  };
}

/** The peer verifies what we authenticate. */
function oneWay(one: AhCase, what: string): Trial {
  const token = one.integrity.token;
  const expected = toHex(one.mode === 'transport' ? transitOutside(one.packet) : one.packet);
  return {
    group: `AH ${token}`,
    title: `AH ${token}, ${describeCase(one)}, ${what}`,
    questions: [ahQuestion(one, 'open', transit(authenticated(one)))],
    judge: ([opened = '']) => (opened === expected ? null : `the peer opened ours as ${opened}`),
  };
}

/** As it arrives when what stands behind AH does not change: our Destination Options stand there, scapy's before it. */
function transitOutside(packet: Uint8Array): Uint8Array {
  const split = must(splitOutbound(packet));
  const head = transit(packet).subarray(0, split.head.length);
  return must(join({ ...split, head }, split.nextHeader, split.payload));
}

function authenticated(one: AhCase): Uint8Array {
  const { out } = pairOf(one);
  const protocol = versionOf(one.packet) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  const around = { protocol, payload: one.packet, identification: 0 };
  const whole =
    one.mode === 'transport' ? one.packet : must(encapsulate(one.packet, out.source, out.destination, around));
  return authenticateOne(createTypescriptKernel(createSeeded('')), out, whole);
}

function judgeTheirs(one: AhCase, theirs: string): string | null {
  const packet = packetOf(theirs);
  if (packet === null) return `the peer authenticated nothing: ${theirs}`;
  const mine = verifiedByUs(one, transit(packet));
  // In transport mode the header that changed is the packet's own.
  const expected = toHex(one.mode === 'transport' ? transit(one.packet) : one.packet);
  return mine === expected ? null : `we opened theirs as ${mine}`;
}

/** The packet behind the AH, or in words why there is none. */
function verifiedByUs(one: AhCase, packet: Uint8Array): string {
  const split = splitInbound(packet, IpProtocol.AH);
  if (split === null) return 'no AH';
  const [result] = createTypescriptKernel(createSeeded('')).verify([{ sa: pairOf(one).into, split }]);
  if (result?.kind !== 'opened') return result?.kind ?? 'nothing';
  if (result.sequence !== one.sequence) return `number ${result.sequence}`;
  if (one.mode === 'transport') {
    return toHex(must(restore(packet, result.nextHeader, result.payload, IpProtocol.AH)));
  }
  // The ECN that a router marked meanwhile is no business of this test: the inner header is compared as it was sent.
  const inner = decapsulate(result.nextHeader, result.payload, dscpEcnOf(one.packet));
  return inner.kind === 'packet' ? toHex(inner.octets) : inner.kind;
}

function pairOf(one: AhCase) {
  const { integrity, mode, spi, source, destination, esn, integrityKey } = one;
  return beforeCase(one, ahPair(integrity.token, { mode, spi, source, destination, esn, integrityKey }));
}

function ahQuestion(one: AhCase, what: 'seal' | 'open', packet: Uint8Array) {
  return {
    ...questionOf(one, what, packet),
    auth: nameIn('scapy', one.integrity) ?? one.integrity.token,
    integrityKey: one.integrityKey,
  };
}
