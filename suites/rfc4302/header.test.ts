import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { ahFrom, answered, ping, pingUnderAh, unanswered } from '../tester/ah-on-bench.ts';
import { sealAh } from '../tester/ah.ts';
import { ALICE, type Bench, FAR, type Family, HOST, PEER } from '../tester/bench.ts';
import { accepted, outbound, refused } from '../tester/esp-on-bench.ts';
import { fragmentsOf } from '../tester/fragments.ts';
import { altered, altering, filler, headerOf, holds, packet, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { hosts, site } from '../tester/plans.ts';

/** The AH itself (RFC 4302 §2) and where it stands (§3.1). */

const ah = { protocol: 'ah', suite: 'sha256' } as const;

for (const family of [4, 6] as const) {
  const alice = hosts({ outer: family, sa: ah });

  benchClause(
    `rfc4302-2.2-payload-length[${family}]`,
    {
      level: 'MUST',
      text: 'Payload Len is the length of the AH in 32-bit words less 2, with the least padding that the version asks for',
      scenario: `Alice answers under AH over IPv${family} with an ICV of 16 octets: 28 octets of header, in IPv6 padded to 32.`,
      brokenBy: 'ah-counts-all-words',
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'LENGTH ', family });
      const reply = firstReply(bench);
      const due = family === 4 ? 28 : 32;
      judge(reply.ah.octets === due, `an AH of ${reply.ah.octets} octets, not ${due}`);
      answered(bench, ['LENGTH '], 'no answer');
    },
  );

  benchClause(
    `rfc4302-2.3-reserved[${family}]`,
    {
      level: 'MUST',
      text: 'RESERVED is sent as zero, covered by the ICV, and otherwise ignored',
      scenario: 'The peer sends 0xabcd there, with an ICV that covers it; alice answers with zero.',
      brokenBy: 'ah-fills-reserved',
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'RESERVED ', family, header: octets => octets.set([0xab, 0xcd], 2) });
      const reply = firstReply(bench);
      judge(reply.ah.reserved === 0, `alice sends 0x${reply.ah.reserved.toString(16)} as RESERVED`);
    },
  );

  benchClause(
    `rfc4302-2.1-next-header[${family}]`,
    {
      level: 'MUST',
      text: 'Next Header of the AH names what follows it',
      scenario: 'Alice answers an echo request under AH in transport mode; what follows her AH is ICMP.',
      brokenBy: 'ah-wrong-next-header',
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'NEXT ', family });
      const { ah: seen } = firstReply(bench);
      const due = family === 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
      judge(seen.nextHeader === due, `Next Header ${seen.nextHeader}, not ${due}`);
      judge(seen.payload[0] === (family === 4 ? 0 : 129), 'what follows is no echo reply');
    },
  );

  benchClause(
    `rfc4302-3.1.1-transport[${family}]`,
    {
      level: 'MUST',
      text: 'In transport mode the AH stands behind the IP header; what it hides nothing of is what the next layer wrote',
      scenario: `The peer pings alice under AH over IPv${family}.`,
      brokenBy: 'accepts-clear',
      alice,
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'TRANSPORT ', family });
      answered(bench, ['TRANSPORT '], 'no answer under AH');
      const reply = firstReply(bench);
      bench.cite(reply, 'readable, and authenticated', 'ICV');
      judge(reply.header.source === ALICE[family], 'the reply comes from elsewhere');
      judge(holds(reply.ah.payload, 'TRANSPORT '), 'the reply does not hold what was asked');
    },
  );

  benchClause(
    `rfc4302-3.3.4-fragments[${family}]`,
    {
      level: 'MUST',
      text: 'AH is applied to whole packets and fragmentation comes after it; fragments are put together before it is verified',
      scenario: `The peer’s ping of 3000 octets over IPv${family} comes in fragments; so does the reply.`,
      brokenBy: 'drops-fragments',
      alice,
    },
    async bench => {
      const whole = pingUnderAh(bench, { sequence: 1, text: `PIECES ${'x'.repeat(3000)}`, family });
      await bench.fromOutside(fragmentsOf(whole));
      answered(bench, ['PIECES '], 'no answer to a ping in fragments');
      judge(bench.outsidePieces().length > 1, 'the reply is one packet of more than the MTU');
    },
  );
}

for (const [field, change] of Object.entries<(octets: Uint8Array) => void>({
  'next-header': octets => void (octets[0] = IpProtocol.UDP),
  reserved: octets => void (octets[3] = 1),
  sequence: octets => void (octets[11] = (octets[11] ?? 0) + 1),
})) {
  benchClause(
    `rfc4302-3.3.3-immutable[${field}]`,
    {
      level: 'MUST',
      text: `${field} of the AH is covered by the ICV`,
      scenario: 'Somebody changes it in a packet from the peer; alice does not answer. Her own ICVs cover it.',
      brokenBy: `ah-ignores-${field}`,
      alice: hosts({ sa: ah }),
    },
    async bench => {
      const onTheWay = altering(octets => change(octets.subarray(20)));
      await ping(bench, { sequence: 1, text: 'CHANGED ', onTheWay });
      unanswered(bench, 'CHANGED ', `accepted although ${field} was changed`);
      await ping(bench, { sequence: 1, text: 'PLAIN ' });
      answered(bench, ['PLAIN '], 'no answer to a packet that nobody changed');
    },
  );
}

