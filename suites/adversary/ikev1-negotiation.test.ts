import { getDiffieHellman } from 'node:crypto';
import type { IsakmpIdPayload } from '../../engine/wire/isakmp/payload.ts';
import { askAggressive, callAggressive } from '../tester/ike-v1/aggressive-mode.ts';
import { answerHalves, choose, letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { askHalves, attributesOf, callMain, offer, offerPayloads, saidBy } from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, ID, NOTIFY, payloadOf } from '../tester/ike-v1/payloads.ts';
import type { V1Alteration } from '../tester/ike-v1/peer.ts';
import { AGGRESSIVE } from '../tester/ike-v1/plans.ts';
import { askQuick, espAttributes, espProposal, QUICK } from '../tester/ike-v1/quick-mode.ts';
import { METHOD } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import {
  judgeAlive,
  judgeNoQuick,
  judgeNotChosen,
  judgeNotified,
  judgeQuick,
  judgeStillServes,
} from '../tester/ike-v1/verdicts.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** Offers, identities and values that implementations of IKEv1 have taken, or died of. */

const SERVES = 'alice does not serve a peer any more';

const IDENTITIES: Readonly<Record<string, Partial<IsakmpIdPayload>>> = {
  fqdn: { idType: ID.fqdn, data: Buffer.from('net.lab', 'latin1') },
  'user-fqdn': { idType: ID.userFqdn, data: Buffer.from('user@net.lab', 'latin1') },
  'key-id': { idType: ID.keyId, data: Buffer.from('0a000000', 'hex') },
  'type-200': { idType: 200 },
  'three-octets': { idType: ID.ipv4, data: Uint8Array.of(10, 0, 0) },
  'half-a-subnet': { idType: ID.ipv4Subnet, data: Uint8Array.of(10, 0, 0, 0) },
  'no-mask': { idType: ID.ipv4Subnet, data: Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0) },
  'range-backwards': { idType: ID.ipv4Range, data: Uint8Array.of(10, 0, 0, 9, 10, 0, 0, 1) },
  nothing: { idType: ID.ipv4, data: new Uint8Array(0) },
};

