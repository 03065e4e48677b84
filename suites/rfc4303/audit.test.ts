import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { benchClause, refusalClause } from '../clause.ts';
import { ALICE, PEER } from '../tester/bench.ts';
import { inbound, refused, sealedFor, stillAccepts } from '../tester/esp-on-bench.ts';
import { altered, packet } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

/** §4: what the sections before call auditable. The wire shows that it was refused; the counter, that somebody could know. */

benchClause(
  'rfc4303-3.4.2-no-sa-is-audited',
  {
    level: 'MUST',
    text: 'A packet for which there is no SA is discarded, and that is auditable',
    scenario:
      'Somebody sends alice ESP under SPIs that she does not have, among them 0 and one reserved; her counter says so.',
    brokenBy: 'audits-nothing',
    alice: site(),
  },
  async bench => {
    const spis = [0, 1, 255, 0x0bad0bad];
    const strange = spis.map(spi =>
      altered(sealedFor(bench, { sequence: 1, text: 'STRANGE ' }), octets =>
        Buffer.from(octets.buffer, octets.byteOffset).writeUInt32BE(spi, 20),
      ),
    );
    await bench.fromOutside(strange);
    refused(bench, 'STRANGE ', 'a packet of an SPI that is no SA’s was accepted');
    judge(bench.outside().length === 0, 'alice answered it');
    const { unknownSpi = 0 } = await bench.drops();
    judge(unknownSpi === spis.length, `alice counts ${unknownSpi} packets of unknown SPIs, not ${spis.length}`);
    judge(bench.events().includes('unknownSpi'), 'alice reported none of them');
    await stillAccepts(bench, { sequence: 2 });
  },
);

benchClause(
  'rfc4303-3.4.4.1-bad-icv-is-audited',
  {
    level: 'MUST',
    text: 'A packet whose ICV is wrong is discarded, and that is auditable',
    scenario: 'The peer sends five packets, each with another bit of the ICV wrong; alice’s counter says five.',
    brokenBy: 'audits-nothing',
    alice: site(),
  },
  async bench => {
    for (const index of [1, 2, 5, 9, 16])
      await inbound(bench, {
        sequence: index,
        text: 'FORGED ',
        spoil: esp => (esp[esp.length - index] = (esp.at(-index) ?? 0) ^ 0x10),
      });
    refused(bench, 'FORGED ', 'a packet with a wrong ICV was accepted');
    const { authenticationFailed = 0 } = await bench.drops();
    judge(authenticationFailed === 5, `alice counts ${authenticationFailed} wrong ICVs, not 5`);
    judge(bench.events().includes('authenticationFailed'), 'alice reported none of them');
  },
);

benchClause(
  'rfc4303-3.4.1-fragment-is-no-packet',
  {
    level: 'MUST',
    text: 'A fragment is not handed to ESP: one that never becomes whole is discarded',
    scenario: 'The peer’s packet is sent as a first fragment that holds all of it, but says that more will come.',
    brokenBy: 'ignores-fragment-fields',
    alice: site(),
  },
  async bench => {
    const whole = sealedFor(bench, { sequence: 1, text: 'FRAGMENT ' });
    await bench.fromOutside([altered(whole, octets => (octets[6] = 0x20))]);
    refused(bench, 'FRAGMENT ', 'a fragment was taken for a whole packet');
    await stillAccepts(bench, { sequence: 2 });
  },
);

benchClause(
  'rfc4303-3.4.4-runts',
  {
    level: 'MUST',
    text: 'Packets too short to be ESP are discarded, and that is auditable',
    scenario: 'Somebody sends alice protocol 50 with 0 to 40 octets behind the header, the SPI right where it fits.',
    brokenBy: 'audits-nothing',
    alice: site(),
  },
  async bench => {
    const start = Buffer.alloc(40);
    start.writeUInt32BE(bench.sa('in').spi, 0);
    start.writeUInt32BE(7, 4);
    const ends = { source: PEER[4], destination: ALICE[4], protocol: IpProtocol.ESP };
    await bench.fromOutside(
      Array.from({ length: 41 }, (_, octets) => packet({ ...ends, payload: start.subarray(0, octets) })),
    );
    const drops = await bench.drops();
    const counted = Object.values(drops).reduce((sum, count) => sum + count, 0);
    judge(counted === 41, `of 41 runts alice counts ${counted}: ${JSON.stringify(drops)}`);
    judge(bench.inside().length === 0 && bench.outside().length === 0, 'alice made something of a runt');
    await stillAccepts(bench, { sequence: 8 });
  },
);

refusalClause('rfc4303-2.1-reserved-spis', {
  level: 'MUST NOT',
  text: 'SPI 0 names no SA, and 1 to 255 are reserved',
  scenario: 'An SA is configured with SPI 0, 1 and 255; none may be set up.',
  brokenBy: 'moves-reserved-spis',
  refused: {
    'SPI 0': site({ sa: { spi: 0 } }),
    'SPI 1': site({ sa: { spi: 1 } }),
    'SPI 255': site({ sa: { spi: 255 } }),
  },
});

refusalClause('rfc4303-3.4.3-window-of-32-at-least', {
  level: 'MUST',
  text: 'A window, where there is one, holds 32 packets at least',
  scenario: 'An SA is configured with windows of 1, 16 and 31 packets; none may be set up.',
  brokenBy: 'moves-small-windows',
  refused: {
    'a window of 1': site({ sa: { windowPackets: 1 } }),
    'a window of 16': site({ sa: { windowPackets: 16 } }),
    'a window of 31': site({ sa: { windowPackets: 31 } }),
  },
});

refusalClause('rfc4303-3.2-some-service', {
  level: 'MUST NOT',
  text: 'Confidentiality and integrity are not both absent',
  scenario: 'An SA is configured with NULL encryption and no integrity; it may not be set up.',
  brokenBy: 'replaces-suites',
  refused: {
    'no service at all': site({ sa: { suite: 'null' } }),
    'NULL and NULL': site({ sa: { suite: 'null-null' } }),
  },
});

refusalClause('rfc4303-2.1-spi-collision', {
  level: 'MUST NOT',
  text: 'Two SAs towards one address do not share an SPI: nobody could tell whose packet it is',
  scenario: 'Two inbound SAs are configured with one SPI and one destination; they may not be set up.',
  brokenBy: 'keeps-first-of-spi',
  refused: {
    'one SPI twice': {
      ...site(),
      sas: [
        { label: 'in', direction: 'inbound', spi: 0x5001 },
        { label: 'twin', direction: 'inbound', spi: 0x5001 },
      ],
    },
  },
});
