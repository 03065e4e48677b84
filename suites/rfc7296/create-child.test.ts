import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { judgeArrives, judgeCarries, judgeLeaves, judgeRefused, leftUnder } from '../tester/ike/child-traffic.ts';
import {
  answerChild,
  askChild,
  childOfAnswer,
  deleteChildren,
  letAlice,
  makeChild,
} from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { call, type TesterChild } from '../tester/ike/initiate.ts';
import { notify, payloadOf, selector } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { judgeAlive, judgeNotified } from '../tester/ike/verdicts.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7296 §1.3 and §1.3.1: new Child SAs in an IKE SA that stands. */

/** Children with a key exchange of their own. */
const withExchange = (...keyExchange: readonly string[]): IkePlan => ({
  child: {
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16'],
        integrity: [],
        keyExchange,
        additionalKeyExchanges: [],
        esn: ['no'],
      },
    ],
  },
});

/** The peer closes the child, and a packet from inside asks for another. */
async function letAliceAsk(peer: TesterPeer): Promise<Heard> {
  const { child } = await call(peer);
  await deleteChildren(peer, child);
  return letAlice(peer, () => peer.bench.wake(), ExchangeType.CREATE_CHILD_SA, 'request for a new Child SA');
}

ikeClause(
  'rfc7296-1.3.1-new-child',
  {
    level: 'MUST',
    text: 'The responder of CREATE_CHILD_SA answers with SA, Nr, TSi and TSr, and has the Child SA',
    scenario: 'The peer calls, and asks for a second child; packets pass by it.',
    brokenBy: 'ike-one-child',
  },
  async peer => {
    await call(peer);
    const { response } = await askChild(peer);
    judge(response !== null, 'alice does not answer CREATE_CHILD_SA');
    peer.bench.cite(response, 'her answer', ...INSIDE);
    for (const type of ['SA', 'NONCE', 'TSi', 'TSr'] as const)
      judge(payloadOf(response.payloads, type) !== null, `there is no ${type} in alice’s answer`);
  },
);

ikeClause(
  'rfc7296-2.17-keys-of-a-new-child',
  {
    level: 'MUST',
    text: 'The keys of a Child SA that CREATE_CHILD_SA makes come of the nonces of that exchange',
    scenario: 'The peer calls, asks for a second child and deletes the first; packets pass by the second both ways.',
    brokenBy: 'ike-other-child-nonce',
  },
  async peer => {
    const first = await call(peer);
    const { child } = await makeChild(peer);
    await judgeArrives(peer, child, { sequence: 1, text: 'BY-THE-SECOND ' }, 'alice takes no packets by the new child');
    await deleteChildren(peer, first.child);
    await judgeCarries(peer, child, 2, 'the new child');
  },
);

ikeClause(
  'rfc7296-2.17-keys-with-an-exchange-of-their-own',
  {
    level: 'MUST',
    text: 'Where there is KE in CREATE_CHILD_SA, the keys come of its secret as well',
    scenario: 'The peer calls, and asks for a second child with x25519; packets pass by it both ways.',
    brokenBy: 'ike-other-child-ke',
    plan: withExchange('x25519', 'none'),
  },
  async peer => {
    const first = await call(peer);
    const asked = await askChild(peer, { exchange: 'x25519' });
    const { child, response } = childOfAnswer(peer, asked);
    judge(payloadOf(response.payloads, 'KE')?.group === 31, 'there is no KE of group 31 in alice’s answer');
    await judgeArrives(peer, child, { sequence: 1, text: 'WITH-SECRECY ' }, 'alice takes no packets by the new child');
    await deleteChildren(peer, first.child);
    await judgeCarries(peer, child, 2, 'the new child');
  },
);

ikeClause(
  'rfc7296-1.3.1-nonces-are-fresh',
  {
    level: 'MUST',
    text: 'Each exchange has a nonce of its own',
    scenario: 'The peer calls, and asks for two children; the nonces of the three answers are compared.',
    brokenBy: 'ike-same-child-nonce',
  },
  async peer => {
    const { nonceR } = await call(peer);
    const nonces = [nonceR];
    for (const spi of [0xc0ff_ee02, 0xc0ff_ee03]) {
      const { response } = await makeChild(peer, { spi });
      peer.bench.cite(response, 'with a nonce', ...INSIDE);
      nonces.push(payloadOf(response.payloads, 'NONCE')?.data ?? new Uint8Array(0));
    }
    const different = new Set(nonces.map(nonce => Buffer.from(nonce).toString('hex')));
    judge(different.size === 3, 'alice uses a nonce twice');
    judge(
      nonces.every(({ length }) => length >= 16 && length <= 256),
      'alice’s nonce is too short, or too long',
    );
  },
);

