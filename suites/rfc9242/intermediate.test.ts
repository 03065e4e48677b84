import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, type Opening, openCall } from '../tester/ike/initiate.ts';
import {
  answerHybrid,
  answerIntermediate,
  askIntermediate,
  hybrid,
  hybridAuthPayloads,
  initiatorIsAuthentic,
  intAuthOctets,
  type IntAuth,
  INTERMEDIATE,
  NO_INT_AUTH,
  openHybrid,
  requestOf,
  responderIsAuthentic,
} from '../tester/ike/intermediate.ts';
import { errorsIn, notifies, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Alteration, Heard, TesterPeer } from '../tester/ike/peer.ts';
import { letAliceCall } from '../tester/ike/respond.ts';
import { judgeNotBelieved } from '../tester/ike/signed.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 9242: exchanges between IKE_SA_INIT and IKE_AUTH. */

const plan = hybrid(['mlkem768']);
const two = hybrid(['mlkem768'], ['ecp256']);

const announced = (heard: Heard) => notifies(heard.payloads, NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED);

const isAuth = ({ ike }: Heard): boolean => ike?.exchangeType === ExchangeType.IKE_AUTH && !ike.isResponse;

const isSecond = ({ ike, opened }: Heard): boolean =>
  ike?.exchangeType === ExchangeType.IKE_INTERMEDIATE && ike.messageId === 2 && opened.kind === 'opened';

const announcing: Alteration = {
  message: (message: IkeMessage) => ({ ...message, payloads: [...message.payloads, INTERMEDIATE] }),
};

/** Both have said that they know such exchanges, and the peer has had one with ML-KEM-768. */
async function afterOne(
  peer: TesterPeer,
  alteration: Alteration = {},
): Promise<{ opening: Opening; intAuth: IntAuth }> {
  const opening = await openHybrid(peer, ['mlkem768']);
  const { answer, intAuth } = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768', alteration);
  judgeAnswered(peer, answer, 'KE');
  return { opening, intAuth };
}

function judgeAnswered(peer: TesterPeer, answer: Heard | null, wants: 'KE' | 'nothing'): asserts answer is Heard {
  if (answer !== null) peer.bench.cite(answer, 'to IKE_INTERMEDIATE', ...INSIDE);
  judge(answer?.opened.kind === 'opened', 'alice does not answer IKE_INTERMEDIATE under the keys that it came under');
  judge(answer.ike?.exchangeType === ExchangeType.IKE_INTERMEDIATE, 'alice answers with another exchange');
  judge(errorsIn(answer.payloads).length === 0, 'alice refuses IKE_INTERMEDIATE');
  judge((payloadOf(answer.payloads, 'KE') !== null) === (wants === 'KE'), `alice does not answer with ${wants}`);
}

async function judgeAuthenticated(peer: TesterPeer, opening: Opening, tail: Uint8Array): Promise<void> {
  const payloads = hybridAuthPayloads(peer, opening, tail);
  const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
  if (answer !== null) peer.bench.cite(answer, 'to IKE_AUTH', ...INSIDE);
  judge(answer?.opened.kind === 'opened', 'alice does not answer IKE_AUTH under the keys that are new');
  judge(payloadOf(answer.payloads, 'AUTH') !== null, 'alice does not believe AUTH over all exchanges');
  judge(responderIsAuthentic(peer, opening, answer, tail), 'AUTH of alice is not over all exchanges');
}

ikeClause(
  'rfc9242-3.1-initiator-announces',
  {
    level: 'MUST',
    text: 'An initiator that wants such exchanges says INTERMEDIATE_EXCHANGE_SUPPORTED: about no SA, without data',
    scenario: 'Alice calls, and offers an additional key exchange.',
    brokenBy: 'ike-hides-intermediate',
    plan,
  },
  async peer => {
    const request = await letAliceCall(peer);
    peer.bench.cite(request, 'her request', 'Payload N(INTERMEDIATE_EXCHANGE_SUPPORTED)', ...INSIDE);
    const said = announced(request);
    judge(said.length === 1, `alice says ${said.length} times that she knows IKE_INTERMEDIATE`);
    const [first] = said;
    judge(first?.protocolId === 0 && first.spi.length === 0 && first.data.length === 0, 'alice says more than that');
  },
);

