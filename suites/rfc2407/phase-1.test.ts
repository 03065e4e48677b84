import type { IsakmpIdPayload, IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { answerHalves, answerMain, choose, letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import {
  askProof,
  attributesOf,
  callMain,
  exchangeHalves,
  offer,
  offerPayloads,
  proven,
  saidBy,
} from '../tester/ike-v1/main-mode.ts';
import {
  cookiePair,
  EXCHANGE,
  fqdn,
  notify,
  NOTIFY,
  payloadOf,
  phase1Proposal,
  securityAssociation,
} from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { quick } from '../tester/ike-v1/quick-mode.ts';
import { OAKLEY } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeAlive, judgeGone, judgeNotChosen, judgeStillServes } from '../tester/ike-v1/verdicts.ts';
import { judgeRefused } from '../tester/ike/child-traffic.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2407 §4.6: what the IPsec DOI asks of phase 1. */

const ID_FORMS: Readonly<Record<string, { readonly isRight: boolean; readonly of: Partial<IsakmpIdPayload> }>> = {
  'udp-500': { isRight: true, of: { protocol: 17, port: 500 } },
  'udp-499': { isRight: false, of: { protocol: 17, port: 499 } },
  'tcp-500': { isRight: false, of: { protocol: 6, port: 500 } },
};

for (const [slug, { isRight, of }] of Object.entries(ID_FORMS)) {
  v1Clause(
    `rfc2407-4.6.2-port-of-the-identity[${slug}]`,
    {
      level: 'MUST',
      text: 'Protocol and port of an ID of phase 1 are 0, or UDP and 500; any other value is an error, and the setup is aborted',
      scenario: `The peer’s ID has protocol and port ${slug}.`,
      brokenBy: isRight ? 'v1-minds-id-port' : 'v1-any-id-port',
    },
    async peer => {
      const exchanged = await exchangeHalves(peer, await offer(peer));
      const response = await askProof(peer, exchanged, {}, { ...fqdn('bob.lab'), ...of });
      if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
      const isTaken =
        payloadOf(response?.payloads ?? [], 'HASH') !== null && response?.message?.exchangeType === EXCHANGE.main;
      judge(isTaken === isRight, isRight ? `alice refuses it: ${saidBy(response)}` : 'alice takes it');
      await judgeStillServes(peer, 'alice does not serve the peer afterwards');
    },
  );
}

v1Clause(
  'rfc2407-4.6.2-identity-of-alice',
  {
    level: 'MUST',
    text: 'Protocol and port of an ID of phase 1 are 0, or UDP and 500',
    scenario: 'The peer calls, and alice calls; the ID of her last message is looked at.',
    brokenBy: 'v1-id-with-port',
  },
  async peer => {
    const exchanged = await exchangeHalves(peer, await offer(peer));
    const sixth = require(await askProof(peer, exchanged), 'alice did not answer ID and HASH');
    peer.bench.cite(sixth, 'who she is', ...INSIDE, 'Payload SA', 'Payload N');
    judgeIdentity(sixth);
  },
);

v1Clause(
  'rfc2407-4.6.2-identity-of-alice[initiator]',
  {
    level: 'MUST',
    text: 'Protocol and port of an ID of phase 1 are 0, or UDP and 500',
    scenario: 'Alice calls; the ID of her last message is looked at.',
    brokenBy: 'v1-id-with-port',
  },
  async peer => {
    const third = require(await choose(peer, await letAliceCall(peer)), 'alice did not go on');
    const fifth = require(await answerHalves(peer, third), 'alice did not say who she is');
    peer.bench.cite(fifth, 'who she is', ...INSIDE, 'Payload SA', 'Payload N');
    judgeIdentity(fifth);
  },
);

function judgeIdentity({ payloads }: HeardV1): void {
  const id = payloadOf(payloads, 'ID');
  judge(id !== null, 'alice does not say who she is');
  const form = `${id.protocol}/${id.port}`;
  judge(form === '0/0' || form === '17/500', `alice says who she is with ${form}`);
}

v1Clause(
  'rfc2407-4.6.2-identity-that-is-not-expected',
  {
    level: 'MUST',
    text: 'Policy is decided by the identity that is proven: another one than it names is not accepted',
    scenario: 'The peer, who knows the shared key, says that it is mallory.lab.',
    brokenBy: 'v1-any-identity',
  },
  async peer => {
    const exchanged = await exchangeHalves(peer, await offer(peer));
    const response = await askProof(peer, exchanged, {}, fqdn('mallory.lab'));
    if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    const isTaken = response?.message?.exchangeType === EXCHANGE.main && payloadOf(response.payloads, 'HASH') !== null;
    judge(!isTaken, 'alice takes anybody who knows the key');
    await judgeGone(peer, 'alice has an ISAKMP SA with mallory.lab');
    await judgeStillServes(peer, 'alice does not serve bob.lab afterwards');
  },
);

v1Clause(
  'rfc2407-4.2-situation',
  {
    level: 'MUST',
    text: 'A situation that is not supported is refused: SIT_SECRECY here',
    scenario: 'SA of the peer’s first message asks for SIT_SECRECY; then for SIT_IDENTITY_ONLY.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    const { response } = await offer(peer, {
      octets: octets => {
        const altered = Buffer.from(octets);
        altered.writeUInt32BE(2, 36);
        return altered;
      },
    });
    judgeNotChosen(peer, response, 'alice takes SIT_SECRECY for SIT_IDENTITY_ONLY');
    await judgeStillServes(peer, 'alice does not serve a peer that does right');
  },
);

