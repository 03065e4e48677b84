import { AuthMethod, ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt } from '../tester/ike/initiate.ts';
import { notifies, payloadOf } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { answerInit, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import {
  adding,
  ALL_HASHES,
  hashesIn,
  hashNotify,
  judgeBelieved,
  judgeNotBelieved,
  judgeSignature,
  signedByInitiator,
  signedByResponder,
  signedCall,
  signing,
} from '../tester/ike/signed.ts';
import { HASH, type Hash } from '../tester/ike/signatures.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7427 §4: which hash algorithms either end knows. */

const plan = signing({});

/** Her IKE_SA_INIT, as the responder and as the initiator. */
const ROLES: Readonly<Record<string, (peer: TesterPeer) => Promise<Heard>>> = {
  responder: async peer => {
    const { response } = await attempt(peer, adding(hashNotify(ALL_HASHES)));
    return require(response, 'alice did not answer IKE_SA_INIT');
  },
  initiator: peer => letAliceCall(peer),
};

for (const [role, heardFrom] of Object.entries(ROLES)) {
  ikeClause(
    `rfc7427-4-hashes-are-named[${role}]`,
    {
      level: 'MUST',
      text: 'Both ends name the hash algorithms that they know in IKE_SA_INIT',
      scenario: `IKE_SA_INIT of alice’s is looked at; she is the ${role}.`,
      brokenBy: 'ike-hides-hashes',
      plan,
    },
    async peer => {
      const heard = await heardFrom(peer);
      peer.bench.cite(heard, 'IKE_SA_INIT', 'Payload N(SIGNATURE_HASH_ALGORITHMS)');
      const said = notifies(heard.payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
      judge(said.length === 1, `alice says ${said.length} times which hash algorithms she knows`);
    },
  );
  ikeClause(
    `rfc7427-4-notify-is-about-no-sa[${role}]`,
    {
      level: 'MUST',
      text: 'Protocol ID and SPI Size of SIGNATURE_HASH_ALGORITHMS are 0',
      scenario: `IKE_SA_INIT of alice’s is looked at; she is the ${role}.`,
      brokenBy: 'ike-hashes-of-an-sa',
      plan,
    },
    async peer => {
      const heard = await heardFrom(peer);
      peer.bench.cite(heard, 'IKE_SA_INIT', 'Payload N(SIGNATURE_HASH_ALGORITHMS)');
      const [said] = notifies(heard.payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
      judge(said !== undefined, 'alice does not say which hash algorithms she knows');
      judge(said.protocolId === 0 && said.spi.length === 0, 'alice says it about an SA');
    },
  );
  ikeClause(
    `rfc7427-4-numbers-of-16-bits[${role}]`,
    {
      level: 'MUST',
      text: 'The data are identifiers of 16 bits without padding, each once',
      scenario: `IKE_SA_INIT of alice’s is looked at; she is the ${role}.`,
      brokenBy: 'ike-odd-hashes',
      plan,
    },
    async peer => {
      const heard = await heardFrom(peer);
      peer.bench.cite(heard, 'IKE_SA_INIT', 'Payload N(SIGNATURE_HASH_ALGORITHMS)');
      const [said] = notifies(heard.payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
      judge(said !== undefined && said.data.length > 0, 'alice names no hash algorithm');
      judge(said.data.length % 2 === 0, `alice names them in ${said.data.length} octets`);
      const numbers = hashesIn(heard) ?? [];
      const known: readonly number[] = Object.values(HASH);
      judge(
        numbers.every(number => known.includes(number)),
        `alice names ${numbers.join()}`,
      );
      judge(new Set(numbers).size === numbers.length, 'alice names one twice');
    },
  );
  ikeClause(
    `rfc7427-6-sha1-is-not-offered[${role}]`,
    {
      level: 'SHOULD NOT',
      text: 'SHA-1 is not offered for signatures where nobody asks for it (RFC 8247 §3.2)',
      scenario: `IKE_SA_INIT of alice’s is looked at; she is the ${role}.`,
      brokenBy: 'ike-offers-sha1',
      plan,
    },
    async peer => {
      const heard = await heardFrom(peer);
      peer.bench.cite(heard, 'IKE_SA_INIT', 'Payload N(SIGNATURE_HASH_ALGORITHMS)');
      judge(!(hashesIn(heard) ?? []).includes(HASH.sha1), 'alice offers SHA-1');
    },
  );
}

for (const hash of ['sha256', 'sha384', 'sha512'] as const satisfies readonly Hash[]) {
  ikeClause(
    `rfc7427-4-signs-with-what-the-initiator-knows[${hash}]`,
    {
      level: 'MUST',
      text: 'A signature is made with a hash that the other end has named',
      scenario: `The peer calls and names ${hash} alone; alice has an RSA key.`,
      brokenBy: hash === 'sha256' ? 'ike-signs-other-octets' : 'ike-ignores-hashes',
      plan: signing({ alice: 'rsa2048' }),
    },
    async peer => {
      const signed = await signedCall(peer, { hashes: [hash] });
      judgeBelieved(peer, signed.answer, 'alice does not believe a signature that is right');
      const used = judgeSignature(peer, signed.answer, 'alice rsa2048', signedByResponder(peer, signed));
      judge(used === hash, `alice signs with ${used}, and the peer knows ${hash}`);
    },
  );
  ikeClause(
    `rfc7427-4-signs-with-what-the-responder-knows[${hash}]`,
    {
      level: 'MUST',
      text: 'A signature is made with a hash that the other end has named',
      scenario: `Alice calls, with an RSA key; the peer names ${hash} alone.`,
      brokenBy: hash === 'sha256' ? 'ike-signs-other-octets' : 'ike-ignores-hashes',
      plan: signing({ alice: 'rsa2048' }),
    },
    async peer => {
      const state = await answerInit(peer, await letAliceCall(peer), adding(hashNotify([hash])));
      const request = await authRequest(peer);
      const used = judgeSignature(peer, request, 'alice rsa2048', signedByInitiator(peer, state, request));
      judge(used === hash, `alice signs with ${used}, and the peer knows ${hash}`);
    },
  );
}

ikeClause(
  'rfc7427-4-no-hash-in-common',
  {
    level: 'MUST',
    text: 'Whoever can sign with no hash that the other end has named does not sign with another',
    scenario: 'The peer names only the identity of Ed25519; alice has an RSA key.',
    brokenBy: 'ike-ignores-hashes',
    plan: signing({ alice: 'rsa2048' }),
  },
  async peer => {
    const { answer } = await signedCall(peer, { hashes: ['identity'] });
    judgeNotBelieved(peer, answer, 'alice signs with a hash that the peer does not know');
  },
);

ikeClause(
  'rfc7427-4-unknown-hashes-are-ignored',
  {
    level: 'MUST',
    text: 'Numbers that are not known are passed over',
    scenario: 'The peer names 4660 and 65535 before SHA-256.',
    brokenBy: 'ike-no-signatures',
    plan,
  },
  async peer => {
    const signed = await signedCall(peer, { hashes: ['sha256'] }, [0x12, 0x34, 0xff, 0xff]);
    judgeBelieved(peer, signed.answer, 'alice minds hash algorithms that she does not know');
    judgeSignature(peer, signed.answer, 'alice ecdsa256', signedByResponder(peer, signed));
  },
);

ikeClause(
  'rfc7427-3-method-14-where-both-know-it',
  {
    level: 'MUST',
    text: 'When both ends have named their hash algorithms, a signature is in AUTH of method 14',
    scenario: 'The peer calls and signs; alice has an RSA key, which method 1 would do for.',
    brokenBy: 'ike-old-signature-method',
    plan: signing({ alice: 'rsa2048' }),
  },
  async peer => {
    const { answer } = await signedCall(peer);
    judgeBelieved(peer, answer, 'alice does not believe a signature that is right');
    const auth = payloadOf(answer.payloads, 'AUTH');
    judge(auth?.method === AuthMethod.DIGITAL_SIGNATURE, `alice sends AUTH of method ${auth?.method}`);
  },
);

for (const [key, method] of [
  ['rsa2048', AuthMethod.RSA_DIGITAL_SIGNATURE],
  ['ecdsa256', AuthMethod.ECDSA_SHA_256_P256],
] as const) {
  ikeClause(
    `rfc7427-3-no-method-14-unless-both-know-it[${key}]`,
    {
      level: 'MUST',
      text: 'Method 14 is only used when both ends have named their hash algorithms',
      scenario: 'Alice calls; the peer names no hash algorithms.',
      brokenBy: 'ike-new-signature-method',
      plan: signing({ alice: key }),
    },
    async peer => {
      await answerInit(peer, await letAliceCall(peer));
      const request = await authRequest(peer);
      const auth = payloadOf(request.payloads, 'AUTH');
      peer.bench.cite(request, `AUTH of method ${auth?.method}`, ...INSIDE);
      judge(auth?.method === method, `alice sends AUTH of method ${auth?.method}`);
    },
  );
}

ikeClause(
  'rfc7427-3-method-14-unasked-is-refused',
  {
    level: 'MUST',
    text: 'Method 14 is only allowed when both ends have named their hash algorithms',
    scenario: 'The peer calls without naming hash algorithms, and signs with method 14 all the same.',
    brokenBy: 'ike-believes-all',
    plan,
  },
  async peer => {
    const { answer } = await signedCall(peer, { hashes: null });
    judgeNotBelieved(peer, answer, 'alice takes method 14, which was not agreed upon');
  },
);

ikeClause(
  'rfc7427-4-hashes-belong-into-the-first-exchange',
  {
    level: 'MUST',
    text: 'SIGNATURE_HASH_ALGORITHMS is sent in IKE_SA_INIT; elsewhere it agrees upon nothing',
    scenario: 'Alice calls, and the peer names no hash algorithms; nor does she, in IKE_AUTH.',
    brokenBy: 'ike-late-hashes',
    plan,
  },
  async peer => {
    await answerInit(peer, await letAliceCall(peer));
    const request = await authRequest(peer);
    peer.bench.cite(request, 'IKE_AUTH', ...INSIDE);
    judge(request.ike?.exchangeType === ExchangeType.IKE_AUTH, 'alice does not go on');
    judge(hashesIn(request) === null, 'alice names hash algorithms in IKE_AUTH');
  },
);