ikeClause(
  'rfc9242-3.1-responder-announces',
  {
    level: 'MUST',
    text: 'A responder that knows such exchanges says so to whoever has said so',
    scenario: 'The peer says INTERMEDIATE_EXCHANGE_SUPPORTED.',
    brokenBy: 'ike-hides-intermediate',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    const { response } = await attempt(peer, announcing);
    const heard = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(heard, 'her answer', 'Payload N(INTERMEDIATE_EXCHANGE_SUPPORTED)', ...INSIDE);
    judge(announced(heard).length === 1, `alice says ${announced(heard).length} times that she knows IKE_INTERMEDIATE`);
  },
);

ikeClause(
  'rfc9242-3.1-responder-says-nothing-unasked',
  {
    level: 'MUST',
    text: 'A responder does not speak of such exchanges to whoever has not',
    scenario: 'The peer does not say INTERMEDIATE_EXCHANGE_SUPPORTED.',
    brokenBy: 'ike-always-intermediate',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    const { response } = await attempt(peer);
    const heard = require(response, 'alice did not answer IKE_SA_INIT');
    peer.bench.cite(heard, 'her answer', 'Payload N(INTERMEDIATE_EXCHANGE_SUPPORTED)', ...INSIDE);
    judge(announced(heard).length === 0, 'alice speaks of IKE_INTERMEDIATE to who does not know it');
  },
);

ikeClause(
  'rfc9242-3.1-data-are-ignored',
  {
    level: 'MUST',
    text: 'Data in INTERMEDIATE_EXCHANGE_SUPPORTED are ignored',
    scenario: 'The peer says INTERMEDIATE_EXCHANGE_SUPPORTED with four octets of data.',
    brokenBy: 'ike-minds-intermediate-data',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    const data = notify(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED, Uint8Array.of(1, 2, 3, 4));
    const { response } = await attempt(peer, {
      message: message => ({ ...message, payloads: [...message.payloads, data] }),
    });
    judge(response !== null, 'alice says nothing to data in INTERMEDIATE_EXCHANGE_SUPPORTED');
    peer.bench.cite(response, 'her answer', 'Payload N(INTERMEDIATE_EXCHANGE_SUPPORTED)', ...INSIDE);
    judge(announced(response).length === 1, 'alice does not take the notify for what it is');
  },
);

ikeClause(
  'rfc9242-3.2-not-unless-both-announce',
  {
    level: 'MUST',
    text: 'Without INTERMEDIATE_EXCHANGE_SUPPORTED of both there are no such exchanges',
    scenario: 'The peer has not announced them, and sends IKE_INTERMEDIATE.',
    brokenBy: 'ike-takes-intermediate',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    await openCall(peer);
    const answer = await peer.ask({ exchange: ExchangeType.IKE_INTERMEDIATE, payloads: [] });
    if (answer !== null) peer.bench.cite(answer, 'to what was not agreed upon', ...INSIDE);
    const isTaken = answer?.opened.kind === 'opened' && errorsIn(answer.payloads).length === 0;
    judge(!isTaken, 'alice takes IKE_INTERMEDIATE, which was not agreed upon');
  },
);

ikeClause(
  'rfc9242-3.2-without-content',
  {
    level: 'MAY',
    text: 'What is in such an exchange is the business of others: one with nothing in it is answered, and is authenticated as well',
    scenario: 'The peer sends IKE_INTERMEDIATE with nothing in it, and goes on to IKE_AUTH.',
    brokenBy: 'ike-signs-other-octets',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    const opening = await openCall(peer, announcing);
    const { answer, intAuth } = await askIntermediate(peer, opening, NO_INT_AUTH, null);
    judgeAnswered(peer, answer, 'nothing');
    await judgeAuthenticated(peer, opening, intAuthOctets(intAuth, 2));
  },
);