v1Clause(
  'rfc2407-4.2.1-situation-of-alice',
  {
    level: 'MUST',
    text: 'SIT_IDENTITY_ONLY is supported, and stands in a Situation of four octets behind DOI 1',
    scenario: 'Alice calls; her SA payload is looked at.',
    brokenBy: 'v1-other-situation',
  },
  async peer => {
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'she calls', 'Payload SA');
    const sa = payloadOf(first.payloads, 'SA');
    judge(sa?.doi === 1, `DOI ${sa?.doi}`);
    judge(sa.situation === 1, `situation ${sa.situation}`);
  },
);

/** Attributes of phase 1, as they are written: RFC 2409 Appendix A, RFC 2407 §4.5. */
v1Clause(
  'rfc2409-A-basic-attributes',
  {
    level: 'MUST NOT',
    text: 'Attributes that are basic are not encoded as variable ones',
    scenario: 'Alice calls; the attributes of her offer are looked at, octet by octet.',
    brokenBy: 'v1-long-attributes',
  },
  async peer => {
    const first = await letAliceCall(peer);
    peer.bench.cite(first, 'her offer', 'Payload SA');
    const all = (payloadOf(first.payloads, 'SA')?.proposals ?? []).flatMap(({ transforms }) => transforms);
    const basic: readonly number[] = [
      OAKLEY.encryption,
      OAKLEY.hash,
      OAKLEY.method,
      OAKLEY.group,
      OAKLEY.lifeType,
      OAKLEY.keyLength,
    ];
    const wrong = all.flatMap(({ attributes }) =>
      attributes.filter(({ type, value }) => basic.includes(type) && typeof value !== 'number'),
    );
    judge(all.length > 0, 'alice offers nothing');
    judge(wrong.length === 0, `attribute ${wrong[0]?.type} is of the long form`);
  },
);

v1Clause(
  'rfc2409-4-mandatory-attributes',
  {
    level: 'MUST',
    text: 'Encryption, hash, method and group are all negotiated: an offer without one of them is not chosen',
    scenario: 'The peer offers a transform without a hash, then one without a method, then one without a group.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    for (const missing of [OAKLEY.encryption, OAKLEY.hash, OAKLEY.method, OAKLEY.group]) {
      peer.begin();
      const own = attributesOf(peer).filter(([type]) => type !== missing);
      const [, ...rest] = offerPayloads(peer);
      const { response } = await offer(peer, {}, [securityAssociation(phase1Proposal(own)), ...rest]);
      judgeNotChosen(peer, response, `alice chooses an offer without attribute ${missing}`);
    }
    await judgeStillServes(peer, 'alice does not take an offer that is whole');
  },
);

/** The peer calls, and says INITIAL-CONTACT in message 5, or behind it. */
async function callAgain(peer: TesterV1Peer, contact: IsakmpPayload | null): Promise<void> {
  peer.begin();
  const exchanged = await exchangeHalves(peer, await offer(peer));
  const more = contact === null ? [] : [contact];
  const response = await askProof(peer, exchanged, { message: it => ({ ...it, payloads: [...it.payloads, ...more] }) });
  proven(peer, exchanged.offer, response);
}

