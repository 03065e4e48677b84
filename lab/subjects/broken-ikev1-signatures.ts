import { isPhase1, v1ConnectionSubject, v1Payload, v1Payloads, v1StepSubject, v1TraitsSubject } from './build-ikev1.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with signatures and certificates, RFC 2409 §5.1 and RFC 4945. */
export const BROKEN_IKEV1_SIGNATURES: readonly Subject[] = [
  v1Payload('v1-signs-otherwise', 'signs something else', isPhase1, 'SIG', it => ({
    ...it,
    data: it.data.toReversed(),
  })),
  v1Payloads('v1-shows-a-hash', 'shows a hash besides its signature', isPhase1, all =>
    all.some(({ type }) => type === 'SIG') ? [...all, { type: 'HASH', data: new Uint8Array(32) }] : all,
  ),
  v1StepSubject('v1-any-proof', 'takes anything for a proof, whatever was negotiated', {
    checked: () => null,
    peerJudged: verdict => (verdict.kind === 'refused' ? { kind: 'accepted', method: 'psk', remarks: [] } : verdict),
  }),
  v1StepSubject('v1-believes-nobody', 'believes nobody', {
    peerJudged: () => ({ kind: 'refused', why: 'it is broken', notifyType: 24 }),
  }),
  v1TraitsSubject('v1-asks-for-no-certificates', 'asks nobody for a certificate', { requestsCertificates: false }),
  v1Payloads('v1-hides-certificates', 'shows its certificate to nobody', isPhase1, all =>
    all.filter(({ type }) => type !== 'CERT'),
  ),
  v1ConnectionSubject('v1-shows-certificates-to-all', 'shows its certificate to who has not asked', connection => {
    const { local } = connection.authentication;
    if (local.method !== 'signature') return connection;
    const authentication = { ...connection.authentication, local: { ...local, sends: 'always' as const } };
    return { ...connection, authentication };
  }),
];
