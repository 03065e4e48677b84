import { u8At } from '../../engine/wire/octets.ts';
import { letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { askHalves, askProof, callMain, exchangeHalves, isChosen, offer, saidBy } from '../tester/ike-v1/main-mode.ts';
import { areYouThere, inform, informationalOrder } from '../tester/ike-v1/informational.ts';
import { deleteIsakmp, EXCHANGE, NOTIFY, notify, payloadOf } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { askQuick, concludeQuick, isAgreed } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeChosen, judgeStillServes } from '../tester/ike-v1/verdicts.ts';
import { judge } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2408 §3.1 and §5.2: the ISAKMP header. */

const NO_COOKIE = '0000000000000000';
const FLAGS_AT = 19;

v1Clause(
  'rfc2408-3.1-initiator-cookie-is-kept',
  {
    level: 'MUST',
    text: 'The initiator’s cookie, which it has chosen, stands in the answer as well',
    scenario: 'The peer calls; the cookies of her answer are looked at.',
    brokenBy: 'v1-own-initiator-cookie',
  },
  async peer => {
    const before = peer.sa.cookieI;
    await offer(peer);
    const [said] = peer.heard();
    judge(said !== undefined, 'alice does not answer');
    peer.bench.cite(said, `initiator’s cookie ${said.message?.initiatorCookie}`, "Initiator's SPI");
    judge(said.message?.initiatorCookie === before, `alice answers with ${said.message?.initiatorCookie}`);
  },
);

v1Clause(
  'rfc2408-3.1-responder-cookie',
  {
    level: 'MUST',
    text: 'The responder’s cookie is zero in the first message of phase 1, and in no other',
    scenario: 'The peer calls, and alice calls; the cookies of either first message are looked at.',
    brokenBy: 'v1-no-responder-cookie',
  },
  async peer => {
    const { response } = await offer(peer);
    judgeChosen(peer, response, 'alice does not take the offer');
    judge(response.message?.responderCookie !== NO_COOKIE, 'alice answers without a cookie of her own');
    peer.begin();
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'she calls', "Responder's SPI");
    judge(first.message?.initiatorCookie !== NO_COOKIE, 'alice calls without a cookie of her own');
  },
);

v1Clause(
  'rfc2408-2.5.3-cookies-are-unique',
  {
    level: 'MUST',
    text: 'The cookie is another one for each ISAKMP SA',
    scenario: 'The peer calls three times; alice’s cookies are compared.',
    brokenBy: 'v1-one-cookie',
  },
  async peer => {
    const cookies: string[] = [];
    for (let i = 0; i < 3; i++) {
      peer.begin();
      const { response } = await offer(peer);
      judgeChosen(peer, response, 'alice does not take the offer');
      cookies.push(response.message?.responderCookie ?? '');
    }
    judge(new Set(cookies).size === 3, 'alice uses a cookie twice');
  },
);

/** All that alice says while the peer calls, asks for an SA, and asks whether she is there. */
async function everything(peer: TesterV1Peer): Promise<readonly HeardV1[]> {
  const play = async () => {
    await callMain(peer);
    const asked = await askQuick(peer);
    if (isAgreed(asked)) await concludeQuick(peer, asked);
    await inform(peer, [areYouThere(peer, peer.sa.sequence++)]);
  };
  await play().catch(() => null); // what a broken one says may lead nowhere
  return peer.heard();
}

v1Clause(
  'rfc2408-3.1-version',
  {
    level: 'MUST',
    text: 'The major version is 1, and the minor version 0',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'v1-minor-version',
  },
  async peer => {
    for (const seen of await everything(peer)) {
      const octet = u8At(seen.octets, 17);
      if (octet !== 0x10) peer.bench.cite(seen, 'not version 1.0', 'Version');
      judge(octet === 0x10, `alice sends version ${octet >> 4}.${octet & 15}`);
    }
  },
);

v1Clause(
  'rfc2408-3.1-message-id-of-phase-1',
  {
    level: 'MUST',
    text: 'The Message ID is 0 in phase 1, and another value in phase 2',
    scenario: 'The peer calls; each message of alice’s is looked at.',
    brokenBy: 'v1-phase-1-message-id',
  },
  async peer => {
    for (const seen of await everything(peer)) {
      const { message } = seen;
      const isPhase1 = message?.exchangeType === EXCHANGE.main;
      if ((message?.messageId === 0) !== isPhase1)
        peer.bench.cite(seen, `Message ID ${message?.messageId}`, 'Message ID');
      judge(
        (message?.messageId === 0) === isPhase1,
        `Message ID ${message?.messageId} in exchange ${message?.exchangeType}`,
      );
    }
    judge(peer.said(EXCHANGE.main).length >= 3, 'alice does not come to the end of phase 1');
  },
);

