import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { PEER } from '../tester/bench.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge } from '../tester/judgement.ts';
import {
  judgeArrives,
  judgeCarries,
  judgeLeaves,
  judgeNotClear,
  judgeRefused,
  sendBy,
} from '../tester/ike/child-traffic.ts';
import {
  answerChild,
  askChild,
  childOfAnswer,
  deleteChildren,
  letAlice,
  letAliceRekeyChild,
} from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call, openCall } from '../tester/ike/initiate.ts';
import { mobileCall } from '../tester/ike/mobike.ts';
import { deleteEsp, deleteIke, payloadOf } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { INSIDE } from '../tester/citations.ts';

/** What must not get in, or out, whatever was negotiated. */

const INNER: Readonly<Record<string, { readonly source?: string; readonly destination?: string }>> = {
  'spoofed-source': { source: '10.0.0.77' },
  'source-outside': { source: '192.0.2.1' },
  'destination-outside': { destination: '10.0.7.7' },
};

for (const [slug, inner] of Object.entries(INNER)) {
  ikeClause(
    `adversary-39-inner-packet[${slug}]`,
    {
      level: 'MUST',
      text: 'What comes out of an SA and is outside of its selectors is dropped, and counted (RFC 4301 §5.2)',
      scenario: `The peer sends a packet by the child, authentic, and inside of it: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ignores-selectors',
    },
    async peer => {
      const { child } = await call(peer);
      const before = await drops(peer);
      await judgeRefused(peer, child, { sequence: 1, text: 'SPOOFED ', ...inner }, 'alice lets a packet out of the SA');
      judge((await drops(peer)) > before, 'alice does not count what she drops');
      await judgeArrives(peer, child, { sequence: 2, text: 'GENUINE ' }, 'nor does she take a packet that is right');
    },
  );
}

const drops = async ({ bench }: TesterPeer): Promise<number> =>
  Object.values(await bench.drops()).reduce((sum, count) => sum + count, 0);

const ENDS: Readonly<Record<string, (peer: TesterPeer) => Promise<unknown>>> = {
  'child-is-deleted': peer => peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteEsp(0xc0ff_ee01)] }),
  'ike-sa-is-deleted': peer => peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [deleteIke()] }),
};

for (const [slug, end] of Object.entries(ENDS)) {
  ikeClause(
    `adversary-40-no-plaintext[${slug}]`,
    {
      level: 'MUST',
      text: 'What is to be protected never leaves without protection, whatever becomes of the SAs (CDRouter ike_4)',
      scenario: `The peer calls; then its ${slug.replaceAll('-', ' ')}, and packets come from inside.`,
      brokenBy: 'bypasses-protect',
    },
    async peer => {
      await call(peer);
      await end(peer);
      await outbound(peer.bench, ['AFTERWARDS ', 'ONCE-MORE ']);
      judgeNotClear(peer.bench, 'AFTERWARDS ', 'a packet leaves in the clear');
      judgeNotClear(peer.bench, 'ONCE-MORE ', 'a packet leaves in the clear');
    },
  );
}

ikeClause(
  'adversary-40-no-plaintext[before-there-is-an-sa]',
  {
    level: 'MUST',
    text: 'What is to be protected waits for its SA, or is lost',
    scenario: 'The peer has come no further than IKE_SA_INIT; packets come from inside.',
    brokenBy: 'bypasses-protect',
  },
  async peer => {
    await openCall(peer);
    await outbound(peer.bench, ['TOO-EARLY ']);
    judgeNotClear(peer.bench, 'TOO-EARLY ', 'a packet leaves in the clear');
  },
);

ikeClause(
  'adversary-40-no-plaintext[twin-in-ipv6]',
  {
    level: 'MUST',
    text: 'A tunnel of IPv4 is no reason to let its twin of IPv6 leave in the clear (RFC 7359)',
    scenario: 'The peer calls for IPv4; the same hosts speak IPv6.',
    brokenBy: 'bypasses-the-rest',
  },
  async peer => {
    const { child } = await call(peer);
    await judgeCarries(peer, child, 1, 'the tunnel');
    await outbound(peer.bench, ['IN-IPV6 '], { inner: 6 });
    judgeNotClear(peer.bench, 'IN-IPV6 ', 'a packet of IPv6 leaves in the clear');
  },
);

ikeClause(
  'adversary-40-no-plaintext[address-of-the-peer]',
  {
    level: 'MUST',
    text: 'Packets for the address of the peer itself do not leave in the clear because IKE does (TunnelCrack ServerIP)',
    scenario: 'The peer calls; a host behind alice sends to the address of the peer.',
    brokenBy: 'bypasses-the-rest',
  },
  async peer => {
    await call(peer);
    await outbound(peer.bench, ['TO-THE-PEER '], { destination: PEER[4] });
    judgeNotClear(peer.bench, 'TO-THE-PEER ', 'a packet for the address of the peer leaves in the clear');
  },
);

ikeClause(
  'adversary-MORE-simultaneous-rekey',
  {
    level: 'MUST',
    text: 'Both ends rekey a child at once: each is answered, and packets pass',
    scenario: 'Alice is told to rekey; before she is answered the peer rekeys as well. Packets come by both.',
    brokenBy: 'ike-always-busy',
  },
  async peer => {
    const { child: old } = await call(peer);
    const request = await letAliceRekeyChild(peer);
    const asked = await askChild(peer, { replaces: old });
    judge(
      payloadOf(asked.response?.payloads ?? [], 'SA') !== null,
      'alice does not rekey what she is rekeying herself',
    );
    const { child: his } = childOfAnswer(peer, asked);
    const hers = await answerChild(peer, request, { spi: 0xc0ff_ee03 });
    await judgeArrives(peer, his, { sequence: 1, text: 'BY-HIS ' }, 'alice takes no packets by the peer’s');
    await judgeArrives(peer, hers, { sequence: 1, text: 'BY-HERS ' }, 'alice takes no packets by her own');
  },
);

ikeClause(
  'adversary-MORE-simultaneous-delete',
  {
    level: 'MUST',
    text: 'Both ends delete a child at once: each is answered, and nothing leaves in the clear',
    scenario: 'Alice is told to close her child; before she is answered the peer deletes it.',
    brokenBy: 'ike-answers-every-delete',
  },
  async peer => {
    const { child } = await call(peer);
    const close = { kind: 'terminate', child: 'net' } as const;
    const request = await letAlice(peer, close, ExchangeType.INFORMATIONAL, 'Delete');
    const answer = await deleteChildren(peer, child);
    judge(answer !== null, 'alice does not answer the Delete of what she deletes herself');
    peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N');
    judge(payloadOf(answer.payloads, 'D') === null, 'alice deletes in the answer what she has asked to be deleted');
    await peer.answer(request, []);
    await outbound(peer.bench, ['AFTERWARDS ']);
    judgeNotClear(peer.bench, 'AFTERWARDS ', 'a packet leaves in the clear');
  },
);

ikeClause(
  'adversary-MORE-nat-port-change',
  {
    level: 'MUST',
    text: 'Where a NAT changes its mind packets follow what is authentic, and nothing that is not or that was seen before',
    scenario:
      'The peer is behind a NAT. Forged and repeated ESP comes from another port, then a genuine packet from a third.',
    brokenBy: 'follows-anyone',
  },
  async peer => {
    peer.natPort = 61_000;
    const { child } = await mobileCall(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'GENUINE ' }, 'alice takes no ESP in UDP');
    await sendBy(peer, child, { sequence: 2, text: 'FORGED ', fromPort: 62_000, spoil: spoilIcv });
    await sendBy(peer, child, { sequence: 1, text: 'GENUINE ', fromPort: 62_000 });
    const before = await judgeLeaves(peer, child, 'WHERE ', 'alice sends nothing');
    judge(before.ports?.to === 61_000, `alice sends to port ${before.ports?.to}, for what was forged or repeated`);
    await sendBy(peer, child, { sequence: 3, text: 'MOVED ', fromPort: 63_000 });
    const after = await judgeLeaves(peer, child, 'THERE ', 'alice sends nothing');
    judge(after.ports?.to === 63_000, `alice sends to port ${after.ports?.to}, where nobody is any more`);
  },
);

/** Its ICV is not any more what it was. */
function spoilIcv(esp: Uint8Array): void {
  esp.fill(0, esp.length - 4);
}
