import { cookieOctets } from '../../wire/isakmp/header.ts';
import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import type { CommonIsakmpSa, IdentityBody, PhaseOneProof } from './isakmp-sa.ts';
import { prfOf } from './keys.ts';
import { proofHashName } from './signature-method.ts';
import type { IsakmpSuite } from './suite.ts';

/** Who proves to be who it is. */
export type Prover = 'initiator' | 'responder';

/**
 * What is shown or signed, RFC 2409 §5:
 *     HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b )
 *     HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b )
 * where prf is that of the method, should it have one of its own (RFC 4754).
 */
export function proofHash(
  prover: Prover,
  { initiatorCookie, responderCookie }: Pick<CommonIsakmpSa, 'initiatorCookie' | 'responderCookie'>,
  suite: IsakmpSuite,
  skeyid: Uint8Array,
  { offer, initiatorKe, responderKe }: PhaseOneProof,
  identity: IdentityBody,
): Uint8Array {
  const exchanged = [initiatorKe, responderKe];
  const cookies = [cookieOctets(initiatorCookie), cookieOctets(responderCookie)];
  if (prover === 'responder') {
    exchanged.reverse();
    cookies.reverse();
  }
  return prfOf({ hash: proofHashName(suite) }).compute(
    skeyid,
    Buffer.concat([...exchanged, ...cookies, offer, isakmpBodyOf({ type: 'ID', ...identity })]),
  );
}
