import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { ALICE_INSIDE } from '../tester/bench.ts';
import { ahFrom, answered, ping, unanswered } from '../tester/ah-on-bench.ts';
import { addressOf, altering, resizing } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { hosts } from '../tester/plans.ts';

/** RFC 4302 §3.3.3.1.1 and appendix A1, a clause for each field and each option of IPv4. */

const alice = hosts({ sa: { protocol: 'ah', suite: 'sha256' } });

interface Field {
  readonly name: string;
  readonly change: (ip: Uint8Array) => void;
}

const flip =
  (at: number, bits: number) =>
  (ip: Uint8Array): void =>
    void (ip[at] = (ip[at] ?? 0) ^ bits);

const MUTABLE: readonly Field[] = [
  { name: 'dscp', change: flip(1, 0xb8) },
  { name: 'ecn', change: flip(1, 0x03) },
  { name: 'dont-fragment', change: flip(6, 0x40) },
  { name: 'reserved-flag', change: flip(6, 0x80) },
  { name: 'ttl', change: ip => void (ip[8] = 3) },
];

for (const { name, change } of MUTABLE) {
  benchClause(
    `rfc4302-3.3.3.1.1.1-mutable[${name}]`,
    {
      level: 'MUST',
      text: `${name} may change on the way: it counts as zero, and so does the checksum that changes with it`,
      scenario:
        'Somebody changes it in a packet from the peer; alice answers all the same, and her own ICVs do not cover it.',
      brokenBy: `ah-covers-${name}`,
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'PLAIN ' });
      await ping(bench, { sequence: 2, text: 'CHANGED ', onTheWay: altering(change) });
      answered(bench, ['PLAIN ', 'CHANGED '], 'no answer to a packet that is right');
      const [reply] = ahFrom(bench);
      if (reply !== undefined) bench.cite(reply, `verifies with ${name} as zero`, 'ICV');
    },
  );
}

/** Whose change makes another packet of it: what is right about them shows in that alice’s own ICVs cover them. */
const IMMUTABLE: readonly Field[] = [
  { name: 'identification', change: flip(4, 0x40) },
  { name: 'source', change: ip => ip.set(addressOf('5.6.7.9'), 12) },
  { name: 'destination', change: ip => ip.set(addressOf(ALICE_INSIDE[4]), 16) },
];

for (const { name, change } of IMMUTABLE) {
  benchClause(
    `rfc4302-3.3.3.1.1.1-immutable[${name}]`,
    {
      level: 'MUST',
      text: `${name} is covered by the ICV`,
      scenario: 'Somebody changes it in a packet from the peer; alice does not answer. Her own ICVs cover it.',
      brokenBy: `ah-ignores-${name}`,
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'CHANGED ', onTheWay: altering(change) });
      unanswered(bench, 'CHANGED ', `accepted although ${name} was changed`);
      await ping(bench, { sequence: 1, text: 'PLAIN ' });
      answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
    },
  );
}

benchClause(
  'rfc4302-3.3.3.1.1.1-immutable[version-and-ihl]',
  {
    level: 'MUST',
    text: 'Version and header length are covered by the ICV: nobody can add options',
    scenario: 'Somebody puts four octets of No Operation behind the header of a packet from the peer.',
    brokenBy: 'ah-ignores-version-and-ihl',
    alice,
  },
  async bench => {
    const longer = resizing(ip => Buffer.concat([ip.subarray(0, 20), Uint8Array.of(1, 1, 1, 1), ip.subarray(20)]), 24);
    await ping(bench, { sequence: 1, text: 'LONGER ', onTheWay: longer });
    unanswered(bench, 'LONGER ', 'accepted with options that the peer did not send');
    await ping(bench, { sequence: 1, text: 'PLAIN ' });
    answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
  },
);

benchClause(
  'rfc4302-3.3.3.1.1.1-immutable[total-length]',
  {
    level: 'MUST',
    text: 'The total length is covered by the ICV: nobody can add or take octets',
    scenario: 'Somebody appends eight octets to a packet from the peer, and takes the last four off another.',
    brokenBy: 'ah-ignores-total-length',
    alice,
  },
  async bench => {
    const longer = resizing(ip => Buffer.concat([ip, new Uint8Array(8)]));
    await ping(bench, { sequence: 1, text: 'LONGER ', onTheWay: longer });
    await ping(bench, { sequence: 1, text: 'SHORTER 1234', onTheWay: resizing(ip => Buffer.from(ip.subarray(0, -4))) });
    unanswered(bench, 'LONGER ', 'accepted with octets that the peer did not send');
    unanswered(bench, 'SHORTER ', 'accepted without its last octets');
    await ping(bench, { sequence: 1, text: 'PLAIN ' });
    answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
  },
);

benchClause(
  'rfc4302-3.3.3.1.1.1-immutable[protocol]',
  {
    level: 'MUST',
    text: 'Protocol is covered by the ICV, and counts as AH',
    scenario: 'The peer’s ICV covers 51; alice answers, and the tester verifies her ICV the same way.',
    brokenBy: 'ah-ignores-protocol',
    alice,
  },
  async bench => {
    await ping(bench, { sequence: 1, text: 'PROTOCOL ' });
    answered(bench, ['PROTOCOL '], 'no answer to a packet whose ICV covers Protocol as AH');
    judge(
      ahFrom(bench).every(({ header }) => header.protocol === IpProtocol.AH),
      'the reply does not say AH',
    );
  },
);

