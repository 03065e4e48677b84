import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { u16At, u8At } from '../../engine/wire/octets.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, authPayloads, call, openCall } from '../tester/ike/initiate.ts';
import { notify, payloadOf } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeAccepted, judgeAlive, judgeNotAccepted, judgeNotified } from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §2.5 and §3: what is not known, and what is reserved. */

const NONE = new Uint8Array(0);
const UNKNOWN_TYPE = 200;

const unknown = (critical: boolean, payloadType = UNKNOWN_TYPE): Payload => ({
  type: 'unknown',
  payloadType,
  data: Uint8Array.of(1, 2, 3, 4),
  critical,
});

/** With these before or behind the rest. */
const adding = (...payloads: readonly Payload[]) => ({
  message: (message: IkeMessage) => ({ ...message, payloads: [...message.payloads, ...payloads] }),
});
const preceding = (...payloads: readonly Payload[]) => ({
  message: (message: IkeMessage) => ({ ...message, payloads: [...payloads, ...message.payloads] }),
});

/** IKE_AUTH with something more in it. */
async function authWith(peer: TesterPeer, payload: Payload) {
  const opening = await openCall(peer);
  return peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: [...authPayloads(peer, opening), payload] });
}

ikeClause(
  'rfc7296-2.5-unknown-critical-payload',
  {
    level: 'MUST',
    text: 'A message with a critical payload of an unknown type is rejected, with UNSUPPORTED_CRITICAL_PAYLOAD and that type',
    scenario: 'The peer adds payload type 200, critical, to its IKE_AUTH request.',
    brokenBy: 'ike-ignores-critical',
  },
  async peer => {
    const answer = await authWith(peer, unknown(true));
    judge(answer === null || payloadOf(answer.payloads, 'AUTH') === null, 'alice accepts what she does not understand');
    const data = judgeNotified(peer, answer, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, 'UNSUPPORTED_CRITICAL_PAYLOAD');
    judge(data.length === 1 && data[0] === UNKNOWN_TYPE, `alice names the payload ${data.join(' ')}`);
  },
);

ikeClause(
  'rfc7296-2.5-unknown-critical-payload-at-first',
  {
    level: 'MUST',
    text: 'The same in IKE_SA_INIT',
    scenario: 'The peer adds payload type 200, critical, to its IKE_SA_INIT request.',
    brokenBy: 'ike-ignores-critical',
  },
  async peer => {
    const { response } = await attempt(peer, adding(unknown(true)));
    judgeNotAccepted(peer, response, 'alice accepts what she does not understand');
    const data = judgeNotified(peer, response, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, 'UNSUPPORTED_CRITICAL_PAYLOAD');
    judge(data.length === 1 && data[0] === UNKNOWN_TYPE, `alice names the payload ${data.join(' ')}`);
  },
);

ikeClause(
  'rfc7296-2.5-unknown-critical-payload-later',
  {
    level: 'MUST',
    text: 'The same in INFORMATIONAL, and the IKE SA lives',
    scenario: 'The peer sends payload type 200, critical, in an IKE SA that stands.',
    brokenBy: 'ike-ignores-critical',
  },
  async peer => {
    await call(peer);
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [unknown(true)] });
    const data = judgeNotified(peer, answer, NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, 'UNSUPPORTED_CRITICAL_PAYLOAD');
    judge(data.length === 1 && data[0] === UNKNOWN_TYPE, `alice names the payload ${data.join(' ')}`);
    await judgeAlive(peer, 'alice gives up for an unknown critical payload');
  },
);

for (const [slug, payloadType] of [
  ['sa', 1],
  ['key-exchange', 4],
  ['nonce', 10],
  ['vendor', 13],
] as const) {
  ikeClause(
    `rfc7296-3.2-payload-of-version-1-is-unknown[${slug}]`,
    {
      level: 'MUST',
      text: 'Payload types 1 to 32 are not used: their numbers are those of version 1',
      scenario: `The peer adds payload type ${payloadType}, critical, to its IKE_SA_INIT request.`,
      brokenBy: 'ike-ignores-critical',
    },
    async peer => {
      const { response } = await attempt(peer, preceding(unknown(true, payloadType)));
      judgeNotAccepted(peer, response, 'alice takes a payload of version 1');
    },
  );
}

ikeClause(
  'rfc7296-2.5-unknown-payload-is-skipped',
  {
    level: 'MUST',
    text: 'A payload of an unknown type that is not critical is skipped, contents and all',
    scenario: 'The peer adds payload type 200 to its IKE_AUTH request.',
    brokenBy: 'ike-minds-unknown',
  },
  async peer => {
    const answer = require(await authWith(peer, unknown(false)), 'alice did not answer IKE_AUTH');
    peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(payloadOf(answer.payloads, 'AUTH') !== null, 'alice refuses a payload that she could skip');
  },
);

ikeClause(
  'rfc7296-2.5-unknown-payload-is-skipped-at-first',
  {
    level: 'MUST',
    text: 'The same in IKE_SA_INIT, wherever it stands',
    scenario: 'The peer puts payload type 200 before all else, and then behind all else.',
    brokenBy: 'ike-minds-unknown',
  },
  async peer => {
    for (const alteration of [preceding(unknown(false)), adding(unknown(false))]) {
      peer.initiatorSpi = peer.newSpi();
      const { response } = await attempt(peer, alteration);
      judgeAccepted(peer, response, 'alice refuses a payload that she could skip');
    }
  },
);

