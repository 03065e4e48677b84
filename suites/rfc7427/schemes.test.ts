import { NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import {
  adding,
  ALL_HASHES,
  hashNotify,
  judgeBelieved,
  judgeSignature,
  signedAnswer,
  signedByInitiator,
  signedByResponder,
  signedCall,
  signing,
} from '../tester/ike/signed.ts';
import type { SchemeToken } from '../tester/ike/signatures.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { deleteIke } from '../tester/ike/payloads.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7427 §3: the schemes that are in use, of either end in either role. */

const SCHEMES: readonly (readonly [SchemeToken, key: string])[] = [
  ['rsa-sha256', 'rsa2048'],
  ['rsa-sha384', 'rsa2048'],
  ['rsa-sha512', 'rsa2048'],
  ['rsa-pss-sha256', 'rsa2048'],
  ['rsa-pss-sha384', 'rsa2048'],
  ['rsa-pss-sha512', 'rsa2048'],
  ['ecdsa-sha256', 'ecdsa256'],
  ['ecdsa-sha384', 'ecdsa384'],
  ['ecdsa-sha512', 'ecdsa521'],
  ['ecdsa-sha512', 'ecdsa256'],
  ['ed25519', 'ed25519'],
  ['ed448', 'ed448'],
];

for (const [scheme, key] of SCHEMES) {
  const name = scheme.endsWith(key.slice(-3)) || scheme === key ? scheme : `${scheme}-by-${key}`;
  const plan = signing({ alice: key, bob: key, schemes: [scheme] });
  ikeClause(
    `rfc7427-3-responder-signs[${name}]`,
    {
      level: 'MUST',
      text: 'AUTH of method 14 has the length of the AlgorithmIdentifier, that, and the signature, over what RFC 7296 §2.15 says',
      scenario: `Alice is to sign with ${scheme}. The peer calls and signs in the same way; both AUTH payloads are good.`,
      brokenBy: 'ike-signs-other-octets',
      plan,
    },
    async peer => {
      const signed = await signedCall(peer, { key: `bob ${key}`, scheme });
      judgeBelieved(peer, signed.answer, 'alice does not believe a signature that is right');
      judgeSignature(peer, signed.answer, `alice ${key}`, signedByResponder(peer, signed));
    },
  );
  ikeClause(
    `rfc7427-3-initiator-signs[${name}]`,
    {
      level: 'MUST',
      text: 'AUTH of method 14 has the length of the AlgorithmIdentifier, that, and the signature, over what RFC 7296 §2.15 says',
      scenario: `Alice calls, and is to sign with ${scheme}; the peer answers with the same.`,
      brokenBy: 'ike-signs-other-octets',
      plan,
    },
    async peer => {
      const state = await answerInit(peer, await letAliceCall(peer), adding(hashNotify(ALL_HASHES)));
      const request = await authRequest(peer);
      judgeSignature(peer, request, `alice ${key}`, signedByInitiator(peer, state, request));
      const auth = signedAnswer(peer, state, { key: `bob ${key}`, scheme });
      const right = authAnswer(peer, state, request);
      await peer.answer(
        request,
        right.map(it => (it.type === 'AUTH' ? auth : it)),
      );
      await judgeGoesOn(peer);
    },
  );
}

/** An IKE SA that alice takes for established answers a request; one that she does not believe in she has left. */
async function judgeGoesOn(peer: TesterPeer): Promise<void> {
  peer.nextRequest = 0;
  const left = peer
    .heard()
    .find(({ payloads }) => payloads.some(it => it.type === 'N' && it.notifyType === NotifyType.AUTHENTICATION_FAILED));
  judge(left === undefined, 'alice does not believe a signature that is right');
  const answer = await peer.ask({ exchange: 37, payloads: [deleteIke()] });
  judge(answer?.opened.kind === 'opened', 'alice does not believe a signature that is right');
  peer.bench.cite(answer, 'the IKE SA stands', ...INSIDE);
}
