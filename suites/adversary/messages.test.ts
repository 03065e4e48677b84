import { encodePayloads } from '../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload, ProposalSubstructure } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, TransformType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { askChild } from '../tester/ike/create-child.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt, authPayloads, call, openCall, spiOctets } from '../tester/ike/initiate.ts';
import { errorsIn, notify, payloadOf } from '../tester/ike/payloads.ts';
import type { Alteration, TesterPeer } from '../tester/ike/peer.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import { espProposal, plain } from '../tester/ike/suite.ts';
import {
  judgeAccepted,
  judgeAlive,
  judgeNotAccepted,
  judgeNotified,
  judgeStillServes,
} from '../tester/ike/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** Messages that have ended implementations of IKEv2, or made them do what they should not. */

const SERVES = 'alice does not serve a peer any more';

/** A new call by the same peer. */
async function judgeServesAnew(peer: TesterPeer): Promise<void> {
  peer.nextRequest = 0;
  peer.keys = null;
  peer.responderSpi = '0000000000000000';
  peer.initiatorSpi = peer.newSpi();
  await judgeStillServes(peer, SERVES);
}

const init = (change: (payloads: readonly Payload[]) => readonly Payload[]): Alteration => ({
  message: (message: IkeMessage) => ({ ...message, payloads: change(message.payloads) }),
});

for (const protocolId of [0, 1]) {
  ikeClause(
    `adversary-8-rekey-of-protocol[${protocolId}]`,
    {
      level: 'MUST',
      text: 'A REKEY_SA that is about no Child SA is refused, and does no harm (CVE-2023-38710)',
      scenario: `The peer asks for a child with REKEY_SA of protocol ${protocolId}.`,
      brokenBy: 'ike-dies-of-rekey-protocol',
    },
    async peer => {
      const { child } = await call(peer);
      const spi = protocolId === 0 ? new Uint8Array(0) : spiOctets(child.outbound.spi);
      const { response } = await askChild(peer, {
        notifies: [notify(NotifyType.REKEY_SA, undefined, { protocolId, spi })],
      });
      judge(response !== null, 'alice says nothing to a REKEY_SA that cannot be');
      peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload N');
      await judgeServesAnew(peer);
    },
  );
}

/** TSi stands 48 octets before the end: header of 4, count and 3, one selector of 16. */
const SELECTORS: Readonly<Record<string, (octets: Buffer) => void>> = {
  'count-too-high': octets => void octets.writeUInt8(2, octets.length - 44),
  'count-255': octets => void octets.writeUInt8(255, octets.length - 44),
  'count-0': octets => void octets.writeUInt8(0, octets.length - 44),
  'selector-too-short': octets => void octets.writeUInt16BE(15, octets.length - 38),
  'selector-too-long': octets => void octets.writeUInt16BE(0xffff, octets.length - 38),
  'selector-of-0-octets': octets => void octets.writeUInt16BE(0, octets.length - 38),
};

