import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { answerMain } from '../tester/ike-v1/main-mode-answer.ts';
import { callMain, exchangeHalves, offer, saidBy } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, errorsIn, NOTIFY, payloadOf, payloadsOf } from '../tester/ike-v1/payloads.ts';
import { childProposal } from '../tester/ike-v1/plans.ts';
import { answerQuick, isHash1, isHash3, quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import { askQuick, concludeQuick, isAgreed, isHash2, isQuick, quick, quickChild } from '../tester/ike-v1/quick-mode.ts';
import { IPSEC } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeNoQuick, judgeNotified, judgeQuick } from '../tester/ike-v1/verdicts.ts';
import { judgeArrives, judgeCarries, leftUnder } from '../tester/ike/child-traffic.ts';
import { outbound } from '../tester/esp-on-bench.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2409 §5.5: Quick Mode. */

for (const childSuite of ['aes128-sha256', 'aes256-sha1', 'aes256gcm16']) {
  v1Clause(
    `rfc2409-5.5-keymat[${childSuite}]`,
    {
      level: 'MUST',
      text: 'The keys of both SAs are cut from KEYMAT, of which each SPI makes its own',
      scenario: `The peer asks for ${childSuite}; packets by keys that it has computed go both ways.`,
      brokenBy: 'v1-other-keymat',
    },
    async peer => {
      await callMain(peer);
      const { child } = await quick(peer, { childSuite });
      await judgeCarries(peer, child, 1, `SAs of ${childSuite}`);
    },
  );
}

v1Clause(
  'rfc2409-5.5-keymat-of-the-initiator',
  {
    level: 'MUST',
    text: 'The initiator of Quick Mode makes the same keys, and proves by HASH(1) and HASH(3) that it is the one of phase 1',
    scenario: 'Alice calls, and asks for an SA; the peer answers, and packets go both ways.',
    brokenBy: 'v1-other-keymat',
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    judge(isHash1(peer, request), 'HASH(1) of alice is wrong');
    const answered = await answerQuick(peer, request);
    judge(isHash3(peer, answered), 'HASH(3) of alice is wrong');
    await judgeCarries(peer, answered.child, 1, 'SAs that alice has asked for');
  },
);

v1Clause(
  'rfc2409-5.5-hash-then-sa',
  {
    level: 'MUST',
    text: 'HASH follows the header of Quick Mode, and SA the HASH',
    scenario: 'The peer asks alice for an SA, and alice asks the peer; the order of her payloads is looked at.',
    brokenBy: 'v1-sa-behind-nonce',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    const answer = require(asked.response, 'alice did not answer Quick Mode');
    peer.bench.cite(answer, 'her message 2', ...INSIDE, 'Payload SA', 'Payload N');
    const [first, second] = answer.payloads;
    judge(first?.type === 'HASH', `alice answers with ${first?.type} first`);
    judge(second?.type === 'SA', `alice answers with ${second?.type} behind the HASH`);
  },
);

for (const [slug, hash] of Object.entries({
  wrong: (right: Uint8Array) => right.with(3, (right[3] ?? 0) ^ 0x10),
  short: (right: Uint8Array) => right.subarray(0, 12),
  missing: () => null,
})) {
  v1Clause(
    `rfc2409-5.5-hash1-is-checked[${slug}]`,
    {
      level: 'MUST',
      text: 'HASH(1) authenticates message 1 of Quick Mode: without it nothing is negotiated',
      scenario: `HASH(1) of the peer’s message is ${slug}; then it asks as it should.`,
      brokenBy: 'v1-believes-hashes',
    },
    async peer => {
      await callMain(peer);
      judgeNoQuick(peer, await askQuick(peer, {}, { hash }), 'alice negotiates with somebody who may be anybody');
      await judgeQuick(peer, await askQuick(peer), 'alice does not negotiate with the peer any more');
    },
  );
}

