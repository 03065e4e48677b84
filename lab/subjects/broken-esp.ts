import { appendTrailer } from '../../engine/ipsec/esp-trailer.ts';
import { protectPacket, unprotectPacket } from '../../engine/ipsec/esp-packet.ts';
import { headerChecksum } from '../../engine/wire/checksum.ts';
import { setU16, setU32, u16At, u32At } from '../../engine/wire/octets.ts';
import { kernelSubject } from './build.ts';
import { decryptUnverified } from './unverified.ts';
import type { Subject } from './subject.ts';

const NO_NEXT = 59;
const DSTOPTS = 60;

/** Those that do one thing wrong inside of ESP, RFC 4303. */
export const BROKEN_ESP: readonly Subject[] = [
  kernelSubject('skips-encryption', 'sends the payload as it is, behind a well-formed ESP header', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const esp = protectPacket(sa, sequence, iv, plaintext);
      esp.set(plaintext, 8 + iv.length);
      return esp;
    },
  })),
  kernelSubject('reuses-iv', 'uses one IV for all packets of an SA', () => ({
    iv: sa => new Uint8Array(sa.suite.encryption.ivOctets).fill(1),
  })),
  kernelSubject('wrong-icv', 'ends each packet with a wrong ICV', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const esp = protectPacket(sa, sequence, iv, plaintext);
      esp[esp.length - 1] = (esp.at(-1) ?? 0) ^ 0x80;
      return esp;
    },
  })),
  kernelSubject('icv-over-plaintext', 'computes the ICV before it encrypts', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const right = protectPacket(sa, sequence, iv, plaintext);
      const early = protectPacket(
        sa,
        sequence,
        iv,
        plaintext.map(octet => octet ^ 1),
      );
      const icvAt = 8 + iv.length + plaintext.length;
      right.set(early.subarray(icvAt), icvAt);
      return right;
    },
  })),
  kernelSubject('aad-without-sequence', 'leaves the sequence number out of what its ICV covers', () => ({
    protect: (sa, sequence, iv, plaintext) => {
      const esp = protectPacket(sa, 0n, iv, plaintext);
      setU32(esp, 4, Number(sequence & 0xffff_ffffn));
      return esp;
    },
  })),
  kernelSubject('wants-counting-ivs', 'refuses an IV that does not count up from a small number', () => ({
    unprotect: (sa, sequence, esp) => (u32At(esp, 8) === 0 ? unprotectPacket(sa, sequence, esp) : null),
  })),
  kernelSubject('pads-to-sixteen', 'pads to 16 octets whatever the cipher asks for', () => ({
    appendTrailer: (payload, nextHeader) => appendTrailer(payload, nextHeader, 16),
  })),
  kernelSubject('random-padding', 'pads with anything', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => {
      const plaintext = appendTrailer(payload, nextHeader, blockOctets);
      return plaintext.fill(0xaa, payload.length, plaintext.length - 2);
    },
  })),
  kernelSubject('zero-spi', 'sends SPI 0', () => ({
    protect: (sa, sequence, iv, plaintext) => protectPacket({ ...sa, spi: 0 }, sequence, iv, plaintext),
  })),
  kernelSubject('stuck-sequence', 'sends sequence number 1 for ever', () => ({ takeSequence: () => 1n })),
  kernelSubject('cycles-sequence', 'begins again behind the last sequence number', () => ({
    takeSequence: sa => {
      sa.sequence = BigInt.asUintN(sa.esn ? 64 : 32, sa.sequence + 1n);
      return sa.sequence;
    },
  })),
  kernelSubject('esn-icv-without-high', 'leaves the upper half of extended sequence numbers out of the ICV', () => ({
    protect: (sa, sequence, iv, plaintext) => protectPacket({ ...sa, esn: false }, sequence, iv, plaintext),
    unprotect: (sa, sequence, esp) => unprotectPacket({ ...sa, esn: false }, sequence, esp),
  })),
  kernelSubject('wrong-next-header', 'says IPv6 for IPv4 and the reverse', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => appendTrailer(payload, nextHeader === 4 ? 41 : 4, blockOctets),
  })),
  kernelSubject('rewrites-inner', 'sets the inner TTL to 64', () => ({
    appendTrailer: (payload, nextHeader, blockOctets) => {
      const plaintext = appendTrailer(payload, nextHeader, blockOctets);
      plaintext[8] = 64;
      return plaintext;
    },
  })),
  kernelSubject('skips-icv-check', 'decrypts without verifying', () => ({ unprotect: decryptUnverified })),
  afterOpening('ignores-padding', 'believes any padding', withLegalPadding),
  afterOpening('refuses-extra-padding', 'refuses more than 15 octets of padding', plaintext =>
    (plaintext.at(-2) ?? 0) > 15 ? null : plaintext,
  ),
  afterOpening('next-header-by-guess', 'looks at the first octet of the payload instead of Next Header', plaintext => {
    const version = (plaintext[0] ?? 0) >> 4;
    if (version === 4 || version === 6) plaintext[plaintext.length - 1] = version === 4 ? 4 : 41;
    return plaintext;
  }),
  afterOpening('delivers-dummies', 'takes what a dummy holds for a packet', plaintext => {
    if (plaintext.at(-1) === NO_NEXT && (plaintext[0] ?? 0) >> 4 === 4) plaintext[plaintext.length - 1] = 4;
    return plaintext;
  }),
  afterOpening('drops-options-inside', 'refuses Destination Options that stand inside of ESP', plaintext =>
    plaintext.at(-1) === DSTOPTS ? null : plaintext,
  ),
  afterOpening('drops-inner-icmp', 'lets no ICMP come out of an SA', plaintext =>
    upperOf(plaintext) === 1 || upperOf(plaintext) === 58 ? null : plaintext,
  ),
  afterOpening('refuses-inner-fragments', 'lets no fragments come out of an SA', plaintext => {
    const isIpv4Fragment = plaintext.at(-1) === 4 && (u16At(plaintext, 6) & 0x3fff) !== 0;
    return isIpv4Fragment || upperOf(plaintext) === 44 ? null : plaintext;
  }),
  afterOpening(
    'forgives-tiny-offsets',
    'takes fragments at offset 8 for ones that are far from the header',
    plaintext => {
      if (plaintext.at(-1) === 4 && (u16At(plaintext, 6) & 0x1fff) === 1) {
        setU16(plaintext, 6, 16);
        setU16(plaintext, 10, 0);
        setU16(plaintext, 10, headerChecksum(plaintext, 0, 20));
      }
      return plaintext;
    },
  ),
  afterOpening('refuses-tfc', 'refuses a payload that is longer than the packet in it', plaintext => {
    const payloadOctets = plaintext.length - 2 - (plaintext.at(-2) ?? 0);
    return plaintext.at(-1) === 4 && u16At(plaintext, 2) !== payloadOctets ? null : plaintext;
  }),
  afterOpening('keeps-tfc', 'takes TFC padding for a part of the packet', plaintext => {
    const payloadOctets = plaintext.length - 2 - (plaintext.at(-2) ?? 0);
    if (plaintext.at(-1) === 4) setU16(plaintext, 2, payloadOctets);
    return plaintext;
  }),
];

/** Protocol, or Next Header, of the packet that a tunnel brought. */
const upperOf = (plaintext: Uint8Array): number => (plaintext.at(-1) === 4 ? plaintext[9] : plaintext[6]) ?? 0;

/** One that verifies and decrypts as it should, and then does something to the plaintext, trailer included; null: refuses it. */
function afterOpening(name: string, fault: string, change: (plaintext: Uint8Array) => Uint8Array | null): Subject {
  return kernelSubject(name, fault, () => ({
    unprotect: (sa, sequence, esp) => {
      const plaintext = unprotectPacket(sa, sequence, esp);
      return plaintext === null ? null : change(plaintext);
    },
  }));
}

/** The plaintext of someone who does not look: impossible lengths become 0, wrong pad octets right ones. */
function withLegalPadding(plaintext: Uint8Array): Uint8Array {
  const claimed = plaintext.at(-2) ?? 0;
  const octets = claimed > plaintext.length - 2 ? 0 : claimed;
  plaintext[plaintext.length - 2] = octets;
  for (let index = 0; index < octets; index++) plaintext[plaintext.length - 2 - octets + index] = index + 1;
  return plaintext;
}
