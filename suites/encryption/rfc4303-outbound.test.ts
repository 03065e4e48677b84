import { clause } from '../clause.ts';
import { clearOf, espFrom, everyEsp, wholePackets } from '../tester/esp-seen.ts';
import { marker } from '../tester/frames.ts';
import { judge, require } from '../tester/judgement.ts';
import { a1ToB1 } from '../tester/traffic.ts';

/** One of each way to encrypt and authenticate: an AEAD of counter mode, CBC with HMAC, ChaCha20. */
const FAMILIES = ['aes256gcm16', 'aes128-sha256', 'chacha20poly1305'] as const;

for (const esp of FAMILIES) {
  clause(
    `rfc4303-3.1-confidentiality[${esp}]`,
    {
      level: 'MUST',
      text: 'What a protected packet says cannot be read on the wire',
      scenario:
        'a1 sends b1 packets full of a known text; no frame on either side of the gateway’s wan may hold any of it.',
      brokenBy: 'skips-encryption',
      esp,
    },
    async scene => {
      await a1ToB1(scene, { payloads: [marker(64), marker(700), marker(1300)] });
      const readable = scene.packets({ link: 'wan' }).find(packet => holds(packet.octets, 'QUICK BROWN'));
      if (readable !== undefined) scene.cite(readable, 'the text of a1 can be read', 'Protected part', 'Data');
      judge(readable === undefined, 'the payload is readable on wan');
      require(scene
        .packets({ link: 'lan-b' })
        .find(packet => holds(packet.octets, 'QUICK BROWN')), 'the text did not reach b1');
      for (const esp of everyEsp(scene).slice(0, 1))
        scene.cite(esp.packet, 'the same packet as ciphertext', 'Protected part');
    },
  );

  clause(
    `rfc4303-2.8-icv[${esp}]`,
    {
      level: 'MUST',
      text: 'The Integrity Check Value of every packet verifies under the key of its SA',
      scenario: 'a1 sends b1 packets of all lengths modulo the block; the tester recomputes every ICV on wan.',
      brokenBy: 'wrong-icv',
      esp,
    },
    async scene => {
      await a1ToB1(scene, { payloads: Array.from({ length: 17 }, (_, index) => marker(40 + index)) });
      for (const esp of everyEsp(scene)) {
        if (!esp.icvIsRight) scene.cite(esp.packet, 'the ICV does not verify', 'Protected part');
        judge(esp.icvIsRight, `the ICV of SPI ${hex(esp.spi)} sequence ${esp.sequence} does not verify`);
      }
    },
  );

  clause(
    `rfc4303-2.3-iv-unique[${esp}]`,
    {
      level: 'MUST',
      text: 'No two packets under one key carry the same IV',
      scenario: 'a1 sends b1 the same packet 64 times; the tester compares the IVs on wan, and the ciphertexts.',
      brokenBy: 'reuses-iv',
      esp,
    },
    async scene => {
      await a1ToB1(scene, { payloads: Array.from({ length: 64 }, () => marker(96)) });
      const seen = new Map<string, number>();
      for (const esp of everyEsp(scene)) {
        const iv = `${Buffer.from(esp.iv).toString('hex')} of ${hex(esp.spi)}`;
        const before = seen.get(iv);
        if (before !== undefined)
          scene.cite(esp.packet, `carries the IV of sequence ${before} again`, 'Protected part');
        judge(before === undefined, `IV ${iv} was used for sequence ${before} and again for ${esp.sequence}`);
        seen.set(iv, esp.sequence);
      }
    },
  );

  clause(
    `rfc4303-2.4-padding[${esp}]`,
    {
      level: 'MUST',
      text: 'Pad octets count 1, 2, 3 … and leave the trailer on a 4-octet boundary (the cipher’s block where that is longer)',
      scenario: 'a1 sends b1 packets of 16 consecutive lengths; the tester decrypts each and reads the trailer.',
      brokenBy: 'random-padding',
      esp,
    },
    async scene => {
      await a1ToB1(scene, { payloads: Array.from({ length: 16 }, (_, index) => marker(30 + index)) });
      for (const esp of everyEsp(scene)) {
        const padding = require(esp.padding, `sequence ${esp.sequence} does not decrypt`);
        const counts = padding.every((octet, index) => octet === index + 1);
        if (!counts) scene.cite(esp.packet, `pads with ${Buffer.from(padding).toString('hex')}`, 'Protected part');
        judge(counts, `sequence ${esp.sequence} pads with ${Buffer.from(padding).toString('hex')}`);
        judge(
          esp.ciphertextOctets % 4 === 0,
          `sequence ${esp.sequence} has ${esp.ciphertextOctets} octets of ciphertext, no multiple of 4`,
        );
      }
    },
  );
}