ikeClause(
  'rfc7296-1.3-wrong-group-is-named',
  {
    level: 'MUST',
    text: 'KE of another group than the responder chooses is answered with INVALID_KE_PAYLOAD and the group',
    scenario: 'The peer asks for a child with x25519; alice has ecp256 alone for children, which he offers as well.',
    brokenBy: 'ike-hides-group',
    plan: withExchange('ecp256'),
  },
  async peer => {
    await call(peer);
    const { response } = await askChild(
      peer,
      { exchange: 'x25519' },
      {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type !== 'SA'
              ? it
              : {
                  ...it,
                  proposals: it.proposals.map(one => ({
                    ...one,
                    transforms: [...one.transforms, { type: 4, id: 19, keyBits: null, otherAttributes: [] }],
                  })),
                },
          ),
        }),
      },
    );
    const data = judgeNotified(peer, response, NotifyType.INVALID_KE_PAYLOAD, 'INVALID_KE_PAYLOAD');
    judge(Buffer.from(data).toString('hex') === '0013', 'INVALID_KE_PAYLOAD does not name group 19');
    await judgeAlive(peer, 'the IKE SA does not live on');
  },
);

ikeClause(
  'rfc7296-1.3.1-no-proposal-for-the-child',
  {
    level: 'MUST',
    text: 'A child whose proposals do not suit is refused with NO_PROPOSAL_CHOSEN',
    scenario: 'The peer calls, and asks for a child with ChaCha20-Poly1305, which alice does not use.',
    brokenBy: 'ike-hides-proposals',
  },
  async peer => {
    await call(peer);
    const { response } = await askChild(peer, { suite: 'chacha20poly1305' });
    judgeNotified(peer, response, NotifyType.NO_PROPOSAL_CHOSEN, 'NO_PROPOSAL_CHOSEN');
  },
);

ikeClause(
  'rfc7296-1.3-refused-child-leaves-the-rest',
  {
    level: 'MUST',
    text: 'A failed attempt to create a Child SA does not tear down the IKE SA, nor its other children',
    scenario: 'The peer asks for a child between other nets; then packets pass by the first one, and alice lives.',
    brokenBy: 'ike-ends-on-refusal',
  },
  async peer => {
    const { child } = await call(peer);
    const { response } = await askChild(peer, { tsr: [selector('192.168.77.0-192.168.77.255')] });
    require(response, 'alice did not answer CREATE_CHILD_SA');
    await judgeAlive(peer, 'the IKE SA does not live on after a child was refused');
    await judgeCarries(peer, child, 1, 'after another was refused');
  },
);

ikeClause(
  'rfc7296-1.3.1-initiator-asks-whole',
  {
    level: 'MUST',
    text: 'The request for a Child SA has SA, Ni, TSi and TSr, and no REKEY_SA where none is replaced',
    scenario: 'The peer calls and deletes the child; a packet from inside asks for another.',
    brokenBy: 'ike-child-without-tsr',
  },
  async peer => {
    const request = await letAliceAsk(peer);
    peer.bench.cite(request, 'her request', ...INSIDE);
    for (const type of ['SA', 'NONCE', 'TSi', 'TSr'] as const)
      judge(payloadOf(request.payloads, type) !== null, `there is no ${type} in alice’s request`);
    const isRekey = request.payloads.some(it => it.type === 'N' && it.notifyType === NotifyType.REKEY_SA);
    judge(!isRekey, 'alice says that it replaces another');
  },
);

ikeClause(
  'rfc7296-2.17-keys-of-a-child-that-alice-asks-for',
  {
    level: 'MUST',
    text: 'The same where alice is the initiator: her direction has the first keys',
    scenario: 'The peer calls and deletes the child; alice asks for another, by which packets pass both ways.',
    brokenBy: 'ike-other-child-nonce',
  },
  async peer => {
    const child = await answerChild(peer, await letAliceAsk(peer));
    await judgeCarries(peer, child, 1, 'the child that she asked for');
  },
);

ikeClause(
  'rfc7296-1.3-initiator-takes-the-named-group',
  {
    level: 'MUST',
    text: 'After INVALID_KE_PAYLOAD the initiator asks again with the group that it names',
    scenario: 'Alice asks for a child with x25519; the peer wants ecp256, and gets it.',
    brokenBy: 'ike-minds-child-group',
    plan: withExchange('x25519', 'ecp256'),
  },
  async peer => {
    const request = await letAliceAsk(peer);
    const ask = () => peer.answer(request, [notify(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 19))]);
    const after = peer.heard().length;
    await ask();
    await peer.bench.lab.sleep(1_000);
    const again = peer
      .heard()
      .slice(after)
      .find(({ payloads }) => payloadOf(payloads, 'KE')?.group === 19);
    judge(again !== undefined, 'alice does not ask again with the group that was named');
    peer.bench.cite(again, 'with the group that was named', ...INSIDE);
    const child = await answerChild(peer, again, { exchange: 'ecp256' });
    await judgeCarries(peer, child, 1, 'the child with the other group');
  },
);

