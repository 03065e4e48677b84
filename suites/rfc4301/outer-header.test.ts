import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause } from '../clause.ts';
import { ALICE, type Family, FAR, HOST, PEER } from '../tester/bench.ts';
import { espFrom, firstEsp, inbound, outbound } from '../tester/esp-on-bench.ts';
import { filler, headerOf, udp } from '../tester/ip.ts';
import { judge, require } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

/** The tables of §5.1.2.1 and §5.1.2.2, line by line, for all four combinations of families. */
const COMBINATIONS: readonly (readonly [Family, Family])[] = [
  [4, 4],
  [6, 4],
  [4, 6],
  [6, 6],
];

for (const [inner, outer] of COMBINATIONS) {
  const pair = `${inner}in${outer}`;
  const table = outer === 4 ? '5.1.2.1' : '5.1.2.2';
  const alice = site({ inner, outer });

  benchClause(
    `rfc4301-${table}-addresses[${pair}]`,
    {
      level: 'MUST',
      text: 'The outer addresses are those of the tunnel’s ends, whatever stands inside',
      scenario: `The host behind alice sends IPv${inner}; the tester reads the IPv${outer} header around it.`,
      brokenBy: 'wrong-outer-source',
      alice,
    },
    async bench => {
      await outbound(bench, ['ENDS '], { inner });
      const { header, ...seen } = firstEsp(bench);
      bench.cite(seen, `${header.source} > ${header.destination}`, 'Source Address');
      judge(header.version === outer, `the outer header is IPv${header.version}`);
      judge(header.source === ALICE[outer], `the outer source is ${header.source}`);
      judge(header.destination === PEER[outer], `the outer destination is ${header.destination}`);
    },
  );

  benchClause(
    `rfc4301-${table}-ds-field-out[${pair}]`,
    {
      level: 'MUST',
      text: 'The DS field is copied from the inner header to the outer one, and stays in the inner one',
      scenario: `The host behind alice sends IPv${inner} with DSCP 0, 46, 18 and 63.`,
      brokenBy: 'clears-dscp',
      alice,
    },
    async bench => {
      for (const dscp of [0, 46, 18, 63]) {
        const before = espFrom(bench).length;
        await outbound(bench, ['DSCP '], { inner, dscp });
        const seen = require(espFrom(bench)[before], 'nothing left alice');
        bench.cite(seen, `DSCP ${dscp} inside`, 'DSCP and ECN', 'Traffic Class');
        judge(seen.header.dscp === dscp, `DSCP ${dscp} inside, ${seen.header.dscp} outside`);
        const within = headerOf(require(seen.opened, 'it does not decrypt').payload).dscp;
        judge(within === dscp, `DSCP ${dscp} became ${within} inside`);
      }
    },
  );

  benchClause(
    `rfc4301-${table}-ds-field-in[${pair}]`,
    {
      level: 'MUST',
      text: 'The DS field of the outer header is not let into the inner one',
      scenario: `The peer sends IPv${inner} with DSCP 10 inside of IPv${outer} with DSCP 46.`,
      brokenBy: 'outer-dscp-inward',
      alice,
    },
    async bench => {
      const payload = udp({ source: FAR[inner], destination: HOST[inner], dscp: 10, payload: filler('INWARD ') });
      await inbound(bench, { sequence: 1, inner, payload, outer: { dscp: 46 } });
      const arrived = require(bench.arrivals('INWARD ')[0], 'nothing came out of the tunnel');
      bench.cite(arrived, `DSCP ${arrived.header.dscp}`, 'DSCP and ECN', 'Traffic Class');
      judge(arrived.header.dscp === 10, `DSCP 10 inside and 46 outside came out as ${arrived.header.dscp}`);
    },
  );

  benchClause(
    `rfc4301-${table}-ecn-out[${pair}]`,
    {
      level: 'MUST',
      text: 'The ECN field is copied from the inner header to the outer one',
      scenario: `The host behind alice sends IPv${inner} with each of the four codepoints.`,
      brokenBy: 'clears-ecn',
      alice,
    },
    async bench => {
      for (const ecn of [0, 1, 2, 3]) {
        const before = espFrom(bench).length;
        await outbound(bench, ['ECN '], { inner, ecn });
        const seen = require(espFrom(bench)[before], 'nothing left alice');
        judge(seen.header.ecn === ecn, `ECN ${ecn} inside, ${seen.header.ecn} outside`);
      }
    },
  );

  benchClause(
    `rfc6040-4.2-decapsulation[${pair}]`,
    {
      level: 'MUST',
      text: 'The outgoing ECN field is made of both headers as the table says; Not-ECT with CE outside is dropped',
      scenario: `The peer sends all sixteen combinations of ECN in IPv${inner} and in the IPv${outer} around it.`,
      brokenBy: 'ignores-outer-ecn',
      alice,
    },
    async bench => {
      let sequence = 0;
      for (const [within, row] of DECAPSULATED.entries()) {
        for (const [outside, due] of row.entries()) {
          sequence += 1;
          const text = `ECN-${within}-${outside} `;
          const payload = udp({ source: FAR[inner], destination: HOST[inner], ecn: within, payload: filler(text) });
          await inbound(bench, { sequence, inner, payload, outer: { ecn: outside } });
          const arrived = bench.arrivals(text)[0];
          if (arrived !== undefined)
            bench.cite(arrived, `ECN ${within} inside, ${outside} outside`, 'DSCP and ECN', 'Traffic Class');
          const came = arrived?.header.ecn ?? null;
          judge(came === due, `ECN ${within} inside and ${outside} outside: came out as ${came}, not ${due}`);
        }
      }
    },
  );

  benchClause(
    `rfc4301-${table}-hop-limit[${pair}]`,
    {
      level: 'MUST',
      text: 'The outer hop limit is constructed; the inner one is decremented by who forwards, at either end',
      scenario: `The host behind alice sends IPv${inner} with hop limits 2, 64 and 255, and the peer with 2 and 200.`,
      brokenBy: 'copies-hop-limit',
      alice,
    },
    async bench => {
      for (const hopLimit of [2, 64, 255]) await outbound(bench, ['HOPS '], { inner, hopLimit });
      const seen = espFrom(bench);
      judge(seen.length === 3, `${seen.length} of 3 packets left`);
      const outside = new Set(seen.map(({ header }) => header.hopLimit));
      judge(outside.size === 1, `outer hop limits ${[...outside].join(', ')} follow the inner ones`);
      const within = seen.map(({ opened }) => headerOf(require(opened, 'it does not decrypt').payload).hopLimit);
      judge(within.join() === '1,63,254', `inner hop limits 2, 64, 255 became ${within.join(', ')}`);
      for (const [index, hopLimit] of [2, 200].entries()) {
        const text = `BACK-${hopLimit} `;
        const payload = udp({ source: FAR[inner], destination: HOST[inner], hopLimit, payload: filler(text) });
        await inbound(bench, { sequence: index + 1, inner, payload, outer: { hopLimit: 9 } });
        const arrived = require(bench.arrivals(text)[0], 'nothing came out of the tunnel').header.hopLimit;
        judge(arrived === hopLimit - 1, `hop limit ${hopLimit} came out of the tunnel as ${arrived}`);
      }
    },
  );

  benchClause(
    `rfc4301-${table}-ds-field-set[${pair}]`,
    {
      level: 'MAY',
      text: 'The outer DS field can be a fixed value for an SA',
      scenario: `Alice’s SA says DSCP 12 for its outer headers; the host behind her sends IPv${inner} with 0 and 46.`,
      brokenBy: 'outer-as-usual',
      alice: site({ inner, outer, sa: { outer: { dscp: 12 } } }),
    },
    async bench => {
      for (const dscp of [0, 46]) await outbound(bench, ['FIXED '], { inner, dscp });
      judge(espFrom(bench).length === 2, `${espFrom(bench).length} of 2 packets left`);
      for (const seen of espFrom(bench)) {
        bench.cite(seen, `DSCP ${seen.header.dscp}`, 'DSCP and ECN', 'Traffic Class');
        judge(seen.header.dscp === 12, `the outer DSCP is ${seen.header.dscp}, not 12`);
      }
    },
  );

  benchClause(
    `rfc6040-4.1-compatibility-mode[${pair}]`,
    {
      level: 'MUST',
      text: 'In compatibility mode the outer header says Not-ECT whatever stands inside',
      scenario: `Alice’s SA is in compatibility mode; the host behind her sends IPv${inner} with each codepoint.`,
      brokenBy: 'outer-as-usual',
      alice: site({ inner, outer, sa: { outer: { ecn: 'compatibility' } } }),
    },
    async bench => {
      for (const ecn of [0, 1, 2, 3]) await outbound(bench, ['COMPATIBLE '], { inner, ecn });
      judge(espFrom(bench).length === 4, `${espFrom(bench).length} of 4 packets left`);
      for (const seen of espFrom(bench)) {
        bench.cite(seen, `ECN ${seen.header.ecn}`, 'DSCP and ECN', 'Traffic Class');
        judge(seen.header.ecn === 0, `the outer ECN field is ${seen.header.ecn}, not Not-ECT`);
      }
    },
  );
}

