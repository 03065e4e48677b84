import { attributesOf, callMain, offer, offerPayloads, saidBy } from '../tester/ike-v1/main-mode.ts';
import { u32 } from '../tester/ike-v1/key-schedule.ts';
import {
  EXCHANGE,
  NOTIFY,
  payloadOf,
  phase1Proposal,
  PROTOCOL,
  securityAssociation,
  transform,
  vendor,
} from '../tester/ike-v1/payloads.ts';
import { askQuick, espAttributes, espProposal, isAgreed, QUICK } from '../tester/ike-v1/quick-mode.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import {
  judgeChosen,
  judgeNoQuick,
  judgeNotChosen,
  judgeNotified,
  judgeQuick,
  judgeStillServes,
} from '../tester/ike-v1/verdicts.ts';
import { judge } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2408 §3.3 to §3.6, §3.16 and §5.4 to §5.6: what is offered, and what is chosen. */

v1Clause(
  'rfc2408-3.16-vendor-ids-that-nobody-knows',
  {
    level: 'MUST',
    text: 'Vendor IDs are no assurance of anything, and those that are not known are ignored',
    scenario: 'The peer’s first message has four vendor IDs of its own invention, one of them empty.',
    brokenBy: 'v1-minds-vendors',
  },
  async peer => {
    const own = ['00112233445566778899aabbccddeeff', 'ff', 'ab'.repeat(100), ''].map(vendor);
    const { response } = await offer(peer, {}, [...offerPayloads(peer), ...own]);
    judgeChosen(peer, response, 'alice does not take the offer');
  },
);

v1Clause(
  'rfc2408-5.6-unknown-transform-is-ignored',
  {
    level: 'MUST',
    text: 'A transform whose identifier is not known is ignored; the others are looked at',
    scenario: 'The peer offers a transform of phase 1 with the identifier 77, and one that is KEY_IKE.',
    brokenBy: 'v1-minds-transforms',
  },
  async peer => {
    const own = attributesOf(peer);
    const proposal = phase1Proposal(own);
    const strange = { ...proposal, transforms: [transform(1, 77, own), transform(2, 1, own)] };
    const [, ...rest] = offerPayloads(peer);
    const { response } = await offer(peer, {}, [securityAssociation(strange), ...rest]);
    judgeChosen(peer, response, 'alice does not take the transform that she knows');
    const chosen = payloadOf(response.payloads, 'SA')?.proposals[0]?.transforms[0];
    judge(chosen?.id === 1, `alice chooses transform ${chosen?.id}`);
  },
);

v1Clause(
  'rfc2408-5.6-unknown-transform-is-ignored[esp]',
  {
    level: 'MUST',
    text: 'A transform whose identifier is not known is ignored; the others are looked at',
    scenario: 'The peer offers ESP with the transform 200, and with AES.',
    brokenBy: 'v1-minds-transforms',
  },
  async peer => {
    await callMain(peer);
    const right = espProposal(QUICK);
    const strange = transform(1, 200, espAttributes(QUICK));
    const transforms = [strange, ...right.transforms.map(it => ({ ...it, number: 2 }))];
    const asked = await askQuick(peer, { proposals: [{ ...right, transforms }] });
    if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(isAgreed(asked), `alice does not take the transform that she knows: ${saidBy(asked.response)}`);
    const chosen = payloadOf(asked.response.payloads, 'SA')?.proposals[0]?.transforms[0];
    judge(chosen?.id === 12 && chosen.number === 2, `alice chooses transform ${chosen?.id}, number ${chosen?.number}`);
  },
);

v1Clause(
  'rfc2408-4.2-one-proposal-is-chosen',
  {
    level: 'MUST',
    text: 'The responder selects one proposal, and says its number',
    scenario: 'The peer offers ESP with 3DES and MD5 as number 3, and with AES as number 5.',
    brokenBy: 'v1-renumbers-proposals',
  },
  async peer => {
    await callMain(peer);
    const proposals = [
      { ...espProposal({ ...QUICK, childSuite: '3des-md5' }), number: 3 },
      { ...espProposal(QUICK), number: 5 },
    ];
    const asked = await askQuick(peer, { proposals });
    if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(isAgreed(asked), `alice takes neither: ${saidBy(asked.response)}`);
    const chosen = payloadOf(asked.response.payloads, 'SA')?.proposals ?? [];
    judge(chosen.length === 1 && chosen[0]?.transforms.length === 1, 'alice does not choose one');
    judge(chosen[0].number === 5, `alice chooses number ${chosen[0].number}`);
  },
);

