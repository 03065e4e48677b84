import { ahOctets, encodeAhHeader } from '../../../engine/wire/ah.ts';
import { encodeEthernet, EtherType } from '../../../engine/wire/ethernet.ts';
import { encodeIcmpv4 } from '../../../engine/wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../../engine/wire/icmpv6.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4 } from '../../../engine/wire/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../../../engine/wire/ipv6.ts';
import { walkExtensions } from '../../../engine/wire/ipv6-extension.ts';
import { addressOf } from '../../../engine/wire/testing/must.ts';
import { packet4, packet6 } from '../../../engine/wire/testing/packets.ts';
import { coveredHeaders } from '../ah-coverage.ts';
import { integrity } from '../crypto/integrity.ts';
import { espAlgorithm } from '../esp-algorithm.ts';
import { cipherInput, u32 } from '../esp-crypto.ts';
import type { EspSaKeys } from '../key-log.ts';
import type { CapturedPacket } from '../packet.ts';

/** Packets for tests, made without the engine: what a judge is tried on must not come from the judged. */
export function ip(source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
  const ends = { source: addressOf(source), destination: addressOf(destination) };
  return ends.source.length === 16
    ? packet6(payload, { ...ends, nextHeader: protocol })
    : packet4(payload, { ...ends, protocol });
}

export function echo(
  source: string,
  destination: string,
  type: 'echoRequest' | 'echoReply' = 'echoRequest',
  data = new Uint8Array(56).fill(0x61),
): Uint8Array {
  const message = { type, identifier: 7, sequence: 1, data } as const;
  if (source.includes(':'))
    return ip(source, destination, IpProtocol.ICMPV6, encodeIcmpv6(message, addressOf(source), addressOf(destination)));
  return ip(source, destination, IpProtocol.ICMP, encodeIcmpv4(message));
}

export const tunnelled = (source: string, destination: string, inner: Uint8Array): Uint8Array =>
  ip(source, destination, versionOf(inner) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6, inner);

const versionOf = (packet: Uint8Array): number => (packet[0] ?? 0) >> 4;

export function frame(packet: Uint8Array): Uint8Array {
  const etherType = versionOf(packet) === 4 ? EtherType.IPV4 : EtherType.IPV6;
  return encodeEthernet({
    destination: Uint8Array.of(2, 0, 0, 0, 0, 2),
    source: Uint8Array.of(2, 0, 0, 0, 0, 1),
    etherType,
    payload: packet,
  });
}

export const captured = (octets: Uint8Array, over: Partial<CapturedPacket> = {}): CapturedPacket => ({
  link: 'wan',
  from: 'alice:net0',
  at: 1_767_225_600_000_000_000n,
  octets,
  ...over,
});

/** Keys that count up: no secret, and the same in each run. */
export function saFor(suite: string, over: Partial<EspSaKeys> = {}): EspSaKeys {
  const algorithm = espAlgorithm(suite);
  if (algorithm === null) throw new Error(`no suite ${suite}`);
  return {
    source: '1.2.3.4',
    destination: '5.6.7.8',
    spi: 0x1000_0001,
    suite,
    encryptionKey: counting(algorithm.cipher.keyOctets + algorithm.cipher.saltOctets, 1),
    integrityKey: counting(algorithm.integrity?.keyOctets ?? 0, 101),
    esn: false,
    ...over,
  };
}

const counting = (octets: number, from: number): string =>
  Buffer.from(Array.from({ length: octets }, (_, i) => (from + i) & 255)).toString('hex');

/** ESP from the SPI to the ICV, RFC 4303 §2. `tfcOctets` of zeros follow the payload. */
export function seal(
  sa: EspSaKeys,
  sequence: bigint,
  nextHeader: number,
  payload: Uint8Array,
  tfcOctets = 0,
): Uint8Array {
  const algorithm = espAlgorithm(sa.suite);
  if (algorithm === null) throw new Error(`no suite ${sa.suite}`);
  const { cipher, integrity } = algorithm;
  const high = Number(sequence >> 32n);
  const header = Buffer.concat([u32(sa.spi), u32(Number(sequence & 0xffff_ffffn))]);
  const body = Buffer.concat([payload, Buffer.alloc(tfcOctets)]);
  const padLength = (cipher.blockOctets - ((body.length + 2) % cipher.blockOctets)) % cipher.blockOctets;
  const padding = Array.from({ length: padLength }, (_, i) => i + 1);
  const plaintext = Buffer.concat([body, Buffer.from([...padding, padLength, nextHeader])]);
  const iv = Buffer.alloc(cipher.ivOctets);
  if (iv.length > 0) iv.writeBigUInt64BE(sequence, iv.length - 8);
  const keys = {
    algorithm,
    encryptionKey: Buffer.from(sa.encryptionKey, 'hex'),
    integrityKey: Buffer.from(sa.integrityKey, 'hex'),
  };
  const input = cipherInput({ header, iv, ciphertext: plaintext }, keys, sa.esn ? high : null);
  const { ciphertext, tag } = cipher.encrypt(input);
  const sealed = Buffer.concat([header, iv, ciphertext]);
  const covered = sa.esn ? Buffer.concat([sealed, u32(high)]) : sealed;
  const icv = integrity === null ? tag : integrity.icv(keys.integrityKey, covered, new Uint8Array(0));
  return new Uint8Array(Buffer.concat([sealed, icv]));
}

