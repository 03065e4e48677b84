import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { ALICE_INSIDE } from '../tester/bench.ts';
import { ahFrom, answered, ping, unanswered } from '../tester/ah-on-bench.ts';
import { addressOf, altered, altering, resizing } from '../tester/ip.ts';
import { hosts } from '../tester/plans.ts';

/** RFC 4302 §3.3.3.1.2 and appendix A2, a clause for each field and each kind of extension header of IPv6. */

const alice = hosts({ outer: 6, sa: { protocol: 'ah', suite: 'sha256' } });
const family = 6;

const flip =
  (at: number, bits: number) =>
  (ip: Uint8Array): void =>
    void (ip[at] = (ip[at] ?? 0) ^ bits);

const MUTABLE: Readonly<Record<string, (ip: Uint8Array) => void>> = {
  'dscp-v6': flip(0, 0x0b),
  'ecn-v6': flip(1, 0x30),
  'flow-label': flip(2, 0xff),
  'hop-limit': ip => void (ip[7] = 3),
};

for (const [name, change] of Object.entries(MUTABLE)) {
  benchClause(
    `rfc4302-3.3.3.1.2.1-mutable[${name}]`,
    {
      level: 'MUST',
      text: `${name} may change on the way: it counts as zero`,
      scenario:
        'Somebody changes it in a packet from the peer; alice answers all the same, and her own ICVs do not cover it.',
      brokenBy: `ah-covers-${name}`,
      alice,
    },
    async bench => {
      // What alice sends has a hop limit and nothing else that is not zero: so the request tells the others apart.
      await ping(bench, { sequence: 1, text: 'PLAIN ', family });
      await ping(bench, { sequence: 2, text: 'CHANGED ', family, onTheWay: altering(change) });
      answered(bench, ['PLAIN ', 'CHANGED '], 'no answer to a packet that is right');
      const [reply] = ahFrom(bench);
      if (reply !== undefined) bench.cite(reply, `verifies with ${name} as zero`, 'ICV');
    },
  );
}

for (const [name, change] of Object.entries({
  'source-v6': (ip: Uint8Array) => ip.set(addressOf('2001:db8:56::9'), 8),
  'destination-v6': (ip: Uint8Array) => ip.set(addressOf(ALICE_INSIDE[6]), 24),
})) {
  benchClause(
    `rfc4302-3.3.3.1.2.1-immutable[${name}]`,
    {
      level: 'MUST',
      text: `${name} is covered by the ICV`,
      scenario: 'Somebody changes it in a packet from the peer; alice does not answer. Her own ICVs cover it.',
      brokenBy: `ah-ignores-${name}`,
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'CHANGED ', family, onTheWay: altering(change) });
      unanswered(bench, 'CHANGED ', `accepted although ${name} was changed`);
      await ping(bench, { sequence: 1, text: 'PLAIN ', family });
      answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
    },
  );
}

benchClause(
  'rfc4302-3.3.3.1.2.1-immutable[payload-length]',
  {
    level: 'MUST',
    text: 'The payload length is covered by the ICV: nobody can add octets',
    scenario: 'Somebody appends eight octets to a packet from the peer.',
    brokenBy: 'ah-ignores-payload-length',
    alice,
  },
  async bench => {
    const longer = resizing(ip => Buffer.concat([ip, new Uint8Array(8)]));
    await ping(bench, { sequence: 1, text: 'LONGER ', family, onTheWay: longer });
    unanswered(bench, 'LONGER ', 'accepted with octets that the peer did not send');
    await ping(bench, { sequence: 1, text: 'PLAIN ', family });
    answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
  },
);

benchClause(
  'rfc4302-3.3.3.1.2.1-immutable[next-header-and-version]',
  {
    level: 'MUST',
    text: 'Version and Next Header of the IPv6 header are covered by the ICV as they arrive',
    scenario: 'The peer’s ICV covers 6 and 51; alice answers, and the tester verifies her ICV the same way.',
    brokenBy: 'ah-ignores-next-header-v6',
    alice,
  },
  async bench => {
    await ping(bench, { sequence: 1, text: 'HEADER ', family });
    answered(bench, ['HEADER '], 'no answer to a packet whose ICV covers Next Header as AH');
  },
);

/** An option of four octets of data, of a type that those who do not know it skip. */
const MAY_CHANGE = 0x3e;
const MAY_NOT = 0x1e;
const withOption = (header: number, option: number) =>
  ({
    around: { extensions: [{ type: header, body: [0, option, 4, 1, 2, 3, 4] }] },
    extensionOctets: 8,
    family,
  }) as const;

