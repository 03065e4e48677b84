import type { Random } from '../crypto/random.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import type { SealJob } from './kernel.ts';
import type { EspOutboundSa } from './sa.ts';

/**
 * A packet that carries nothing, RFC 4303 §2.6: `payloadOctets` of noise under Next Header 59 (no next header), which the
 * receiver throws away once it was authenticated. What an observer sees is a packet like any other of that length.
 */
export function dummyPacket(sa: EspOutboundSa, payloadOctets: number, random: Random): SealJob {
  return { sa, nextHeader: IpProtocol.NO_NEXT, payload: random.bytes(payloadOctets) };
}
