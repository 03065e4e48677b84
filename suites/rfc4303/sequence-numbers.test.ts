import { benchClause } from '../clause.ts';
import { accepted, espFrom, inbound, outbound, refused, sealedFor, stillAccepts } from '../tester/esp-on-bench.ts';
import type { Bench } from '../tester/bench.ts';
import { holds } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

const TWO_32 = 2 ** 32;

/** What an AEAD covers of the sequence number and what a separate ICV does are written in two places of the standards. */
const BOTH_KINDS = ['aes256gcm16', 'aes128-sha256', 'chacha20poly1305'] as const;

benchClause(
  'rfc4303-2.2-sequence-without-anti-replay',
  {
    level: 'MUST',
    text: 'The sender counts in every packet, whether or not the receiver looks at it',
    scenario: 'With anti-replay off on both SAs, the host behind alice sends ten packets; the tester reads 1 to 10.',
    brokenBy: 'stuck-sequence',
    alice: site({ sa: { windowPackets: 0 } }),
  },
  async bench => {
    await outbound(
      bench,
      Array.from({ length: 10 }, (_, index) => `COUNT-${index} `),
    );
    judgeNumbers(
      bench,
      Array.from({ length: 10 }, (_, index) => BigInt(index + 1)),
    );
  },
);

benchClause(
  'rfc4303-3.3.3-no-cycle',
  {
    level: 'MUST',
    text: 'Without ESN the sender stops at 2^32 - 1: no number is used twice, and nothing leaves in the clear instead',
    scenario: 'Alice’s SA has sent 2^32 - 3 packets; the host behind her sends four more: two may leave.',
    brokenBy: 'cycles-sequence',
    alice: site({ sa: { initialSequence: String(TWO_32 - 3) } }),
  },
  async bench => {
    await outbound(bench, ['LAST-BUT-ONE ', 'LAST ', 'TOO-MANY ', 'TOO-MANY ']);
    const numbers = espFrom(bench).map(({ opened }) => opened?.sequence ?? -1n);
    for (const seen of espFrom(bench))
      bench.cite(seen, `sequence ${seen.opened?.sequence ?? 'unreadable'}`, 'Sequence Number');
    judge(
      numbers.join() === [TWO_32 - 2, TWO_32 - 1].join(),
      `alice sent ${numbers.join(', ')} where only 2^32 - 2 and 2^32 - 1 were left`,
    );
    judge(
      !bench.outside().some(({ ip }) => holds(ip, 'TOO-MANY ')),
      'a packet for which no number was left went in the clear',
    );
    const { sequenceExhausted = 0 } = await bench.drops();
    judge(sequenceExhausted === 2, `alice counts ${sequenceExhausted} packets for which no number was left, not 2`);
  },
);

benchClause(
  'rfc4303-3.3.3-no-cycle-of-extended-numbers',
  {
    level: 'MUST',
    text: 'With ESN the sender stops at 2^64 - 1',
    scenario: 'Alice’s SA has sent 2^64 - 2 packets; the host behind her sends two more: one may leave.',
    brokenBy: 'cycles-sequence',
    alice: site({ sa: { esn: true, initialSequence: String(2n ** 64n - 2n) } }),
  },
  async bench => {
    await outbound(bench, ['LAST ', 'TOO-MANY ']);
    for (const seen of espFrom(bench))
      bench.cite(seen, `sequence ${seen.opened?.sequence ?? 'unreadable'}`, 'Sequence Number');
    judge(espFrom(bench).length === 1, `${espFrom(bench).length} packets left where one number was left`);
  },
);

