import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import { NotifyType, TransformType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { judgeAnswerWith, judgeCallWith, onlyGroup, suiteWith } from '../tester/ike/bad-key-exchange.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { attempt } from '../tester/ike/initiate.ts';
import { FIELDS, offCurve, outOfRange, SMALL_ORDER } from '../tester/ike/invalid-values.ts';
import { errorsIn } from '../tester/ike/payloads.ts';
import { judgeNotAccepted, judgeNotified } from '../tester/ike/verdicts.ts';

/** Values of key exchanges that attackers send: what comes of them is known to all, or to them alone. */

const RANGE = outOfRange('modp14');
const own = (octets: number) => new Uint8Array(octets).fill(5);

/** The values of the libreswan project's `impair ke`, and others. */
const KE: Readonly<Record<string, Uint8Array>> = {
  ...RANGE,
  empty: new Uint8Array(0),
  'an-octet-short': own(255),
  'an-octet-long': own(257),
};

for (const [what, data] of Object.entries(KE)) {
  ikeClause(
    `adversary-11-ke-${what}`,
    {
      level: 'MUST',
      text: 'A value of Diffie-Hellman that leads to a secret that everybody knows, or is none, is refused (CVE-2015-3240)',
      scenario: `The peer calls with modp2048; KE is ${what.replaceAll('-', ' ')}. Then it calls as it should.`,
      brokenBy: 'ike-any-point',
      plan: onlyGroup('modp2048'),
    },
    peer => judgeCallWith(peer, 'modp2048', data),
  );
  ikeClause(
    `adversary-11-ke-${what}-in-answer`,
    {
      level: 'MUST',
      text: 'A value of Diffie-Hellman that leads to a secret that everybody knows, or is none, is refused (CVE-2015-3240)',
      scenario: `Alice calls with modp2048; KE of the answer is ${what.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-any-point',
      plan: onlyGroup('modp2048'),
    },
    peer => judgeAnswerWith(peer, 'modp2048', data),
  );
}

ikeClause(
  'adversary-11-ke-twice',
  {
    level: 'MUST',
    text: 'Two KE payloads are one too many',
    scenario: 'The peer calls with two KE payloads.',
    brokenBy: 'ike-takes-first-ke',
  },
  async peer => {
    const { response } = await attempt(peer, {
      message: (message: IkeMessage) => ({
        ...message,
        payloads: [...message.payloads, ...message.payloads.filter(({ type }) => type === 'KE')],
      }),
    });
    judgeNotAccepted(peer, response, 'alice takes one of two KE payloads');
  },
);

for (const group of [0, 1025, 65_535]) {
  ikeClause(
    `adversary-12-ke-of-unknown-group[${group}]`,
    {
      level: 'MUST',
      text: 'KE of a group that is not known is answered with the group that is wanted (CVE-2014-9221)',
      scenario: `The peer calls; KE is of group ${group}.`,
      brokenBy: 'ike-hides-group',
    },
    async peer => {
      const { response } = await attempt(peer, {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it => (it.type === 'KE' ? { ...it, group } : it)),
        }),
      });
      judgeNotAccepted(peer, response, `alice takes KE of group ${group}`);
      const wanted = judgeNotified(peer, response, NotifyType.INVALID_KE_PAYLOAD, 'INVALID_KE_PAYLOAD');
      judge(wanted.length === 2, `alice names a group in ${wanted.length} octets`);
    },
  );
}

const CURVES = {
  ecp256: offCurve('prime256v1', FIELDS.prime256v1),
  ecp384: offCurve('secp384r1', FIELDS.secp384r1),
  x25519: SMALL_ORDER,
} as const;

for (const [group, values] of Object.entries(CURVES)) {
  for (const [what, data] of Object.entries(values)) {
    ikeClause(
      `adversary-13-bad-point[${group}-${what}]`,
      {
        level: 'MUST',
        text: 'A point that is not of the curve, or of small order, is refused (RFC 6989, RFC 8031 §5)',
        scenario: `The peer calls with ${group}; its point is ${what.replaceAll('-', ' ')}. Then it calls as it should.`,
        brokenBy: 'ike-any-point',
        plan: onlyGroup(group),
      },
      peer => judgeCallWith(peer, group, data),
    );
  }
}

for (const [what, data] of Object.entries(SMALL_ORDER).slice(0, 3)) {
  ikeClause(
    `adversary-13-bad-point-in-answer[x25519-${what}]`,
    {
      level: 'MUST',
      text: 'A point of small order is refused (RFC 8031 §5)',
      scenario: `Alice calls with x25519; the point of the answer is ${what.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-any-point',
      plan: onlyGroup('x25519'),
    },
    peer => judgeAnswerWith(peer, 'x25519', data),
  );
}

for (const [group, octets] of [
  [22, 128],
  [23, 256],
  [24, 256],
] as const) {
  ikeClause(
    `adversary-13-groups-with-small-subgroups[${group}]`,
    {
      level: 'MUST NOT',
      text: 'Groups 22 to 24 are not used: their primes may have a trapdoor, and they have small subgroups (RFC 8247 §2.4)',
      scenario: `The peer calls, and offers group ${group} alone.`,
      brokenBy: 'ike-takes-other-groups',
    },
    async peer => {
      peer.suite = suiteWith('x25519');
      const { response } = await attempt(peer, {
        message: message => ({
          ...message,
          payloads: message.payloads.map(it =>
            it.type === 'KE'
              ? { ...it, group, data: own(octets) }
              : it.type === 'SA'
                ? {
                    ...it,
                    proposals: it.proposals.map(one => ({
                      ...one,
                      transforms: one.transforms.map(each =>
                        each.type === TransformType.KE ? { ...each, id: group } : each,
                      ),
                    })),
                  }
                : it,
          ),
        }),
      });
      judgeNotAccepted(peer, response, `alice takes group ${group}`);
      judge(response === null || errorsIn(response.payloads).length > 0, 'alice does not refuse it');
    },
  );
}
