import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, authPayloads, isAccepted, openCall } from '../tester/ike/initiate.ts';
import { TesterPeer } from '../tester/ike/peer.ts';
import { judgeAccepted } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 8019 §4: what strangers may take while an IKE SA is made. */

ikeClause(
  'rfc8019-4.1-half-open-is-not-kept-for-long',
  {
    level: 'SHOULD',
    text: 'A half-open IKE SA is kept for a short time, which is configured',
    scenario: 'Alice keeps half-open IKE SAs for 2 s. The peer sends IKE_AUTH 4 s after IKE_SA_INIT.',
    brokenBy: 'ike-keeps-half-open',
    plan: { limits: { halfOpenSeconds: 2 } },
  },
  async peer => {
    const opening = await openCall(peer);
    await peer.bench.lab.sleep(4_000);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    if (answer !== null) peer.bench.cite(answer, '4 s after IKE_SA_INIT', ...INSIDE, 'Payload N');
    judge(answer?.opened.kind !== 'opened', 'alice keeps a half-open IKE SA for longer than she is told');
  },
);

ikeClause(
  'rfc8019-4.1-half-open-is-kept-long-enough',
  {
    level: 'SHOULD',
    text: 'A half-open IKE SA is kept for as long as a peer may need',
    scenario: 'Alice keeps half-open IKE SAs for 10 s. The peer sends IKE_AUTH 2 s after IKE_SA_INIT.',
    brokenBy: 'ike-drops-half-open',
    plan: { limits: { halfOpenSeconds: 10 } },
  },
  async peer => {
    const opening = await openCall(peer);
    await peer.bench.lab.sleep(2_000);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    if (answer !== null) peer.bench.cite(answer, '2 s after IKE_SA_INIT', ...INSIDE, 'Payload N');
    judge(answer?.opened.kind === 'opened', 'alice does not wait for a peer that is slow');
  },
);

/** Of so many that begin, each at that address. */
async function beginnersAccepted(
  bench: TesterPeer['bench'],
  count: number,
  addressOf: (i: number) => string,
): Promise<number> {
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const one = new TesterPeer(bench, { label: `one ${i}`, address: addressOf(i) });
    const { response } = await attempt(one);
    if (response !== null && i % 4 === 0)
      bench.cite(response, `to number ${i + 1}`, 'Payload N(COOKIE)', 'Payload SA', 'Payload N');
    if (isAccepted(response)) accepted += 1;
  }
  return accepted;
}

ikeClause(
  'rfc8019-4.2-rate-of-one-address',
  {
    level: 'SHOULD',
    text: 'The half-open IKE SAs of one address are limited',
    scenario: 'Alice allows 4 half-open IKE SAs of one source. Twelve begin at one address, and one at another.',
    brokenBy: 'ike-many-half-open',
    plan: { limits: { halfOpenPerSource: 4 }, connection: { remote: ['0.0.0.0/0'] } },
  },
  async (peer, bench) => {
    const accepted = await beginnersAccepted(bench, 12, () => '5.6.7.99');
    judge(accepted >= 1, 'alice accepts nobody');
    judge(accepted <= 4, `alice has ${accepted} half-open IKE SAs of one address`);
    const { response } = await attempt(peer);
    judgeAccepted(peer, response, 'alice lets all pay for one');
  },
);

ikeClause(
  'rfc8019-4.2-rate-of-one-prefix',
  {
    level: 'SHOULD',
    text: 'In IPv6 it is the prefix of 64 bits whose half-open IKE SAs are limited: whoever has one has 2^64 addresses',
    scenario:
      'Alice allows 4 half-open IKE SAs of one source. Twelve begin at as many addresses of one /64, and one at another.',
    brokenBy: 'ike-many-half-open',
    plan: {
      limits: { halfOpenPerSource: 4 },
      connection: { local: ['1.2.3.4', '2001:db8:12::4'], remote: ['0.0.0.0/0', '::/0'] },
    },
  },
  async (_, bench) => {
    const accepted = await beginnersAccepted(bench, 12, i => `2001:db8:56:1::${(i + 1).toString(16)}`);
    judge(accepted >= 1, 'alice accepts nobody');
    judge(accepted <= 4, `alice has ${accepted} half-open IKE SAs of one /64`);
    const other = new TesterPeer(bench, { label: 'other', address: '2001:db8:77::1' });
    const { response } = await attempt(other);
    judgeAccepted(other, response, 'alice lets all pay for one');
  },
);

ikeClause(
  'rfc8019-4.3-cookies-when-many-begin',
  {
    level: 'SHOULD',
    text: 'When many have begun and not gone on, cookies are asked for: nothing is kept for whom nobody has heard from',
    scenario: 'Alice asks for cookies from 3 half-open IKE SAs on. Six begin, each at an address of its own.',
    brokenBy: 'ike-many-half-open',
    plan: { limits: { cookiesFrom: 3 }, connection: { remote: ['0.0.0.0/0'] } },
  },
  async (_, bench) => {
    const accepted = await beginnersAccepted(bench, 6, i => `5.6.7.${100 + i}`);
    judge(accepted === 3, `alice accepts ${accepted} of them without a cookie`);
  },
);
