import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { FAR, HOST } from '../tester/bench.ts';
import { accepted, espFrom, inbound, outbound, refused, sealedFor, stillAccepts } from '../tester/esp-on-bench.ts';
import { filler, headerOf, packet, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

const inner = (text: string, octets?: number): Uint8Array =>
  udp({ source: FAR[4], destination: HOST[4], payload: filler(text, octets) });

for (const suite of ['aes256gcm16', 'aes128-sha256'] as const) {
  benchClause(
    `rfc4303-2.4-more-padding-than-needed[${suite}]`,
    {
      level: 'MUST',
      text: 'Up to 255 octets of padding are accepted, whatever the block asks for',
      scenario: 'The peer pads with 16, 128 and 240 octets more than the cipher needs.',
      brokenBy: 'refuses-extra-padding',
      alice: site({ sa: { suite } }),
    },
    async bench => {
      const extras = [16, 128, 240 - 16];
      for (const [index, extraPadOctets] of extras.entries())
        await inbound(bench, { sequence: index + 1, text: `PAD-${extraPadOctets} `, extraPadOctets });
      accepted(
        bench,
        extras.map(extra => `PAD-${extra} `),
        'refused for its padding',
      );
    },
  );
}

benchClause(
  'rfc4303-2.4-padding-is-checked-octet-by-octet',
  {
    level: 'SHOULD',
    text: 'Each pad octet is inspected, the first and the last as well',
    scenario:
      'The peer, with a right ICV, sends padding of 32 octets with one of them wrong: the first, one within, the last.',
    brokenBy: 'ignores-padding',
    alice: site({ sa: { suite: 'aes128-sha256' } }),
  },
  async bench => {
    for (const [index, wrong] of [0, 7, 31].entries())
      await inbound(bench, {
        sequence: index + 1,
        payload: inner('WRONG-PAD ', 44), // with 28 octets of headers: 30 more are a multiple of the block less 2
        extraPadOctets: 32,
        padding: at => (at === wrong ? 0xee : at + 1),
      });
    refused(bench, 'WRONG-PAD ', 'accepted with wrong padding');
    await stillAccepts(bench, { sequence: 9, extraPadOctets: 32 });
  },
);

benchClause(
  'rfc4303-2.6-next-header-is-believed',
  {
    level: 'MUST',
    text: 'Next Header says what is inside: a packet of the other version, or no packet at all, is refused in tunnel mode',
    scenario: 'The peer, with a right ICV, sends an IPv4 packet as 41, as 17, as 6 and as 0.',
    brokenBy: 'next-header-by-guess',
    alice: site(),
  },
  async bench => {
    for (const [index, nextHeader] of [IpProtocol.IPV6, IpProtocol.UDP, IpProtocol.TCP, 0].entries())
      await inbound(bench, { sequence: index + 1, text: `NAMED-${nextHeader} `, nextHeader });
    refused(bench, 'NAMED-', 'accepted under a Next Header that is not its own');
    await stillAccepts(bench, { sequence: 9 });
  },
);

benchClause(
  'rfc4303-2.6-dummy-is-discarded',
  {
    level: 'MUST',
    text: 'A packet with Next Header 59 is discarded without an error, and counts as received',
    scenario:
      'The peer sends dummies that hold a plausible packet, random octets, and nothing; then the same number again with a real one.',
    brokenBy: 'delivers-dummies',
    alice: site(),
  },
  async bench => {
    const payloads = [inner('DUMMY '), filler('\u0001\u0081\u0007 ', 61), new Uint8Array(0)];
    for (const [index, payload] of payloads.entries())
      await inbound(bench, { sequence: index + 1, payload, nextHeader: IpProtocol.NO_NEXT });
    refused(bench, 'DUMMY ', 'the content of a dummy was let through');
    judge(bench.outside().length === 0, 'alice answered a dummy');
    await inbound(bench, { sequence: 2, text: 'SAME-NUMBER ' });
    refused(bench, 'SAME-NUMBER ', 'the number of a dummy was accepted again');
    await stillAccepts(bench, { sequence: 9 });
  },
);

benchClause(
  'rfc4303-2.6-dummies-are-sent',
  {
    level: 'MUST',
    text: 'The sender can make dummies: Next Header 59, under the SA, with a sequence number of their own',
    scenario: 'Alice is to send a dummy after 500 ms of silence; the tester lets 2 s pass, and then has a packet sent.',
    brokenBy: 'no-traffic-flow',
    alice: site({ sa: { trafficFlow: { padToOctets: null, dummyEveryMs: 500 } } }),
  },
  async bench => {
    await bench.lab.sleep(2000);
    const dummies = espFrom(bench).filter(({ opened }) => opened?.nextHeader === IpProtocol.NO_NEXT);
    for (const dummy of dummies.slice(0, 2)) bench.cite(dummy, 'a dummy', 'Protected part');
    judge(dummies.length >= 2, `${dummies.length} dummies in 2 s of silence`);
    await outbound(bench, ['REAL ']);
    const numbers = espFrom(bench).map(({ opened }) => Number(opened?.sequence ?? -1));
    judge(
      numbers.every((number, index) => number === index + 1),
      `sequence numbers ${numbers.join(', ')} among dummies`,
    );
  },
);

benchClause(
  'rfc4303-2.7-tfc-padding-is-accepted',
  {
    level: 'MUST',
    text: 'TFC padding behind the inner packet is taken off: the packet says itself how long it is',
    scenario: 'The peer adds 1, 500 and 1000 octets of TFC padding; what arrives must be as long as what was sent.',
    brokenBy: 'refuses-tfc',
    alice: site(),
  },
  async bench => {
    const paddings = [1, 500, 1000];
    for (const [index, tfcOctets] of paddings.entries())
      await inbound(bench, { sequence: index + 1, text: `TFC-${tfcOctets} `, tfcOctets });
    accepted(
      bench,
      paddings.map(octets => `TFC-${octets} `),
      'refused for its TFC padding',
    );
    for (const octets of paddings) {
      const arrived = require(bench.arrivals(`TFC-${octets} `)[0], 'it did arrive');
      const due = inner(`TFC-${octets} `).length;
      judge(arrived.ip.length === due, `of TFC padding, ${arrived.ip.length - due} octets arrived`);
    }
  },
);

benchClause(
  'rfc4303-2.7-tfc-padding-is-sent',
  {
    level: 'SHOULD',
    text: 'The sender can pad payloads to hide how long they are',
    scenario: 'Alice is to pad to multiples of 256 octets; packets of 40 to 200 octets must look alike on the wire.',
    brokenBy: 'no-traffic-flow',
    alice: site({ sa: { trafficFlow: { padToOctets: 256, dummyEveryMs: null } } }),
  },
  async bench => {
    const sizes = [10, 60, 100, 170];
    for (const octets of sizes) await outbound(bench, [`SIZE-${octets} `], { octets });
    const sealed = espFrom(bench);
    judge(sealed.length === sizes.length, `${sealed.length} of ${sizes.length} packets left`);
    for (const seen of sealed) bench.cite(seen, `${seen.esp.length} octets of ESP`, 'Protected part');
    const lengths = new Set(sealed.map(({ esp }) => esp.length));
    judge(lengths.size === 1, `payloads of one class leave with lengths ${[...lengths].join(', ')}`);
    for (const [index, { opened }] of sealed.entries()) {
      const total = Buffer.from(opened?.payload ?? []).readUInt16BE(2);
      judge(total === 28 + (sizes[index] ?? 0), `the inner packet ${index} says ${total} octets`);
    }
  },
);

benchClause(
  'rfc4303-3.4.4-cut-short',
  {
    level: 'MUST',
    text: 'A packet that was cut short is refused, wherever it was cut, and does no harm',
    scenario:
      'The peer’s packet, whose end is full of plausible trailers, is cut to every length down to nothing; a whole one must then arrive.',
    brokenBy: 'skips-icv-check',
    alice: site({ sa: { suite: 'null-sha256', windowPackets: 0 } }),
  },
  async bench => {
    const trailers = Uint8Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? 0 : IpProtocol.IPV4));
    const { options: _none, ...whole } = headerOf(
      sealedFor(bench, { sequence: 1, payload: Buffer.concat([inner('CUT '), trailers]) }),
    );
    const cuts = Array.from({ length: whole.payload.length }, (_, octets) => octets);
    await bench.fromOutside(cuts.map(octets => packet({ ...whole, payload: whole.payload.subarray(0, octets) })));
    refused(bench, 'CUT ', 'accepted although it was cut short');
    await stillAccepts(bench, { sequence: 9 });
  },
);

benchClause(
  'rfc4303-3.3.2-plaintext-and-icv-order',
  {
    level: 'MUST',
    text: 'Encryption comes first: the ICV covers SPI, sequence number, IV and ciphertext as they are sent',
    scenario: 'The tester verifies what alice sends with a code of its own, for payloads of 16 consecutive lengths.',
    brokenBy: 'icv-over-plaintext',
    alice: site({ sa: { suite: 'aes128-sha256' } }),
  },
  async bench => {
    for (let octets = 20; octets < 36; octets++) await outbound(bench, ['ORDER '], { octets });
    judge(espFrom(bench).length === 16, `${espFrom(bench).length} of 16 packets left`);
    for (const { opened, ...seen } of espFrom(bench)) {
      if (opened === null) bench.cite(seen, 'does not verify', 'Protected part');
      judge(opened !== null, 'an ICV does not verify over what was sent');
    }
  },
);