for (const [slug, spoil] of Object.entries(SELECTORS)) {
  ikeClause(
    `adversary-9-traffic-selectors[${slug}]`,
    {
      level: 'MUST',
      text: 'A TS payload whose numbers do not fit it is answered with INVALID_SYNTAX (CVE-2023-23009)',
      scenario: `TSi of the peer’s IKE_AUTH is spoilt: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-hides-syntax',
    },
    async peer => {
      const opening = await openCall(peer);
      const { first, octets } = encodePayloads(authPayloads(peer, opening));
      const spoilt = Buffer.from(octets);
      spoil(spoilt);
      const answer = await peer.ask({
        exchange: ExchangeType.IKE_AUTH,
        payloads: [],
        sealing: { inside: { first, octets: spoilt } },
      });
      judgeNotified(peer, answer, NotifyType.INVALID_SYNTAX, 'INVALID_SYNTAX');
      judge(payloadOf(answer?.payloads ?? [], 'SA') === null, 'alice makes a child');
      await judgeServesAnew(peer);
    },
  );
}

const offering = (change: (proposal: ProposalSubstructure) => ProposalSubstructure): Alteration =>
  init(payloads => payloads.map(it => (it.type === 'SA' ? { ...it, proposals: it.proposals.map(change) } : it)));

const PROPOSALS: Readonly<Record<string, (proposal: ProposalSubstructure) => ProposalSubstructure>> = {
  'no-key-exchange': it => ({ ...it, transforms: it.transforms.filter(({ type }) => type !== TransformType.KE) }),
  'no-prf': it => ({ ...it, transforms: it.transforms.filter(({ type }) => type !== TransformType.PRF) }),
  'aes-xcbc-alone': it => ({
    ...it,
    transforms: [
      plain(TransformType.ENCR, 12, 128),
      plain(TransformType.INTEG, 5),
      plain(TransformType.PRF, 4),
      plain(TransformType.KE, 31),
    ],
  }),
  'no-transforms': it => ({ ...it, transforms: [] }),
};

for (const [slug, change] of Object.entries(PROPOSALS)) {
  ikeClause(
    `adversary-10-proposal[${slug}]`,
    {
      level: 'MUST',
      text: 'A proposal that lacks what an IKE SA needs, or has what is not wanted, is not chosen (CVE-2016-5391, CVE-2016-3071)',
      scenario: `The peer’s only proposal: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-silent-about-proposals',
    },
    async peer => {
      const { response } = await attempt(peer, offering(change));
      judgeNotAccepted(peer, response, 'alice chooses a proposal that cannot be');
      judge(response !== null && errorsIn(response.payloads).length > 0, 'alice does not say that she chooses none');
      await judgeServesAnew(peer);
    },
  );
}

ikeClause(
  'adversary-14-payloads-of-ikev1',
  {
    level: 'MUST',
    text: 'Payload types of IKEv1 are nothing in IKEv2 (CVE-2015-3991)',
    scenario: 'The peer sends IKE_SA_INIT whose payloads have the types of IKEv1: SA 1, KE 4, NONCE 10.',
    brokenBy: 'ike-dies-of-old-payloads',
  },
  async peer => {
    const old = (payloadType: number): Payload => ({ type: 'unknown', payloadType, data: peer.draw(40) });
    const { response } = await attempt(
      peer,
      init(() => [old(1), old(4), old(10)]),
    );
    judgeNotAccepted(peer, response, 'alice takes payloads of IKEv1');
    await judgeServesAnew(peer);
  },
);

ikeClause(
  'adversary-14-header-of-ikev1',
  {
    level: 'MUST',
    text: 'A message of IKEv1 makes nothing of IKEv2',
    scenario: 'The peer sends its IKE_SA_INIT with version 1.0, and as main mode.',
    brokenBy: 'ike-dies-of-old-version',
  },
  async peer => {
    const { response } = await attempt(peer, { octets: octets => octets.with(17, 0x10).with(18, 2) });
    judgeNotAccepted(peer, response, 'alice takes a message of IKEv1');
    await judgeServesAnew(peer);
  },
);

for (const type of ['SA', 'KE', 'NONCE'] as const) {
  ikeClause(
    `adversary-15-first-message-without[${type}]`,
    {
      level: 'MUST',
      text: 'An IKE_SA_INIT that lacks a payload is refused, and does no harm (CVE-2013-6467)',
      scenario: `The peer sends IKE_SA_INIT without ${type}.`,
      brokenBy: 'ike-dies-of-missing',
    },
    async peer => {
      const { response } = await attempt(
        peer,
        init(payloads => payloads.filter(it => it.type !== type)),
      );
      judgeNotAccepted(peer, response, `alice does without ${type}`);
      await judgeServesAnew(peer);
    },
  );
}

for (const type of ['IDi', 'AUTH', 'SA', 'TSi', 'TSr'] as const) {
  ikeClause(
    `adversary-15-auth-without[${type}]`,
    {
      level: 'MUST',
      text: 'An IKE_AUTH that lacks a payload is refused, and does no harm (CVE-2013-6467)',
      scenario: `The peer sends IKE_AUTH without ${type}.`,
      brokenBy: 'ike-dies-of-missing-auth',
    },
    async peer => {
      const opening = await openCall(peer);
      const payloads = authPayloads(peer, opening).filter(it => it.type !== type);
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
      if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N');
      judge(payloadOf(answer?.payloads ?? [], 'SA') === null, 'alice makes a child');
      await judgeServesAnew(peer);
    },
  );
}

