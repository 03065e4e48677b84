import { benchClause } from '../clause.ts';
import { ahFrom, answered, ping, replies, unanswered } from '../tester/ah-on-bench.ts';
import { altering } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { hosts } from '../tester/plans.ts';

/** Sequence numbers and replays under AH (RFC 4302 §2.5, §3.3.2, §3.4.3, appendix B), and what is audited. */

const TWO_32 = 2 ** 32;
const ah = { protocol: 'ah', suite: 'sha256' } as const;

benchClause(
  'rfc4302-2.5-sequence-number',
  {
    level: 'MUST',
    text: 'The sequence number begins at 1 and grows by one with each packet',
    scenario: 'The peer pings alice ten times; the tester reads her sequence numbers.',
    brokenBy: 'ah-stuck-sequence',
    alice: hosts({ sa: ah }),
  },
  async bench => {
    await ping(bench, ...Array.from({ length: 10 }, (_, index) => ({ sequence: index + 1, text: `COUNT-${index} ` })));
    const numbers = ahFrom(bench).map(seen => Number(seen.ah.sequence));
    judge(numbers.join() === '1,2,3,4,5,6,7,8,9,10', `alice’s packets carry ${numbers.join(', ')}`);
  },
);

benchClause(
  'rfc4302-3.3.2-no-cycle',
  {
    level: 'MUST',
    text: 'The sender stops at 2^32 - 1, and nothing leaves without an AH instead',
    scenario: 'Alice’s SA has sent 2^32 - 3 packets; the peer pings her four times: two replies may leave.',
    brokenBy: 'ah-cycles-sequence',
    alice: hosts({ sa: { ...ah, initialSequence: String(TWO_32 - 3) } }),
  },
  async bench => {
    await ping(bench, ...Array.from({ length: 4 }, (_, index) => ({ sequence: index + 1, text: `LAST-${index} ` })));
    const numbers = ahFrom(bench).map(seen => Number(seen.ah.sequence));
    judge(numbers.join() === `${TWO_32 - 2},${TWO_32 - 1}`, `alice’s packets carry ${numbers.join(', ')}`);
    judge(replies(bench, 'LAST-').length === 2, 'a reply left without an AH');
    const { sequenceExhausted = 0 } = await bench.drops();
    judge(sequenceExhausted === 2, `alice counts ${sequenceExhausted} packets without a number, not 2`);
  },
);

for (const windowPackets of [32, 64, 128, 256, 512, 1024, 2048, 4096] as const) {
  benchClause(
    `rfc4302-3.4.3-window[${windowPackets}]`,
    {
      level: 'MUST',
      text: 'Replays and what is left of the window are discarded, what is late but new and inside of it is accepted',
      scenario: `With a window of ${windowPackets}, the peer sends 10000, the oldest inside, the youngest outside, and copies.`,
      brokenBy: windowPackets % 3 === 1 ? 'window-half' : 'window-double',
      alice: hosts({ sa: { ...ah, windowPackets } }),
    },
    async bench => {
      const oldest = 10_000 - windowPackets + 1;
      for (const sequence of [10_000, oldest]) await ping(bench, { sequence, text: `INSIDE-${sequence} ` });
      await ping(bench, { sequence: oldest - 1, text: 'OUTSIDE ' });
      for (const sequence of [10_000, oldest]) await ping(bench, { sequence, text: 'AGAIN ' });
      answered(bench, ['INSIDE-10000 ', `INSIDE-${oldest} `], 'refused inside of the window');
      unanswered(bench, 'OUTSIDE ', 'accepted left of the window');
      unanswered(bench, 'AGAIN ', 'accepted a second time');
      await ping(bench, { sequence: oldest + 3, text: 'LATE ' });
      answered(bench, ['LATE '], 'refused inside of the window');
    },
  );
}

benchClause(
  'rfc4302-3.4.3-bad-icv-moves-nothing',
  {
    level: 'MUST',
    text: 'A packet whose ICV is wrong moves no window',
    scenario: 'The peer sends 100, then a forgery of 4000000000, then 101 and 99.',
    brokenBy: 'moves-window-early',
    alice: hosts({ sa: ah }),
  },
  async bench => {
    const onTheWay = altering(octets => (octets[20 + 12] = (octets[32] ?? 0) ^ 1));
    await ping(bench, { sequence: 100, text: 'FIRST ' });
    await ping(bench, { sequence: 4_000_000_000, text: 'FORGED ', onTheWay });
    unanswered(bench, 'FORGED ', 'a packet with a wrong ICV was accepted');
    await ping(bench, { sequence: 101, text: 'NEXT ' }, { sequence: 99, text: 'LATE ' });
    answered(bench, ['FIRST ', 'NEXT ', 'LATE '], 'refused');
  },
);