clause(
  'rfc4303-2.1-spi',
  {
    level: 'MUST',
    text: 'Each packet carries the SPI of its SA, never zero nor one of the reserved 1 to 255',
    scenario:
      'Packets of both families cross the tunnel; the tester looks up every SPI on wan among the SAs of the run.',
    brokenBy: 'zero-spi',
  },
  async scene => {
    await a1ToB1(scene, { payloads: [marker(100)], families: [4, 6] });
    const known = new Set(scene.keys().map(keys => keys.spi));
    for (const esp of everyEsp(scene, { withUnknownSpi: true })) {
      const isRight = esp.spi > 255 && known.has(esp.spi);
      scene.cite(esp.packet, `SPI ${hex(esp.spi)}`, 'SPI');
      judge(isRight, `a packet carries SPI ${hex(esp.spi)}, which is no SA’s`);
    }
  },
);

clause(
  'rfc4303-2.2-sequence-number',
  {
    level: 'MUST',
    text: 'The sequence number is in every packet, begins at 1 and grows by one with each',
    scenario: 'a1 sends b1 40 packets; the tester reads the sequence numbers of alice’s SA on wan.',
    brokenBy: 'stuck-sequence',
  },
  async scene => {
    await a1ToB1(scene, { payloads: Array.from({ length: 40 }, (_, index) => marker(60 + index)) });
    const numbers = espFrom(scene, 'alice').map(esp => esp.sequence);
    judge(numbers.length >= 40, `only ${numbers.length} of 40 packets left`);
    for (const [index, number] of numbers.entries())
      judge(number === index + 1, `packet ${index + 1} of the SA carries ${number}`);
  },
);

clause(
  'rfc4303-2.6-next-header',
  {
    level: 'MUST',
    text: 'Next Header names what is inside: 4 for an IPv4 packet, 41 for an IPv6 one in tunnel mode',
    scenario:
      'a1 sends b1 IPv4 and IPv6; the tester decrypts and compares Next Header with the version of the inner packet.',
    brokenBy: 'wrong-next-header',
  },
  async scene => {
    await a1ToB1(scene, { payloads: [marker(80)], families: [4, 6] });
    const families = new Set<number>();
    for (const esp of espFrom(scene, 'alice')) {
      const inner = require(esp.inner, `sequence ${esp.sequence} does not decrypt`);
      const version = (inner[0] ?? 0) >> 4;
      const due = version === 4 ? 4 : 41;
      if (esp.nextHeader !== due)
        scene.cite(esp.packet, `IPv${version} inside, Next Header ${esp.nextHeader}`, 'Protected part');
      judge(
        esp.nextHeader === due,
        `sequence ${esp.sequence} holds IPv${version} and says Next Header ${esp.nextHeader}`,
      );
      families.add(version);
    }
    judge(families.has(4) && families.has(6), 'only one family crossed');
  },
);

clause(
  'rfc4303-3.3.4-fragmentation',
  {
    level: 'MUST',
    text: 'ESP is applied to whole packets: fragments of the outer packet carry no ESP header of their own',
    scenario:
      'a1 sends b1 a packet so large that it fits only in pieces once sealed, with DF clear; it must arrive whole.',
    brokenBy: 'drops-large',
  },
  async scene => {
    await a1ToB1(scene, { payloads: [marker(1460)] });
    const behindBob = wholePackets(scene, { link: 'lan-b', from: 'bob:net1' });
    const arrived = behindBob.find(({ ip }) => Buffer.from(ip).includes(Buffer.from(marker(1460))));
    judge(arrived !== undefined, 'the large packet did not arrive whole');
    scene.cite(arrived.packet, 'the packet, or the last piece of it, behind bob', 'Flags and Fragment Offset');
    judge(clearOf(scene).length === 0, 'a piece of it crossed wan in the clear');
    for (const esp of everyEsp(scene))
      judge(esp.icvIsRight, `sequence ${esp.sequence}: the reassembled packet does not verify`);
  },
);

const holds = (octets: Uint8Array, text: string): boolean => Buffer.from(octets).includes(text);
const hex = (spi: number): string => `0x${spi.toString(16).padStart(8, '0')}`;