ikeClause(
  'adversary-16-thousands-of-payloads',
  {
    level: 'MUST',
    text: 'A message of more payloads than anybody needs is dropped (CVE-2026-12413)',
    scenario: 'The peer sends IKE_SA_INIT with 3000 Vendor IDs in front of it.',
    brokenBy: 'ike-dies-of-size',
  },
  async peer => {
    const vendor: Payload = { type: 'V', data: new Uint8Array(0) };
    const { response } = await attempt(
      peer,
      init(payloads => [...Array.from({ length: 3000 }, () => vendor), ...payloads]),
    );
    judgeNotAccepted(peer, response, 'alice reads 3000 payloads');
    await judgeServesAnew(peer);
  },
);

for (const octets of [0, 1, 3]) {
  ikeClause(
    `adversary-16-payload-that-leads-nowhere[${octets}-octets]`,
    {
      level: 'MUST',
      text: 'A payload shorter than its header leads to no end of them (isakmp-pointer-loop)',
      scenario: `The first payload of IKE_SA_INIT says to have ${octets} octets.`,
      brokenBy: 'ike-dies-of-loops',
    },
    async peer => {
      const { response } = await attempt(peer, { octets: it => it.with(30, 0).with(31, octets) });
      judgeNotAccepted(peer, response, 'alice takes a payload shorter than its header');
      await judgeServesAnew(peer);
    },
  );
}

ikeClause(
  'adversary-21-child-before-auth',
  {
    level: 'MUST',
    text: 'Nothing is made or rekeyed in an IKE SA that is not established (CVE-2014-2338)',
    scenario: 'After IKE_SA_INIT the peer asks by CREATE_CHILD_SA to rekey; then it goes on as it should.',
    brokenBy: 'ike-dies-of-early-children',
  },
  async peer => {
    const opening = await openCall(peer);
    const { response } = await askChild(peer, {
      notifies: [notify(NotifyType.REKEY_SA, undefined, { protocolId: 3, spi: spiOctets(0xc0ff_ee01) })],
    });
    if (response !== null) peer.bench.cite(response, 'to a rekey before IKE_AUTH', ...INSIDE, 'Payload N');
    judge(payloadOf(response?.payloads ?? [], 'SA') === null, 'alice rekeys before IKE_AUTH');
    peer.nextRequest = 1;
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening) });
    judge(payloadOf(answer?.payloads ?? [], 'AUTH') !== null, 'alice does not go on with a peer that has tried it');
  },
);

const SUCCESSES: Readonly<Record<string, readonly Payload[]>> = {
  'without-auth': [],
  // EAP-Success, RFC 3748 §4.2.
  'eap-success': [{ type: 'EAP', data: Uint8Array.of(3, 1, 0, 4) }],
};

for (const [slug, more] of Object.entries(SUCCESSES)) {
  ikeClause(
    `adversary-22-early-success-of-responder[${slug}]`,
    {
      level: 'MUST',
      text: 'Nobody is taken for authentic who has not shown it (CVE-2021-45079)',
      scenario: 'Alice calls; the answer to IKE_AUTH has all but AUTH.',
      brokenBy: 'ike-needs-no-auth',
    },
    async peer => {
      const state = await answerInit(peer, await letAliceCall(peer));
      const request = await authRequest(peer);
      const payloads = authAnswer(peer, state, request).filter(it => it.type !== 'AUTH');
      await peer.answer(request, [...payloads, ...more]);
      peer.nextRequest = 0;
      const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
      if (answer !== null) peer.bench.cite(answer, 'in an IKE SA that nobody has proven', ...INSIDE, 'Payload N');
      judge(answer?.opened.kind !== 'opened', 'alice takes somebody for authentic who has shown nothing');
    },
  );
  ikeClause(
    `adversary-22-early-success-of-initiator[${slug}]`,
    {
      level: 'MUST',
      text: 'Nobody is taken for authentic who has not shown it (CVE-2021-45079)',
      scenario: 'The peer calls; its IKE_AUTH has all but AUTH.',
      brokenBy: 'ike-needs-no-auth',
    },
    async peer => {
      const opening = await openCall(peer);
      const payloads = authPayloads(peer, opening).filter(it => it.type !== 'AUTH');
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: [...payloads, ...more] });
      if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N');
      judge(
        payloadOf(answer?.payloads ?? [], 'AUTH') === null,
        'alice takes somebody for authentic who has shown nothing',
      );
    },
  );
}