ikeClause(
  'rfc7296-2.5-critical-bit-of-known-payload-is-ignored',
  {
    level: 'MUST',
    text: 'The Critical bit of payloads that are known is ignored',
    scenario: 'The peer sets the Critical bit of each payload of IKE_SA_INIT.',
    brokenBy: 'ike-minds-known-critical',
  },
  async peer => {
    const { response } = await attempt(peer, {
      message: message => ({ ...message, payloads: message.payloads.map(payload => ({ ...payload, critical: true })) }),
    });
    judgeAccepted(peer, response, 'alice refuses known payloads because they are critical');
  },
);

ikeClause(
  'rfc7296-3.2-critical-bit-is-clear',
  {
    level: 'MUST',
    text: 'The Critical bit is clear in payloads that RFC 7296 defines',
    scenario: 'The peer calls, and alice does; each payload of hers is looked at.',
    brokenBy: 'ike-marks-critical',
  },
  async peer => {
    await call(peer).catch(() => null);
    for (const seen of peer.heard()) {
      const marked = seen.payloads.find(({ critical }) => critical === true);
      if (marked !== undefined) peer.bench.cite(seen, `${marked.type} is critical`, ...INSIDE);
      judge(marked === undefined, `alice sets the Critical bit of ${marked?.type}`);
    }
  },
);

ikeClause(
  'rfc7296-2.5-reserved-bits-are-zero',
  {
    level: 'MUST',
    text: 'Reserved bits of the payload header are zero in what is sent',
    scenario: 'Alice calls; the headers of the payloads of her IKE_SA_INIT are looked at.',
    brokenBy: 'ike-reserved-bits',
  },
  async peer => {
    const seen = await letAliceCall(peer);
    peer.bench.cite(seen, 'its payload headers', 'Payload SA');
    const { octets } = seen;
    for (let at = 28; at + 4 <= octets.length; at += Math.max(4, u16At(octets, at + 2))) {
      judge((u8At(octets, at + 1) & 0x7f) === 0, `alice sets reserved bits at octet ${at + 1}`);
    }
  },
);

ikeClause(
  'rfc7296-2.5-reserved-bits-are-ignored',
  {
    level: 'MUST',
    text: 'Reserved fields are ignored',
    scenario: 'The peer sets all reserved bits of the first payload header and of the KE payload of IKE_SA_INIT.',
    brokenBy: 'ike-minds-reserved-bits',
  },
  async peer => {
    const { response } = await attempt(peer, {
      octets: octets => {
        const saOctets = u16At(octets, 30);
        const keAt = 28 + saOctets;
        return octets
          .with(29, 0x7f)
          .with(keAt + 1, 0x7f)
          .with(keAt + 6, 0xff)
          .with(keAt + 7, 0xff);
      },
    });
    judgeAccepted(peer, response, 'alice minds reserved bits');
  },
);

ikeClause(
  'rfc7296-2.5-order-of-payloads',
  {
    level: 'MUST',
    text: 'Payloads are taken in any order',
    scenario: 'The peer sends IKE_SA_INIT with its payloads in reverse.',
    brokenBy: 'ike-wants-sa-first',
  },
  async peer => {
    const { response } = await attempt(peer, {
      message: message => ({ ...message, payloads: message.payloads.toReversed() }),
    });
    judgeAccepted(peer, response, 'alice wants payloads in the order of the RFC');
  },
);

ikeClause(
  'rfc7296-3.12-vendor-id-is-ignored',
  {
    level: 'MUST',
    text: 'A Vendor ID that is not known is ignored, and there may be several',
    scenario: 'The peer puts three Vendor IDs before the rest of IKE_SA_INIT.',
    brokenBy: 'ike-minds-vendors',
  },
  async peer => {
    const vendors = [NONE, Uint8Array.of(1), new Uint8Array(64).fill(7)].map(data => ({ type: 'V', data }) as const);
    const { response } = await attempt(peer, preceding(...vendors));
    judgeAccepted(peer, response, 'alice does not speak with products of vendors');
  },
);

ikeClause(
  'rfc7296-3.10.1-unknown-status-is-ignored',
  {
    level: 'MUST',
    text: 'Status notifies of unknown types are ignored',
    scenario: 'The peer puts a notify of type 40960 before the rest of IKE_SA_INIT.',
    brokenBy: 'ike-minds-notifies',
  },
  async peer => {
    const { response } = await attempt(peer, preceding(notify(40_960, Uint8Array.of(1, 2))));
    judgeAccepted(peer, response, 'alice minds a notify that she does not know');
  },
);

ikeClause(
  'rfc7296-3.10.1-unknown-notifies-in-requests-are-ignored',
  {
    level: 'MUST',
    text: 'Notifies of unknown types in a request, errors as well, are ignored',
    scenario:
      'The peer sends INFORMATIONAL with the error 8191 and the status 40960; alice answers, and the IKE SA lives.',
    brokenBy: 'ike-minds-contents',
  },
  async peer => {
    await call(peer);
    const payloads = [notify(8191), notify(40_960)];
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads });
    if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
    judge(
      answer !== null && answer.payloads.every(({ type }) => type !== 'N'),
      'alice minds notifies that she does not know',
    );
    await judgeAlive(peer, 'alice gives up for notifies that she does not know');
  },
);
