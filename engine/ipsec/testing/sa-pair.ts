import { ahSuite, integrityKeyOctets } from '../../crypto/ah-suite.ts';
import { espSuite } from '../../crypto/esp-suite.ts';
import type { AhInboundSa, AhOutboundSa, EspInboundSa, EspOutboundSa } from '../sa.ts';
import { createInboundSa, createOutboundSa, type EspSaInput, type SaInput } from '../sa-input.ts';

/** For tests: an SA as configuration writes it, with keys 01 02 03… of the right length. */
export function saInput(suiteName: string, changes: Partial<EspSaInput> = {}): EspSaInput {
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
export function saPair(
  suiteName: string,
  changes: Partial<EspSaInput> = {},
): { out: EspOutboundSa; into: EspInboundSa } {
  const input = saInput(suiteName, changes);
  return { out: createOutboundSa(input, 0), into: createInboundSa(input, 0) };
}

/** For tests: both ends of an SA of AH. */
export function ahPair(integrity: string, changes: Partial<SaInput> = {}): { out: AhOutboundSa; into: AhInboundSa } {
  const suite = ahSuite(integrity);
  if (suite === null) throw new Error(integrity);
  const input: SaInput = {
    ...saInput('aes128-sha256', { encryptionKey: '', integrityKey: countingHex(integrityKeyOctets(suite), 0x81) }),
    ...changes,
    protocol: 'ah',
    suite: integrity,
  };
  const [out, into] = [createOutboundSa(input, 0), createInboundSa(input, 0)];
  if (out.protocol !== 'ah' || into.protocol !== 'ah') throw new Error('not AH');
  return { out, into };
}

function countingHex(octets: number, first: number): string {
  return Buffer.from(Array.from({ length: octets }, (_, i) => first + i)).toString('hex');
}