for (const field of ['spi', 'payload-len'] as const) {
  benchClause(
    `rfc4302-3.3.3-immutable[${field}]`,
    {
      level: 'MUST',
      text: `${field} of the AH is covered by the ICV`,
      scenario: 'The peer’s ICV covers it; alice answers, and the tester verifies her ICV the same way.',
      brokenBy: `ah-ignores-${field}`,
      alice: hosts({ sa: ah }),
    },
    async bench => {
      await ping(bench, { sequence: 1, text: 'COVERED ' });
      answered(bench, ['COVERED '], 'no answer to a packet that is right');
    },
  );
}

benchClause(
  'rfc4302-2.6-icv-padding',
  {
    level: 'MUST',
    text: 'ICV padding holds anything, is covered by the ICV, and sent',
    scenario: 'Over IPv6 an ICV of 16 octets leaves four of padding: the peer fills them; then somebody changes them.',
    brokenBy: 'ah-ignores-icv',
    alice: hosts({ outer: 6, sa: ah }),
  },
  async bench => {
    await ping(bench, { sequence: 1, text: 'FILLED ', family: 6, header: fillPadding });
    answered(bench, ['FILLED '], 'no answer where the padding holds something');
    const onTheWay = altering(octets => octets.set([0], 40 + 31));
    await ping(bench, { sequence: 2, text: 'CHANGED ', family: 6, header: fillPadding, onTheWay });
    unanswered(bench, 'CHANGED ', 'accepted although the padding was changed');
  },
);

for (const inner of [4, 6] as const) {
  for (const outer of [4, 6] as const) {
    benchClause(
      `rfc4302-3.1.2-tunnel[${inner}in${outer}]`,
      {
        level: 'MUST',
        text: 'In tunnel mode the AH stands between outer header and inner packet, and authenticates both',
        scenario: `The host behind alice sends IPv${inner} over IPv${outer}, and gets an answer; then one whose inner header was changed.`,
        brokenBy: 'ah-ignores-icv',
        alice: site({ inner, outer, sa: ah }),
      },
      async bench => {
        await outbound(bench, ['THERE '], { inner });
        const seen = require(ahFrom(bench)[0], 'alice sent nothing under her SA');
        bench.cite(
          seen,
          `${seen.header.source} > ${seen.header.destination}, Next Header ${seen.ah.nextHeader}`,
          'Next Header',
        );
        judge(seen.ah.icvOk, 'the ICV of what alice sent does not verify');
        judge(seen.ah.nextHeader === (inner === 4 ? 4 : 41), `Next Header ${seen.ah.nextHeader}`);
        const sent = udp({ source: HOST[inner], destination: FAR[inner], hopLimit: 63, payload: filler('THERE ') });
        judge(Buffer.from(seen.ah.payload).equals(sent), 'the inner packet is not what was sent');
        await bench.fromOutside([tunnelled(bench, inner, outer, 1, 'BACK ')]);
        accepted(bench, ['BACK '], 'the answer did not come out of the tunnel');
        const forged = altered(tunnelled(bench, inner, outer, 2, 'FORGED '), ip => (ip[ip.length - 1] = 0));
        await bench.fromOutside([forged]);
        refused(bench, 'FORGED', 'accepted although the inner packet was changed');
      },
    );
  }
}

function tunnelled(bench: Bench, inner: Family, outer: Family, sequence: number, text: string): Uint8Array {
  const payload = udp({ source: FAR[inner], destination: HOST[inner], payload: filler(text) });
  const protocol = inner === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6;
  const ip = packet({ source: PEER[outer], destination: ALICE[outer], protocol, payload });
  return sealAh({ keys: bench.sa('in'), sequence, ip });
}

benchClause(
  'rfc4302-3.4.2-clear-where-ah-is-due',
  {
    level: 'MUST',
    text: 'What AH should have authenticated is not accepted without',
    scenario: 'The peer pings alice without an AH; then with one.',
    brokenBy: 'accepts-clear',
    alice: hosts({ sa: ah }),
  },
  async bench => {
    const bare = pingUnderAh(bench, { sequence: 1, text: 'BARE ' });
    const { options: _none, ...header } = headerOf(bare);
    await bench.fromOutside([packet({ ...header, protocol: IpProtocol.ICMP, payload: bare.subarray(20 + 28) })]);
    unanswered(bench, 'BARE ', 'answered although it had no AH');
    await ping(bench, { sequence: 2, text: 'AUTHENTIC ' });
    answered(bench, ['AUTHENTIC '], 'nor is one with an AH');
  },
);

const fillPadding = (octets: Uint8Array): void => octets.set([0xde, 0xad, 0xbe, 0xef], 28);

/** Alice’s first answer; that there is none is a verdict, since she was asked under an SA that is right. */
function firstReply(bench: Bench) {
  const [reply] = ahFrom(bench);
  judge(reply !== undefined, 'alice did not answer under her SA');
  return reply;
}
