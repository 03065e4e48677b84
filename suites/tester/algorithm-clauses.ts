import { type BenchClauseAbout, benchClause } from '../clause.ts';
import { transformOf } from './esp.ts';
import { accepted, espFrom, inbound, outbound, refused, stillAccepts } from './esp-on-bench.ts';
import { filler, holds, udp } from './ip.ts';
import { judge } from './judgement.ts';
import { FAR, HOST } from './bench.ts';
import { site } from './plans.ts';

/** Clauses that several RFCs ask in the same words, each about its own algorithm. `section` is `rfcNNNN-SECTION`. */

type Level = BenchClauseAbout['level'];

/** Both ends of an SA understand each other, and the packet is as long as the standard says. */
export function interoperates(section: string, suite: string, level: Level, esn = false): void {
  const { cipher, integrity } = transformOf(suite);
  const icvOctets = cipher.icvOctets + (integrity?.icvOctets ?? 0);
  benchClause(
    `${section}-interoperates[${suite}${esn ? '-esn' : ''}]`,
    {
      level,
      text: `${suite} works in both directions: IV of ${cipher.ivOctets} octets, ICV of ${icvOctets}`,
      scenario: 'The host behind alice sends packets of 20 consecutive lengths, and gets as many from the peer.',
      brokenBy: 'other-keys',
      alice: site({ sa: { suite, esn } }),
    },
    async bench => {
      const lengths = Array.from({ length: 20 }, (_, index) => index + 20);
      for (const octets of lengths) await outbound(bench, [`THERE-${octets} `], { octets });
      const sealed = espFrom(bench);
      judge(sealed.length === lengths.length, `${sealed.length} of ${lengths.length} packets left`);
      for (const [index, { opened, esp, ...seen }] of sealed.entries()) {
        if (opened === null) bench.cite(seen, 'does not verify', 'Protected part');
        judge(opened !== null, `packet ${index + 1} does not verify under ${suite}`);
        judge(holds(opened.payload, `THERE-${lengths[index]}`), `packet ${index + 1} does not decrypt`);
        const least = 8 + cipher.ivOctets + icvOctets + opened.payload.length + 2;
        const due =
          least + ((cipher.blockOctets - ((opened.payload.length + 2) % cipher.blockOctets)) % cipher.blockOctets);
        judge(esp.length === due, `an ESP of ${esp.length} octets where ${due} are enough`);
      }
      await inbound(
        bench,
        ...lengths.map((octets, index) => ({
          sequence: index + 1,
          payload: udp({ source: FAR[4], destination: HOST[4], payload: filler(`BACK-${octets} `, octets) }),
        })),
      );
      accepted(
        bench,
        lengths.map(octets => `BACK-${octets} `),
        'refused',
      );
    },
  );
}

/** Nothing that the ICV covers can be changed: each part of the packet is tried. */
export function refusesChanges(section: string, suite: string, level: Level = 'MUST'): void {
  const { cipher } = transformOf(suite);
  benchClause(
    `${section}-refuses-changes[${suite}]`,
    {
      level,
      text: 'Sequence number, IV, ciphertext and ICV are covered: a packet with one bit changed is discarded',
      scenario: 'The peer’s packet is changed by one bit in each of its parts; then it comes as it was.',
      brokenBy: 'skips-icv-check',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      const places = [7, ...(cipher.ivOctets > 0 ? [8, 7 + cipher.ivOctets] : []), 8 + cipher.ivOctets + 30, -20, -1];
      for (const [index, place] of places.entries()) {
        const spoil = (esp: Uint8Array) => {
          const at = place < 0 ? esp.length + place : place;
          esp[at] = (esp[at] ?? 0) ^ 0x40;
        };
        await inbound(bench, { sequence: 100 + index, text: 'THE SAME LONG TEXT FOR ALL OF THEM ', spoil });
      }
      judge(
        bench.inside().length === 0,
        `${bench.inside().length} of ${places.length} changed packets were let through`,
      );
      refused(bench, 'THE SAME', 'a changed packet was let through');
      await stillAccepts(bench, { sequence: 200 });
    },
  );
}

/** RFC 4106 §3.1, RFC 7634 §2: the IV is the sender’s business alone, and comes once. */
export function ivsAreUnique(section: string, suite: string): void {
  benchClause(
    `${section}-iv-is-unique[${suite}]`,
    {
      level: 'MUST',
      text: 'For a given key no IV comes twice',
      scenario: 'The host behind alice sends the same packet 300 times; the tester compares IVs and ciphertexts.',
      brokenBy: 'reuses-iv',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      // In portions: while a neighbour is looked for, only so many packets wait.
      const portions = [1, 50, 50, 50, 50, 50, 49];
      for (const count of portions)
        await outbound(
          bench,
          Array.from({ length: count }, () => 'SAME '),
        );
      const seen = new Map<string, number>();
      for (const [index, { opened, ...packet }] of espFrom(bench).entries()) {
        judge(opened !== null, `packet ${index + 1} does not verify`);
        judge(opened.iv.length === 8, `an IV of ${opened.iv.length} octets`);
        const iv = Buffer.from(opened.iv).toString('hex');
        const before = seen.get(iv);
        if (before !== undefined) bench.cite(packet, `has the IV of packet ${before + 1}`, 'Protected part');
        judge(before === undefined, `IV ${iv} of packet ${before} comes again in packet ${index}`);
        seen.set(iv, index);
      }
      judge(seen.size === 300, `${seen.size} of 300 packets left`);
    },
  );

  benchClause(
    `${section}-any-iv-is-accepted[${suite}]`,
    {
      level: 'MUST',
      text: 'The receiver takes any IV: how the sender makes it unique is his business',
      scenario: 'The peer counts down, then uses all ones, zeros, and what looks random.',
      brokenBy: 'wants-counting-ivs',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      const ivs = ['00000000000000ff', '00000000000000fe', 'ffffffffffffffff', '0000000000000000', '9e3779b97f4a7c15'];
      for (const [index, iv] of ivs.entries())
        await inbound(bench, { sequence: index + 1, text: `IV-${index} `, iv: Buffer.from(iv, 'hex') });
      accepted(
        bench,
        ivs.map((_, index) => `IV-${index} `),
        'refused for its IV',
      );
    },
  );
}