for (const suite of BOTH_KINDS) {
  benchClause(
    `rfc4303-2.2.1-esn-outbound[${suite}]`,
    {
      level: 'MUST',
      text: 'With ESN the lower half is sent, and the whole number enters the ICV, across the 2^32 boundary as well',
      scenario:
        'Alice’s SA has sent 2^32 - 3 packets; the tester verifies the next six, the last four with upper half 1.',
      brokenBy: 'esn-icv-without-high',
      alice: site({ sa: { suite, esn: true, initialSequence: String(TWO_32 - 3) } }),
    },
    async bench => {
      await outbound(
        bench,
        Array.from({ length: 6 }, (_, index) => `ROLL-${index} `),
      );
      judgeNumbers(
        bench,
        Array.from({ length: 6 }, (_, index) => BigInt(TWO_32 - 2 + index)),
      );
    },
  );

  benchClause(
    `rfc4303-A2-esn-roll-inbound[${suite}]`,
    {
      level: 'MUST',
      text: 'The receiver infers the upper half: numbers beyond 2^32 are new, late ones from before it are still accepted once',
      scenario: 'The peer sends 2^32 - 20, then 2^32 + 3, then 2^32 - 5 and 2^32 late, then all of them again.',
      brokenBy: 'esn-high-eager',
      alice: site({ sa: { suite, esn: true } }),
    },
    async bench => {
      const numbers = [TWO_32 - 20, TWO_32 + 3, TWO_32 - 5, TWO_32];
      for (const sequence of numbers) await inbound(bench, { sequence, text: `ESN-${sequence} ` });
      accepted(
        bench,
        numbers.map(sequence => `ESN-${sequence} `),
        'refused around the 2^32 boundary',
      );
      for (const sequence of numbers) await inbound(bench, { sequence, text: 'AGAIN ' });
      refused(bench, 'AGAIN ', 'accepted a second time around the 2^32 boundary');
    },
  );

  benchClause(
    `rfc4303-A2-esn-later-subspaces[${suite}]`,
    {
      level: 'MUST',
      text: 'The upper half that is inferred grows by one each time the lower half has gone round',
      scenario: 'The peer moves on by 2^31 at a time up to 5 * 2^32, sealing with the true upper half.',
      brokenBy: 'esn-high-zero',
      alice: site({ sa: { suite, esn: true } }),
    },
    async bench => {
      const numbers = Array.from({ length: 10 }, (_, index) => (index + 1) * (TWO_32 / 2) - 1);
      for (const sequence of numbers) await inbound(bench, { sequence, text: `STEP-${sequence} ` });
      accepted(
        bench,
        numbers.map(sequence => `STEP-${sequence} `),
        'refused on the way to 5 * 2^32',
      );
    },
  );

  benchClause(
    `rfc4303-2.2.1-esn-high-half-is-verified[${suite}]`,
    {
      level: 'MUST',
      text: 'The upper half is covered by the ICV: a packet sealed with another one is refused',
      scenario: 'The peer seals numbers 1 to 3 with upper half 0, then 4 with upper half 1 and 7.',
      brokenBy: 'esn-icv-without-high',
      alice: site({ sa: { suite, esn: true } }),
    },
    async bench => {
      await inbound(bench, { sequence: 1, text: 'HALF-1 ' }, { sequence: 3, text: 'HALF-3 ' });
      accepted(bench, ['HALF-1 ', 'HALF-3 '], 'refused');
      for (const sequenceHigh of [1, 7]) await inbound(bench, { sequence: 4, sequenceHigh, text: 'WRONG-HALF ' });
      refused(bench, 'WRONG-HALF ', 'accepted with another upper half than the receiver infers');
      await stillAccepts(bench, { sequence: 4 });
    },
  );
}