ikeClause(
  'rfc9242-3.2-initiator-counts-messages',
  {
    level: 'MUST',
    text: 'Message IDs go on: 1 for the first such exchange, and IKE_AUTH has one more than the last',
    scenario: 'Alice calls with two additional key exchanges; her Message IDs are looked at.',
    brokenBy: 'ike-auth-is-always-1',
    plan: two,
  },
  async peer => {
    const state = await answerHybrid(peer, 'mlkem768', 'ecp256');
    const first = await requestOf(peer, ExchangeType.IKE_INTERMEDIATE);
    const once = await answerIntermediate(peer, state, first, NO_INT_AUTH, 'mlkem768');
    const after = peer.heard().indexOf(first) + 1;
    const second = await peer.expect('second IKE_INTERMEDIATE', isSecond, Math.max(0, after));
    await answerIntermediate(peer, state, second, once, 'ecp256');
    const auth = await peer.expect('IKE_AUTH', isAuth);
    peer.bench.cite(auth, `IKE_AUTH with Message ID ${auth.ike?.messageId}`, 'Message ID');
    const ids = [first, second, auth].map(({ ike }) => ike?.messageId);
    judge(ids.join() === '1,2,3', `alice counts ${ids.join()}`);
  },
);

ikeClause(
  'rfc9242-3.2-message-ids-are-verified',
  {
    level: 'MUST',
    text: 'Message IDs of such exchanges follow the rule, and one that does not is not taken',
    scenario: 'The peer sends its first IKE_INTERMEDIATE with Message ID 2, and then with 1.',
    brokenBy: 'ike-takes-far-intermediate',
    plan: hybrid(['mlkem768', 'none']),
  },
  async peer => {
    await openCall(peer, announcing);
    const far = await peer.ask({ exchange: ExchangeType.IKE_INTERMEDIATE, payloads: [], messageId: 2 });
    if (far !== null) peer.bench.cite(far, 'to Message ID 2', 'Message ID');
    judge(far?.opened.kind !== 'opened', 'alice answers Message ID 2 before 1');
    const right = await peer.ask({ exchange: ExchangeType.IKE_INTERMEDIATE, payloads: [], messageId: 1 });
    judgeAnswered(peer, right, 'nothing');
  },
);

ikeClause(
  'rfc9242-3.2-not-in-the-clear',
  {
    level: 'MUST',
    text: 'IKE_INTERMEDIATE has SK: one in the clear is none',
    scenario: 'The peer sends IKE_INTERMEDIATE in the clear, and then as it has to be.',
    brokenBy: 'ike-believes-clear-intermediate',
    plan,
  },
  async peer => {
    const opening = await openHybrid(peer, ['mlkem768']);
    const { keys } = peer;
    peer.keys = null;
    const clear = peer.encode({ ...peer.header(ExchangeType.IKE_INTERMEDIATE, 1, false), payloads: [] });
    peer.keys = keys;
    const answer = await peer.askAgain(clear);
    if (answer !== null) peer.bench.cite(answer, 'to what came in the clear', ...INSIDE);
    judge(answer === null || errorsIn(answer.payloads).length > 0, 'alice takes IKE_INTERMEDIATE in the clear');
    const { answer: right } = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768');
    judgeAnswered(peer, right, 'KE');
  },
);