v1Clause(
  'rfc2408-4.2-proposals-of-one-number',
  {
    level: 'MUST',
    text: 'Proposals of one number are one offer: the responder takes all of them, or none',
    scenario: 'The peer offers ESP and AH together, which alice does not have, and ESP alone.',
    brokenBy: 'v1-splits-offers',
  },
  async peer => {
    await callMain(peer);
    const ah = {
      number: 1,
      protocolId: PROTOCOL.ah,
      spi: u32(0xc0ff_ee77),
      transforms: [
        transform(1, 5, [
          [4, 1],
          [5, 5],
        ]),
      ],
    };
    const asked = await askQuick(peer, { proposals: [espProposal(QUICK), ah, { ...espProposal(QUICK), number: 2 }] });
    if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(isAgreed(asked), `alice takes neither: ${saidBy(asked.response)}`);
    const chosen = payloadOf(asked.response.payloads, 'SA')?.proposals ?? [];
    judge(chosen.length === 1 && chosen[0]?.number === 2, 'alice takes half of an offer');
  },
);

v1Clause(
  'rfc2408-5.4-domain-of-interpretation',
  {
    level: 'MUST',
    text: 'A message with a domain of interpretation that is not supported is discarded',
    scenario: 'SA of the peer’s first message says DOI 9; then it calls as it should.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    const { response } = await offer(peer, {
      octets: octets => {
        const altered = Buffer.from(octets);
        altered.writeUInt32BE(9, 32);
        return altered;
      },
    });
    judgeNotChosen(peer, response, 'alice takes an offer of DOI 9');
    await judgeStillServes(peer, 'alice does not serve a peer that does right');
  },
);

v1Clause(
  'rfc2408-5.5-protocol-of-phase-1',
  {
    level: 'MUST',
    text: 'A proposal whose protocol is not valid is discarded: in phase 1 it is ISAKMP',
    scenario: 'The peer’s first message proposes ESP; then it calls as it should.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    const [, ...rest] = offerPayloads(peer);
    const proposal = { ...phase1Proposal(attributesOf(peer)), protocolId: PROTOCOL.esp, spi: u32(0xc0ff_ee01) };
    const { response } = await offer(peer, {}, [securityAssociation(proposal), ...rest]);
    judgeNotChosen(peer, response, 'alice takes ESP for the protocol of phase 1');
    await judgeStillServes(peer, 'alice does not serve a peer that does right');
  },
);

v1Clause(
  'rfc2408-2.4-spi-of-phase-1-is-ignored',
  {
    level: 'MUST',
    text: 'The SPI of a proposal of phase 1 may be of 0 to 16 octets, and what is in it is ignored',
    scenario: 'The proposal of the peer’s first message has an SPI of 8 octets.',
    brokenBy: 'v1-minds-spi',
  },
  async peer => {
    const [, ...rest] = offerPayloads(peer);
    const proposal = { ...phase1Proposal(attributesOf(peer)), spi: peer.draw(8) };
    const { response } = await offer(peer, {}, [securityAssociation(proposal), ...rest]);
    judgeChosen(peer, response, 'alice does not take an offer with an SPI');
  },
);

for (const octets of [2, 8]) {
  v1Clause(
    `rfc2408-5.5-spi-of-phase-2[${octets}]`,
    {
      level: 'MUST',
      text: 'A proposal whose SPI is not valid is discarded: that of ESP has four octets',
      scenario: `The peer asks for an SA with an SPI of ${octets} octets; then as it should.`,
      brokenBy: 'v1-any-spi',
    },
    async peer => {
      await callMain(peer);
      const asked = await askQuick(peer, { proposals: [{ ...espProposal(QUICK), spi: peer.draw(octets) }] });
      judgeNoQuick(peer, asked, `alice makes an SA whose SPI has ${octets} octets`);
      await judgeQuick(peer, await askQuick(peer), 'alice makes no SA any more');
    },
  );
}

v1Clause(
  'rfc2408-3.3-long-attributes',
  {
    level: 'MUST',
    text: 'An attribute may be of the long form: its value is what its octets say',
    scenario: 'The peer offers a lifetime of 86400 seconds in four octets; then in eight.',
    brokenBy: 'v1-minds-long-attributes',
  },
  async peer => {
    for (const octets of [4, 8]) {
      peer.begin();
      const duration = Buffer.alloc(octets);
      duration.writeUInt32BE(86_400, octets - 4);
      const own = [...attributesOf(peer), [11, 1] as const, [12, Uint8Array.from(duration)] as const];
      const { response } = await offer(peer, {}, offerPayloads(peer, own));
      judgeChosen(peer, response, `alice does not take a lifetime in ${octets} octets`);
    }
  },
);

v1Clause(
  'rfc2408-5.4-no-proposal-chosen',
  {
    level: 'MAY',
    text: 'Where no offer of phase 1 is accepted, NO-PROPOSAL-CHOSEN may be sent',
    scenario: 'The peer offers a cipher that nobody has.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    const own = attributesOf(peer).map(([type, value]) => [type, type === 1 ? 60_000 : value] as const);
    const { response } = await offer(peer, {}, offerPayloads(peer, own));
    judgeNotChosen(peer, response, 'alice takes a cipher that nobody has');
    const said = peer.said(EXCHANGE.informational);
    if (said.length > 0) judgeNotified(peer, response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
  },
);