benchClause(
  'rfc4303-A2-esn-window-across-subspaces',
  {
    level: 'MUST',
    text: 'A window that spans the 2^32 boundary remembers numbers on both sides of it',
    scenario:
      'With a window of 1024, the peer sends 2^32 - 600 to 2^32 + 400 in steps of 50, in disorder, and then all again.',
    brokenBy: 'esn-high-eager',
    alice: site({ sa: { esn: true, windowPackets: 1024 } }),
  },
  async bench => {
    const numbers = Array.from({ length: 21 }, (_, index) => TWO_32 - 600 + index * 50);
    const disorder = [
      ...numbers.filter((_, index) => index % 2 === 0),
      ...numbers.filter((_, index) => index % 2 === 1),
    ];
    await inbound(bench, ...disorder.map(sequence => ({ sequence, text: `SPAN-${sequence} ` })));
    accepted(
      bench,
      numbers.map(sequence => `SPAN-${sequence} `),
      'new, and inside of the window, but refused',
    );
    await inbound(bench, ...numbers.map(sequence => ({ sequence, text: 'AGAIN ' })));
    refused(bench, 'AGAIN ', 'accepted a second time');
  },
);

benchClause(
  'rfc4303-3.4.3-no-wrap-without-esn',
  {
    level: 'MUST',
    text: 'Without ESN the receiver does not go round: behind 2^32 - 1 there is nothing',
    scenario: 'The peer sends 2^32 - 2 and 2^32 - 1, then 0, 1 and 5, as a sender would that cycled.',
    brokenBy: 'esn-high-eager',
    alice: site(),
  },
  async bench => {
    await inbound(bench, { sequence: TWO_32 - 2, text: 'LAST-BUT-ONE ' }, { sequence: TWO_32 - 1, text: 'LAST ' });
    accepted(bench, ['LAST-BUT-ONE ', 'LAST '], 'refused at the end of the sequence numbers');
    await inbound(bench, ...[0, 1, 5].map(sequence => ({ sequence, text: 'ROUND ' })));
    refused(bench, 'ROUND ', 'a number from the next round was accepted');
  },
);

benchClause(
  'rfc4303-3.4.3-service-off',
  {
    level: 'SHOULD NOT',
    text: 'A receiver for whose SA anti-replay is off does not look at sequence numbers',
    scenario: 'With a window of 0, the peer sends 100, then 5, then 100 again: all arrive.',
    brokenBy: 'always-anti-replay',
    alice: site({ sa: { windowPackets: 0 } }),
  },
  async bench => {
    for (const [index, sequence] of [100, 5, 100].entries()) await inbound(bench, { sequence, text: `OFF-${index} ` });
    accepted(bench, ['OFF-0 ', 'OFF-1 ', 'OFF-2 '], 'refused although replays are not checked');
  },
);

benchClause(
  'rfc4303-3.4.3-replays-are-counted',
  {
    level: 'SHOULD',
    text: 'Each packet that is refused as a replay is auditable',
    scenario: 'The peer sends 5000 once, then six more times, and 10 three times; alice’s counter of replays says 9.',
    brokenBy: 'audits-nothing',
    alice: site(),
  },
  async bench => {
    const [again, far] = [sealedFor(bench, { sequence: 5000 }), sealedFor(bench, { sequence: 10 })];
    await bench.fromOutside([again, ...Array.from({ length: 6 }, () => again), far, far, far]);
    const { replayed = 0 } = await bench.drops();
    judge(replayed === 9, `alice counts ${replayed} replays, not 9`);
    judge(bench.events().filter(kind => kind === 'replayed').length > 0, 'alice reported no replay');
  },
);

/** Fails unless these, in this order, are what alice sent, each verified. */
function judgeNumbers(bench: Bench, expected: readonly bigint[]): void {
  const seen = espFrom(bench);
  for (const [index, { opened, ...packet }] of seen.entries()) {
    if (opened?.sequence !== expected[index])
      bench.cite(packet, `packet ${index + 1}, due with ${expected[index]}`, 'Sequence Number');
    judge(opened !== null, `packet ${index + 1} does not verify with sequence number ${expected[index]}`);
  }
  const numbers = seen.map(({ opened }) => opened?.sequence);
  judge(numbers.join() === expected.join(), `alice sent ${numbers.join(', ')}, not ${expected.join(', ')}`);
}
