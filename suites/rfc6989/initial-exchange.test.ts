import { judgeAnswerWith, judgeCallWith, onlyGroup, suiteWith } from '../tester/ike/bad-key-exchange.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { FIELDS, offCurve, outOfRange } from '../tester/ike/invalid-values.ts';
import { answerCall } from '../tester/ike/respond.ts';
import { call } from '../tester/ike/initiate.ts';
import { Inconclusive, judge } from '../tester/judgement.ts';

/** RFC 6989 §2: what is asked of a peer's value in IKE_SA_INIT, of initiator and responder. */

interface Values {
  readonly section: string;
  readonly text: string;
  readonly values: Readonly<Record<string, Uint8Array>>;
}

const RANGE = 'A public value r is in the range 1 < r < p-1; another makes no IKE SA';
const CURVE = 'A public value is a point of the curve; another makes no IKE SA';

const GROUPS: Readonly<Record<string, Values>> = {
  modp2048: { section: '2.1', text: RANGE, values: outOfRange('modp14') },
  modp3072: { section: '2.1', text: RANGE, values: outOfRange('modp15') },
  ecp256: { section: '2.3', text: CURVE, values: offCurve('prime256v1', FIELDS.prime256v1) },
  ecp384: { section: '2.3', text: CURVE, values: offCurve('secp384r1', FIELDS.secp384r1) },
  ecp521: { section: '2.3', text: CURVE, values: offCurve('secp521r1', FIELDS.secp521r1) },
  ecp256bp: { section: '2.3', text: CURVE, values: offCurve('brainpoolP256r1', FIELDS.brainpoolP256r1) },
};

for (const [group, { section, text, values }] of Object.entries(GROUPS)) {
  for (const [what, data] of Object.entries(values)) {
    ikeClause(
      `rfc6989-${section}-value-in-request[${group}-${what}]`,
      {
        level: 'MUST',
        text,
        scenario: `The peer calls with ${group}, and its value is ${what.replaceAll('-', ' ')}; then with a right one.`,
        brokenBy: 'ike-any-point',
        plan: onlyGroup(group),
      },
      peer => judgeCallWith(peer, group, data),
    );
    ikeClause(
      `rfc6989-${section}-value-in-response[${group}-${what}]`,
      {
        level: 'MUST',
        text,
        scenario: `Alice calls with ${group}; the value of the answer is ${what.replaceAll('-', ' ')}.`,
        brokenBy: 'ike-any-point',
        plan: onlyGroup(group),
      },
      peer => judgeAnswerWith(peer, group, data),
    );
  }
}

for (const group of ['modp2048', 'modp3072', 'modp4096', 'ecp256', 'ecp384', 'ecp521', 'ecp256bp', 'ecp384bp']) {
  ikeClause(
    `rfc6989-2-good-value-is-taken[${group}]`,
    {
      level: 'MUST',
      text: 'A value that passes its tests makes an IKE SA',
      scenario: `The peer calls with ${group}, all of it right.`,
      brokenBy: 'ike-no-point',
      plan: onlyGroup(group),
    },
    async peer => {
      peer.suite = suiteWith(group);
      await call(peer).catch(refusal);
    },
  );
}

for (const group of ['modp2048', 'ecp384', 'ecp256bp']) {
  ikeClause(
    `rfc6989-2-good-answer-is-taken[${group}]`,
    {
      level: 'MUST',
      text: 'A value that passes its tests makes an IKE SA',
      scenario: `Alice calls with ${group}; the answer is right.`,
      brokenBy: 'ike-no-point',
      plan: onlyGroup(group),
    },
    async peer => {
      peer.suite = suiteWith(group);
      await answerCall(peer).catch(refusal);
    },
  );
}

/** Here it is the subject that is judged by it. */
function refusal(error: unknown): never {
  judge(!(error instanceof Inconclusive), `alice refuses what is right: ${String(error)}`);
  throw error;
}
