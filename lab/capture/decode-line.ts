import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { describeFrame, describePacket } from './describe.ts';
import type { Opening } from './opener.ts';
import type { CapturedPacket } from './packet.ts';

/** `14:03:07.020001 alice:net0  1.2.3.4 > 5.6.7.8: ESP spi 0x00001000 seq 1, 120 octets`; the time of day is UTC. */
export function decodeLine(packet: CapturedPacket): string {
  return `${timeOfDay(packet.at)} ${packet.from}  ${describeFrame(packet.octets)}`;
}

/** What a layer of ESP holds, or what AH is worth: `inside: 10.0.0.2 > 10.0.1.2: ICMP echo request …`, or why that cannot be said. */
export function describeOpening(opening: Opening): string {
  switch (opening.kind) {
    case 'opened': {
      if (opening.inner !== null) return `inside: ${describePacket(opening.inner)}`;
      const { nextHeader, payload } = opening.contents;
      const what = nextHeader === IpProtocol.NO_NEXT ? 'a dummy packet' : `next header ${nextHeader}`;
      return `inside: ${what}, ${payload.length} octets`;
    }
    case 'unknownSa':
      return `not decrypted: no key for SPI ${formatSpi(opening.spi)}`;
    case 'rejected':
      return `not decrypted: ${opening.why}`;
    case 'verified':
      return `authentic: ${opening.contents.sa.suite}, sequence number ${opening.contents.fullSequence}`;
    case 'unverified':
      return `not authentic: ${opening.why}`;
  }
}

/** Microseconds, as tcpdump has it. */
function timeOfDay(at: bigint): string {
  const us = (at / 1000n) % 86_400_000_000n;
  const [seconds, fraction] = [us / 1_000_000n, String(us % 1_000_000n).padStart(6, '0')];
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

const two = (value: bigint): string => String(value).padStart(2, '0');