v1Clause(
  'rfc2408-3.1-encryption-bit',
  {
    level: 'MUST',
    text: 'The Encryption bit is set where payloads are encrypted, and nowhere else; bits without a meaning are zero',
    scenario: 'The peer calls; the flags of each message of alice’s are looked at.',
    brokenBy: 'v1-odd-flags',
  },
  async peer => {
    let count = 0;
    for (const seen of await everything(peer)) {
      const isMain = seen.message?.exchangeType === EXCHANGE.main;
      count += isMain ? 1 : 0;
      const wanted = isMain && count < 3 ? 0 : 1;
      const flags = u8At(seen.octets, FLAGS_AT);
      if (flags !== wanted) peer.bench.cite(seen, `flags ${flags}`, 'Flags');
      judge(flags === wanted, `flags ${flags} where they are to be ${wanted}`);
    }
    judge(count >= 3, 'alice does not come to the end of phase 1');
  },
);

v1Clause(
  'rfc2408-3.2-reserved-is-zero',
  {
    level: 'MUST',
    text: 'RESERVED of each generic payload header is zero',
    scenario: 'The peer calls, alice calls; the payloads of her messages in the clear are looked at.',
    brokenBy: 'v1-fills-reserved',
  },
  async peer => {
    await offer(peer);
    await askHalves(peer);
    peer.begin();
    await letAliceCall(peer);
    for (const seen of peer.heard()) {
      if (seen.opened.kind !== 'clear') continue;
      const wrong = reservedOf(seen.octets).findIndex(octet => octet !== 0);
      if (wrong >= 0) peer.bench.cite(seen, `RESERVED of payload ${wrong + 1}`, 'Payload SA');
      judge(wrong < 0, `RESERVED of payload ${wrong + 1} is not zero`);
    }
  },
);

function reservedOf(octets: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 28; at + 4 <= octets.length; ) {
    found.push(u8At(octets, at + 1));
    at += Math.max(4, u8At(octets, at + 2) * 256 + u8At(octets, at + 3));
  }
  return found;
}

/** Headers that must not get through, by what is written where into message 1. */
const HEADERS: Readonly<
  Record<string, { readonly section: string; readonly text: string; readonly change: (octets: Buffer) => void }>
> = {
  'major-version-3': {
    section: '5.2',
    text: 'A message of a higher major version is discarded',
    change: octets => void octets.writeUInt8(0x30, 17),
  },
  'exchange-type-77': {
    section: '5.2',
    text: 'A message whose exchange type is not valid is discarded',
    change: octets => void octets.writeUInt8(77, 18),
  },
  'next-payload-99': {
    section: '5.2',
    text: 'A message whose Next Payload is not valid is discarded',
    change: octets => void octets.writeUInt8(99, 16),
  },
  'length-too-long': {
    section: '5.1',
    text: 'A message that is not as long as its header says is rejected',
    change: octets => void octets.writeUInt32BE(octets.length + 8, 24),
  },
  'length-too-short': {
    section: '5.1',
    text: 'A message that is not as long as its header says is rejected',
    change: octets => void octets.writeUInt32BE(octets.length - 8, 24),
  },
  'no-initiator-cookie': {
    section: '5.2',
    text: 'A message whose cookies cannot be is discarded',
    change: octets => void octets.fill(0, 0, 8),
  },
};

for (const [slug, { section, text, change }] of Object.entries(HEADERS)) {
  v1Clause(
    `rfc2408-${section}-header[${slug}]`,
    {
      level: 'MUST',
      text,
      scenario: `The peer’s first message: ${slug.replaceAll('-', ' ')}; then it calls as it should.`,
      brokenBy: 'v1-any-header',
    },
    async peer => {
      const { response } = await offer(peer, {
        octets: right => {
          const octets = Buffer.from(right);
          change(octets);
          return octets;
        },
      });
      const answers = peer.said(EXCHANGE.main);
      for (const seen of answers.slice(0, 1))
        peer.bench.cite(seen, 'she goes on with it', ...INSIDE, 'Payload SA', 'Payload N');
      judge(answers.length === 0 && !isChosen(response), 'alice goes on with a message that is to be discarded');
      await judgeStillServes(peer, 'alice does not serve a peer that does right');
    },
  );
}

