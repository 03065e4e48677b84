import { clause } from '../clause.ts';
import { clearOf, espFrom, everyEsp } from '../tester/esp-seen.ts';
import { marker } from '../tester/frames.ts';
import { judge, require } from '../tester/judgement.ts';
import { a1ToB1, b1ToA1 } from '../tester/traffic.ts';

clause(
  'rfc4301-5.1-protect',
  {
    level: 'MUST',
    text: 'What the policy protects leaves under an SA, or not at all',
    scenario:
      'a1 sends b1 packets of both families; on wan nothing of that flow may be outside of ESP, and every packet inside.',
    brokenBy: 'accepts-clear',
  },
  async scene => {
    await a1ToB1(scene, { payloads: Array.from({ length: 10 }, () => marker(200)), families: [4, 6] });
    for (const packet of clearOf(scene)) scene.cite(packet, 'of the protected flow, in the clear', 'Data', 'Protocol');
    judge(clearOf(scene).length === 0, `${clearOf(scene).length} packets crossed wan in the clear`);
    const sealed = espFrom(scene, 'alice').filter(esp => esp.inner !== null);
    judge(sealed.length >= 20, `of 20 packets only ${sealed.length} crossed wan inside of ESP`);
  },
);

clause(
  'rfc4301-5.1.2-outer-addresses',
  {
    level: 'MUST',
    text: 'The outer header runs between the tunnel’s ends; the inner packet is untouched but for its hop limit',
    scenario: 'a1 sends b1 packets with hop limit 33; the tester compares outer and inner headers on wan.',
    brokenBy: 'rewrites-inner',
  },
  async scene => {
    await a1ToB1(scene, { payloads: [marker(120)], traits: { hopLimit: 33 } });
    const [esp] = espFrom(scene, 'alice');
    const { packet, outer, inner } = require(esp, 'nothing left alice');
    scene.cite(packet, `outer ${outer.source} > ${outer.destination}`, 'Source Address');
    judge(
      outer.source === '1.2.3.4' && outer.destination === '5.6.7.8',
      `the outer header runs ${outer.source} > ${outer.destination}`,
    );
    const octets = require(inner, 'the packet does not decrypt');
    judge(octets[8] === 32, `the inner TTL is ${octets[8]}, not 33 - 1`);
    judge(
      Buffer.from(octets)
        .subarray(28)
        .equals(Buffer.from(marker(120))),
      'the inner payload was changed',
    );
  },
);

clause(
  'rfc4301-5.1.2.1-dscp',
  {
    level: 'MUST',
    text: 'The outer header carries the inner DSCP',
    scenario: 'a1 sends b1 packets with DSCP EF and AF21; the tester reads the outer header on wan.',
    brokenBy: 'clears-dscp',
  },
  async scene => {
    for (const dscp of [46, 18]) {
      const before = espFrom(scene, 'alice').length;
      await a1ToB1(scene, { payloads: [marker(100)], traits: { dscpEcn: dscp << 2 } });
      const esp = require(espFrom(scene, 'alice')[before], 'nothing left alice');
      scene.cite(esp.packet, `DSCP ${dscp} inside`, 'DSCP and ECN');
      judge(esp.outer.dscpEcn >> 2 === dscp, `DSCP ${dscp} inside, ${esp.outer.dscpEcn >> 2} outside`);
    }
  },
);

clause(
  'rfc6040-4.1-ecn',
  {
    level: 'MUST',
    text: 'The outer header carries the inner ECN field (normal mode)',
    scenario: 'a1 sends b1 packets with ECN ECT(0), ECT(1) and CE; the tester reads the outer header on wan.',
    brokenBy: 'clears-dscp',
  },
  async scene => {
    for (const ecn of [2, 1, 3]) {
      const before = espFrom(scene, 'alice').length;
      await a1ToB1(scene, { payloads: [marker(100)], traits: { dscpEcn: ecn } });
      const esp = require(espFrom(scene, 'alice')[before], 'nothing left alice');
      judge((esp.outer.dscpEcn & 3) === ecn, `ECN ${ecn} inside, ${esp.outer.dscpEcn & 3} outside`);
    }
  },
);

clause(
  'rfc4301-4.1-simplex',
  {
    level: 'MUST',
    text: 'An SA is simplex: each direction has its own SPI and its own keys',
    scenario: 'Traffic runs both ways; the tester compares the SPIs on wan and the keys of the run.',
    brokenBy: 'one-sa-both-ways',
  },
  async scene => {
    await a1ToB1(scene, { payloads: [marker(100)] });
    const outbound = new Set(
      everyEsp(scene, { withUnknownSpi: true })
        .filter(esp => esp.packet.from === 'alice:net0')
        .map(esp => esp.spi),
    );
    await b1ToA1(scene, [marker(100)]);
    const inbound = new Set(espFrom(scene, 'bob').map(esp => esp.spi));
    judge(outbound.size > 0 && inbound.size > 0, 'traffic did not run both ways');
    const shared = [...outbound].filter(spi => inbound.has(spi));
    judge(shared.length === 0, `SPI 0x${(shared[0] ?? 0).toString(16)} serves both directions`);
    const keys = scene.keys().map(it => it.encryptionKey);
    judge(new Set(keys).size === keys.length, 'two SAs share a key');
  },
);
