import { encryptionAlgorithms } from '../../../engine/crypto/encryption.ts';
import { combineEsp } from '../../../engine/crypto/esp-suite.ts';
import { integrityAlgorithm, integrityAlgorithms } from '../../../engine/crypto/integrity.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { IpsecKernel } from '../../../engine/ipsec/kernel.ts';
import type { EspInboundSa, EspOutboundSa } from '../../../engine/ipsec/sa.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createSaPair } from './sa-pair.ts';

/** What the kernel alone does with the packets of one SA, in batches as a node hands them over. */
export interface EspRate {
  readonly suite: string;
  readonly payloadOctets: number;
  readonly sealedPerSecond: number;
  readonly openedPerSecond: number;
}

const BATCH_PACKETS = 64;
/** So many packets are sealed, then opened, then again: the receiver never sees one twice. */
const ROUND_PACKETS = 16 * BATCH_PACKETS;

/** Each encryption algorithm once, with HMAC-SHA-256 where it needs one, and each integrity algorithm once, with NULL. */
export function benchedSuites(): string[] {
  const sha256 = integrityAlgorithm('sha256');
  const nothing = encryptionAlgorithms().find(({ kind }) => kind === 'null');
  const found = [
    ...encryptionAlgorithms().map(encryption => combineEsp(encryption, encryption.aead ? null : sha256)),
    ...integrityAlgorithms().flatMap(one => (nothing === undefined ? [] : [combineEsp(nothing, one)])),
  ];
  return [...new Set(found.flatMap(one => (one.kind === 'suite' ? [one.suite.name] : [])))];
}

/** For about twice `seconds`. */
export function measureEsp(suite: string, payloadOctets: number, seconds: number): EspRate {
  const random = createSystemRandom();
  const kernel = createTypescriptKernel(random);
  const payload = random.bytes(payloadOctets);
  const pair = createSaPair(suite, { windowPackets: 64 });
  sealAndOpen(kernel, pair, payload); // compiles, and makes the keys
  let [packets, sealing, opening] = [0, 0n, 0n];
  while (Number(sealing + opening) < 2e9 * seconds) {
    const times = sealAndOpen(kernel, pair, payload);
    packets += ROUND_PACKETS;
    sealing += times.sealing;
    opening += times.opening;
  }
  const perSecond = (time: bigint): number => packets / (Number(time) / 1e9);
  return { suite, payloadOctets, sealedPerSecond: perSecond(sealing), openedPerSecond: perSecond(opening) };
}

function sealAndOpen(
  kernel: IpsecKernel,
  { out, into }: { readonly out: EspOutboundSa; readonly into: EspInboundSa },
  payload: Uint8Array,
): { readonly sealing: bigint; readonly opening: bigint } {
  const jobs = Array.from({ length: BATCH_PACKETS }, () => ({ sa: out, nextHeader: 4, payload }));
  const packets: Uint8Array[] = [];
  const started = process.hrtime.bigint();
  while (packets.length < ROUND_PACKETS) {
    for (const result of kernel.seal(jobs)) {
      if (result.kind === 'sealed') packets.push(result.esp);
    }
  }
  const sealed = process.hrtime.bigint();
  let opened = 0;
  for (let from = 0; from < packets.length; from += BATCH_PACKETS) {
    const batch = packets.slice(from, from + BATCH_PACKETS).map(esp => ({ sa: into, esp }));
    for (const result of kernel.open(batch)) if (result.kind === 'opened') opened += 1;
  }
  const ended = process.hrtime.bigint();
  if (opened !== ROUND_PACKETS) throw new Error(`${out.suite.name}: ${opened} of ${ROUND_PACKETS} packets opened`);
  return { sealing: sealed - started, opening: ended - sealed };
}
