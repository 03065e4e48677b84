import { NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt } from '../tester/ike/initiate.ts';
import { notify, payloadOf } from '../tester/ike/payloads.ts';
import { type Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeAccepted, judgeNotAccepted, judgeNotified } from '../tester/ike/verdicts.ts';

/** RFC 7296 §1.2: the other group that a responder asks for. */

ikeClause(
  'rfc7296-1.2-other-group-is-asked-for',
  {
    level: 'MUST',
    text: 'A KE payload of a group that is not the one chosen is answered with INVALID_KE_PAYLOAD and the group, in two octets',
    scenario: 'The peer offers ECP-256 alone, and sends a KE payload of Curve25519.',
    brokenBy: 'ike-empty-group',
  },
  async (_peer, bench) => {
    const peer = new TesterPeer(bench, { suite: 'aes256gcm16-prfsha256-ecp256' });
    const { response } = await attempt(peer, {
      message: message => ({
        ...message,
        payloads: message.payloads.map(it =>
          it.type === 'KE' ? { ...it, group: 31, data: new Uint8Array(32).fill(9) } : it,
        ),
      }),
    });
    const group = judgeNotified(peer, response, NotifyType.INVALID_KE_PAYLOAD, 'INVALID_KE_PAYLOAD');
    judge(
      Buffer.from(group).equals(Uint8Array.of(0, 19)),
      `alice asks for the group ${Buffer.from(group).toString('hex')}`,
    );
    judgeNotAccepted(peer, response, 'alice takes a value of another group');
  },
);

ikeClause(
  'rfc7296-1.2-other-group-is-said',
  {
    level: 'MUST',
    text: 'That answer is given, so that the initiator can try again',
    scenario:
      'The peer offers ECP-256 and Curve25519, with a KE payload of a group that alice does not take, and comes back.',
    brokenBy: 'ike-hides-group',
  },
  async (_peer, bench) => {
    const peer = new TesterPeer(bench, { suite: 'aes256gcm16-prfsha256-ecp256' });
    const first = await attempt(peer, {
      message: message => ({
        ...message,
        payloads: message.payloads.map(it =>
          it.type === 'KE' ? { ...it, group: 1, data: new Uint8Array(96).fill(9) } : it,
        ),
      }),
    });
    judgeNotified(peer, first.response, NotifyType.INVALID_KE_PAYLOAD, 'INVALID_KE_PAYLOAD');
    const { response } = await attempt(peer);
    judgeAccepted(peer, response, 'alice does not take the right group after a wrong one');
  },
);

/** What a message offers, whatever the order. */
const transforms = (heard: Heard): string | undefined =>
  payloadOf(heard.payloads, 'SA')
    ?.proposals.map(it =>
      it.transforms
        .map(({ type, id, keyBits }) => `${type}/${id}/${keyBits}`)
        .toSorted()
        .join(),
    )
    .toSorted()
    .join('; ');

/** Alice calls with Curve25519 and is asked for the group; her next request, or null. */
async function askedFor(
  peer: TesterPeer,
  group: readonly number[],
): Promise<{ readonly first: Heard; readonly second: Heard | null }> {
  const first = await letAliceCall(peer);
  peer.initiatorSpi = require(first.ike, 'no message').initiatorSpi;
  const before = peer.heard().length;
  await peer.answer(first, [notify(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.from(group))]);
  const second =
    peer
      .heard()
      .slice(before)
      .find(({ octets }) => Buffer.compare(octets, first.octets) !== 0) ?? null;
  peer.bench.cite(first, 'her first request', 'Payload KE');
  if (second !== null) peer.bench.cite(second, 'when another group was asked for', 'Payload KE');
  return { first, second };
}

ikeClause(
  'rfc7296-1.2-initiator-takes-the-other-group',
  {
    level: 'MUST',
    text: 'An initiator that is asked for another group of its offer repeats the exchange with that group',
    scenario: 'Alice calls; the peer asks for ECP-256.',
    brokenBy: 'ike-no-retry',
  },
  async peer => {
    const { second } = await askedFor(peer, [0, 19]);
    judge(second !== null, 'alice does not try the group that she is asked for');
    const ke = payloadOf(second.payloads, 'KE');
    judge(ke?.group === 19, `alice sends a KE payload of group ${ke?.group}`);
    judge(ke.data.length === 64, `alice sends ${ke.data.length} octets of ECP-256`);
    judge(second.ike?.messageId === 0, `alice comes back with the Message ID ${second.ike?.messageId}`);
  },
);

ikeClause(
  'rfc7296-1.2-initiator-offers-all-again',
  {
    level: 'MUST',
    text: 'It offers all that it had offered: what is asked for was not authenticated',
    scenario: 'Alice calls; the peer asks for ECP-256. The proposals of her two requests are compared.',
    brokenBy: 'ike-narrows-on-retry',
  },
  async peer => {
    const { first, second } = await askedFor(peer, [0, 19]);
    judge(second !== null, 'alice does not try the group that she is asked for');
    judge(transforms(first) === transforms(second), 'alice offers less when she comes back');
  },
);

for (const [slug, group] of [
  ['not-offered', [0, 2]],
  ['private', [4, 1]],
  ['none', []],
] as const) {
  ikeClause(
    `rfc7296-1.2-initiator-keeps-to-its-groups[${slug}]`,
    {
      level: 'MUST',
      text: 'A group that was not offered is not used, whoever asks for it',
      scenario: `Alice calls; the peer asks for a group that she has not offered (${slug}), and then answers as she asked.`,
      brokenBy: 'ike-any-group',
    },
    async peer => {
      const { second } = await askedFor(peer, group);
      const ke = second === null ? null : payloadOf(second.payloads, 'KE');
      judge(ke === null || [31, 19, 14].includes(ke.group), `alice sends a KE payload of group ${ke?.group}`);
      judge(ke === null || ke.group !== group[1], 'alice uses a group that she has not offered');
    },
  );
}