/** RFC 4106 §5, RFC 7634 §2.1, RFC 4309 §5: SPI and sequence number, and nothing else. */
export function coversSpiAndSequence(section: string, suite: string): void {
  benchClause(
    `${section}-aad[${suite}]`,
    {
      level: 'MUST',
      text: 'The additional data is the SPI and the 32 bits of the sequence number',
      scenario: 'The tester verifies with it what alice sends, and seals with it what she gets.',
      brokenBy: 'aad-without-sequence',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      await outbound(bench, ['ONE ', 'TWO ']);
      judge(espFrom(bench).length === 2, `${espFrom(bench).length} of 2 packets left`);
      for (const { opened, ...seen } of espFrom(bench)) {
        if (opened === null) bench.cite(seen, 'does not verify', 'Protected part');
        judge(opened !== null, 'does not verify over SPI and sequence number');
      }
      await inbound(bench, { sequence: 77, text: 'BACK ' });
      accepted(bench, ['BACK '], 'refused although its tag covers SPI and sequence number');
    },
  );

  benchClause(
    `${section}-aad-with-esn[${suite}]`,
    {
      level: 'MUST',
      text: 'With ESN the additional data is the SPI and all 64 bits, the upper half first',
      scenario: 'Alice’s SA begins at 5 * 2^32; the tester verifies what she sends, and seals with upper half 1.',
      brokenBy: 'esn-icv-without-high',
      alice: site({ sa: { suite, esn: true, initialSequence: String(2 ** 32 - 2) } }),
    },
    async bench => {
      await outbound(bench, ['ONE ', 'TWO ', 'THREE ']);
      const numbers = espFrom(bench).map(({ opened }) => Number(opened?.sequence ?? -1));
      judge(
        numbers.join() === [-1, 0, 1].map(step => 2 ** 32 + step).join(),
        `alice’s packets carry ${numbers.join(', ')}`,
      );
      await inbound(bench, { sequence: 2 ** 32 - 1, text: 'LOW ' });
      await inbound(bench, { sequence: 2 ** 32 + 3, text: 'HIGH ' });
      accepted(bench, ['LOW ', 'HIGH '], 'refused around the 2^32 boundary');
    },
  );
}

/** RFC 4106 §4, RFC 7634 §2: salt and IV are the nonce. */
export function usesSalt(section: string, suite: string): void {
  benchClause(
    `${section}-nonce[${suite}]`,
    {
      level: 'MUST',
      text: 'The nonce is the salt, which ends the keying material and is never sent, and then the IV',
      scenario: 'The tester decrypts what alice sends with salt and IV in that order.',
      brokenBy: 'zero-salt',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      await outbound(bench, ['SALTED ']);
      const [sealed] = espFrom(bench);
      judge(sealed !== undefined, 'nothing left alice');
      judge(
        sealed.opened !== null && holds(sealed.opened.payload, 'SALTED '),
        'does not decrypt with the salt of its SA',
      );
      const salt = Buffer.from(bench.sa('out').encryptionKey, 'hex').subarray(-4);
      judge(!Buffer.from(sealed.esp).includes(salt), 'the salt was sent');
      await inbound(bench, { sequence: 1, text: 'BACK ' });
      accepted(bench, ['BACK '], 'refused');
    },
  );
}

/** A pad that alignment asks for, and not an octet more. */
export function padsToFour(section: string, suite: string): void {
  benchClause(
    `${section}-padding[${suite}]`,
    {
      level: 'SHOULD',
      text: 'Padding aligns to four octets: the cipher itself asks for none',
      scenario: 'The host behind alice sends packets of 16 consecutive lengths; no pad is longer than three octets.',
      brokenBy: 'pads-to-sixteen',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      for (let octets = 20; octets < 36; octets++) await outbound(bench, ['PAD '], { octets });
      const pads = espFrom(bench).map(({ opened }) => opened?.padding.length ?? -1);
      judge(pads.length === 16, `${pads.length} of 16 packets left`);
      judge(
        pads.every(octets => octets >= 0 && octets <= 3),
        `pads of ${pads.join(', ')} octets`,
      );
    },
  );
}