ikeClause(
  'rfc9242-3.2-nothing-is-established-before-auth',
  {
    level: 'MUST',
    text: 'An IKE SA is not established before IKE_AUTH',
    scenario: 'After IKE_INTERMEDIATE the peer asks for a child by CREATE_CHILD_SA.',
    brokenBy: 'ike-answers-early',
    plan,
  },
  async peer => {
    await afterOne(peer);
    const answer = await peer.ask({ exchange: ExchangeType.CREATE_CHILD_SA, payloads: [] });
    if (answer !== null) peer.bench.cite(answer, 'to CREATE_CHILD_SA', ...INSIDE);
    const isTaken = answer?.opened.kind === 'opened' && errorsIn(answer.payloads).length === 0;
    judge(!isTaken, 'alice takes an IKE SA for established before IKE_AUTH');
  },
);

ikeClause(
  'rfc9242-3.3.1-keys-of-responder',
  {
    level: 'MUST',
    text: 'An exchange is under the keys from before it; what follows, under those that came of it',
    scenario: 'The peer has IKE_INTERMEDIATE with ML-KEM-768, and IKE_AUTH under the keys of that.',
    brokenBy: 'ike-same-second-secret',
    plan,
  },
  async peer => {
    const { opening, intAuth } = await afterOne(peer);
    await judgeAuthenticated(peer, opening, intAuthOctets(intAuth, 2));
  },
);

ikeClause(
  'rfc9242-3.3.1-keys-of-initiator',
  {
    level: 'MUST',
    text: 'An exchange is under the keys from before it; what follows, under those that came of it',
    scenario: 'Alice calls and has IKE_INTERMEDIATE with ML-KEM-768; IKE_AUTH is opened with the keys of that.',
    brokenBy: 'ike-same-second-secret',
    plan,
  },
  async peer => {
    const state = await answerHybrid(peer, 'mlkem768');
    const request = await requestOf(peer, ExchangeType.IKE_INTERMEDIATE);
    const intAuth = await answerIntermediate(peer, state, request, NO_INT_AUTH, 'mlkem768');
    const auth = await requestOf(peer, ExchangeType.IKE_AUTH).catch(() => null);
    judge(auth !== null, 'alice sends no IKE_AUTH under the keys that are new');
    peer.bench.cite(auth, 'IKE_AUTH under new keys', ...INSIDE);
    const tail = intAuthOctets(intAuth, 2);
    judge(initiatorIsAuthentic(peer, state, auth, tail), 'AUTH of alice is not over all exchanges');
  },
);

ikeClause(
  'rfc9242-3.3.2-initiator-authenticates-them',
  {
    level: 'MUST',
    text: 'AUTH of the initiator is over IntAuth as well',
    scenario: 'Alice calls and has two such exchanges; her AUTH is computed again.',
    brokenBy: 'ike-signs-other-octets',
    plan: two,
  },
  async peer => {
    const state = await answerHybrid(peer, 'mlkem768', 'ecp256');
    const first = await requestOf(peer, ExchangeType.IKE_INTERMEDIATE);
    const once = await answerIntermediate(peer, state, first, NO_INT_AUTH, 'mlkem768');
    const second = await peer.expect('second IKE_INTERMEDIATE', isSecond);
    const twice = await answerIntermediate(peer, state, second, once, 'ecp256');
    const auth = await requestOf(peer, ExchangeType.IKE_AUTH);
    peer.bench.cite(auth, 'IKE_AUTH', ...INSIDE);
    const tail = intAuthOctets(twice, 3);
    judge(initiatorIsAuthentic(peer, state, auth, tail), 'AUTH of alice is not over both exchanges');
  },
);

ikeClause(
  'rfc9242-3.3.2-responder-authenticates-them',
  {
    level: 'MUST',
    text: 'AUTH of the responder is over IntAuth as well',
    scenario: 'The peer has two such exchanges; AUTH of alice’s is computed again.',
    brokenBy: 'ike-signs-other-octets',
    plan: two,
  },
  async peer => {
    const opening = await openHybrid(peer, ['mlkem768'], ['ecp256']);
    const first = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768');
    judgeAnswered(peer, first.answer, 'KE');
    const second = await askIntermediate(peer, opening, first.intAuth, 'ecp256');
    judgeAnswered(peer, second.answer, 'KE');
    await judgeAuthenticated(peer, opening, intAuthOctets(second.intAuth, 3));
  },
);