for (const [slug, of] of Object.entries(IDENTITIES)) {
  v1Clause(
    `adversary-6-client-identity[${slug}]`,
    {
      level: 'MUST',
      text: 'A client identity that is no address is answered with INVALID-ID-INFORMATION, and does no harm (CVE-2023-38711)',
      scenario: `IDcr of the peer’s Quick Mode: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-silent-about-identities',
    },
    async peer => {
      await callMain(peer);
      let seen = 0;
      const asked = await askQuick(
        peer,
        {},
        {
          message: message => ({
            ...message,
            payloads: message.payloads.map(it => {
              if (it.type !== 'ID') return it;
              seen += 1;
              return seen === 2 ? { ...it, ...of } : it;
            }),
          }),
        },
      );
      judgeNoQuick(peer, asked, 'alice makes an SA for no addresses');
      judgeNotified(peer, asked.response, NOTIFY.invalidIdInformation, 'INVALID-ID-INFORMATION');
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
      await judgeQuick(peer, await askQuick(peer), 'alice makes no SA any more');
    },
  );
}

for (const id of [21, 23, 249]) {
  v1Clause(
    `adversary-7-transform-that-is-not-wanted[${id}]`,
    {
      level: 'MUST',
      text: 'A transform of ESP that policy does not name is answered with NO-PROPOSAL-CHOSEN (CVE-2024-3652)',
      scenario: `The peer proposes ESP transform ${id} (23 is AES-GMAC), with and without a key length, to alice as she is.`,
      brokenBy: 'v1-silent-about-proposals',
    },
    async peer => {
      await callMain(peer);
      for (const keyLength of [[], [[6, 256] as const]]) {
        const attributes = [...espAttributes({ ...QUICK, childSuite: 'null-sha256' }), ...keyLength].map(
          ([type, value]) => ({ type, value }),
        );
        const transforms = [{ number: 1, id, attributes }];
        const asked = await askQuick(peer, { proposals: [{ ...espProposal(QUICK), transforms }] });
        judgeNoQuick(peer, asked, 'alice makes an SA of what nobody allows her');
        judgeNotified(peer, asked.response, NOTIFY.noProposalChosen, 'NO-PROPOSAL-CHOSEN');
      }
      await judgeAlive(peer, 'the ISAKMP SA has gone with it');
    },
  );
}

for (const [slug, method] of Object.entries({
  rsaEncryption: METHOD.rsaEncryption,
  revisedRsaEncryption: METHOD.revisedRsaEncryption,
})) {
  v1Clause(
    `adversary-33-encrypted-nonces[${slug}]`,
    {
      level: 'MUST',
      text: 'Authentication by encrypted nonces is an oracle for the key, and refused (CVE-2018-0131)',
      scenario: 'The peer offers that method alone.',
      brokenBy: 'v1-takes-any-offer',
    },
    async peer => {
      const { response } = await offer(peer, {}, offerPayloads(peer, attributesOf(peer, method)));
      judgeNotChosen(peer, response, 'alice takes a method that tells of her key');
      await judgeStillServes(peer, SERVES);
    },
  );
}

v1Clause(
  'adversary-34-aggressive-mode-unasked',
  {
    level: 'MUST',
    text: 'Nobody is given what a shared key can be guessed from, unless it was asked for (CVE-2018-5389)',
    scenario: 'The peer calls in Aggressive Mode, which alice was not told to take.',
    brokenBy: 'v1-takes-aggressive',
  },
  async peer => {
    const { response } = await askAggressive(peer);
    if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
    judge(payloadOf(response?.payloads ?? [], 'HASH') === null, 'alice shows a HASH_R to anybody');
    await judgeStillServes(peer, SERVES);
  },
);

v1Clause(
  'adversary-34-aggressive-mode-is-reported',
  {
    level: 'MUST',
    text: 'Where a shared key can be guessed in peace it is said so (CVE-2018-5389)',
    scenario: 'The peer calls in Aggressive Mode with a shared key; alice’s events are looked at.',
    brokenBy: 'v1-reports-nothing',
    plan: AGGRESSIVE,
  },
  async peer => {
    await callAggressive(peer);
    await peer.bench.lab.sleep(500);
    judge(peer.bench.events().includes('deprecated'), `alice reports ${peer.bench.events().join() || 'nothing'}`);
  },
);

const PRIME = getDiffieHellman('modp2').getPrime();
const VALUES: Readonly<Record<string, Uint8Array>> = {
  zero: Buffer.alloc(128),
  one: Buffer.from(Buffer.alloc(128).fill(1, 127)),
  'prime-less-1': Buffer.from(PRIME).fill(0xfe, 127),
  prime: PRIME,
  short: Buffer.alloc(127, 7),
  long: Buffer.alloc(129, 7),
  empty: new Uint8Array(0),
};

const withKe = (data: Uint8Array): V1Alteration => ({
  message: message => ({ ...message, payloads: message.payloads.map(it => (it.type === 'KE' ? { ...it, data } : it)) }),
});

for (const [slug, data] of Object.entries(VALUES)) {
  v1Clause(
    `adversary-11-public-value-of-ikev1[${slug}]`,
    {
      level: 'MUST',
      text: 'A public value that is none of the group is refused (CVE-2015-3240)',
      scenario: `KE of the peer’s message 3: ${slug}; then it calls as it should.`,
      brokenBy: 'v1-any-public-value',
    },
    async peer => {
      require((await offer(peer)).response, 'alice did not answer the offer');
      const { response } = await askHalves(peer, withKe(data));
      if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
      judge(payloadOf(response?.payloads ?? [], 'KE') === null, 'alice makes keys of it');
      await judgeStillServes(peer, SERVES);
    },
  );
  v1Clause(
    `adversary-11-public-value-of-ikev1[${slug}-answered]`,
    {
      level: 'MUST',
      text: 'A public value that is none of the group is refused (CVE-2015-3240)',
      scenario: `Alice calls; KE of the peer’s message 4: ${slug}.`,
      brokenBy: 'v1-any-public-value',
    },
    async peer => {
      const third = require(await choose(peer, await letAliceCall(peer)), 'alice did not go on');
      const fifth = await answerHalves(peer, third, withKe(data));
      const isOn = fifth?.message?.exchangeType === EXCHANGE.main && fifth.message.isEncrypted;
      if (fifth !== null) peer.bench.cite(fifth, 'what she says to it', ...INSIDE, 'Payload SA', 'Payload N');
      judge(!isOn, `alice goes on with it: ${saidBy(fifth)}`);
    },
  );
}
