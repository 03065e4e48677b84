import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { attributesOf, callMain, offer, offerPayloads } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import type { V1Plan } from '../tester/ike-v1/plans.ts';
import { isHash1, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick } from '../tester/ike-v1/quick-mode.ts';
import { METHOD } from '../tester/ike-v1/suite.ts';
import {
  answerTransaction,
  askTransaction,
  attribute,
  attributePayload,
  CFG,
  contentOf,
  expectTransaction,
  numberOf,
  octetsOf,
  STATUS,
  transactions,
  XAUTH,
} from '../tester/ike-v1/transaction.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeGone, judgeNoQuick, judgeNotChosen, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** draft-beaulieu-ike-xauth-02: who the user is, behind phase 1. */

const [USER, PASSWORD] = ['joe', 'open sesame'];

const GATEWAY: V1Plan = { v1: { xauth: { side: 'gateway', users: [{ user: USER, password: PASSWORD }] } } };
const ON_THE_ROAD: V1Plan = { v1: { xauth: { side: 'user', user: USER, password: PASSWORD } } };

/** The peer calls, and is asked who its user is; gives the question. */
async function callAsUser(peer: TesterV1Peer): Promise<HeardV1> {
  peer.method = METHOD.xauthPsk;
  await callMain(peer);
  return expectTransaction(peer, 'question for the user', CFG.request);
}

const identifierOf = (question: HeardV1): number => contentOf(question, CFG.request)?.identifier ?? 0;

/** NAME and PASSWORD, where they are given. */
async function showUser(
  peer: TesterV1Peer,
  question: HeardV1,
  user: string | null,
  password: string | null,
  alteration: V1Alteration = {},
): Promise<void> {
  const attributes = [
    ...(user === null ? [] : [attribute(XAUTH.user, user)]),
    ...(password === null ? [] : [attribute(XAUTH.password, password)]),
  ];
  await answerTransaction(
    peer,
    question,
    attributePayload(CFG.reply, identifierOf(question), ...attributes),
    alteration,
  );
}

/** What alice makes of it; the peer acknowledges it. */
async function hearStatus(peer: TesterV1Peer): Promise<number | null> {
  const said = await expectTransaction(peer, 'STATUS', CFG.set);
  const content = require(contentOf(said, CFG.set), 'no SET');
  const status = numberOf(content, XAUTH.status);
  peer.bench.cite(said, `STATUS ${status}`, ...INSIDE, 'Payload SA', 'Payload N');
  await answerTransaction(peer, said, attributePayload(CFG.ack, content.identifier, attribute(XAUTH.status)));
  return status;
}

v1Clause(
  'xauth-5.1-gateway-asks',
  {
    level: 'MUST',
    text: 'The gateway asks for name and password by a REQUEST in which both are empty, behind phase 1',
    scenario: 'The peer calls with a method of XAuth; what alice asks is looked at.',
    brokenBy: 'v1-asks-nothing',
    plan: GATEWAY,
  },
  async peer => {
    const question = await callAsUser(peer);
    peer.bench.cite(question, 'her question', ...INSIDE, 'Payload SA', 'Payload N');
    const content = require(contentOf(question, CFG.request), 'no REQUEST');
    judge(isHash1(peer, question), 'HASH of alice is wrong');
    for (const type of [XAUTH.user, XAUTH.password]) {
      judge(octetsOf(content, type)?.length === 0, `alice does not ask for attribute ${type}`);
    }
  },
);

v1Clause(
  'xauth-5.1-right-password',
  {
    level: 'MUST',
    text: 'A user that shows the right password is told STATUS OK, and may go on',
    scenario: 'The peer shows name and password, acknowledges what alice says, and asks for an SA.',
    brokenBy: 'v1-no-user-will-do',
    plan: GATEWAY,
  },
  async peer => {
    await showUser(peer, await callAsUser(peer), USER, PASSWORD);
    const status = await hearStatus(peer);
    judge(status === STATUS.ok, `alice says STATUS ${status}`);
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA for a user that she knows');
  },
);

const WRONG: Readonly<Record<string, readonly [user: string | null, password: string | null]>> = {
  'another-password': [USER, 'open wheat'],
  'empty-password': [USER, ''],
  'half-of-the-password': [USER, 'open'],
  'more-than-the-password': [USER, 'open sesame\0'],
  'no-password': [USER, null],
  'another-user': ['jane', PASSWORD],
  'empty-user': ['', ''],
  nothing: [null, null],
};