ikeClause(
  'rfc7296-2.9-initiator-takes-no-more-than-it-offered',
  {
    level: 'MUST',
    text: 'An answer may narrow what was offered; one that is wider makes no Child SA',
    scenario: 'Alice asks for a child; the peer answers with selectors for all of IPv4. Nothing leaves by it.',
    brokenBy: 'ike-believes-wider-answers',
  },
  async peer => {
    const request = await letAliceAsk(peer);
    const all = [selector('0.0.0.0-255.255.255.255')];
    const child = await answerChild(
      peer,
      request,
      {},
      {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type === 'TSi' || it.type === 'TSr' ? { ...it, selectors: all } : it,
          ),
        }),
      },
    );
    await outbound(peer.bench, ['BY-MORE ']);
    const text = 'BY-MORE-INWARD ';
    await judgeRefusedBy(peer, child, text);
  },
);

async function judgeRefusedBy(peer: TesterPeer, child: TesterChild, text: string): Promise<void> {
  const left = leftUnder(peer.bench, child, 'BY-MORE ');
  for (const seen of left.slice(0, 1)) peer.bench.cite(seen, 'by what she did not ask for', 'SPI');
  judge(left.length === 0, 'alice sends by a Child SA that is not what she has offered');
  await judgeRefused(
    peer,
    child,
    { sequence: 1, text },
    'alice receives by a Child SA that is not what she has offered',
  );
}

ikeClause(
  'rfc7296-2.7-initiator-takes-no-suite-that-it-did-not-offer',
  {
    level: 'MUST',
    text: 'The initiator verifies that what was accepted is among what it has offered',
    scenario: 'Alice asks for a child; the peer answers with AES-CCM, which she has not offered. Nothing passes by it.',
    brokenBy: 'ike-believes-other-suites',
  },
  async peer => {
    const request = await letAliceAsk(peer);
    const child = await answerChild(
      peer,
      request,
      {},
      {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type === 'SA'
              ? {
                  ...it,
                  proposals: it.proposals.map(one => ({
                    ...one,
                    transforms: one.transforms.map(part => (part.type === 1 ? { ...part, id: 16 } : part)),
                  })),
                }
              : it,
          ),
        }),
      },
    );
    await outbound(peer.bench, ['BY-MORE ']);
    await judgeRefusedBy(peer, child, 'BY-ANOTHER-INWARD ');
  },
);

ikeClause(
  'rfc7296-2.22-compression-is-not-agreed-on',
  {
    level: 'MUST',
    text: 'IPCOMP_SUPPORTED is said by the responder only where it is agreed on; a Child SA comes without it',
    scenario: 'The peer asks for a child and says that he could compress with DEFLATE. Packets pass by it as they are.',
    brokenBy: 'ike-agrees-to-compress',
  },
  async peer => {
    const first = await call(peer);
    const notifies = [notify(NotifyType.IPCOMP_SUPPORTED, Uint8Array.of(0x12, 0x34, 2))];
    const { child, response } = await makeChild(peer, { notifies });
    peer.bench.cite(response, 'her answer', ...INSIDE);
    const isAgreed = response.payloads.some(it => it.type === 'N' && it.notifyType === NotifyType.IPCOMP_SUPPORTED);
    judge(!isAgreed, 'alice agrees to compress');
    await judgeArrives(peer, child, { sequence: 1, text: 'AS-IT-IS ' }, 'alice takes no packets by the new child');
    await deleteChildren(peer, first.child);
    await judgeLeaves(peer, child, 'AS-IT-WAS ', 'alice does not send by the new child as it is');
  },
);

ikeClause(
  'rfc7296-1.3.1-tunnel-where-transport-was-asked-for',
  {
    level: 'MUST',
    text: 'A responder that declines transport mode says no USE_TRANSPORT_MODE: the Child SA is a tunnel',
    scenario: 'The peer asks for transport mode between the nets, where alice’s policy has a tunnel.',
    brokenBy: 'ike-agrees-to-transport',
  },
  async peer => {
    const first = await call(peer);
    const { child, response } = await makeChild(peer, { notifies: [notify(NotifyType.USE_TRANSPORT_MODE)] });
    peer.bench.cite(response, 'her answer', ...INSIDE);
    const isAgreed = response.payloads.some(it => it.type === 'N' && it.notifyType === NotifyType.USE_TRANSPORT_MODE);
    judge(!isAgreed, 'alice agrees to transport mode between nets');
    await deleteChildren(peer, first.child);
    await judgeCarries(peer, child, 1, 'the tunnel');
  },
);