for (const [slug, cookies] of Object.entries({
  'other-responder': { responderCookie: '1234567890abcdef' },
  'no-responder': { responderCookie: NO_COOKIE },
  'other-initiator': { initiatorCookie: 'fedcba0987654321' },
})) {
  v1Clause(
    `rfc2408-5.2-unknown-cookies[${slug}]`,
    {
      level: 'MUST',
      text: 'A message whose cookies are of no ISAKMP SA is discarded',
      scenario: 'The peer’s R-U-THERE has other cookies than its ISAKMP SA; then it has the right ones.',
      brokenBy: 'v1-any-cookie',
    },
    async peer => {
      await callMain(peer);
      const before = peer.bench.outside().length;
      const order = informationalOrder(peer, [areYouThere(peer, peer.sa.sequence)]);
      await peer.send(order, { message: message => ({ ...message, ...cookies }), isAside: true });
      const said = peer.bench.outside().slice(before);
      for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'she answers', ...INSIDE, 'Payload SA', 'Payload N');
      judge(said.length === 0, 'alice answers what is of no ISAKMP SA');
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
    },
  );
}

v1Clause(
  'rfc2408-3.1-commit-bit-of-nobody',
  {
    level: 'MUST',
    text: 'The Commit bit may be set by either party at any time; an exchange with it comes to its end',
    scenario: 'The peer sets the Commit bit in message 1 of Quick Mode.',
    brokenBy: 'v1-minds-commit',
  },
  async peer => {
    await callMain(peer);
    const asked = await askQuick(peer, { isCommit: true });
    if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(isAgreed(asked), `alice does not make an SA: ${saidBy(asked.response)}`);
    await concludeQuick(peer, asked);
    await judgeAlive(peer, 'the ISAKMP SA has gone with it');
  },
);

v1Clause(
  'rfc2408-5.2-message-id-in-phase-1',
  {
    level: 'MUST',
    text: 'A message whose Message ID is not valid is discarded: in phase 1 it is 0',
    scenario: 'Message 5 of the peer’s Main Mode has a Message ID; then it is sent as it should be.',
    brokenBy: 'v1-any-header',
  },
  async peer => {
    const exchanged = await exchangeHalves(peer, await offer(peer));
    const response = await askProof(peer, exchanged, {
      octets: octets => {
        const altered = Uint8Array.from(octets);
        altered.set([0, 0, 0, 9], 20);
        return altered;
      },
      isAside: true,
    });
    if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(
      payloadOf(response?.payloads ?? [], 'ID') === null && peer.said(EXCHANGE.main).length < 3,
      'alice takes it for message 5',
    );
  },
);

v1Clause(
  'rfc2408-5.14-clear-notify-ends-nothing',
  {
    level: 'MUST',
    text: 'Where there are keys, Informational is protected: what comes in the clear does not end an ISAKMP SA',
    scenario: 'Somebody sends errors in the clear, and a Delete, with the right cookies.',
    brokenBy: 'v1-obeys-clear',
  },
  async peer => {
    await callMain(peer);
    for (const notifyType of [NOTIFY.invalidCookie, NOTIFY.authenticationFailed, NOTIFY.payloadMalformed]) {
      await peer.send({
        exchange: EXCHANGE.informational,
        messageId: peer.newMessageId(),
        payloads: [notify(notifyType)],
      });
    }
    await peer.send({
      exchange: EXCHANGE.informational,
      messageId: peer.newMessageId(),
      payloads: [deleteIsakmp(peer.sa)],
    });
    await judgeAlive(peer, 'alice believes what anybody may have sent');
  },
);

v1Clause(
  'rfc2408-5.1-isakmp-sa-of-half-an-exchange',
  {
    level: 'MUST',
    text: 'Before phase 1 has come to its end nothing of phase 2 is answered',
    scenario: 'The peer asks whether alice is there, under the keys of message 4.',
    brokenBy: 'v1-answers-too-early',
  },
  async peer => {
    await exchangeHalves(peer, await offer(peer));
    await inform(peer, [areYouThere(peer, 1)]);
    const said = peer.heard().filter(({ message }) => message?.exchangeType !== EXCHANGE.main);
    for (const seen of said.slice(0, 1)) peer.bench.cite(seen, 'she answers', ...INSIDE, 'Payload SA', 'Payload N');
    judge(said.length === 0, 'alice answers somebody who has not said who he is');
  },
);