for (const [slug, [user, password]] of Object.entries(WRONG)) {
  v1Clause(
    `xauth-5-wrong-user[${slug}]`,
    {
      level: 'MUST',
      text: 'A user that does not show the right password is told STATUS FAIL, and gets no SA',
      scenario: `The peer shows ${slug.replaceAll('-', ' ')}, and asks for an SA all the same.`,
      brokenBy: 'v1-any-user',
      plan: GATEWAY,
    },
    async peer => {
      await showUser(peer, await callAsUser(peer), user, password);
      const status = await hearStatus(peer);
      judge(status === STATUS.fail, `alice says STATUS ${status}`);
      judgeNoQuick(peer, await askQuick(peer), 'alice makes an SA for a user that she does not know');
      await judgeGone(peer, 'alice keeps the ISAKMP SA of a user that she does not know');
    },
  );
}

v1Clause(
  'xauth-5-no-sa-before',
  {
    level: 'MUST',
    text: 'Nothing is negotiated before the user is known',
    scenario: 'The peer is asked who its user is, and asks for an SA in the place of an answer; then it answers.',
    brokenBy: 'v1-does-not-wait',
    plan: GATEWAY,
  },
  async peer => {
    const question = await callAsUser(peer);
    judgeNoQuick(peer, await askQuick(peer), 'alice makes an SA for nobody');
    await showUser(peer, question, USER, PASSWORD);
    judge((await hearStatus(peer)) === STATUS.ok, 'alice does not believe the user any more');
  },
);

for (const [slug, cfgType] of Object.entries({ 'by-set': CFG.set, 'by-reply': CFG.reply })) {
  v1Clause(
    `xauth-5-status-of-the-user[${slug}]`,
    {
      level: 'MUST NOT',
      text: 'The user can say of itself that it has failed, and nothing else',
      scenario: `The peer says STATUS OK ${slug.replaceAll('-', ' ')} in the place of its name, and asks for an SA.`,
      brokenBy: cfgType === CFG.set ? 'v1-does-not-wait' : 'v1-any-user',
      plan: GATEWAY,
    },
    async peer => {
      const question = await callAsUser(peer);
      const payload = attributePayload(cfgType, identifierOf(question), attribute(XAUTH.status, STATUS.ok));
      if (cfgType === CFG.set) await askTransaction(peer, payload);
      else {
        await answerTransaction(peer, question, payload);
        judge((await hearStatus(peer)) === STATUS.fail, 'alice says OK to who has shown nothing');
      }
      judgeNoQuick(peer, await askQuick(peer), 'alice takes the word of a user for who he is');
    },
  );
}

for (const [slug, alteration] of Object.entries({
  'wrong-hash': { hash: (right: Uint8Array) => right.with(0, ~(right[0] ?? 0) & 255), isAside: true },
  'no-hash': { hash: () => null, isAside: true },
} as const)) {
  v1Clause(
    `modecfg-3.1.1-reply-is-authentic[${slug}]`,
    {
      level: 'MUST',
      text: 'The HASH of a Transaction authenticates it: without it nothing is believed',
      scenario: `A reply with name and password comes with ${slug.replaceAll('-', ' ')}, and then the peer’s own.`,
      brokenBy: 'v1-believes-hashes',
      plan: GATEWAY,
    },
    async peer => {
      const question = await callAsUser(peer);
      await showUser(peer, question, USER, PASSWORD, alteration);
      await peer.bench.lab.sleep(500);
      for (const seen of transactions(peer, CFG.set).slice(0, 1))
        peer.bench.cite(seen, 'she believes it', ...INSIDE, 'Payload SA', 'Payload N');
      judge(transactions(peer, CFG.set).length === 0, 'alice believes a reply that anybody may have sent');
    },
  );
}

v1Clause(
  'xauth-6.1-method-says-so',
  {
    level: 'MUST',
    text: 'Whether a user is to be asked for is negotiated by the method: policy that demands it takes no other',
    scenario: 'Alice wants to know users; the peer offers a shared key without XAuth.',
    brokenBy: 'v1-wants-no-users',
    plan: GATEWAY,
  },
  async peer => {
    const { response } = await offer(peer, {}, offerPayloads(peer, attributesOf(peer, METHOD.psk)));
    judgeNotChosen(peer, response, 'alice lets somebody in without a user');
  },
);

/** Alice calls, and the peer asks who her user is; gives what she replies. */
async function askAlice(peer: TesterV1Peer, type: number | null = null): Promise<HeardV1 | null> {
  peer.method = METHOD.xauthPsk;
  await answerMain(peer);
  return question(peer, type);
}

async function question(peer: TesterV1Peer, type: number | null): Promise<HeardV1 | null> {
  const attributes = [
    ...(type === null ? [] : [attribute(XAUTH.type, type)]),
    attribute(XAUTH.user),
    attribute(XAUTH.password),
  ];
  const { response } = await askTransaction(peer, attributePayload(CFG.request, IDENTIFIER, ...attributes));
  if (response !== null) peer.bench.cite(response, 'her reply', ...INSIDE, 'Payload SA', 'Payload N');
  return response;
}

