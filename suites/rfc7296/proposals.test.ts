import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt } from '../tester/ike/initiate.ts';
import { payloadOf } from '../tester/ike/payloads.ts';
import { type Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeNotAccepted, judgeNotified, judgeStillServes } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.7, §2.10 and §3.3: what is chosen, and nonces. */

ikeClause(
  'rfc7296-2.7-no-proposal-chosen',
  {
    level: 'MUST',
    text: 'Where no proposal is acceptable, NO_PROPOSAL_CHOSEN says so',
    scenario: 'The peer offers 3DES alone.',
    brokenBy: 'ike-hides-proposals',
  },
  async (_peer, bench) => {
    const peer = new TesterPeer(bench, { suite: '3des-sha1-prfsha1-modp2048' });
    const { response } = await attempt(peer);
    judgeNotified(peer, response, NotifyType.NO_PROPOSAL_CHOSEN, 'NO_PROPOSAL_CHOSEN');
    judgeNotAccepted(peer, response, 'alice accepts what she was told not to');
  },
);

/** Changes the transforms of the one proposal. */
const offering = (change: (transforms: SaTransforms) => SaTransforms) => ({
  message: (message: IkeMessage) => ({
    ...message,
    payloads: message.payloads.map(it =>
      it.type === 'SA' ? { ...it, proposals: it.proposals.map(p => ({ ...p, transforms: change(p.transforms) })) } : it,
    ),
  }),
});
type SaTransforms = Extract<Payload, { type: 'SA' }>['proposals'][number]['transforms'];

for (const [slug, change] of [
  ['no-key-exchange', (all: SaTransforms) => all.filter(({ type }) => type !== 4)],
  ['no-prf', (all: SaTransforms) => all.filter(({ type }) => type !== 2)],
  ['no-encryption', (all: SaTransforms) => all.filter(({ type }) => type !== 1)],
  ['no-key-length', (all: SaTransforms) => all.map(it => ({ ...it, keyBits: null }))],
  ['odd-key-length', (all: SaTransforms) => all.map(it => (it.keyBits === null ? it : { ...it, keyBits: 100 }))],
  ['unknown-attribute', (all: SaTransforms) => all.map(it => ({ ...it, otherAttributes: [{ type: 99, value: 1 }] }))],
  ['unknown-type-alone', (all: SaTransforms) => [...all, { type: 77, id: 1, keyBits: null, otherAttributes: [] }]],
  ['no-transforms', () => []],
] as const) {
  ikeClause(
    `rfc7296-3.3-unacceptable-proposal[${slug}]`,
    {
      level: 'MUST',
      text: 'A proposal that lacks what an IKE SA needs, or asks for what is not known, is not chosen',
      scenario: `The peer offers one proposal: ${slug.replaceAll('-', ' ')}. Then it calls as it should.`,
      brokenBy: 'ike-falls-silent-of-it',
    },
    async peer => {
      const { response } = await attempt(peer, offering(change));
      judgeNotAccepted(peer, response, 'alice accepts a proposal that is none');
      peer.initiatorSpi = peer.newSpi();
      await judgeStillServes(peer, 'alice does not speak with anybody after that');
    },
  );
}

ikeClause(
  'rfc7296-3.3.6-unknown-choice-beside-a-known-one',
  {
    level: 'MUST',
    text: 'A transform that is not known, or has an attribute that is not, is passed over where another of its type will do',
    scenario:
      'The peer offers a second encryption algorithm with an unknown number, and a third with an unknown attribute.',
    brokenBy: 'ike-minds-choices',
  },
  async peer => {
    const { response } = await attempt(
      peer,
      offering(all => [
        { type: 1, id: 1023, keyBits: null, otherAttributes: [] },
        { type: 1, id: 12, keyBits: 256, otherAttributes: [{ type: 99, value: 1 }] },
        ...all,
      ]),
    );
    judge(
      response !== null && payloadOf(response.payloads, 'SA') !== null,
      'alice minds a choice that she need not take',
    );
    const [chosen] = payloadOf(response.payloads, 'SA')?.proposals ?? [];
    peer.bench.cite(response, 'her choice', 'Payload SA');
    judge(chosen?.transforms.some(it => it.type === 1 && it.id === 20) === true, 'alice chooses what she cannot know');
  },
);

