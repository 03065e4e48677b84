import { benchClause } from '../clause.ts';
import { accepted, inbound, refused, stillAccepts } from '../tester/esp-on-bench.ts';
import { site } from '../tester/plans.ts';

/** RFC 4303 §3.4.3 asks for 32 at least; what this lab offers up to its largest. */
const WINDOWS = [32, 64, 128, 256, 512, 1024, 2048, 4096] as const;

for (const windowPackets of WINDOWS) {
  benchClause(
    `rfc4303-3.4.3-window-reach[${windowPackets}]`,
    {
      level: 'MUST',
      text: 'The window reaches exactly as far back as it is wide: its left-most number is accepted once, the next one not',
      scenario: `With a window of ${windowPackets}, the peer sends 10000, then the oldest number inside, its copy, one in the middle, and the youngest outside.`,
      brokenBy: 'window-half',
      alice: site({ sa: { windowPackets } }),
    },
    async bench => {
      const top = 10_000;
      const oldest = top - windowPackets + 1;
      const middle = top - windowPackets / 2;
      await inbound(bench, { sequence: top, text: 'TOP ' });
      await inbound(
        bench,
        { sequence: oldest, text: 'OLDEST ' },
        { sequence: middle, text: 'MIDDLE ' },
        { sequence: oldest - 1, text: 'OUTSIDE ' },
      );
      accepted(bench, ['TOP ', 'OLDEST ', 'MIDDLE '], `refused, or twice there, in a window of ${windowPackets}`);
      refused(bench, 'OUTSIDE ', `accepted ${windowPackets} behind the highest`);
      await inbound(bench, { sequence: oldest, text: 'AGAIN ' }, { sequence: middle, text: 'AGAIN ' });
      refused(bench, 'AGAIN ', 'accepted a second time');
    },
  );

  benchClause(
    `rfc4303-3.4.3-window-bitmap[${windowPackets}]`,
    {
      level: 'MUST',
      text: 'Every number of the window is remembered on its own, also after the window has moved by more than its width',
      scenario: `With a window of ${windowPackets}, the peer sends every third number across two widths; then every number of the last width again.`,
      brokenBy: 'forgets-on-move',
      alice: site({ sa: { windowPackets } }),
    },
    async bench => {
      const top = 2 * windowPackets + 7;
      const thirds = sampled(numbersUpTo(top, 2 * windowPackets, 3), 150);
      const seen = thirds.filter(sequence => sequence > top - windowPackets);
      const unseen = sampled(numbersUpTo(top - 1, windowPackets - 1, 3), 60);
      await inbound(bench, ...thirds.map(sequence => ({ sequence, text: `FIRST-${sequence} ` })));
      await inbound(bench, ...[...seen, ...unseen].map(sequence => ({ sequence, text: `LATER-${sequence} ` })));
      for (const sequence of seen) refused(bench, `LATER-${sequence} `, `${sequence} was accepted a second time`);
      accepted(
        bench,
        unseen.map(sequence => `LATER-${sequence} `),
        'new, and inside of the window, but refused',
      );
    },
  );
}

/** The last `count` numbers up to `top`, or every third of them, ascending. */
const numbersUpTo = (top: number, count: number, step: number): readonly number[] =>
  Array.from({ length: Math.floor(count / step) }, (_, index) => top - index * step).reverse();

/** At most so many of them, spread evenly, the last among them. */
function sampled(numbers: readonly number[], count: number): readonly number[] {
  const step = Math.max(1, Math.ceil(numbers.length / count));
  return numbers.filter((_, index) => (numbers.length - 1 - index) % step === 0);
}

benchClause(
  'rfc4303-3.4.3-far-jump',
  {
    level: 'MUST',
    text: 'A packet far to the right of the window is accepted, moves the window, and leaves nothing of the old one',
    scenario: 'The peer sends 1 to 5, then 3000000000, then numbers just below that share their last bits with 1 to 5.',
    brokenBy: 'keeps-bits-on-jump',
    alice: site({ sa: { windowPackets: 64 } }),
  },
  async bench => {
    await inbound(bench, ...[1, 2, 3, 4, 5].map(sequence => ({ sequence, text: `START-${sequence} ` })));
    const far = 3_000_000_000;
    await inbound(bench, { sequence: far, text: 'FAR ' });
    accepted(bench, ['START-1 ', 'START-5 ', 'FAR '], 'refused');
    await inbound(bench, ...[1, 2, 3, 4, 5].map(sequence => ({ sequence, text: 'OLD ' })));
    refused(bench, 'OLD ', 'a number from before the jump was accepted again');
    const below = Array.from({ length: 60 }, (_, index) => far - 1 - index);
    await inbound(bench, ...below.map(sequence => ({ sequence, text: `BELOW-${sequence} ` })));
    accepted(
      bench,
      below.map(sequence => `BELOW-${sequence} `),
      'new, and inside of the window after the jump, but refused',
    );
  },
);

benchClause(
  'rfc4303-3.4.3-bad-icv-moves-nothing',
  {
    level: 'MUST',
    text: 'A packet whose ICV is wrong moves no window and marks no number, wherever it stands',
    scenario:
      'The peer sends 100; then forgeries of 90 (inside), 101 (next) and 4000000000 (far right); then 90, 101 and 102 genuinely.',
    brokenBy: 'moves-window-early',
    alice: site({ sa: { windowPackets: 64 } }),
  },
  async bench => {
    await stillAccepts(bench, { sequence: 100 });
    for (const sequence of [90, 101, 4_000_000_000])
      await inbound(bench, { sequence, text: 'FORGED ', spoil: spoilIcv });
    refused(bench, 'FORGED ', 'a packet with a wrong ICV was accepted');
    await inbound(bench, ...[90, 101, 102].map(sequence => ({ sequence, text: `REAL-${sequence} ` })));
    accepted(bench, ['REAL-90 ', 'REAL-101 ', 'REAL-102 '], 'refused after a forgery of it, or of one far ahead');
  },
);

const spoilIcv = (esp: Uint8Array) => void esp.fill(0xff, esp.length - 4);