ikeClause(
  'adversary-MORE-spi-zero-of-initiator',
  {
    level: 'MUST',
    text: 'An initiator has an SPI: 0 is none',
    scenario: 'The peer sends IKE_SA_INIT with the initiator’s SPI 0.',
    brokenBy: 'ike-dies-of-zero-spi',
  },
  async peer => {
    peer.initiatorSpi = '0000000000000000';
    const { response } = await attempt(peer);
    judgeNotAccepted(peer, response, 'alice makes an IKE SA without an SPI');
    await judgeServesAnew(peer);
  },
);

ikeClause(
  'adversary-MORE-spi-zero-of-child',
  {
    level: 'MUST',
    text: 'A Child SA has SPIs: 0 is none (RFC 4303 §2.1)',
    scenario: 'The peer calls, and offers a child with SPI 0.',
    brokenBy: 'ike-dies-of-child-spi',
  },
  async peer => {
    const opening = await openCall(peer);
    const payloads = authPayloads(peer, opening).map(it =>
      it.type === 'SA' ? { ...it, proposals: [espProposal('aes256gcm16', spiOctets(0))] } : it,
    );
    const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
    if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE, 'Payload N');
    judge(payloadOf(answer?.payloads ?? [], 'SA') === null, 'alice makes a child with SPI 0');
    await judgeServesAnew(peer);
  },
);

ikeClause(
  'adversary-MORE-spi-collision-of-ike-sas',
  {
    level: 'MUST',
    text: 'Two initiators with the same SPI are two: neither has anything of the other (CVE-2025-39965)',
    scenario: 'The peer has an IKE SA; IKE_SA_INIT with its SPI comes again, with another nonce and key.',
    brokenBy: 'ike-dies-of-collisions',
  },
  async peer => {
    await call(peer);
    const { responderSpi, keys, nextRequest } = peer;
    peer.responderSpi = '0000000000000000';
    const { response } = await attempt(peer);
    if (response !== null) peer.bench.cite(response, 'to the same SPI once more', "Responder's SPI");
    judge(response?.ike?.responderSpi !== responderSpi, 'alice gives the same SPI to two');
    Object.assign(peer, { responderSpi, keys, nextRequest });
    await judgeAlive(peer, 'the IKE SA does not survive another with the same SPI');
  },
);

ikeClause(
  'adversary-MORE-unknown-critical-payload',
  {
    level: 'MUST',
    text: 'A critical payload of an unknown type has the message refused, whatever else is in it',
    scenario: 'The peer adds payload type 250, critical, to IKE_SA_INIT.',
    brokenBy: 'ike-ignores-critical',
  },
  async peer => {
    const strange: Payload = { type: 'unknown', payloadType: 250, critical: true, data: peer.draw(8) };
    const { response } = await attempt(
      peer,
      init(payloads => [strange, ...payloads]),
    );
    judgeNotAccepted(peer, response, 'alice passes over what is critical');
    await judgeServesAnew(peer);
  },
);

for (const majorVersion of [3, 15]) {
  ikeClause(
    `adversary-MORE-higher-major-version[${majorVersion}]`,
    {
      level: 'MUST',
      text: 'A higher major version is not taken for version 2',
      scenario: `The peer sends IKE_SA_INIT with version ${majorVersion}.0.`,
      brokenBy: 'ike-takes-any-version',
    },
    async peer => {
      const { response } = await attempt(peer, { message: message => ({ ...message, majorVersion }) });
      judgeNotAccepted(peer, response, `alice takes version ${majorVersion} for 2`);
      await judgeServesAnew(peer);
    },
  );
}

ikeClause(
  'adversary-MORE-reserved-bits',
  {
    level: 'MUST',
    text: 'Bits that are reserved mean nothing',
    scenario: 'The peer sets all reserved bits of the header’s flags and of the first payload.',
    brokenBy: 'ike-minds-reserved-flags',
  },
  async peer => {
    const { response } = await attempt(peer, {
      octets: octets => octets.with(19, (octets[19] ?? 0) | 0xc7).with(29, 0x7f),
    });
    judgeAccepted(peer, response, 'alice minds reserved bits');
  },
);