v1Clause(
  'rfc2409-5.5-hash2-is-checked',
  {
    level: 'MUST',
    text: 'HASH(2) authenticates message 2 of Quick Mode',
    scenario: 'Alice asks for an SA; HASH(2) of the peer’s answer is wrong.',
    brokenBy: 'v1-believes-hashes',
  },
  async peer => {
    await answerMain(peer);
    const answered = await answerQuick(
      peer,
      await quickRequest(peer),
      {},
      { hash: right => right.with(0, ~(right[0] ?? 0) & 255) },
    );
    if (answered.third !== null)
      peer.bench.cite(answered.third, 'what she says to it', ...INSIDE, 'Payload SA', 'Payload N');
    const isConfirmed = answered.third?.message?.exchangeType === EXCHANGE.quick;
    judge(!isConfirmed, 'alice takes the answer for the peer’s');
  },
);

v1Clause(
  'rfc2409-5.5-hash3-is-checked',
  {
    level: 'MUST',
    text: 'HASH(3) proves that the initiator is there: until it comes nothing is sent by the new SA',
    scenario: 'HASH(3) of the peer is wrong; then a packet comes from behind alice.',
    brokenBy: 'v1-believes-hashes',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    const child = quickChild(peer, asked);
    await concludeQuick(peer, asked, { hash: right => right.with(5, ~(right[5] ?? 0) & 255), isAside: true });
    await outbound(peer.bench, ['TOO-EARLY ']);
    const seen = leftUnder(peer.bench, child, 'TOO-EARLY ');
    for (const it of seen.slice(0, 1)) peer.bench.cite(it, 'by an SA that nobody has confirmed', 'SPI');
    judge(seen.length === 0, 'alice sends by an SA whose HASH(3) is wrong');
  },
);

v1Clause(
  'rfc2409-5.5-inbound-before-message-2',
  {
    level: 'MUST',
    text: 'Who answers Quick Mode can receive by the new SA when it has answered: the initiator may use it at once',
    scenario: 'The peer sends HASH(3) and, at the same moment, a packet by the new SA.',
    brokenBy: 'v1-installs-late',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    const child = quickChild(peer, asked);
    await judgeArrives(
      peer,
      child,
      { sequence: 1, text: 'AT-ONCE ' },
      'alice does not take what comes by an SA that she has just agreed to',
    );
  },
);

v1Clause(
  'rfc2409-5.5-must-be-protected',
  {
    level: 'MUST',
    text: 'All of Quick Mode but the header is encrypted',
    scenario: 'The peer asks for an SA in the clear, with the right HASH(1); then as it should.',
    brokenBy: 'v1-takes-clear',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, {}, { message: message => ({ ...message, isEncrypted: false }) });
    judgeNoQuick(peer, asked, 'alice negotiates in the clear');
    await judgeQuick(peer, await askQuick(peer), 'alice does not negotiate any more');
  },
);

for (const [exchange, octets] of Object.entries({ modp1024: 128, modp2048: 256, ecp256: 64 })) {
  v1Clause(
    `rfc2409-5.5-perfect-forward-secrecy[${exchange}]`,
    {
      level: 'MUST',
      text: 'A KE payload in Quick Mode is supported: its secret goes into KEYMAT',
      scenario: `The peer asks for an SA with a key exchange of ${exchange}; packets go both ways by it.`,
      brokenBy: 'v1-no-pfs',
      plan: { child: { proposals: [childProposal({ keyExchange: [exchange] })] } },
    },
    async peer => {
      await callMain(peer);
      const asked = await askQuick(peer, { exchange });
      const child = await judgeQuick(peer, asked, `alice refuses ${exchange}`);
      const ke = payloadOf(asked.response?.payloads ?? [], 'KE');
      judge(ke?.data.length === octets, `KE of alice has ${ke?.data.length} octets`);
      await judgeCarries(peer, child, 1, 'SAs with perfect forward secrecy');
    },
  );
}

v1Clause(
  'rfc2409-5.5-group-in-every-transform',
  {
    level: 'MUST',
    text: 'Where there is a KE payload, every transform of every proposal names its group',
    scenario: 'Alice, who wants perfect forward secrecy, asks for an SA; her offer is looked at, and answered.',
    brokenBy: 'v1-group-once',
    plan: { child: { proposals: [childProposal({ keyExchange: ['modp1024'] })] } },
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her offer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(payloadOf(request.payloads, 'KE') !== null, 'alice sends no KE');
    const all = (payloadOf(request.payloads, 'SA')?.proposals ?? []).flatMap(({ transforms }) => transforms);
    const without = all.filter(
      ({ attributes }) => !attributes.some(({ type, value }) => type === IPSEC.group && value === 2),
    );
    judge(without.length === 0, `${without.length} of ${all.length} transforms do not name the group`);
    const answered = await answerQuick(peer, request, { exchange: 'modp1024' });
    await judgeCarries(peer, answered.child, 1, 'SAs with perfect forward secrecy that alice has asked for');
  },
);

