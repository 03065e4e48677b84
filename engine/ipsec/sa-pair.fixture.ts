import { espSuite } from '../crypto/esp-suite.ts';
import type { EspInboundSa, EspOutboundSa } from './sa.ts';
import { createInboundSa, createOutboundSa, type SaInput } from './sad.ts';

/** For tests: an SA as configuration writes it, with keys 01 02 03… of the right length. */
export function saInput(suiteName: string, changes: Partial<SaInput> = {}): SaInput {
  const suite = espSuite(suiteName);
  if (suite === null) throw new Error(suiteName);
  return {
    policy: 'p',
    spi: 0x1234_5678,
    mode: 'tunnel',
    source: '192.0.2.1',
    destination: '198.51.100.1',
    suite: suiteName,
    encryptionKey: countingHex(suite.encryption.keyOctets + suite.encryption.saltOctets, 1),
    integrityKey: countingHex(suite.integrity?.keyOctets ?? 0, 0x81),
    esn: false,
    windowPackets: 64,
    ...changes,
  };
}

/** For tests: both ends of one SA. */
export function saPair(suiteName: string, changes: Partial<SaInput> = {}): { out: EspOutboundSa; into: EspInboundSa } {
  const input = saInput(suiteName, changes);
  return { out: createOutboundSa(input, 0), into: createInboundSa(input, 0) };
}

function countingHex(octets: number, first: number): string {
  return Buffer.from(Array.from({ length: octets }, (_, i) => first + i)).toString('hex');
}