/** A packet in tunnel mode, outer header included. */
export function sealedTunnel(sa: EspSaKeys, sequence: bigint, inner: Uint8Array, tfcOctets = 0): Uint8Array {
  const nextHeader = versionOf(inner) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  return ip(sa.source, sa.destination, IpProtocol.ESP, seal(sa, sequence, nextHeader, inner, tfcOctets));
}

/** The same of an SA of AH. */
export function ahKeys(name: string, over: Partial<EspSaKeys> = {}): EspSaKeys {
  const algorithm = integrity(name);
  if (algorithm === null) throw new Error(`no algorithm ${name}`);
  const integrityKey = counting(algorithm.keyOctets + algorithm.saltOctets, 51);
  return { ...saFor('null-sha256', { spi: 0x3000_0001, integrityKey, ...over }), protocol: 'ah', suite: name };
}

/** A whole packet with AH behind its headers (behind all of them in IPv6), RFC 4302 §3.3. */
export function authenticated(sa: EspSaKeys, sequence: bigint, packet: Uint8Array): Uint8Array {
  const algorithm = integrity(sa.suite);
  if (algorithm === null) throw new Error(`no algorithm ${sa.suite}`);
  const { ivOctets, icvOctets } = algorithm;
  const isVersion4 = versionOf(packet) === 4;
  const length = ahOctets(ivOctets + icvOctets, isVersion4 ? 4 : 6);
  const [v4, v6] = isVersion4 ? [decodeIpv4(packet), null] : [null, decodeIpv6(packet)];
  const chain = v6 === null ? null : walkExtensions(v6);
  const ahAt = v4 === null ? 40 + (chain?.upperOffset ?? 0) : 20 + v4.options.length;
  const nextHeader = v4?.protocol ?? chain?.upperProtocol ?? 0;
  const icv = Buffer.alloc(length - 12);
  if (ivOctets > 0) icv.writeBigUInt64BE(sequence);
  const ah = encodeAhHeader({ nextHeader, spi: sa.spi, sequence: Number(sequence & 0xffff_ffffn), icv });
  const payload = Buffer.concat([packet.subarray(v4 === null ? 40 : ahAt, ahAt), ah, packet.subarray(ahAt)]);
  const last = chain?.headers.at(-1);
  if (last !== undefined) payload[last.offset] = IpProtocol.AH;
  const whole =
    v6 === null
      ? encodeIpv4({ ...decodeIpv4(packet), protocol: IpProtocol.AH, payload })
      : encodeIpv6({ ...v6, nextHeader: last === undefined ? IpProtocol.AH : v6.nextHeader, payload });
  const headers = coveredHeaders(whole, ahAt);
  if (headers === null) throw new Error('headers of no known end');
  const covered = [headers, whole.subarray(ahAt), ...(sa.esn ? [u32(Number(sequence >> 32n))] : [])];
  const material = Buffer.from(sa.integrityKey, 'hex');
  whole.set(algorithm.icv(material, Buffer.concat(covered), icv.subarray(0, ivOctets)), ahAt + 12 + ivOctets);
  return whole;
}

const AEADS = [
  ...['gcm8', 'gcm12', 'gcm16', 'gcm16iiv', 'ccm8', 'ccm12', 'ccm16', 'ccm8iiv', 'gmac'].flatMap(mode =>
    [128, 192, 256].map(bits => `aes${bits}${mode}`),
  ),
  'chacha20poly1305',
  'chacha20poly1305iiv',
];
const AES_ALONE = ['aes128', 'aes192', 'aes256', 'aes128ctr', 'aes192ctr', 'aes256ctr'];
const CIPHERS = AES_ALONE.concat('camellia128', 'camellia192', 'camellia256', '3des', 'des', 'null');
const MACS = ['md5', 'md5_128', 'sha1', 'sha1_160', 'sha256', 'sha256_96', 'sha384', 'sha512', 'aesxcbc', 'aescmac'];

/** Every AEAD, every cipher with one integrity algorithm, and AES-CBC with every integrity algorithm. */
export const SUITES: readonly string[] = [
  ...AEADS,
  ...CIPHERS.map(cipher => `${cipher}-sha256`),
  ...MACS.filter(mac => mac !== 'sha256').map(mac => `aes128-${mac}`),
  'aes256-sha384',
  'aes256-sha512',
  'null-sha1',
];

/** Those that hide nothing. */
export const OPEN_SUITES: readonly string[] = SUITES.filter(suite => /^(?:null-|aes\d+gmac$)/.test(suite));
export const CLOSED_SUITES: readonly string[] = SUITES.filter(suite => !OPEN_SUITES.includes(suite));