ikeClause(
  'rfc7296-2.7-one-of-each-is-chosen',
  {
    level: 'MUST',
    text: 'The answer has one proposal, with one transform of each type that was offered, and no other',
    scenario: 'The peer offers several transforms of each type; what alice chooses is compared with that.',
    brokenBy: 'ike-drops-choice',
  },
  async peer => {
    const { response } = await attempt(
      peer,
      offering(all => [
        ...all,
        { type: 1, id: 20, keyBits: 128, otherAttributes: [] },
        { type: 2, id: 6, keyBits: null, otherAttributes: [] },
        { type: 4, id: 19, keyBits: null, otherAttributes: [] },
      ]),
    );
    judge(response !== null, 'alice does not answer IKE_SA_INIT');
    const proposals = payloadOf(response.payloads, 'SA')?.proposals ?? [];
    peer.bench.cite(response, 'her choice', 'Payload SA');
    judge(proposals.length === 1, `alice answers with ${proposals.length} proposals`);
    const types = (proposals[0]?.transforms ?? []).map(({ type }) => type).toSorted((a, b) => a - b);
    judge(types.join() === '1,2,4', `alice chooses transforms of the types ${types.join()}`);
  },
);

ikeClause(
  'rfc7296-3.3.1-number-of-the-proposal',
  {
    level: 'MUST',
    text: 'The proposal that is chosen keeps its number',
    scenario: 'The peer offers what alice does not take, and what she takes as the second proposal.',
    brokenBy: 'ike-renumbers',
  },
  async peer => {
    const { response } = await attempt(peer, {
      message: message => ({
        ...message,
        payloads: message.payloads.map(it => {
          const [own] = it.type === 'SA' ? it.proposals : [];
          if (it.type !== 'SA' || own === undefined) return it;
          const other = {
            ...own,
            transforms: own.transforms.map(t => (t.type === 1 ? { ...t, id: 1000, keyBits: null } : t)),
          };
          return { ...it, proposals: [other, { ...own, number: 2 }] };
        }),
      }),
    });
    judge(response !== null, 'alice does not answer IKE_SA_INIT');
    const number = payloadOf(response.payloads, 'SA')?.proposals[0]?.number;
    peer.bench.cite(response, `proposal ${number}`, 'Payload SA');
    judge(number === 2, `alice answers with proposal ${number}`);
  },
);

ikeClause(
  'rfc7296-2.10-nonce-is-long-enough',
  {
    level: 'MUST',
    text: 'Nonces have 16 octets at least, and half the key of the PRF',
    scenario: 'The peer calls alice, and she calls; her nonces are measured.',
    brokenBy: 'ike-short-nonce',
  },
  async peer => {
    const { response } = await attempt(peer);
    const request = await letAliceCall(peer);
    for (const heard of [response, request]) {
      const octets = heard === null ? 0 : (payloadOf(heard.payloads, 'NONCE')?.data.length ?? 0);
      if (heard !== null) peer.bench.cite(heard, `a nonce of ${octets} octets`, 'Payload Nr', 'Payload Ni');
      judge(octets >= 16 && octets <= 256, `alice sends a nonce of ${octets} octets`);
    }
  },
);

ikeClause(
  'rfc7296-2.10-nonces-are-fresh',
  {
    level: 'MUST',
    text: 'Each exchange has a nonce of its own',
    scenario: 'Five peers send IKE_SA_INIT; the nonces and SPIs of alice’s answers are compared.',
    brokenBy: 'ike-same-nonce',
  },
  async (_peer, bench) => {
    const answers: Heard[] = [];
    for (let i = 0; i < 5; i++) {
      const peer = new TesterPeer(bench, { label: `peer ${i}` });
      const { response } = await attempt(peer);
      if (response !== null) answers.push(response);
    }
    judge(answers.length === 5, 'alice does not answer five peers');
    for (const heard of answers.slice(0, 2)) bench.cite(heard, 'its nonce', 'Payload Nr', 'Payload Ni');
    judge(new Set(answers.map(nonceOf)).size === 5, 'alice uses a nonce again');
    judge(new Set(answers.map(({ ike }) => ike?.responderSpi)).size === 5, 'alice uses an SPI again');
  },
);

/** The nonce of a message. */
function nonceOf(heard: Heard): string {
  return Buffer.from(payloadOf(heard.payloads, 'NONCE')?.data ?? []).toString('hex');
}