for (const [name, header] of [
  ['hop-by-hop', IpProtocol.HOPOPT],
  ['destination-options', IpProtocol.DSTOPTS],
] as const) {
  benchClause(
    `rfc4302-3.3.3.1.2.2-mutable-option[${name}]`,
    {
      level: 'MUST',
      text: 'The data of an option whose type says that it may change counts as zero',
      scenario: `A packet from the peer has such an option in ${name}; somebody changes its data; alice answers all the same.`,
      brokenBy: 'ah-covers-options-v6',
      alice,
    },
    async bench => {
      const order = withOption(header, MAY_CHANGE);
      await ping(bench, { ...order, sequence: 1, text: 'PLAIN ' });
      await ping(bench, { ...order, sequence: 2, text: 'CHANGED ', onTheWay: altering(flip(46, 0xff)) });
      answered(bench, ['PLAIN ', 'CHANGED '], 'no answer to a packet that is right');
    },
  );

  benchClause(
    `rfc4302-3.3.3.1.2.2-option-type-and-length[${name}]`,
    {
      level: 'MUST',
      text: 'Type and length of an option are covered, also of one whose data may change',
      scenario: `A packet from the peer has an option in ${name} that may change; somebody turns it into another that may.`,
      brokenBy: 'ah-ignores-options-v6',
      alice,
    },
    async bench => {
      const order = withOption(header, MAY_CHANGE);
      await ping(bench, { ...order, sequence: 1, text: 'PLAIN ' });
      answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
      await ping(bench, { ...order, sequence: 2, text: 'CHANGED ', onTheWay: altering(flip(42, 0x04)) });
      unanswered(bench, 'CHANGED ', 'accepted although the type of an option was changed');
    },
  );

  benchClause(
    `rfc4302-3.3.3.1.2.2-immutable-option[${name}]`,
    {
      level: 'MUST',
      text: 'The data of an option whose type says that it does not change is covered by the ICV',
      scenario: `A packet from the peer has such an option in ${name}; somebody changes its data; alice does not answer.`,
      brokenBy: 'ah-ignores-options-v6',
      alice,
    },
    async bench => {
      const order = withOption(header, MAY_NOT);
      await ping(bench, { ...order, sequence: 1, text: 'PLAIN ' });
      answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
      await ping(bench, { ...order, sequence: 2, text: 'CHANGED ', onTheWay: altering(flip(46, 0xff)) });
      unanswered(bench, 'CHANGED ', 'accepted although an option was changed that may not change');
    },
  );
}

benchClause(
  'rfc4302-A2-routing-header',
  {
    level: 'MUST',
    text: 'A Routing header is covered by the ICV as it arrives, with no segments left',
    scenario: 'A packet from the peer has come by a Routing header; somebody changes an address in it.',
    brokenBy: 'ah-ignores-options-v6',
    alice,
  },
  async bench => {
    const hop = [...addressOf('2001:db8:99::1')];
    const order = {
      around: { extensions: [{ type: IpProtocol.ROUTING, body: [2, 0, 0, 0, 0, 0, 0, ...hop] }] },
      extensionOctets: 24,
      family,
    } as const;
    await ping(bench, { ...order, sequence: 1, text: 'PLAIN ' });
    answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
    await ping(bench, { ...order, sequence: 2, text: 'CHANGED ', onTheWay: altering(flip(60, 1)) });
    unanswered(bench, 'CHANGED ', 'accepted although the Routing header was changed');
  },
);

benchClause(
  'rfc4302-A2-fragment-header-is-skipped',
  {
    level: 'MUST',
    text: 'A Fragment header of a packet that is whole does not count for the ICV',
    scenario: 'Somebody puts a Fragment header with offset 0 and nothing to follow into a packet from the peer.',
    brokenBy: 'drops-fragments',
    alice,
  },
  async bench => {
    const header = Uint8Array.of(IpProtocol.AH, 0, 0, 0, 0x7e, 0x57, 0, 1);
    const longer = resizing(ip => Buffer.concat([ip.subarray(0, 40), header, ip.subarray(40)]));
    const atomic = (ip: Uint8Array) => altered(longer(ip), octets => (octets[6] = IpProtocol.FRAGMENT));
    await ping(bench, { sequence: 1, text: 'ATOMIC ', family, onTheWay: atomic });
    answered(bench, ['ATOMIC '], 'no answer to an atomic fragment');
  },
);
