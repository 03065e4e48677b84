import { encodePayloads } from '../../../engine/wire/ike/codec.ts';
import { type FragmentPlace, sealedMessage } from '../../../engine/wire/ike/encrypted.ts';
import type { IkeHeader } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { encodeUdp } from '../../../engine/wire/udp.ts';
import { withNonEspMarker } from '../../../engine/wire/udp-encapsulation.ts';
import { addressOf } from '../../../engine/wire/testing/must.ts';
import { espAlgorithm } from '../esp-algorithm.ts';
import type { IkeSaKeys } from '../key-log.ts';
import { ip } from './seal.ts';

/** Keys that count up: no secret, and the same in each run. */
export function ikeKeysFor(encryption: string, integrity: string | null, over: Partial<IkeSaKeys> = {}): IkeSaKeys {
  const algorithm = espAlgorithm(integrity === null ? encryption : `${encryption}-${integrity}`);
  if (algorithm === null) throw new Error(`no suite ${encryption} ${integrity}`);
  const { cipher } = algorithm;
  const [e, a] = [cipher.keyOctets + cipher.saltOctets, algorithm.integrity?.keyOctets ?? 0];
  return {
    version: 2,
    initiatorSpi: '0123456789abcdef',
    responderSpi: 'fedcba9876543210',
    encryption,
    integrity,
    skEi: counting(e, 1),
    skEr: counting(e, 51),
    skAi: counting(a, 101),
    skAr: counting(a, 151),
    ...over,
  };
}

const counting = (octets: number, from: number): string =>
  Buffer.from(Array.from({ length: octets }, (_, i) => (from + i) & 255)).toString('hex');

export const ikeHeader = (sa: IkeSaKeys, over: Partial<IkeHeader> = {}): IkeHeader => ({
  initiatorSpi: sa.initiatorSpi,
  responderSpi: sa.responderSpi,
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 35,
  isInitiator: true,
  isResponse: false,
  higherVersion: false,
  messageId: 1,
  ...over,
});

/** A message of IKE with `payloads` in SK. */
export function sealedIke(sa: IkeSaKeys, header: IkeHeader, payloads: readonly Payload[]): Uint8Array {
  const { first, octets } = encodePayloads(payloads);
  return sealedPart(sa, header, first, octets, null);
}

/** The same in SKF, so many octets of plaintext in each, RFC 7383 §2.5. */
export function sealedFragments(
  sa: IkeSaKeys,
  header: IkeHeader,
  payloads: readonly Payload[],
  octetsEach: number,
): Uint8Array[] {
  const { first, octets } = encodePayloads(payloads);
  const total = Math.ceil(octets.length / octetsEach);
  return Array.from({ length: total }, (_, i) => {
    const piece = octets.subarray(i * octetsEach, (i + 1) * octetsEach);
    return sealedPart(sa, header, i === 0 ? first : 0, piece, { number: i + 1, total });
  });
}

function sealedPart(
  sa: IkeSaKeys,
  header: IkeHeader,
  firstPayload: number,
  plaintext: Uint8Array,
  fragment: FragmentPlace | null,
): Uint8Array {
  const algorithm = espAlgorithm(sa.integrity === null ? sa.encryption : `${sa.encryption}-${sa.integrity}`);
  if (algorithm === null) throw new Error(`no suite ${sa.encryption} ${sa.integrity}`);
  const { cipher, integrity, icvOctets } = algorithm;
  const [encryption, mac] = header.isInitiator ? [sa.skEi, sa.skAi] : [sa.skEr, sa.skAr];
  const key = Buffer.from(encryption, 'hex');
  const block = cipher.blockOctets <= 4 ? 1 : cipher.blockOctets;
  const padding = (block - ((plaintext.length + 1) % block)) % block;
  const text = Buffer.concat([plaintext, new Uint8Array(padding), Uint8Array.of(padding)]);
  const iv = new Uint8Array(cipher.ivOctets).fill(0x77);
  const bodyOctets = iv.length + text.length + icvOctets;
  const covered = sealedMessage(header, { firstPayload, bodyOctets, fragment });
  const salt = key.subarray(cipher.keyOctets);
  const { ciphertext, tag } = cipher.encrypt({ key: key.subarray(0, cipher.keyOctets), salt, iv, aad: covered, text });
  const all = Buffer.concat([covered, iv, ciphertext]);
  const icv = integrity === null ? tag : integrity.icv(Buffer.from(mac, 'hex'), all, new Uint8Array(0));
  return new Uint8Array(Buffer.concat([all, icv]));
}

/** In UDP port 500, or in port 4500 behind the marker. */
export function ikePacket(
  source: string,
  destination: string,
  message: Uint8Array,
  port: 500 | 4500 = 500,
): Uint8Array {
  const payload = port === 500 ? message : withNonEspMarker(message);
  const ends = [addressOf(source), addressOf(destination)] as const;
  return ip(source, destination, 17, encodeUdp({ sourcePort: port, destinationPort: port, payload }, ...ends));
}