/** RFC 6040 figure 4, by inner and then outer codepoint (Not-ECT 0, ECT(1) 1, ECT(0) 2, CE 3); null: dropped. */
const DECAPSULATED: readonly (readonly (number | null)[])[] = [
  [0, 0, 0, null],
  [1, 1, 1, 3],
  [2, 1, 2, 3],
  [3, 3, 3, 3],
];

for (const [inner, extra] of [
  [4, { options: [148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0] }], // Router Alert, Record Route
  [6, { extensions: [{ type: IpProtocol.DSTOPTS, body: [0, 1, 4, 0, 0, 0, 0] }] }],
] as const) {
  for (const outer of [4, 6] as const) {
    benchClause(
      `rfc4301-${outer === 4 ? '5.1.2.1' : '5.1.2.2'}-options-never-copied[${inner}in${outer}]`,
      {
        level: 'MUST NOT',
        text: 'Options and extension headers of the inner packet stay inside, unchanged',
        scenario: `The host behind alice sends IPv${inner} with options; the outer IPv${outer} header has none.`,
        brokenBy: 'adds-options',
        alice: site({ inner, outer }),
      },
      async bench => {
        await outbound(bench, ['OPTIONS '], { inner, ...extra });
        const outsideHeaders = bench.outside().map(({ header }) => header.protocol);
        judge(!outsideHeaders.includes(IpProtocol.HOPOPT), 'the outer header has extension headers');
        judge(espFrom(bench).length === 1, 'a packet with options did not leave');
        const { header, opened, ...seen } = firstEsp(bench);
        bench.cite(seen, `${header.headerOctets} octets of outer header`, 'Total Length', 'Next Header');
        judge(header.headerOctets === (outer === 4 ? 20 : 40), 'the outer header has options');
        const sent = udp({ source: HOST[inner], destination: FAR[inner], payload: filler('OPTIONS '), ...extra });
        judge(opened.payload.length === sent.length, 'the inner packet lost or gained octets');
        const at = inner === 4 ? 20 : 40;
        judge(
          Buffer.from(opened.payload).subarray(at).equals(Buffer.from(sent).subarray(at)),
          'options or payload of the inner packet were changed',
        );
      },
    );
  }
}

