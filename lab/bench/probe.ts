import { setU16, setU32, u16At, u32At } from '../../engine/wire/octets.ts';
import type { Instant } from '../../engine/wire/instant.ts';

/**
 * What the generator writes at the beginning of each UDP payload, big-endian, so that the receiver counts and need not infer:
 *
 *     0              2              4                            8
 *     |  4c42 "LB"   |    Trial     |      Sequence Number       |
 *     |                      Sent at (ns)                        |
 *
 * Sequence numbers count from 0 in each trial. The time is the sender's monotonic clock, as far as a safe integer goes. 16 octets
 * fit into the smallest Ethernet frame under IPv4 and UDP; what a larger packet has more is filler.
 */
export interface Probe {
  /** Which trial of the run, so that what an earlier one left on its way is not counted in the next; modulo 2^16. */
  readonly trial: number;
  readonly sequence: number;
  readonly sentAt: Instant;
}

export const PROBE_OCTETS = 16;
/** Where the time stands, 8 octets: for whoever can write it later than `stampProbe`. */
export const PROBE_TIME_AT = 8;
const MAGIC = 0x4c42;
const TRIALS = 2 ** 16;
const SEQUENCES = 2 ** 32;

/** The payload of a trial's packets: one array, which `stampProbe` makes the next packet of. The filler is not to be compressed away. */
export function createProbe(octets: number, trial: number): Uint8Array {
  if (octets < PROBE_OCTETS) throw new Error(`no probe fits into ${octets} octets`);
  const payload = new Uint8Array(octets);
  setU16(payload, 0, MAGIC);
  setU16(payload, 2, trial % TRIALS);
  for (let at = PROBE_OCTETS; at < octets; at++) payload[at] = (Math.imul(at, 0x9e3779b1) >>> 13) & 0xff;
  return payload;
}

/** In place: the generator makes no object a packet. */
export function stampProbe(payload: Uint8Array, sequence: number, sentAt: Instant): void {
  if (!(sequence >= 0 && sequence < SEQUENCES)) throw new Error(`there is no sequence number ${sequence}`);
  setU32(payload, 4, sequence);
  setU32(payload, 8, Math.floor(sentAt / SEQUENCES));
  setU32(payload, 12, sentAt % SEQUENCES);
}

/** null where the payload is not one of the generator's: strangers' packets are not counted, and not an error. */
export function readProbe(payload: Uint8Array): Probe | null {
  if (payload.length < PROBE_OCTETS || u16At(payload, 0) !== MAGIC) return null;
  const sentAt = u32At(payload, 8) * SEQUENCES + u32At(payload, 12);
  if (!Number.isSafeInteger(sentAt)) return null;
  return { trial: u16At(payload, 2), sequence: u32At(payload, 4), sentAt };
}
