import { createCipheriv, createHmac } from 'node:crypto';
import { parseAddress } from '../../../engine/wire/address.ts';
import { encodeEthernet, EtherType } from '../../../engine/wire/ethernet.ts';
import { encodeIcmpv4 } from '../../../engine/wire/icmpv4.ts';
import { encodeIcmpv6 } from '../../../engine/wire/icmpv6.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { encodeIpv4 } from '../../../engine/wire/ipv4.ts';
import { encodeIpv6 } from '../../../engine/wire/ipv6.ts';
import { espAlgorithm } from '../esp-algorithm.ts';
import type { EspSaKeys } from '../key-log.ts';
import type { CapturedPacket } from '../packet.ts';

/** Packets for tests, made without the engine: what a judge is tried on must not come from the judged. */
export const address = (text: string): Uint8Array => {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
};

export function ip(source: string, destination: string, protocol: number, payload: Uint8Array): Uint8Array {
  const ends = { source: address(source), destination: address(destination), payload };
  if (ends.source.length === 16)
    return encodeIpv6({ ...ends, trafficClass: 0, flowLabel: 0, nextHeader: protocol, hopLimit: 64 });
  const plain = {
    dscpEcn: 0,
    identification: 1,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    options: new Uint8Array(0),
  };
  return encodeIpv4({ ...plain, ...ends, protocol });
}

export function echo(
  source: string,
  destination: string,
  type: 'echoRequest' | 'echoReply' = 'echoRequest',
  data = new Uint8Array(56).fill(0x61),
): Uint8Array {
  const message = { type, identifier: 7, sequence: 1, data } as const;
  if (source.includes(':'))
    return ip(source, destination, IpProtocol.ICMPV6, encodeIcmpv6(message, address(source), address(destination)));
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
    encryptionKey: counting(algorithm.keyOctets + algorithm.saltOctets, 1),
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
  const high = Buffer.alloc(4);
  high.writeUInt32BE(Number(sequence >> 32n));
  const header = Buffer.alloc(8);
  header.writeUInt32BE(sa.spi, 0);
  header.writeUInt32BE(Number(sequence & 0xffff_ffffn), 4);
  const body = Buffer.concat([payload, Buffer.alloc(tfcOctets)]);
  const padLength = (algorithm.blockOctets - ((body.length + 2) % algorithm.blockOctets)) % algorithm.blockOctets;
  const padding = Array.from({ length: padLength }, (_, i) => i + 1);
  const plaintext = Buffer.concat([body, Buffer.from([...padding, padLength, nextHeader])]);
  const iv = Buffer.alloc(algorithm.ivOctets);
  iv.writeBigUInt64BE(sequence, algorithm.ivOctets - 8);
  const key = Buffer.from(sa.encryptionKey, 'hex');
  if (algorithm.integrity !== null) {
    const cipher = createCipheriv(`aes-${algorithm.keyOctets * 8}-cbc`, key, iv).setAutoPadding(false);
    const covered = Buffer.concat([header, iv, cipher.update(plaintext), cipher.final()]);
    const hmac = createHmac(algorithm.integrity.hash, Buffer.from(sa.integrityKey, 'hex')).update(covered);
    if (sa.esn) hmac.update(high);
    return new Uint8Array(Buffer.concat([covered, hmac.digest().subarray(0, algorithm.icvOctets)]));
  }
  const nonce = Buffer.concat([key.subarray(algorithm.keyOctets), iv]);
  const name = algorithm.kind === 'gcm' ? `aes-${algorithm.keyOctets * 8}-gcm` : 'chacha20-poly1305';
  const cipher = createCipheriv(name as 'chacha20-poly1305', key.subarray(0, algorithm.keyOctets), nonce, {
    authTagLength: 16,
  });
  const aad = sa.esn ? Buffer.concat([header.subarray(0, 4), high, header.subarray(4)]) : header;
  cipher.setAAD(aad, { plaintextLength: plaintext.length });
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return new Uint8Array(Buffer.concat([header, iv, ciphertext, cipher.getAuthTag()]));
}

/** A packet in tunnel mode, outer header included. */
export function sealedTunnel(sa: EspSaKeys, sequence: bigint, inner: Uint8Array, tfcOctets = 0): Uint8Array {
  const nextHeader = versionOf(inner) === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  return ip(sa.source, sa.destination, IpProtocol.ESP, seal(sa, sequence, nextHeader, inner, tfcOctets));
}

export const SUITES = [
  'aes128gcm16',
  'aes192gcm16',
  'aes256gcm16',
  'chacha20poly1305',
  ...['aes128', 'aes192', 'aes256'].flatMap(cipher => ['sha256', 'sha384', 'sha512'].map(hash => `${cipher}-${hash}`)),
];