v1Clause(
  'rfc2409-5.5-pfs-is-not-left-out',
  {
    level: 'MUST',
    text: 'Policy decides: an SA without the key exchange that it demands is refused',
    scenario: 'Alice wants perfect forward secrecy; the peer asks for an SA without.',
    brokenBy: 'v1-wants-no-pfs',
    plan: { child: { proposals: [childProposal({ keyExchange: ['modp1024'] })] } },
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    judgeNoQuick(peer, asked, 'alice makes an SA without perfect forward secrecy');
    judgeNotified(peer, asked.response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
  },
);

v1Clause(
  'rfc2409-5.5-client-identities',
  {
    level: 'MUST',
    text: 'Who negotiates for others passes their identities as IDci and then IDcr',
    scenario: 'Alice asks for an SA between the net behind her and the one behind the peer.',
    brokenBy: 'v1-swaps-identities',
  },
  async peer => {
    await answerMain(peer);
    const request = await quickRequest(peer);
    peer.bench.cite(request, 'her identities', ...INSIDE, 'Payload SA', 'Payload N');
    const ids = payloadsOf(request.payloads, 'ID').map(({ data }) => Buffer.from(data).toString('hex'));
    judge(ids.length === 2, `alice sends ${ids.length} identities`);
    judge(ids[0] === '0a000000ffffff00' && ids[1] === '0a000100ffffff00', `alice sends ${ids.join(' and ')}`);
  },
);

v1Clause(
  'rfc2409-5.5-invalid-id-information',
  {
    level: 'SHOULD',
    text: 'Client identities that are not acceptable are answered with INVALID-ID-INFORMATION',
    scenario: 'The peer asks for an SA with a net that alice knows nothing of.',
    brokenBy: 'v1-silent-about-identities',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { other: '192.168.77.0/24' });
    judgeNoQuick(peer, asked, 'alice makes an SA for what is not hers');
    judgeNotified(peer, asked.response, NOTIFY.invalidIdInformation, 'INVALID-ID-INFORMATION');
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2409-5.5-no-proposal-chosen',
  {
    level: 'SHOULD',
    text: 'An offer of which policy allows nothing is answered with NO-PROPOSAL-CHOSEN',
    scenario: 'The peer asks for 3DES with MD5.',
    brokenBy: 'v1-silent-about-proposals',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { childSuite: '3des-md5' });
    judgeNoQuick(peer, asked, 'alice makes an SA of what nobody allows her');
    judgeNotified(peer, asked.response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
  },
);

v1Clause(
  'rfc2409-5.5-several-at-a-time',
  {
    level: 'MUST',
    text: 'Several Quick Modes of one ISAKMP SA may be under way at a time: each has its Message ID and its IV',
    scenario: 'The peer sends message 1 of two Quick Modes, and then message 3 of both, the second first.',
    brokenBy: 'v1-one-quick-mode',
  },
  async peer => {
    await callMain(peer);
    const one = await askQuick(peer);
    const two = await askQuick(peer, { childSpi: 0xc0ff_ee02 });
    judge(isAgreed(one), `alice does not answer the first: ${saidBy(one.response)}`);
    judge(isAgreed(two), `alice does not answer the second: ${saidBy(two.response)}`);
    judge(isHash2(peer, one) && isHash2(peer, two), 'HASH(2) of alice is wrong');
    const children = [quickChild(peer, two), quickChild(peer, one)];
    await concludeQuick(peer, two);
    await concludeQuick(peer, one);
    for (const child of children) {
      const text = `BY-${child.inbound.spi.toString(16)} `;
      await judgeArrives(peer, child, { sequence: 1, text }, 'alice takes nothing by one of the two SAs');
    }
  },
);

v1Clause(
  'rfc2409-5.5-own-nonce-each-time',
  {
    level: 'MUST',
    text: 'Each Quick Mode has nonces of its own',
    scenario: 'The peer asks for an SA twice, with one nonce; alice’s are compared.',
    brokenBy: 'v1-same-nonce',
  },
  async peer => {
    await callMain(peer);
    const nonce = peer.draw(32);
    const nonces: (string | null)[] = [];
    for (const childSpi of [0xc0ff_ee01, 0xc0ff_ee02]) {
      const asked = await askQuick(peer, { nonce, childSpi });
      await judgeQuick(peer, asked, 'alice makes no SA');
      const own = payloadOf(asked.response?.payloads ?? [], 'NONCE');
      nonces.push(own === null ? null : Buffer.from(own.data).toString('hex'));
    }
    judge(nonces[0] !== nonces[1], 'alice uses one nonce twice');
  },
);

v1Clause(
  'rfc2409-5.5-message-1-again',
  {
    level: 'MUST',
    text: 'Nonces protect against replays: message 1 that comes again makes no other SA',
    scenario: 'The peer sends message 1 of Quick Mode twice, and again when all is over.',
    brokenBy: 'v1-answers-anew',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer);
    const first = require(asked.response, 'alice did not answer Quick Mode');
    await peer.post(asked.octets);
    await peer.bench.lab.sleep(3_000); // by her own clock she says it again as well
    await judgeQuick(peer, asked, 'alice makes no SA');
    await peer.post(asked.octets);
    await peer.bench.lab.sleep(1_000);
    const answers = peer.heard().filter(isQuick(asked.messageId));
    const others = answers.filter(({ octets }) => Buffer.compare(octets, first.octets) !== 0);
    for (const seen of others.slice(0, 1))
      peer.bench.cite(seen, 'another answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(others.length === 0, 'alice answers one message with two');
  },
);

v1Clause(
  'rfc2409-5.5-not-before-phase-1',
  {
    level: 'MUST',
    text: 'Quick Mode is bound to an ISAKMP SA that phase 1 has made: before that there is none',
    scenario: 'The peer asks for an SA under the keys of message 4, without saying who it is.',
    brokenBy: 'v1-answers-too-early',
  },
  async peer => {
    await exchangeHalves(peer, await offer(peer));
    await askQuick(peer);
    const said = peer.said(EXCHANGE.quick);
    for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'she answers', ...INSIDE, 'Payload SA', 'Payload N');
    judge(said.length === 0, 'alice negotiates with somebody who has not said who he is');
  },
);