v1Clause(
  'rfc2407-4.6.3.3-initial-contact',
  {
    level: 'SHOULD',
    text: 'A receiver of INITIAL-CONTACT may take the sender’s word that all SAs before it are gone, and deletes its own',
    scenario:
      'The peer makes SAs, forgets them, and calls again with INITIAL-CONTACT; then a packet comes by the old SA.',
    brokenBy: 'v1-no-initial-contact',
  },
  async peer => {
    await callMain(peer);
    const { child } = await quick(peer);
    const old = peer.sa;
    peer.begin();
    const exchanged = await exchangeHalves(peer, await offer(peer));
    const spi = cookiePair(peer.sa);
    const contact = notify(NOTIFY.initialContact, undefined, { spi });
    const message = await askProof(peer, exchanged, {
      message: it => ({ ...it, payloads: [...it.payloads, contact] }),
    });
    proven(peer, exchanged.offer, message);
    await peer.bench.lab.sleep(500);
    await judgeRefused(peer, child, { sequence: 1, text: 'FROM-BEFORE ' }, 'alice keeps SAs that the peer has no more');
    const fresh = peer.sa;
    peer.sa = old;
    await judgeGone(peer, 'alice keeps the ISAKMP SA that the peer has no more');
    peer.sa = fresh;
    await judgeAlive(peer, 'the new ISAKMP SA has gone with the old one');
  },
);

v1Clause(
  'rfc2407-4.6.3.3-without-initial-contact',
  {
    level: 'MUST',
    text: 'Without INITIAL-CONTACT another ISAKMP SA says nothing about those that are there',
    scenario: 'The peer makes SAs, and calls a second time without INITIAL-CONTACT.',
    brokenBy: 'v1-knows-one-peer',
  },
  async peer => {
    await callMain(peer);
    const old = peer.sa;
    await callAgain(peer, null);
    peer.sa = old;
    await judgeAlive(peer, 'alice has deleted an ISAKMP SA that nobody has spoken of');
  },
);

v1Clause(
  'rfc2407-4.6.3-status-must-be-protected',
  {
    level: 'MUST',
    text: 'Status notifies are sent under the protection of an ISAKMP SA: those in the clear say nothing',
    scenario: 'Somebody sends INITIAL-CONTACT in the clear, in message 1 of another Main Mode and by Informational.',
    brokenBy: 'v1-believes-contact',
  },
  async peer => {
    await callMain(peer);
    const old = peer.sa;
    peer.begin();
    const contact = notify(NOTIFY.initialContact, undefined, { spi: cookiePair(old) });
    await offer(peer, {}, [...offerPayloads(peer), contact]);
    peer.sa = old;
    await peer.send({ exchange: EXCHANGE.informational, messageId: peer.newMessageId(), payloads: [contact] });
    await judgeAlive(peer, 'alice believes an INITIAL-CONTACT in the clear');
  },
);

v1Clause(
  'rfc2407-4.6.3.3-alice-says-so',
  {
    level: 'SHOULD',
    text: 'Who has no SA with the peer says INITIAL-CONTACT, under protection, about ISAKMP by the cookies of the new SA',
    scenario: 'Alice, who has just begun, calls; what she says in message 5 and behind it is looked at.',
    brokenBy: 'v1-no-contact-said',
  },
  async peer => {
    await answerMain(peer);
    await peer.bench.lab.sleep(500);
    const said = peer
      .heard()
      .flatMap(seen =>
        seen.payloads.flatMap(it => (it.type === 'N' && it.notifyType === NOTIFY.initialContact ? [{ seen, it }] : [])),
      );
    judge(said.length > 0, 'alice does not say INITIAL-CONTACT');
    const [first] = said;
    const { seen, it } = require(first, 'none');
    peer.bench.cite(seen, 'she says so', ...INSIDE, 'Payload SA', 'Payload N');
    judge((u8At(seen.octets, 19) & 1) === 1, 'alice says it in the clear');
    judge(it.protocolId === 1 && Buffer.from(it.spi).equals(cookiePair(peer.sa)), 'it is not about the new ISAKMP SA');
    judge(it.data.length === 0, `it has ${it.data.length} octets of data`);
  },
);
