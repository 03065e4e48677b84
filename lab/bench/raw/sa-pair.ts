import { espSuite } from '../../../engine/crypto/esp-suite.ts';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { EspInboundSa, EspOutboundSa } from '../../../engine/ipsec/sa.ts';
import { createInboundSa, createOutboundSa, type EspSaInput } from '../../../engine/ipsec/sa-input.ts';

/** Both ends of one SA with fresh keys, as configuration would write it. */
export function createSaPair(
  suiteName: string,
  changes: Partial<EspSaInput>,
): { readonly out: EspOutboundSa; readonly into: EspInboundSa } {
  const suite = espSuite(suiteName);
  if (suite === null) throw new Error(suiteName);
  const random = createSystemRandom();
  const key = (octets: number): string => Buffer.from(random.bytes(octets)).toString('hex');
  const input: EspSaInput = {
    policy: 'tunnel',
    spi: 0x1000,
    mode: 'tunnel',
    source: '1.2.3.4',
    destination: '5.6.7.8',
    suite: suiteName,
    encryptionKey: key(suite.encryption.keyOctets + suite.encryption.saltOctets),
    integrityKey: key(suite.integrity?.keyOctets ?? 0),
    esn: true,
    windowPackets: 64,
    ...changes,
  };
  return { out: createOutboundSa(input, 0), into: createInboundSa(input, 0) };
}