v1Clause(
  'rfc2409-5.7-informational-has-an-id-of-its-own',
  {
    level: 'MUST NOT',
    text: 'An Informational exchange has a Message ID that no other exchange of phase 2 has, and HASH(1) in front',
    scenario: 'The peer asks for what alice refuses; the message by which she says so is looked at.',
    brokenBy: 'v1-informs-by-the-same-id',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { childSuite: '3des-md5' });
    const said = require(asked.response, 'alice says nothing');
    peer.bench.cite(said, 'she refuses', ...INSIDE, 'Payload SA', 'Payload N');
    judge(said.message?.exchangeType === EXCHANGE.informational, 'alice refuses by no Informational exchange');
    judge(said.message.messageId !== asked.messageId, 'alice uses the Message ID of the Quick Mode');
    judge(said.message.messageId !== 0, 'alice uses Message ID 0');
    judge(isHash1(peer, said), 'HASH(1) of alice is wrong');
  },
);

v1Clause(
  'rfc2409-5.5-notify-in-message-1',
  {
    level: 'MUST',
    text: 'Payloads that are optional, a notify for instance, may be chained to a message, and are in its HASH',
    scenario: 'Message 1 of the peer has a REPLAY-STATUS behind its identities.',
    brokenBy: 'v1-minds-notifies',
  },
  async peer => {
    await callMain(peer);
    const status: IsakmpPayload = {
      type: 'N',
      doi: 1,
      protocolId: 3,
      spi: Uint8Array.of(0xc0, 0xff, 0xee, 0x01),
      notifyType: NOTIFY.replayStatus,
      data: Uint8Array.of(0, 0, 0, 1),
    };
    const asked = await askQuick(peer, {}, { message: it => ({ ...it, payloads: [...it.payloads, status] }) });
    await judgeQuick(peer, asked, 'alice refuses a message with a notify');
    judge(errorsIn(asked.response?.payloads ?? []).length === 0, 'alice complains of the notify');
  },
);
