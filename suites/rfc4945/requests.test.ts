import type { IsakmpCertRequestPayload } from '../../engine/wire/isakmp/payload.ts';
import { answerHalves, choose, letAliceCall } from '../tester/ike-v1/main-mode-answer.ts';
import { askHalves, offer, saidBy } from '../tester/ike-v1/main-mode.ts';
import { payloadOf, payloadsOf } from '../tester/ike-v1/payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from '../tester/ike-v1/peer.ts';
import {
  CERT,
  callSigned,
  certificate,
  judgeServesSigned,
  judgeSigned,
  letAliceSign,
  signingV1,
} from '../tester/ike-v1/signed.ts';
import { METHOD } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judge, require } from '../tester/judgement.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 4945 §3.2 and RFC 2408 §3.10: certificates that are asked for. */

/** O=Lab, CN=Centre, as the Centre's certificate has it. */
const CENTRE = Uint8Array.from(
  Buffer.from('301f310c300a060355040a0c034c6162310f300d06035504030c0643656e747265', 'hex'),
);

const request = (encoding: number, data: Uint8Array): IsakmpCertRequestPayload => ({ type: 'CR', encoding, data });

const asking = (...requests: readonly IsakmpCertRequestPayload[]): V1Alteration => ({
  message: message => ({ ...message, payloads: [...message.payloads, ...requests] }),
});

/** Fails unless there is a request for X.509 certificates of signature, of the Centre's. */
function judgeAsks(peer: TesterV1Peer, heard: HeardV1, what: string): void {
  peer.bench.cite(heard, what, ...INSIDE, 'Payload CR');
  const all = payloadsOf(heard.payloads, 'CR');
  judge(all.length > 0, `alice asks for no certificate in ${what}`);
  const [first] = all;
  judge(first?.encoding === CERT.x509, `alice asks for certificates of type ${first?.encoding}`);
  const names = all.map(({ data }) => Buffer.from(data).toString('hex'));
  judge(names.includes(Buffer.from(CENTRE).toString('hex')), `alice asks for those of ${names.join() || 'anybody'}`);
  judge(new Set(names).size === names.length, 'alice asks for the same twice');
}

v1Clause(
  'rfc4945-3.2.7.1-responder-asks',
  {
    level: 'SHOULD',
    text: 'Who is to believe a certificate asks for one, by the distinguished name of the authority that it trusts',
    scenario: 'The peer calls; the CERTREQ payloads of alice’s message 4 are looked at.',
    brokenBy: 'v1-asks-for-no-certificates',
    plan: signingV1(),
  },
  async peer => {
    const { exchanged } = await callSigned(peer);
    judgeAsks(peer, exchanged.second, 'her message 4');
  },
);

v1Clause(
  'rfc4945-3.2.7.1-initiator-asks',
  {
    level: 'SHOULD',
    text: 'Who is to believe a certificate asks for one, by the distinguished name of the authority that it trusts',
    scenario: 'Alice calls; the CERTREQ payloads of her messages up to 5 are looked at.',
    brokenBy: 'v1-asks-for-no-certificates',
    plan: signingV1(),
  },
  async peer => {
    peer.method = METHOD.rsa;
    const third = require(await choose(peer, await letAliceCall(peer)), 'alice did not go on');
    const fifth = require(await answerHalves(peer, third), 'alice did not say who she is');
    judgeAsks(peer, payloadOf(third.payloads, 'CR') === null ? fifth : third, 'her messages');
  },
);

const REQUESTS: Readonly<Record<string, readonly IsakmpCertRequestPayload[]>> = {
  'of-the-centre': [request(CERT.x509, CENTRE)],
  'of-anybody': [request(CERT.x509, new Uint8Array(0))],
  'of-several': [request(CERT.pgp, new Uint8Array(0)), request(CERT.crl, CENTRE), request(CERT.x509, CENTRE)],
};

for (const [slug, requests] of Object.entries(REQUESTS)) {
  v1Clause(
    `rfc2408-3.10-request-is-answered[${slug}]`,
    {
      level: 'MUST',
      text: 'Who is asked for a certificate, and has one, sends it',
      scenario: `Alice sends her certificate to who asks for it; the peer asks for one ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-hides-certificates',
      plan: signingV1({ sends: 'asked' }),
    },
    async peer => {
      const call = await callSigned(peer, {}, asking(...requests));
      judgeShown(judgeSigned(peer, call, 'alice does not go on'));
    },
  );
}

v1Clause(
  'rfc2408-3.10-request-is-answered[initiator]',
  {
    level: 'MUST',
    text: 'Who is asked for a certificate, and has one, sends it',
    scenario: 'Alice calls, and sends her certificate to who asks for it; the peer asks in message 4.',
    brokenBy: 'v1-hides-certificates',
    plan: signingV1({ sends: 'asked' }),
  },
  async peer => {
    const { fifth } = await letAliceSign(peer, asking(request(CERT.x509, CENTRE)));
    peer.bench.cite(fifth, 'her message 5', ...INSIDE, 'Payload CR');
    judgeShown(fifth);
  },
);

function judgeShown({ payloads }: HeardV1): void {
  const [first] = payloadsOf(payloads, 'CERT');
  judge(first !== undefined, 'alice does not show her certificate');
  judge(first.encoding === CERT.x509, `alice shows a certificate of type ${first.encoding}`);
  judge(Buffer.from(first.data).equals(certificate('alice')), 'alice shows another certificate than hers');
}

v1Clause(
  'rfc4945-3.3.6-nobody-has-asked',
  {
    level: 'SHOULD NOT',
    text: 'Certificates that nobody has asked for are not sent, unless policy says so',
    scenario: 'Alice sends her certificate to who asks for it; the peer does not.',
    brokenBy: 'v1-shows-certificates-to-all',
    plan: signingV1({ sends: 'asked' }),
  },
  async peer => {
    const sixth = judgeSigned(peer, await callSigned(peer), 'alice does not go on');
    judge(payloadOf(sixth.payloads, 'CERT') === null, 'alice shows her certificate to who has not asked');
  },
);

const ODD: Readonly<Record<string, readonly IsakmpCertRequestPayload[]>> = {
  'type-200': [request(200, CENTRE)],
  'no-name-at-all': [request(CERT.x509, Uint8Array.of(0x30, 0x82, 0xff, 0xff, 7))],
  'twelve-of-them': Array.from({ length: 12 }, (_, i) => request(CERT.x509, Uint8Array.of(0x30, i))),
};

for (const [slug, requests] of Object.entries(ODD)) {
  v1Clause(
    `rfc4945-3.2.8-odd-requests[${slug}]`,
    {
      level: 'MUST',
      text: 'Requests of types that are not known, or for names that cannot be read, are dealt with',
      scenario: `The peer’s message 3 asks: ${slug.replaceAll('-', ' ')}; then it calls without.`,
      brokenBy: 'v1-minds-certificate-requests',
      plan: signingV1(),
    },
    async peer => {
      peer.method = METHOD.rsa;
      require((await offer(peer)).response, 'alice did not answer the offer');
      const { response } = await askHalves(peer, asking(...requests));
      if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload CR');
      judge(payloadOf(response?.payloads ?? [], 'KE') !== null, `alice does not go on: ${saidBy(response)}`);
      await judgeServesSigned(peer);
    },
  );
}