const IDENTIFIER = 0x1234;

v1Clause(
  'xauth-5.1-user-answers',
  {
    level: 'MUST',
    text: 'The user replies with name and password, in the Transaction of the question, with its Identifier',
    scenario: 'Alice, who is a user, calls; the peer asks for name and password.',
    brokenBy: 'v1-other-identifier',
    plan: ON_THE_ROAD,
  },
  async peer => {
    const reply = require(await askAlice(peer), 'alice does not reply');
    const content = contentOf(reply, CFG.reply);
    judge(content !== null, 'alice sends no REPLY');
    judge(isHash1(peer, reply), 'HASH of alice is wrong');
    judge(content.identifier === IDENTIFIER, `the Identifier of the reply is ${content.identifier}`);
    const [user, password] = [XAUTH.user, XAUTH.password].map(type =>
      Buffer.from(octetsOf(content, type) ?? []).toString('utf8'),
    );
    judge(user === USER && password === PASSWORD, 'alice shows another name or password than hers');
  },
);

/** Fails when the password is in what alice says. */
function judgeKeepsSecret(heard: HeardV1 | null): void {
  const text = heard?.opened.kind === 'opened' ? Buffer.from(heard.opened.text).toString('latin1') : '';
  judge(!text.includes(PASSWORD), 'alice tells her password to who should not have it');
}

v1Clause(
  'xauth-5-type-that-is-not-known',
  {
    level: 'MUST',
    text: 'A user that does not have the kind of authentication that is asked for replies STATUS FAIL',
    scenario: 'Alice, who is a user with a password, is asked for a one-time password (type 2).',
    brokenBy: 'v1-tells-passwords',
    plan: ON_THE_ROAD,
  },
  async peer => {
    const reply = await askAlice(peer, 2);
    judgeKeepsSecret(reply);
    const content = contentOf(reply, CFG.reply);
    judge(content !== null, 'alice does not reply');
    judge(numberOf(content, XAUTH.status) === STATUS.fail, 'alice does not say STATUS FAIL');
  },
);

v1Clause(
  'xauth-5-nobody-has-agreed-to-it',
  {
    level: 'MUST',
    text: 'Who has not agreed to XAuth in phase 1 has no user to show: the question is answered, and tells nothing',
    scenario: 'Alice, who knows nothing of users, is asked for name and password; then whether she is there.',
    brokenBy: 'v1-tells-passwords',
  },
  async peer => {
    await callMain(peer);
    const reply = await question(peer, null);
    judgeKeepsSecret(reply);
    const content = contentOf(reply, CFG.reply);
    judge(content !== null, 'alice does not reply');
    judge(
      content.attributes.every(({ type }) => type !== XAUTH.password),
      'alice replies with a password',
    );
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'xauth-5.1-user-goes-on',
  {
    level: 'MUST',
    text: 'The user acknowledges STATUS OK, and negotiates what it has called for',
    scenario: 'Alice, who is a user, is told STATUS OK.',
    brokenBy: 'v1-hears-failure',
    plan: ON_THE_ROAD,
  },
  async peer => {
    require(await askAlice(peer), 'alice does not reply');
    const { response } = await tell(peer, STATUS.ok);
    const content = contentOf(response, CFG.ack);
    judge(content !== null, 'alice does not acknowledge STATUS');
    judge(octetsOf(content, XAUTH.status)?.length === 0, 'the acknowledgement does not name STATUS, or has a value');
    await quickRequest(peer).catch(() => judge(false, 'alice does not go on'));
  },
);

v1Clause(
  'xauth-5.1-user-has-failed',
  {
    level: 'MUST',
    text: 'A user that is told STATUS FAIL acknowledges it, and negotiates nothing',
    scenario: 'Alice, who is a user, is told STATUS FAIL.',
    brokenBy: 'v1-hears-success',
    plan: ON_THE_ROAD,
  },
  async peer => {
    require(await askAlice(peer), 'alice does not reply');
    await tell(peer, STATUS.fail);
    await peer.bench.lab.sleep(2_000);
    const said = peer.said(EXCHANGE.quick);
    for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'she goes on', ...INSIDE, 'Payload SA', 'Payload N');
    judge(said.length === 0, 'alice negotiates although her user was refused');
  },
);

const tell = (peer: TesterV1Peer, status: number) =>
  askTransaction(peer, attributePayload(CFG.set, IDENTIFIER, attribute(XAUTH.status, status)));