for (const inner of [4, 6] as const) {
  benchClause(
    `rfc4301-5.1.2.2-flow-label[${inner}in6]`,
    {
      level: 'MUST NOT',
      text: 'A security gateway does not copy the flow label into the outer header',
      scenario: `The host behind alice sends IPv${inner}, where it has one with flow label 0x12345.`,
      brokenBy: 'random-flow-label',
      alice: site({ inner, outer: 6 }),
    },
    async bench => {
      await outbound(bench, ['LABEL '], { inner, flowLabel: 0x12345 });
      await outbound(bench, ['LABEL '], { inner, flowLabel: 0x54321 });
      const labels = espFrom(bench).map(({ header }) => header.flowLabel);
      judge(labels.length === 2, `${labels.length} of 2 packets left`);
      judge(labels[0] === labels[1], `flow labels ${labels.join(', ')} tell the flows inside apart`);
    },
  );
}

for (const [name, dontFragment, expected] of [
  ['copy', 'copy', [false, true]],
  ['set', 'set', [true, true]],
  ['clear', 'clear', [false, false]],
] as const) {
  benchClause(
    `rfc4301-8.1-dont-fragment[${name}]`,
    {
      level: 'MUST',
      text: 'The DF bit of the outer header is copied, set or cleared, as the SA is configured',
      scenario: `With DF treatment “${name}”, the host behind alice sends a packet with DF clear and one with it set.`,
      brokenBy: name === 'clear' ? 'sets-dont-fragment' : 'clears-dont-fragment',
      alice: site({ sa: { outer: { dontFragment } } }),
    },
    async bench => {
      for (const bit of [false, true]) await outbound(bench, ['DF '], { dontFragment: bit });
      const seen = espFrom(bench);
      for (const it of seen)
        bench.cite(it, `DF ${it.header.dontFragment ? 'set' : 'clear'}`, 'Flags and Fragment Offset');
      const bits = seen.map(({ header }) => header.dontFragment);
      judge(bits.join() === expected.join(), `DF clear and set inside became ${bits.join(' and ')} outside`);
      for (const [index, { opened }] of seen.entries()) {
        const within = headerOf(require(opened, 'it does not decrypt').payload).dontFragment;
        judge(within === (index === 1), 'the DF bit of the inner packet was changed');
      }
    },
  );
}

benchClause(
  'rfc4301-5.1.2.1-identification',
  {
    level: 'MUST',
    text: 'Identification, flags and offset of the outer header are constructed: they are not those of the inner one',
    scenario: 'The host behind alice sends four packets with one Identification; the outer ones must differ.',
    brokenBy: 'constant-identification',
    alice: site(),
  },
  async bench => {
    for (let index = 0; index < 4; index++) await outbound(bench, ['ID '], { identification: 0x4242 });
    const numbers = espFrom(bench).map(({ header }) => header.identification);
    judge(numbers.length === 4, `${numbers.length} of 4 packets left`);
    judge(new Set(numbers).size === 4, `outer Identifications ${numbers.join(', ')}`);
    const within = espFrom(bench).map(({ opened }) => headerOf(require(opened, 'it does not decrypt').payload));
    judge(
      within.every(({ identification }) => identification === 0x4242),
      'the inner Identification was changed',
    );
  },
);