benchClause(
  'rfc4302-3.3.3-immutable[payload]',
  {
    level: 'MUST',
    text: 'All that follows the AH is covered by the ICV, to the last octet',
    scenario: 'Somebody flips a bit in the first, a middle and the last octet behind the AH of a packet from the peer.',
    brokenBy: 'ah-ignores-payload',
    alice,
  },
  async bench => {
    for (const place of [20 + 28, 20 + 28 + 20, -1]) {
      const spoilt = altering(octets => {
        const at = place < 0 ? octets.length + place : place;
        octets[at] = (octets[at] ?? 0) ^ 1;
      });
      await ping(bench, { sequence: 1, text: 'PAYLOAD-PAYLOAD-PAYLOAD ', onTheWay: spoilt });
    }
    judge(bench.outside().length === 0, 'accepted although an octet of the payload was changed');
    await ping(bench, { sequence: 1, text: 'PLAIN ' });
    answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
  },
);

/** Type, and data of which the last octet is changed on the way. */
const IMMUTABLE_OPTIONS: Readonly<Record<string, readonly number[]>> = {
  security: [130, 11, 0xab, 0, 0, 0, 0, 0, 0, 0, 0],
  'extended-security': [133, 4, 1, 2],
  'commercial-security': [134, 8, 0, 0, 0, 1, 1, 2],
  'router-alert': [148, 4, 0, 7],
  'sender-directed-delivery': [149, 6, 10, 0, 0, 9],
};

for (const [name, options] of Object.entries(IMMUTABLE_OPTIONS)) {
  benchClause(
    `rfc4302-A1-immutable-option[${name}]`,
    {
      level: 'MUST',
      text: `The option ${options[0]} is covered by the ICV`,
      scenario: 'Somebody changes the last octet of the option in a packet from the peer; alice does not answer.',
      brokenBy: 'ah-ignores-options',
      alice,
    },
    async bench => {
      const change = flip(20 + options.length - 1, 1);
      await ping(bench, { sequence: 1, text: 'PLAIN ', around: { options } });
      answered(bench, ['PLAIN '], 'no answer to a packet with the option unchanged');
      await ping(bench, {
        sequence: 2,
        text: 'CHANGED ',
        around: { options },
        onTheWay: altering(change),
      });
      unanswered(bench, 'CHANGED ', 'accepted although the option was changed');
    },
  );
}

benchClause(
  'rfc4302-A1-immutable-option[padding]',
  {
    level: 'MUST',
    text: 'No Operation and End of Options List are covered by the ICV',
    scenario: 'Somebody turns a No Operation of a packet from the peer into an End of Options List.',
    brokenBy: 'ah-ignores-options',
    alice,
  },
  async bench => {
    const around = { options: [1, 1, 1, 1] };
    await ping(bench, { sequence: 1, text: 'PLAIN ', around });
    answered(bench, ['PLAIN '], 'no answer to a packet with No Operations');
    await ping(bench, { sequence: 2, text: 'CHANGED ', around, onTheWay: altering(flip(20, 1)) });
    unanswered(bench, 'CHANGED ', 'accepted although its padding was changed');
  },
);

const NOBODY = [192, 0, 2, 1];
const MUTABLE_OPTIONS: Readonly<Record<string, readonly number[]>> = {
  'loose-source-route': [131, 7, 8, ...NOBODY],
  'strict-source-route': [137, 7, 8, ...NOBODY],
  'record-route': [7, 7, 4, ...NOBODY],
  timestamp: [68, 8, 5, 0, 1, 2, 3, 4],
  traceroute: [82, 12, 0, 1, 0, 2, 0, 3, ...NOBODY],
  'stream-id': [136, 4, 1, 2],
  'mtu-probe': [11, 4, 5, 220],
  'mtu-reply': [12, 4, 5, 220],
  unknown: [0x9e, 6, 1, 2, 3, 4],
};

for (const [name, options] of Object.entries(MUTABLE_OPTIONS)) {
  benchClause(
    `rfc4302-A1-mutable-option[${name}]`,
    {
      level: name === 'unknown' ? 'SHOULD' : 'MUST',
      text: `The option ${options[0]} may change on the way: all of it counts as zero`,
      scenario: 'Somebody changes the last octet of the option in a packet from the peer; alice answers all the same.',
      brokenBy: 'ah-covers-options',
      alice,
    },
    async bench => {
      const change = flip(20 + options.length - 1, 1);
      await ping(bench, { sequence: 1, text: 'PLAIN ', around: { options } });
      await ping(bench, {
        sequence: 2,
        text: 'CHANGED ',
        around: { options },
        onTheWay: altering(change),
      });
      answered(bench, ['PLAIN ', 'CHANGED '], 'no answer to a packet that is right');
    },
  );
}

benchClause(
  'rfc4302-3.3.3.1.1.2-option-after-option',
  {
    level: 'MUST',
    text: 'Each option is looked at on its own: one that may change does not hide one that may not',
    scenario: 'A packet has a Record Route and then a Router Alert; somebody changes the one, then the other.',
    brokenBy: 'ah-ignores-options',
    alice,
  },
  async bench => {
    const around = { options: [7, 7, 4, ...NOBODY, 1, 148, 4, 0, 0] };
    await ping(bench, { sequence: 1, text: 'FIRST ', around, onTheWay: altering(flip(20 + 6, 1)) });
    answered(bench, ['FIRST '], 'no answer although only the route was changed');
    await ping(bench, { sequence: 2, text: 'SECOND ', around, onTheWay: altering(flip(20 + 11, 1)) });
    unanswered(bench, 'SECOND ', 'accepted although the Router Alert was changed');
  },
);