const WRONG_TAILS: Readonly<Record<string, readonly [says: string, make: (intAuth: IntAuth) => Uint8Array]>> = {
  'left-out': ['without IntAuth', () => new Uint8Array(0)],
  'other-message-id': ['with Message ID 1 in IntAuth', intAuth => intAuthOctets(intAuth, 1)],
  swapped: [
    'with the responder’s half of IntAuth first',
    ({ initiator, responder }) => intAuthOctets({ initiator: responder, responder: initiator }, 2),
  ],
  'one-half': [
    'with the initiator’s half of IntAuth alone',
    ({ initiator }) => intAuthOctets({ initiator, responder: new Uint8Array(0) }, 2),
  ],
};

for (const [slug, [says, make]] of Object.entries(WRONG_TAILS)) {
  ikeClause(
    `rfc9242-3.3.2-auth-over-something-else[${slug}]`,
    {
      level: 'MUST',
      text: 'AUTH that is not over all such exchanges proves nothing',
      scenario: `The peer has one such exchange, and sends AUTH ${says}.`,
      brokenBy: 'ike-believes-all',
      plan,
    },
    async peer => {
      const { opening, intAuth } = await afterOne(peer);
      const payloads = hybridAuthPayloads(peer, opening, make(intAuth));
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
      judgeNotBelieved(peer, answer, `alice believes AUTH ${says}`);
    },
  );
}

ikeClause(
  'rfc9242-3.3.2-whole-messages-are-authenticated',
  {
    level: 'MUST',
    text: 'IntAuth is of whole messages, however they were cut',
    scenario: 'The peer sends IKE_INTERMEDIATE in fragments of 300 octets, and goes on to IKE_AUTH.',
    brokenBy: 'ike-no-fragments',
    plan,
  },
  async peer => {
    const supported = notify(NotifyType.IKEV2_FRAGMENTATION_SUPPORTED);
    const opening = await openCall(peer, {
      message: message => {
        const offered = message.payloads.map(it =>
          it.type === 'SA'
            ? {
                ...it,
                proposals: it.proposals.map(one => ({
                  ...one,
                  transforms: [...one.transforms, { type: 6, id: 36, keyBits: null, otherAttributes: [] }],
                })),
              }
            : it,
        );
        return { ...message, payloads: [...offered, INTERMEDIATE, supported] };
      },
    });
    const alteration = { sealing: { fragmentOctets: 300 } };
    const { answer, intAuth } = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768', alteration);
    judgeAnswered(peer, answer, 'KE');
    await judgeAuthenticated(peer, opening, intAuthOctets(intAuth, 2));
  },
);

ikeClause(
  'rfc9242-3.4-forged-ones-are-dropped',
  {
    level: 'MUST',
    text: 'An IKE_INTERMEDIATE that is not authentic is dropped, and the right one is still answered',
    scenario: 'The peer’s IKE_INTERMEDIATE comes with one bit changed, and then as it has to be.',
    brokenBy: 'ike-gives-up-on-intermediate',
    plan,
  },
  async peer => {
    const opening = await openHybrid(peer, ['mlkem768']);
    const spoilt = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768', {
      octets: octets => octets.with(octets.length - 1, (octets.at(-1) ?? 0) ^ 1),
    });
    if (spoilt.answer !== null) peer.bench.cite(spoilt.answer, 'to what is not authentic', ...INSIDE);
    judge(spoilt.answer?.opened.kind !== 'opened', 'alice answers what is not authentic');
    peer.nextRequest = 1;
    const { answer } = await askIntermediate(peer, opening, NO_INT_AUTH, 'mlkem768');
    judgeAnswered(peer, answer, 'KE');
  },
);