benchClause(
  'rfc4302-3.4.4-bad-icv-is-audited',
  {
    level: 'MUST',
    text: 'A packet whose ICV is wrong is discarded, and that is auditable',
    scenario: 'The peer sends three packets, each with another octet of the ICV wrong; alice’s counter says three.',
    brokenBy: 'audits-nothing',
    alice: hosts({ sa: ah }),
  },
  async bench => {
    for (const at of [12, 20, 27]) {
      const onTheWay = altering(octets => (octets[20 + at] = (octets[20 + at] ?? 0) ^ 0x20));
      await ping(bench, { sequence: at, text: 'FORGED ', onTheWay });
    }
    unanswered(bench, 'FORGED ', 'a packet with a wrong ICV was accepted');
    const { authenticationFailed = 0 } = await bench.drops();
    judge(authenticationFailed === 3, `alice counts ${authenticationFailed} wrong ICVs, not 3`);
  },
);

benchClause(
  'rfc4302-3.4.2-no-sa-is-audited',
  {
    level: 'MUST',
    text: 'A packet for which there is no SA is discarded, and that is auditable',
    scenario:
      'Somebody sends alice AH under SPIs that she does not have, 0 among them; and one of hers under ESP’s number.',
    brokenBy: 'audits-nothing',
    alice: hosts({ sa: ah }),
  },
  async bench => {
    for (const spi of [0, 255, 0x0bad0bad]) {
      const header = (octets: Uint8Array) => Buffer.from(octets.buffer, octets.byteOffset).writeUInt32BE(spi, 4);
      await ping(bench, { sequence: 1, text: 'STRANGE ', header });
    }
    unanswered(bench, 'STRANGE ', 'a packet of an SPI that is no SA’s was accepted');
    const { unknownSpi = 0 } = await bench.drops();
    judge(unknownSpi === 3, `alice counts ${unknownSpi} packets of unknown SPIs, not 3`);
  },
);

benchClause(
  'rfc4302-2.5.1-esn-outbound',
  {
    level: 'MUST',
    text: 'With ESN the lower half is sent, and the upper half counts behind the packet for the ICV',
    scenario:
      'Alice’s SA has sent 2^32 - 2 packets; of the next three the tester verifies the last two with upper half 1.',
    brokenBy: 'ah-esn-without-high',
    alice: hosts({ sa: { ...ah, esn: true, initialSequence: String(TWO_32 - 2) } }),
  },
  async bench => {
    await ping(bench, ...[1, 2, 3].map(sequence => ({ sequence, text: `ESN-${sequence} ` })));
    answered(bench, ['ESN-1 ', 'ESN-2 ', 'ESN-3 '], 'no answer');
    const numbers = ahFrom(bench).map(seen => Number(seen.ah.sequence));
    judge(
      numbers.join() === [-1, 0, 1].map(step => TWO_32 + step).join(),
      `alice’s packets carry ${numbers.join(', ')}`,
    );
  },
);

benchClause(
  'rfc4302-B2-esn-inbound',
  {
    level: 'MUST',
    text: 'The receiver infers the upper half across the 2^32 boundary, for late packets as well',
    scenario: 'The peer sends 2^32 - 20, then 2^32 + 3, then 2^32 - 5 late, and all of them again.',
    brokenBy: 'esn-high-eager',
    alice: hosts({ sa: { ...ah, esn: true } }),
  },
  async bench => {
    const numbers = [TWO_32 - 20, TWO_32 + 3, TWO_32 - 5];
    for (const sequence of numbers) await ping(bench, { sequence, text: `ROLL-${sequence} ` });
    answered(
      bench,
      numbers.map(sequence => `ROLL-${sequence} `),
      'refused around the 2^32 boundary',
    );
    for (const sequence of numbers) await ping(bench, { sequence, text: 'AGAIN ' });
    unanswered(bench, 'AGAIN ', 'accepted a second time');
    await ping(bench, { sequence: TWO_32 + 9, sequenceHigh: 5, text: 'WRONG-HALF ' });
    unanswered(bench, 'WRONG-HALF ', 'accepted with another upper half');
  },
);
