import { benchClause } from '../clause.ts';
import { interoperates, refusesChanges } from '../tester/algorithm-clauses.ts';
import { accepted, espFrom, inbound, outbound } from '../tester/esp-on-bench.ts';
import { judge } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

/** Implicit IV, RFC 8750 §4: the sequence number is the IV, and is sent once. */

for (const suite of ['aes128gcm16iiv', 'aes256gcm16iiv', 'aes128ccm8iiv', 'chacha20poly1305iiv']) {
  interoperates('rfc8750-4', suite, 'MUST');
}
refusesChanges('rfc8750-4', 'aes256gcm16iiv');
refusesChanges('rfc8750-4', 'chacha20poly1305iiv');

benchClause(
  'rfc8750-4-extended-sequence-number-is-the-iv',
  {
    level: 'MUST',
    text: 'With ESN the IV is all 64 bits of the sequence number',
    scenario:
      'Alice’s SA has sent 2^32 - 2 packets; the tester decrypts the next three, and sends across the boundary.',
    brokenBy: 'esn-icv-without-high',
    alice: site({ sa: { suite: 'aes256gcm16iiv', esn: true, initialSequence: String(2 ** 32 - 2) } }),
  },
  async bench => {
    await outbound(bench, ['ONE ', 'TWO ', 'THREE ']);
    judge(espFrom(bench).length === 3, `${espFrom(bench).length} of 3 packets left`);
    judge(
      espFrom(bench).every(({ opened }) => opened !== null),
      'a packet does not decrypt with its sequence number as IV',
    );
    await inbound(bench, { sequence: 2 ** 32 - 1, text: 'LOW ' });
    await inbound(bench, { sequence: 2 ** 32 + 1, text: 'HIGH ' });
    accepted(bench, ['LOW ', 'HIGH '], 'refused around the 2^32 boundary');
  },
);
